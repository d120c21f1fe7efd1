package outbox

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// TestTimesAfterColdStartsAreTrueOrBoundedAndUncertain runs terminals through random starts, with clocks
// that are set at once, later or never, and compares with the true times, which the values are.
func TestTimesAfterColdStartsAreTrueOrBoundedAndUncertain(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := open(t, Options{})
		truth, lives := int64(1_795_000_000_000), 2+r.IntN(5)
		for life := range lives {
			boot := string(rune('a' + life))
			truth += r.Int64N(3_600_000) // the machine was off
			wrong := truth - r.Int64N(1_000_000_000_000)
			if r.IntN(3) == 0 {
				wrong = truth + r.Int64N(100_000_000)
			}
			began, behind := truth, truth-wrong // a clock that is not set counts on from a wrong beginning
			set := r.IntN(3)                    // 0: at once, 1: after a while, 2: never
			if life == lives-1 {
				set = r.IntN(2)
			}
			synced := set == 0
			take := func() {
				for range 1 + r.IntN(4) {
					rs := make([]wire.Reading, 1+r.IntN(5))
					for i := range rs {
						truth += 1 + r.Int64N(10_000)
						rs[i] = wire.Reading{Device: "d", Property: "p", At: truth, Value: float64(truth)}
						if !synced {
							rs[i].At, rs[i].Quality = wrong+truth-began, wire.Uncertain
						}
					}
					if err := b.Append(t.Context(), Batch{Boot: boot, Synced: synced, Entries: []Entry{{Lane: wire.LaneTelemetry, Readings: rs}}}); err != nil {
						t.Fatal(err)
					}
				}
			}
			take()
			if set != 2 {
				if !synced {
					if err := b.Rebase(t.Context(), boot, time.Duration(behind)*time.Millisecond); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.Bound(t.Context(), boot); err != nil {
					t.Fatal(err)
				}
				synced = true
				take()
			}
		}
		last, number := int64(0), uint64(0)
		for _, block := range held(t, b, wire.LaneTelemetry) {
			if block.SeqFrom != number+1 {
				t.Fatalf("seed %d: number %d follows %d", seed, block.SeqFrom, number)
			}
			number = block.SeqTo
			for _, reading := range block.Readings {
				switch certain := reading.Quality == wire.Good; {
				case certain != block.Synced:
					t.Fatalf("seed %d: quality %d in a block whose clock was set: %v", seed, reading.Quality, block.Synced)
				case certain && reading.At != int64(reading.Value):
					t.Fatalf("seed %d: time is wrong by %d ms", seed, reading.At-int64(reading.Value))
				case certain && reading.At < last:
					t.Fatalf("seed %d: a certain reading lies %d ms before an earlier one", seed, last-reading.At)
				case reading.At > truth:
					t.Fatalf("seed %d: a reading lies %d ms in the future", seed, reading.At-truth)
				}
				last = reading.At
			}
		}
	}
}
