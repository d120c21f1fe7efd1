package tsdb

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/wire"
)

// A chunk is a run of readings of one series within one UTC day, sorted by time, each time once.
const (
	day         = int64(24 * time.Hour / time.Millisecond)
	chunkPoints = 4096 // a chunk is cut here
	chunkCodec  = 1    // first byte: a column of shared/wire in one zstd frame with its checksum
)

// errChunk is returned for a chunk that cannot be read.
var errChunk = errors.New("chunk is damaged")

// summary is what is known of a chunk without reading it. Min, Max, Sum and Last are of its usable
// readings only.
type summary struct {
	T0, T1         int64
	Points         int64
	Usable         int64
	Min, Max, Last float64
	Sum            float64
}

// usable reports whether a reading belongs into a chart.
func usable(p wire.Point) bool {
	return p.Quality < wire.Bad && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0)
}

func summarise(points []wire.Point) summary {
	s := summary{Points: int64(len(points))}
	if len(points) == 0 {
		return s
	}
	s.T0, s.T1 = points[0].At, points[len(points)-1].At
	for _, p := range points {
		if !usable(p) {
			continue
		}
		if s.Usable == 0 {
			s.Min, s.Max = p.Value, p.Value
		}
		s.Min, s.Max, s.Last = min(s.Min, p.Value), max(s.Max, p.Value), p.Value
		s.Sum += p.Value
		s.Usable++
	}
	return s
}

// codec compresses chunks. It may be used from several goroutines.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(4<<20))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &codec{enc: enc, dec: dec}, nil
}

func (c *codec) close() {
	_ = c.enc.Close() // nothing is buffered: only EncodeAll is used
	c.dec.Close()
}

// encode writes a chunk; scratch is reused between calls.
func (c *codec) encode(points []wire.Point, scratch []byte) (body, again []byte) {
	scratch = wire.AppendColumn(scratch[:0], points)
	return c.enc.EncodeAll(scratch, []byte{chunkCodec}), scratch
}

// decode reads a chunk. The points must be sorted, each time once; anything else is damage.
func (c *codec) decode(body []byte) ([]wire.Point, error) {
	if len(body) == 0 || body[0] != chunkCodec {
		return nil, errChunk
	}
	plain, err := c.dec.DecodeAll(body[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errChunk, err)
	}
	points, rest, err := wire.ReadColumn(plain, math.MaxInt32)
	if err != nil || len(rest) > 0 {
		return nil, errChunk
	}
	for i := 1; i < len(points); i++ {
		if points[i].At <= points[i-1].At {
			return nil, errChunk
		}
	}
	return points, nil
}

// mergePoints joins two sorted runs. Where both have a time, the reading of a stays: what was stored
// first is what was acknowledged.
func mergePoints(a, b []wire.Point) []wire.Point {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	out := make([]wire.Point, 0, len(a)+len(b))
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].At < b[j].At:
			out = append(out, a[i])
			i++
		case a[i].At > b[j].At:
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

// dayOf is the UTC day of a time, also before 1970.
func dayOf(at int64) int64 {
	d := at / day
	if at%day < 0 {
		d--
	}
	return d
}

// monthOf names the file a time belongs to.
func monthOf(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01") }
