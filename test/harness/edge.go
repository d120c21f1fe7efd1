package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// Edge is a running fengsui-edge.
type Edge struct {
	*Process
	ID     string
	Dir    string
	Config string // edge.yml
	Status string // address of its local page
}

// StartEdge registers an edge with the centre, enrols it by command line and starts it. It reads the
// Modbus devices and cameras of the field and dials the broker at addr, which may be a link.
func StartEdge(t TB, c *Centre, f *Field, id, addr string) *Edge {
	t.Helper()
	e := NewEdge(t, c, f, id, addr)
	c.EnrolEdge(t, id, e.Config)
	e.Start(t)
	return e
}

// NewEdge writes the configuration of an edge.
func NewEdge(t TB, c *Centre, f *Field, id, addr string) *Edge {
	t.Helper()
	root, err := Root()
	must(t, err, "find the repository")
	dir := t.TempDir()
	e := &Edge{ID: id, Dir: dir, Config: filepath.Join(dir, "edge.yml"), Status: testserver.FreeAddr(t)}
	e.Process = &Process{Name: id, Path: c.Programs.Edge, Args: []string{"run", "--config", e.Config}, Dir: dir}
	var b strings.Builder
	fmt.Fprintf(&b, `id: %s
name: 演示数据 %s
division: "320623"
place: {lon: 120.94793, lat: 32.53164}
demo: true
data: %s
firmware_configs: %s
centre:
  url: %s
  insecure: %t
  mqtt: %s
status:
  listen: %s
`, id, id, filepath.Join(dir, "data"), filepath.Join(root, "firmware-configs"), c.URL, c.public, addr, e.Status)
	b.WriteString("sensors:\n")
	for device, at := range f.Addresses.Devices {
		profile := "generic-water-level-modbus"
		if strings.Contains(device, "gas") {
			profile = "generic-gas-ch4-modbus"
		}
		if strings.Contains(device, "siren") {
			profile = "generic-siren-modbus"
		}
		fmt.Fprintf(&b, "  - {id: %s, name: 演示数据 %s, profile: %s, address: %s}\n", device, device, profile, at)
	}
	b.WriteString("cameras:\n")
	for camera, url := range f.Addresses.Cameras {
		fmt.Fprintf(&b, "  - {id: %s, name: 演示数据 %s, rtsp: %q}\n", camera, camera, url)
	}
	must(t, os.WriteFile(e.Config, []byte(b.String()), 0o600), "write edge.yml")
	return e
}

// State is what the local page says of the terminal.
func (e *Edge) State(t TB) wire.Status {
	t.Helper()
	st, err := e.Look()
	must(t, err, "ask the local page of "+e.ID)
	return st
}

// Look is State of a terminal that may be down.
func (e *Edge) Look() (wire.Status, error) {
	var v struct {
		Status wire.Status `json:"status"`
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+e.Status+"/status.json", nil)
	if err != nil {
		return v.Status, fmt.Errorf("make request: %w", err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return v.Status, fmt.Errorf("ask the local page: %w", err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		return v.Status, fmt.Errorf("read the local page: %w", err)
	}
	return v.Status, nil
}

// Taken is how many answers of a sensor the terminal has taken since its start.
func (e *Edge) Taken(t TB, sensor string) uint64 {
	t.Helper()
	for _, s := range e.State(t).Sensors {
		if s.ID == sensor {
			return s.Taken
		}
	}
	return 0
}
