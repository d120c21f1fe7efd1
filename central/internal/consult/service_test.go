package consult_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func code(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestAConsultationFromItsOpeningToItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		r := h.room()
		if r.Division != "320623" || !strings.Contains(r.Incident, "洋口镇圩堤渗漏") || r.ChairName != "甲" {
			t.Fatalf("%+v", r)
		}
		given, err := h.Invite(h.officer, r.ID, consult.Wish{People: []string{id(h.outside)}, Orgs: []string{h.other.ID}, Guest: "河海大学 李教授", Hours: 2})
		h.must(err)
		if len(given.Invitations) != 3 || given.Token == "" || given.Page != "/meet/"+r.ID {
			t.Fatalf("%+v", given)
		}
		a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a"), Camera: true})
		b := h.comes(h.outside, r.ID, "", consult.Entry{Key: key("b")})
		g := h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g"), Listen: true})
		if g.scene.Room.Incident != "" || g.scene.Room.IncidentID != "" {
			t.Errorf("somebody from outside reads of the incident: %+v", g.scene.Room)
		}
		people := h.whole(r.ID).Here
		if len(people) != 3 || people[0].Name != "甲" || people[0].Seat != 0 || !people[0].Chair || !people[0].Camera || people[1].Seat != 1 || people[1].Org != "启东市" || people[2].Seat != -1 || !people[2].Guest {
			t.Fatalf("%+v", people)
		}
		h.must(h.Sign(h.outside, r.ID, "", b.key, consult.Signs{Hand: true, Quiet: true}))
		h.must(h.Mute(h.officer, r.ID, b.scene.You, true))
		news, err := h.News(h.officer, r.ID, "", a.key, a.scene.Version)
		h.must(err)
		if p := news.People[1]; !p.Hand || !p.Quiet || !p.Muted {
			t.Errorf("%+v", p)
		}
		if _, err := h.Share(h.officer, r.ID, a.key, consult.SharesScene, "cam-1"); err != nil {
			t.Fatal(err)
		}
		if n := h.router.Flow("cam-1").Viewers; n != 3 {
			t.Errorf("%d see the shared scene", n)
		}
		if _, err := h.Share(h.outside, r.ID, b.key, consult.SharesMap, ""); code(err) != "consult.shared" {
			t.Errorf("somebody took the shared picture from who leads it: %v", err)
		}
		_, err = h.Share(h.officer, r.ID, a.key, consult.SharesMap, "")
		h.must(err)
		if n := h.router.Flow("cam-1").Viewers; n != 0 {
			t.Errorf("%d see a scene that is shared no longer", n)
		}
		h.must(h.Look(h.officer, r.ID, a.key, consult.View{Lon: 121, Lat: 32.3, Zoom: 12}))
		if err := h.Look(h.outside, r.ID, b.key, consult.View{Zoom: 3}); code(err) != "consult.not_leading" {
			t.Errorf("somebody else moves the map: %v", err)
		}
		news, err = h.News(t.Context(), r.ID, given.Token, g.key, 0)
		h.must(err)
		if news.View == nil || news.View.Zoom != 12 {
			t.Errorf("the expert sees the map at %+v", news.View)
		}
		h.must(h.Leave(h.outside, r.ID, "", b.key))
		if _, err := h.End(h.outside, r.ID); errs.KindOf(err) != errs.Denied {
			t.Errorf("ended by somebody else than the chair: %v", err)
		}
		_, err = h.End(h.officer, r.ID)
		h.must(err)
		if _, err := h.News(h.officer, r.ID, "", a.key, 0); code(err) != "consult.ended" {
			t.Errorf("news of a room that has ended: %v", err)
		}
		if _, err := h.tries(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g")}); code(err) != "consult.ended" {
			t.Errorf("entered after the end: %v", err)
		}
		want := []string{"opened", "invited", "invited", "invited", "came", "came", "came", "shared", "shared_map", "left", "ended"}
		if got := h.acts(r.ID); !slices.Equal(got, want) {
			t.Errorf("the room says %v, want %v", got, want)
		}
		room, err := h.incidents.Room(h.mayor, h.flood.ID)
		h.must(err)
		var told []string
		for _, st := range room.Steps {
			if st.Kind == "consult" {
				told = append(told, st.Act)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("the timeline says %v", told)
		}
	})
}

