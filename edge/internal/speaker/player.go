package speaker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os/exec"
	"sync"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"

	"github.com/fengsui/fengsui/edge/internal/child"
)

const (
	perSecond = 8000 * 2              // bytes of sound
	lead      = 80 * time.Millisecond // silence before the first word, against a link that is not even
	quiet     = time.Second           // without a packet the player is let go
	restAfter = time.Second           // a player that failed is not started again at once
	finishing = 3 * time.Second       // for what a player still has when its input ends
	gapMost   = 10                    // lost packets that are filled with silence
	lateMost  = 100                   // a packet that is further behind is of another session
)

// play plays packets until ctx ends: one process of the command for each time that somebody speaks, and the horns.
func (s *Speaker) play(ctx context.Context) {
	var p *player
	var last uint16
	speaks := false
	rest := time.Time{}
	idle := time.NewTimer(quiet)
	defer idle.Stop()
	end := func(fault string, now time.Time) {
		p = nil
		s.tell(func() { s.playing, s.fault = false, fault })
		if fault != "" {
			s.o.Log.Warn("player failed", "error", fault)
			rest = now.Add(restAfter)
		}
	}
	defer func() {
		if p != nil {
			p.kill()
		}
	}()
	for {
		var died <-chan struct{}
		if p != nil {
			died = p.Gone()
		}
		select {
		case <-ctx.Done():
			return
		case <-died:
			end("player "+p.Why(), time.Now())
		case <-idle.C:
			if speaks {
				speaks = false
				s.hush()
			}
			if p != nil {
				old := p
				s.wg.Go(func() { old.finish(ctx) })
				end("", time.Now())
			}
		case next := <-s.packets:
			idle.Reset(quiet)
			volume, muted := s.loudness()
			now := time.Now()
			if muted {
				continue
			}
			first := !speaks
			if first {
				speaks, last = true, next.seq-1
			}
			lost := next.seq - last - 1
			if lost >= math.MaxUint16-lateMost {
				continue // it comes late
			}
			last = next.seq
			if lost > gapMost {
				lost = 0
			}
			pcm := decode(next.alaw)
			amplify(pcm, volume)
			s.blow(next.alaw, pcm, volume, int(lost), first)
			if len(s.o.Command) == 0 || now.Before(rest) {
				continue
			}
			if p == nil {
				var err error
				if p, err = start(ctx, s.o.Command); err != nil {
					end(err.Error(), now)
					continue
				}
				s.tell(func() { s.playing = true })
				p.write(make([]byte, perSecond*int(lead/time.Millisecond)/1000))
				lost = 0
			}
			if ok := lost == 0 || p.write(make([]byte, int(lost)*len(pcm))); !p.write(pcm) || !ok {
				p.kill()
				end(fmt.Sprintf("player %s takes no sound", s.o.Command[0]), now)
			}
		}
	}
}

// decode makes samples of 16 bit, low byte first.
func decode(alaw []byte) []byte {
	var samples g711.Alaw
	samples.Unmarshal(alaw)
	return swap(samples)
}

// swap changes which byte of the samples comes first.
func swap(samples []byte) []byte {
	for i := 0; i+1 < len(samples); i += 2 {
		samples[i], samples[i+1] = samples[i+1], samples[i]
	}
	return samples
}

func (s *Speaker) loudness() (volume int, muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set.Volume, s.set.Muted
}

// amplify changes samples to a volume in percent; what is too loud is cut.
func amplify(pcm []byte, volume int) {
	if volume == 100 {
		return
	}
	for i := 0; i+1 < len(pcm); i += 2 {
		v := int(int16(binary.LittleEndian.Uint16(pcm[i:]))) * volume / 100                              //nolint:gosec // the bits are a sample
		binary.LittleEndian.PutUint16(pcm[i:], uint16(int16(min(max(v, math.MinInt16), math.MaxInt16)))) //nolint:gosec // cut before
	}
}

// player is one process of the command.
type player struct {
	*child.Process
	queue chan []byte
	once  sync.Once
}

// start starts the command.
func start(ctx context.Context, command []string) (*player, error) {
	p := &player{queue: make(chan []byte, 2*queueMax)}
	var in io.WriteCloser
	var err error
	p.Process, err = child.Start(ctx, command, func(cmd *exec.Cmd) (err error) {
		in, err = cmd.StdinPipe()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("player %w", err)
	}
	go p.feed(in)
	go p.Watch()
	return p, nil
}

// feed writes what is queued; its end closes the input.
func (p *player) feed(in io.WriteCloser) {
	defer func() { _ = in.Close() }()
	for {
		select {
		case <-p.Gone():
			return
		case pcm, ok := <-p.queue:
			if !ok {
				return
			}
			if _, err := in.Write(pcm); err != nil {
				return
			}
		}
	}
}

// write queues sound; false: the player is behind by seconds.
func (p *player) write(pcm []byte) bool {
	select {
	case p.queue <- pcm:
		return true
	default:
		return false
	}
}

// finish lets the player play what it has, and ends it when it does not end.
func (p *player) finish(ctx context.Context) {
	p.once.Do(func() { close(p.queue) })
	select {
	case <-p.Gone():
		return
	case <-ctx.Done():
	case <-time.After(finishing):
	}
	p.kill()
}

// kill ends the player and all that it has started, and waits for that.
func (p *player) kill() {
	p.Kill()
	<-p.Gone()
}
