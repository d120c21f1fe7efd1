package drill_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

// named is an exercise of the county in which its officer plays by name; the evaluator and the observer are of a county
// that takes no part.
func (h *house) named(form drill.Form, player, evaluator, observer string) drill.Drill {
	h.t.Helper()
	n := h.draft(form)
	n.People = []drill.Named{{UserID: player, Part: drill.Plays}, {UserID: evaluator, Part: drill.Evaluates}, {UserID: observer, Part: drill.Observes}}
	d, err := h.Make(h.chief, n)
	h.must(err)
	return d
}

// TestWhoMayDoWhatWithAnExercise is the table of parts: what each may see, and where each may look and act.
func TestWhoMayDoWhatWithAnExercise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		colleague, _ := h.user("乙", h.county, account.RoleDuty)
		evaluator, evaluates := h.user("戊", h.other, account.RoleDuty)
		observer, observes := h.user("己", h.other, account.RoleDuty)
		byName := func(form drill.Form) drill.Drill { return h.named(form, h.officerID, evaluates, observes) }
		byOrg, err := h.Make(h.chief, h.draft(drill.Tabletop))
		h.must(err)
		planned, blind, running, ended, closed := byName(drill.Tabletop), byName(drill.Blind), byName(drill.Blind), byName(drill.Tabletop), byName(drill.Tabletop)
		h.act(byOrg.ID, "start")
		h.act(running.ID, "start")
		for _, id := range []string{ended.ID, closed.ID} {
			h.act(id, "start")
			h.act(id, "end")
		}
		_, err = h.Act(h.chief, closed.ID, drill.Act{Kind: "close", Findings: "好"})
		h.must(err)

		people := map[string]context.Context{"controller": h.chief, "player": h.officer, "colleague": colleague, "evaluator": evaluator, "observer": observer, "leader": h.second, "outside": h.outside}
		const (
			ok   = errs.Kind("")
			gone = errs.NotFound
			no   = errs.Denied
		)
		type may struct{ see, look, act, run errs.Kind }
		table := []struct {
			name string
			id   string
			may  map[string]may
		}{
			{"planned", planned.ID, map[string]may{
				"controller": {ok, gone, gone, errs.Conflict}, "player": {ok, gone, gone, no}, "colleague": {gone, gone, gone, gone}, "evaluator": {ok, gone, gone, no},
				"observer": {ok, gone, gone, no}, "leader": {ok, gone, gone, no}, "outside": {gone, gone, gone, gone},
			}},
			{"blind", blind.ID, map[string]may{
				"controller": {ok, gone, gone, errs.Conflict}, "player": {gone, gone, gone, gone}, "colleague": {gone, gone, gone, gone}, "evaluator": {gone, gone, gone, gone},
				"observer": {gone, gone, gone, gone}, "leader": {gone, gone, gone, gone}, "outside": {gone, gone, gone, gone},
			}},
			{"running", running.ID, map[string]may{
				"controller": {ok, ok, ok, errs.Conflict}, "player": {ok, ok, ok, no}, "colleague": {gone, gone, gone, gone}, "evaluator": {ok, ok, no, no},
				"observer": {ok, ok, no, no}, "leader": {ok, gone, gone, no}, "outside": {gone, gone, gone, gone},
			}},
			{"by organisation", byOrg.ID, map[string]may{
				"controller": {ok, ok, ok, errs.Conflict}, "player": {ok, ok, ok, no}, "colleague": {ok, ok, ok, no}, "evaluator": {gone, gone, gone, gone},
				"observer": {gone, gone, gone, gone}, "leader": {ok, gone, gone, no}, "outside": {gone, gone, gone, gone},
			}},
			{"ended", ended.ID, map[string]may{
				"controller": {ok, ok, ok, errs.Conflict}, "player": {ok, ok, ok, no}, "evaluator": {ok, ok, no, no}, "observer": {ok, ok, no, no}, "leader": {ok, gone, gone, no}, "outside": {gone, gone, gone, gone},
			}},
			{"closed", closed.ID, map[string]may{
				"controller": {ok, gone, gone, errs.Conflict}, "player": {ok, gone, gone, no}, "evaluator": {ok, gone, gone, no}, "observer": {ok, gone, gone, no}, "leader": {ok, gone, gone, no}, "outside": {gone, gone, gone, gone},
			}},
		}
		for _, c := range table {
			for who, want := range c.may {
				ctx := people[who]
				_, see := h.Get(ctx, c.id)
				_, run := h.Act(ctx, c.id, drill.Act{Kind: "resume"})
				got := may{errs.KindOf(see), errs.KindOf(h.Enter(ctx, c.id, false)), errs.KindOf(h.Enter(ctx, c.id, true)), errs.KindOf(run)}
				if got != want {
					t.Errorf("%s, %s: may %v, want %v", c.name, who, got, want)
				}
				list, err := h.List(ctx, "")
				h.must(err)
				if listed := slices.ContainsFunc(list, func(d drill.Drill) bool { return d.ID == c.id }); listed != (want.see == ok) {
					t.Errorf("%s, %s: listed %t", c.name, who, listed)
				}
				if sheets, err := h.Sheets(ctx, c.id); who != "controller" && want.see == ok && (err != nil || len(sheets) != 0) {
					t.Errorf("%s, %s: reads the sheets", c.name, who)
				}
			}
		}
		for who, want := range map[string]int{"controller": 8, "outside": 3} { // the first user of the house is the city's
			list, err := h.Candidates(people[who])
			h.must(err)
			if len(list) != want || (who == "outside" && slices.ContainsFunc(list, func(p drill.Person) bool { return p.OrgID != h.other.ID })) {
				t.Errorf("%s may name %+v", who, list)
			}
		}
	})
}

