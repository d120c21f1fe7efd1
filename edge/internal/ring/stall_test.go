package ring

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// stalled is a reel on a disk that takes nothing until it is well.
type stalled struct {
	*reel
	once    sync.Once
	reached chan struct{}
	well    chan struct{}
}

func (s *stalled) Open(f film.Segment) (io.WriteCloser, error) {
	s.once.Do(func() { close(s.reached) })
	<-s.well
	return s.reel.Open(f)
}

// mouth is sound without an end, which somebody else listens to as well.
type mouth struct {
	given atomic.Int64
	often chan struct{} // closed after more packets than wait for a disk
}

func (m *mouth) Run(ctx context.Context, fn func(camera.Sound)) {
	for n := uint32(0); ctx.Err() == nil; n++ {
		fn(camera.Sound{Codec: camera.PCMA, Time: 160 * n, Payload: make([]byte, 160)})
		if m.given.Add(1) == 2*waits {
			close(m.often)
		}
	}
}

// Who gives a ring pictures and sound never waits for its disk: others watch and listen live to the same.
func TestADiskThatStallsHoldsNobodyUp(t *testing.T) {
	mic := &mouth{often: make(chan struct{})}
	cam, dir := cameratest.Start(t, ""), t.TempDir()
	picture := camera.New(camera.Options{ID: "cam-1", URL: cam.URL})
	r := New(Options{
		Log: slog.New(slog.DiscardHandler), Dir: dir, Quota: 1 << 30, Keep: time.Hour, Now: time.Now, URL: "http://127.0.0.1:1", Client: http.DefaultClient,
		Cameras: []Camera{{ID: "cam-1", Picture: picture, Sound: mic}}, Free: func() (int64, error) { return 1 << 40, nil }, Spare: func() int64 { return 0 },
		Rate: func() int64 { return 1 << 20 }, Level: func() wire.BudgetLevel { return wire.BudgetNormal }, Changed: func() {},
	})
	one := r.reels["cam-1"]
	disk := &stalled{reel: one, reached: make(chan struct{}), well: make(chan struct{})}
	one.writer = film.NewWriter(disk)
	mend := sync.OnceFunc(func() { close(disk.well) })
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { mend(); cancel(); wg.Wait() })
	wg.Go(func() { r.Run(ctx) })
	late := time.After(20 * time.Second)
	select {
	case <-disk.reached:
	case <-late:
		t.Fatal("no picture was to be written")
	}
	var live atomic.Int64
	t.Cleanup(picture.Read(nil, func(camera.Frame) { live.Add(1) }))
	for tick := time.NewTicker(10 * time.Millisecond); live.Load() < 20; { // who watches the same is not held up
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d pictures go to who watches while the disk takes nothing", live.Load())
		}
	}
	select {
	case <-mic.often:
	case <-late:
		t.Fatalf("%d packets are taken while the disk takes nothing", mic.given.Load())
	}
	mend()
	for {
		if list, err := filepath.Glob(filepath.Join(dir, "cam-1", "*.sound.mp4")); err != nil || len(list) > 0 {
			return
		}
		select {
		case <-late:
			t.Fatal("no sound is recorded once the disk is well")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
