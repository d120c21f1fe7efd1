package drill_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// over is an exercise that was started and ended.
func (h *house) over(n drill.Draft) drill.Drill {
	h.t.Helper()
	d, err := h.Make(h.chief, n)
	h.must(err)
	for _, k := range []string{"start", "end"} {
		d, err = h.Act(h.chief, d.ID, drill.Act{Kind: k})
		h.must(err)
	}
	return d
}

// What is not approved yet is practised too: the exercise is closed, and pays nothing.
func TestAnExerciseOfADraftIsClosedAndOneThatEndedCanBeCancelled(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, err := h.plans.Make(h.chief, plan.Head{Name: "新预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	n := h.draft(drill.Tabletop)
	n.PlanID = p.ID
	d := h.over(n)
	d, err = h.Act(h.chief, d.ID, drill.Act{Kind: "close", Findings: "草案可行"})
	h.must(err)
	if d.State != drill.Closed || d.Unpaid != drill.UnpaidDraft {
		t.Errorf("closed: %s, unpaid %q", d.State, d.Unpaid)
	}
	if v, err := h.Get(h.chief, d.ID); err != nil || v.Log[len(v.Log)-1].Kind != "unpaid" {
		t.Errorf("the log: %+v, %v", v.Log, err)
	}
	d = h.over(h.draft(drill.Tabletop))
	ended := *d.EndedAt
	d, err = h.Act(h.chief, d.ID, drill.Act{Kind: "cancel", Reason: "没有评估"})
	h.must(err)
	if d.State != drill.Cancelled || !d.EndedAt.Equal(ended) {
		t.Errorf("cancelled: %+v", d)
	}
}

// What a plan owes is paid by those whose plan it is, with something that took place, and their name stands in its life.
func TestAnExercisePaysOnlyForItsOwnPlanAndWhenSomethingTookPlace(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	n := h.draft(drill.Tabletop)
	n.Parties = []string{h.other.ID}
	if _, err := h.Make(h.outside, n); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a county makes an exercise of the city's plan: %v", err)
	}
	owed := func() drill.Owed {
		t.Helper()
		pr, err := h.Programme(h.chief, time.Now().In(time.FixedZone("CST", 8*3600)).Year())
		h.must(err)
		for _, r := range pr.Rows {
			if r.PlanID == h.plan.ID {
				return r
			}
		}
		t.Fatal("the plan owes nothing")
		return drill.Owed{}
	}
	n = h.draft(drill.Tabletop)
	n.Injects = []drill.Inject{{Title: "记者来电", Text: "请介绍情况", Way: drill.Manual}}
	d := h.over(n)
	d, err := h.Act(h.chief, d.ID, drill.Act{Kind: "close", Findings: "好"})
	h.must(err)
	if p, err := h.plans.Detail(h.chief, h.plan.ID); err != nil || d.Unpaid != drill.UnpaidIdle || p.DrilledOn != "" || owed().Paid != 0 {
		t.Errorf("nothing took place: unpaid %q, drilled on %q, paid %d, %v", d.Unpaid, p.DrilledOn, owed().Paid, err)
	}
	d, err = h.Make(h.chief, n)
	h.must(err)
	for _, act := range []drill.Act{{Kind: "start"}, {Kind: "give", Inject: d.Injects[0].ID}, {Kind: "end"}, {Kind: "close", Findings: "好"}} {
		d, err = h.Act(h.chief, d.ID, act)
		h.must(err)
	}
	p, err := h.plans.Detail(h.chief, h.plan.ID)
	h.must(err)
	if last := p.Steps[len(p.Steps)-1]; d.Unpaid != "" || p.DrilledOn == "" || owed().Paid != 1 || last.ByName != "市长" {
		t.Errorf("paid: unpaid %q, drilled on %q, paid %d, by %s", d.Unpaid, p.DrilledOn, owed().Paid, last.ByName)
	}
}

// What evaluators write is for the controllers while somebody is still inside; afterwards for all without their names.
func TestTheReportGoesToOthersWhenTheExerciseIsClosed(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	d, err := h.Make(h.chief, h.draft(drill.Tabletop))
	h.must(err)
	d, err = h.Act(h.chief, d.ID, drill.Act{Kind: "start"})
	h.must(err)
	sheet, err := h.Hand(h.chief, d.ID, "评估员老王", "堤上")
	h.must(err)
	_, err = h.Write(h.system, sheet.Link[strings.LastIndex(sheet.Link, "/")+1:], []drill.Mark{{ID: h.Pack.Aspects[0].ID, Score: 1}}, "太慢")
	h.must(err)
	_, err = h.Act(h.chief, d.ID, drill.Act{Kind: "end"})
	h.must(err)
	if _, _, err := h.Report(h.officer, d.ID); errs.KindOf(err) != errs.Denied {
		t.Errorf("a player reads what evaluators found: %v", err)
	}
	_, err = h.Act(h.chief, d.ID, drill.Act{Kind: "close", Findings: "好"})
	h.must(err)
	_, _, err = h.Report(h.officer, d.ID)
	h.must(err)
}
