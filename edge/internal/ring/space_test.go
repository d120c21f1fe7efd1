package ring_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/shared/wire"
)

// The disk is for what is measured first: the ring gives room back, says when it has none, and goes on when there is some
// again.
func TestTheRingLeavesRoomForWhatMattersMore(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	var free atomic.Int64
	free.Store(1 << 30)
	f := startOn(t, t.TempDir(), c.URL, cam, 1<<20, func() (int64, error) { return free.Load(), nil })
	eventually(t, "two seconds are recorded", func() bool { return f.holds(2 * time.Second) })
	free.Store(0)
	cam.Cut() // ends the file; the next one needs room
	eventually(t, "it says that the disk is full", func() bool {
		s := f.States()[0]
		return s.Full && s.Error != ""
	})
	if list := files(t, f.dir); len(list) != 1 { // that it went would not help
		t.Errorf("it keeps %v", list)
	}
	free.Store(1 << 30)
	eventually(t, "it goes on", func() bool { s := f.States()[0]; return s.Error == "" && !s.Full && len(files(t, f.dir)) == 2 })
}

func TestADiskThatCannotBeLookedAtIsNotWrittenTo(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	f := startOn(t, t.TempDir(), c.URL, cam, 1<<20, func() (int64, error) { return 0, errDisk })
	eventually(t, "it says why", func() bool { return strings.Contains(f.States()[0].Error, errDisk.Error()) })
	if list := files(t, f.dir); len(list) != 0 {
		t.Errorf("it writes %v", list)
	}
}

// A disk that others fill again and again takes the oldest minutes, not all of them.
func TestADiskThatIsSlightlyTooFullTakesTheOldestOnly(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	dir := t.TempDir()
	var low atomic.Int64 // bytes that are missing from what is to stay free, whatever goes
	size := func() (n int64) {
		list, err := filepath.Glob(filepath.Join(dir, "cam-1", "*"))
		if err != nil {
			t.Error(err)
		}
		for _, path := range list {
			if info, err := os.Stat(path); err == nil {
				n += info.Size()
			}
		}
		return n
	}
	const disk, spare = 1 << 30, 1 << 20
	f := startOn(t, dir, c.URL, cam, spare, func() (int64, error) { return disk - low.Load() - size(), nil })
	for n := 1; n <= 3; n++ {
		eventually(t, "a film is recorded", func() bool { s := f.States()[0]; return len(files(t, dir)) == n && s.Bytes > 0 && s.To-s.From > 500 })
		cam.Cut()
		eventually(t, "it is closed", func() bool {
			return len(slices.DeleteFunc(files(t, dir), func(path string) bool { return !closed(path) })) >= n
		})
	}
	eventually(t, "the next has begun", func() bool { return len(files(t, dir)) == 4 })
	oldest := files(t, dir)[0]
	low.Store(disk - spare - size() - 1000) // there is room for a thousand bytes
	cam.Cut()
	eventually(t, "the oldest is gone", func() bool { _, err := os.Stat(oldest); return errors.Is(err, fs.ErrNotExist) })
	if s := f.States()[0]; s.Bytes == 0 || s.Full {
		t.Errorf("all is gone: %+v", s)
	}
}

// What the terminal measures does not depend on a disk that takes no recordings.
func TestARingWithoutAFolderSaysSoAndBeginsOnceThereIsOne(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	dir := filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := start(t, dir, c.URL, 1<<30, wire.BudgetNormal, cam)
	eventually(t, "it says that there is none", func() bool { return f.States()[0].Error != "" })
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it records", func() bool { s := f.States()[0]; return s.Bytes > 0 && s.Error == "" })
}
