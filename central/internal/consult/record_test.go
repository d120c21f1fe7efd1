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

func (k *reel) Hold(_ context.Context, stream string, _, _ time.Time, _ string) error {
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
	if !news.Room.Recording {
		t.Error("who is in the room is not told that it is recorded")
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
