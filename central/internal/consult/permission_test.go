package consult_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

func second[T any](_ T, err error) error { return err }

// For every act, every role and every organisation: the county opens a room and invites the bureau. The city stands above
// it, the bureau beside, the town below, and the neighbour has nothing to do with it. Who leads is asked on top.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	bureau, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
	h.must(err)
	town, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "洋口镇", Division: "320623104"})
	h.must(err)
	orgs := map[string]account.Org{"city": h.city, "county": h.county, "bureau": bureau, "town": town, "neighbour": h.other}
	last := ""
	made := func() consult.Room {
		if last != "" { // so many may be open at once
			kept, err := rooms(h).Room(h.system, last)
			h.must(err)
			kept.State, kept.Version = consult.Ended, kept.Version+1
			h.must(rooms(h).Save(h.system, kept, kept.Version-1))
		}
		r := h.room()
		last = r.ID
		h.must(second(h.Invite(h.officer, r.ID, consult.Wish{Orgs: []string{bureau.ID}})))
		return r
	}
	led := func(c context.Context) consult.Room {
		r := made()
		a, _ := actor.From(c)
		// The one who asks is in the chair already, so that what is tried is the permission and the place alone.
		kept, err := rooms(h).Room(h.system, r.ID)
		h.must(err)
		kept.Chair, kept.ChairName, kept.Version = a.ID, a.Name, kept.Version+1
		h.must(rooms(h).Save(h.system, kept, kept.Version-1))
		return kept
	}
	absent := errs.E(errs.NotFound, "x", "not in the list")
	inside, leads := []string{"city", "county", "bureau"}, []string{"city", "county", "bureau", "town", "neighbour"}
	acts := []struct {
		name  string
		needs actor.Permission
		who   []string
		do    func(context.Context) error
	}{
		{"see it in the list", actor.ConsultJoin, inside, func(c context.Context) error {
			r := made()
			list, err := h.List(c, consult.Filter{})
			if err == nil && !slices.ContainsFunc(list, func(l consult.Listed) bool { return l.ID == r.ID }) {
				return absent
			}
			return err
		}},
		{"look at it", actor.ConsultJoin, inside, func(c context.Context) error { return second(h.Get(c, made().ID, "", "")) }},
		{"enter", actor.ConsultJoin, inside, func(c context.Context) error {
			// What is refused is the offer, behind the door.
			err := second(h.Enter(c, made().ID, "", consult.Entry{Key: key("p"), SDP: "x"}))
			if errs.KindOf(err) == errs.Invalid {
				return nil
			}
			return err
		}},
		{"decline for their desk", actor.ConsultJoin, []string{"bureau"}, func(c context.Context) error { return h.Decline(c, made().ID) }},
		{"open a room of their own", actor.ConsultHold, leads, func(c context.Context) error { return second(h.Open(c, consult.Draft{Title: "x"})) }},
		{"take the chair", actor.ConsultHold, []string{"city", "county"}, func(c context.Context) error { return second(h.Take(c, made().ID)) }},
		{"invite as the chair", actor.ConsultHold, leads, func(c context.Context) error {
			return second(h.Invite(c, led(c).ID, consult.Wish{Guest: "某", Hours: 1}))
		}},
		{"revoke as the chair", actor.ConsultHold, leads, func(c context.Context) error {
			r := led(c)
			list, err := rooms(h).Invitations(h.system, r.ID)
			h.must(err)
			return h.Revoke(c, r.ID, list[0].ID)
		}},
		{"end as the chair", actor.ConsultHold, leads, func(c context.Context) error { return second(h.End(c, led(c).ID)) }},
		{"invite without the chair", actor.ConsultHold, nil, func(c context.Context) error {
			return second(h.Invite(c, made().ID, consult.Wish{Guest: "某", Hours: 1}))
		}},
		{"end without the chair", actor.ConsultHold, nil, func(c context.Context) error { return second(h.End(c, made().ID)) }},
		{"record without the chair", actor.ConsultHold, nil, func(c context.Context) error { return second(h.Record(c, made().ID, true)) }},
		{"mute without the chair", actor.ConsultHold, nil, func(c context.Context) error { return h.Mute(c, made().ID, "x", true) }},
		{"remove without the chair", actor.ConsultHold, nil, func(c context.Context) error { return h.Remove(c, made().ID, "x") }},
		{"hand the chair over without it", actor.ConsultHold, nil, func(c context.Context) error { return second(h.Hand(c, made().ID, "x")) }},
	}
	for _, role := range account.Roles() {
		for name, org := range orgs {
			c := h.user(fmt.Sprintf("%s %s", role.ID, name), org, role.ID)
			for _, act := range acts {
				err := act.do(c)
				may := slices.Contains(role.Permissions, act.needs) && slices.Contains(act.who, name)
				if kind := errs.KindOf(err); may != (err == nil) || (!may && kind != errs.Denied && kind != errs.NotFound) {
					t.Errorf("%s of %s: %s: %v, want %v", role.ID, name, act.name, err, may)
				}
			}
		}
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("a stranger: %s: %v", act.name, err)
		}
	}
}

func TestARoomOfAnExerciseStaysInItsWorld(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	inside := world.Into(h.officer, "exercise-1")
	r, err := h.Open(inside, consult.Draft{Title: "演练会商"})
	h.must(err)
	if r.Exercise != "exercise-1" {
		t.Errorf("%+v", r)
	}
	if _, err := h.Open(inside, consult.Draft{Title: "x", IncidentID: h.flood.ID}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a room of an exercise over a real incident: %v", err)
	}
	if _, err := h.Get(h.officer, r.ID, "", ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("seen from reality: %v", err)
	}
	if _, err := h.Get(inside, h.room().ID, "", ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a real room seen from inside: %v", err)
	}
	for name, err := range map[string]error{
		"a link": second(h.Invite(inside, r.ID, consult.Wish{Guest: "某", Hours: 1})), "a recording": second(h.Record(inside, r.ID, true)),
	} {
		if errs.KindOf(err) != errs.Denied {
			t.Errorf("%s leaves the exercise: %v", name, err)
		}
	}
	pc, offer := h.tab(false)
	_ = pc
	in, err := h.Enter(inside, r.ID, "", consult.Entry{Key: key("a"), SDP: offer})
	h.must(err)
	h.must(h.Leave(inside, r.ID, "", key("a")))
	lines, err := rooms(h).Lines(h.system, r.ID)
	h.must(err)
	if len(lines) != 3 || in.Scene.Room.ID != r.ID {
		t.Errorf("%+v", lines)
	}
	list, err := rooms(h).Rooms(h.system, consult.Filter{})
	h.must(err)
	if slices.ContainsFunc(list, func(o consult.Room) bool { return o.ID == r.ID }) {
		t.Error("it stands among the real ones")
	}
}

// TestAnEmptyRoomEndsAfterADay looks at the rule alone: nobody waits a day.
func TestAnEmptyRoomEndsAfterADay(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r, fresh := h.room(), h.room()
	r.UsedAt, r.Version = time.Now().Add(-25*time.Hour), r.Version+1
	h.must(rooms(h).Save(h.system, r, r.Version-1))
	h.must(h.Stop(t.Context()))
	h.serve() // the first round looks
	h.until("it has ended", func() bool { return h.whole(r.ID).State == consult.Ended })
	if h.whole(fresh.ID).State != consult.Open {
		t.Error("another one ended as well")
	}
}
