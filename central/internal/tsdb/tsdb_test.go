package tsdb

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// t0 is a quarter of an hour before a month ends, so that tests cross days and months.
var t0 = time.Date(2026, 10, 31, 23, 45, 0, 0, time.UTC).UnixMilli()

func open(t testing.TB, dir string) *DB {
	t.Helper()
	d, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func shut(t testing.TB, d *DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func commit(t testing.TB, d *DB, in ...telemetry.Incoming) []telemetry.Outcome {
	t.Helper()
	out, err := d.Commit(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func seal(t testing.TB, d *DB) {
	t.Helper()
	if err := d.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func readings(t testing.TB, d *DB) int64 {
	t.Helper()
	s, err := d.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s.Readings
}

// plain is a message of a simple sensor.
func plain(rs ...wire.Reading) telemetry.Incoming {
	return telemetry.Incoming{Edge: "s", Batch: &wire.Batch{Readings: rs}, ReceivedAt: time.UnixMilli(t0)}
}

// ranged is a batch of an edge.
func ranged(from, to uint64, rs ...wire.Reading) telemetry.Incoming {
	b := &wire.Batch{Epoch: math.MaxUint64, Lane: wire.LaneTelemetry, SeqFrom: from, SeqTo: to, Readings: rs}
	return telemetry.Incoming{Edge: "e", Ranged: true, Batch: b, ReceivedAt: time.UnixMilli(t0)}
}

func r(series int, at int64, v float64) wire.Reading {
	return wire.Reading{Device: fmt.Sprint("d", series), Property: "p", At: at, Value: v}
}

// raw reads a series whole.
func raw(t testing.TB, d *DB, series int) map[int64]float64 {
	t.Helper()
	out := map[int64]float64{}
	q := telemetry.Query{Device: fmt.Sprint("d", series), Property: "p", From: time.UnixMilli(firstTime), To: time.UnixMilli(lastTime - 1), Points: 5000}
	s, err := d.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if s.Step != 0 {
		t.Fatalf("%d buckets with step %d, want every reading", len(s.Buckets), s.Step)
	}
	for _, b := range s.Buckets {
		if _, ok := out[b.At.UnixMilli()]; ok {
			t.Fatalf("time %s comes twice", b.At)
		}
		out[b.At.UnixMilli()] = b.Last
	}
	return out
}

func TestRangeCommittedBeforeIsADuplicate(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	out := commit(t, d, ranged(1, 2, r(1, t0, 1), r(1, t0+1, 2)), ranged(1, 2, r(1, t0+9, 1)), ranged(3, 4, r(1, t0+2, 3)))
	if want := []telemetry.Outcome{{Readings: 2}, {Duplicate: true}, {Readings: 1}}; !reflect.DeepEqual(out, want) {
		t.Errorf("got %+v, want %+v", out, want)
	}
	for range 2 {
		out = commit(t, d, ranged(2, 3, r(1, t0+50, 1)))
		if !out[0].Duplicate || readings(t, d) != 3 {
			t.Errorf("got %+v and %d readings, want a duplicate and 3", out, readings(t, d))
		}
		have, err := d.Have(context.Background(), "e", math.MaxUint64)
		if want := []wire.LaneRanges{{Lane: 2, Ranges: []wire.Range{{1, 4}}}}; err != nil || !reflect.DeepEqual(have, want) {
			t.Errorf("got %v, %v; want %v", have, err, want)
		}
		shut(t, d)
		d = open(t, dir)
	}
	shut(t, d)
}

func TestTheSameReadingIsCountedOnceWhereverItIs(t *testing.T) {
	d := open(t, t.TempDir())
	defer shut(t, d)
	commit(t, d, plain(r(1, t0, 1), r(1, t0, 9), r(1, t0+2, 2)), plain(r(1, t0, 9)))
	if n := readings(t, d); n != 2 {
		t.Errorf("in the head: %d readings, want 2", n)
	}
	seal(t, d)
	if out := commit(t, d, plain(r(1, t0, 9), r(1, t0+1, 3), r(1, t0+2, 9))); out[0].Readings != 1 || readings(t, d) != 3 {
		t.Errorf("in a chunk: %+v and %d readings, want 1 new and 3", out, readings(t, d))
	}
	want := map[int64]float64{t0: 1, t0 + 1: 3, t0 + 2: 2}
	for range 2 {
		if got := raw(t, d, 1); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		seal(t, d)
	}
}

// TestStoreAgreesWithAModel commits live data, backlog, repeats and strange values, seals and reopens at
// random, and compares with a plain map.
func TestStoreAgreesWithAModel(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		d := open(t, dir)
		model := map[int]map[int64]float64{}
		total := 0
		live := t0
		for step := range 120 {
			var in []telemetry.Incoming
			want := 0
			for range 1 + rnd.IntN(4) {
				var rs []wire.Reading
				for range rnd.IntN(30) {
					series := rnd.IntN(3)
					var at int64
					switch rnd.IntN(4) {
					case 0:
						at = t0 + rnd.Int64N(live-t0+1)
					case 1:
						at = t0 - rnd.Int64N(40*day)
					default:
						live += rnd.Int64N(60_000)
						at = live
					}
					v := math.Round(rnd.NormFloat64()*100) / 100
					rs = append(rs, r(series, at, v))
					if model[series] == nil {
						model[series] = map[int64]float64{}
					}
					if _, ok := model[series][at]; !ok {
						model[series][at] = v
						want++
						total++
					}
				}
				in = append(in, plain(rs...))
			}
			got := 0
			for _, o := range commit(t, d, in...) {
				got += o.Readings
			}
			if got != want || readings(t, d) != int64(total) {
				t.Fatalf("seed %d step %d: %d new and %d in all, want %d and %d", seed, step, got, readings(t, d), want, total)
			}
			switch rnd.IntN(12) {
			case 0:
				seal(t, d)
			case 1:
				shut(t, d)
				d = open(t, dir)
			case 2:
				if err := d.Evaluated(context.Background(), time.UnixMilli(t0+1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for series, want := range model {
			if got := raw(t, d, series); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: series %d: %d readings, want %d", seed, series, len(got), len(want))
			}
		}
		shut(t, d)
	}
}

func TestBucketsHoldWhatTheReadingsSay(t *testing.T) {
	d := open(t, t.TempDir())
	defer shut(t, d)
	const n = 40_000
	var all []wire.Reading
	for i := range int64(n) {
		rd := r(1, t0+i*1000, float64(i%777))
		if i%100 == 99 {
			rd.Quality, rd.Value = wire.Bad, 1e9
		}
		if i%1000 == 998 {
			rd.Value = math.NaN()
		}
		all = append(all, rd)
	}
	commit(t, d, plain(all[:30_000]...))
	seal(t, d)
	commit(t, d, plain(all[30_000:]...))
	for _, points := range []int{2, 7, 100, 500, 3000} {
		from, to := t0+12_345, t0+39_000_000
		s, err := d.Query(context.Background(), telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(from), To: time.UnixMilli(to), Points: points})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Buckets) > points || s.Step == 0 {
			t.Errorf("%d buckets of %d ms, want at most %d", len(s.Buckets), s.Step, points)
		}
		want := map[int64]*telemetry.Bucket{}
		for _, rd := range all {
			if rd.At < from || rd.At >= to || rd.Quality == wire.Bad || math.IsNaN(rd.Value) {
				continue
			}
			at := rd.At / s.Step * s.Step
			b := want[at]
			if b == nil {
				b = &telemetry.Bucket{At: wire.Time(at), Min: rd.Value, Max: rd.Value}
				want[at] = b
			}
			b.Min, b.Max, b.Last = min(b.Min, rd.Value), max(b.Max, rd.Value), rd.Value
			b.Mean += rd.Value
			b.Count++
		}
		if len(want) != len(s.Buckets) {
			t.Fatalf("%d buckets, want %d", len(s.Buckets), len(want))
		}
		for _, b := range s.Buckets {
			w := want[b.At.UnixMilli()]
			w.Mean /= float64(w.Count)
			if math.Abs(w.Mean-b.Mean) > 1e-9 {
				t.Errorf("mean %v, want %v", b.Mean, w.Mean)
			}
			b.Mean = w.Mean
			if b != *w {
				t.Errorf("got %+v, want %+v", b, *w)
			}
		}
	}
}

func TestReplayGivesWhatWasNotEvaluatedAlsoWhenSealed(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	a, b := plain(r(1, t0, 1)), plain(r(1, t0+1, 2))
	b.ReceivedAt = b.ReceivedAt.Add(time.Second)
	b.Batch.Events = []wire.Event{{ID: "x", At: t0, Kind: wire.EventAlarm, Device: "d1"}}
	commit(t, d, a)
	commit(t, d, b)
	seal(t, d)
	replay := func() (n, events int) {
		if err := d.Replay(context.Background(), func(in telemetry.Incoming) error {
			n += len(in.Batch.Readings)
			for _, e := range in.Batch.Events {
				if in.Edge != "s" || e.ID != "x" || !in.ReceivedAt.Equal(b.ReceivedAt) {
					t.Errorf("got event %+v of %s", e, in.Edge)
				}
				events++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n, events
	}
	if n, events := replay(); n != 2 || events != 1 {
		t.Errorf("got %d readings, %d events; want 2, 1", n, events)
	}
	if err := d.Evaluated(context.Background(), b.ReceivedAt); err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	d = open(t, dir)
	defer shut(t, d)
	if n, events := replay(); n != 1 || events != 1 {
		t.Errorf("after evaluation got %d readings, %d events; want 1, 1", n, events)
	}
	if n := readings(t, d); n != 2 {
		t.Errorf("got %d readings, want 2", n)
	}
	l, err := d.Latest(context.Background())
	if err != nil || len(l) != 1 || l[0].Value != 2 || !l[0].ReceivedAt.Equal(b.ReceivedAt) {
		t.Errorf("got latest %+v, %v", l, err)
	}
}

func TestStrangeTimesAndValuesHarmNothing(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	commit(t, d, plain(
		r(1, math.MinInt64, 1), r(1, -1, 1), r(1, math.MaxInt64, 1), r(1, 0, 5), r(1, lastTime-1, 6),
		r(2, t0, math.NaN()), r(2, t0+1, math.Inf(1)), r(3, t0, math.MaxFloat64), r(3, t0+1, math.MaxFloat64), r(3, t0+2, -1),
	))
	for range 3 {
		if n := readings(t, d); n != 7 {
			t.Errorf("got %d readings, want 7", n)
		}
		if got := raw(t, d, 2); len(got) != 0 {
			t.Errorf("got %v of a series without a usable value", got)
		}
		s, err := d.Query(context.Background(), telemetry.Query{Device: "d3", Property: "p", From: time.UnixMilli(t0), To: time.UnixMilli(t0 + 10), Points: 2})
		if err != nil || len(s.Buckets) != 1 || math.IsInf(s.Buckets[0].Mean, 0) {
			t.Errorf("got %+v, %v", s, err)
		}
		seal(t, d)
		shut(t, d)
		d = open(t, dir)
	}
	shut(t, d)
}

func FuzzDecodeChunk(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	defer c.close()
	var b buffer
	f.Add(c.encode([]point{{at: 1, value: 2, received: 7}, {at: 3, value: math.Pi, quality: wire.Bad}}, &b))
	f.Add([]byte{chunkCodec})
	f.Add([]byte{chunkCodecOld})
	f.Fuzz(func(t *testing.T, body []byte) {
		points, err := c.decode(body)
		if err != nil {
			return
		}
		if back, err := c.decode(c.encode(points, &b)); err != nil || len(back) != len(points) {
			t.Errorf("%d points came back as %d, %v", len(points), len(back), err)
		}
	})
}

func FuzzReadBody(f *testing.F) {
	body, err := appendBody(nil, []column{{id: 1, points: []wire.Point{{At: 1, Value: 2}}}}, []sourced{{Edge: "e", Event: wire.Event{ID: "x", Kind: "loss"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		if columns, events, err := readBody(body); err == nil {
			if _, err := appendBody(nil, columns, events); err != nil {
				t.Error(err)
			}
		}
	})
}
