// Package telemetrytest is the contract of telemetry.Store as tests. Every implementation runs Contract
// against the real thing behind it.
package telemetrytest

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Opened is a store under test.
type Opened struct {
	telemetry.Store
	// Settle brings what was committed to its final place (seal, roll up, forward). It may do nothing.
	Settle func(t *testing.T)
	// Close ends the store; what was committed must be there when it is opened again.
	Close func(t *testing.T)
}

// Contract runs every test on stores that open makes. Two calls with one folder open the same store again.
func Contract(t *testing.T, open func(t *testing.T, dir string) Opened) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *bench){
		"a range is committed once":                  rangesOnce,
		"a reading is stored once":                   readingsOnce,
		"late readings of any age are found":         lateReadings,
		"the newest reading of every series is kept": latest,
		"a chart has every reading or buckets":       charts,
		"quality is kept, chosen and counted":        qualities,
		"series share one axis when told a step":     steps,
		"readings are listed page by page":           pages,
		"readings are found by their arrival":        arrivals,
		"strange values harm nothing":                strange,
		"what was not evaluated is replayed":         replay,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{dir: t.TempDir(), open: open}
			b.Opened = open(t, b.dir)
			defer func() { b.Close(t) }()
			test(t, b)
		})
	}
}

func rangesOnce(t *testing.T, b *bench) {
	out := b.commit(t, ranged(1, 2, reading(1, 0, 1), reading(1, 1, 2)), ranged(1, 2, reading(1, 9, 1)), ranged(3, 4, reading(1, 2, 3)))
	same(t, "duplicates", []bool{out[0].Duplicate, out[1].Duplicate, out[2].Duplicate}, []bool{false, true, false})
	b.stages(t, func(stage string) {
		if out := b.commit(t, ranged(2, 3, reading(1, 50, 1))); !out[0].Duplicate {
			t.Errorf("%s: a part of a committed range is no duplicate", stage)
		}
		have, err := b.Have(t.Context(), "e", math.MaxUint64)
		if err != nil {
			t.Fatal(err)
		}
		for r, want := range map[wire.Range]bool{{1, 4}: true, {2, 3}: true, {4, 5}: false, {0, 1}: false} {
			if b.Holds("e", math.MaxUint64, wire.LaneTelemetry, r) != want {
				t.Errorf("%s: holds %v is not %v", stage, r, want)
			}
		}
		same(t, stage+": ranges", have, []wire.LaneRanges{{Lane: wire.LaneTelemetry, Ranges: []wire.Range{{1, 4}}}})
		same(t, stage+": readings", b.values(t), map[int64]float64{at(0): 1, at(1): 2, at(2): 3})
	})
	if have, err := b.Have(t.Context(), "e", 7); err != nil || len(have) != 0 {
		t.Errorf("another epoch has %v, %v", have, err)
	}
}

func readingsOnce(t *testing.T, b *bench) {
	b.commit(t, plain(1, reading(1, 0, 1), reading(1, 0, 1), reading(1, 2, 2)), plain(1, reading(1, 0, 1)))
	b.stages(t, func(stage string) {
		b.commit(t, plain(5, reading(1, 0, 1), reading(1, 2, 2)))
		same(t, stage, b.values(t), map[int64]float64{at(0): 1, at(2): 2})
	})
}

func lateReadings(t *testing.T, b *bench) {
	want := map[int64]float64{}
	add := func(seconds int, v float64) {
		b.commit(t, plain(0, reading(1, seconds, v)))
		want[at(seconds)] = v
	}
	add(0, 1)
	n := 0
	b.stages(t, func(stage string) {
		n++
		add(-86_400*40-n, float64(n)) // another month
		add(-n, float64(n))
		add(3600*n, float64(n))
		same(t, stage, b.values(t), want)
	})
	b.Settle(t)
	same(t, "settled again", b.values(t), want)
}

func latest(t *testing.T, b *bench) {
	b.commit(t, plain(3, reading(1, 1, 1), reading(2, 0, 5)), plain(9, reading(1, 0, 7)))
	want := []telemetry.Latest{
		{Device: "d1", Property: "p", At: wire.Time(at(1)), ReceivedAt: wire.Time(at(9)), Value: 1},
		{Device: "d2", Property: "p", At: wire.Time(at(0)), ReceivedAt: wire.Time(at(9)), Value: 5},
	}
	b.stages(t, func(stage string) {
		got, err := b.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range got { // messages of one commit may share the time at which they came
			if got[i].ReceivedAt.Equal(wire.Time(at(3))) {
				got[i].ReceivedAt = wire.Time(at(9))
			}
		}
		same(t, stage, got, want)
	})
}

