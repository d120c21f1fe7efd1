package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// scope is what a user of a division sees.
func scope(division string) actor.Scope {
	return actor.Actor{Kind: actor.User, DivisionCode: division}.Scope()
}

// Every list is limited in the same way, and as actor.Sees says.
func TestAllStoresLimitByScopeAlike(t *testing.T) {
	divisions := []string{"320600", "320623", "320623104", "320681", "330100"}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		users, record, alarms := store.NewAccounts(db), store.NewAudit(db), store.NewAlarms(db)
		at := time.Now()
		for n, d := range divisions {
			id := fmt.Sprint(n)
			if err := db.Do(t.Context(), func(ctx context.Context) error {
				if err := users.SaveOrg(ctx, account.Org{ID: id, Name: id, Division: d, CreatedAt: at}); err != nil {
					return err
				}
				if err := users.AddUser(ctx, account.User{ID: id, Username: d, Name: d, OrgID: id, CreatedAt: at, UpdatedAt: at}); err != nil {
					return err
				}
				if err := record.Append(ctx, audit.Entry{Seq: int64(n + 1), ID: id, At: at, Division: d, Data: []byte("{}"), Hash: id}); err != nil {
					return err
				}
				return alarms.Add(ctx, alarm("d"+id, d, 1))
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range []actor.Actor{
			{Kind: actor.System},
			{DivisionCode: "320600"},
			{DivisionCode: "320623"},
			{DivisionCode: "320623104"},
			{DivisionCode: "320623000000"},
			{DivisionCode: "320000"},
			{DivisionCode: ""},
			{DivisionCode: "none"},
			{DivisionCode: "%"},
		} {
			want := map[string]bool{}
			for _, d := range divisions {
				if a.Sees(d) {
					want[d] = true
				}
			}
			check := func(list string, got []string, err error) {
				t.Helper()
				same := err == nil && len(got) == len(want)
				for _, d := range got {
					same = same && want[d]
				}
				if !same {
					t.Errorf("%s of %q: got %v, %v; want %v", list, a.DivisionCode, got, err, want)
				}
			}
			u, err := users.Users(t.Context(), a.Scope(), page.Request{})
			check("users", fields(u.Items, func(u account.User) string { return u.Division }), err)
			r, err := record.List(t.Context(), a.Scope(), audit.Query{})
			check("audit", fields(r.Items, func(e audit.Entry) string { return e.Division }), err)
			l, err := alarms.List(t.Context(), telemetry.Filter{Scope: a.Scope()})
			check("alarms", fields(l.Items, func(a telemetry.Alarm) string { return a.Division }), err)
		}
	})
}

func fields[T any](items []T, field func(T) string) []string {
	var out []string
	for _, i := range items {
		out = append(out, field(i))
	}
	return out
}
