package store_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

func suspect(device string, n int) telemetry.Suspect {
	return telemetry.Suspect{
		ID: uuid.Must(uuid.NewV7()).String(), Origin: fmt.Sprint(device, n), Sender: "edge", Device: device, Property: "p",
		ReceivedAt: time.Date(2026, 11, 24, 1, 2, n, 4000, time.UTC),
		Points:     []wire.Point{{At: math.MaxInt64, Value: 1.5, Quality: wire.Bad}, {At: math.MinInt64 + int64(n), Value: 2}},
	}
}

func TestQuarantineKeepsAnEntryOnceAndGivesItBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		q := store.NewQuarantine(db)
		a1, b1, a2 := suspect("a", 1), suspect("b", 1), suspect("a", 2)
		a3 := suspect("a", 3)
		a3.Property, a3.Points, a3.Event = "", nil, &wire.Event{ID: "e", At: 7, Kind: wire.EventAlarm, Data: json.RawMessage(`{}`)}
		if added, err := q.Keep(t.Context(), []telemetry.Suspect{a1, b1, a2, a3}); err != nil || !reflect.DeepEqual(added, []bool{true, true, true, true}) {
			t.Fatalf("got %v, %v", added, err)
		}
		again := a1
		again.ID = uuid.Must(uuid.NewV7()).String()
		if added, err := q.Keep(t.Context(), []telemetry.Suspect{again}); err != nil || added[0] {
			t.Errorf("the same was kept twice: %v, %v", added, err)
		}
		list, err := q.List(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("got %+v, %v", list, err)
		}
		if _, err := json.Marshal(list); err != nil {
			t.Error(err)
		}
		if a := list[0]; a.Device != "a" || a.Sender != "edge" || a.Readings != 4 || a.Events != 1 || a.Through != a3.ID || !a.ReceivedFirst.Equal(a1.ReceivedAt) || !a.ReceivedLast.Equal(a3.ReceivedAt) {
			t.Errorf("got %+v", a)
		}
		got, err := q.Entries(t.Context(), "a", a3.ID, 10)
		a3.Points = nil
		if want := []telemetry.Suspect{a1, a2, a3}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
		if got, err := q.Entries(t.Context(), "a", a2.ID, 1); err != nil || len(got) != 1 || got[0].ID != a1.ID {
			t.Errorf("got %+v, %v", got, err)
		}
		if left, err := q.Remove(t.Context(), []telemetry.Suspect{a1}, a2.ID); err != nil || left != 2 {
			t.Errorf("%d left, %v; want 2", left, err)
		}
		if list, err = q.List(t.Context()); err != nil || list[0].Readings != 2 || list[1].Device != "b" {
			t.Errorf("got %+v, %v", list, err)
		}
	})
}

func TestHoldEndsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewHolds(db)
		at := time.Date(2026, 11, 24, 1, 2, 3, 4000, time.UTC)
		h := telemetry.Hold{ID: uuid.Must(uuid.NewV7()).String(), From: at, To: at.AddDate(0, 1, 0), Reason: "案件", Division: "320623", CreatedAt: at, CreatedBy: "u", CreatedByName: "王"}
		if err := s.Add(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		if list, err := s.List(t.Context()); err != nil || !reflect.DeepEqual(list, []telemetry.Hold{h}) {
			t.Errorf("got %+v, %v", list, err)
		}
		ending := telemetry.Ending{At: at, By: "v", ByName: "李", Reason: "结案"}
		got, err := s.End(t.Context(), h.ID, ending)
		h.EndedAt, h.EndedBy, h.EndedByName, h.EndedReason = &at, "v", "李", "结案"
		if err != nil || !reflect.DeepEqual(got, h) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, h)
		}
		if _, err := s.End(t.Context(), h.ID, ending); errs.KindOf(err) != errs.Conflict {
			t.Errorf("got %v, want a conflict", err)
		}
		if _, err := s.End(t.Context(), "x", ending); errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v, want not found", err)
		}
	})
}
