package tsdb

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestRangesMergeWithNeighbours(t *testing.T) {
	for _, c := range []struct {
		have ranges
		add  wire.Range
		want ranges
	}{
		{nil, wire.Range{0, 3}, ranges{{0, 3}}},
		{ranges{{1, 3}}, wire.Range{4, 5}, ranges{{1, 5}}},
		{ranges{{4, 5}}, wire.Range{0, 3}, ranges{{0, 5}}},
		{ranges{{1, 3}, {7, 9}}, wire.Range{5, 5}, ranges{{1, 3}, {5, 5}, {7, 9}}},
		{ranges{{1, 3}, {5, 5}, {7, 9}}, wire.Range{4, 6}, ranges{{1, 9}}},
		{ranges{{1, 3}, {5, 5}, {7, 9}}, wire.Range{2, 8}, ranges{{1, 9}}},
		{ranges{{5, 6}}, wire.Range{1, 2}, ranges{{1, 2}, {5, 6}}},
	} {
		before := append(ranges(nil), c.have...)
		got, _ := c.have.add(c.add)
		if !reflect.DeepEqual(got, c.want) || !reflect.DeepEqual(before, c.have) {
			t.Errorf("%v + %v = %v, want %v", c.have, c.add, got, c.want)
		}
	}
}

func TestRangesHoldExactlyWhatWasAdded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var s ranges
		have := map[uint64]bool{}
		for range 40 {
			from := r.Uint64N(120)
			to := from + r.Uint64N(6)
			s, _ = s.add(wire.Range{from, to})
			for n := from; n <= to; n++ {
				have[n] = true
			}
		}
		for n := range uint64(130) {
			if got := s.covers(wire.Range{n, n}); got != have[n] {
				t.Fatalf("%v covers %d: %v", s, n, got)
			}
			if got := s.covers(wire.Range{n, n + 1}); got != (have[n] && have[n+1]) {
				t.Fatalf("%v covers %d to %d: %v", s, n, n+1, got)
			}
		}
		for i := 1; i < len(s); i++ {
			if s[i][0] <= s[i-1][1]+1 {
				t.Fatalf("%v is not merged", s)
			}
		}
	}
}
