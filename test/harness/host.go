package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host stands in for a test in programs: it ends a run that cannot go on and cleans up after it.
type Host struct {
	cleanups []func()
	failed   bool
}

// stopped is how Fatalf ends a run.
type stopped struct{ text string }

// ErrStopped says that a run could not go on.
var ErrStopped = errors.New("the run ended")

// Try runs one part and cleans up, whatever happens. An ErrStopped says what could not be done.
func Try(run func(h *Host)) (err error) {
	h := &Host{}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(stopped)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%w: %s", ErrStopped, s.text)
		}
		for _, clean := range slices.Backward(h.cleanups) {
			clean()
		}
	}()
	run(h)
	return nil
}

// Helper implements TB.
func (h *Host) Helper() {}

// Fatalf ends the run.
func (h *Host) Fatalf(format string, args ...any) {
	h.failed = true
	panic(stopped{fmt.Sprintf(format, args...)})
}

// Logf implements TB.
func (h *Host) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Cleanup implements TB.
func (h *Host) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

// Failed implements TB.
func (h *Host) Failed() bool { return h.failed }

// TempDir implements TB.
func (h *Host) TempDir() string {
	dir, err := os.MkdirTemp("", "fengsui-run-")
	if err != nil {
		h.Fatalf("make folder: %v", err)
	}
	h.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Must ends the run when there is an error.
func (h *Host) Must(err error) {
	if err != nil {
		h.Fatalf("%v", err)
	}
}

// Usage is what a process has used so far.
type Usage struct {
	CPU     time.Duration
	RSS     int64 // bytes
	Files   int   // open file descriptors
	Threads int
}

// Use reads a process from /proc.
func (p *Process) Use() (Usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(p.PID()))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Usage{}, fmt.Errorf("look at %s: %w", p.Name, err)
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("look at %s: %w", p.Name, err)
	}
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return Usage{}, fmt.Errorf("look at %s: %w", p.Name, err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, userErr := strconv.ParseInt(fields[11], 10, 64)
	system, systemErr := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	u := Usage{CPU: time.Duration(user+system) * tick, Files: len(files)}
	kb, rssErr := strconv.ParseInt(strings.TrimSuffix(line(status, "VmRSS:"), " kB"), 10, 64)
	threads, threadsErr := strconv.Atoi(line(status, "Threads:"))
	u.RSS, u.Threads = kb<<10, threads
	if err := errors.Join(userErr, systemErr, rssErr, threadsErr); err != nil {
		return Usage{}, fmt.Errorf("look at %s: %w", p.Name, err)
	}
	return u, nil
}

// line is what follows a word at the beginning of a line.
func line(text []byte, word string) string {
	for l := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(l, word); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
