package film

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"
)

func TestPackIsAnOrdinaryFileOfTheSpan(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 25*70, sets1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	one, two := bytes.NewReader(r.files[0].Bytes()), bytes.NewReader(r.files[1].Bytes())
	a, b := read(t, r.files[0].Bytes()), read(t, r.files[1].Bytes())
	p := NewPack(a)
	from, to, err := p.Add(one, a, 51*time.Second, 60*time.Second)
	if err != nil || from != 50*time.Second || to != 60*time.Second { // key frames stand every two seconds
		t.Fatalf("%s to %s, %v", from, to, err)
	}
	if from, to, err = p.Add(two, b, 0, 3*time.Second); err != nil || from != 0 || to != 3*time.Second {
		t.Fatalf("%s to %s, %v", from, to, err)
	}
	if from, to, err = p.Add(two, b, time.Hour, 2*time.Hour); err != nil || from != 8*time.Second || to != b.Duration {
		t.Fatalf("beyond its end: %s to %s, %v", from, to, err)
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	var got pmp4.Presentation
	if err := got.Unmarshal(bytes.NewReader(out.Bytes())); err != nil {
		t.Fatal(err)
	}
	list := got.Tracks[0].Samples
	if len(list) != 25*15 || p.Duration() != 15*time.Second {
		t.Fatalf("%d pictures of %s", len(list), p.Duration())
	}
	total := int64(0)
	for i, s := range list {
		text, err := s.GetPayload()
		if err != nil {
			t.Fatal(err)
		}
		n := 25*50 + i // pictures follow each other up to the third piece
		if i >= 25*13 {
			n = 25*68 + i - 25*13
		}
		if s.IsNonSyncSample == (n%50 == 0) || s.Duration != 3600 || text[len(text)-1] != byte(n) {
			t.Fatalf("picture %d: key %t, %d ticks, ends with %d", i, !s.IsNonSyncSample, s.Duration, text[len(text)-1])
		}
		total += int64(s.PayloadSize)
	}
	if total != p.Bytes() {
		t.Errorf("told %d bytes, has %d", p.Bytes(), total)
	}
}

func TestPackSaysWhenAFileBecameAnother(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 100, sets1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := r.files[0].Bytes()
	f := read(t, text)
	if _, _, err := NewPack(f).Add(bytes.NewReader(make([]byte, len(text))), f, 0, time.Second); !errors.Is(err, ErrFilm) {
		t.Error(err)
	}
	if _, _, err := NewPack(f).Add(bytes.NewReader(text[:f.Head]), f, 0, time.Second); err == nil {
		t.Error("a file that was cut is packed")
	}
}
