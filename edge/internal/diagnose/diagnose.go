// Package diagnose is what a technician at the centre may ask a terminal about itself: a list of questions,
// each with a bound for its time and its answer. edge/app says how each is answered. Rules that must never
// break: nothing outside the list is done, nothing is changed, and no secret is in an answer.
package diagnose

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	within    = 20 * time.Second // for one answer
	perMinute = 20
	spareMost = 8 << 10 // bytes of an answer when the data of the month are used up
)

// ErrTooOften says that the questions of a minute are used up.
var ErrTooOften = errors.New("more than 20 questions in a minute")

// Question answers one name: a string is sent as it is, anything else as JSON.
type Question func(ctx context.Context, ask wire.Diagnose) (any, error)

// Desk answers. Fill the fields.
type Desk struct {
	Questions map[string]Question // by the names of wire.Diagnoses
	Secrets   func() []string     // what must not be in an answer, besides what looks like a secret
	Sparing   func() bool         // the data of the month are used up
	Log       *slog.Logger

	mu    sync.Mutex
	times []time.Time
}

// Answer answers one wire.Diagnose with zstd of UTF-8 text. Errors say to a person why there is no answer;
// what a device or a camera has to complain of is part of the answer.
func (d *Desk) Answer(ctx context.Context, body json.RawMessage) ([]byte, error) {
	var ask wire.Diagnose
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	if err := in.Decode(&ask); err != nil {
		return nil, fmt.Errorf("read question: %w", err)
	}
	kind, known := wire.DiagnosisOf(ask.Name)
	question := d.Questions[ask.Name]
	switch {
	case !known || question == nil:
		return nil, fmt.Errorf("this terminal does not know the diagnosis %.64q", ask.Name)
	case (ask.Device != "") != (kind.About != ""):
		return nil, fmt.Errorf("diagnosis %s: name a %s, and nothing where there is none", ask.Name, max(kind.About, "device"))
	case ask.Lines < 0 || ask.Lines > wire.MaxLogLines:
		return nil, fmt.Errorf("diagnosis %s: %d lines are not 1 to %d", ask.Name, ask.Lines, wire.MaxLogLines)
	case !d.allow(time.Now()):
		return nil, ErrTooOften
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	got, err := d.guard(ctx, question, ask)
	if err != nil {
		return nil, errors.New(Redact(err.Error(), d.secrets()))
	}
	text, err := written(got)
	if err != nil {
		return nil, err
	}
	most := kind.Most
	if d.Sparing != nil && d.Sparing() {
		most = min(most, spareMost)
	}
	return pack(Redact(text, d.secrets()), most, ask.Name == "log")
}

func (d *Desk) secrets() []string {
	if d.Secrets == nil {
		return nil
	}
	return d.Secrets()
}

// allow counts the questions of the last minute.
func (d *Desk) allow(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.times) > 0 && now.Sub(d.times[0]) >= time.Minute {
		d.times = d.times[1:]
	}
	if len(d.times) >= perMinute {
		return false
	}
	d.times = append(d.times, now)
	return true
}

func (d *Desk) guard(ctx context.Context, question Question, ask wire.Diagnose) (got any, err error) {
	defer func() {
		if r := recover(); r != nil {
			d.Log.Error("diagnosis failed", "name", ask.Name, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("diagnosis %s failed: %v", ask.Name, r)
		}
	}()
	return question(ctx, ask)
}

func written(v any) (string, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode answer: %w", err)
	}
	return string(text), nil
}

const cutSign = "[cut: the answer was too long]"

// pack compresses a text; one that does not fit loses its end, or with keepEnd its beginning.
func pack(text string, most int, keepEnd bool) ([]byte, error) {
	// One goroutine and a small window: this runs seldom and on a small machine.
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("compress answer: %w", err)
	}
	defer func() { _ = w.Close() }() // nothing is written to it
	text = strings.ToValidUTF8(text, "�")
	for room := wire.MaxAnswerText; ; room = room * 3 / 4 {
		out := text
		if len(text) > room {
			room = max(room-len(cutSign)-1, 0)
			if keepEnd {
				out = cutSign + "\n" + text[len(text)-room:]
			} else {
				out = text[:room] + "\n" + cutSign
			}
		}
		if packed := w.EncodeAll([]byte(strings.ToValidUTF8(out, "")), nil); len(packed) <= most {
			return packed, nil
		}
		room = min(room, len(text))
	}
}
