package response_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// refused is the code of a conflict, with what it names.
func refused(err error) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Kind != errs.Conflict {
		return "not refused"
	}
	out := e.Code
	for _, k := range []string{"plan", "command", "team", "material"} {
		if e.Fields[k] != "" {
			out += " " + k + "=" + e.Fields[k]
		}
	}
	return out
}

// clock is the state of a task's clock.
func (h *house) clock(task string) deadline.State {
	h.t.Helper()
	c, err := h.clocks.Of(h.system, deadline.Owner{Kind: response.OwnerKind, ID: task}, "task")
	h.must(err)
	return c.State
}

func TestAnIncidentDoesNotEndWhileSomebodyActsForIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p, i, other := h.published(h.body()), h.flood(), h.flood()
		out := h.start(i, p, 4)
		c, err := h.Take(h.chief, i.ID, response.Act{Do: "take"})
		h.must(err)
		const both = "incident.responding plan=防汛应急预案 Ⅳ command=市长"
		for _, to := range []incident.State{incident.Closed, incident.Void} {
			if _, err := h.incidents.Close(h.officer, i.ID, to, "结束了"); refused(err) != both {
				t.Errorf("%s: %s", to, refused(err))
			}
		}
		if _, err := h.incidents.Merge(h.officer, i.ID, other.ID); refused(err) != both {
			t.Errorf("merged away: %s", refused(err))
		}
		room, err := h.incidents.Room(h.chief, i.ID)
		h.must(err)
		if len(room.Running) != 1 || room.Running[0].Kind != incident.RunsPlan { // one's own command is none
			t.Errorf("shown as running %+v", room.Running)
		}
		begun := named(h.view(i).Tasks, "report").ID
		_, err = h.Do(h.officer, begun, response.Step{Kind: "start"})
		h.must(err)
		_, err = h.Shift(h.chief, out.Response.ID, 0, "终止令", "")
		h.must(err)
		if _, err := h.incidents.Close(h.officer, i.ID, incident.Closed, "结束"); refused(err) != "incident.responding command=市长" {
			t.Errorf("past the commander: %s", refused(err))
		}
		_, err = h.Take(h.chief, i.ID, response.Act{Do: "leave", Why: "处置完毕", Edit: c.Edit})
		h.must(err)
		_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
		h.must(err)
		if got := h.clock(begun); got != deadline.Dropped {
			t.Errorf("the clock of a closed incident is %s", got)
		}
		_, err = h.incidents.Close(h.officer, i.ID, incident.Open, "又渗漏")
		h.must(err)
		if got := h.clock(begun); got != deadline.Running {
			t.Errorf("the clock of what is begun is %s after reopening", got)
		}
	})
}

func TestAResponseThatOutlivedItsIncidentIsEnded(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	out := h.start(i, p, 4)
	h.incidents.Parts = nil // as incidents were closed before
	_, err := h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
	h.must(err)
	if _, err := h.Shift(h.chief, out.Response.ID, 3, "升级", ""); refused(err) != "incident.not_open" {
		t.Errorf("raised: %s", refused(err))
	}
	end, err := h.Shift(h.chief, out.Response.ID, 0, "终止", "")
	h.must(err)
	if end.Voided != 2 || h.clock(h.view(i).Tasks[0].ID) != deadline.Dropped {
		t.Errorf("ended %+v", end)
	}
	if room, err := h.incidents.Room(h.chief, i.ID); err != nil || room.Response != 0 {
		t.Errorf("the incident responds at %d, %v", room.Response, err)
	}
}

func TestTheLevelOfTheIncidentIsThatOfItsPlan(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	_, err := h.incidents.Respond(h.officer, i.ID, 4, "县长口头命令") // without a plan it is set by hand
	h.must(err)
	c, err := h.Take(h.chief, i.ID, response.Act{Do: "take"})
	h.must(err)
	if _, err := h.incidents.Respond(h.officer, i.ID, 1, "我说了算"); refused(err) != "incident.response_runs command=市长" {
		t.Errorf("past the commander: %s", refused(err))
	}
	_, err = h.Take(h.chief, i.ID, response.Act{Do: "leave", Why: "交班", Edit: c.Edit})
	h.must(err)
	h.start(i, p, 4)
	for _, level := range []int{1, 0} {
		if _, err := h.incidents.Respond(h.officer, i.ID, level, "我说了算"); refused(err) != "incident.response_runs plan=防汛应急预案 Ⅳ" {
			t.Errorf("level %d past the plan: %s", level, refused(err))
		}
	}
	if room, err := h.incidents.Room(h.chief, i.ID); err != nil || room.Response != 4 {
		t.Errorf("the incident responds at %d, %v", room.Response, err)
	}
}