func charts(t *testing.T, b *bench) {
	rs := mixed(18_000, 12)
	for len(rs) > 0 {
		n := min(len(rs), 5000)
		b.commit(t, plain(0, rs[:n]...))
		rs = rs[n:]
	}
	rs = mixed(18_000, 12)
	b.stages(t, func(stage string) {
		for _, points := range []int{2, 7, 100, 500, 3000} {
			q := telemetry.Query{Device: "d1", Property: "p", From: wire.Time(at(123)), To: wire.Time(at(200_001)), Points: points}
			got := b.chart(t, q)
			if len(got.Buckets) > points || got.Step == 0 {
				t.Errorf("%s: %d buckets of %d ms, want at most %d", stage, len(got.Buckets), got.Step, points)
			}
			agree(t, fmt.Sprint(stage, ", ", points, " points"), got, rs, q)
		}
		few := telemetry.Query{Device: "d1", Property: "p", From: wire.Time(at(0)), To: wire.Time(at(3600)), Points: 500}
		if got := b.chart(t, few); got.Step != 0 {
			t.Errorf("%s: 300 readings have a step of %d", stage, got.Step)
		} else {
			agree(t, stage+", every reading", got, rs, few)
		}
		for name, q := range map[string]telemetry.Query{
			"an unknown series": {Device: "nobody", Property: "p", From: t0(), To: t0().Add(time.Hour)},
			"an empty span":     {Device: "d1", Property: "p", From: t0().AddDate(-1, 0, 0), To: t0().AddDate(0, -10, 0)},
		} {
			if got := b.chart(t, q); got.Buckets == nil || len(got.Buckets) != 0 || got.Device != q.Device {
				t.Errorf("%s: %s: got %+v", stage, name, got)
			}
		}
	})
}

func qualities(t *testing.T, b *bench) {
	rs := mixed(9000, 24)
	b.commit(t, plain(0, rs...))
	b.stages(t, func(stage string) {
		for _, quality := range []telemetry.Quality{telemetry.GoodOnly, telemetry.Usable, telemetry.AnyQuality} {
			for _, points := range []int{4, 60, 5000} {
				q := whole(1)
				q.Quality, q.Points = quality, points
				got := b.chart(t, q)
				if got.Quality != quality {
					t.Errorf("%s: got quality %q, want %q", stage, got.Quality, quality)
				}
				agree(t, fmt.Sprint(stage, ", ", quality, ", ", points, " points"), got, rs, q)
			}
		}
		q := whole(1)
		q.From, q.To = wire.Time(at(0)), wire.Time(at(24*300))
		for _, quality := range []telemetry.Quality{telemetry.GoodOnly, telemetry.AnyQuality} {
			q.Quality = quality
			agree(t, fmt.Sprint(stage, ", every reading, ", quality), b.chart(t, q), rs, q)
		}
	})
}

func steps(t *testing.T, b *bench) {
	rs := mixed(100, 60)
	b.commit(t, plain(0, rs...))
	b.stages(t, func(stage string) {
		q := whole(1)
		q.Step = time.Hour.Milliseconds()
		got := b.chart(t, q)
		same(t, stage+": step", got.Step, q.Step)
		agree(t, stage, got, rs, q)
	})
}

func pages(t *testing.T, b *bench) {
	rs := mixed(9000, 20)
	for i := 0; i < len(rs); i += 3000 {
		b.commit(t, plain(i, rs[i:i+3000]...))
	}
	b.stages(t, func(stage string) {
		for _, limit := range []int{1000, 4096, 20_000} {
			q := telemetry.Read{Device: "d1", Property: "p", From: wire.Time(at(100)), To: wire.Time(at(150_000)), Quality: telemetry.AnyQuality, Limit: limit}
			var got []telemetry.Sample
			for {
				page, err := b.Read(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, page...)
				if len(page) < limit {
					break
				}
				q.From = page[len(page)-1].At.Add(time.Millisecond)
			}
			check(t, fmt.Sprint(stage, ", by ", limit), got, rs, 100, 150_000)
		}
		for quality, want := range map[telemetry.Quality]int{telemetry.GoodOnly: 97, telemetry.Usable: 99, "": 99, telemetry.AnyQuality: 100} {
			page, err := b.Read(t.Context(), telemetry.Read{Device: "d1", Property: "p", From: wire.Time(at(0)), To: wire.Time(at(2000)), Quality: quality, Limit: 1000})
			if err != nil || len(page) != want {
				t.Errorf("%s: %d readings of quality %q, %v; want %d", stage, len(page), quality, err, want)
			}
		}
	})
	if page, err := b.Read(t.Context(), telemetry.Read{Device: "nobody", Property: "p", Limit: 10}); err != nil || len(page) != 0 {
		t.Errorf("an unknown series has %v, %v", page, err)
	}
}

