package recording

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
)

func TestTimeAndWatermarkStandInThePicture(t *testing.T) {
	ffmpeg, dir := testserver.Program(t, "ffmpeg"), t.TempDir()
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), ffmpeg, append([]string{"-nostdin", "-v", "error"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const wide, high = 640, 360
	run("-f", "lavfi", "-i", "color=black:size=640x360:rate=10:duration=3", "-c:v", "libx264", "-pix_fmt", "yuv420p", "plain.mp4")
	at := time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC)
	f := ClipFile{Name: "plain.mp4", Seconds: 3, Width: wide, Height: high, Stretches: []Stretch{{From: at, To: at.Add(2 * time.Second)}, {At: 2, From: at.Add(time.Hour), To: at.Add(time.Hour + time.Second)}}}
	told := 0.0
	err := Burner{Program: ffmpeg}.burn(t.Context(), dir, f, "time.mp4", "闸口 {西}", "南通 \\h 周岚", func(s float64) { told = s })
	if err != nil {
		t.Fatal(err)
	}
	if told < 2.5 {
		t.Errorf("told %.1f s of 3", told)
	}
	if _, err := os.Stat(filepath.Join(dir, overlayFile)); err == nil {
		t.Error("the script is left behind")
	}
	frames := run("-i", "time.mp4", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	if len(frames) != 30*wide*high {
		t.Fatalf("%d bytes of pictures", len(frames))
	}
	bright := func(n, x0, x1, y0, y1 int) (sum int) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				if frames[n*wide*high+y*wide+x] > 120 {
					sum++
				}
			}
		}
		return sum
	}
	for _, n := range []int{0, 15, 29} {
		if bright(n, 0, wide/2, high*4/5, high) < 100 || bright(n, wide/2, wide, 0, high/5) < 10 || bright(n, 0, wide, high/3, high/2) > 0 {
			t.Errorf("picture %d: %d bright below, %d above", n, bright(n, 0, wide/2, high*4/5, high), bright(n, wide/2, wide, 0, high/5))
		}
	}
}

func TestOverlayHasALineForEverySecondOfWhatIsShown(t *testing.T) {
	at := time.Date(2026, 12, 1, 4, 0, 0, 500_000_000, time.UTC)
	text := overlay(ClipFile{Seconds: 2.5, Width: 1280, Height: 720, Stretches: []Stretch{{From: at, To: at.Add(1500 * time.Millisecond)}, {At: 1.5, From: at.Add(time.Hour), To: at.Add(time.Hour + time.Second)}}}, "a{\\b1}", "m")
	for _, want := range []string{
		"Dialogue: 0,0:00:00.00,0:00:00.50,Time,2026-12-01 12:00:00 UTC+08  a(/b1)\n", "Dialogue: 0,0:00:00.50,0:00:01.50,Time,2026-12-01 12:00:01 ",
		"Dialogue: 0,0:00:01.50,0:00:02.00,Time,2026-12-01 13:00:00 ", "Dialogue: 0,0:00:00.00,0:00:02.50,Mark,m\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
