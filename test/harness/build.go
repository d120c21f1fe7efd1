package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Programs are the paths of the built programs.
type Programs struct{ Central, Edge, Sim, Demo string }

var commands = map[string]string{
	"fengsui-central": "./central/cmd/central",
	"fengsui-edge":    "./edge/cmd/edge",
	"fengsui-sim":     "./test/cmd/fengsui-sim",
	"fengsui-demo":    "./test/cmd/fengsui-demo",
}

var build = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("FENGSUI_BIN"); dir != "" {
		return filepath.Abs(dir)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "fengsui-bin-")
	if err != nil {
		return "", fmt.Errorf("make folder for the programs: %w", err)
	}
	for name, source := range commands {
		cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(dir, name), source)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
})

// buildEdge builds the agent with a version stamped in.
func buildEdge(dir, version string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "fengsui-edge-"+version)
	stamp := "-s -w -X github.com/fengsui/fengsui/shared/version.Version=" + version
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", stamp, "-o", path, commands["fengsui-edge"])
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("build it: %w\n%s", err, out)
	}
	return path, nil
}

// Build builds the programs once in a test process, or takes those in the folder that FENGSUI_BIN names.
// The caller of Main cleans up.
func Build(t TB) Programs {
	t.Helper()
	dir, err := build()
	must(t, err, "build the programs")
	return In(dir)
}

// In are the programs in a folder.
func In(dir string) Programs {
	at := func(name string) string { return filepath.Join(dir, name) }
	return Programs{at("fengsui-central"), at("fengsui-edge"), at("fengsui-sim"), at("fengsui-demo")}
}

// Main runs the tests of a package and removes what Build made.
func Main(run func() int) {
	code := run()
	if os.Getenv("FENGSUI_BIN") == "" {
		if dir, err := build(); err == nil {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}
