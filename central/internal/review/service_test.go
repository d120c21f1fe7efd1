package review_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestWhatWasLearnedBecomesACaseAndAPlansNextVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i, p := h.flood(), h.published()
		h.started(i, p)
		lon, lat := 121.0, 32.5
		move, told := h.task(i, "move"), h.task(i, "report")
		_, err := h.responses.Do(h.officer, move.ID, response.Step{Kind: "start", Text: "到场", Lon: &lon, Lat: &lat})
		h.must(err)
		_, err = h.responses.Do(h.officer, move.ID, response.Step{Kind: "done", Text: "转移 62 人"})
		h.must(err)
		_, err = h.responses.Do(h.officer, told.ID, response.Step{Kind: "done", Text: "已报"})
		h.must(err)

		v, err := h.View(h.officer, i.ID)
		h.must(err)
		at := map[string]review.Measure{}
		for _, m := range v.Measures {
			at[m.What] = m
		}
		if v.State != "" || at["reported"].At != nil || at["ended"].At != nil || at["arrived"].At == nil || at["done"].At == nil || *at["occurred"].Since != -10 || *at["started"].Since != 20 || at["started"].From != "防汛应急预案" {
			t.Errorf("the times of the record: %+v", v)
		}
		for _, c := range v.Tasks {
			if late := c.TaskID == move.ID; c.Late != late || *c.Ended != 0 {
				t.Errorf("against the plan: %+v", c)
			}
		}
		if _, err = h.Paper(h.officer, h.county, i.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a review that nobody has begun is printed: %v", err)
		}
		v, err = h.Write(h.officer, i.ID, review.Texts{Course: "圩堤渗漏，转移群众", Causes: "转移路线不熟"})
		h.must(err)
		if _, err = h.Write(h.officer, i.ID, review.Texts{Edit: 0, Course: "x"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("what somebody else wrote is written over: %v", err)
		}
		if _, err = h.Conclude(h.officer, i.ID, v.Edit, false); errs.KindOf(err) != errs.Conflict {
			t.Errorf("an incident that runs is concluded: %v", err)
		}
		_, err = h.Learn(h.officer, i.ID, review.NewLesson{Text: "标出转移路线", Owner: "王", DueAt: time.Now().Add(-time.Hour)})
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("a lesson is due in the past: %v", err)
		}
		v, err = h.Learn(h.officer, i.ID, review.NewLesson{Text: "标出转移路线", Owner: "王", DueAt: time.Now().Add(72 * time.Hour)})
		h.must(err)
		lesson := v.Lessons[0].ID
		if _, err = h.Suggest(h.officer, i.ID, lesson, p.ID, "c9", "x"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a clause that there is not: %v", err)
		}
		v, err = h.Suggest(h.officer, i.ID, lesson, p.ID, "c2", "附转移路线图")
		h.must(err)
		if v.Lessons[0].Clause != "2 响应" || v.Lessons[0].PlanName != "防汛应急预案" {
			t.Errorf("the suggestion: %+v", v.Lessons[0])
		}
		running, err := h.clocks.Running(h.officer, "", page.Request{})
		h.must(err)
		if len(running.Items) == 0 || !strings.HasPrefix(running.Items[len(running.Items)-1].Name, "标出转移路线") {
			t.Errorf("the clock of the lesson: %+v", running)
		}

		out, err := h.responses.View(h.chief, i.ID)
		h.must(err)
		_, err = h.responses.Shift(h.chief, out.Responses[0].ID, 0, "险情解除", "")
		h.must(err)
		_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "险情解除")
		h.must(err)
		v, err = h.View(h.officer, i.ID)
		h.must(err)
		if _, err = h.Conclude(h.officer, i.ID, v.Edit, false); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "1 late") {
			t.Errorf("a late task without a reason: %v", err)
		}
		if _, err = h.Explain(h.officer, i.ID, told.ID, "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a task that was in time is explained: %v", err)
		}
		v, err = h.Explain(h.officer, i.ID, move.ID, "道路积水")
		h.must(err)
		if list, err := h.Cases(h.officer, review.Filter{}, page.Request{}); err != nil || len(list.Items) != 0 {
			t.Errorf("an open review is a case: %v %+v", err, list)
		}
		v, err = h.Conclude(h.officer, i.ID, v.Edit, false)
		h.must(err)
		if _, err = h.Write(h.officer, i.ID, review.Texts{Edit: v.Edit}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a concluded review is written in: %v", err)
		}
		v, err = h.Settle(h.officer, i.ID, lesson, "路线图已上墙，见照片", false)
		h.must(err)
		if v.Lessons[0].State != review.Closed || v.State != review.Concluded {
			t.Errorf("closed: %+v", v.Lessons[0])
		}
		c, err := h.Paper(h.officer, h.county, i.ID)
		h.must(err)
		for _, want := range []string{"|首次报出|无记录|—||", "共下达任务2项：已完成2项；逾期1项。", "道路积水（如东县 甲）", "《防汛应急预案》2 响应", "路线图已上墙", "转移路线不熟"} {
			if !strings.Contains(c.Text, want) {
				t.Errorf("the report does not say %q:\n%s", want, c.Text)
			}
		}

		year := time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006")
		for name, q := range map[string]struct {
			f    review.Filter
			word string
			n    int
		}{
			"all":          {review.Filter{}, "", 1},
			"a lesson":     {review.Filter{Category: "natural", Year: year}, "转移路线", 1},
			"other words":  {review.Filter{}, "爆炸", 0},
			"other year":   {review.Filter{Year: "1998"}, "", 0},
			"other level":  {review.Filter{Level: 1}, "", 0},
			"other area":   {review.Filter{Within: "320681%"}, "", 0},
			"other matter": {review.Filter{Category: "accident"}, "", 0},
		} {
			if list, err := h.Cases(h.officer, q.f, page.Request{Search: q.word}); err != nil || len(list.Items) != q.n {
				t.Errorf("%s: %v, %d cases", name, err, len(list.Items))
			}
		}
		if list, err := h.Cases(h.outside, review.Filter{}, page.Request{}); err != nil || len(list.Items) != 0 {
			t.Errorf("a neighbour reads it: %v %+v", err, list)
		}
		bureau, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "文旅局", Division: "320623"})
		h.must(err)
		beside := h.user("丁", bureau, account.RoleDuty)
		seen, err := h.View(beside, i.ID)
		h.must(err)
		if seen.Mine {
			t.Error("a bureau takes the county's review for its own")
		}
		for name, act := range map[string]func() error{
			"writes":   func() error { _, err := h.Write(beside, i.ID, review.Texts{Edit: seen.Edit}); return err },
			"opens":    func() error { _, err := h.Conclude(beside, i.ID, seen.Edit, true); return err },
			"explains": func() error { _, err := h.Explain(beside, i.ID, move.ID, "无责任"); return err },
			"learns": func() error {
				_, err := h.Learn(beside, i.ID, review.NewLesson{Text: "x", Owner: "y", DueAt: time.Now().Add(time.Hour)})
				return err
			},
			"settles":  func() error { _, err := h.Settle(beside, i.ID, lesson, "又欠", true); return err },
			"suggests": func() error { _, err := h.Suggest(beside, i.ID, lesson, p.ID, "c2", "x"); return err },
		} {
			if err := act(); errs.KindOf(err) != errs.Denied {
				t.Errorf("a bureau that sees the incident %s: %v", name, err)
			}
		}
		_, err = h.Conclude(h.officer, i.ID, seen.Edit, true)
		h.must(err)
		v, err = h.Learn(h.officer, i.ID, review.NewLesson{Text: "景区广播", OrgID: bureau.ID, Owner: "丁", DueAt: time.Now().Add(time.Hour)})
		h.must(err)
		if _, err = h.Settle(beside, i.ID, v.Lessons[1].ID, "已装", false); err != nil {
			t.Errorf("a bureau settles its own lesson: %v", err)
		}
		if _, err = h.Write(h.outside, i.ID, review.Texts{}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a neighbour writes in it: %v", err)
		}

		list, err := h.plans.Suggestions(h.officer, p.ID)
		h.must(err)
		if len(list) != 1 || list[0].State != "open" || list[0].From != i.No+" "+i.Title {
			t.Fatalf("the plan has %+v", list)
		}
		if _, err = h.plans.Answer(h.chief, p.ID, list[0].ID, true, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a plan that nobody revises is answered: %v", err)
		}
		p, err = h.plans.Move(h.chief, p.ID, plan.NewStep{To: plan.Revising, Edit: p.Edit, Note: "按复盘", Trigger: h.plans.Pack.Triggers[0].ID})
		h.must(err)
		if _, err = h.plans.Answer(h.chief, p.ID, list[0].ID, false, ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("declined without a reason: %v", err)
		}
		p, err = h.plans.Answer(h.chief, p.ID, list[0].ID, true, "写入附件")
		h.must(err)
		h.issued(p)
		if list, err = h.plans.Suggestions(h.officer, p.ID); err != nil || list[0].State != "accepted" || list[0].Version != 2 {
			t.Errorf("the next version: %v %+v", err, list)
		}
	})
}
