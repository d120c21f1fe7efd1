package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Point is one value of a series that is known from the context.
type Point struct {
	At      int64 // Unix milliseconds
	Value   float64
	Quality Quality
	Count   uint32 // the value is the mean of so many readings, at most MaxRecords; 0: it is a reading itself
}

// A column holds the points of one series:
//
//	count    uvarint
//	times    the first as varint, the step to the second as varint, then the change of the step
//	values   one byte e: 0–9 means every value × 10^e is a whole number, written as varint differences;
//	         255 means eight bytes each, little endian
//	quality  one byte: bit 0: one byte each follows, else all are good; bit 1: means follow
//	means    one count each as uvarint, 0 for a reading itself; then the values of the means alone, in the
//	         form of values, where each of them has repeated the value before it
const (
	rawValues  = 255
	maxScale   = 9
	maxDecimal = 1 << 53

	flagQuality = 1
	flagMeans   = 2
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
	readings, means := part(points)
	out = appendValues(out, readings)
	var flags byte
	if slices.ContainsFunc(points, func(p Point) bool { return p.Quality != Good }) {
		flags |= flagQuality
	}
	if len(means) > 0 {
		flags |= flagMeans
	}
	out = append(out, flags)
	if flags&flagQuality != 0 {
		for _, p := range points {
			out = append(out, byte(p.Quality))
		}
	}
	if flags&flagMeans != 0 {
		for _, p := range points {
			out = binary.AppendUvarint(out, uint64(p.Count))
		}
		out = appendValues(out, means)
	}
	return out
}

// part takes the means out of points: they have more decimals than readings and would make all of them long.
func part(points []Point) (readings, means []Point) {
	if !slices.ContainsFunc(points, func(p Point) bool { return p.Count > 0 }) {
		return points, nil
	}
	last := 0.0
	for _, p := range points {
		if p.Count > 0 {
			means = append(means, p)
			p.Value = last
		}
		last = p.Value
		readings = append(readings, p)
	}
	return readings, means
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
	values := r.values(n)
	flags := r.byte()
	if r.failed || flags > flagQuality|flagMeans {
		r.fail()
		return nil
	}
	for i := range points {
		points[i].Value = values[i]
		if flags&flagQuality != 0 {
			points[i].Quality = Quality(r.byte())
		}
	}
	if flags&flagMeans != 0 {
		r.means(points)
	}
	if r.failed {
		return nil
	}
	return points
}

// values reads the values of n points.
func (r *reader) values(n int) []float64 {
	out := make([]float64, n)
	e := r.byte()
	switch {
	case e == rawValues:
		for i := range out {
			out[i] = math.Float64frombits(r.uint64())
		}
	case e <= maxScale:
		var v int64
		for i := range out {
			v += r.varint()
			out[i] = float64(v) / powers[e]
		}
	default:
		r.fail()
	}
	return out
}

func (r *reader) means(points []Point) {
	var at []int
	for i := range points {
		n := r.uvarint()
		if n > MaxRecords {
			r.fail()
			return
		}
		if points[i].Count = uint32(n); n > 0 {
			at = append(at, i)
		}
	}
	for k, v := range r.values(len(at)) {
		points[at[k]].Value = v
	}
}
