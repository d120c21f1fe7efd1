package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

func TestConfigurationErrorsStopTheStartWithFileAndLine(t *testing.T) {
	t.Parallel()
	p := harness.Build(t)
	c := harness.NewCentre(t, p, harness.CentreOptions{})
	good, err := os.ReadFile(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	last := strings.Count(string(good), "\n")
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct {
		name, text string
		line       int // after the good lines
	}{
		{"an unknown key", "colour: red\n", 1},
		{"a wrong type", "telemetry:\n  seal_after_minutes: soon\n", 2},
		{"no yaml", "telemetry: [\n", 0},
		{"a value out of range", "telemetry:\n  seal_after_minutes: 0\n", 2},
	} {
		if err := os.WriteFile(c.Config, append(append([]byte(nil), good...), b.text...), 0o600); err != nil {
			t.Fatal(err)
		}
		where := c.Config + ":"
		if b.line > 0 {
			where += strconv.Itoa(last+b.line) + ":"
		}
		refusesToStart(t, b.name, p.Central, c.Config, where)
	}
	text := strings.Replace(string(good), "http:\n", "http:\n  cert: "+bad+"\n  key: "+bad+"\n", 1)
	if err := os.WriteFile(c.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := strings.Count(text[:strings.Index(text, "  cert: ")], "\n") + 1
	refusesToStart(t, "an unreadable certificate", p.Central, c.Config, c.Config+":"+strconv.Itoa(at)+": http.cert: ")

	edge := filepath.Join(t.TempDir(), "edge.yml")
	if err := os.WriteFile(edge, []byte("id: edge-a\ncolour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, said, err := harness.Output(p.Edge, "run", "--config", edge)
	if err == nil || !strings.Contains(said, edge+":2:") {
		t.Errorf("edge with an unknown key: %v, %s", err, said)
	}
}

func refusesToStart(t *testing.T, name, program, config, where string) {
	t.Helper()
	_, said, err := harness.Output(program, "serve", "--config", config)
	if err == nil {
		t.Errorf("%s: it started", name)
	} else if !strings.Contains(said, where) {
		t.Errorf("%s: %q does not name %s", name, said, where)
	}
}
