package film

import (
	"bytes"
	"testing"
	"time"
)

func TestCutIsTheSpanFromItsKeyFrameAndTheSameEachTime(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	write(t, w, 0, 25*50, sets1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := r.files[0].Bytes()
	whole := read(t, text)
	for _, c := range []struct{ from, to, a, b time.Duration }{
		{15 * time.Second, 18 * time.Second, 14 * time.Second, 18 * time.Second}, // key frames come every two seconds
		{20 * time.Second, 20*time.Second + 300*time.Millisecond, 20 * time.Second, 21 * time.Second},
		{-time.Minute, time.Second, 0, time.Second},
		{48500 * time.Millisecond, time.Hour, 48 * time.Second, 50 * time.Second},
		{time.Second, time.Second, 0, 0},
	} {
		var out, again bytes.Buffer
		a, b, err := whole.Cut(&out, bytes.NewReader(text), c.from, c.to)
		if err != nil || a != c.a || b != c.b {
			t.Errorf("%s to %s: %s to %s, %v", c.from, c.to, a, b, err)
		}
		if a == b {
			continue
		}
		f := read(t, out.Bytes())
		if f.Duration != b-a || !f.Parts[0].Key || f.Parts[0].Time != 0 || !f.Same(whole) {
			t.Errorf("%s to %s: has %+v", c.from, c.to, f)
		}
		if _, _, err := whole.Cut(&again, bytes.NewReader(text), c.from, c.to); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Errorf("%s to %s: other bytes the second time, %v", c.from, c.to, err)
		}
	}
}

// Where key frames come at no whole second, a part begins with each all the same: what is cut begins there.
func TestPartsBeginWithKeyFrames(t *testing.T) {
	r := &reel{}
	w := NewWriter(r)
	for n := range 25 * 20 {
		f := frame(n, sets1)
		f.Key = n%35 == 0
		f.Units = [][]byte{{0x41, 1, 2}}
		if f.Key {
			f.Units = append(append([][]byte{}, sets1...), []byte{0x65, 1, 2})
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, p := range read(t, r.files[0].Bytes()).Parts {
		if p.Key {
			keys++
		}
	}
	if keys != 15 {
		t.Errorf("%d parts begin with a key frame, there are 15", keys)
	}
}

// A ring sends the sound of what it cuts out: it stands where it stood beside the pictures, to the packet.
func TestCutSoundKeepsItsPlaceBesideThePictures(t *testing.T) {
	h := &hall{}
	w := NewWriter(h)
	record(t, w, 0, 25*50, never, func(at time.Time, k int) *Sound {
		s := phone(at, k)
		s.Data = beep(k >= 50*16 && k < 50*17) // the seventeenth second
		return s
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := h.sounds[0].Bytes()
	whole := readSound(t, text)
	for _, c := range []struct{ from, to time.Duration }{{15 * time.Second, 18 * time.Second}, {14620 * time.Millisecond, 30 * time.Second}, {0, time.Hour}} {
		var out, again bytes.Buffer
		n, err := whole.CutSound(&out, bytes.NewReader(text), c.from, c.to)
		if err != nil || n != int64(out.Len()) {
			t.Fatalf("%d of %d bytes, %v", n, out.Len(), err)
		}
		got := readSound(t, out.Bytes())
		if want := min(c.to, whole.Duration) - c.from; (got.Duration - want).Abs() > 25*time.Millisecond {
			t.Errorf("%s to %s lasts %s", c.from, c.to, got.Duration)
		}
		if at := loudAt(t, got, out.Bytes()); (at - 16*time.Second + c.from).Abs() > 25*time.Millisecond {
			t.Errorf("%s to %s: the tone begins at %s", c.from, c.to, at)
		}
		if _, err := whole.CutSound(&again, bytes.NewReader(text), c.from, c.to); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Errorf("%s to %s: other bytes the second time, %v", c.from, c.to, err)
		}
	}
	if n, err := whole.CutSound(&bytes.Buffer{}, bytes.NewReader(text), time.Hour, 2*time.Hour); n != 0 || err != nil {
		t.Errorf("of nothing %d bytes, %v", n, err)
	}
}

// loudAt is where the first packet stands that holds something else than the first.
func loudAt(t *testing.T, f Film, text []byte) time.Duration {
	t.Helper()
	var quiet []byte
	for _, p := range f.Parts {
		list, err := pictures(bytes.NewReader(text), p, f.rate)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			held, err := one.read(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			held = held[len(held)-100 : len(held)-2] // without its number and its checksum
			if quiet == nil {
				quiet = held
			}
			if !bytes.Equal(held, quiet) {
				return time.Duration(one.at) * time.Second / time.Duration(f.rate)
			}
		}
	}
	return time.Hour
}
