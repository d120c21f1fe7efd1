// Package harness starts the real programs for stories, benchmarks and browser tests: a centre, edge
// agents, simulated devices, each with its own folder and free ports, over links that can be cut. The
// tests of e2e and the benchmarks use it. Rule that must never break: nothing inside the programs is
// reached, only what they offer on the network, on the command line and in their files.
package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// TB is what the harness needs of a test; the benchmarks bring their own.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(f func())
	TempDir() string
}

// Root is the folder of the repository: the one with go.work.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("find go.work above the working folder")
		}
		dir = up
	}
}

// WaitFor asks again and again until the condition holds. what is a sentence for the failure; the
// condition's error says how far it came.
func WaitFor(t TB, within time.Duration, what string, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s: %v", within, what, err)
			return
		}
		time.Sleep(pause)
	}
}

func must(t TB, err error, what string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
