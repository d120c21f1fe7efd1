package drill_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

// TestAnExerciseIsMeasuredEvaluatedClosedAndPaysWhatItsPlanOwed plays one from its start to what is improved after it.
func TestAnExerciseIsMeasuredEvaluatedClosedAndPaysWhatItsPlanOwed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		year := time.Now().In(time.FixedZone("CST", 8*3600)).Year()
		owed := func() drill.Owed {
			t.Helper()
			p, err := h.Programme(h.chief, year)
			h.must(err)
			for _, r := range p.Rows {
				if r.PlanID == h.plan.ID {
					return r
				}
			}
			t.Fatalf("the plan owes nothing: %+v", p.Rows)
			return drill.Owed{}
		}
		if o := owed(); o.Quota != drill.QuotaNew || o.Paid != 0 || o.Planned != 0 {
			t.Fatalf("before it is planned: %+v", o)
		}
		d, in := h.running()
		if o := owed(); o.Paid != 0 || o.Planned != 1 {
			t.Errorf("while it runs: %+v", o)
		}

		_, err := h.Turn(h.system)
		h.must(err)
		played, err := h.incidents.Open(in, incident.Draft{Title: "河堤管涌", Category: "natural.flood", Place: "洋口镇海堤"})
		h.must(err)
		_, err = h.responses.Activate(in, played.ID, response.Start{PlanID: h.plan.ID, Version: h.plan.Version, Level: 4, Order: "演练总指挥", Emergency: true, Why: "险情紧急，先启动后报告"})
		h.must(err)
		v, err := h.responses.View(in, played.ID)
		h.must(err)
		_, err = h.responses.Do(in, v.Tasks[0].ID, response.Step{Kind: "accept"})
		h.must(err)
		m, err := h.Measures(h.chief, d.ID)
		h.must(err)
		if m.Opened < 0 || m.Activated < 0 || m.Reported != -1 || m.Accepted < 0 || m.Tasks != 1 || m.Taken != 1 || m.Open != 1 {
			t.Errorf("measured: %+v", m)
		}

		sheet, err := h.Hand(h.chief, d.ID, "评估员", "值班室")
		h.must(err)
		token := sheet.Link[strings.LastIndex(sheet.Link, "/")+1:]
		aspect := h.Pack.Aspects[0].ID
		for name, marks := range map[string][]drill.Mark{"an aspect that nobody asked for": {{ID: "x", Score: 3}}, "six of five": {{ID: aspect, Score: 6}}} {
			if _, err := h.Write(t.Context(), token, marks, ""); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.Write(t.Context(), "guessed", nil, "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an address that was guessed: %v", err)
		}
		_, err = h.Write(t.Context(), token, []drill.Mark{{ID: aspect, Score: 2}}, "信息登记太慢")
		h.must(err)
		_, err = h.Write(t.Context(), token, []drill.Mark{{ID: aspect, Score: 4, Text: "及时"}}, "加强值守")
		h.must(err)
		sheets, err := h.Sheets(h.chief, d.ID)
		h.must(err)
		if len(sheets) != 1 || sheets[0].Advice != "加强值守" || sheets[0].Marks[0].Score != 4 {
			t.Errorf("the sheets: %+v", sheets)
		}
		if theirs, err := h.Sheets(h.officer, d.ID); err != nil || len(theirs) != 0 {
			t.Errorf("who takes part reads the sheets: %+v, %v", theirs, err)
		}

		if _, _, err := h.Report(h.chief, d.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a report of what still runs: %v", err)
		}
		_, err = h.Act(h.chief, d.ID, drill.Act{Kind: "end"})
		h.must(err)
		files, name, err := h.Report(h.chief, d.ID)
		h.must(err)
		if len(files.DOCX) == 0 || len(files.PDF) == 0 || !strings.Contains(name, d.Name) {
			t.Errorf("the report %q: %d and %d bytes", name, len(files.DOCX), len(files.PDF))
		}
		if o := owed(); o.Paid != 0 || o.Planned != 1 {
			t.Errorf("before it is closed: %+v", o)
		}
		_, err = h.Act(h.chief, d.ID, drill.Act{Kind: "close", Findings: "总体达到目标"})
		h.must(err)
		if o := owed(); o.Paid != 1 || o.Planned != 0 {
			t.Errorf("after it was closed: %+v", o)
		}
		if _, err := h.Write(t.Context(), token, nil, "迟到"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a sheet after the closing: %v", err)
		}
		if err := h.Enter(h.officer, d.ID, false); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the world after the closing: %v", err)
		}
		if _, err := h.incidents.Get(h.officer, played.ID); errs.KindOf(err) != errs.NotFound || world.Of(in) == world.Real {
			t.Errorf("what was played is seen outside: %v", err)
		}
	})
}

// TestWhatAnExerciseWantsImprovedIsFollowedUntilSomebodyHasSeenIt is the life of an item.
func TestWhatAnExerciseWantsImprovedIsFollowedUntilSomebodyHasSeenIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		early, err := h.Make(h.chief, h.draft(drill.Tabletop))
		h.must(err)
		if _, err := h.Improve(h.chief, early.ID, "补充沙袋", h.county.ID, "2026-12-31"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("before the start: %v", err)
		}
		d, _ := h.running()
		for name, try := range map[string]func() error{
			"without a text":             func() error { _, err := h.Improve(h.chief, d.ID, " ", h.county.ID, "2026-12-31"); return err },
			"without a day":              func() error { _, err := h.Improve(h.chief, d.ID, "x", h.county.ID, "soon"); return err },
			"for nobody":                 func() error { _, err := h.Improve(h.chief, d.ID, "x", "nobody", "2026-12-31"); return err },
			"done, and nobody knows how": func() error { _, err := h.Settle(h.chief, d.ID, "x", drill.ItemDone, " "); return err },
			"done in a text without end": func() error {
				_, err := h.Settle(h.chief, d.ID, "x", drill.ItemDone, strings.Repeat("长", 5000))
				return err
			},
		} {
			if errs.KindOf(try()) != errs.Invalid {
				t.Errorf("%s: %v", name, try())
			}
		}
		if _, err := h.Improve(h.officer, d.ID, "补充沙袋", h.county.ID, "2026-12-31"); err == nil {
			t.Error("who takes part writes what is to be improved")
		}
		i, err := h.Improve(h.chief, d.ID, "补充沙袋", h.county.ID, "2026-12-31")
		h.must(err)
		second, err := h.Improve(h.chief, d.ID, "换通信录", h.city.ID, "2026-12-01")
		h.must(err)
		if _, err := h.Settle(h.chief, d.ID, "nothing", drill.ItemDone, "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an item that is not there: %v", err)
		}
		if _, err := h.Settle(h.chief, d.ID, i.ID, drill.ItemVerified, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("verified before it was done: %v", err)
		}
		i, err = h.Settle(h.chief, d.ID, i.ID, drill.ItemDone, "已补充 2000 条")
		h.must(err)
		i, err = h.Settle(h.chief, d.ID, i.ID, drill.ItemVerified, "")
		h.must(err)
		list, err := h.Items(h.chief, d.ID)
		h.must(err)
		if len(list) != 2 || list[0].ID != i.ID || list[0].State != drill.ItemVerified || list[0].How != "已补充 2000 条" || list[0].DrillName != d.Name || list[1].ID != second.ID || list[1].State != drill.ItemOpen {
			t.Errorf("the list: %+v", list)
		}
		if _, err := h.Items(h.outside, early.ID); err != nil && errs.KindOf(err) != errs.NotFound {
			t.Errorf("the items of another county: %v", err)
		}
	})
}
