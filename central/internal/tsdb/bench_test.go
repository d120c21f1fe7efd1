package tsdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// walk is a water level with ripple, two decimals, as a gauge reports it, with a little jitter in time.
type walk struct {
	rnd *rand.Rand
	v   float64
	at  int64
}

func (w *walk) next(step int64) (int64, float64) {
	w.v += math.Round(w.rnd.NormFloat64()*2) / 100
	w.at += step
	return w.at + w.rnd.Int64N(20), math.Round(w.v*100) / 100
}

// batches are what edges send: each batch of 500 readings over ten series at 1 Hz.
func batches(edges, n int) []telemetry.Incoming {
	rnd := rand.New(rand.NewPCG(1, 1))
	walks := make([]walk, edges*10)
	names := make([]string, len(walks))
	for i := range walks {
		walks[i], names[i] = walk{rnd: rnd, v: 3, at: t0}, fmt.Sprint("dev-", i)
	}
	out := make([]telemetry.Incoming, 0, n)
	for i := range n {
		b := &wire.Batch{Epoch: 1, Lane: wire.LaneTelemetry, SeqFrom: uint64(i/edges) * 500, SeqTo: uint64(i/edges)*500 + 499}
		for s := range 10 {
			k := i%edges*10 + s
			for range 50 {
				at, v := walks[k].next(1000)
				b.Readings = append(b.Readings, wire.Reading{Device: names[k], Property: "water_level", At: at, Value: v})
			}
		}
		out = append(out, telemetry.Incoming{Edge: fmt.Sprint("edge-", i%edges), Ranged: true, Batch: b, ReceivedAt: time.UnixMilli(t0)})
	}
	return out
}

// BenchmarkCommitBatches commits edge batches in groups of 64, with the sealer at work.
func BenchmarkCommitBatches(b *testing.B) {
	d := open(b, b.TempDir())
	defer shut(b, d)
	if err := d.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	in := batches(100, b.N*64)
	b.ResetTimer()
	for i := range b.N {
		commit(b, d, in[i*64:(i+1)*64]...)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*64*500)/b.Elapsed().Seconds(), "readings/s")
	if err := d.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
	if n := readings(b, d); n != int64(b.N*64*500) {
		b.Fatalf("%d readings, want %d", n, b.N*64*500)
	}
}

// BenchmarkCommitBacklog commits edge batches that are older than what is sealed of the same days.
func BenchmarkCommitBacklog(b *testing.B) {
	d := open(b, b.TempDir())
	defer shut(b, d)
	var live []wire.Reading
	for i := range 1000 {
		for day0 := range int64(40) {
			live = append(live, wire.Reading{Device: fmt.Sprint("dev-", i), Property: "water_level", At: t0 + day0*day})
		}
	}
	commit(b, d, plain(live...))
	seal(b, d)
	if err := d.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	in := batches(100, b.N*64)
	b.ResetTimer()
	for i := range b.N {
		commit(b, d, in[i*64:(i+1)*64]...)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*64*500)/b.Elapsed().Seconds(), "readings/s")
	if err := d.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCommitSensors commits messages of simple sensors, one reading each, in groups of 2,000.
func BenchmarkCommitSensors(b *testing.B) {
	d := open(b, b.TempDir())
	defer shut(b, d)
	const group = 2000
	in := make([]telemetry.Incoming, group)
	for i := range in {
		in[i] = plain(wire.Reading{Device: fmt.Sprint("dev-", i%500), Property: "level"})
	}
	at := t0
	b.ResetTimer()
	for range b.N {
		for i := range in {
			at++
			in[i].Batch.Readings[0].At, in[i].Batch.Readings[0].Value = at, float64(at%1000)/100
		}
		commit(b, d, in...)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*group)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkSeal moves 2 million readings of 1,000 series into chunks. The size is with roll-ups.
func BenchmarkSeal(b *testing.B) {
	var sealed, bytes int64
	in := batches(100, 4000)
	for b.Loop() {
		b.StopTimer()
		d := open(b, b.TempDir())
		for i := 0; i < len(in); i += 100 {
			commit(b, d, in[i:i+100]...)
		}
		b.StartTimer()
		seal(b, d)
		b.StopTimer()
		sealed += readings(b, d)
		if err := d.Evaluated(context.Background(), time.UnixMilli(t0+1)); err != nil {
			b.Fatal(err)
		}
		rollup(b, d, t0+9*day)
		for name, f := range d.months.open {
			bytes += fileSize(b, f.db) + fileSize(b, d.months.rollup(name))
		}
		shut(b, d)
		b.StartTimer()
	}
	b.ReportMetric(float64(sealed)/b.Elapsed().Seconds(), "readings/s")
	b.ReportMetric(float64(bytes)/float64(sealed), "bytes/reading")
}

func fileSize(b *testing.B, db *sql.DB) (n int64) {
	b.Helper()
	err := db.QueryRowContext(context.Background(), `select (select page_count from pragma_page_count) * (select page_size from pragma_page_size)`).Scan(&n)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkQueryYear charts a year of one series in 500 buckets.
func BenchmarkQueryYear(b *testing.B) {
	for _, c := range []struct {
		name   string
		step   int64
		n      int
		points int
	}{{"each-minute", 60_000, 525_600, 500}, {"each-minute-finer", 60_000, 525_600, 5000}, {"each-second", 1000, 31_536_000, 500}} {
		b.Run(c.name, func(b *testing.B) {
			d := open(b, b.TempDir())
			defer shut(b, d)
			w := walk{rnd: rand.New(rand.NewPCG(1, 1)), v: 3, at: t0}
			var rs []wire.Reading
			for i := range c.n {
				at, v := w.next(c.step)
				rs = append(rs, wire.Reading{Device: "d1", Property: "p", At: at, Value: v})
				if len(rs) == 20_000 || i == c.n-1 {
					commit(b, d, plain(rs...))
					rs = rs[:0]
				}
			}
			seal(b, d)
			rollup(b, d, w.at+2*day)
			q := telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(t0), To: time.UnixMilli(w.at), Points: c.points}
			for b.Loop() {
				if s, err := d.Query(context.Background(), q); err != nil || len(s.Buckets) < 100 {
					b.Fatal(len(s.Buckets), err)
				}
			}
		})
	}
}

// BenchmarkOpen reads an inbox of 2 million readings at the start.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	d := open(b, dir)
	in := batches(100, 4000)
	for i := 0; i < len(in); i += 100 {
		commit(b, d, in[i:i+100]...)
	}
	shut(b, d)
	for b.Loop() {
		shut(b, open(b, dir))
	}
	b.ReportMetric(float64(2_000_000*b.N)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkRollup makes the roll-ups of a month of one series at one reading a second.
func BenchmarkRollup(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		d := open(b, b.TempDir())
		w := walk{rnd: rand.New(rand.NewPCG(1, 1)), v: 3, at: t0 + day}
		for range 29 {
			var rs []wire.Reading
			for range 86_400 {
				at, v := w.next(1000)
				rs = append(rs, wire.Reading{Device: "d1", Property: "p", At: at, Value: v})
			}
			commit(b, d, plain(rs...))
		}
		seal(b, d)
		b.StartTimer()
		rollup(b, d, w.at+2*day)
		b.StopTimer()
		b.ReportMetric(float64(fileSize(b, d.months.rollup("2026-11")))/(29*86_400), "bytes/reading")
		shut(b, d)
		b.StartTimer()
	}
	b.ReportMetric(29*86_400*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
