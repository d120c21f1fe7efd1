package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one program that runs until it is stopped or killed. It can be started again.
type Process struct {
	Name string
	Path string
	Args []string
	Dir  string
	Env  []string
	User uint32 // who runs it; 0: whoever runs the test

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
	out   bytes.Buffer // standard output of all its lives
	err   bytes.Buffer // standard error of all its lives
}

// Start starts it; it is killed at the end of the test at the latest, and what it said is shown if the
// test failed.
func (p *Process) Start(t TB) {
	t.Helper()
	p.mu.Lock()
	first := p.cmd == nil
	p.mu.Unlock()
	must(t, p.start(), "start "+p.Name)
	if first {
		t.Cleanup(func() {
			p.end(syscall.SIGTERM)
			if f, ok := t.(interface{ Failed() bool }); ok && f.Failed() {
				t.Logf("--- %s said:\n%s%s", p.Name, tail(p.Stdout(), 4<<10), tail(p.Stderr(), 12<<10))
			}
		})
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func (p *Process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.CommandContext(context.Background(), p.Path, p.Args...)
	cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), p.Env...)
	// The programs die with the test, however it ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.User != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.User, Gid: p.User}
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("open its output: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("open its errors: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run it: %w", err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	var copies sync.WaitGroup
	copies.Go(func() { p.copy(&p.out, stdout) })
	copies.Go(func() { p.copy(&p.err, stderr) })
	go func() {
		copies.Wait()
		_ = cmd.Wait() // how it ended stands in ProcessState
		close(ended)
	}()
	return nil
}

func (p *Process) copy(to *bytes.Buffer, from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		p.mu.Lock()
		to.Write(line)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Stdout is what it printed so far.
func (p *Process) Stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// Stderr is what it logged so far.
func (p *Process) Stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err.String()
}

// PID is its process id.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// Ended is closed when it has ended.
func (p *Process) Ended() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Kill9 kills it with no chance to tidy up and waits until it is gone.
func (p *Process) Kill9() { p.end(syscall.SIGKILL) }

// Quit ends it with a trace of all its goroutines on standard error.
func (p *Process) Quit() { p.end(syscall.SIGQUIT) }

// Stop asks it to end and kills it if it has not within ten seconds. The error says how it ended badly.
func (p *Process) Stop() error {
	p.end(syscall.SIGTERM)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with code %d", p.Name, code)
	}
	return nil
}

// Freeze stops it where it stands until Thaw.
func (p *Process) Freeze() { p.signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(signal syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Signal(signal) // it may have ended
}

// endWithin is how long a program may take to end before it is killed.
const endWithin = 10 * time.Second

func (p *Process) end(signal syscall.Signal) {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	_ = cmd.Process.Signal(signal) // it may have ended by itself
	select {
	case <-ended:
	case <-time.After(endWithin):
		_ = cmd.Process.Kill() // as above
		<-ended
	}
}

// WaitLine waits for a line of standard output with a prefix and gives the rest of it.
func (p *Process) WaitLine(t TB, within time.Duration, prefix string) string {
	t.Helper()
	rest := ""
	WaitFor(t, within, p.Name+" prints "+prefix, func() error {
		for line := range strings.SplitSeq(p.Stdout(), "\n") {
			if after, ok := strings.CutPrefix(line, prefix); ok {
				rest = after
				return nil
			}
		}
		select {
		case <-p.Ended():
			return fmt.Errorf("it ended: %s", tail(p.Stderr(), 2000))
		default:
			return errors.New("not yet")
		}
	})
	return rest
}

// Run runs a program to its end and gives its standard output.
func Run(t TB, path string, args ...string) string {
	t.Helper()
	out, errs, err := Output(path, args...)
	if err != nil {
		t.Fatalf("run %s %s: %v\n%s", path, strings.Join(args, " "), err, errs)
	}
	return out
}

// Output runs a program to its end, at most a minute.
func Output(path string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}