func TestABrokenLinkKeepsItsPlaceAndNoLongerThanAllowed(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	b := h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("b")})
	h.must(a.pc.Close())
	away := func() bool {
		return slices.ContainsFunc(h.whole(r.ID).Here, func(p consult.Person) bool { return p.Away })
	}
	h.until("it is told that the link is broken", away)
	back := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	if back.scene.You != a.scene.You || back.scene.People[0].Seat != 0 || away() {
		t.Errorf("came back to another place: %+v", back.scene.People)
	}
	if n := len(slices.DeleteFunc(h.acts(r.ID), func(act string) bool { return act != "came" })); n != 2 {
		t.Errorf("coming back was written down: %v", h.acts(r.ID))
	}
	h.must(b.pc.Close())
	h.until("who does not come back has left", func() bool { return len(h.whole(r.ID).Here) == 1 })
	h.until("that is written down", func() bool { return slices.Contains(h.acts(r.ID), "left") })
}

func TestASecondTabTakesOverOnlyWhenAsked(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	first := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	if _, err := h.tries(h.officer, r.ID, "", consult.Entry{Key: key("b")}); code(err) != "consult.elsewhere" {
		t.Fatalf("two tabs of one person: %v", err)
	}
	second := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("b"), Over: true})
	if second.scene.You != first.scene.You || len(second.scene.People) != 1 {
		t.Errorf("%+v", second.scene)
	}
	if _, err := h.News(h.officer, r.ID, "", first.key, 0); code(err) != "consult.elsewhere" {
		t.Errorf("the first tab is not told: %v", err)
	}
}

func TestAfterAKillOfTheCentreTheRoomIsThereAndAllComeBack(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	given, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "李教授", Hours: 2})
	h.must(err)
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	_, err = h.Share(h.officer, r.ID, a.key, consult.SharesScene, "cam-1")
	h.must(err)
	h.must(h.Stop(t.Context()))
	h.must(a.pc.Close())
	h.serve()
	if _, err := h.News(h.officer, r.ID, "", a.key, 0); code(err) != "consult.no_place" {
		t.Errorf("the page is not told to come in again: %v", err)
	}
	back := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	g := h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g")})
	if back.scene.Room.Share.Stream != "cam-1" || !back.scene.People[0].Chair || len(g.scene.People) != 2 {
		t.Errorf("%+v", g.scene)
	}
}

func TestARoomIsFullAtItsLimits(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.crowd = consult.Seats + 2
	h.must(h.Stop(t.Context()))
	h.serve()
	r := h.room()
	enter := func(n int, listens bool) error {
		c := h.user(fmt.Sprintf("某%d", n), h.county, account.RoleDuty)
		_, offer := h.tab(listens)
		_, err := h.Enter(c, r.ID, "", consult.Entry{Key: key(strconv.Itoa(n)), Listen: listens, SDP: offer})
		return err
	}
	for n := range consult.Seats {
		h.must(enter(n, false))
	}
	if err := enter(40, false); code(err) != "consult.seats_taken" {
		t.Fatalf("a ninth seat: %v", err)
	}
	for n := consult.Seats; n < h.crowd; n++ {
		h.must(enter(n, true))
	}
	if err := enter(41, true); code(err) != "consult.crowded" {
		t.Errorf("one listener too many: %v", err)
	}
}

func TestAFloodOfQuestionsIsRefusedAndHarmsNobodyElse(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	b := h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("b")})
	refused := 0
	for range 400 {
		if err := h.Sign(h.officer, r.ID, "", a.key, consult.Signs{}); code(err) == "consult.too_fast" {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing of a flood was refused")
	}
	if _, err := h.News(h.mayor, r.ID, "", b.key, 0); err != nil {
		t.Errorf("somebody else suffers from it: %v", err)
	}
	for range 61 {
		if _, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "某", Hours: 1}); err != nil && code(err) != "consult.invited_full" {
			t.Fatal(err)
		}
	}
	if _, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "某", Hours: 1}); code(err) != "consult.invited_full" {
		t.Errorf("a flood of links: %v", err)
	}
}

