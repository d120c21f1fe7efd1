package consult_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
)

// slowDoor is a router whose answers wait, while they are to, until they are let through.
type slowDoor struct {
	*sfu.SFU
	slow    atomic.Bool
	at      chan struct{} // somebody is on the way in
	open    chan struct{}
	session atomic.Value // the newest
}

func (d *slowDoor) Sit(ctx context.Context, streams []string, own int, user, offer string) (video.Answer, error) {
	a, err := d.SFU.Sit(ctx, streams, own, user, offer)
	d.session.Store(a.Session)
	if d.slow.Load() {
		d.at <- struct{}{}
		<-d.open
	}
	return a, err
}

func TestWhoIsTakenOutOnTheWayInIsNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		back bool // the place was theirs before: they come back to it
		by   func(h *house, r consult.Room, you string) error
		want string
		acts []string
	}{
		"by the chair, new":  {false, func(h *house, r consult.Room, you string) error { return h.Remove(h.officer, r.ID, you) }, "consult.removed", []string{"removed"}},
		"by the chair, back": {true, func(h *house, r consult.Room, you string) error { return h.Remove(h.officer, r.ID, you) }, "consult.removed", []string{"came", "removed"}},
		"by themselves":      {true, func(h *house, r consult.Room, _ string) error { return h.Leave(h.mayor, r.ID, "", key("b")) }, "consult.no_place", []string{"came", "left"}},
		"by the end of the room": {true, func(h *house, r consult.Room, _ string) error {
			_, err := h.End(h.officer, r.ID)
			return err
		}, "consult.no_place", []string{"came", "ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, storetest.SQLite(t))
			h.must(h.Stop(t.Context()))
			door := &slowDoor{SFU: h.router, at: make(chan struct{}), open: make(chan struct{})}
			h.doors = door
			h.serve()
			r := h.room()
			if c.back {
				h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("b")})
			}
			door.slow.Store(true)
			_, offer := h.tab(false)
			came := make(chan error, 1)
			go func() {
				_, err := h.Enter(h.mayor, r.ID, "", consult.Entry{Key: key("b"), SDP: offer})
				came <- err
			}()
			<-door.at
			people := h.whole(r.ID).Here
			h.must(c.by(h, r, people[0].ID))
			close(door.open)
			if err := <-came; code(err) != c.want {
				t.Errorf("came in: %v", err)
			}
			if err := h.router.Mute(door.session.Load().(string), true); errs.KindOf(err) != errs.NotFound {
				t.Errorf("the connection stands: %v", err)
			}
			if got := h.acts(r.ID); !slices.Equal(got[len(got)-len(c.acts):], c.acts) {
				t.Errorf("the room says %v", got)
			}
			if n := len(h.whole(r.ID).Here); n != 0 {
				t.Errorf("%d are listed", n)
			}
		})
	}
}

func TestARoomIsAskedFromManySidesAtOnce(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	given, err := h.Invite(h.officer, r.ID, consult.Wish{Guest: "李教授", Hours: 2})
	h.must(err)
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g"), Listen: true})
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, ask := range []func(){
		func() { h.Recheck(h.system) },
		func() { _ = h.Leave(t.Context(), r.ID, given.Token, "nobody") },
		func() { _, _ = h.Get(h.officer, r.ID, "", "") },
	} {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					ask()
				}
			}
		})
	}
	for n := range 4 {
		kind, stream := consult.SharesScene, "cam-1"
		if n%2 == 1 {
			kind, stream = consult.SharesNothing, ""
		}
		_, err := h.Share(h.officer, r.ID, a.key, kind, stream)
		h.must(err)
		h.comes(t.Context(), r.ID, given.Token, consult.Entry{Key: key("g"), Listen: n%2 == 0, Over: true})
	}
	close(stop)
	all.Wait()
	if n := len(h.whole(r.ID).Here); n != 2 {
		t.Errorf("%d are in the room", n)
	}
}

func TestWhoWasTakenOutAloneInTheRoomDoesNotComeBackByThemselves(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	r := h.room()
	b := h.comes(h.leader, r.ID, "", consult.Entry{Key: key("b")})
	h.must(h.Remove(h.officer, r.ID, b.scene.You))
	if _, err := h.tries(h.leader, r.ID, "", consult.Entry{Key: key("b")}); code(err) != "consult.removed" {
		t.Errorf("the page comes back by itself: %v", err)
	}
	_, err := h.End(h.officer, r.ID)
	h.must(err)
}
