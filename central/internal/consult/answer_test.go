package consult_test

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

// asked is by how many invitations somebody is asked into a room, as their desk lists it.
func (h *house) asked(c context.Context, room string) int {
	h.t.Helper()
	list, err := h.List(c, consult.Filter{Waiting: true})
	h.must(err)
	for _, l := range list {
		if l.ID == room {
			return len(l.Asked)
		}
	}
	return 0
}

func (h *house) wait(c context.Context, room string, want int) {
	h.t.Helper()
	if n := h.asked(c, room); n != want {
		h.t.Errorf("%d invitations wait, want %d", n, want)
	}
}

func TestAnInvitationWaitsAtTheDeskUntilItIsAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		other := h.user("丁", h.other, account.RoleDuty)
		r := h.room()
		invite := func(w consult.Wish) {
			t.Helper()
			_, err := h.Invite(h.officer, r.ID, w)
			h.must(err)
		}
		reply := func(at int) consult.Invitation { return h.whole(r.ID).Invitations[at] }
		desk := consult.Wish{Orgs: []string{h.other.ID}}
		h.wait(h.outside, r.ID, 0)
		invite(desk)
		h.wait(h.outside, r.ID, 1)
		h.wait(other, r.ID, 1)
		h.wait(h.mayor, r.ID, 0) // sees the room, and was not asked
		h.wait(world.Into(h.outside, "exercise-1"), r.ID, 0)

		// One of the desk declines for it, and may come all the same.
		a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
		h.must(h.Decline(other, r.ID))
		h.must(h.Decline(h.outside, r.ID)) // is no second line
		h.wait(h.outside, r.ID, 0)
		if i := reply(0); i.Reply != consult.Declined || i.ReplyBy != "丁" || i.ReplyAt == nil {
			t.Errorf("%+v", i)
		}
		news, err := h.News(h.officer, r.ID, "", a.key, 0)
		h.must(err)
		if len(news.Absent) != 1 || news.Absent[0].Name != "启东市" || news.Absent[0].Reply != consult.Declined || news.Absent[0].ReplyBy != "丁" {
			t.Errorf("the chair is told %+v", news.Absent)
		}
		n := 0
		for _, act := range h.acts(r.ID) {
			if act == "declined" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d lines say that they declined", n)
		}

		// Asked once more it waits anew, under the same invitation; asked twice it waits once.
		before := reply(0)
		invite(desk)
		invite(desk)
		h.wait(other, r.ID, 1)
		if i := reply(0); i.ID != before.ID || i.Reply != consult.Waits || !i.At.After(before.At) || len(h.whole(r.ID).Invitations) != 1 {
			t.Errorf("%+v after %+v", i, before)
		}

		// Who was asked in person and with the desk answers both by coming in.
		invite(consult.Wish{People: []string{id(h.outside)}})
		h.wait(h.outside, r.ID, 2)
		h.wait(other, r.ID, 1)
		b := h.comes(h.outside, r.ID, "", consult.Entry{Key: key("b")})
		h.wait(h.outside, r.ID, 0)
		h.wait(other, r.ID, 0)
		if reply(0).Reply != consult.Came || reply(1).Reply != consult.Came || reply(1).ReplyBy != "丙" {
			t.Errorf("%+v", h.whole(r.ID).Invitations)
		}
		if news, err = h.News(h.officer, r.ID, "", a.key, 0); err != nil || len(news.Absent) != 0 {
			t.Errorf("%+v, %v", news.Absent, err)
		}
		h.must(h.Decline(h.outside, r.ID)) // too late, and no harm
		if reply(0).Reply != consult.Came {
			t.Error("who has come has declined")
		}

		// The desk is asked for others of it while one sits there: not at the one who sits there.
		invite(desk)
		h.wait(h.outside, r.ID, 0)
		h.wait(other, r.ID, 1)
		h.must(h.Revoke(h.officer, r.ID, reply(0).ID))
		h.wait(other, r.ID, 0)
		invite(desk)
		h.wait(other, r.ID, 1)
		h.must(h.Leave(h.outside, r.ID, "", b.key))
		_, err = h.End(h.officer, r.ID)
		h.must(err)
		h.wait(other, r.ID, 0)
		if err := h.Decline(other, r.ID); code(err) != "consult.ended" {
			t.Errorf("of a room that has ended: %v", err)
		}
	})
}

// Somebody from outside is not told who else was asked, and by coming answers their link.
func TestALinkIsAnsweredByComing(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	given, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "李教授", Hours: 2, Orgs: []string{h.other.ID}})
	h.must(err)
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	news, err := h.News(h.officer, r.ID, "", a.key, 0)
	h.must(err)
	if len(news.Absent) != 2 {
		t.Errorf("%+v", news.Absent)
	}
	g := h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g"), Listen: true})
	if len(g.scene.Absent) != 0 {
		t.Errorf("an expert is told %+v", g.scene.Absent)
	}
	news, err = h.News(h.officer, r.ID, "", a.key, 0)
	h.must(err)
	if len(news.Absent) != 1 || news.Absent[0].Kind != consult.ForOrg {
		t.Errorf("%+v", news.Absent)
	}
}