func TestLinksHoldNoLongerThanTheyAreWanted(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r, other := h.room(), h.room()
	given, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "李教授", Hours: 1})
	h.must(err)
	if _, err := h.Get(t.Context(), other.ID, given.Token, ""); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a link of another room: %v", err)
	}
	if _, err := h.Get(t.Context(), r.ID, "no-such-token", ""); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a forged link: %v", err)
	}
	h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g")})
	h.must(h.Revoke(h.officer, r.ID, given.Invitations[0].ID))
	if n := len(h.whole(r.ID).Here); n != 0 {
		t.Errorf("who came by a link that was revoked is still there")
	}
	if _, err := h.Get(t.Context(), r.ID, given.Token, ""); code(err) != "consult.link_expired" {
		t.Errorf("a revoked link: %v", err)
	}
	past := time.Now().Add(-time.Minute)
	given, err = h.Invite(h.officer, r.ID, consult.Wish{Guest: "王教授", Hours: 1})
	h.must(err)
	late := given.Invitations[0]
	late.ExpiresAt = &past
	h.must(store.NewConsults(h.db).SaveInvitation(t.Context(), late))
	if _, err := h.tries(t.Context(), r.ID, given.Token, consult.Entry{Key: key("w")}); code(err) != "consult.link_expired" {
		t.Errorf("an expired link: %v", err)
	}
}

func TestWhoLosesTheirRightsLeaves(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	_, err := h.Invite(h.officer, r.ID, consult.Wish{Orgs: []string{h.other.ID}})
	h.must(err)
	b := h.comes(h.outside, r.ID, "", consult.Entry{Key: key("b")})
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	h.must(h.Remove(h.officer, r.ID, b.scene.You))
	if _, err := h.News(h.outside, r.ID, "", b.key, 0); code(err) != "consult.removed" {
		t.Errorf("the page is not told that it was taken out: %v", err)
	}
	if _, err := h.tries(h.outside, r.ID, "", consult.Entry{Key: key("b")}); code(err) != "consult.removed" {
		t.Errorf("the page comes back by itself: %v", err)
	}
	// Their organisation is invited still, which lets others of it in.
	if _, err := h.tries(h.outside, r.ID, "", consult.Entry{Key: key("b2")}); code(err) != "consult.removed" {
		t.Errorf("who was taken out comes again by another tab: %v", err)
	}
	if list, err := h.List(h.outside, consult.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("a room from which somebody was taken out is listed for them: %v, %v", list, err)
	}
	colleague := h.user("丁", h.other, account.RoleDuty)
	h.comes(colleague, r.ID, "", consult.Entry{Key: key("d")})
	h.must(h.Leave(colleague, r.ID, "", key("d")))
	_, err = h.Invite(h.officer, r.ID, consult.Wish{Orgs: []string{h.other.ID}})
	h.must(err)
	if _, err := h.Get(h.outside, r.ID, "", ""); code(err) != "consult.removed" {
		t.Errorf("inviting their organisation anew lets them in: %v", err)
	}
	_, err = h.Invite(h.officer, r.ID, consult.Wish{People: []string{id(h.outside)}})
	h.must(err)
	h.comes(h.outside, r.ID, "", consult.Entry{Key: key("b")}) // invited in person, by the tab that was taken out
	disabled := true
	_, err = h.accounts.ChangeUser(h.system, id(h.outside), account.Change{Disabled: &disabled})
	h.must(err)
	h.Recheck(h.system)
	if n := len(h.whole(r.ID).Here); n != 1 {
		t.Errorf("%d are there after somebody's account was disabled", n)
	}
	if err := h.Remove(h.officer, r.ID, a.scene.You); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the chair removed itself: %v", err)
	}
}

func TestWhoMayTakeTheChairIsNotKeptOut(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	above := h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("m")})
	h.must(h.Remove(h.officer, r.ID, above.scene.You))
	if _, err := h.tries(h.mayor, r.ID, "", consult.Entry{Key: key("m")}); code(err) != "consult.removed" {
		t.Errorf("the page comes back by itself: %v", err)
	}
	h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("m2")})
	_, err := h.Take(h.mayor, r.ID)
	h.must(err)
}

