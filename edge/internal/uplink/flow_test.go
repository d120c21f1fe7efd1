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
	box, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(memory(t), "outbox.db")})
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

// filled is an outbox with a backlog, an alarm and, after begin, live readings.
func filled(t *testing.T) (*outbox.Box, *flow) {
	t.Helper()
	b, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(memory(t), "outbox.db"), GraceSize: 1 << 20, Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	f := newFlow(b)
	b.SetLinked(true) // each append stays a block of its own
	for i := range 60 {
		put(t, b, wire.LaneTelemetry, int64(i))
	}
	put(t, b, wire.LaneState, 1)
	put(t, b, wire.LaneAlarm, 1)
	if err := f.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, f
}

func put(t *testing.T, b *outbox.Box, lane wire.Lane, at int64) {
	t.Helper()
	e := outbox.Entry{Lane: lane}
	if lane == wire.LaneTelemetry {
		e.Readings = []wire.Reading{{Device: "d", Property: "p", At: at, Value: float64(at)}}
	} else {
		e.Events = []wire.Event{{ID: "e", Kind: wire.EventAlarm, At: at}}
	}
	if err := b.Append(t.Context(), outbox.Batch{Boot: "b", Synced: true, Entries: []outbox.Entry{e}}); err != nil {
		t.Fatal(err)
	}
}

// sends are the blocks that go out now, as lane/number.
func sends(t *testing.T, f *flow, now time.Time) []key {
	t.Helper()
	var out []key
	for {
		b, err := f.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		f.sent(b, now)
		out = append(out, key{b.Lane, b.From})
	}
}

func TestOrderAfterAReconnect(t *testing.T) {
	b, f := filled(t)
	put(t, b, wire.LaneTelemetry, 100)
	put(t, b, wire.LaneTelemetry, 101)
	got := sends(t, f, time.Unix(1, 0))
	want := []key{{wire.LaneAlarm, 1}, {wire.LaneState, 1}, {wire.LaneTelemetry, 60}, {wire.LaneTelemetry, 61}, {wire.LaneTelemetry, 62}, {wire.LaneTelemetry, 1}, {wire.LaneTelemetry, 2}}
	if len(got) < len(want) {
		t.Fatalf("only %v went out", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v first", got, want)
		}
	}
	// The window is full of backlog up to its share; what happens now still finds room, in order of worth.
	put(t, b, wire.LaneTelemetry, 102)
	put(t, b, wire.LaneAlarm, 102)
	if got := sends(t, f, time.Unix(2, 0)); len(got) != 2 || got[0].lane != wire.LaneAlarm || got[1] != (key{wire.LaneTelemetry, 63}) {
		t.Errorf("got %v", got)
	}
}

func TestSparingHoldsReadingsBackAndNeverAnAlarm(t *testing.T) {
	b, f := filled(t)
	now := time.Unix(1000, 0)
	f.spare(wire.BudgetAlarms, now)
	if got := sends(t, f, now); len(got) != 2 || got[0].lane != wire.LaneAlarm || got[1].lane != wire.LaneState {
		t.Errorf("alarms only: got %v", got)
	}
	f.spare(wire.BudgetEco, now)
	if got := sends(t, f, now); len(got) != 1 || got[0] != (key{wire.LaneTelemetry, 60}) {
		t.Errorf("sparing: got %v, want the newest value and no backlog", got)
	}
	put(t, b, wire.LaneTelemetry, 100)
	put(t, b, wire.LaneAlarm, 100)
	f.spare(wire.BudgetEco, now.Add(ecoEvery-1))
	if got := sends(t, f, now); len(got) != 1 || got[0].lane != wire.LaneAlarm {
		t.Errorf("sparing: got %v, want the alarm alone", got)
	}
	f.spare(wire.BudgetEco, now.Add(ecoEvery))
	if got := sends(t, f, now); len(got) != 1 || got[0] != (key{wire.LaneTelemetry, 61}) {
		t.Errorf("sparing: got %v, want the live reading", got)
	}
	f.spare(wire.BudgetNormal, now)
	if got := sends(t, f, now); len(got) == 0 || got[0] != (key{wire.LaneTelemetry, 1}) {
		t.Errorf("normal again: got %v, want the backlog", got)
	}
}
