package opinion_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// An incident is tested here with what is said of it, which goes over as well.
func TestAnIncidentIsSplitAndMergedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(3)
		stays, goes := h.rumour(i), h.rumour(i)
		count := func(kind string, n int) incident.Figure {
			f, err := h.incidents.Count(h.writer, i.ID, incident.Figure{Kind: kind, Value: n, Source: "镇政府"})
			h.must(err)
			return f
		}
		count("evacuated", 62)
		hurt := count("injured", 3)
		_, err := h.incidents.Write(h.writer, i.ID, incident.Step{Kind: incident.Noted, Text: "化工厂一车间进水"})
		h.must(err)
		steps := h.timeline(i)
		note := steps[len(steps)-1].No
		i, err = h.incidents.Get(h.writer, i.ID)
		h.must(err)
		halves := incident.Halves{Version: i.Version, Title: "化工厂车间进水", Category: "accident.work_safety", Place: "洋口化工园", Why: "由另一指挥部处置", Parts: incident.Parts{Lines: []int{note}, Figures: []string{hurt.ID}, Opinions: []string{goes.ID}}}

		for name, p := range map[string]incident.Parts{"a line that is not there": {Lines: []int{999}}, "a figure of nobody": {Figures: []string{"x"}}, "an entry of nobody": {Opinions: []string{"x"}}, "a task of nobody": {Tasks: []string{"x"}}} {
			bad := halves
			bad.Parts = p
			if _, err := h.incidents.Split(h.writer, i.ID, bad); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		other, err := h.incidents.Open(h.writer, incident.Draft{Title: "别的事", Category: "natural.flood", Place: "别处"})
		h.must(err)
		foreign := halves
		foreign.Version = other.Version
		if _, err := h.incidents.Split(h.writer, other.ID, foreign); errs.KindOf(err) != errs.Invalid {
			t.Errorf("parts of one incident leave another: %v", err)
		}
		for who, want := range map[*person]errs.Kind{&h.outside: errs.NotFound} {
			if _, err := h.incidents.Split(*who, i.ID, halves); errs.KindOf(err) != want {
				t.Errorf("split by another county: %v", err)
			}
		}
		beside := h.outsideOf()
		if _, err := h.incidents.Split(beside, i.ID, halves); errs.KindOf(err) != errs.Denied {
			t.Errorf("split by a department beside: %v", err)
		}
		noWhy := halves
		noWhy.Why = ""
		if _, err := h.incidents.Split(h.writer, i.ID, noWhy); errs.KindOf(err) != errs.Invalid {
			t.Errorf("split without a reason: %v", err)
		}

		next, err := h.incidents.Split(h.mayor, i.ID, halves)
		h.must(err)
		if next.OrgID != h.county.ID || !next.KnownAt.Equal(i.KnownAt) || next.No == i.No {
			t.Errorf("the new one: %+v", next)
		}
		room := func(id string) (incident.Room, []string) {
			r, err := h.incidents.Room(h.mayor, id)
			h.must(err)
			v, err := h.View(h.mayor, id)
			h.must(err)
			var said []string
			for _, e := range v.Entries {
				said = append(said, e.ID)
			}
			return r, said
		}
		was, wasSaid := room(i.ID)
		is, isSaid := room(next.ID)
		kinds := func(r incident.Room) (out []string) {
			for _, f := range r.Figures {
				out = append(out, f.Kind)
			}
			return out
		}
		if !slices.Equal(kinds(was), []string{"evacuated"}) || !slices.Equal(kinds(is), []string{"injured"}) {
			t.Errorf("figures: %v and %v", kinds(was), kinds(is))
		}
		if !slices.Equal(wasSaid, []string{stays.ID}) || !slices.Equal(isSaid, []string{goes.ID}) {
			t.Errorf("entries: %v and %v", wasSaid, isSaid)
		}
		if last := was.Steps[len(was.Steps)-1]; last.Kind != incident.Halved || last.Act != "off" || !strings.Contains(last.Text, next.No) {
			t.Errorf("the old timeline: %+v", last)
		}
		if len(is.Steps) != 2 || is.Steps[0].Text != "化工厂一车间进水" || is.Steps[1].Kind != incident.Halved || is.Steps[1].Act != "from" {
			t.Errorf("the new timeline: %+v", is.Steps)
		}
		if len(was.Steps) != len(steps)+1 {
			t.Errorf("the old timeline lost a line: %d of %d", len(was.Steps), len(steps))
		}

		_, err = h.incidents.Merge(h.writer, next.ID, i.ID)
		h.must(err)
		again, againSaid := room(i.ID)
		if len(again.Figures) != 2 || len(againSaid) != 2 {
			t.Errorf("merged again: %v, %v", kinds(again), againSaid)
		}
		if _, err := h.incidents.Unmerge(h.writer, next.ID, ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("parted without a reason: %v", err)
		}
		_, err = h.incidents.Unmerge(h.writer, next.ID, "两处险情并不相连")
		h.must(err)
		again, _ = room(next.ID)
		if last := again.Steps[len(again.Steps)-1]; last.Kind != incident.Parted || !strings.Contains(last.Text, "并不相连") || len(again.Figures) != 1 {
			t.Errorf("parted: %+v", last)
		}
	})
}

// For every role and organisation: an incident is split within the reach of its desk, by who may change incidents.
func TestWhoSplitsAnIncident(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		beside, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
		h.must(err)
		for _, org := range []account.Org{h.city, h.county, h.other, beside} {
			for _, role := range account.Roles() {
				p := h.user("某", org, role.ID)
				want := may(p, "incident.write") && (org.ID == h.city.ID || org.ID == h.county.ID)
				_, err := h.incidents.Split(p, i.ID, incident.Halves{Title: "另一处", Place: "另一处", Why: "分开处置"})
				if (err == nil) != want || (err != nil && errs.KindOf(err) != errs.Denied && errs.KindOf(err) != errs.NotFound) {
					t.Errorf("%s of %s: %v, want %v", role.Name, org.Name, err, want)
				}
			}
		}
	})
}
