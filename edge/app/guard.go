package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/edge/internal/upgrade"
	"github.com/fengsui/fengsui/shared/version"
)

const (
	guardEnv   = "FENGSUI_EDGE_GUARD" // process id of the guard
	guardLooks = time.Second
)

// guard starts the package's program once more, to end the program on trial should that hang: it could not
// go back by itself then.
func guard(program, file string) (int, error) {
	cmd := exec.CommandContext(context.Background(), program, "guard", "--config", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start guard: %w", err)
	}
	return cmd.Process.Pid, nil
}

// Guard watches the process that started it until its trial is over, and kills it when it is over and
// nobody has said how it ended. Whoever starts the agent again counts that as a start.
func Guard(ctx context.Context, o Options) error {
	b, err := basics(o.ConfigFile)
	if err != nil {
		return err
	}
	watched := os.Getppid()
	// The program on trial goes back by itself first.
	over := time.After(b.Upgrade.Confirm + b.Upgrade.Confirm/4 + 2*guardLooks)
	tick := time.NewTicker(guardLooks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			if os.Getppid() == watched && trying(b.Data) {
				return syscall.Kill(watched, syscall.SIGKILL)
			}
			return nil
		case <-tick.C:
			if os.Getppid() != watched || !trying(b.Data) {
				return nil
			}
		}
	}
}

// trying reports whether a program is on trial. It only looks.
func trying(data string) bool {
	k, err := upgrade.Peek(data, version.Version)
	if err != nil {
		return false
	}
	_, _, _, ok := k.Trial()
	return ok
}

// reap waits for the guard of a program that was on trial, so that nothing is left of it.
func reap() {
	pid, err := strconv.Atoi(os.Getenv(guardEnv))
	if err != nil || pid <= 0 {
		return
	}
	if p, err := os.FindProcess(pid); err == nil {
		go func() { _, _ = p.Wait() }() // it ends within a second of the trial
	}
}