func arrivals(t *testing.T, b *bench) {
	b.commit(t, plain(10, reading(1, 0, 1), reading(1, 1, 2)))
	b.commit(t, plain(100_000, reading(1, -100, 3), reading(1, 2, 4)))
	b.stages(t, func(stage string) {
		for name, c := range map[string]struct {
			from, to int // seconds, 0: none
			want     []float64
		}{
			"all": {0, 0, []float64{3, 1, 2, 4}}, "early": {10, 11, []float64{1, 2}}, "late": {11, 0, []float64{3, 4}},
			"before": {0, 10, nil}, "until": {0, 100_000, []float64{1, 2}},
		} {
			q := telemetry.Read{Device: "d1", Property: "p", To: t0().AddDate(0, 0, 5), Limit: 100}
			if c.from != 0 {
				q.ReceivedFrom = wire.Time(at(c.from))
			}
			if c.to != 0 {
				q.ReceivedTo = wire.Time(at(c.to))
			}
			page, err := b.Read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var got []float64
			for _, s := range page {
				got = append(got, s.Value)
			}
			same(t, stage+": "+name, got, c.want)
		}
	})
}

func strange(t *testing.T, b *bench) {
	b.commit(t, plain(0,
		wire.Reading{Device: "d1", Property: "p", At: math.MinInt64, Value: 1}, wire.Reading{Device: "d1", Property: "p", At: math.MaxInt64, Value: 1},
		reading(1, 0, 5), reading(2, 0, math.NaN()), reading(2, 1, math.Inf(1)),
		reading(3, 0, math.MaxFloat64), reading(3, 1, math.MaxFloat64), reading(3, 2, -1),
	))
	b.stages(t, func(stage string) {
		same(t, stage, b.values(t), map[int64]float64{at(0): 5})
		if c := b.chart(t, whole(2)); len(c.Buckets) != 0 || len(c.Flags) != 2 {
			t.Errorf("%s: a series without a usable value has %+v", stage, c)
		}
		q := whole(3)
		q.Step = time.Hour.Milliseconds()
		if c := b.chart(t, q); len(c.Buckets) != 1 || math.IsInf(c.Buckets[0].Mean, 0) {
			t.Errorf("%s: huge values give %+v", stage, c.Buckets)
		}
	})
}

func replay(t *testing.T, b *bench) {
	late := plain(60, reading(1, 1, 2))
	late.Batch.Events = []wire.Event{{ID: "x", At: at(1), Kind: wire.EventAlarm, Device: "d1"}}
	b.commit(t, plain(0, reading(1, 0, 1)))
	b.commit(t, late)
	count := func() (readings, events int) {
		err := b.Replay(context.Background(), func(in telemetry.Incoming) error {
			readings += len(in.Batch.Readings)
			for _, e := range in.Batch.Events {
				if in.Edge != "s" || e.ID != "x" || !in.ReceivedAt.Equal(late.ReceivedAt) {
					t.Errorf("got event %+v of %s", e, in.Edge)
				}
				events++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return readings, events
	}
	b.stages(t, func(stage string) {
		if r, e := count(); r != 2 || e != 1 {
			t.Errorf("%s: replayed %d readings and %d events, want 2 and 1", stage, r, e)
		}
	})
	if err := b.Evaluated(t.Context(), late.ReceivedAt); err != nil {
		t.Fatal(err)
	}
	b.stages(t, func(stage string) {
		if r, e := count(); r != 1 || e != 1 {
			t.Errorf("evaluated, %s: replayed %d readings and %d events, want 1 and 1", stage, r, e)
		}
	})
}
