package encoder_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/fengsui/fengsui/edge/internal/encoder"
)

const clip = "../camera/cameratest/testdata/clip.h264"

// program is a command that notes its bit rate and its process, and writes the clip without end, not too fast.
func program(t *testing.T) (command []string, ran func() []string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := `echo "$1 $$" >> "$2"; while :; do cat "$3"; sleep 0.05; done`
	return []string{"sh", "-c", script, "encoder", encoder.Rate, log, clip}, func() []string {
		text, err := os.ReadFile(log)
		if err != nil {
			return nil
		}
		return strings.Fields(string(text))
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// taking reads a source until the returned function is called, which gives its error.
func taking(t *testing.T, e *encoder.Encoder) (count *atomic.Int64, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	count = &atomic.Int64{}
	done := make(chan error, 1)
	go func() {
		done <- e.Read(ctx, func(units [][]byte, _ uint32, _ time.Time) {
			if len(units) > 0 {
				count.Add(1)
			}
		})
	}()
	return count, func() error { cancel(); return <-done }
}

func alive(pid string) bool {
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}

func TestAProgramIsSharedAndRunsOnlyWhileSomebodyTakesItsPicture(t *testing.T) {
	command, ran := program(t)
	e := encoder.New(encoder.Options{Command: command, Kbps: []int{800}})
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	one, stopOne := taking(t, e)
	eventually(t, "pictures", func() bool { return one.Load() > 5 })
	two, stopTwo := taking(t, e)
	eventually(t, "pictures for another", func() bool { return two.Load() > 5 })
	if err := stopOne(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	before := two.Load()
	eventually(t, "pictures for who stays", func() bool { return two.Load() > before+5 })
	runs := ran()
	if len(runs) != 2 || runs[0] != "800" || !alive(runs[1]) {
		t.Fatalf("programs %v", runs)
	}
	_ = stopTwo()
	eventually(t, "the program is gone", func() bool { return !alive(runs[1]) })
	three, stopThree := taking(t, e)
	eventually(t, "pictures again", func() bool { return three.Load() > 5 })
	_ = stopThree()
}

func TestAThinLinkStartsTheProgramAgainWithTheNextBitRate(t *testing.T) {
	command, ran := program(t)
	e := encoder.New(encoder.Options{Command: command, Kbps: []int{1000, 500}})
	if !e.Adapts() {
		t.Error("does not adapt")
	}
	got, stop := taking(t, e)
	eventually(t, "pictures", func() bool { return got.Load() > 5 })
	eventually(t, "the program was started again", func() bool {
		e.Estimate(50_000_000, 0.99) // far less than the clip has
		runs := ran()
		return len(runs) == 4 && runs[2] == "500"
	})
	before := got.Load()
	eventually(t, "pictures go on", func() bool { return got.Load() > before+5 })
	if runs := ran(); alive(runs[1]) || e.Kbps() != 500 {
		t.Errorf("programs %v at %d kbit/s", runs, e.Kbps())
	}
	_ = stop()
}

func TestAProgramThatFailsSaysWhy(t *testing.T) {
	for want, command := range map[string][]string{
		"no such camera": {"sh", "-c", "echo no such camera >&2; exit 3"},
		"Annex B":        {"sh", "-c", "yes"},
		"does not start": {"/nowhere/encoder"},
	} {
		e := encoder.New(encoder.Options{Command: command})
		err := e.Read(t.Context(), func([][]byte, uint32, time.Time) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", command, err, want)
		}
	}
	e := encoder.New(encoder.Options{Command: []string{"/nowhere/encoder"}})
	if err := e.Check(); err == nil {
		t.Error("a program that is not there is fine")
	}
}

func TestAFileIsPlayedAgainAndAgain(t *testing.T) {
	text, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "short.h264")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	e := encoder.New(encoder.Options{File: file, FPS: 60})
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	keys, last := 0, uint32(0)
	err = e.Read(ctx, func(units [][]byte, at uint32, _ time.Time) {
		if last != 0 && at <= last {
			t.Errorf("a picture at %d after %d", at, last)
			cancel()
		}
		last = at
		for _, u := range units {
			if u[0]&0x1f == 5 {
				keys++
				break
			}
		}
		if keys > 6 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || keys != 7 {
		t.Errorf("%d key frames, %v", keys, err)
	}
	if err := encoder.New(encoder.Options{File: file + ".none", FPS: 25}).Check(); err == nil {
		t.Error("a file that is not there is fine")
	}
	empty := filepath.Join(t.TempDir(), "empty.h264")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := encoder.New(encoder.Options{File: empty, FPS: 25}).Read(t.Context(), func([][]byte, uint32, time.Time) {}); err == nil {
		t.Error("an empty file plays")
	}
}

// A device opens once: one program makes the large picture and the small one. ffmpeg is real and draws instead of a device.
func TestADeviceHasASmallerPictureOfTheSameProgram(t *testing.T) {
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is missing; test/prepare.sh installs it")
	}
	dir := t.TempDir()
	log, device := filepath.Join(dir, "log"), filepath.Join(dir, "video0")
	script := `#!/bin/bash
echo "$*" >> "` + log + `"
args=()
for a in "$@"; do
	case "$a" in v4l2) a=lavfi;; "` + device + `") a=testsrc=size=320x240:rate=10;; -framerate) a=-readrate;; 10) a=1;; -video_size) a=-probesize;; 320x240) a=100000;; esac
	args+=("$a")
done
exec "` + tool + `" "${args[@]}"
`
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o700), os.WriteFile(device, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	e := encoder.New(encoder.Options{Device: device, Width: 320, Height: 240, FPS: 10, Kbps: []int{300}, Small: encoder.Small{Width: 160, Height: 120, Kbps: 100}})
	width := func(read func(context.Context, encoder.Picture) error) (seen *atomic.Int64, stop func() error) {
		ctx, cancel := context.WithCancel(t.Context())
		seen = &atomic.Int64{}
		done := make(chan error, 1)
		go func() {
			done <- read(ctx, func(units [][]byte, _ uint32, _ time.Time) {
				for _, u := range units {
					var sps h264.SPS
					if u[0]&0x1f == 7 && sps.Unmarshal(u) == nil {
						seen.Store(int64(sps.Width()))
					}
				}
			})
		}()
		return seen, func() error { cancel(); return <-done }
	}
	large, stopLarge := width(e.Read)
	small, stopSmall := width(e.Smaller().Read)
	eventually(t, "both are seen", func() bool { return large.Load() == 320 && small.Load() == 160 })
	if err := stopLarge(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	small.Store(0)
	eventually(t, "the small one goes on", func() bool { return small.Load() == 160 })
	if err := stopSmall(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	text, err := os.ReadFile(log)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("the program ran as %q, %v", text, err)
	}
	if encoder.New(encoder.Options{Device: device}).Smaller() != nil {
		t.Error("a small picture that is not configured is there")
	}
}

// With twice the next begins beside the one before, which ends when the next shows something.
func TestAProgramThatMayRunTwiceIsNotMissedBetweenBitRates(t *testing.T) {
	command, ran := program(t)
	e := encoder.New(encoder.Options{Command: command, Kbps: []int{2000, 500}, Twice: true})
	count, stop := taking(t, e)
	eventually(t, "pictures", func() bool { return count.Load() > 5 })
	eventually(t, "the next bit rate", func() bool {
		e.Estimate(700_000, 0)
		return len(ran()) == 4
	})
	now := ran()
	if now[0] != "2000" || now[2] != "500" {
		t.Fatalf("ran %v", now)
	}
	eventually(t, "the first has ended", func() bool { return !alive(now[1]) })
	if !alive(now[3]) {
		t.Error("the second has ended as well")
	}
	before := count.Load()
	eventually(t, "pictures of the second", func() bool { return count.Load() > before+5 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	eventually(t, "both are gone", func() bool { return !alive(now[3]) })
}

// A program that cannot run beside itself is started alone, as one that may not.
func TestAProgramThatRefusesToRunTwiceRunsAlone(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	// The lock goes with the process, as a device is held.
	script := `exec 9>"$4"; flock -n 9 || exit 1; echo "$1 $$" >> "$2"; while :; do cat "$3"; sleep 0.05; done`
	e := encoder.New(encoder.Options{Command: []string{"sh", "-c", script, "encoder", encoder.Rate, log, clip, filepath.Join(dir, "device")}, Kbps: []int{2000, 500}, Twice: true})
	count, stop := taking(t, e)
	eventually(t, "pictures", func() bool { return count.Load() > 5 })
	eventually(t, "the next bit rate", func() bool {
		e.Estimate(700_000, 0)
		text, _ := os.ReadFile(log)
		return len(strings.Fields(string(text))) == 4
	})
	before := count.Load()
	eventually(t, "pictures of the second", func() bool { return count.Load() > before+5 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
