package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/sim"
)

// Field is a running fengsui-sim.
type Field struct {
	*Process
	Addresses sim.Addresses
}

// StartField starts the simulator with a configuration (the text of sim.yml), by default with the profiles
// of the repository. Port 0 is settled here, so that a killed simulator comes back where it was.
func StartField(t TB, p Programs, text string) *Field {
	t.Helper()
	f := NewField(t, p, text)
	f.Open(t)
	return f
}

// NewField writes the configuration; Open starts it.
func NewField(t TB, p Programs, text string) *Field {
	t.Helper()
	root, err := Root()
	must(t, err, "find the repository")
	for strings.Contains(text, "127.0.0.1:0") {
		text = strings.Replace(text, "127.0.0.1:0", testserver.FreeAddr(t), 1)
	}
	head := fmt.Sprintf("clips: %s\ncontrol: %s\nepoch: %s\n", filepath.Join(root, "test", "clips"), testserver.FreeAddr(t), time.Now().UTC().Format(time.RFC3339))
	if !strings.Contains(text, "firmware_configs:") {
		head += fmt.Sprintf("firmware_configs: %s\n", filepath.Join(root, "firmware-configs"))
	}
	file := filepath.Join(t.TempDir(), "sim.yml")
	must(t, os.WriteFile(file, []byte(head+text), 0o600), "write sim.yml")
	return &Field{Process: &Process{Name: "sim", Path: p.Sim, Args: []string{"run", "--config", file}}}
}

// Open starts it and reads where its devices listen.
func (f *Field) Open(t TB) {
	t.Helper()
	f.Start(t)
	line := f.WaitLine(t, time.Minute, "{")
	must(t, json.Unmarshal([]byte("{"+line), &f.Addresses), "read the addresses of the simulator")
}

// Hold keeps properties of a device at values; nil lets the wave go on.
func (f *Field) Hold(t TB, device string, values map[string]*float64) {
	t.Helper()
	text, err := json.Marshal(values)
	must(t, err, "encode values")
	must(t, f.Post("/devices/"+device+"/values", text), "set values of "+device)
}

// Set keeps one property at a value.
func (f *Field) Set(t TB, device, property string, value float64) {
	t.Helper()
	f.Hold(t, device, map[string]*float64{property: &value})
}

// Cut makes a device unreachable.
func (f *Field) Cut(t TB, device string) {
	t.Helper()
	must(t, f.Post("/devices/"+device+"/cut", nil), "cut "+device)
}

// Restore brings it back.
func (f *Field) Restore(t TB, device string) {
	t.Helper()
	must(t, f.Post("/devices/"+device+"/restore", nil), "restore "+device)
}

// Show has a camera go on with another clip of test/clips: its resolution changes in the middle.
func (f *Field) Show(t TB, camera, clip string) {
	t.Helper()
	text, err := json.Marshal(map[string]string{"clip": clip})
	must(t, err, "encode the name of a clip")
	must(t, f.Post("/devices/"+camera+"/clip", text), "change the clip of "+camera)
}

// State is what the simulator counted.
func (f *Field) State(t TB) sim.State {
	t.Helper()
	var s sim.State
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, f.Addresses.Control+"/state", nil)
	must(t, err, "make request")
	answer, err := http.DefaultClient.Do(req)
	must(t, err, "ask the simulator")
	defer answer.Body.Close()
	must(t, json.NewDecoder(answer.Body).Decode(&s), "read the simulator's state")
	return s
}

// Post sends anything to the control page.
func (f *Field) Post(path string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Addresses.Control+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the simulator: %w", err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the simulator answers %d", answer.StatusCode)
	}
	return nil
}
