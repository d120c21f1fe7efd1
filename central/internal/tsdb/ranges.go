package tsdb

import (
	"slices"

	"github.com/fengsui/fengsui/shared/wire"
)

// ranges are the committed sequence numbers of one lane: sorted, neither overlapping nor touching.
type ranges []wire.Range

// covers reports whether every number of r is in the set.
func (s ranges) covers(r wire.Range) bool {
	i := s.find(r[0])
	return i < len(s) && s[i][0] <= r[0] && r[1] <= s[i][1]
}

// find returns the first range that ends at or after n.
func (s ranges) find(n uint64) int {
	i, _ := slices.BinarySearchFunc(s, n, func(r wire.Range, n uint64) int {
		if r[1] < n {
			return -1
		}
		return 1
	})
	return i
}

// add returns a new set with r merged in, and the range that r became part of.
func (s ranges) add(r wire.Range) (ranges, wire.Range) {
	from := r[0]
	if from > 0 {
		from-- // a neighbour that ends right before r touches it
	}
	i := s.find(from)
	j := i
	for j < len(s) && s[j][0] <= r[1]+1 {
		r[0], r[1] = min(r[0], s[j][0]), max(r[1], s[j][1])
		j++
	}
	out := make(ranges, 0, len(s)-(j-i)+1)
	out = append(out, s[:i]...)
	out = append(out, r)
	return append(out, s[j:]...), r
}
