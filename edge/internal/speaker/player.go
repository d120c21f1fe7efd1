package speaker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	perSecond  = 8000 * 2              // bytes of sound
	lead       = 80 * time.Millisecond // silence before the first word, against a link that is not even
	quiet      = time.Second           // without a packet the player is let go
	restAfter  = time.Second           // a player that failed is not started again at once
	finishing  = 3 * time.Second       // for what a player still has when its input ends
	gapMost    = 10                    // lost packets that are filled with silence
	lateMost   = 100                   // a packet that is further behind is of another session
	stderrMost = 300
)

// play plays packets until ctx ends: one process of the command for each time that somebody speaks.
func (s *Speaker) play(ctx context.Context) {
	var p *player
	var last packet
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
		var died <-chan error
		if p != nil {
			died = p.done
		}
		select {
		case <-ctx.Done():
			return
		case err := <-died:
			end(p.why(err), time.Now())
		case <-idle.C:
			if p == nil {
				continue
			}
			old := p
			s.wg.Go(func() { old.finish(ctx) })
			end("", time.Now())
		case next := <-s.packets:
			idle.Reset(quiet)
			volume, muted := s.loudness()
			now := time.Now()
			if muted || now.Before(rest) {
				continue
			}
			if p == nil {
				var err error
				if p, err = start(ctx, s.o.Command); err != nil {
					end(fmt.Sprintf("player %s does not start: %v", s.o.Command[0], err), now)
					continue
				}
				s.tell(func() { s.playing = true })
				p.write(make([]byte, perSecond*int(lead/time.Millisecond)/1000))
				last = packet{seq: next.seq - 1}
			}
			lost := next.seq - last.seq - 1
			if lost >= math.MaxUint16-lateMost {
				continue // it comes late
			}
			ok := true
			if lost > 0 && lost <= gapMost {
				ok = p.write(make([]byte, int(lost)*len(next.pcm)))
			}
			last = next
			if amplify(next.pcm, volume); !p.write(next.pcm) || !ok {
				p.kill()
				end(fmt.Sprintf("player %s takes no sound", s.o.Command[0]), now)
			}
		}
	}
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
	cmd   *exec.Cmd
	queue chan []byte
	once  sync.Once
	done  chan error // what the process ended with
	gone  chan struct{}
	said  *tail
}

// start starts the command in a process group of its own, so that what it starts ends with it.
func start(ctx context.Context, command []string) (*player, error) {
	p := &player{queue: make(chan []byte, 2*queueMax), done: make(chan error, 1), gone: make(chan struct{}), said: &tail{}}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...) //nolint:gosec // edge.yml of this machine names it
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr, p.cmd.WaitDelay = p.said, time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.feed(in)
	go func() {
		p.done <- p.cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// feed writes what is queued; its end closes the input.
func (p *player) feed(in io.WriteCloser) {
	defer func() { _ = in.Close() }()
	for {
		select {
		case <-p.gone:
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
	case <-p.gone:
		return
	case <-ctx.Done():
	case <-time.After(finishing):
	}
	p.kill()
}

// kill ends the player and all that it has started.
func (p *player) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.gone
}

// why is what a player that ended by itself had to say.
func (p *player) why(err error) string {
	text := fmt.Sprintf("player %s ended", p.cmd.Path)
	if err != nil {
		text += ": " + err.Error()
	}
	if said := strings.TrimSpace(p.said.String()); said != "" {
		text += ": " + said
	}
	return wire.Text(text, 2*stderrMost)
}

// tail keeps the last that was written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - stderrMost; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
