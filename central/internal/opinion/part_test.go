package opinion_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// ticking are the clocks of answers that run.
func (h *house) ticking() int {
	h.t.Helper()
	all, err := h.clocks.Running(h.mayor, "", page.Request{Limit: 100})
	h.must(err)
	n := 0
	for _, c := range all.Items {
		if c.Owner.Kind == opinion.OwnerKind {
			n++
		}
	}
	return n
}

func TestWhatIsOwedOfAMergedIncidentGoesOnInTheOneThatStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		old, stands := h.flood(4), h.flood(4)
		said := h.rumour(old)
		task, err := h.Ask(h.writer, old.ID, opinion.Ask{Do: "statement", Title: "回应决口传言", Entries: []string{said.ID}})
		h.must(err)
		other, err := h.Ask(h.writer, old.ID, opinion.Ask{Do: "briefing", Title: "发布会", DueAt: task.DueAt})
		h.must(err)
		st := h.signed(old, opinion.NewStatement{Template: "rumour", Tasks: []string{task.ID}})
		draft, err := h.Draft(h.writer, old.ID, opinion.NewStatement{Template: "first"})
		h.must(err)
		_, err = h.incidents.Merge(h.writer, old.ID, stands.ID)
		h.must(err)

		if _, err := h.Add(h.writer, old.ID, opinion.Found{Source: "微博", Text: "又有人说"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("something new of what was merged: %v", err)
		}
		came := slices.IndexFunc(h.timeline(stands), func(s incident.Step) bool { return s.Kind == opinion.Public && s.Act == "came_along" })
		if came < 0 || !strings.Contains(h.timeline(stands)[came].Text, "待回应 2 项，未发布稿 2 份") {
			t.Errorf("the timeline of what stands does not say what came along: %+v", h.timeline(stands))
		}
		v, err := h.View(h.writer, stands.ID)
		h.must(err)
		if len(v.Tasks) != 2 || len(v.Statements) != 2 || len(v.Entries) != 1 {
			t.Fatalf("what stands shows %d tasks, %d statements, %d entries", len(v.Tasks), len(v.Statements), len(v.Entries))
		}
		if h.ticking() != 2 {
			t.Fatalf("%d clocks run after the merge, want 2", h.ticking())
		}
		if _, err = h.Judge(h.checker, said.ID, opinion.Line{Kind: "verdict", Verdict: opinion.False, Text: "现场查看"}); err != nil {
			t.Errorf("judge what was merged: %v", err)
		}
		released, err := h.Act(h.writer, st.ID, opinion.Act{Do: "release", Edit: st.Edit, Note: "官网"})
		h.must(err)
		_, err = h.Settle(h.writer, other.ID, opinion.Dropped, "两事合并，不另开发布会")
		h.must(err)
		if h.ticking() != 0 {
			t.Errorf("%d clocks run after both were settled", h.ticking())
		}
		if last := h.timeline(stands); !slices.ContainsFunc(last, func(s incident.Step) bool {
			return s.Kind == opinion.Press && s.Act == "published" && s.IncidentID == stands.ID
		}) {
			t.Errorf("the release is not told in what stands: %+v", last[len(last)-1])
		}
		if _, err := h.Draft(h.writer, stands.ID, opinion.NewStatement{Template: "correction", Replaces: released.ID}); err != nil {
			t.Errorf("correct in what stands what was released before: %v", err)
		}
		if _, err := h.Act(h.writer, draft.ID, opinion.Act{Do: "discard", Edit: draft.Edit}); err != nil {
			t.Errorf("discard a draft of what was merged: %v", err)
		}
		_, err = h.incidents.Unmerge(h.writer, old.ID, "两处并不相连")
		h.must(err)
		if v, err = h.View(h.writer, stands.ID); err != nil || len(v.Tasks) != 0 {
			t.Errorf("parted, what stands still shows %d tasks: %v", len(v.Tasks), err)
		}
	})
}

func TestNothingIsOwedOfAnIncidentThatWasOpenedByMistake(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		task, err := h.Ask(h.writer, i.ID, opinion.Ask{Do: "statement", Title: "回应"})
		h.must(err)
		_, err = h.incidents.Close(h.writer, i.ID, incident.Void, "误报")
		h.must(err)
		v, err := h.View(h.writer, i.ID)
		h.must(err)
		if v.Tasks[0].ID != task.ID || v.Tasks[0].State != opinion.Dropped || v.Tasks[0].EndedBy != "甲" || h.ticking() != 0 {
			t.Errorf("after the withdrawal: %+v, %d clocks", v.Tasks[0], h.ticking())
		}
	})
}

func TestWhoIsAskedReadsWhatItIsAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i, err := h.incidents.Open(h.mayor, incident.Draft{Title: "跨县传言", Category: "natural.flood", Place: "沿海", Level: 4})
		h.must(err)
		found := func(text string) opinion.Entry {
			e, err := h.Add(h.mayor, i.ID, opinion.Found{Source: "微博", Text: text})
			h.must(err)
			return e
		}
		about, aside := found("洋口大堤决口"), found("市里的别的说法")
		if _, err := h.View(h.writer, i.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a county reads an incident of the city: %v", err)
		}
		task, err := h.Ask(h.mayor, i.ID, opinion.Ask{Do: "statement", Title: "请如东回应", OrgID: h.county.ID, Entries: []string{about.ID}})
		h.must(err)
		_, err = h.Ask(h.mayor, i.ID, opinion.Ask{Do: "statement", Title: "市里自己回应"})
		h.must(err)
		v, err := h.View(h.writer, i.ID)
		h.must(err)
		if v.Of.Seen || v.Of.Title != "跨县传言" || v.Leads || len(v.Tasks) != 1 || len(v.Entries) != 1 || v.Entries[0].ID != about.ID || v.Entries[0].ID == aside.ID {
			t.Errorf("who is asked reads %+v", v)
		}
		if _, err := h.View(h.outside, i.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county reads it: %v", err)
		}
		if _, err := h.Ask(h.writer, i.ID, opinion.Ask{Do: "statement", Title: "替市里下达"}); errs.KindOf(err) != errs.Denied {
			t.Errorf("who is asked asks others: %v", err)
		}
		st := h.signed(i, opinion.NewStatement{Template: "rumour", Tasks: []string{task.ID}})
		_, err = h.Act(h.writer, st.ID, opinion.Act{Do: "release", Edit: st.Edit, Note: "如东发布"})
		h.must(err)
		if v, err = h.View(h.writer, i.ID); err != nil || v.Tasks[0].State != opinion.Said || len(v.Statements) != 1 {
			t.Errorf("after the answer: %+v, %v", v.Tasks, err)
		}
		if v, err = h.View(h.mayor, i.ID); err != nil || len(v.Statements) != 1 || len(v.Tasks) != 2 || !v.Of.Seen {
			t.Errorf("the city reads: %+v, %v", v, err)
		}
	})
}
