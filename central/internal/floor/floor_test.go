package floor_test

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/floor"
)

func TestOneHasTheFloorUntilItIsGivenBackOrLapses(t *testing.T) {
	b := floor.New(10 * time.Second)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	li, wang := floor.Holder{ID: "li", Name: "李"}, floor.Holder{ID: "wang", Name: "王"}
	if h, fresh, ok, _ := b.Take("cam", li, at); !ok || !fresh || h.By != li {
		t.Errorf("the first: %+v %v %v", h, fresh, ok)
	}
	if h, _, ok, _ := b.Take("cam", wang, at.Add(9*time.Second)); ok || h.By != li {
		t.Errorf("another meanwhile: %+v %v", h, ok)
	}
	if _, fresh, ok, _ := b.Take("other", wang, at); !ok || !fresh {
		t.Error("another camera is free")
	}
	if _, fresh, ok, _ := b.Take("cam", li, at.Add(9*time.Second)); !ok || fresh {
		t.Error("a renewal is not a beginning")
	}
	if _, ok := b.Give("cam", "wang"); ok {
		t.Error("who has it not gave it back")
	}
	if gone, next := b.Lapsed(at.Add(10 * time.Second)); len(gone) != 1 || gone[0].Key != "other" || !next.Equal(at.Add(19*time.Second)) {
		t.Errorf("lapsed %+v, next %s", gone, next)
	}
	if _, ok := b.Of("cam", at.Add(19*time.Second)); ok {
		t.Error("still held when its time was over")
	}
	if _, fresh, ok, lapsed := b.Take("cam", wang, at.Add(19*time.Second)); !ok || !fresh || lapsed == nil || lapsed.By != li {
		t.Errorf("after it lapsed: %v %v %+v", fresh, ok, lapsed)
	}
	if h, ok := b.Give("cam", "wang"); !ok || h.By != wang || len(b.All(at.Add(20*time.Second))) != 0 {
		t.Errorf("given back: %+v %v", h, ok)
	}
	if _, next := b.Lapsed(at.Add(20 * time.Second)); !next.IsZero() {
		t.Errorf("nothing is held, and yet %s", next)
	}
}
