package speaker

import (
	"bytes"
	"context"
	"errors"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/shared/wire"
)

// horn is the loudspeaker of a camera. What is below queue is guarded by the speaker's lock.
type horn struct {
	id     string
	camera *camera.Camera
	queue  chan blast

	attended bool // a goroutine looks after it
	open     bool
	fault    error // why it is not
}

// blast is what a horn is to say.
type blast struct {
	alaw    []byte
	missing int // samples before it
	first   bool
}

// state tells of a horn. The caller holds the lock.
func (h *horn) state() wire.SpeakerCamera {
	out := wire.SpeakerCamera{Camera: h.id, Hears: h.open}
	if h.fault == nil {
		return out
	}
	out.Error, out.Fault = h.fault.Error(), wire.HornBroken
	for err, name := range map[error]wire.HornFault{
		camera.ErrNoHorn: wire.HornMissing, camera.ErrHornCodec: wire.HornCodec,
		camera.ErrPassword: wire.HornPassword, camera.ErrUnreachable: wire.HornUnreachable,
	} {
		if errors.Is(h.fault, err) {
			out.Fault = name
		}
	}
	return out
}

// plays reports whether something makes what is spoken heard, and why none of the horns does. The caller holds the lock.
func (s *Speaker) plays() (bool, error) {
	open, ill := false, 0
	var why error
	for _, h := range s.horns {
		open = open || h.open
		if h.fault != nil {
			ill++
			why = errors.Join(why, h.fault)
		}
	}
	if open || ill < len(s.horns) {
		why = nil
	}
	return open || len(s.o.Command) > 0, why
}

// keep holds a horn open while the lease runs, so that the first word needs not wait for the camera.
func (s *Speaker) keep(ctx context.Context, h *horn) {
	s.attend(ctx, &h.attended, func(string, string) error { return s.sound(ctx, h) }, func(err error) {
		s.o.Log.Warn("loudspeaker of a camera is not to be had", "error", err)
		s.tell(func() { h.fault = err })
	})
}

// sound opens a horn and says what is queued: nil when the lease is over.
func (s *Speaker) sound(ctx context.Context, h *horn) error {
	lease, end := s.lease(ctx)
	defer end()
	way, err := h.camera.Speak(lease)
	if lease.Err() != nil && err != nil {
		return nil // it was given up
	}
	if err != nil {
		return err
	}
	defer way.Close()
	for len(h.queue) > 0 {
		<-h.queue // of another time
	}
	s.tell(func() { h.open, h.fault = true, nil })
	defer s.tell(func() { h.open = false })
	for {
		select {
		case <-lease.Done():
			return nil
		case <-way.Ended():
			return way.Cause()
		case b := <-h.queue:
			way.Write(b.alaw, b.missing, b.first)
		}
	}
}

// blow gives what is spoken to the horns that are open, as it came where the volume leaves it so.
func (s *Speaker) blow(alaw, pcm []byte, volume, lost int, first bool) {
	if len(s.horns) == 0 {
		return
	}
	if volume != 100 {
		alaw, _ = g711.Alaw(swap(bytes.Clone(pcm))).Marshal() // whole samples never fail
	}
	s.mu.Lock()
	given, told := false, s.blows
	for _, h := range s.horns {
		if !h.open {
			continue
		}
		select {
		case h.queue <- blast{alaw, lost * len(alaw), first}:
			given = true
		default: // the camera is behind by a second
		}
	}
	s.mu.Unlock()
	if given && !told {
		s.tell(func() { s.blows = true })
	}
}

// hush is that nobody speaks any more.
func (s *Speaker) hush() {
	s.mu.Lock()
	blows := s.blows
	s.mu.Unlock()
	if blows {
		s.tell(func() { s.blows = false })
	}
}
