package outbox

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

// sums are what must be the same before and after.
type sums struct {
	count     int
	sum       float64
	low, high float64
	last      wire.Reading
}

func sumUp(readings []wire.Reading) sums {
	s := sums{low: math.Inf(1), high: math.Inf(-1)}
	for _, r := range readings {
		n := max(r.Count, 1)
		s.count += int(n)
		s.sum += r.Value * float64(n)
		s.low, s.high, s.last = min(s.low, r.Value), max(s.high, r.Value), r
	}
	return s
}

func TestThinningKeepsExtremesSumsAndCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var readings []wire.Reading
	for i := range 1800 {
		readings = append(readings, wire.Reading{Device: "d", Property: "p", At: int64(i) * 1000, Value: float64(random.IntN(2000)) / 100})
	}
	want := sumUp(readings)
	minutes := thinned(readings, 60_000)
	fives := thinned(minutes, 300_000)
	for name, list := range map[string][]wire.Reading{"minutes": minutes, "five minutes": fives} {
		got := sumUp(list)
		if got.count != want.count || math.Abs(got.sum-want.sum) > 30*0.005 || got.low != want.low || got.high != want.high || got.last != want.last {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		for i := range list[1:] {
			if list[i+1].At <= list[i].At {
				t.Errorf("%s: %d is not after %d", name, list[i+1].At, list[i].At)
			}
		}
	}
	if len(minutes) > 4*30 || len(fives) > 4*6 {
		t.Errorf("%d and %d are left", len(minutes), len(fives))
	}
}

func TestThinningIsAsGoodAsTheWorstAndDropsBadOnes(t *testing.T) {
	at := func(s int64, v float64, q wire.Quality) wire.Reading {
		return wire.Reading{Device: "d", Property: "p", At: s * 1000, Value: v, Quality: q}
	}
	got := thinned([]wire.Reading{
		at(0, 1, wire.Good), at(1, 9, wire.Good), at(2, 5, wire.Good), at(3, 6, wire.Uncertain), at(4, -999, wire.Bad), at(5, -999, wire.Bad),
		at(6, 4, wire.Good), at(7, math.NaN(), wire.Good),
	}, 60_000)
	if len(got) != 5 {
		t.Fatalf("got %+v", got)
	}
	if m := got[2]; m.Count != 2 || m.Value != 5.5 || m.Quality != wire.Uncertain || m.At != 3000 {
		t.Errorf("mean %+v", m)
	}
	if b := got[4]; !math.IsNaN(b.Value) {
		t.Errorf("last bad %+v", b)
	}
	equal := make([]wire.Reading, 60)
	for i := range equal {
		equal[i] = at(int64(i), 0.1, wire.Good)
	}
	if got := thinned(equal, 60_000); len(got) != 3 || sumUp(got).low != 0.1 || sumUp(got).high != 0.1 || sumUp(got).count != 60 {
		t.Errorf("equal readings: %+v", got)
	}
}
