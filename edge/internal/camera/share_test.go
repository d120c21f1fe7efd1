package camera_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
)

// A camera takes few sessions, so all who want its picture share one; who comes later has what there is since the last
// key frame, and it is closed when the last one has gone.
func TestAllWhoReadACameraShareOneSession(t *testing.T) {
	cam := cameratest.Start(t, "")
	c := camera.New(camera.Options{ID: "cam-1", URL: cam.URL, Log: slog.New(slog.DiscardHandler)})
	var mu sync.Mutex
	var first, second []camera.Frame
	stopFirst := c.Read(nil, func(f camera.Frame) {
		mu.Lock()
		defer mu.Unlock()
		first = append(first, f)
	})
	seen := func(of *[]camera.Frame) int { mu.Lock(); defer mu.Unlock(); return len(*of) }
	eventually(t, "pictures", func() bool { return seen(&first) > 3 })
	var past camera.GOP
	stopSecond := c.Read(func(g camera.GOP) { past = g }, func(f camera.Frame) {
		mu.Lock()
		defer mu.Unlock()
		second = append(second, f)
	})
	if len(past.Frames) == 0 || !past.Frames[0].Key {
		t.Fatalf("who comes later is given %d pictures", len(past.Frames))
	}
	eventually(t, "pictures for both", func() bool { return seen(&second) > 3 })
	mu.Lock()
	last := past.Frames[len(past.Frames)-1]
	if next := second[0]; !next.Key && next.Time != last.Time+7200 {
		t.Errorf("after the past up to %d comes %d", last.Time, next.Time)
	}
	mu.Unlock()
	if cam.Opened() != 1 || !c.IsOpen() {
		t.Errorf("opened %d times", cam.Opened())
	}
	stopFirst()
	stopFirst() // twice does no harm
	n, m := seen(&first), seen(&second)
	eventually(t, "pictures for who stayed", func() bool { return seen(&second) > m+3 })
	if got := seen(&first); got != n {
		t.Errorf("%d pictures after the end", got-n)
	}
	stopSecond()
	eventually(t, "the camera is closed", func() bool { return cam.Viewers() == 0 })
	if c.IsOpen() {
		t.Error("it says that it is open")
	}
	var again camera.GOP
	defer c.Read(func(g camera.GOP) { again = g }, func(camera.Frame) {})()
	if len(again.Frames) != 0 {
		t.Error("the past of before it was closed is given as the present")
	}
}

func TestThePastOfBeforeABreakIsNotGivenAsThePresent(t *testing.T) {
	cam := cameratest.Start(t, "")
	c := camera.New(camera.Options{ID: "cam-1", URL: cam.URL})
	lost := make(chan struct{})
	var once sync.Once
	c.Watch(func(err error) {
		if err != nil {
			once.Do(func() { close(lost) })
		}
	})
	var mu sync.Mutex
	n := 0
	t.Cleanup(c.Read(nil, func(camera.Frame) { mu.Lock(); defer mu.Unlock(); n++ }))
	eventually(t, "pictures", func() bool { mu.Lock(); defer mu.Unlock(); return n > 3 })
	cam.Silence(true)
	cam.Cut()
	<-lost
	var past camera.GOP
	t.Cleanup(c.Read(func(g camera.GOP) { past = g }, func(camera.Frame) {}))
	if len(past.Frames) != 0 {
		t.Errorf("%d pictures of before", len(past.Frames))
	}
}

// Sound goes to all who hear, as long as they do.
func TestAllHearTheSameSound(t *testing.T) {
	cam := cameratest.StartSound(t, "", law(false))
	c := camera.New(camera.Options{ID: "cam-1", URL: cam.URL, Sound: true})
	var mu sync.Mutex
	heard := [2]int{}
	hear := func(i int) func() {
		return c.Hear(func(camera.Sound) { mu.Lock(); defer mu.Unlock(); heard[i]++ })
	}
	count := func(i int) int { mu.Lock(); defer mu.Unlock(); return heard[i] }
	stop := hear(0)
	t.Cleanup(hear(1))
	t.Cleanup(c.Read(nil, func(camera.Frame) {}))
	eventually(t, "both hear", func() bool { return count(0) > 2 && count(1) > 2 })
	stop()
	n, m := count(0), count(1)
	eventually(t, "one goes on", func() bool { return count(1) > m+3 })
	if count(0) != n {
		t.Error("the other hears after the end")
	}
}

func TestAGOPThatIsTooLargeIsNotKept(t *testing.T) {
	var g camera.GOP
	g.Keep(camera.Frame{Key: true, Units: [][]byte{make([]byte, 3<<20)}})
	g.Keep(camera.Frame{Units: [][]byte{make([]byte, 2<<20)}})
	g.Keep(camera.Frame{Units: [][]byte{{1}}})
	if !g.Overfull || len(g.Frames) != 0 {
		t.Errorf("%d kept, overfull %v", len(g.Frames), g.Overfull)
	}
	g.Keep(camera.Frame{Key: true, Units: [][]byte{{1}}})
	if g.Overfull || len(g.Frames) != 1 {
		t.Errorf("%d kept after the next key frame, overfull %v", len(g.Frames), g.Overfull)
	}
}

// Somebody who looks at a camera that is open opens it no second time: some take one session only.
func TestALookAtACameraThatIsOpenSharesItsSession(t *testing.T) {
	cam := cameratest.StartSound(t, "", law(false))
	c := camera.New(camera.Options{ID: "cam-1", URL: cam.URL, Sound: true})
	t.Cleanup(c.Read(nil, func(camera.Frame) {}))
	eventually(t, "it is open", func() bool { return cam.Viewers() == 1 })
	if got := c.Look(t.Context()); got.Error != "" || got.KeyBytes == 0 {
		t.Errorf("%+v", got)
	}
	if n := cam.Opened(); n != 1 {
		t.Errorf("it was opened %d times", n)
	}
}

// Of a camera whose pictures since the key frame are too many to keep, another is asked for when somebody comes.
func TestWhoComesToACameraOfWhichTooMuchWouldBeKeptHasItAskedForAKeyFrame(t *testing.T) {
	asked := make(chan struct{}, 10)
	src := &endless{ready: make(chan struct{})}
	c := camera.New(camera.Options{ID: "cam-1", Source: src, KeyFrame: func(context.Context) error { asked <- struct{}{}; return nil }})
	t.Cleanup(c.Read(nil, func(camera.Frame) {}))
	<-src.ready
	t.Cleanup(c.Read(func(g camera.GOP) {
		if len(g.Frames) != 0 || !g.Overfull {
			t.Errorf("%d are given, overfull %v", len(g.Frames), g.Overfull)
		}
	}, func(camera.Frame) {}))
	<-asked
}

// endless is a source of one key frame and then more than is kept.
type endless struct{ ready chan struct{} }

func (*endless) Check() error          { return nil }
func (*endless) Adapts() bool          { return false }
func (*endless) Estimate(int, float64) {}

func (e *endless) Read(ctx context.Context, take func(units [][]byte, at uint32, now time.Time)) error {
	take([][]byte{{0x67, 0x42, 0xc0, 0x1f}, {0x68, 0xce}, {0x65, 1}}, 0, time.Now())
	take([][]byte{append([]byte{0x41}, make([]byte, 5<<20)...)}, 3600, time.Now())
	close(e.ready)
	<-ctx.Done()
	return ctx.Err()
}
