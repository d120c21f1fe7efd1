package response_test

import (
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A desk below proposes that what runs be raised; who directs it is told, decides, and the proposal is closed by what they do.
func TestARaiseIsProposedAndDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p, i := h.published(h.body()), h.flood()
		r := h.start(i, p, 4).Response
		chief, _ := actor.From(h.chief)
		_, err := h.roster.SavePerson(h.system, duty.Person{OrgID: h.city.ID, Name: "市长", UserID: chief.ID, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000003"}}})
		h.must(err)
		for level, why := range map[int]string{4: "already", 1: "no such level"} {
			if _, err := h.ProposeRaise(h.officer, r.ID, level, urgent); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), why) {
				t.Errorf("to level %d: %v", level, err)
			}
		}
		if _, err := h.ProposeRaise(h.chief, r.ID, 3, urgent); refused(err) != "response.own_raise" {
			t.Errorf("who directs it proposes: %v", err)
		}
		if _, err := h.ProposeRaise(h.outside, r.ID, 3, urgent); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county: %v", err)
		}
		m, err := h.ProposeRaise(h.officer, r.ID, 3, urgent)
		h.must(err)
		again, err := h.ProposeRaise(h.officer, r.ID, 3, urgent)
		h.must(err)
		if again.ID != m.ID || m.ResponseID != r.ID || m.OwnerID != h.city.ID || !h.wrote(i, "proposed", "建议升级防汛应急预案 Ⅲ级响应") {
			t.Errorf("proposed %+v, again %+v", m, again)
		}
		decides := func(v response.View, err error) bool {
			h.must(err)
			return v.Motions[len(v.Motions)-1].Decides
		}
		if !decides(h.View(h.chief, i.ID)) || decides(h.View(h.officer, i.ID)) {
			t.Error("who decides is not who directs")
		}
		if _, err := h.Decline(h.officer, m.ID, "水位已经回落到警戒以下"); errs.KindOf(err) != errs.Denied {
			t.Errorf("who proposed it declines: %v", err)
		}
		out, err := h.Decline(h.chief, m.ID, "水位已经回落到警戒以下")
		h.must(err)
		if out.State != response.MotionDeclined {
			t.Errorf("declined %+v", out)
		}
		// Who commands is told and decides, and raising it as far closes the proposal.
		c, err := h.Take(h.chief, i.ID, response.Act{Do: "take"})
		h.must(err)
		m, err = h.ProposeRaise(h.officer, r.ID, 3, urgent)
		h.must(err)
		told, err := h.notices.List(h.system, "", page.Request{})
		h.must(err)
		if n := told.Items[0]; !strings.Contains(n.Text, "建议升级") || !strings.Contains(n.Text, urgent) {
			t.Errorf("told %+v", n)
		}
		_, err = h.Shift(h.chief, r.ID, 3, "口头命令", "")
		h.must(err)
		state := func(id string) response.Motion {
			for _, m := range h.view(i).Motions {
				if m.ID == id {
					return m
				}
			}
			return response.Motion{}
		}
		if got := state(m.ID); got.State != response.MotionStarted || got.Decides {
			t.Errorf("after it was raised: %+v", got)
		}
		// What ends is not raised any more.
		_, err = h.Shift(h.chief, r.ID, 4, "口头命令", "")
		h.must(err)
		m, err = h.ProposeRaise(h.officer, r.ID, 3, urgent)
		h.must(err)
		_, err = h.Shift(h.chief, r.ID, 0, "险情解除", "")
		h.must(err)
		if got := state(m.ID); got.State != response.MotionDeclined || got.DoneWhy == "" {
			t.Errorf("after the end: %+v", got)
		}
		if _, err := h.ProposeRaise(h.officer, r.ID, 3, urgent); refused(err) != "response.ended" {
			t.Errorf("of what has ended: %v", err)
		}
		_, err = h.Take(h.chief, i.ID, response.Act{Do: "leave", Why: "结束", Edit: c.Edit})
		h.must(err)
		_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
		h.must(err)
		if _, err := h.ProposeRaise(h.officer, r.ID, 3, urgent); refused(err) != "incident.not_open" {
			t.Errorf("of a closed incident: %v", err)
		}
	})
}
