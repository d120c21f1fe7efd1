package tsdb

import (
	"math"
	"slices"
	"sort"

	"github.com/fengsui/fengsui/shared/wire"
)

// point is a stored reading of a series that is known from the context. Times are Unix milliseconds.
type point struct {
	at       int64
	value    float64
	received int64 // 0: stored before receive times were kept
	quality  wire.Quality
	count    uint32 // the value is the mean of so many readings; 0: it is one itself
}

// n is for how many readings it stands.
func (p point) n() int64 { return int64(max(p.count, 1)) }

// class is what a reading counts as in a chart.
type class int

const (
	good      class = iota
	uncertain       // stored as uncertain
	bad             // stored as bad
	void            // no finite number, whatever its quality
	classes
)

func (p point) class() class {
	if math.IsNaN(p.value) || math.IsInf(p.value, 0) {
		return void
	}
	return min(class(p.quality), bad)
}

// appendPoints adds readings that came at one time.
func appendPoints(out []point, points []wire.Point, received int64) []point {
	out = slices.Grow(out, len(points))
	for _, p := range points {
		out = append(out, point{at: p.At, value: p.Value, received: received, quality: p.Quality, count: p.Count})
	}
	return out
}

// mergePoints joins two sorted runs. Where both have a time, the reading of a stays: what was stored
// first is what was acknowledged.
func mergePoints(a, b []point) []point {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	out := make([]point, 0, len(a)+len(b))
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].at < b[j].at:
			out = append(out, a[i])
			i++
		case a[i].at > b[j].at:
			out = append(out, b[j])
			j++
		default:
			out = append(out, a[i])
			i++
			j++
		}
	}
	out = append(out, a[i:]...)
	return append(out, b[j:]...)
}

// until counts the first points before a time. Points are sorted.
func until(points []point, end int64) int {
	if n := len(points); n == 0 || points[n-1].at < end {
		return n
	}
	return sort.Search(len(points), func(i int) bool { return points[i].at >= end })
}

// sameMonth counts the first points that share a month. Points are sorted and not none.
func sameMonth(points []point) int {
	_, end := monthSpan(monthOf(points[0].at))
	return until(points, end)
}
