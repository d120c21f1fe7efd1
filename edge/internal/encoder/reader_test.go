package encoder

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// stream is units with start codes of both lengths.
func stream(units ...[]byte) []byte {
	var out []byte
	for i, u := range units {
		if i%2 == 0 {
			out = append(out, 0)
		}
		out = append(append(out, 0, 0, 1), u...)
	}
	return out
}

var (
	aud    = []byte{9, 0xf0}
	sps    = []byte{0x67, 0x42, 0, 0x1f, 1, 1}
	pps    = []byte{0x68, 0xce, 1}
	key    = []byte{0x65, 0x88, 1, 0, 2}
	first  = []byte{0x41, 0x9a, 1}
	second = []byte{0x41, 0x12, 7} // another part of the same picture
)

func pictures(t *testing.T, in io.Reader) (out [][][]byte, err error) {
	t.Helper()
	for r := newReader(in); ; {
		p, err := r.picture()
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
}

func TestReaderPutsUnitsTogetherToPictures(t *testing.T) {
	text := append([]byte("said before"), stream(aud, sps, pps, key, second, first, second, aud, first, sps, pps, key)...)
	for name, in := range map[string]io.Reader{
		"at once": bytes.NewReader(text), "byte by byte": iotest.OneByteReader(bytes.NewReader(text)),
		"with the end": iotest.DataErrReader(bytes.NewReader(append(text, 0, 0))),
	} {
		got, err := pictures(t, in)
		if !errors.Is(err, io.EOF) {
			t.Fatalf("%s: %v", name, err)
		}
		want := [][][]byte{{aud, sps, pps, key, second}, {first, second}, {aud, first}, {sps, pps, key}}
		if !slices.EqualFunc(got, want, func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }) {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

func TestReaderGivesUpOnWhatIsNoPicture(t *testing.T) {
	for name, in := range map[string]io.Reader{
		"no start codes": bytes.NewReader(make([]byte, 3*maxUnit)),
		"text":           bytes.NewReader(bytes.Repeat([]byte("frame \x01"), maxUnit)),
		"endless unit":   io.MultiReader(bytes.NewReader(stream(key)), bytes.NewReader(bytes.Repeat([]byte{7, 1}, maxUnit))),
		"endless units":  bytes.NewReader(bytes.Repeat(stream(second), 2*maxUnits)),
	} {
		if _, err := pictures(t, in); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	if _, err := pictures(t, io.MultiReader(bytes.NewReader(stream(key)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(stream(aud, sps, pps, key, second, first))
	f.Add([]byte{0, 0, 1})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 1, 0x65})
	f.Add([]byte("ffmpeg: no such device\n"))
	f.Add(append(stream(key), 0, 0))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, err := pictures(t, bytes.NewReader(text))
		if err == nil {
			t.Fatal("never ends")
		}
		size := 0
		for _, p := range whole {
			if len(p) == 0 || !slices.ContainsFunc(p, coded) {
				t.Fatalf("a picture of %x", p)
			}
			for _, u := range p {
				if size += len(u); len(u) == 0 || bytes.Contains(u, []byte{0, 0, 1}) {
					t.Fatalf("a unit of %x", u)
				}
			}
		}
		if size > len(text) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
		parts, partsErr := pictures(t, iotest.OneByteReader(bytes.NewReader(text)))
		if len(parts) != len(whole) || (partsErr == nil) != (err == nil) {
			t.Fatalf("byte by byte %d pictures, %d at once", len(parts), len(whole))
		}
	})
}
