// Package child runs programs that edge.yml names: players and recorders. Rule that must never break: a program is
// killed with everything that it has started.
package child

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const saidMost = 300 // bytes of what it said last

// Process is one run of a program, in a process group of its own.
type Process struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // what it ended with; read it when gone
	said *tail
}

// Start starts a command; pipes takes its input or output before it runs. It runs on when ctx ends.
func Start(ctx context.Context, command []string, pipes func(*exec.Cmd) error) (*Process, error) {
	p := &Process{gone: make(chan struct{}), said: &tail{}}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...) //nolint:gosec // edge.yml of this machine names it
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr, p.cmd.WaitDelay = p.said, time.Second
	if err := pipes(p.cmd); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", command[0], err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", command[0], err)
	}
	return p, nil
}

// Watch waits for the end of the program. Call it once, when nobody reads its output any more.
func (p *Process) Watch() {
	p.err = p.cmd.Wait()
	close(p.gone)
}

// Gone is closed when the program has ended.
func (p *Process) Gone() <-chan struct{} { return p.gone }

// Kill ends the program and all that it has started, at once. Who watches it learns of its end.
func (p *Process) Kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// Failed reports whether a program that is gone ended badly.
func (p *Process) Failed() bool { return p.err != nil }

// Why is what a program that is gone had to say.
func (p *Process) Why() string {
	text := p.cmd.Path + " ended"
	if p.err != nil {
		text += ": " + p.err.Error()
	}
	if said := strings.TrimSpace(p.said.String()); said != "" {
		text += ": " + said
	}
	return wire.Text(text, 2*saidMost)
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
	if over := len(t.text) - saidMost; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
