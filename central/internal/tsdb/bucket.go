package tsdb

import (
	"fmt"
	"math"

	"github.com/fengsui/fengsui/shared/wire"
)

// stat sums up readings of one class.
type stat struct {
	count          int64
	min, max, last float64
	sum            float64
	lastAt         int64
}

func (s *stat) add(p point) {
	if s.count == 0 {
		s.min, s.max = p.value, p.value
	}
	s.min, s.max = min(s.min, p.value), max(s.max, p.value)
	s.sum += p.value * float64(p.n())
	first := s.count == 0
	s.count += p.n()
	if first || p.at >= s.lastAt {
		s.last, s.lastAt = p.value, p.at
	}
}

func (s *stat) merge(o stat) {
	switch {
	case o.count == 0:
		return
	case s.count == 0:
		*s = o
		return
	}
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
	s.sum += o.sum
	s.count += o.count
	if o.lastAt >= s.lastAt {
		s.last, s.lastAt = o.last, o.lastAt
	}
}

// mean is finite, also when the sum of huge values is not.
func (s *stat) mean() float64 {
	mean := s.sum / float64(s.count)
	if math.IsInf(mean, 0) || math.IsNaN(mean) {
		return s.min/2 + s.max/2
	}
	return mean
}

// rolled is what one bucket of a roll-up holds, by class. Of void readings only the count is known.
type rolled struct {
	at    int64
	stats [classes]stat
}

func (b *rolled) add(p point) {
	c := p.class()
	if c == void {
		b.stats[void].count += p.n()
		return
	}
	b.stats[c].add(p)
}

func (b *rolled) merge(o *rolled) {
	for c := range void {
		b.stats[c].merge(o.stats[c])
	}
	b.stats[void].count += o.stats[void].count
}

func (b *rolled) points() (n int64) {
	for _, s := range b.stats {
		n += s.count
	}
	return n
}

// roll makes the buckets of one width from sorted readings.
func roll(points []point, width int64) []rolled {
	var out []rolled
	for _, p := range points {
		at := floorDiv(p.at, width) * width
		if n := len(out); n == 0 || out[n-1].at != at {
			out = append(out, rolled{at: at})
		}
		out[len(out)-1].add(p)
	}
	return out
}

// widen makes wider buckets from narrower ones.
func widen(narrow []rolled, width int64) []rolled {
	var out []rolled
	for i := range narrow {
		at := floorDiv(narrow[i].at, width) * width
		if n := len(out); n == 0 || out[n-1].at != at {
			out = append(out, rolled{at: at})
		}
		out[len(out)-1].merge(&narrow[i])
	}
	return out
}

// rollCodec is the first byte of the buckets of one day: one zstd frame with its checksum. In it, for good,
// uncertain and bad, four columns of shared/wire: times of the buckets with minima, times of the newest
// readings with these, counts with maxima, zeros with sums; then one of times with counts of void readings.
const rollCodec = 1

func (c *codec) encodeRolled(buckets []rolled, b *buffer) []byte {
	b.plain = b.plain[:0]
	column := func(of class, field func(*rolled) (int64, float64)) {
		b.points = b.points[:0]
		for i := range buckets {
			if buckets[i].stats[of].count > 0 {
				at, value := field(&buckets[i])
				b.points = append(b.points, wire.Point{At: at, Value: value})
			}
		}
		b.plain = wire.AppendColumn(b.plain, b.points)
	}
	for k := range void {
		column(k, func(r *rolled) (int64, float64) { return r.at, r.stats[k].min })
		column(k, func(r *rolled) (int64, float64) { return r.stats[k].lastAt, r.stats[k].last })
		column(k, func(r *rolled) (int64, float64) { return r.stats[k].count, r.stats[k].max })
		column(k, func(r *rolled) (int64, float64) { return 0, tidy(r.stats[k].sum) })
	}
	column(void, func(r *rolled) (int64, float64) { return r.at, float64(r.stats[void].count) })
	return c.enc.EncodeAll(b.plain, []byte{rollCodec})
}

// tidy takes the noise of binary fractions from a sum of decimals, so that it compresses like its parts.
func tidy(sum float64) float64 {
	r := math.Round(sum*1e6) / 1e6
	if math.Abs(r-sum) <= 1e-11*math.Abs(sum) {
		return r
	}
	return sum
}

func (c *codec) decodeRolled(body []byte) ([]rolled, error) {
	if len(body) == 0 || body[0] != rollCodec {
		return nil, errChunk
	}
	rest, err := c.dec.DecodeAll(body[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errChunk, err)
	}
	var out []rolled
	for k := range void {
		var parts [4][]wire.Point
		for i := range parts {
			if parts[i], rest, err = wire.ReadColumn(rest, math.MaxInt32); err != nil || len(parts[i]) != len(parts[0]) {
				return nil, errChunk
			}
		}
		var list []rolled
		for i, low := range parts[0] {
			r := rolled{at: low.At}
			r.stats[k] = stat{
				count: parts[2][i].At, min: low.Value, max: parts[2][i].Value, last: parts[1][i].Value, lastAt: parts[1][i].At, sum: parts[3][i].Value,
			}
			list = append(list, r)
		}
		if out, err = joinRolled(out, list); err != nil {
			return nil, err
		}
	}
	voids, rest, err := wire.ReadColumn(rest, math.MaxInt32)
	if err != nil || len(rest) > 0 {
		return nil, errChunk
	}
	list := make([]rolled, len(voids))
	for i, v := range voids {
		list[i].at, list[i].stats[void].count = v.At, int64(v.Value)
	}
	return joinRolled(out, list)
}

// joinRolled joins two lists of buckets, each sorted.
func joinRolled(a, b []rolled) ([]rolled, error) {
	for i := 1; i < len(b); i++ {
		if b[i].at <= b[i-1].at {
			return nil, errChunk
		}
	}
	switch {
	case len(b) == 0:
		return a, nil
	case len(a) == 0:
		return b, nil
	}
	out := make([]rolled, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].at < b[0].at:
			out, a = append(out, a[0]), a[1:]
		case a[0].at > b[0].at:
			out, b = append(out, b[0]), b[1:]
		default:
			a[0].merge(&b[0])
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...), nil
}
