package response_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// reporting is the body with reports: at both levels one every twelve hours, at each one of its own about its start, and
// one after the end.
func (h *house) reporting() plan.Body {
	b := h.body()
	b.Reports = []plan.Reporting{
		{ID: "four", Kind: plan.ReportFirst, Levels: []int{4}, Minutes: 60, To: "省防指办", Clause: "c2"},
		{ID: "three", Kind: plan.ReportFirst, Levels: []int{3}, Minutes: 30, To: "省防指办", Clause: "c2"},
		{ID: "next", Kind: plan.ReportFollow, Levels: []int{4, 3}, Minutes: 720, To: "省防指办", Clause: "c2"},
		{ID: "often", Kind: plan.ReportFollow, Levels: []int{3}, Minutes: 360, To: "市委办", Clause: "c2"},
		{ID: "last", Kind: plan.ReportFinal, Levels: []int{4, 3}, Minutes: 4320, To: "省防指办", Clause: "c2"},
	}
	return b
}

// owed says how each report of an incident stands: its part of the plan, its state, and that of its clock.
func (h *house) owed(i incident.Incident) string {
	h.t.Helper()
	var out []string
	for _, o := range h.view(i).Reports {
		c, err := h.clocks.Of(h.system, deadline.Owner{Kind: response.ReportKind, ID: i.ID + " " + o.ID}, "report."+o.Kind)
		h.must(err)
		if o.State == response.OwedDue && !c.DueAt.Equal(o.DueAt) {
			h.t.Errorf("%s is due at %s, its clock at %s", o.PartID, o.DueAt, c.DueAt)
		}
		word := fmt.Sprint(o.PartID, " ", o.State, " ", c.State)
		if o.LateAt != nil {
			word += " late"
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}

func (h *house) reported(i incident.Incident, final bool) {
	h.t.Helper()
	at := time.Now().Add(time.Duration(h.ahead.Load())).UTC().Truncate(time.Microsecond)
	h.must(h.db.Do(h.system, func(ctx context.Context) error {
		return h.Reported(ctx, response.Sent{IncidentID: i.ID, OrgID: h.city.ID, ReportID: "r1", Title: "险情续报", Final: final, At: at})
	}))
}

func TestReportsBeginWithTheLevelAndAreMetBySending(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.reporting())
		i := h.flood()
		out := h.start(i, p, 4)
		if got := h.owed(i); got != "four due running, next due running" || out.Reports != 2 {
			t.Fatalf("at IV: %d, %s", out.Reports, got)
		}
		first := h.view(i).Reports[0]
		if first.DueAt.Sub(out.Response.StartedAt) != time.Hour || first.OrgID != h.city.ID || first.Clause != "2 响应" {
			t.Errorf("the first %+v", first)
		}
		if again := h.start(i, p, 4); again.New || h.owed(i) != "four due running, next due running" {
			t.Errorf("the same order again: %s", h.owed(i))
		}
		// Raising adds the difference, and the report about the level before is still owed.
		_, err := h.Shift(h.chief, out.Response.ID, 3, "指令", "")
		h.must(err)
		if got := h.owed(i); got != "four due running, next due running, three due running, often due running" {
			t.Fatalf("raised: %s", got)
		}
		was := h.view(i).Reports
		h.must(h.db.Do(h.system, func(ctx context.Context) error { // a report of another desk meets nothing
			return h.Reported(ctx, response.Sent{IncidentID: i.ID, OrgID: h.county.ID, ReportID: "r0", At: time.Now()})
		}))
		h.reported(i, false)
		if got := h.owed(i); got != "four met met, next due running, three met met, often due running" {
			t.Fatalf("one was sent: %s", got)
		}
		for n, o := range h.view(i).Reports {
			if later := o.DueAt.After(was[n].DueAt); later != (o.Kind == plan.ReportFollow) || o.Times != 1 || o.Report != "险情续报" {
				t.Errorf("after the report %+v", o)
			}
		}
		// Lowering stops what is not owed any more, and the lower level is reported again.
		_, err = h.Shift(h.chief, out.Response.ID, 4, "指令", "")
		h.must(err)
		if got := h.owed(i); got != "four met met, next due running, three met met, often dropped dropped, four due running" {
			t.Fatalf("lowered: %s", got)
		}
		_, err = h.Shift(h.chief, out.Response.ID, 0, "终止", "")
		h.must(err)
		const ended = "four met met, next dropped dropped, three met met, often dropped dropped, four dropped dropped, last "
		if got := h.owed(i); got != ended+"due running" {
			t.Fatalf("ended: %s", got)
		}
		h.reported(i, false)
		if got := h.owed(i); got != ended+"due running" {
			t.Fatalf("a follow-up met the last report: %s", got)
		}
		_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
		h.must(err)
		h.reported(i, true)
		if got := h.owed(i); got != ended+"met met" {
			t.Errorf("the last report: %s", got)
		}
	})
}

func TestAReportThatIsLateIsWrittenDownOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood()
		out := h.start(i, h.published(h.reporting()), 4)
		h.ahead.Store(int64(2 * time.Hour))
		for range 2 {
			if _, err := h.clocks.Turn(h.system); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.owed(i); got != "four due running late, next due running" {
			t.Fatalf("two hours later: %s", got)
		}
		if !h.wrote(i, "late", "启动报告 → 省防指办") {
			t.Error("the timeline does not say that it is late")
		}
		h.reported(i, false)
		if got := h.owed(i); got != "four met met late, next due running" {
			t.Errorf("sent late: %s", got)
		}
		// What runs stops with the incident, and begins with it again.
		_, err := h.Shift(h.chief, out.Response.ID, 0, "终止", "")
		h.must(err)
		h.start(i, h.again(out), 4)
		if got := h.owed(i); got != "four met met late, next dropped dropped, last dropped dropped, four due running, next due running" {
			t.Errorf("begun again: %s", got)
		}
	})
}

// again is the plan of a response.
func (h *house) again(out response.Outcome) plan.Plan {
	return plan.Plan{ID: out.Response.PlanID, Version: out.Response.Version}
}
