package ring_test

import (
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
		return s.Full && s.Error != "" && s.Bytes == 0
	})
	if list := files(t, f.dir); len(list) != 0 {
		t.Errorf("it keeps %v", list)
	}
	free.Store(1 << 30)
	eventually(t, "it goes on", func() bool { s := f.States()[0]; return s.Error == "" && !s.Full && s.Bytes > 0 })
}

func TestADiskThatCannotBeLookedAtIsNotWrittenTo(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	f := startOn(t, t.TempDir(), c.URL, cam, 1<<20, func() (int64, error) { return 0, errDisk })
	eventually(t, "it says why", func() bool { return strings.Contains(f.States()[0].Error, errDisk.Error()) })
	if list := files(t, f.dir); len(list) != 0 {
		t.Errorf("it writes %v", list)
	}
	if f.States()[0] == (wire.RingState{}) {
		t.Error("nothing is told")
	}
}
