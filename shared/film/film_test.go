package film

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

var (
	sets1 = [][]byte{{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0x90, 0x0f, 0x08, 0x84, 0x6a}, {0x68, 0xce, 0x3c, 0x80}}
	sets2 = [][]byte{{0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20}, {0x68, 0xcb, 0x83, 0xcb, 0x20}}
	noon  = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
)

// reel is a Sink in memory.
type reel struct {
	files []*bytes.Buffer
	ended []Segment
	fail  error
}

type file struct {
	*bytes.Buffer
	r *reel
}

func (f file) Write(p []byte) (int, error) {
	if f.r.fail != nil {
		return 0, f.r.fail
	}
	return f.Buffer.Write(p)
}
func (file) Close() error { return nil }

func (r *reel) Open(Segment) (io.WriteCloser, error) {
	b := &bytes.Buffer{}
	r.files = append(r.files, b)
	return file{b, r}, nil
}
func (*reel) Grown(Segment)     {}
func (r *reel) Ended(s Segment) { r.ended = append(r.ended, s) }

// frame is picture n of 25 a second, with a key frame every two seconds.
func frame(n int, sets [][]byte) Frame {
	f := Frame{Time: uint32(n*3600) - 9000, At: noon.Add(time.Duration(n) * 40 * time.Millisecond), Units: [][]byte{append([]byte{0x41}, bytes.Repeat([]byte{byte(n)}, 50)...)}}
	if n%50 == 0 {
		f.Key = true
		f.Units = append(append([][]byte{}, sets...), append([]byte{0x65}, bytes.Repeat([]byte{byte(n)}, 400)...))
	}
	return f
}

func write(t *testing.T, w *Writer, from, to int, sets [][]byte) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := w.Write(frame(n, sets)); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, text []byte) Film {
	t.Helper()
	f, err := Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSegmentsJoinAndBeginWithAKeyFrame(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 3, 25*150, sets1) // begins in the middle of a group of pictures
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(r.ended) != 3 {
		t.Fatalf("%d segments", len(r.ended))
	}
	for i, s := range r.ended {
		f := read(t, r.files[i].Bytes())
		if f.Duration != s.Duration || f.Size != s.Bytes || f.Size != int64(r.files[i].Len()) || f.Codec != "avc1.42c01f" || s.Codec != f.Codec {
			t.Errorf("segment %d: told %+v, has %v %d bytes %s", i, s, f.Duration, f.Size, f.Codec)
		}
		if i > 0 && !s.Start.Equal(r.ended[i-1].End()) {
			t.Errorf("segment %d begins at %s, the one before ends at %s", i, s.Start, r.ended[i-1].End())
		}
		for _, p := range f.Parts {
			if p.Duration > partLength+50*time.Millisecond {
				t.Errorf("a part of %s", p.Duration)
			}
		}
	}
	if got := r.ended[0].Start; !got.Equal(noon.Add(2 * time.Second)) {
		t.Errorf("begins at %s", got)
	}
	if d := r.ended[2].End().Sub(noon); d != 150*time.Second {
		t.Errorf("ends after %s", d)
	}
}

func TestNewResolutionAndAJumpBeginASegment(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 100, sets1)
	write(t, w, 100, 200, sets2) // another resolution
	back := frame(150, sets2)
	back.Time -= 90000 * 60
	back.At = noon.Add(20 * time.Second)
	if err := errors.Join(w.Write(back), w.Close()); err != nil {
		t.Fatal(err)
	}
	if len(r.ended) != 3 || r.ended[0].Codec == r.ended[1].Codec || r.ended[0].Duration != 4*time.Second {
		t.Fatalf("%+v", r.ended)
	}
	if w, h := r.ended[1].Width, r.ended[1].Height; w != 1920 || h != 1080 {
		t.Errorf("%d × %d", w, h)
	}
	if !r.ended[2].Start.Equal(back.At) {
		t.Errorf("after the jump it begins at %s", r.ended[2].Start)
	}
	if f, g := read(t, r.files[0].Bytes()), read(t, r.files[1].Bytes()); f.Same(g) || !f.Same(f) {
		t.Error("two resolutions are decoded alike")
	}
}

