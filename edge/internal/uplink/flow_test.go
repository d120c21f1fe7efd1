package uplink

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestUnacknowledgedBlockIsSentAgainLessAndLessOften(t *testing.T) {
	f := newFlow(nil)
	start := time.Unix(1000, 0)
	f.sent(&outbox.Block{Lane: wire.LaneTelemetry, From: 1, To: 2}, start)
	var at []int
	for s := range 240 {
		if len(f.overdue(start.Add(time.Duration(s)*time.Second))) > 0 {
			at = append(at, s)
		}
	}
	want := []int{10, 30, 70, 130, 190}
	if len(at) != len(want) {
		t.Fatalf("sent again after %v s, want %v", at, want)
	}
	for i := range want {
		if at[i] != want[i] {
			t.Fatalf("sent again after %v s, want %v", at, want)
		}
	}
	f.acked(wire.Ack{Lanes: []wire.LaneRanges{{Lane: wire.LaneTelemetry, Ranges: []wire.Range{{1, 5}}}}}, start)
	if len(f.flights) != 0 {
		t.Error("an acknowledged block is still on the way")
	}
}

func TestBacklogGivesWayWhenTheLinkIsSlow(t *testing.T) {
	f := newFlow(nil)
	f.liveFrom[wire.LaneTelemetry] = 1000
	start := time.Unix(1000, 0)
	trip := func(took time.Duration) {
		f.sent(&outbox.Block{Lane: wire.LaneTelemetry, From: 1, To: 1, Payload: make([]byte, 1000)}, start)
		f.acked(wire.Ack{Lanes: []wire.LaneRanges{{Lane: wire.LaneTelemetry, Ranges: []wire.Range{{1, 1}}}}}, start.Add(took))
	}
	for range 40 {
		trip(50 * time.Millisecond)
	}
	fast := f.budget
	for range 60 {
		trip(2 * time.Second)
	}
	if fast != mostBytes || f.budget != leastBytes {
		t.Errorf("budget went to %d and then to %d", fast, f.budget)
	}
	if f.backlog != 0 || f.backlogBytes != 0 {
		t.Errorf("%d blocks, %d bytes are counted as on the way", f.backlog, f.backlogBytes)
	}
}

func TestPauseIsShortAtFirstAndNeverLong(t *testing.T) {
	for range 100 {
		if p := pause(0); p > 1200*time.Millisecond || p < 800*time.Millisecond {
			t.Fatalf("first pause is %s", p)
		}
		if p := pause(10_000); p > 36*time.Second || p < 24*time.Second {
			t.Fatalf("a late pause is %s", p)
		}
	}
}

func TestAlarmOfBeforeTheConnectionIsMarkedAsBacklog(t *testing.T) {
	box, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(t.TempDir(), "outbox.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	alarm := func(id string) {
		e := wire.Event{ID: id, At: time.Now().UnixMilli(), Kind: wire.EventAlarm, Device: "d"}
		if err := box.Append(t.Context(), outbox.Batch{Boot: "boot", Entries: []outbox.Entry{{Lane: wire.LaneAlarm, Events: []wire.Event{e}}}}); err != nil {
			t.Fatal(err)
		}
	}
	alarm("old")
	alarm("old too")
	f := newFlow(box)
	if err := f.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	alarm("new")
	got := map[string]bool{}
	for {
		block, err := f.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if block == nil {
			break
		}
		f.sent(block, time.Now())
		b, err := wire.Decode(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			got[e.ID] = b.Backfill
		}
	}
	if want := map[string]bool{"old": true, "old too": true, "new": false}; !maps.Equal(got, want) {
		t.Errorf("marked as backlog: %v, want %v", got, want)
	}
}
