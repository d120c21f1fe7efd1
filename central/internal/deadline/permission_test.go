package deadline_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// For every act, every set of rights and every division: a clock of the county is seen by who reads rosters there or above it;
// what it is called, where that is the name of an incident, by who reads incidents.
func TestEveryActByEveryRightInEveryDivision(t *testing.T) {
	e := newEngine(t, storetest.SQLite(t), start())
	e.Reads = map[string]actor.Permission{"test": actor.IncidentRead}
	runs, over := e.set(e.clock("runs", deadline.Counted, time.Hour)), e.set(e.clock("over", deadline.Counted, time.Minute))
	e.m.pass(2 * time.Minute)
	if _, err := e.Turn(e.ctx); err != nil {
		t.Fatal(err)
	}
	find := func(list page.List[deadline.Clock], err error, id string, named bool) error {
		if err == nil && !slices.ContainsFunc(list.Items, func(c deadline.Clock) bool { return c.ID == id && (!named || c.Name != "") }) {
			return errs.E(errs.NotFound, "x", "not in the list")
		}
		return err
	}
	acts := []struct {
		name  string
		needs []actor.Permission
		all   bool // wherever one is
		do    func(context.Context) error
	}{
		{"list", []actor.Permission{actor.DutyRead}, false, func(c context.Context) error {
			list, err := e.Running(c, "", page.Request{})
			return find(list, err, runs.ID, false)
		}},
		{"list by whom is asked", []actor.Permission{actor.DutyRead}, false, func(c context.Context) error {
			list, err := e.Running(c, "county", page.Request{})
			return find(list, err, over.ID, false)
		}},
		{"list by name", []actor.Permission{actor.DutyRead, actor.IncidentRead}, false, func(c context.Context) error {
			list, err := e.Running(c, "", page.Request{})
			return find(list, err, runs.ID, true)
		}},
		{"list what passed", []actor.Permission{actor.DutyRead}, false, func(c context.Context) error {
			list, err := e.Breaches(c, time.Time{}, page.Request{})
			return find(list, err, over.ID, false)
		}},
		{"find what passed by name", []actor.Permission{actor.DutyRead, actor.IncidentRead}, false, func(c context.Context) error {
			list, err := e.Breaches(c, time.Time{}, page.Request{Search: "初报"})
			return find(list, err, over.ID, true)
		}},
		{"read", []actor.Permission{actor.DutyRead}, false, func(c context.Context) error { _, err := e.Of(c, runs.Owner, runs.Kind); return err }},
		{"read the name", []actor.Permission{actor.DutyRead, actor.IncidentRead}, false, func(c context.Context) error {
			d, err := e.Of(c, runs.Owner, runs.Kind)
			return find(page.List[deadline.Clock]{Items: []deadline.Clock{d.Clock}}, err, runs.ID, true)
		}},
		{"read the packs", []actor.Permission{actor.DutyRead}, true, func(c context.Context) error { _, err := e.Packs(c); return err }},
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	for _, holds := range subsets(actor.DutyRead, actor.IncidentRead, actor.DutyLog) {
		for division, inside := range map[string]bool{"320000": true, "320600": true, "320623": true, "320623104": false, "320681": false, "": false} {
			who := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: division, Permissions: holds})
			for _, act := range acts {
				may := (inside || act.all) && !slices.ContainsFunc(act.needs, func(p actor.Permission) bool { return !slices.Contains(holds, p) })
				if err := act.do(who); (err == nil) != may {
					t.Errorf("%v of %q may %s: %v, want %v", holds, division, act.name, err, may)
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound}, errs.KindOf(err)) {
					t.Errorf("%v of %q, %s: %v", holds, division, act.name, err)
				}
			}
		}
	}
}

// subsets are all sets of some rights.
func subsets(all ...actor.Permission) [][]actor.Permission {
	out := [][]actor.Permission{nil}
	for _, p := range all {
		for _, s := range out {
			out = append(out, append(slices.Clone(s), p))
		}
	}
	return out
}
