package camera_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/shared/wire"
)

// reading collects what a camera hands over.
type reading struct {
	mu     sync.Mutex
	frames []camera.Frame
	states []error
	log    bytes.Buffer
}

func run(t *testing.T, o camera.Options) *reading {
	t.Helper()
	r := &reading{}
	o.ID = "cam-1"
	o.Log = slog.New(slog.NewTextHandler(&r.log, nil))
	c := camera.New(o)
	c.Watch(r.told)
	t.Cleanup(c.Read(nil, r.take))
	return r
}

func (r *reading) take(f camera.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, f)
}

func (r *reading) told(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states = append(r.states, err)
}

func (r *reading) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.frames)
}

func (r *reading) failed(want error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range r.states {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestFramesBeginWithAKeyFrameThatHasItsParameterSets(t *testing.T) {
	cam := cameratest.Start(t, "")
	r := run(t, camera.Options{URL: cam.URL})
	eventually(t, "60 frames", func() bool { return r.count() >= 60 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.frames[0]; !f.Key || !f.First {
		t.Errorf("first frame: key %v, first %v", f.Key, f.First)
	}
	keys := 0
	for i, f := range r.frames {
		if !f.Key {
			continue
		}
		keys++
		if len(f.Units) < 3 || f.Units[0][0]&0x1f != 7 || f.Units[1][0]&0x1f != 8 {
			t.Errorf("key frame %d has no parameter sets", i)
		}
	}
	if keys < 2 {
		t.Errorf("%d key frames", keys)
	}
}

func TestACameraWhosePictureDoesNotBeginIsAskedForAKeyFrame(t *testing.T) {
	cam := cameratest.Start(t, "")
	cam.Silence(true)
	r := run(t, camera.Options{URL: cam.URL, KeyFrame: func(context.Context) error {
		cam.Silence(false)
		return nil
	}})
	eventually(t, "frames", func() bool { return r.count() > 0 })
}

func TestBrokenConnectionIsMadeAgain(t *testing.T) {
	cam := cameratest.Start(t, "")
	r := run(t, camera.Options{URL: cam.URL})
	eventually(t, "frames", func() bool { return r.count() > 0 })
	cam.Cut()
	eventually(t, "second connection", func() bool { return cam.Opened() == 2 })
	before := r.count()
	eventually(t, "frames again", func() bool { return r.count() > before })
	if !r.failed(camera.ErrStalled) {
		t.Errorf("states %v", r.states)
	}
}

func TestLookShowsTracksAndTheFirstKeyFrame(t *testing.T) {
	cam := cameratest.Start(t, "")
	got := camera.New(camera.Options{ID: "cam-1", URL: cam.URL}).Look(t.Context())
	if got.Error != "" || len(got.Tracks) == 0 || got.Tracks[0] != "video H264" || got.KeyBytes == 0 {
		t.Errorf("got %+v", got)
	}
	cam.Silence(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if got := camera.New(camera.Options{ID: "cam-1", URL: cam.URL}).Look(ctx); got.Error == "" {
		t.Errorf("a silent camera: %+v", got)
	}
	if got := camera.New(camera.Options{ID: "cam-1", URL: "rtsp://127.0.0.1:1/x"}).Look(t.Context()); got.Error == "" {
		t.Errorf("no camera: %+v", got)
	}
}

func TestSilentCameraIsOpenedAgain(t *testing.T) {
	cam := cameratest.Start(t, "")
	r := run(t, camera.Options{URL: cam.URL})
	eventually(t, "frames", func() bool { return r.count() > 0 })
	cam.Silence(true)
	eventually(t, "stall is noticed", func() bool { return r.failed(camera.ErrStalled) })
	cam.Silence(false)
	before := r.count()
	eventually(t, "frames again", func() bool { return r.count() > before })
}

func TestFailuresAreNamed(t *testing.T) {
	cam := cameratest.Start(t, "s3cret-pass")
	h265 := cameratest.StartOther(t, &format.H265{PayloadTyp: 96})
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	right, wrong := write("right", "s3cret-pass\n"), write("wrong", "wr0ng-pass")
	for _, c := range []struct {
		name string
		o    camera.Options
		want error
		kind wire.CameraFault
	}{
		{"wrong password", camera.Options{URL: cam.URL, PasswordFile: wrong}, camera.ErrPassword, wire.CameraFault{Kind: "password"}},
		{"wrong path", camera.Options{URL: strings.Replace(cam.URL, "/main", "/none", 1), PasswordFile: right}, camera.ErrNoPicture, wire.CameraFault{Kind: "path"}},
		{"nobody there", camera.Options{URL: "rtsp://viewer@127.0.0.1:1/main", PasswordFile: right}, camera.ErrUnreachable, wire.CameraFault{Kind: "unreachable"}},
		{"H.265, as it left the factory", camera.Options{URL: h265.URL}, camera.ErrCodec, wire.CameraFault{Kind: "codec", Has: "H265"}},
	} {
		c.o.ID = "cam-1"
		err := camera.New(c.o).Probe(t.Context())
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if got := camera.FaultOf(err); got == nil || *got != c.kind {
			t.Errorf("%s: the desk is told %+v, want %+v", c.name, got, c.kind)
		}
		if strings.Contains(err.Error(), "pass ") || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: the password is shown: %v", c.name, err)
		}
	}
	r := run(t, camera.Options{URL: cam.URL, PasswordFile: right})
	eventually(t, "frames", func() bool { return r.count() > 0 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Contains(r.log.String(), "s3cret") {
		t.Errorf("the password is logged: %s", r.log.String())
	}
}

func TestBFramesAreRefused(t *testing.T) {
	cam := cameratest.Start(t, "")
	cam.Scatter()
	r := run(t, camera.Options{URL: cam.URL})
	eventually(t, "refusal", func() bool { return r.failed(camera.ErrBFrames) })
}

func TestAddressesAreChecked(t *testing.T) {
	for url, ok := range map[string]bool{
		"rtsp://10.0.0.2/main": true, "rtsps://u@10.0.0.2:322/main": true,
		"http://10.0.0.2/": false, "10.0.0.2": false, "": false, "rtsp://": false,
	} {
		o := camera.Options{ID: "c", URL: url}
		if err := o.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
