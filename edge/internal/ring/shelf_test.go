package ring

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
)

// What a disk that stalls does not take is dropped up to the next key frame, and that it was of a new connection is not
// lost with it.
func TestAShelfThatIsFullDropsUpToTheNextKeyFrame(t *testing.T) {
	s := newShelf(time.Now)
	unit := make([]byte, shelfBytes/4)
	for i := range 10 {
		s.put(camera.Frame{Key: i == 0, First: i == 5, Time: uint32(i), Units: [][]byte{unit}})
	}
	if len(s.frames) != 4 {
		t.Fatalf("%d wait", len(s.frames))
	}
	for range 4 {
		s.taken(<-s.frames)
	}
	s.put(camera.Frame{Time: 10, Units: [][]byte{unit}})
	s.put(camera.Frame{Key: true, Time: 11, Units: [][]byte{unit}})
	s.put(camera.Frame{Time: 12, Units: [][]byte{unit}})
	if len(s.frames) != 2 {
		t.Fatalf("%d wait afterwards", len(s.frames))
	}
	if f := <-s.frames; !f.Key || !f.First || f.Time != 11 {
		t.Errorf("it goes on with %+v", f)
	}
	if f := <-s.frames; f.First || f.Time != 12 {
		t.Errorf("then comes %+v", f)
	}
}
