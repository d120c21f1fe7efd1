package tsdb

import (
	"cmp"
	"slices"
	"sort"

	"github.com/fengsui/fengsui/shared/wire"
)

// maxRuns bounds how many runs a lookup has to search.
const maxRuns = 8

// runs are the unsealed readings of one series: several sorted runs without a common time. Live data
// extends one run, each stretch of backlog another; so neither moves the other's readings.
type runs [][]point

// has reports whether a time is stored.
func (r runs) has(at int64) bool {
	for _, run := range r {
		last := run[len(run)-1].at
		if at == last {
			return true
		}
		if at > last || at < run[0].at {
			continue
		}
		i := sort.Search(len(run), func(i int) bool { return run[i].at >= at })
		if i < len(run) && run[i].at == at {
			return true
		}
	}
	return false
}

// add stores sorted readings whose times are new.
func (r runs) add(points []wire.Point, received int64) runs {
	if len(points) == 0 {
		return r
	}
	// The run that ends last before the first reading, so that runs stay few.
	best := -1
	for i, run := range r {
		if run[len(run)-1].at < points[0].At && (best < 0 || run[len(run)-1].at > r[best][len(r[best])-1].at) {
			best = i
		}
	}
	if best < 0 {
		r = append(r, appendPoints(nil, points, received))
	} else {
		r[best] = appendPoints(r[best], points, received)
	}
	if len(r) > maxRuns {
		r = r.compact()
	}
	return r
}

// compact merges the shorter half of the runs into one, which keeps the work per reading logarithmic.
func (r runs) compact() runs {
	slices.SortFunc(r, func(a, b []point) int { return cmp.Compare(len(b), len(a)) })
	half := len(r) / 2
	merged := r[half]
	for _, run := range r[half+1:] {
		merged = mergePoints(merged, run)
	}
	clear(r[half+1:])
	r[half] = merged
	return r[:half+1]
}

// sorted joins all runs.
func (r runs) sorted() []point {
	var out []point
	for _, run := range r {
		out = mergePoints(out, run)
	}
	return out
}

// between returns the first readings with from ≤ time < to, sorted, at most limit of them.
func (r runs) between(from, to int64, limit int) []point {
	var out []point
	for _, run := range r {
		i := sort.Search(len(run), func(i int) bool { return run[i].at >= from })
		j := sort.Search(len(run), func(j int) bool { return run[j].at >= to })
		out = mergePoints(out, run[i:i+min(j-i, limit)])
	}
	return out[:min(len(out), limit)]
}

// head holds the unsealed readings of all series.
type head struct {
	series map[int64]runs
	points int64
}

func newHead() *head { return &head{series: map[int64]runs{}} }

func (h *head) add(id int64, points []wire.Point, received int64) {
	h.series[id] = h.series[id].add(points, received)
	h.points += int64(len(points))
}
