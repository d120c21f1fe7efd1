package film

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// Bounds of what is read.
const (
	maxHead    = 64 << 10 // ftyp and moov
	maxMoof    = 1 << 20
	maxPart    = 64 << 20 // moof and mdat together
	maxParts   = 100_000
	maxSamples = 20_000 // of a part
	maxSpan    = 24 * time.Hour
)

// Part is one moof with its mdat.
type Part struct {
	Offset   int64 // in the file
	Size     int64
	Time     time.Duration // since the start of the segment
	Duration time.Duration
	Key      bool // it begins with a key frame
	tfdt     int  // where its base time stands, counted from Offset; 8 bytes
}

// Film is what a file holds.
type Film struct {
	Head     int64 // bytes of ftyp and moov
	Parts    []Part
	Size     int64 // bytes up to the end of the last whole part; the file may have more, torn off
	Duration time.Duration
	Codec    string
	Width    int
	Height   int
	SPS, PPS []byte

	rate  int64 // ticks of a second
	sound codecs.Codec
}

// ErrFilm is in the error for a file that is no film of this kind.
var ErrFilm = errors.New("not a film")

// Read finds the parts of a file. A torn end is left out; anything else that a Writer does not write is ErrFilm.
func Read(r io.ReaderAt, size int64) (Film, error) { return parse(r, size, sets) }

// ReadSound does the same for the file of the sound of a segment. Each of its parts counts as one with a key frame.
func ReadSound(r io.ReaderAt, size int64) (Film, error) { return parse(r, size, tones) }

func parse(r io.ReaderAt, size int64, codec func(*Film, []byte) error) (Film, error) {
	f := Film{}
	if err := f.head(r, size, codec); err != nil {
		return Film{}, err
	}
	for at := f.Head; at < size; {
		p, err := readPart(r, at, size, f.rate)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return Film{}, err
		}
		if p.Time < f.Duration || p.Time+p.Duration > maxSpan || len(f.Parts) == maxParts {
			return Film{}, fmt.Errorf("%w: its parts do not follow each other", ErrFilm)
		}
		f.Parts = append(f.Parts, p)
		f.Duration = p.Time + p.Duration
		at += p.Size
	}
	f.Size = f.Head
	if n := len(f.Parts); n > 0 {
		f.Size = f.Parts[n-1].Offset + f.Parts[n-1].Size
		if !f.Parts[0].Key {
			return Film{}, fmt.Errorf("%w: it does not begin with a key frame", ErrFilm)
		}
	}
	return f, nil
}

// box reads the head of a box: io.ErrUnexpectedEOF when the file ends before the box does.
func box(r io.ReaderAt, at, size, most int64) (kind string, length int64, err error) {
	var head [8]byte
	if size-at < 8 {
		return "", 0, io.ErrUnexpectedEOF
	}
	if _, err := r.ReadAt(head[:], at); err != nil {
		return "", 0, fmt.Errorf("read film: %w", err)
	}
	length = int64(binary.BigEndian.Uint32(head[:4]))
	kind = string(head[4:])
	if length < 8 || length > most {
		return kind, 0, fmt.Errorf("%w: a box of %d bytes", ErrFilm, length)
	}
	if at+length > size {
		return kind, 0, io.ErrUnexpectedEOF
	}
	return kind, length, nil
}

func (f *Film) head(r io.ReaderAt, size int64, codec func(*Film, []byte) error) error {
	for _, want := range []string{"ftyp", "moov"} {
		kind, n, err := box(r, f.Head, size, maxHead)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: it ends in its head", ErrFilm)
		}
		if err != nil {
			return err
		}
		if kind != want {
			return fmt.Errorf("%w: it has %q where %s is due", ErrFilm, kind, want)
		}
		f.Head += n
	}
	text := make([]byte, f.Head)
	if _, err := r.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read film: %w", err)
	}
	return codec(f, text)
}

// track reads what the one track of a head is.
func track(head []byte) (t *fmp4.InitTrack, err error) {
	// The library takes a whole language, and the file may be a stranger's.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: its head is not understood: %v", ErrFilm, r)
		}
	}()
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(head)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFilm, err)
	}
	if len(init.Tracks) != 1 {
		return nil, fmt.Errorf("%w: it has not one track", ErrFilm)
	}
	return init.Tracks[0], nil
}

// sets reads the parameter sets of pictures out of a head.
func sets(f *Film, head []byte) error {
	t, err := track(head)
	if err != nil {
		return err
	}
	codec, ok := t.Codec.(*codecs.H264)
	if !ok || len(codec.SPS) < 4 || len(codec.PPS) == 0 || t.TimeScale != clock {
		return fmt.Errorf("%w: its picture is not H.264 of %d ticks a second", ErrFilm, clock)
	}
	f.SPS, f.PPS, f.Codec, f.rate = codec.SPS, codec.PPS, codecOf(codec.SPS), clock
	var s h264.SPS
	if s.Unmarshal(f.SPS) == nil {
		f.Width, f.Height = s.Width(), s.Height()
	}
	return nil
}

// tones reads what the sound of a head is.
func tones(f *Film, head []byte) error {
	t, err := track(head)
	if err != nil {
		return err
	}
	switch c := t.Codec.(type) {
	case *codecs.Opus:
		f.Codec = "opus"
	case *codecs.FLAC:
		if c.StreamInfo == nil || c.StreamInfo.SampleRate != alawRate {
			return fmt.Errorf("%w: its sound is not of a Writer", ErrFilm)
		}
		f.Codec = "flac"
	default:
		return fmt.Errorf("%w: its sound is neither Opus nor FLAC", ErrFilm)
	}
	f.rate, f.sound = map[string]int64{"opus": 48000, "flac": alawRate}[f.Codec], t.Codec
	if int64(t.TimeScale) != f.rate {
		return fmt.Errorf("%w: its sound has %d ticks a second", ErrFilm, t.TimeScale)
	}
	return nil
}

