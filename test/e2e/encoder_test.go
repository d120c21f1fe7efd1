package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

// A car has no RTSP camera: its picture comes from a program, and an exhibition's from a file.
func TestCamerasOfTheTerminalItselfAreSeen(t *testing.T) {
	ffmpeg := testserver.Program(t, "ffmpeg")
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	clip := filepath.Join(root, "test", "clips", "sluice.h264")
	small := filepath.Join(root, "test", "clips", "sluice-small.h264")
	p := harness.Build(t)
	field := harness.StartField(t, p, station)
	c := harness.StartCentre(t, p, harness.CentreOptions{})
	e := harness.NewEdge(t, c, field, "edge-car", c.TLS)
	text, err := os.ReadFile(e.Config)
	if err != nil {
		t.Fatal(err)
	}
	pid := filepath.Join(t.TempDir(), "pid")
	more := fmt.Sprintf(`  - {id: car-cam, rtsp: "local:"}
  - {id: show-cam, rtsp: "local:"}
encoders:
  - camera: car-cam
    kbps: [800, 400]
    command: [sh, -c, 'echo $$ >"$1"; exec "$2" -nostdin -v error -re -f h264 -framerate 20 -i "$3" -c copy -f h264 -', "{kbps}", %q, %q, %q]
    sub: {command: [%q, -nostdin, -v, error, -re, -f, h264, -framerate, "20", -i, %q, -c, copy, -f, h264, -]}
  - {camera: show-cam, file: %q, fps: 20, sub: {file: %q}}
`, pid, ffmpeg, clip, ffmpeg, small, clip, small)
	if err := os.WriteFile(e.Config, append(text, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	c.EnrolEdge(t, e.ID, e.Config)
	e.Start(t)
	for _, camera := range []string{"car-cam", "show-cam"} {
		harness.WaitFor(t, soon, "the camera is known and idle", func() error {
			device, err := c.Admin.Device(camera)
			return errors.Join(err, want(device.State, "online"))
		})
	}
	if _, err := os.Stat(pid); err == nil {
		t.Error("the program runs while nobody watches")
	}
	v, show := c.Admin.Watch(t, "car-cam"), c.Admin.Watch(t, "show-cam")
	flowing(t, v, 40)
	flowing(t, show, 40)
	number, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	// The smaller picture comes from a program, or a file, of its own, and the large one ends meanwhile.
	if err := errors.Join(v.Choose("sub", true), show.Choose("sub", true)); err != nil {
		t.Fatal(err)
	}
	gets(t, v, "sub")
	gets(t, show, "sub")
	flowing(t, v, 20)
	flowing(t, show, 20)
	v.Close()
	harness.WaitFor(t, soon, "the program is gone when nobody watches", func() error {
		var n int
		if _, err := fmt.Sscan(string(number), &n); err != nil {
			return err
		}
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", n)); err == nil {
			return errors.New("it runs")
		}
		return nil
	})
	flowing(t, show, 20)
}
