package encoder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/edge/internal/child"
)

// command is what is started for a bit rate.
func (e *Encoder) command(kbps int) []string {
	if e.o.Device == "" {
		out := make([]string, len(e.o.Command))
		for i, word := range e.o.Command {
			out[i] = strings.ReplaceAll(word, Rate, strconv.Itoa(kbps))
		}
		return out
	}
	out := []string{
		"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "v4l2", "-framerate", strconv.Itoa(e.o.FPS),
		"-video_size", fmt.Sprintf("%dx%d", e.o.Width, e.o.Height), "-i", e.o.Device,
	}
	out = append(out, e.coded(kbps, "pipe:1")...)
	if s := e.o.Small; s.Width > 0 {
		out = append(out, "-vf", fmt.Sprintf("scale=%d:%d", s.Width, s.Height))
		out = append(out, e.coded(s.Kbps, "pipe:3")...)
	}
	return out
}

// coded is how ffmpeg codes a picture of a device.
func (e *Encoder) coded(kbps int, to string) []string {
	rate := strconv.Itoa(kbps) + "k"
	return []string{
		"-an", "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
		"-bf", "0", "-g", strconv.Itoa(2 * e.o.FPS), "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-f", "h264", to,
	}
}

// start runs the program until it ends.
func (e *Encoder) start(ctx context.Context, give giver) error {
	command := e.command(e.Kbps())
	var out io.ReadCloser
	var near, far *os.File // of the smaller picture
	p, err := child.Start(ctx, command, func(cmd *exec.Cmd) (err error) {
		if e.o.Small.Width > 0 {
			if near, far, err = os.Pipe(); err != nil {
				return err
			}
			cmd.ExtraFiles = []*os.File{far} // 3
		}
		out, err = cmd.StdoutPipe()
		return err
	})
	if far != nil {
		_ = far.Close() // the program has it
		defer func() { _ = near.Close() }()
	}
	if err != nil {
		return fmt.Errorf("encoder %w", err)
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	var silent atomic.Bool
	guard := func() *time.Timer { return time.AfterFunc(stall, func() { silent.Store(true); p.Kill() }) }
	watchdog := guard()
	var both sync.WaitGroup
	if near != nil {
		both.Go(func() {
			small := guard()
			defer small.Stop()
			_ = drain(near, func(units [][]byte) {
				small.Reset(stall)
				give(units, time.Now(), true)
			})
			p.Kill() // one without the other is of no use
		})
	}
	err = drain(out, func(units [][]byte) {
		watchdog.Reset(stall)
		give(units, time.Now(), false)
	})
	watchdog.Stop()
	p.Kill() // what it has started may hold its output
	both.Wait()
	p.Watch()
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("encoder %s %w", command[0], err)
	case silent.Load():
		return fmt.Errorf("encoder %s %w", command[0], errStalled)
	default:
		return errors.New("encoder " + p.Why())
	}
}

// drain reads pictures to the end.
func drain(from io.Reader, take func([][]byte)) error {
	for in := newReader(from); ; {
		units, err := in.picture()
		if err != nil {
			return err
		}
		take(units)
	}
}
