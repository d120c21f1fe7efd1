package telemetrytest

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// t0 is a quarter of an hour before a month ends, so that tests cross days and months. It lies in the past:
// a store may keep the present day apart.
func t0() time.Time { return time.Date(2026, 8, 31, 23, 45, 0, 0, time.UTC) }

type bench struct {
	Opened
	dir  string
	open func(t *testing.T, dir string) Opened
}

// stages runs a check on the store as it is, settled, and opened again.
func (b *bench) stages(t *testing.T, check func(stage string)) {
	t.Helper()
	check("as committed")
	b.Settle(t)
	check("settled")
	b.Close(t)
	b.Opened = b.open(t, b.dir)
	check("opened again")
}

func (b *bench) commit(t *testing.T, in ...telemetry.Incoming) []telemetry.Outcome {
	t.Helper()
	out, err := b.Commit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bench) chart(t *testing.T, q telemetry.Query) telemetry.Chart {
	t.Helper()
	c, err := b.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at is so many seconds after t0.
func at(seconds int) int64 { return t0().Add(time.Duration(seconds) * time.Second).UnixMilli() }

func reading(series, seconds int, value float64) wire.Reading {
	return wire.Reading{Device: fmt.Sprint("d", series), Property: "p", At: at(seconds), Value: value}
}

// plain is a message of a simple sensor, come so many seconds after t0.
func plain(received int, rs ...wire.Reading) telemetry.Incoming {
	return telemetry.Incoming{Edge: "s", Batch: &wire.Batch{Readings: rs}, ReceivedAt: wire.Time(at(received))}
}

func ranged(from, to uint64, rs ...wire.Reading) telemetry.Incoming {
	b := &wire.Batch{Epoch: math.MaxUint64, Lane: wire.LaneTelemetry, SeqFrom: from, SeqTo: to, Readings: rs}
	return telemetry.Incoming{Edge: "e", Ranged: true, Batch: b, ReceivedAt: wire.Time(at(0))}
}

// whole is a query of a series over 60 days around t0.
func whole(series int) telemetry.Query {
	return telemetry.Query{Device: fmt.Sprint("d", series), Property: "p", From: t0().AddDate(0, 0, -50), To: t0().AddDate(0, 0, 10), Points: 5000}
}

// values reads the first series whole, each reading by itself.
func (b *bench) values(t *testing.T) map[int64]float64 {
	t.Helper()
	c := b.chart(t, whole(1))
	if c.Step != 0 {
		t.Fatalf("%d buckets with step %d, want every reading", len(c.Buckets), c.Step)
	}
	out := map[int64]float64{}
	for _, one := range c.Buckets {
		if _, ok := out[one.At.UnixMilli()]; ok {
			t.Fatalf("time %s comes twice", one.At)
		}
		out[one.At.UnixMilli()] = one.Last
	}
	return out
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// model sums readings up the plain way.
func model(rs []wire.Reading, q telemetry.Query, step int64) ([]telemetry.Bucket, []telemetry.Flag) {
	buckets, flags := map[int64]*telemetry.Bucket{}, map[int64]*telemetry.Flag{}
	for _, r := range rs {
		if r.At < q.From.UnixMilli() || r.At >= q.To.UnixMilli() {
			continue
		}
		start := r.At
		if step > 0 {
			start = r.At / step * step
		}
		void := math.IsNaN(r.Value) || math.IsInf(r.Value, 0)
		if void || r.Quality != wire.Good {
			if flags[start] == nil {
				flags[start] = &telemetry.Flag{At: wire.Time(start)}
			}
			if void || r.Quality >= wire.Bad {
				flags[start].Bad++
			} else {
				flags[start].Uncertain += int64(max(r.Count, 1))
			}
		}
		most := map[telemetry.Quality]wire.Quality{"": wire.Uncertain, telemetry.Usable: wire.Uncertain, telemetry.GoodOnly: wire.Good, telemetry.AnyQuality: 255}[q.Quality]
		if void || r.Quality > most {
			continue
		}
		b := buckets[start]
		if b == nil {
			b = &telemetry.Bucket{At: wire.Time(start), Min: r.Value, Max: r.Value}
			buckets[start] = b
		}
		b.Min, b.Max, b.Last = min(b.Min, r.Value), max(b.Max, r.Value), r.Value
		n := int64(max(r.Count, 1))
		b.Mean += r.Value * float64(n)
		b.Count += n
	}
	return ordered(buckets, func(b *telemetry.Bucket) { b.Mean /= float64(b.Count) }), ordered(flags, func(*telemetry.Flag) {})
}

func ordered[T any](m map[int64]*T, finish func(*T)) []T {
	out := []T{}
	for _, start := range slices.Sorted(maps.Keys(m)) {
		finish(m[start])
		out = append(out, *m[start])
	}
	return out
}

// agree compares a chart with what the model says.
func agree(t *testing.T, what string, got telemetry.Chart, rs []wire.Reading, q telemetry.Query) {
	t.Helper()
	buckets, flags := model(rs, q, got.Step)
	if len(got.Buckets) != len(buckets) {
		t.Errorf("%s: %d buckets of %d ms, want %d", what, len(got.Buckets), got.Step, len(buckets))
		return
	}
	for i, b := range got.Buckets {
		if w := buckets[i]; math.Abs(b.Mean-w.Mean) > 1e-9*math.Max(1, math.Abs(w.Mean)) {
			t.Errorf("%s: mean %v, want %v", what, b.Mean, w.Mean)
		} else {
			b.Mean = w.Mean
			if b != w {
				t.Errorf("%s: got %+v, want %+v", what, b, w)
				return
			}
		}
	}
	if len(got.Flags)+len(flags) > 0 {
		same(t, what+": flags", got.Flags, flags)
	}
}

// mixed is 2½ days of a series at one reading a minute and more, of every quality, some of them means.
func mixed(n, every int) []wire.Reading {
	out := make([]wire.Reading, n)
	for i := range out {
		out[i] = reading(1, i*every, math.Round(400+150*math.Sin(float64(i)/240))/100)
		switch {
		case i%100 == 99:
			out[i].Quality, out[i].Value = wire.Bad, -9999
		case i%50 == 7:
			out[i].Quality = wire.Uncertain
		case i%1000 == 998:
			out[i].Value = math.NaN()
		}
		if i%25 == 7 {
			out[i].Count = uint32(2 + i%50) //nolint:gosec // small
		}
	}
	return out
}

func check(t *testing.T, what string, got []telemetry.Sample, rs []wire.Reading, from, to int) {
	t.Helper()
	i := 0
	for n, r := range rs {
		if r.At < at(from) || r.At >= at(to) {
			continue
		}
		if i >= len(got) {
			t.Errorf("%s: %d readings, want more", what, len(got))
			return
		}
		s := got[i]
		i++
		value := s.Value == r.Value || (math.IsNaN(s.Value) && math.IsNaN(r.Value))
		if s.At.UnixMilli() != r.At || !value || s.Quality != r.Quality || s.Count != r.Count || !s.ReceivedAt.Equal(wire.Time(at(n/3000*3000))) {
			t.Errorf("%s: reading %d is %+v, want %+v", what, n, s, r)
			return
		}
	}
	if i != len(got) {
		t.Errorf("%s: %d readings, want %d", what, len(got), i)
	}
}
