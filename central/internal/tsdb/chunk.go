package tsdb

import (
	"encoding/binary"
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

	// The first byte says what follows: one zstd frame with its checksum, in it a column of shared/wire
	// and, since 2, when each reading came.
	chunkCodecOld = 1
	chunkCodec    = 2
)

// errChunk is returned for a chunk that cannot be read.
var errChunk = errors.New("chunk is damaged")

// summary is what is known of a chunk without reading it. A mean counts as the readings it stands for. Min, Max, Sum and Last are of its usable
// readings only: good and uncertain ones; LastAt is the
// time of the last of them. First and last arrival are zero when they were not kept.
type summary struct {
	T0, T1         int64
	Points         int64
	Usable         int64
	Good           int64
	Min, Max, Last float64
	Sum            float64
	LastAt         int64
	R0, R1         int64
}

func summarise(points []point) summary {
	var s summary
	if len(points) == 0 {
		return s
	}
	s.T0, s.T1 = points[0].at, points[len(points)-1].at
	for _, p := range points {
		s.Points += p.n()
		if p.received != 0 {
			if s.R0 == 0 {
				s.R0 = p.received
			}
			s.R0, s.R1 = min(s.R0, p.received), max(s.R1, p.received)
		}
		c := p.class()
		if c > uncertain {
			continue
		}
		if s.Usable == 0 {
			s.Min, s.Max = p.value, p.value
		}
		s.Min, s.Max, s.Last = min(s.Min, p.value), max(s.Max, p.value), p.value
		s.LastAt = p.at
		s.Sum += p.value * float64(p.n())
		s.Usable += p.n()
		if c == good {
			s.Good += p.n()
		}
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

// buffer is what encode works with; it is reused between calls.
type buffer struct {
	points []wire.Point
	plain  []byte
}

// encode writes a chunk.
func (c *codec) encode(points []point, b *buffer) []byte {
	b.points = b.points[:0]
	for _, p := range points {
		b.points = append(b.points, wire.Point{At: p.at, Value: p.value, Quality: p.quality, Count: p.count})
	}
	b.plain = wire.AppendColumn(b.plain[:0], b.points)
	// Arrivals, in runs of readings that came together: length, change of the time.
	var last int64
	for i := 0; i < len(points); {
		n := 1
		for i+n < len(points) && points[i+n].received == points[i].received {
			n++
		}
		b.plain = binary.AppendUvarint(b.plain, uint64(n))
		b.plain = binary.AppendVarint(b.plain, points[i].received-last)
		last = points[i].received
		i += n
	}
	return c.enc.EncodeAll(b.plain, []byte{chunkCodec})
}

// decode reads a chunk. The points must be sorted, each time once; anything else is damage.
func (c *codec) decode(body []byte) ([]point, error) {
	if len(body) == 0 || (body[0] != chunkCodec && body[0] != chunkCodecOld) {
		return nil, errChunk
	}
	plain, err := c.dec.DecodeAll(body[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errChunk, err)
	}
	column, rest, err := wire.ReadColumn(plain, math.MaxInt32)
	if err != nil {
		return nil, errChunk
	}
	out := make([]point, len(column))
	for i, p := range column {
		if i > 0 && p.At <= column[i-1].At {
			return nil, errChunk
		}
		out[i] = point{at: p.At, value: p.Value, quality: p.Quality, count: p.Count}
	}
	if body[0] == chunkCodec {
		rest, err = readArrivals(out, rest)
	}
	if err != nil || len(rest) > 0 {
		return nil, errChunk
	}
	return out, nil
}

func readArrivals(points []point, rest []byte) ([]byte, error) {
	var at int64
	for i := 0; i < len(points); {
		n, w := binary.Uvarint(rest)
		if w <= 0 || n == 0 || n > uint64(len(points)-i) {
			return nil, errChunk
		}
		d, v := binary.Varint(rest[w:])
		if v <= 0 {
			return nil, errChunk
		}
		rest, at = rest[w+v:], at+d
		for end := i + int(n); i < end; i++ {
			points[i].received = at
		}
	}
	return rest, nil
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

// monthSpan is the time of a month, the end not included.
func monthSpan(name string) (from, to int64) {
	t, err := time.Parse("2006-01", name)
	if err != nil {
		return 0, 0 // openAll takes no such name
	}
	return t.UnixMilli(), t.AddDate(0, 1, 0).UnixMilli()
}
