package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// program is one child that is started again whenever it ends, until it is stopped.
type program struct {
	Name string
	Path string
	Args []string
	Log  string // file for what it says
	PID  string // file with its process id
	Say  *slog.Logger

	lines  chan string // of standard output; nobody has to read them
	cancel context.CancelFunc
	done   sync.WaitGroup
}

const (
	restartAfter = 300 * time.Millisecond // it was killed
	retryAfter   = 5 * time.Second        // it gave up by itself, and will say the same again
	stopWithin   = 10 * time.Second
	lastWords    = 4 << 10 // bytes at the end of its log that are searched for why
)

// start starts it and keeps it alive. The first start must succeed.
func (p *program) start(ctx context.Context) error {
	p.lines = make(chan string, 64)
	child, err := p.spawn(ctx)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	p.done.Go(func() { p.keep(run, child) })
	return nil
}

// stop asks it to end and waits.
func (p *program) stop() {
	if p.cancel != nil {
		p.cancel()
	}
	p.done.Wait()
}

// child is one life of a program.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed; how it ended stands in cmd.ProcessState
}

func (p *program) spawn(ctx context.Context) (*child, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", p.Name, err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), p.Path, p.Args...)
	cmd.Stderr = log
	// Ctrl-C reaches only this program, which stops the others in order; they end with it in any case.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open output of %s: %w", p.Name, err), log.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.Name, err), log.Close())
	}
	if err := os.WriteFile(p.PID, []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o600); err != nil {
		p.Say.Warn("write process id", "program", p.Name, "error", err)
	}
	c := &child{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.copy(out, log)
		if err := errors.Join(cmd.Wait(), log.Close()); err != nil {
			p.Say.Debug("program ended", "program", p.Name, "error", err)
		}
		close(c.ended)
	}()
	return c, nil
}

// copy hands the lines on as far as somebody reads them and keeps all but passwords in the log.
func (p *program) copy(out io.Reader, log io.Writer) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		select {
		case p.lines <- line:
		default:
		}
		if before, _, secret := strings.Cut(line, "password="); secret {
			line = before + "password=…"
		}
		fmt.Fprintln(log, line)
	}
}

func (p *program) keep(ctx context.Context, c *child) {
	for {
		select {
		case <-ctx.Done():
			p.end(c)
			return
		case <-c.ended:
		}
		wait := restartAfter
		if c.cmd.ProcessState.ExitCode() > 0 {
			wait = retryAfter
			p.Say.Error("program gave up and is started again", "program", p.Name, "after", wait, "why", p.last(), "log", p.Log)
		} else {
			p.Say.Warn("program ended and is started again", "program", p.Name, "how", c.cmd.ProcessState.String())
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			next, err := p.spawn(ctx)
			if err == nil {
				c = next
				break
			}
			p.Say.Error("start program", "program", p.Name, "error", err)
		}
	}
}

// last is the last line of its log.
func (p *program) last() string {
	f, err := os.Open(p.Log)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	b := make([]byte, min(info.Size(), lastWords))
	if _, err := f.ReadAt(b, info.Size()-int64(len(b))); err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}

func (p *program) end(c *child) {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-c.ended:
	case <-time.After(stopWithin):
		p.Say.Warn("program does not stop and is killed", "program", p.Name)
		_ = c.cmd.Process.Kill() // as above
		<-c.ended
	}
	_ = os.Remove(p.PID) // only a convenience for people
}

// line waits for a line of standard output that starts with prefix.
func (p *program) line(ctx context.Context, prefix string) (string, error) {
	for {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s did not print %q; see %s", p.Name, prefix, filepath.Base(p.Log))
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest, nil
			}
		}
	}
}
