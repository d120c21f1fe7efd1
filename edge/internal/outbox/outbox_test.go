package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func open(t *testing.T, o Options) *Box {
	t.Helper()
	if o.File == "" {
		o.File = filepath.Join(t.TempDir(), "outbox.db")
	}
	if o.GraceSize == 0 {
		o.GraceSize, o.Grace = 1<<30, time.Hour
	}
	b, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// take appends n readings, one a second from the given second on, as one block.
func take(t *testing.T, b *Box, second, n int) {
	t.Helper()
	if err := b.Append(t.Context(), Batch{Boot: "boot", Synced: true, Entries: []Entry{{Lane: wire.LaneTelemetry, Readings: readings(second, n)}}}); err != nil {
		t.Fatal(err)
	}
}

func readings(second, n int) []wire.Reading {
	out := make([]wire.Reading, n)
	for i := range out {
		out[i] = wire.Reading{Device: "d", Property: "p", At: int64(second+i) * 1000, Value: float64(second + i)}
	}
	return out
}

// held decodes everything unacknowledged of a lane, oldest first, as it would be sent.
func held(t *testing.T, b *Box, lane wire.Lane) (blocks []*wire.Batch) {
	t.Helper()
	from := uint64(0)
	for {
		block, err := b.Next(t.Context(), lane, from, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		if block == nil {
			return blocks
		}
		batch, err := wire.Decode(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if batch.SeqFrom != block.From || batch.SeqTo != block.To || batch.Lane != lane || batch.Epoch != b.Epoch() {
			t.Fatalf("block %d-%d holds batch %d-%d of epoch %d", block.From, block.To, batch.SeqFrom, batch.SeqTo, batch.Epoch)
		}
		blocks = append(blocks, batch)
		from = block.To + 1
	}
}

func ranges(lane wire.Lane, r ...wire.Range) []wire.LaneRanges {
	return []wire.LaneRanges{{Lane: lane, Ranges: r}}
}

func TestBlocksAppendedWithoutALinkAreJoinedAndThenKeepTheirRange(t *testing.T) {
	b := open(t, Options{})
	for i := range 10 {
		take(t, b, i*3, 3)
	}
	first := held(t, b, wire.LaneTelemetry)
	if len(first) != 1 || first[0].SeqFrom != 1 || first[0].SeqTo != 30 || len(first[0].Readings) != 30 {
		t.Fatalf("got %d blocks, first %+v", len(first), first[0])
	}
	take(t, b, 30, 3)
	take(t, b, 33, 3)
	second := held(t, b, wire.LaneTelemetry)
	if len(second) != 2 || second[0].SeqTo != 30 || second[1].SeqFrom != 31 || second[1].SeqTo != 36 {
		t.Errorf("a block that was offered has changed: %d blocks", len(second))
	}
	s, err := b.Stats(t.Context())
	if err != nil || s.Records != 36 || s.Oldest != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestLinkedBlocksAreNotJoined(t *testing.T) {
	b := open(t, Options{})
	b.SetLinked(true)
	take(t, b, 0, 2)
	take(t, b, 2, 2)
	if got := held(t, b, wire.LaneTelemetry); len(got) != 2 {
		t.Errorf("got %d blocks", len(got))
	}
}

func TestAcksAreByRangeInAnyOrderAndTwice(t *testing.T) {
	b := open(t, Options{})
	b.SetLinked(true)
	for i := range 4 {
		take(t, b, i*10, 10)
	}
	for _, r := range []wire.Range{{31, 40}, {11, 20}, {11, 20}, {15, 34}, {99, 120}, {5, 1}, {1 << 63, 1<<64 - 1}} {
		if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, r)); err != nil {
			t.Fatal(err)
		}
	}
	// 15-34 holds the whole block 21-30 only.
	got := held(t, b, wire.LaneTelemetry)
	if len(got) != 1 || got[0].SeqFrom != 1 || got[0].SeqTo != 10 {
		t.Errorf("got %d blocks", len(got))
	}
	if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{0, 1<<64 - 1})); err != nil {
		t.Fatal(err)
	}
	if s, err := b.Stats(t.Context()); err != nil || s.Records != 0 || s.Bytes != 0 || s.Grace == 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := b.Ack(t.Context(), ranges(9, wire.Range{1, 2})); err != nil {
		t.Errorf("an unknown lane: %v", err)
	}
}

