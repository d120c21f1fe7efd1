// Package internal holds the one test that keeps the rooms of the centre apart.
package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fengsui/fengsui/central/internal/"

// levels is the picture in docs/architecture.md. A package imports base packages, shared/... and levels
// below its own. Adapters import domain and base, never each other, except those listed in uses. A new
// capability is one line here.
var levels = map[string]int{
	"errs": 0, "event": 0, "page": 0, "actor": 0, "config": 0, "ballast": 0,
	"account": 1, "device": 1,
	"telemetry": 2, "video": 2, "output": 2,
	"audit":    6,
	"document": adapter, "store": adapter, "tsdb": adapter, "api": adapter, "ingest": adapter, "broker": adapter, "sfu": adapter,
}

const adapter = 9

// uses lists what one adapter takes from another.
var uses = map[string][]string{
	"api":    {"document"}, // spreadsheets
	"ingest": {"broker"},   // its port
}

// toolkits may be imported by nobody but the adapters named.
var toolkits = map[string][]string{
	"github.com/gofiber/":                 {"api"},
	"github.com/danielgtaylor/":           {"api"},
	"github.com/nats-io/":                 {"broker", "ingest"},
	"github.com/pion/":                    {"sfu"},
	"github.com/parquet-go/":              {"document"},
	"github.com/influxdata/":              {"tsdb"},
	"database/sql":                        {"store", "tsdb"},
	"github.com/prometheus/client_golang": {"api", "ingest", "broker", "tsdb", "sfu"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointInward(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name, inside := strings.CutPrefix(p.ImportPath, module)
		if !inside {
			continue
		}
		seen++
		for _, bad := range wrong(room(name), p.Imports) {
			t.Error(bad)
		}
	}
	if seen < len(levels) {
		t.Errorf("%d packages were looked at, the table has %d", seen, len(levels))
	}
}

func TestWrongImportsAreFound(t *testing.T) {
	for _, c := range []struct {
		from, to string
		bad      bool
	}{
		{"telemetry", module + "device", false},
		{"device", module + "telemetry", true},
		{"video", module + "telemetry", true},
		{"telemetry", module + "store", true},
		{"store", module + "telemetry", false},
		{"store", module + "api", true},
		{"api", module + "document", false},
		{"device", "github.com/gofiber/fiber/v2", true},
		{"device", "database/sql", true},
		{"unheard", module + "errs", true},
	} {
		if got := len(wrong(c.from, []string{c.to})) > 0; got != c.bad {
			t.Errorf("%s imports %s: found %v, want %v", c.from, c.to, got, c.bad)
		}
	}
}

// room is the first part of a package's path: store/storetest belongs to store.
func room(name string) string {
	name, _, _ = strings.Cut(name, "/")
	return name
}

func wrong(from string, imports []string) []string {
	var out []string
	level, known := levels[from]
	if !known {
		return []string{from + " has no line in the level table"}
	}
	for _, path := range imports {
		for kit, owners := range toolkits {
			if strings.HasPrefix(path, kit) && !slices.Contains(owners, from) {
				out = append(out, from+" must not import "+path)
			}
		}
		name, inside := strings.CutPrefix(path, module)
		to := room(name)
		if !inside || to == from {
			continue
		}
		target, known := levels[to]
		if level == 0 && target == 0 {
			continue
		}
		if !known || (target >= level && !slices.Contains(uses[from], to)) {
			out = append(out, from+" must not import "+to)
		}
	}
	return out
}
