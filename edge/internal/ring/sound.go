package ring

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/shared/film"
)

// Sound is sound that does not come from a camera (recorder.Recorder).
type Sound interface {
	// Run hands over packets until ctx ends.
	Run(ctx context.Context, fn func(camera.Sound))
}

// waits is how many packets wait for a disk: 5 s of 20 ms.
const waits = 250

// ear takes sound at once and keeps it until pictures are written, for whoever hands it over has live listeners too.
// What a disk that stalls does not take in time is dropped.
type ear struct {
	now        func() time.Time
	connection atomic.Int64
	queue      chan film.Sound
}

func newEar(now func() time.Time) *ear { return &ear{now: now, queue: make(chan film.Sound, waits)} }

func (e *ear) hear(s camera.Sound) {
	one := film.Sound{Codec: "audio/" + s.Codec, Time: s.Time, At: e.now(), From: e.connection.Load(), Data: bytes.Clone(s.Payload)}
	select {
	case e.queue <- one:
	default:
	}
}

// into hands over what waits, before the pictures that came after it. One at a time.
func (e *ear) into(w *film.Writer) {
	for range len(e.queue) { // not what comes meanwhile
		w.Hear(<-e.queue)
	}
}

var heard = regexp.MustCompile(`^(\d{1,14})\.sound\.mp4$`)

// soundPath is the file of the sound beside the pictures that begin at a moment, whether they are closed or not.
func (r *reel) soundPath(start time.Time) string {
	return filepath.Join(r.dir(), strconv.FormatInt(start.UnixMilli(), 10)+".sound.mp4")
}

// OpenSound implements film.SoundSink.
func (r *reel) OpenSound(s film.Segment) (io.WriteCloser, error) {
	path := r.soundPath(s.Start)
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		r.ring.o.Log.Warn("sound is not recorded", "camera", r.id, "error", err)
		return nil, fmt.Errorf("record sound: %w", err)
	}
	r.ring.mu.Lock()
	defer r.ring.mu.Unlock()
	r.open.sound = path
	return out, nil
}
