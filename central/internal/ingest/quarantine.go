package ingest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// maxQuarantine is the most bytes kept of one day: a sensor with a wrong clock must not fill the disk.
const maxQuarantine = 64 << 20

// quarantine keeps readings that cannot be true apart from the rest: a file of JSON lines for each day.
type quarantine struct {
	dir string // empty: nothing is kept
	mu  sync.Mutex
}

// suspect is one line.
type suspect struct {
	ReceivedAt time.Time    `json:"received_at"`
	Sender     string       `json:"sender"`
	Device     string       `json:"device"`
	Property   string       `json:"property"`
	At         time.Time    `json:"at"`
	Value      float64      `json:"value"`
	Quality    wire.Quality `json:"quality"`
}

func (q *quarantine) keep(sender string, readings []wire.Reading, now time.Time) error {
	if q.dir == "" {
		return nil
	}
	var text []byte
	for _, r := range readings {
		line, err := json.Marshal(suspect{now.UTC(), sender, r.Device, r.Property, wire.Time(r.At), r.Value, r.Quality})
		if err != nil {
			continue // a value that JSON has no word for, or a year beyond 9999
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
