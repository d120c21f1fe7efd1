package response_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// What belongs to the lower level alone is given when a response is lowered to it.
func TestLoweringGivesWhatBelongsToTheLowerLevelAlone(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	b := h.body()
	b.Actions = append(b.Actions, plan.Action{ID: "ease", Title: "转入值守", Levels: []int{4}, RoleID: "desk", From: "start", Minutes: 60, Clause: "c2"})
	p, i := h.published(b), h.flood()
	out := h.start(i, p, 3)
	if named(h.view(i).Tasks, "ease").ID != "" {
		t.Fatal("given at the higher level")
	}
	down, err := h.Shift(h.chief, out.Response.ID, 4, "令", "")
	h.must(err)
	if down.Added != 1 || down.Voided != 1 || named(h.view(i).Tasks, "ease").ID == "" {
		t.Errorf("lowered %+v", down)
	}
}

// The text of an unapproved plan is read as it was frozen, whatever was written since.
func TestTheFrozenTextIsRead(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, err := h.plans.Make(h.chief, plan.Head{Name: "草案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	p, err = h.plans.Write(h.chief, p.ID, p.Revision, h.body())
	h.must(err)
	i := h.flood()
	out, err := h.Activate(h.chief, i.ID, response.Start{PlanID: p.ID, Level: 4, Order: "令", Emergency: true, Why: urgent})
	h.must(err)
	b := h.body()
	b.Actions = b.Actions[:1]
	_, err = h.plans.Write(h.chief, p.ID, p.Revision, b)
	h.must(err)
	if got, err := h.Text(h.officer, out.Response.ID); err != nil || len(got.Actions) != 3 {
		t.Errorf("%d actions, %v", len(got.Actions), err)
	}
	if _, err := h.Text(h.outside, out.Response.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county: %v", err)
	}
}

// Words are no document and no signature; a step that is sent again is one step; lost pictures make room.
func TestEvidenceIsWhatItSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		b := h.body()
		b.Actions[0].Evidence = []string{"document", "signature"}
		p, i := h.published(b), h.flood()
		h.start(i, p, 4)
		id := named(h.view(i).Tasks, "report").ID
		for _, st := range []response.Step{{Text: "都好了"}, {Text: "好", Document: "通政办函〔2026〕1号"}, {Text: "好", Signed: "王市长"}, {Document: "一份文件", Signed: "王市长"}} {
			st.Kind = "done"
			if _, err := h.Do(h.officer, id, st); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %v", st, err)
			}
		}
		for range 2 {
			_, err := h.Do(h.officer, id, response.Step{Kind: "note", Text: "正在送签", Key: "k1"})
			h.must(err)
		}
		for n := range 25 { // their answers were lost
			if _, err := h.AddPhoto(h.officer, id, aPhoto(t)); err != nil {
				t.Fatalf("picture %d: %v", n, err)
			}
		}
		done, err := h.Do(h.officer, id, response.Step{Kind: "done", Document: "通政办函〔2026〕1号", Signed: "王市长"})
		h.must(err)
		if done.State != response.Done || done.Steps != 2 {
			t.Errorf("done %+v", done)
		}
	})
}

// A robot that draws a preview of an address reads nothing; somebody who touches the page does.
func TestAPreviewIsNotRead(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.must(h.notices.Start(h.system))
	t.Cleanup(func() { _ = h.notices.Stop(context.WithoutCancel(h.system)) })
	p, i := h.published(h.body()), h.flood()
	h.start(i, p, 4)
	token := ""
	for deadline := time.Now().Add(time.Minute); token == "" && time.Now().Before(deadline); {
		h.mu.Lock()
		for _, text := range h.sent {
			if _, rest, ok := strings.Cut(text, "https://centre.example/t/"); ok {
				token = strings.Fields(rest)[0]
			}
		}
		h.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
	_, err := h.Open(t.Context(), token)
	h.must(err)
	state := func() notice.State {
		list, err := h.notices.List(h.system, "", page.Request{})
		h.must(err)
		return list.Items[0].State
	}
	if state() == notice.Read {
		t.Error("read by opening")
	}
	h.must(h.Seen(t.Context(), token))
	if state() != notice.Read {
		t.Errorf("not read: %s", state())
	}
}