// TestTheListOfPeopleDecidesWhoGetsMessages lets a plan give its task to somebody who is not on the list.
func TestTheListOfPeopleDecidesWhoGetsMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		colleague, playsID := h.user("乙", h.county, account.RoleDuty)
		evaluator, evaluates := h.user("戊", h.other, account.RoleDuty)
		observer, observes := h.user("己", h.other, account.RoleDuty)
		notices := func(ctx context.Context, id string) (got, stays int) {
			t.Helper()
			l, err := h.Inbox(ctx, id)
			h.must(err)
			for _, x := range l {
				if x.Kind == "notice" {
					got++
				}
				if x.Stays {
					stays++
				}
			}
			return got, stays
		}
		for _, c := range []struct {
			name   string
			player string
			in     context.Context
			who    map[string]int // messages of the task
			stays  int
		}{
			{"who has the task is named", h.officerID, h.officer, map[string]int{"officer": 1, "evaluator": 1, "observer": 1, "chief": 1}, 0},
			{"somebody else is", playsID, colleague, map[string]int{"colleague": 0, "evaluator": 0, "observer": 0, "chief": 1}, 1},
		} {
			d := h.named(drill.Tabletop, c.player, evaluates, observes)
			h.act(d.ID, "start")
			in := world.Into(c.in, world.World(d.ID))
			i, err := h.incidents.Open(in, incident.Draft{Title: "河堤管涌", Category: "natural.flood", Place: "洋口镇海堤", Level: 4})
			h.must(err)
			h.carried(in, i.ID)
			for who, want := range c.who {
				got, stays := notices(map[string]context.Context{"officer": h.officer, "colleague": colleague, "evaluator": evaluator, "observer": observer, "chief": h.chief}[who], d.ID)
				if got != want || (who == "chief" && stays != c.stays) || (who != "chief" && stays != 0) {
					t.Errorf("%s: %s gets %d messages, %d that stay", c.name, who, got, stays)
				}
			}
			if n := len(h.send()); n != 0 {
				t.Errorf("%s: %d messages left the house", c.name, n)
			}
		}
	})
}

// Injects go to people as well as to organisations, and only evaluators read what is expected.
func TestAnInjectGoesToWhomItNames(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	colleague, other := h.user("乙", h.county, account.RoleDuty)
	evaluator, evaluates := h.user("戊", h.other, account.RoleDuty)
	n := h.draft(drill.Tabletop)
	n.People = []drill.Named{{UserID: h.officerID, Part: drill.Plays}, {UserID: other, Part: drill.Plays}, {UserID: evaluates, Part: drill.Evaluates}}
	n.Injects = []drill.Inject{{Title: "给甲", Way: drill.Timed, To: []string{h.officerID}, Expect: "登记"}, {Title: "给县", Way: drill.Timed, To: []string{h.county.ID}}}
	d, err := h.Make(h.chief, n)
	h.must(err)
	h.act(d.ID, "start")
	_, err = h.Turn(h.system)
	h.must(err)
	for who, want := range map[string]string{"officer": "[给甲 给县]", "colleague": "[给县]", "evaluator": "[给甲登记 给县]"} {
		v, err := h.Get(map[string]context.Context{"officer": h.officer, "colleague": colleague, "evaluator": evaluator}[who], d.ID)
		h.must(err)
		var got []string
		for _, i := range v.Injects {
			got = append(got, i.Title+i.Expect)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s reads %v, want %s", who, got, want)
		}
	}
	for name, people := range map[string][]drill.Named{
		"nobody":              {{UserID: "x", Part: drill.Plays}},
		"a controller":        {{UserID: h.chiefID, Part: drill.Plays}},
		"somebody twice":      {{UserID: other, Part: drill.Plays}, {UserID: other, Part: drill.Observes}},
		"a part of their own": {{UserID: other, Part: drill.Controls}},
	} {
		n := h.draft(drill.Tabletop)
		n.People = people
		if _, err := h.Make(h.chief, n); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s is named: %v", name, err)
		}
	}
	n = h.draft(drill.Tabletop)
	n.Parties, n.People = nil, nil
	if _, err := h.Make(h.chief, n); errs.KindOf(err) != errs.Invalid {
		t.Errorf("nobody takes part: %v", err)
	}
	n.People = []drill.Named{{UserID: other, Part: drill.Plays}}
	if _, err := h.Make(h.chief, n); err != nil {
		t.Errorf("people alone take part: %v", err)
	}
}