func readPart(r io.ReaderAt, at, size, rate int64) (Part, error) {
	kind, n, err := box(r, at, size, maxMoof)
	if err != nil {
		return Part{}, err
	}
	if kind != "moof" {
		return Part{}, fmt.Errorf("%w: it has %q where moof is due", ErrFilm, kind)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, at); err != nil && !errors.Is(err, io.EOF) {
		return Part{}, fmt.Errorf("read film: %w", err)
	}
	p := Part{Offset: at}
	data, err := p.moof(text, rate)
	if err != nil {
		return Part{}, err
	}
	kind, m, err := box(r, at+n, size, maxPart)
	if err != nil {
		return Part{}, err
	}
	if kind != "mdat" || m-8 != data {
		return Part{}, fmt.Errorf("%w: a part has not the data that it announces", ErrFilm)
	}
	p.Size = n + m
	return p, nil
}

// moof reads times and sizes of a part; data is how many bytes of samples it announces.
func (p *Part) moof(text []byte, rate int64) (data int64, err error) {
	broken := fmt.Errorf("%w: a part is malformed", ErrFilm)
	traf, at := child(text, "traf")
	tfdt, tfdtAt := child(traf, "tfdt")
	trun, _ := child(traf, "trun")
	if len(tfdt) != 20 || tfdt[8] != 1 || len(trun) < 20 {
		return 0, broken
	}
	p.tfdt = at + tfdtAt + 12
	base := binary.BigEndian.Uint64(tfdt[12:])
	if base > uint64(maxSpan.Seconds())*uint64(rate) { //nolint:gosec // one of three
		return 0, broken
	}
	flags := binary.BigEndian.Uint32(trun[8:]) & 0xffffff
	count := int(binary.BigEndian.Uint32(trun[12:]))
	const need, known = 0x301, 0xf01
	if flags&need != need || flags&^known != 0 || count == 0 || count > maxSamples {
		return 0, broken
	}
	each := 8
	for _, bit := range []uint32{0x400, 0x800} {
		if flags&bit != 0 {
			each += 4
		}
	}
	entries := trun[20:]
	if len(entries) != count*each {
		return 0, broken
	}
	ticks := int64(0)
	p.Key = flags&0x400 == 0 || binary.BigEndian.Uint32(entries[8:])&(1<<16) == 0
	for i := range count {
		ticks += int64(binary.BigEndian.Uint32(entries[i*each:]))
		data += int64(binary.BigEndian.Uint32(entries[i*each+4:]))
	}
	p.Time = time.Duration(base) * time.Second / time.Duration(rate) //nolint:gosec // below a day
	if ticks > int64(maxSpan.Seconds())*rate {
		return 0, broken
	}
	p.Duration = time.Duration(ticks) * time.Second / time.Duration(rate)
	return data, nil
}

// child finds a box in another; it is nil when there is none.
func child(text []byte, kind string) (found []byte, at int) {
	for from := 8; from+8 <= len(text); {
		n := int(binary.BigEndian.Uint32(text[from:]))
		if n < 8 || n > len(text)-from {
			return nil, 0
		}
		if string(text[from+4:from+8]) == kind {
			return text[from : from+n], from
		}
		from += n
	}
	return nil, 0
}

// From is the index of the part at which a player begins to show a moment: the last key frame's at or before it.
func (f Film) From(at time.Duration) int {
	from := 0
	for i, p := range f.Parts {
		if p.Key && p.Time <= at {
			from = i
		}
	}
	return from
}

// Until is the index after the last part that shows something before a moment.
func (f Film) Until(at time.Duration) int {
	n := 0
	for _, p := range f.Parts {
		if p.Time < at {
			n++
		}
	}
	return n
}

// Same reports whether two films can stand in one file: their pictures are decoded alike.
func (f Film) Same(g Film) bool { return bytes.Equal(f.SPS, g.SPS) && bytes.Equal(f.PPS, g.PPS) }

// Splice makes one film of pieces of several.
type Splice struct {
	w      io.Writer
	number uint32
}

// NewSplice begins a film that is decoded like f.
func NewSplice(w io.Writer, f Film) (*Splice, error) {
	head, err := header(f.SPS, f.PPS)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("write film: %w", err)
	}
	return &Splice{w: w}, nil
}

// Add appends parts of a film, moved by so much in time. Those of one splice go forward in time.
func (s *Splice) Add(r io.ReaderAt, parts []Part, move time.Duration) error {
	for _, p := range parts {
		text := make([]byte, p.Size)
		if _, err := r.ReadAt(text, p.Offset); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read film: %w", err)
		}
		ticks := int64(binary.BigEndian.Uint64(text[p.tfdt:])) + int64(move*clock/time.Second) //nolint:gosec // below a day
		binary.BigEndian.PutUint64(text[p.tfdt:], uint64(max(0, ticks)))                       //nolint:gosec // not negative
		if mfhd, _ := child(text, "mfhd"); len(mfhd) == 16 {
			binary.BigEndian.PutUint32(mfhd[12:], s.number)
		}
		s.number++
		if _, err := s.w.Write(text); err != nil {
			return fmt.Errorf("write film: %w", err)
		}
	}
	return nil
}