// What a terminal that comes back has shown since its last key frame comes a millisecond apart, and is of before.
func TestPicturesOfBeforeAreTheLeadOfASegment(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	ticks := uint32(0)
	for n := range 100 {
		f := frame(n, sets1)
		f.Key, f.Time = n == 0, ticks
		if n > 0 {
			f.Units = f.Units[len(f.Units)-1:]
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
		if ticks += 90; n >= 39 {
			ticks += 3510 // 25 a second
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(r.ended) != 1 || r.ended[0].Lead != 39*time.Millisecond || r.ended[0].Duration != 39*time.Millisecond+61*40*time.Millisecond {
		t.Errorf("got %+v", r.ended)
	}
	// A recording that ends with such pictures does not end a millisecond later.
	if err := errors.Join(w.Write(frame(0, sets1)), w.Close()); err != nil {
		t.Fatal(err)
	}
	if d := r.ended[1].Duration; d != 40*time.Millisecond || r.ended[1].Lead != 0 {
		t.Errorf("got %+v", r.ended[1])
	}
}

// A camera whose clock is set ahead, or that showed nothing for a while, stands where its pictures came, and the one
// before it does not last until then.
func TestAClockThatIsSetAheadMovesNothing(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 100, sets1)
	for n := 100; n < 150; n++ {
		f := frame(n, sets1)
		f.Time += 90000 * 3600
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(r.ended) != 2 || r.ended[0].Duration != 4*time.Second || r.ended[1].Duration != 2*time.Second {
		t.Fatalf("%+v", r.ended)
	}
	if got := r.ended[1].Start; !got.Equal(noon.Add(4 * time.Second)) {
		t.Errorf("after the jump it begins at %s", got)
	}
}

func TestFileCutAnywherePlaysUpToItsLastWholePart(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 200, sets1)
	text := r.files[0].Bytes()
	whole := read(t, text)
	if len(whole.Parts) < 6 {
		t.Fatalf("%d parts are written while it records", len(whole.Parts))
	}
	for n := int(whole.Head); n <= len(text); n += 7 {
		f := read(t, text[:n])
		if f.Size > int64(n) || int64(n)-f.Size > whole.Parts[0].Size {
			t.Fatalf("of %d bytes %d are whole", n, f.Size)
		}
	}
	if _, err := Read(bytes.NewReader(text), whole.Head-1); !errors.Is(err, ErrFilm) {
		t.Errorf("half a head: %v", err)
	}
}

func TestSilenceEndsASegmentSoThatNothingWaitsInMemory(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 10, sets1)
	if err := w.Tick(noon.Add(500 * time.Millisecond)); err != nil || len(r.ended) != 0 {
		t.Fatalf("%v, %d ended", err, len(r.ended))
	}
	if err := w.Tick(noon.Add(2 * time.Second)); err != nil || len(r.ended) != 1 || r.ended[0].Duration != 400*time.Millisecond {
		t.Fatalf("%v, %+v", err, r.ended)
	}
}

func TestDiskThatFailsEndsTheSegmentAndTheNextKeyFrameBeginsAnother(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 60, sets1)
	r.fail = errors.New("no space left")
	var err error
	n := 60
	for ; err == nil && n < 99; n++ {
		err = w.Write(frame(n, sets1))
	}
	if err == nil || w.Recording() || len(r.ended) != 1 {
		t.Fatalf("%v, %d ended", err, len(r.ended))
	}
	r.fail = nil
	write(t, w, n, 160, sets1)
	if err := w.Close(); err != nil || len(r.ended) != 2 {
		t.Fatalf("%v, %d ended", err, len(r.ended))
	}
	if f := read(t, r.files[0].Bytes()); f.Duration != r.ended[0].Duration {
		t.Errorf("has %s, told %s", f.Duration, r.ended[0].Duration)
	}
}

func TestSpliceMovesPartsInTime(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 25*70, sets1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, b := read(t, r.files[0].Bytes()), read(t, r.files[1].Bytes())
	var out bytes.Buffer
	s, err := NewSplice(&out, a)
	if err != nil {
		t.Fatal(err)
	}
	from := a.From(51 * time.Second)
	begin := a.Parts[from].Time
	if begin != 50*time.Second {
		t.Errorf("begins at %s", begin)
	}
	err = errors.Join(s.Add(bytes.NewReader(r.files[0].Bytes()), a.Parts[from:], -begin),
		s.Add(bytes.NewReader(r.files[1].Bytes()), b.Parts[:b.Until(3*time.Second)], r.ended[1].Start.Sub(r.ended[0].Start)-begin))
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, out.Bytes())
	if d := got.Duration - 13*time.Second; d.Abs() > 50*time.Millisecond || got.Parts[0].Time != 0 || !got.Same(a) {
		t.Errorf("lasts %s in %d parts from %s", got.Duration, len(got.Parts), got.Parts[0].Time)
	}
}

func TestStillIsAFilmOfOnePicture(t *testing.T) {
	text, err := Still(frame(50, sets1))
	if err != nil {
		t.Fatal(err)
	}
	if f := read(t, text); len(f.Parts) != 1 || !f.Parts[0].Key {
		t.Errorf("%+v", f)
	}
	if text, err := Still(frame(51, sets1)); err != nil || len(text) != 0 {
		t.Errorf("a picture that needs others: %d bytes, %v", len(text), err)
	}
}

func FuzzRead(f *testing.F) {
	r := &reel{}
	w := NewWriter(r)
	for n := range 60 {
		_ = w.Write(frame(n, sets1))
	}
	_ = w.Close()
	text := r.files[0].Bytes()
	f.Add(text)
	f.Add(text[:len(text)-9])
	f.Add(text[:700])
	f.Add([]byte("\x00\x00\x00\x08ftyp\x00\x00\x00\x08moov"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Read(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return
		}
		if got.Size > int64(len(text)) || got.Duration < 0 || got.Duration > maxSpan {
			t.Errorf("%+v of %d bytes", got, len(text))
		}
		s, err := NewSplice(io.Discard, got)
		if err == nil {
			err = s.Add(bytes.NewReader(text), got.Parts, time.Second)
		}
		if err != nil {
			t.Error(err)
		}
		if len(got.Parts) == 0 {
			return
		}
		p := NewPack(got)
		if _, _, err := p.Add(bytes.NewReader(text), got, got.Duration/2, got.Duration); err != nil {
			t.Error(err)
		}
		if err := p.Write(io.Discard); err != nil {
			t.Error(err)
		}
	})
}
