package ring

import (
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/shared/film"
)

const (
	shelfFrames = 250     // 10 s at 25 a second
	shelfBytes  = 8 << 20 // of one camera
)

// shelf takes pictures at once and keeps them until the disk takes them, for others watch the same live. What does not
// fit is dropped up to the next key frame.
type shelf struct {
	now    func() time.Time
	frames chan film.Frame

	mu      sync.Mutex
	bytes   int
	waiting bool // for a key frame
	first   bool // of a connection was dropped
}

func newShelf(now func() time.Time) *shelf {
	return &shelf{now: now, frames: make(chan film.Frame, shelfFrames)}
}

func (s *shelf) put(f camera.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = s.first || f.First
	one := film.Frame{Units: f.Units, Time: f.Time, At: s.now(), Key: f.Key, First: s.first}
	if s.waiting && !f.Key || s.bytes+size(one) > shelfBytes {
		s.waiting = true
		return
	}
	select {
	case s.frames <- one:
		s.bytes += size(one)
		s.waiting, s.first = false, false
	default:
		s.waiting = true
	}
}

// taken makes room for what was taken from it.
func (s *shelf) taken(f film.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= size(f)
}

func size(f film.Frame) (n int) {
	for _, u := range f.Units {
		n += len(u)
	}
	return n
}