func TestCentreRestoredFromABackupGetsWhatItLost(t *testing.T) {
	b := open(t, Options{})
	b.SetLinked(true)
	for i := range 5 {
		take(t, b, i*10, 10)
	}
	if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 50})); err != nil {
		t.Fatal(err)
	}
	lost, err := b.Hello(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 10}, wire.Range{31, 40}))
	if err != nil || lost != 3 {
		t.Fatalf("got %d, %v", lost, err)
	}
	var from []uint64
	for _, batch := range held(t, b, wire.LaneTelemetry) {
		from = append(from, batch.SeqFrom)
	}
	if want := []uint64{11, 21, 41}; !reflect.DeepEqual(from, want) {
		t.Errorf("got %v, want %v", from, want)
	}
	if s, _ := b.Stats(t.Context()); s.Records != 30 {
		t.Errorf("got %+v", s)
	}
	// A lost acknowledgement: the centre has it, and says so.
	if lost, err := b.Hello(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 50})); err != nil || lost != 0 {
		t.Errorf("got %d, %v", lost, err)
	}
	if s, _ := b.Stats(t.Context()); s.Records != 0 {
		t.Errorf("got %+v", s)
	}
	// A centre that knows nothing at all.
	if lost, err := b.Hello(t.Context(), nil); err != nil || lost != 5 {
		t.Errorf("got %d, %v", lost, err)
	}
}

func TestOlderCopyOfTheFileBeginsANewEpoch(t *testing.T) {
	b := open(t, Options{})
	b.SetLinked(true)
	take(t, b, 0, 10)
	take(t, b, 10, 10)
	if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 10})); err != nil {
		t.Fatal(err)
	}
	before := b.Epoch()
	// The centre holds up to 500, but this file has only given 20.
	if _, err := b.Hello(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 500})); err != nil {
		t.Fatal(err)
	}
	if b.Epoch() == before {
		t.Fatal("the epoch is the same: readings would hide behind numbers that were used twice")
	}
	got := held(t, b, wire.LaneTelemetry)
	if len(got) != 1 || got[0].SeqFrom != 11 || len(got[0].Readings) != 10 {
		t.Errorf("got %d blocks", len(got))
	}
}

func TestEpochAndNumbersOutliveTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	b := open(t, Options{File: file})
	take(t, b, 0, 5)
	if err := b.Append(t.Context(), Batch{Keep: map[string][]byte{"rules": []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 5})); err != nil {
		t.Fatal(err)
	}
	epoch := b.Epoch()
	b.Close()
	b = open(t, Options{File: file})
	take(t, b, 5, 1)
	got := held(t, b, wire.LaneTelemetry)
	if b.Epoch() != epoch || len(got) != 1 || got[0].SeqFrom != 6 {
		t.Errorf("epoch %d then %d, blocks %+v", epoch, b.Epoch(), got)
	}
	if kept, err := b.Get(t.Context(), "rules"); err != nil || string(kept) != "x" {
		t.Errorf("got %q, %v", kept, err)
	}
}

