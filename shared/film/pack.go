package film

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"
)

// Pack makes one ordinary MP4, which any player shows and seeks in, of pieces of films whose pictures are decoded
// alike (Film.Same). Nothing is coded again. It holds the list of pictures in memory, not the pictures.
type Pack struct {
	f     Film
	list  []*pmp4.Sample
	ticks int64
	bytes int64
}

// NewPack begins an MP4 that is decoded like f.
func NewPack(f Film) *Pack { return &Pack{f: f} }

// Bytes is what its pictures take; the file is a little larger.
func (p *Pack) Bytes() int64 { return p.bytes }

// Duration is how long it plays.
func (p *Pack) Duration() time.Duration { return span(p.ticks) }

// Add appends what a film shows from the last key frame at or before from on, up to to, and says which span of
// the film that is; a is b when it is nothing. r is read now for the lists, and again by Write.
func (p *Pack) Add(r io.ReaderAt, f Film, from, to time.Duration) (a, b time.Duration, err error) {
	var list []picture
	begin := 0
	for _, part := range f.Parts[min(f.From(from), len(f.Parts)):] {
		if part.Time >= to {
			break
		}
		some, err := pictures(r, part)
		if err != nil {
			return 0, 0, err
		}
		for _, one := range some {
			if span(one.at) >= to && len(list) > 0 {
				break
			}
			if one.key && span(one.at) <= from {
				begin = len(list)
			}
			list = append(list, one)
		}
	}
	list = list[begin:]
	if len(list) == 0 {
		return 0, 0, nil
	}
	for _, one := range list {
		p.list = append(p.list, &pmp4.Sample{Duration: one.ticks, PTSOffset: one.shift, IsNonSyncSample: !one.key, PayloadSize: one.size, GetPayload: func() ([]byte, error) {
			text := make([]byte, one.size)
			if _, err := r.ReadAt(text, one.offset); err != nil && !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("read film: %w", err)
			}
			return text, nil
		}})
		p.ticks += int64(one.ticks)
		p.bytes += int64(one.size)
	}
	last := list[len(list)-1]
	return span(list[0].at), span(last.at + int64(last.ticks)), nil
}

// Write writes the file. It has at least one picture.
func (p *Pack) Write(w io.Writer) error {
	file := pmp4.Presentation{Tracks: []*pmp4.Track{{ID: 1, TimeScale: clock, Codec: &codecs.H264{SPS: p.f.SPS, PPS: p.f.PPS}, Samples: p.list}}}
	if err := file.Marshal(w); err != nil {
		return fmt.Errorf("write MP4: %w", err)
	}
	return nil
}

// picture is one coded picture of a file.
type picture struct {
	at     int64 // ticks since the start of the film
	ticks  uint32
	shift  int32
	offset int64
	size   uint32
	key    bool
}

// pictures lists those of a part that Read found.
func pictures(r io.ReaderAt, p Part) ([]picture, error) {
	var head [4]byte
	if _, err := r.ReadAt(head[:], p.Offset); err != nil {
		return nil, fmt.Errorf("read film: %w", err)
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > min(p.Size, maxMoof) {
		return nil, fmt.Errorf("%w: a part is malformed", ErrFilm)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, p.Offset); err != nil {
		return nil, fmt.Errorf("read film: %w", err)
	}
	// The file may have become another since it was read.
	if _, err := (&Part{}).moof(text); err != nil {
		return nil, err
	}
	traf, _ := child(text, "traf")
	tfdt, _ := child(traf, "tfdt")
	trun, _ := child(traf, "trun")
	flags := binary.BigEndian.Uint32(trun[8:])
	at, offset := int64(binary.BigEndian.Uint64(tfdt[12:])), p.Offset+n+8 //nolint:gosec // below a day
	out := make([]picture, 0, binary.BigEndian.Uint32(trun[12:]))
	for entry := trun[20:]; len(entry) >= 8; {
		one := picture{at: at, ticks: binary.BigEndian.Uint32(entry), size: binary.BigEndian.Uint32(entry[4:]), offset: offset, key: true}
		entry = entry[8:]
		if flags&0x400 != 0 {
			one.key = binary.BigEndian.Uint32(entry)&(1<<16) == 0
			entry = entry[4:]
		}
		if flags&0x800 != 0 {
			one.shift = int32(binary.BigEndian.Uint32(entry)) //nolint:gosec // signed by its definition
			entry = entry[4:]
		}
		out = append(out, one)
		at, offset = at+int64(one.ticks), offset+int64(one.size)
	}
	return out, nil
}
