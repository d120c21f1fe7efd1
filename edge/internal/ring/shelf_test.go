package ring

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// What was recorded of a camera that is recorded no more goes when it is too old, and nothing else.
func TestOfACameraThatIsRecordedNoMoreNothingIsKeptForEver(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"cam-1/1-1.mp4": 3 * time.Hour, "gone/1-1.mp4": 3 * time.Hour, "gone-too/2-1.mp4": 3 * time.Hour, "gone-too/3-1.mp4": time.Minute} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte("film"), 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	r := &Ring{o: Options{Dir: dir, Keep: time.Hour}, reels: map[string]*reel{"cam-1": {}}}
	r.sweep(now)
	left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "cam-1", "1-1.mp4"), filepath.Join(dir, "gone-too", "3-1.mp4")}; !slices.Equal(left, want) {
		t.Errorf("left are %v", left)
	}
	if _, err := os.Stat(filepath.Join(dir, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}