func TestUnreadableFileIsPutAside(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	if err := os.WriteFile(file, []byte("this is no database, however long one looks at it"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, Options{File: file})
	take(t, b, 0, 1)
	aside, err := filepath.Glob(file + ".unreadable-*")
	if err != nil || len(aside) != 1 {
		t.Errorf("got %v, %v", aside, err)
	}
}

func losses(t *testing.T, b *Box) (out []wire.LossEvent) {
	t.Helper()
	for _, batch := range held(t, b, wire.LaneAlarm) {
		for _, e := range batch.Events {
			var l wire.LossEvent
			if e.Kind != wire.EventLoss || json.Unmarshal(e.Data, &l) != nil {
				t.Fatalf("not a loss: %+v", e)
			}
			out = append(out, l)
		}
	}
	return out
}

// grown are the losses as they stand: each event with an id that came before is the same loss, more of it.
func grown(t *testing.T, b *Box) []wire.LossEvent {
	t.Helper()
	var ids []string
	newest := map[string]wire.LossEvent{}
	for _, batch := range held(t, b, wire.LaneAlarm) {
		for _, e := range batch.Events {
			var l wire.LossEvent
			if err := json.Unmarshal(e.Data, &l); err != nil {
				t.Fatal(err)
			}
			before, known := newest[e.ID]
			if !known {
				ids = append(ids, e.ID)
			}
			if l.Count <= before.Count || known && (l.From > before.From || l.To < before.To) {
				t.Errorf("%+v follows %+v", l, before)
			}
			newest[e.ID] = l
		}
	}
	var out []wire.LossEvent
	for _, id := range ids {
		out = append(out, newest[id])
	}
	return out
}

func TestReadingsOverTheQuotaAreThinnedThenDroppedAndTheBooksAreExact(t *testing.T) {
	b := open(t, Options{Telemetry: 60_000})
	const rounds, each = 400, 60
	for i := range rounds {
		take(t, b, i*each, each) // one block a minute
	}
	var kept, highest float64
	var first int64 = -1
	for _, batch := range held(t, b, wire.LaneTelemetry) {
		for _, r := range batch.Readings {
			kept++
			highest = max(highest, r.Value)
			if first < 0 {
				first = r.At
			}
		}
	}
	var lost float64
	thinned, dropped := false, false
	all := grown(t, b)
	if len(all) > 2 {
		t.Errorf("one trouble is %d losses", len(all))
	}
	for _, l := range all {
		lost += float64(l.Count)
		if l.From > l.To || l.Lane != wire.LaneTelemetry {
			t.Errorf("loss %+v", l)
		}
		if l.Why == "disk quota: oldest dropped" {
			dropped = true
		} else {
			thinned = true
		}
	}
	if kept+lost != rounds*each {
		t.Errorf("%v kept + %v lost is not %d", kept, lost, rounds*each)
	}
	if !thinned {
		t.Error("nothing was thinned")
	}
	if highest != rounds*each-1 {
		t.Errorf("the highest value %v is gone", highest)
	}
	s, err := b.Stats(t.Context())
	if err != nil || s.Lost != uint64(lost) {
		t.Errorf("got %+v, %v", s, err)
	}
	b.mu.Lock()
	bytes := b.st.unacked[wire.LaneTelemetry].bytes
	b.mu.Unlock()
	if bytes > 60_000 {
		t.Errorf("%d bytes are held", bytes)
	}
	t.Logf("kept %v, lost %v, dropped %v, oldest %d", kept, lost, dropped, first)
}

func TestAlarmsAreNeverEvicted(t *testing.T) {
	b := open(t, Options{Telemetry: 1000, Bulk: 1000})
	for range 50 {
		e := wire.Event{ID: "x", Kind: wire.EventAlarm, At: 1, Data: json.RawMessage(`"` + string(make([]byte, 0)) + `"`)}
		if err := b.Append(t.Context(), Batch{Entries: []Entry{{Lane: wire.LaneAlarm, Events: []wire.Event{e}}, {Lane: wire.LaneBulk, Events: []wire.Event{e}}}}); err != nil {
			t.Fatal(err)
		}
	}
	alarms, bulk := 0, 0
	for _, batch := range held(t, b, wire.LaneAlarm) {
		for _, e := range batch.Events {
			if e.Kind == wire.EventAlarm {
				alarms++
			}
		}
	}
	for _, batch := range held(t, b, wire.LaneBulk) {
		bulk += len(batch.Events)
	}
	if alarms != 50 || bulk >= 50 {
		t.Errorf("%d alarms and %d others are held", alarms, bulk)
	}
}

func TestGraceRingIsBounded(t *testing.T) {
	b := open(t, Options{GraceSize: 5000, Grace: time.Hour})
	b.SetLinked(true)
	for i := range 100 {
		take(t, b, i, 1)
		if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, uint64(i + 1)})); err != nil {
			t.Fatal(err)
		}
	}
	s, err := b.Stats(t.Context())
	if err != nil || s.Grace > 5000 || s.Grace == 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestFullDiskIsATypedErrorAndMeasuringGoesOn(t *testing.T) {
	b := open(t, Options{MaxFile: 200_000})
	now := time.Unix(1_000_000, 0)
	c := &Collector{Box: b, Boot: "boot", Every: time.Hour, Now: func() (time.Time, bool) { return now, true }, Log: slog.New(slog.DiscardHandler)}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	given := uint64(0)
	var err error
	noise := 0.1
	for i := 0; i < 2000 && err == nil; i++ {
		rs := readings(i*100, 100)
		for j := range rs {
			noise = noise*3.99*(1-noise) + 1e-9
			rs[j].Value = noise
		}
		c.Take(rs, true)
		given += 100
		err = c.Flush(t.Context())
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want a full disk", err)
	}
	if c.Refused() != 100 {
		t.Errorf("%d readings were refused", c.Refused())
	}
	// The centre takes what is there: the ring gives way, and the refusal is told.
	if err := b.Ack(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, given})); err != nil {
		t.Fatal(err)
	}
	c.Take(readings(1, 10), true)
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := losses(t, b); len(got) != 1 || got[0].Count != 100 {
		t.Errorf("got %+v", got)
	}
	if err := c.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestFirstSetTimeHoldsForAllReadingsOfThisStart(t *testing.T) {
	b := open(t, Options{})
	rs := readings(10, 2)
	rs[0].Quality, rs[1].Quality = wire.Uncertain, wire.Bad
	for _, boot := range []string{"before", "now"} {
		if err := b.Append(t.Context(), Batch{Boot: boot, Entries: []Entry{{Lane: wire.LaneTelemetry, Readings: rs}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Rebase(t.Context(), "now", time.Hour); err != nil {
		t.Fatal(err)
	}
	got := held(t, b, wire.LaneTelemetry)
	if len(got) != 2 || got[0].Synced || got[0].Readings[0].At != 10_000 || !got[1].Synced {
		t.Fatalf("got %+v", got)
	}
	if r := got[1].Readings; r[0].At != 3_610_000 || r[0].Quality != wire.Good || r[1].Quality != wire.Bad {
		t.Errorf("got %+v", r)
	}
}

func TestLatestValuesComeFirst(t *testing.T) {
	b := open(t, Options{})
	slow := wire.Reading{Device: "slow", Property: "p", At: 1, Value: 7}
	if err := b.Append(t.Context(), Batch{Entries: []Entry{{Lane: wire.LaneTelemetry, Readings: []wire.Reading{slow}}}}); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		take(t, b, i, 1)
	}
	blocks, err := b.Latest(t.Context(), 8)
	if err != nil || len(blocks) != 2 {
		t.Fatalf("got %d blocks, %v", len(blocks), err)
	}
	found := map[string]float64{}
	for _, block := range blocks {
		batch, err := wire.Decode(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch.Readings {
			found[r.Device] = r.Value
		}
	}
	if found["slow"] != 7 || found["d"] != 299 {
		t.Errorf("got %v", found)
	}
	total := 0
	for _, batch := range held(t, b, wire.LaneTelemetry) {
		total += len(batch.Readings)
	}
	if total != 301 {
		t.Errorf("%d readings are held", total)
	}
}

func TestDamagedBlockDoesNotStopTheOthers(t *testing.T) {
	b := open(t, Options{})
	for i := range 3 {
		take(t, b, i, 1)
	}
	if _, err := b.db.ExecContext(t.Context(), `update block set payload = x'00' where seq_from = 2`); err != nil {
		t.Fatal(err)
	}
	got := held(t, b, wire.LaneTelemetry)
	if len(got) != 1 || len(got[0].Readings) != 2 || got[0].SeqTo != 3 {
		t.Errorf("got %+v", got)
	}
}
