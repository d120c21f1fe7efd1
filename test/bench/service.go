package main

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// benchmark runs one Go benchmark of a capability of the centre once, and gives what it prints.
func benchmark(t host, name, capability string) []byte {
	root, err := harness.Root()
	t.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+name+"$", "-benchtime", "1x", "./central/internal/"+capability)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("run %s: %v: %s", name, err, out)
	}
	return out
}

// metric is a figure in seconds that a Go benchmark reports.
func metric(t host, out []byte, unit string) time.Duration {
	words := strings.Fields(string(out))
	at := slices.Index(words, unit)
	if at < 1 {
		t.Fatalf("the benchmark does not say %s: %s", unit, out)
	}
	d, err := time.ParseDuration(words[at-1] + "s")
	t.must(err)
	return d
}
