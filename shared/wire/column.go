package wire

import (
	"encoding/binary"
	"errors"
	"math"
)

// Point is one value of a series that is known from the context.
type Point struct {
	At      int64 // Unix milliseconds
	Value   float64
	Quality Quality
}

// A column holds the points of one series:
//
//	count    uvarint
//	times    the first as varint, the step to the second as varint, then the change of the step
//	values   one byte e: 0–9 means every value × 10^e is a whole number, written as varint differences;
//	         255 means eight bytes each, little endian
//	quality  one byte: 0 all good; 1 one byte each
const (
	rawValues  = 255
	maxScale   = 9
	maxDecimal = 1 << 53
)

var powers = [maxScale + 1]float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// AppendColumn writes the points of one series.
func AppendColumn(out []byte, points []Point) []byte {
	out = binary.AppendUvarint(out, uint64(len(points)))
	if len(points) == 0 {
		return out
	}
	var last, step int64
	for i, p := range points {
		d := p.At - last
		if i < 2 {
			out = binary.AppendVarint(out, d)
		} else {
			out = binary.AppendVarint(out, d-step)
		}
		if i > 0 {
			step = d
		}
		last = p.At
	}
	out = appendValues(out, points)
	good := true
	for _, p := range points {
		good = good && p.Quality == Good
	}
	if good {
		return append(out, 0)
	}
	out = append(out, 1)
	for _, p := range points {
		out = append(out, byte(p.Quality))
	}
	return out
}

func appendValues(out []byte, points []Point) []byte {
	e := 0
	for _, p := range points {
		for e <= maxScale && !exact(p.Value, e) {
			e++
		}
		if e > maxScale {
			break
		}
	}
	// A value that fits at a small scale may not fit at a larger one (it grows past 2^53): check all.
	if e <= maxScale {
		for _, p := range points {
			if !exact(p.Value, e) {
				e = maxScale + 1
				break
			}
		}
	}
	if e > maxScale {
		out = append(out, rawValues)
		for _, p := range points {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p.Value))
		}
		return out
	}
	out = append(out, byte(e))
	var last int64
	for _, p := range points {
		v := int64(math.Round(p.Value * powers[e]))
		out = binary.AppendVarint(out, v-last)
		last = v
	}
	return out
}

// exact reports whether value × 10^e is a whole number that divides back to the very same bits.
func exact(value float64, e int) bool {
	scaled := math.Round(value * powers[e])
	return math.Abs(scaled) < maxDecimal && math.Float64bits(float64(int64(scaled))/powers[e]) == math.Float64bits(value)
}

// ReadColumn reads a column of at most limit points and returns what follows it.
func ReadColumn(data []byte, limit int) (points []Point, rest []byte, err error) {
	r := reader{buf: data}
	points = r.column(limit)
	if r.failed {
		return nil, nil, ErrColumn
	}
	return points, r.buf, nil
}

// ErrColumn is returned for a column that is cut short or too long.
var ErrColumn = errors.New("wire: column is malformed")

// reader takes values off a buffer; after a failure every result is zero and failed stays set.
type reader struct {
	buf    []byte
	failed bool
}

func (r *reader) fail() { r.failed, r.buf = true, nil }

func (r *reader) byte() byte {
	if len(r.buf) < 1 {
		r.fail()
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func (r *reader) uint64() uint64 {
	if len(r.buf) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.buf)
	r.buf = r.buf[8:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// count reads how many items follow. Each takes a byte at least, so more than the bytes left is a lie.
func (r *reader) count(limit int) int {
	v := r.uvarint()
	if limit < 0 || v > uint64(limit) || v > uint64(len(r.buf)) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) bytes(limit int) []byte {
	n := r.count(limit)
	if r.failed {
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) string(limit int) string { return string(r.bytes(limit)) }

func (r *reader) column(limit int) []Point {
	n := r.count(limit)
	if n == 0 {
		return nil
	}
	points := make([]Point, n)
	var last, step int64
	for i := range points {
		d := r.varint()
		if i >= 2 {
			d += step
		}
		last += d
		if i > 0 {
			step = d
		}
		points[i].At = last
	}
	e := r.byte()
	switch {
	case e == rawValues:
		for i := range points {
			points[i].Value = math.Float64frombits(r.uint64())
		}
	case e <= maxScale:
		var v int64
		for i := range points {
			v += r.varint()
			points[i].Value = float64(v) / powers[e]
		}
	default:
		r.fail()
	}
	switch r.byte() {
	case 0:
	case 1:
		for i := range points {
			points[i].Quality = Quality(r.byte())
		}
	default:
		r.fail()
	}
	if r.failed {
		return nil
	}
	return points
}