func TestTheDoorTellsOfAnotherTab(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	for tab, want := range map[string]bool{"": true, key("b"): true, a.key: false} {
		if w, err := h.Get(h.officer, r.ID, "", tab); err != nil || w.Elsewhere != want {
			t.Errorf("tab %q is told %v: %v", tab, w.Elsewhere, err)
		}
	}
	if w, err := h.Get(h.mayor, r.ID, "", key("m")); err != nil || w.Elsewhere {
		t.Errorf("somebody else is told of it: %v", err)
	}
	h.must(h.Leave(h.officer, r.ID, "", a.key))
	if w, err := h.Get(h.officer, r.ID, "", key("b")); err != nil || w.Elsewhere {
		t.Errorf("it is told after they left: %v", err)
	}
}

func TestTheSharedMapSaysWhoSeesLess(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	given, err := h.Invite(h.officer, r.ID, consult.Wish{Orgs: []string{h.other.ID}, Guest: "李教授", Hours: 1})
	h.must(err)
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	m := h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("m")})
	h.comes(h.outside, r.ID, "", consult.Entry{Key: key("b")})
	h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g")})
	sights := func() string {
		news, err := h.News(h.officer, r.ID, "", a.key, 0)
		h.must(err)
		var out []string
		for _, p := range news.People {
			out = append(out, p.Name+":"+string(p.Map))
		}
		return strings.Join(out, " ")
	}
	for _, step := range []struct {
		who  context.Context
		tab  string
		kind consult.ShareKind
		want string
	}{
		{h.officer, a.key, consult.SharesNothing, "甲: 市长: 丙: 李教授:"},
		{h.officer, a.key, consult.SharesMap, "甲: 市长: 丙:part 李教授:none"},
		{h.officer, a.key, consult.SharesNothing, "甲: 市长: 丙: 李教授:"},
		{h.mayor, m.key, consult.SharesMap, "甲:part 市长: 丙:part 李教授:none"},
	} {
		_, err := h.Share(step.who, r.ID, step.tab, step.kind, "")
		h.must(err)
		if got := sights(); got != step.want {
			t.Errorf("%q is shared: %s, want %s", step.kind, got, step.want)
		}
	}
}

func TestRoomsAreFoundByTheirWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.room()
		_, err := h.Open(h.officer, consult.Draft{Title: "Tide_100% 会商"})
		h.must(err)
		for query, want := range map[string]int{"": 2, "渗漏处置": 1, "圩堤": 1, "甲": 2, "如东": 2, "tide": 1, "TIDE_1": 1, "e%1": 0, "台风": 0} {
			list, err := h.List(h.officer, consult.Filter{Query: query})
			if h.must(err); len(list) != want {
				t.Errorf("%q finds %d, want %d", query, len(list), want)
			}
		}
	})
}

func TestImpossibleRoomsAreRefused(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	for name, d := range map[string]consult.Draft{
		"no title": {Title: " "}, "control": {Title: "a\x00"}, "long": {Title: strings.Repeat("会", 81)}, "no division": {Title: "x", Division: "32"},
	} {
		if _, err := h.Open(h.officer, d); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Open(h.outside, consult.Draft{Title: "x", Division: "320623"}); errs.KindOf(err) != errs.Denied {
		t.Errorf("in another's division: %v", err)
	}
	r := h.room()
	for name, w := range map[string]consult.Wish{
		"nobody": {}, "no such person": {People: []string{"x"}}, "no such organisation": {Orgs: []string{"x"}}, "for ever": {Guest: "x", Hours: 73}, "no time": {Guest: "x"}, "no name": {Guest: "\x01", Hours: 1},
	} {
		if _, err := h.Invite(h.officer, r.ID, w); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, e := range map[string]consult.Entry{"no key": {SDP: "v=0"}, "no offer": {Key: key("a")}, "rubbish": {Key: key("a"), SDP: "v=0"}} {
		if _, err := h.Enter(h.officer, r.ID, "", e); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(h.whole(r.ID).Here); n != 0 || len(h.acts(r.ID)) != 1 {
		t.Errorf("%d are in the room, and it says %v", n, h.acts(r.ID))
	}
}
