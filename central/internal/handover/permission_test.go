package handover_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// For every act, every role and every organisation: a book is written and signed by who keeps the log of that desk,
// and read from the desks above it in the tree as well. The bureau shares the division of the city and stands beside
// the county.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	orgs := map[string]account.Org{"city": r.city, "county": r.county}
	for name, n := range map[string]account.NewOrg{
		"bureau":    {ParentID: r.city.ID, Name: "市应急管理局", Division: "320600"},
		"neighbour": {ParentID: r.city.ID, Name: "启东市", Division: "320681"},
		"town":      {ParentID: r.county.ID, Name: "洋口镇", Division: "320623104"},
	} {
		o, err := r.accounts.CreateOrg(r.system, n)
		r.must(err)
		orgs[name] = o
	}
	entry := r.write(r.users[0], handover.NewEntry{Kind: handover.Note, Text: "x"})
	item := func() handover.Item {
		i, err := r.AddItem(r.users[0], handover.NewItem{Title: "回访", OwnerID: r.people[0].ID})
		r.must(err)
		return i
	}
	kept := item()
	closed := r.seen()
	_, err := r.Take(r.users[1], handover.Takes{Seen: closed, Proof: handover.Proof{Secret: password}, Absent: "x", Reason: "x"})
	r.must(err)
	here := func(id string, err error) error {
		if err == nil && id != r.county.ID {
			return errs.E(errs.NotFound, "x", "it is in the book of another desk")
		}
		return err
	}
	type who struct {
		ctx  context.Context
		name string
	}
	acts := []struct {
		name  string
		above bool // who stands above may as well
		do    func(who) error
	}{
		{"read the book", true, func(w who) error { _, err := r.Desk(w.ctx, r.county.ID); return err }},
		{"list its shifts", true, func(w who) error { _, err := r.Past(w.ctx, r.county.ID, page.Request{}); return err }},
		{"read a shift", true, func(w who) error { _, err := r.Record(w.ctx, closed.Shift); return err }},
		{"search", true, func(w who) error {
			_, err := r.Search(w.ctx, r.county.ID, time.Time{}, page.Request{})
			return err
		}},
		{"read what became of an item", true, func(w who) error { _, err := r.Steps(w.ctx, kept.ID); return err }},
		{"open the own book", false, func(w who) error { d, err := r.Open(w.ctx); return here(d.OrgID, err) }},
		{"read the own book", false, func(w who) error { d, err := r.Desk(w.ctx, ""); return here(d.OrgID, err) }},
		{"write", false, func(w who) error {
			e, err := r.Write(w.ctx, handover.NewEntry{Kind: handover.Note, Text: "x"})
			return here(e.OrgID, err)
		}},
		{"correct", false, func(w who) error {
			e, err := r.Write(w.ctx, handover.NewEntry{Kind: handover.Note, Text: "y", Corrects: entry.ID, Reason: "x"})
			if err == nil {
				entry = e // an entry is corrected once, then its correction
			}
			return err
		}},
		{"add an item", false, func(w who) error {
			i, err := r.AddItem(w.ctx, handover.NewItem{Title: "x", OwnerID: r.people[0].ID})
			return here(i.OrgID, err)
		}},
		{"change an item", false, func(w who) error {
			_, err := r.ChangeItem(w.ctx, item().ID, handover.ItemChange{Version: 1, Title: "y", OwnerID: r.people[0].ID})
			return err
		}},
		{"sign off", false, func(w who) error {
			s, err := r.Leave(w.ctx, handover.Leaves{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Reason: "x"})
			return here(s.OrgID, err)
		}},
		{"take over", false, func(w who) error {
			s, err := r.Take(w.ctx, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Reason: "x", Absent: "x"})
			return here(s.OrgID, err)
		}},
		{"sign at the screen of the county", false, func(w who) error {
			screen := r.as("at-"+w.name, account.RoleDuty, r.county) // a wrong signature counts for whose screen it is
			s, err := r.Take(screen, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password, Username: w.name}, Reason: "x", Absent: "x"})
			return here(s.OrgID, err)
		}},
	}
	for _, act := range acts {
		if err := act.do(who{t.Context(), "nobody"}); errs.KindOf(err) != errs.Unauthenticated && act.name != "sign at the screen of the county" {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	for _, role := range account.Roles() {
		for _, org := range []string{"city", "county", "bureau", "town", "neighbour"} {
			w := who{r.as(org+"-"+role.ID, role.ID, orgs[org]), org + "-" + role.ID}
			for _, act := range acts {
				may := slices.Contains(role.Permissions, actor.DutyLog) && (org == "county" || act.above && org == "city")
				if err := act.do(w); (err == nil) != may {
					t.Errorf("%s of the %s may %s: %v, want %v", role.ID, org, act.name, err, may)
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound, errs.Conflict, errs.Invalid}, errs.KindOf(err)) {
					t.Errorf("%s of the %s, %s: %v", role.ID, org, act.name, err)
				}
			}
			// Who may not, does not learn either what there is.
			_, shift := r.Record(w.ctx, "x")
			_, steps := r.Steps(w.ctx, "x")
			want := errs.NotFound
			if !slices.Contains(role.Permissions, actor.DutyLog) {
				want = errs.Denied
			}
			if errs.KindOf(shift) != want || errs.KindOf(steps) != want {
				t.Errorf("%s of the %s reads what there is not: %v, %v", role.ID, org, shift, steps)
			}
		}
	}
}

func (r *room) as(name, role string, o account.Org) context.Context {
	r.t.Helper()
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: []string{role}, Password: password})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions([]string{role})})
}
