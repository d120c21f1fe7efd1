package response_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// leaves makes the officer on duty inactive.
func (h *house) leaves() {
	h.t.Helper()
	gone := h.onDuty
	gone.Active = false
	_, err := h.roster.SavePerson(h.system, gone)
	h.must(err)
}

// A plan that is started again is for those who are there now, not for those who were when it ended.
func TestAResponseThatBeginsAgainFillsItsSeatsAnew(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	b := h.body()
	for n := range b.Roles {
		b.Roles[n].Fill = plan.Fill{How: "person", OrgID: h.county.ID, PersonID: h.onDuty.ID, Name: "甲"}
	}
	p, i := h.published(b), h.flood()
	out := h.start(i, p, 4)
	_, err := h.Shift(h.chief, out.Response.ID, 0, "终止", "")
	h.must(err)
	h.leaves()
	again := h.start(i, p, 4)
	if s := h.view(i).Responses[0].Seats[0]; again.Open != 1 || s.Open != response.OpenPerson || len(s.Members) != 0 {
		t.Errorf("open %d, the seat %+v", again.Open, s)
	}
}

// Who takes over what is overdue is told of it.
func TestWhoTakesOverOverdueWorkIsTold(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	out := h.start(i, p, 4)
	for _, k := range h.view(i).Tasks {
		k.DueAt = k.DueAt.Add(-5 * time.Hour)
		h.must(h.Store.SaveTask(h.system, k))
	}
	second, err := h.roster.SavePerson(h.system, duty.Person{OrgID: h.county.ID, Name: "乙", Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000002"}}})
	h.must(err)
	_, err = h.Seat(h.chief, out.Response.ID, h.view(i).Responses[0].Seats[0].ID, response.Fill{PersonID: second.ID, Why: "换人"})
	h.must(err)
	list, err := h.notices.List(h.system, "", page.Request{})
	h.must(err)
	if n := list.Items[0]; n.Name != "乙" || !n.Until.After(time.Now().Add(time.Hour)) {
		t.Errorf("told %s until %v", n.Name, n.Until)
	}
}

// An address ends with its reason: no step on an incident that is over, none by who has left, and none that opens again.
func TestAnAddressEndsWithItsReason(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	out := h.start(i, p, 4)
	v := h.view(i)
	shown, err := h.Show(h.chief, out.Response.ID, v.Responses[0].Seats[0].ID, h.onDuty.ID)
	h.must(err)
	token, report, watch := shown.Address[strings.LastIndex(shown.Address, "/")+1:], named(v.Tasks, "report").ID, named(v.Tasks, "watch").ID
	_, err = h.StepByLink(t.Context(), token, report, response.Step{Kind: "done", Text: "好"})
	h.must(err)
	if _, err := h.StepByLink(t.Context(), token, report, response.Step{Kind: "reopen", Text: "再来"}); refused(err) != "response.task_over" {
		t.Errorf("opened again by an address: %s", refused(err))
	}
	_, err = h.StepByLink(t.Context(), token, watch, response.Step{Kind: "start"})
	h.must(err)
	_, err = h.Shift(h.chief, out.Response.ID, 0, "终止", "")
	h.must(err)
	_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
	h.must(err)
	if _, err := h.StepByLink(t.Context(), token, watch, response.Step{Kind: "note", Text: "还在看"}); refused(err) != "incident.not_open" {
		t.Errorf("a step on a closed incident: %s", refused(err))
	}
	h.leaves()
	if _, err := h.Open(t.Context(), token); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the page of who has left: %v", err)
	}
}

// An order whose answer was lost is given again: it gets the first answer, also when the plan has a newer version by then.
func TestAnOrderGivenAgainGetsTheFirstAnswer(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	first := h.start(i, p, 4)
	p, err := h.plans.Move(h.chief, p.ID, plan.NewStep{To: plan.Revising, Edit: p.Edit, Trigger: "law", Note: "修订"})
	h.must(err)
	now := h.approve(p, h.body())
	again := h.start(i, p, 4)
	if now.Version != 2 || again.New || again.Response.ID != first.Response.ID {
		t.Errorf("in force %d, again %+v", now.Version, again)
	}
	if _, err := h.Activate(h.chief, h.flood().ID, response.Start{PlanID: p.ID, Version: 1, Level: 4, Order: "令"}); refused(err) != "response.not_in_force" {
		t.Errorf("a new order of the old version: %s", refused(err))
	}
}
