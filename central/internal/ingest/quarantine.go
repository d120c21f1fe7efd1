package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// suspect is one line of the files in which records with impossible times were kept apart before: a reading
// or an event. The oldest files have the time as a date.
type suspect struct {
	ReceivedAt time.Time    `json:"received_at"`
	Sender     string       `json:"sender"`
	Device     string       `json:"device"`
	Property   string       `json:"property"`
	Date       time.Time    `json:"at"`
	At         int64        `json:"at_ms"`
	Value      *float64     `json:"value"` // nil: no finite number
	Quality    wire.Quality `json:"quality"`
	Event      *wire.Event  `json:"event"`
}

func (s *suspect) reading() wire.Reading {
	r := wire.Reading{Device: s.Device, Property: s.Property, At: s.At, Value: math.NaN(), Quality: s.Quality}
	if !s.Date.IsZero() {
		r.At = wire.Millis(s.Date)
	}
	if s.Value != nil {
		r.Value = *s.Value
	}
	return r
}

// bring moves what was kept apart in files (a day each, JSON lines) to where it is kept now. Dying in
// between is harmless: what was moved is known by its content and not kept twice.
func (i *Ingest) bring(ctx context.Context, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read old quarantine: %w", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".jsonl") {
			continue
		}
		file := filepath.Join(dir, e.Name())
		list, bad, err := readSuspects(file)
		if err != nil {
			return fmt.Errorf("read old quarantine %s: %w", e.Name(), err)
		}
		if bad > 0 {
			i.opts.Log.Warn("lines of the old quarantine make no sense", "file", e.Name(), "lines", bad)
		}
		if err := i.opts.Telemetry.KeepApart(ctx, list); err != nil {
			return fmt.Errorf("move old quarantine %s: %w", e.Name(), err)
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("remove old quarantine: %w", err)
		}
	}
	return nil
}

// readSuspects reads one file; bad counts the lines that make no sense (a crash may have cut the last).
func readSuspects(file string) (list []telemetry.Suspect, bad int, err error) {
	text, err := os.ReadFile(file) // at most 64 MB
	if err != nil {
		return nil, 0, err
	}
	type message struct {
		sender string
		at     int64
	}
	readings, events, order := map[message][]wire.Reading{}, map[message][]wire.Event{}, []message{}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s suspect
		if json.Unmarshal(lines.Bytes(), &s) != nil || (s.Event == nil && (!wire.ValidID(s.Device) || !wire.ValidID(s.Property))) {
			bad++
			continue
		}
		k := message{s.Sender, wire.Millis(s.ReceivedAt)}
		if len(readings[k])+len(events[k]) == 0 {
			order = append(order, k)
		}
		if s.Event != nil {
			events[k] = append(events[k], *s.Event)
		} else {
			readings[k] = append(readings[k], s.reading())
		}
	}
	if err := lines.Err(); err != nil {
		return nil, 0, err
	}
	for _, k := range order {
		in := telemetry.Incoming{Edge: k.sender, ReceivedAt: wire.Time(k.at)}
		list = append(list, telemetry.Suspects(&in, readings[k], events[k])...)
	}
	return list, bad, nil
}
