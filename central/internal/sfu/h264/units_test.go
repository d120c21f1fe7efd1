package h264

import (
	"bytes"
	"testing"
)

var (
	aSPS = []byte{0x67, 0x42, 0xc0, 0x1f, 0x8c}
	aPPS = []byte{0x68, 0xce, 0x3c, 0x80}
)

// key is the payloads of a key frame in two fragments, with its sets.
func key() [][]byte {
	return [][]byte{Join(aSPS, aPPS), {0x7c, 0x85, 1, 2, 3}, {0x7c, 0x45, 4, 5}}
}

func feed(a *Assembler, at uint32, payloads ...[]byte) (out []Picture) {
	for i, p := range payloads {
		if got, ok := a.Push(p, at, i == len(payloads)-1); ok {
			out = append(out, got)
		}
	}
	return out
}

func TestPicturesAreMadeWholeAgain(t *testing.T) {
	var a Assembler
	got := feed(&a, 10, key()...)
	if len(got) != 1 || !got[0].Key || !got[0].SPS || len(got[0].Units) != 3 || !bytes.Equal(got[0].Units[2], []byte{0x65, 1, 2, 3, 4, 5}) {
		t.Fatalf("got %+v", got)
	}
	if got := feed(&a, 20, []byte{0x41, 9}); len(got) != 1 || got[0].Key || got[0].Time != 20 {
		t.Errorf("got %+v", got)
	}
	// The camera repeats its sets beside those of the router.
	if got := feed(&a, 30, append([][]byte{Join(aSPS, aPPS)}, aSPS, aPPS, []byte{0x65, 1})...); len(got) != 1 || len(got[0].Units) > 4 {
		t.Errorf("got %+v", got)
	}
}

func TestLossDropsUpToTheNextKeyFrame(t *testing.T) {
	var a Assembler
	feed(&a, 10, key()...)
	a.Lost()
	if got := feed(&a, 20, []byte{0x41, 9}); len(got) != 0 {
		t.Errorf("a picture whose reference is lost was taken: %+v", got)
	}
	if got := feed(&a, 30, key()...); len(got) != 1 {
		t.Errorf("the key frame after the loss: %+v", got)
	}
	a.Push(key()[1], 40, false)
	a.Lost()
	if got := feed(&a, 40, key()[2]); len(got) != 0 {
		t.Errorf("half a picture was taken: %+v", got)
	}
}

func TestMissingMarkerEndsWithTheNextPicture(t *testing.T) {
	var a Assembler
	for _, p := range key() {
		if _, ok := a.Push(p, 10, false); ok {
			t.Fatal("ended too early")
		}
	}
	if got, ok := a.Push([]byte{0x41, 9}, 20, true); !ok || got.Time != 10 || !got.Key {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got, ok := a.Push([]byte{0x41, 8}, 30, true); !ok || got.Time != 20 {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func FuzzAssembler(f *testing.F) {
	for _, p := range key() {
		f.Add(p, p, true)
	}
	f.Add([]byte{0x78, 0, 9, 1}, []byte{0x7c, 0x05}, false)
	f.Add([]byte{0x1f}, []byte{}, true)
	f.Fuzz(func(t *testing.T, one, two []byte, marker bool) {
		var a Assembler
		for i, p := range [][]byte{one, two, one} {
			if got, ok := a.Push(p, uint32(i/2), marker); ok {
				for _, u := range got.Units {
					if len(u) == 0 || len(u) > len(one)+len(one)+len(two) {
						t.Errorf("a unit of %d bytes", len(u))
					}
				}
			}
		}
	})
}
