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

	sound      codecs.Codec // of the first that was added; another is left out
	rate       int64
	tones      []*pmp4.Sample
	soundTicks int64
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
		some, err := pictures(r, part, clock)
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
		p.list = append(p.list, &pmp4.Sample{Duration: one.ticks, PTSOffset: one.shift, IsNonSyncSample: !one.key, PayloadSize: one.size, GetPayload: func() ([]byte, error) { return one.read(r) }})
		p.ticks += int64(one.ticks)
		p.bytes += int64(one.size)
	}
	last := list[len(list)-1]
	return span(list[0].at), span(last.at + int64(last.ticks)), nil
}

// AddSound appends what a file of sound has within from ≤ t < to, which are those of the film that stands at a moment of
// the file. What is missing of it stays silent.
func (p *Pack) AddSound(r io.ReaderAt, f Film, from, to, at time.Duration) error {
	if p.sound == nil {
		p.sound, p.rate = f.sound, f.rate
	}
	if p.rate != f.rate {
		return nil
	}
	ticks := func(d time.Duration) int64 { return int64(d.Seconds() * float64(p.rate)) }
	move := ticks(at) - ticks(from)
	for _, part := range f.Parts {
		if part.Time+part.Duration <= from || part.Time >= to {
			continue
		}
		some, err := pictures(r, part, f.rate)
		if err != nil {
			return err
		}
		for _, one := range some {
			if one.at < ticks(from) || one.at >= ticks(to) {
				continue
			}
			p.hush(one.at + move)
			p.tone(int64(one.ticks), one.size, func() ([]byte, error) { return one.read(r) })
		}
	}
	return nil
}

// tone appends one.
func (p *Pack) tone(ticks int64, size uint32, read func() ([]byte, error)) {
	p.tones = append(p.tones, &pmp4.Sample{Duration: uint32(ticks), PayloadSize: size, GetPayload: read}) //nolint:gosec // at most a second
	p.soundTicks += ticks
	p.bytes += int64(size)
}

// hush is silent up to a tick of the file.
func (p *Pack) hush(to int64) {
	t := tone{name: "opus", rate: p.rate}
	if p.rate == alawRate {
		t.name = "flac"
	}
	for piece := p.rate / 50; to-p.soundTicks >= piece; {
		text := t.silence(p.soundTicks)
		p.tone(piece, uint32(len(text)), func() ([]byte, error) { return text, nil }) //nolint:gosec // a few bytes
	}
	if n := len(p.tones); n > 0 && to > p.soundTicks {
		p.tones[n-1].Duration += uint32(to - p.soundTicks) //nolint:gosec // less than 20 ms
		p.soundTicks = to
	}
}

// Sounds reports whether there is sound in it.
func (p *Pack) Sounds() bool { return len(p.tones) > 0 }

// Write writes the file. It has at least one picture.
func (p *Pack) Write(w io.Writer) error {
	file := pmp4.Presentation{Tracks: []*pmp4.Track{{ID: 1, TimeScale: clock, Codec: &codecs.H264{SPS: p.f.SPS, PPS: p.f.PPS}, Samples: p.list}}}
	if p.Sounds() {
		file.Tracks = append(file.Tracks, &pmp4.Track{ID: 2, TimeScale: uint32(p.rate), Codec: p.sound, Samples: p.tones}) //nolint:gosec // one of two
	}
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

func (one picture) read(r io.ReaderAt) ([]byte, error) {
	text := make([]byte, one.size)
	if _, err := r.ReadAt(text, one.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read film: %w", err)
	}
	return text, nil
}

// pictures lists those of a part that Read found.
func pictures(r io.ReaderAt, p Part, rate int64) ([]picture, error) {
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
	if _, err := (&Part{}).moof(text, rate); err != nil {
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
