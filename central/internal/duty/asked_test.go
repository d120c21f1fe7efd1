package duty_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A clock that is not met asks who holds the post at that moment; above, the nearest organisation that keeps
// duty, and where there is none, the own leader.
func TestWhoIsAskedIsWhoHoldsThePost(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	officer, leader := d.cell(d.officer, d.today).PersonName, d.cell(d.leader, d.today).PersonName
	at := time.Now()
	ask := func(to deadline.To, want string, where string) {
		t.Helper()
		a, err := d.Asked(d.system, d.county.ID, to, at)
		if got := string(a.To) + " " + strings.Join(a.Names, " "); err != nil || got != want || a.OrgID != where {
			t.Errorf("%s: asked %q of %s, %v; want %q", to, got, a.OrgName, err, want)
		}
	}
	ask(deadline.Officer, "officer "+officer, d.county.ID)
	ask(deadline.Leader, "leader "+leader, d.county.ID)
	ask(deadline.Above, "leader "+leader, d.county.ID)
	if _, err := d.SavePost(d.system, duty.Post{OrgID: d.city.ID, Name: "值班员", Tier: duty.Officer}); err != nil {
		t.Fatal(err)
	}
	ask(deadline.Above, "officer ", d.city.ID)
	ask(deadline.AboveLeader, "leader ", d.city.ID)
	if _, err := d.Asked(d.system, "none", deadline.Officer, at); errs.KindOf(err) != errs.NotFound {
		t.Errorf("an organisation that is not there: %v", err)
	}
}
