package app_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/edge/app"
	"github.com/fengsui/fengsui/edge/internal/remote"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/wire"
)

// onTrial writes a configuration on trial into the data folder of an edge.yml, as the centre would have
// sent it before a power cut.
func onTrial(t *testing.T, file, document string) {
	t.Helper()
	schema, err := desired.New()
	if err != nil {
		t.Fatal(err)
	}
	text, err := schema.Check([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.MkdirAll(data, 0o750); err != nil {
		t.Fatal(err)
	}
	k, err := remote.Open(data)
	if err == nil {
		err = k.Try(wire.Config{ID: "c", Version: 3, Hash: desired.Hash(text), Document: text})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, file string) *app.Agent {
	t.Helper()
	a, err := app.Start(t.Context(), app.Options{ConfigFile: file, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop() })
	return a
}

func applied(t *testing.T, a *app.Agent) wire.ConfigState {
	t.Helper()
	s := status(t, a.Addr()).Applied
	if s == nil {
		t.Fatal("status does not say which configuration runs")
	}
	return *s
}

func TestTrialWithoutTheCentreIsRolledBack(t *testing.T) {
	_, address := startGauge(t)
	file := write(t, "")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "centre:\n", "centre:\n  confirm: 1s\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	onTrial(t, file, fmt.Sprintf(`{"sensors":[{"id":"gauge","profile":"generic-water-level-modbus","address":"%s"}],"outbox":{"commit_every":"20ms"}}`, address))
	a := start(t, file)
	if s := applied(t, a); s.Version != 3 || !s.Trial {
		t.Fatalf("runs %+v", s)
	}
	wait(t, "the trial measures", func() bool { return status(t, a.Addr()).Backlog.Records > 0 })
	config := filepath.Join(filepath.Dir(file), "data", "config.json")
	wait(t, "the trial is over", func() bool {
		text, err := os.ReadFile(config)
		return err == nil && strings.Contains(string(text), "no link to the centre within 1s; edge.yml runs again")
	})
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	a = start(t, file)
	if s := applied(t, a); s.Version != 0 || s.Trial || s.Last == nil || s.Last.OK || s.Last.Version != 3 {
		t.Errorf("runs %+v", s)
	}
	wait(t, "the readings of the trial and the outcome are in the outbox", func() bool { return status(t, a.Addr()).Backlog.Records > 1 })
}

func TestTrialThatDoesNotStartIsRolledBackAtOnce(t *testing.T) {
	file := write(t, "")
	for name, document := range map[string]string{
		"profile that is not there": `{"sensors":[{"id":"a","profile":"none","address":"h:1"}]}`,
		"sensor twice":              `{"sensors":[{"id":"a","profile":"nmea-gnss","address":"h:1"},{"id":"a","profile":"nmea-gnss","address":"h:1"}]}`,
	} {
		onTrial(t, file, document)
		a := start(t, file)
		if s := applied(t, a); s.Version != 0 || s.Trial || s.Last == nil || s.Last.OK || !strings.Contains(s.Last.Error, "edge.yml runs again") {
			t.Errorf("%s: runs %+v", name, s)
		}
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAProfileThatNobodyNeedsMayBeWrong(t *testing.T) {
	folder := t.TempDir()
	for _, sub := range []string{"gnss"} {
		if err := os.MkdirAll(filepath.Join(folder, "profiles", sub), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(configs + "/profiles/position/nmea-gnss.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"nmea-gnss.yml": string(good), "newer.yml": strings.Replace(string(good), "id: nmea-gnss", "id: newer\nof_the_next_version: 1", 1)} {
		if err := os.WriteFile(filepath.Join(folder, "profiles", "gnss", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := write(t, "rules: none\n")
	text, err := os.ReadFile(file)
	if err == nil {
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "firmware_configs:") {
				lines[i] = "firmware_configs: " + folder
			}
		}
		err = os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	onTrial(t, file, `{"sensors":[{"id":"a","profile":"nmea-gnss","address":"127.0.0.1:1"}]}`)
	a := start(t, file)
	if s := applied(t, a); s.Version != 3 {
		t.Errorf("runs %+v", s)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	onTrial(t, file, `{"sensors":[{"id":"a","profile":"newer","address":"127.0.0.1:1"}]}`)
	a = start(t, file)
	if s := applied(t, a); s.Trial || s.Last == nil || s.Last.OK || !strings.Contains(s.Last.Error, "of_the_next_version") {
		t.Errorf("with the wrong profile runs %+v, %+v", s, s.Last)
	}
}

func TestEditedFileIsSeenAtOnce(t *testing.T) {
	file := write(t, "")
	a := start(t, file)
	if applied(t, a).Edited {
		t.Fatal("edited before it was")
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString("# somebody was here\n")
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if !applied(t, a).Edited {
		t.Error("the edit is not seen")
	}
}

func TestForgetGoesBackToTheFile(t *testing.T) {
	file := write(t, "")
	onTrial(t, file, `{"log":{"level":"debug"}}`)
	a := start(t, file)
	if err := app.ForgetConfig(app.Options{ConfigFile: file, Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "another agent runs") {
		t.Errorf("forgotten under a running agent: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := app.ForgetConfig(app.Options{ConfigFile: file, Out: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if s := applied(t, start(t, file)); s.Version != 0 || s.Trial {
		t.Errorf("runs %+v", s)
	}
}