// told lists the messages since the last call, newest first: to whom, title and text.
func (h *house) told() string {
	h.t.Helper()
	list, err := h.notices.List(h.system, "", page.Request{})
	h.must(err)
	var out []string
	for _, n := range list.Items[:len(list.Items)-h.heard] {
		out = append(out, n.Name+" "+n.Title+" "+n.Text)
	}
	h.heard = len(list.Items)
	return strings.Join(out, "\n")
}

func TestWhoNoLongerActsIsTold(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	out := h.start(i, p, 3)
	_, err := h.Do(h.officer, named(h.view(i).Tasks, "report").ID, response.Step{Kind: "start"})
	h.must(err)
	h.told()
	_, err = h.Shift(h.chief, out.Response.ID, 4, "降级", "")
	h.must(err)
	if got := h.told(); got != "甲 任务收回 洋口镇圩堤渗漏：收回您的1项任务（“转移群众”），不再执行。" {
		t.Errorf("lowered: %s", got)
	}
	_, err = h.Shift(h.chief, out.Response.ID, 0, "终止", "")
	h.must(err)
	if got := h.told(); got != "甲 响应终止 洋口镇圩堤渗漏：“防汛应急预案”已终止。收回您的1项任务（“加密监测”），不再执行。您已开始的1项任务（“报告”）请收尾并反馈。" {
		t.Errorf("ended: %s", got)
	}
	// The county's officer is in the roster with a number, the mayor is not.
	c, err := h.Take(h.chief, i.ID, response.Act{Do: "take"})
	h.must(err)
	c, err = h.Take(h.chief, i.ID, response.Act{Do: "offer", To: h.onDuty.UserID, Edit: c.Edit})
	h.must(err)
	if got := h.told(); got != "甲 移交指挥 洋口镇圩堤渗漏：市长请您接任指挥，请在指挥室接受或谢绝。" {
		t.Errorf("offered: %s", got)
	}
	c, err = h.Take(h.officer, i.ID, response.Act{Do: "accept", Edit: c.Edit})
	h.must(err)
	_, err = h.Take(h.chief, i.ID, response.Act{Do: "seize", Why: "副市长电话不通，现场等令", Edit: c.Edit})
	h.must(err)
	if got := h.told(); got != "甲 指挥已被接管 洋口镇圩堤渗漏：南通市 市长已接管指挥。原因：副市长电话不通，现场等令" {
		t.Errorf("seized: %s", got)
	}
}

func TestWhatIsDoneGoesWithTheIncidentToAnotherCounty(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.body())
		i, err := h.incidents.Open(h.chief, incident.Draft{Title: "溃堤", Category: "natural.flood", Place: "界河", Division: "320623"})
		h.must(err)
		h.start(i, p, 4)
		task := h.view(i).Tasks[0].ID
		if _, err := h.Task(h.outside, task); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county reads it: %v", err)
		}
		to := "320681"
		_, err = h.incidents.Change(h.chief, i.ID, incident.Change{Division: &to})
		h.must(err)
		v, err := h.View(h.outside, i.ID)
		h.must(err)
		if v.Responses[0].Division != to || v.Tasks[0].Division != to {
			t.Errorf("left behind: %s %s", v.Responses[0].Division, v.Tasks[0].Division)
		}
		_, err = h.Task(h.outside, task)
		h.must(err)
	})
}

// Who held which role is read after the end, also of who holds none any more and in a closed incident; nobody is put into
// a role of what has ended.
func TestAnEndedResponseKeepsItsRoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood()
		out := h.start(i, h.published(h.body()), 3)
		_, err := h.Shift(h.chief, out.Response.ID, 0, "终止令", "")
		h.must(err)
		_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
		h.must(err)
		v := h.view(i)
		if len(v.Responses) != 1 || v.Responses[0].Level != 0 || v.Responses[0].Orders || len(v.Responses[0].Seats) != 2 {
			t.Fatalf("after the end %+v", v.Responses)
		}
		desk := v.Responses[0].Seats[0]
		if desk.Name != "值班室" || len(desk.Members) != 1 || desk.Members[0].Name != "甲" {
			t.Errorf("who was at the desk: %+v", desk)
		}
		if _, err := h.Seat(h.chief, out.Response.ID, desk.ID, response.Fill{PersonID: h.onDuty.ID}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("put into a role after the end: %v", err)
		}
		if got := h.view(i).Responses[0].Seats[0]; len(got.Members) != 1 || got.Members[0].Name != "甲" {
			t.Errorf("the roles have changed: %+v", got)
		}
	})
}
