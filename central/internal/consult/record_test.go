package consult_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// reel is a recorder whose disk is full after so many streams.
type reel struct {
	mu      sync.Mutex
	room    int
	running []string
	held    []string
}

func (k *reel) Begin(_ context.Context, stream string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.running) >= k.room {
		return errors.New("no room left")
	}
	k.running = append(k.running, stream)
	return nil
}

func (k *reel) End(_ context.Context, stream string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = slices.DeleteFunc(k.running, func(s string) bool { return s == stream })
	return nil
}

func (k *reel) Borrow(ctx context.Context, stream string) (*time.Time, error) {
	k.mu.Lock()
	if slices.Contains(k.running, stream) {
		k.mu.Unlock()
		return nil, nil
	}
	k.mu.Unlock()
	now := time.Now().UTC()
	return &now, k.Begin(ctx, stream)
}

func (k *reel) GiveBack(ctx context.Context, stream string, _ time.Time) error {
	return k.End(ctx, stream)
}

func (k *reel) Hold(_ context.Context, _ consult.Room, stream string, _ time.Time, _ string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = append(k.held, stream)
	return nil
}

func (h *house) records(room int) *reel {
	h.t.Helper()
	k := &reel{room: room}
	h.recorder = k
	h.must(h.Stop(h.t.Context()))
	h.serve()
	return k
}

func TestARoomIsRecordedWhenItsChairSaysSoAndHeldForItsIncident(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	k := h.records(consult.Seats)
	r := h.room()
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	if _, err := h.Record(h.mayor, r.ID, true); errs.KindOf(err) != errs.Denied {
		t.Errorf("recorded by somebody else than the chair: %v", err)
	}
	got, err := h.Record(h.officer, r.ID, true)
	h.must(err)
	if !got.Recording || !slices.Equal(k.running, r.Streams()) || len(got.Kept) != 1 || got.Kept[0].Stream != r.Stream(0) {
		t.Fatalf("%v %+v", k.running, got)
	}
	news, err := h.News(h.officer, r.ID, "", a.key, 0)
	h.must(err)
	if !news.Room.Recording || news.Unkept {
		t.Error("who is in the room is not told that it is recorded")
	}
	for _, full := range []bool{true, false} {
		h.DiskFull(full)
		if news, err = h.News(h.officer, r.ID, "", a.key, news.Version); err != nil || news.Unkept != full {
			t.Errorf("the disk is full: %v, and the room is told %v, %v", full, news.Unkept, err)
		}
	}
	if _, err := h.tries(h.mayor, r.ID, "", consult.Entry{Key: key("b")}); code(err) != "consult.consent" {
		t.Errorf("entered without saying that they agree: %v", err)
	}
	h.comes(h.mayor, r.ID, "", consult.Entry{Key: key("b"), Consent: true})
	_, err = h.End(h.officer, r.ID)
	h.must(err)
	if len(k.running) != 0 || !slices.Equal(k.held, []string{r.Stream(0), r.Stream(1)}) {
		t.Errorf("%v still run, %v are held", k.running, k.held)
	}
	if w := h.whole(r.ID); w.Recording || w.First == nil || w.Last == nil {
		t.Errorf("%+v", w.Room)
	}
}

// TestASharedSceneIsRecordedWithTheRoomAndNoLonger: the recording ends with the sharing and with the room, and one that
// others had ordered goes on for them.
func TestASharedSceneIsRecordedWithTheRoomAndNoLonger(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	k := h.records(consult.Seats + 2)
	r := h.room()
	a := h.comes(h.officer, r.ID, "", consult.Entry{Key: key("a")})
	_, err := h.Record(h.officer, r.ID, true)
	h.must(err)
	runs := func(stream string) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return slices.Contains(k.running, stream)
	}
	share := func(kind consult.ShareKind, stream string) {
		t.Helper()
		_, err := h.Share(h.officer, r.ID, a.key, kind, stream)
		h.must(err)
	}
	share(consult.SharesScene, "cam-1")
	if !runs("cam-1") {
		t.Fatalf("the shared scene is not recorded: %v", k.running)
	}
	share(consult.SharesMap, "")
	if runs("cam-1") {
		t.Error("it is recorded on after it was shared")
	}
	h.must(k.Begin(t.Context(), "cam-1")) // somebody else
	share(consult.SharesScene, "cam-1")
	_, err = h.End(h.officer, r.ID)
	h.must(err)
	if !runs("cam-1") {
		t.Error("what somebody else had ordered ended with the room")
	}

	r = h.room()
	a = h.comes(h.officer, r.ID, "", consult.Entry{Key: key("b")})
	h.must(k.End(t.Context(), "cam-1"))
	share(consult.SharesScene, "cam-1")
	_, err = h.Record(h.officer, r.ID, true)
	h.must(err)
	if !runs("cam-1") {
		t.Fatal("a scene that was shared before is not recorded")
	}
	_, err = h.End(h.officer, r.ID)
	h.must(err)
	if w := h.whole(r.ID); runs("cam-1") || slices.ContainsFunc(w.Kept, func(k consult.Kept) bool { return k.Ordered != nil }) {
		t.Errorf("recorded on after the room: %v, %+v", k.running, w.Kept)
	}
}

func TestARecordingThatBeginsHalfWayIsUndone(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	k := h.records(3)
	r := h.room()
	if _, err := h.Record(h.officer, r.ID, true); err == nil {
		t.Fatal("eight streams were recorded where three have room")
	}
	if w := h.whole(r.ID); w.Recording || len(k.running) != 0 {
		t.Errorf("recording: %v, and %v run on", w.Recording, k.running)
	}
}
