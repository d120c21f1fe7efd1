package telemetry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// BenchmarkCommitSensors takes messages of simple sensors with one reading each, in groups of 1,000,
// through store, latest values, rules and events.
func BenchmarkCommitSensors(b *testing.B) {
	d := &desk{t: b, dir: b.TempDir()}
	d.start(water())
	defer d.kill()
	if err := d.ts.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	in := make([]telemetry.Incoming, 1000)
	for i := range in {
		in[i] = telemetry.Incoming{Edge: "s", Batch: &wire.Batch{Readings: []wire.Reading{{Device: fmt.Sprint("dev-", i%500), Property: "water_level"}}}}
	}
	at := time.Now().UnixMilli()
	b.ResetTimer()
	for range b.N {
		for i := range in {
			at++
			in[i].ReceivedAt = wire.Time(at)
			in[i].Batch.Readings[0].At, in[i].Batch.Readings[0].Value = at, float64(at%500)/100
		}
		if _, err := d.Commit(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*len(in))/b.Elapsed().Seconds(), "readings/s")
	if err := d.ts.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}
