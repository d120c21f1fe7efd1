package ingest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// maxQuarantine is the most bytes kept of one day: a sensor with a wrong clock must not fill the disk.
const maxQuarantine = 64 << 20

// quarantine keeps records that cannot be true apart from the rest: a file of JSON lines for each day.
type quarantine struct {
	dir string // empty: nothing is kept
	mu  sync.Mutex
}

// suspect is one line: a reading or an event. At is as it came, in milliseconds, because it may be no
// time that a calendar knows.
type suspect struct {
	ReceivedAt time.Time     `json:"received_at"`
	Sender     string        `json:"sender"`
	Device     string        `json:"device"`
	Property   string        `json:"property,omitempty"`
	At         int64         `json:"at_ms"`
	Value      *float64      `json:"value,omitempty"` // nil: no finite number
	Quality    *wire.Quality `json:"quality,omitempty"`
	Event      *wire.Event   `json:"event,omitempty"`
}

func suspectReading(r wire.Reading) suspect {
	s := suspect{Device: r.Device, Property: r.Property, At: r.At, Quality: &r.Quality}
	if !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) {
		s.Value = &r.Value
	}
	return s
}

func (q *quarantine) keep(sender string, all []suspect, now time.Time) error {
	if q.dir == "" {
		return nil
	}
	var text []byte
	for _, s := range all {
		s.ReceivedAt, s.Sender = now.UTC(), sender
		line, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("write line of the quarantine: %w", err)
		}
		text = append(append(text, line...), '\n')
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := os.MkdirAll(q.dir, 0o700); err != nil {
		return fmt.Errorf("make folder of the quarantine: %w", err)
	}
	file := filepath.Join(q.dir, now.UTC().Format(time.DateOnly)+".jsonl")
	if info, err := os.Stat(file); err == nil && info.Size()+int64(len(text)) > maxQuarantine {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open quarantine: %w", err)
	}
	_, err = f.Write(text)
	if end := f.Close(); err == nil {
		err = end
	}
	if err != nil {
		return fmt.Errorf("write quarantine: %w", err)
	}
	return nil
}
