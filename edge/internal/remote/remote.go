// Package remote keeps which configuration of the centre the terminal runs: the last good one, and one on
// trial. The agent asks it at each start what to run. Rule that must never break: whatever is killed
// whenever, the terminal comes back with the last good configuration, or with one on trial that goes back
// to it by itself; only Confirm makes a configuration good.
package remote

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// maxStarts is how often a configuration on trial may start: one that brings the agent down is not tried
// for ever, and a power cut during its trial does not end it.
const maxStarts = 3

// state is the whole memory; it is written as one file, so that it changes at once or not at all.
type state struct {
	Good  *wire.Config        `json:"good,omitempty"` // nil: edge.yml
	Trial *trial              `json:"trial,omitempty"`
	Kept  []wire.Config       `json:"kept,omitempty"` // were good, newest first, Good among them
	Last  *wire.ConfigOutcome `json:"last,omitempty"`
	Own   string              `json:"own,omitempty"` // hash of edge.yml's document when Good was confirmed
	Owed  []Owed              `json:"owed,omitempty"`
}

type trial struct {
	wire.Config
	Starts int `json:"starts"`
}

// Owed is an outcome that is not in the outbox yet. ID is that of its event: told twice, it is one.
type Owed struct {
	ID     string             `json:"id"`
	At     int64              `json:"at"`
	Result wire.CommandResult `json:"result"`
}

// Keeper is the memory. It belongs to one goroutine at a time.
type Keeper struct {
	file string
	st   state
}

// Open reads the memory of a data folder. A file that cannot be read is set aside, and its error returned
// with a keeper that knows nothing.
func Open(dir string) (*Keeper, error) {
	k := &Keeper{file: filepath.Join(dir, "config.json")}
	text, err := os.ReadFile(k.file)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &k.st)
	}
	if err == nil {
		err = k.st.sound()
	}
	if err != nil {
		k.st = state{}
		return k, errors.Join(fmt.Errorf("read configuration of the centre: %w", err), os.Rename(k.file, k.file+".bad"))
	}
	return k, nil
}

// sound finds what somebody else has written into the file.
func (s *state) sound() error {
	for _, c := range s.all() {
		if got := desired.Hash(c.Document); got != c.Hash {
			return fmt.Errorf("version %d is not what it was", c.Version)
		}
	}
	return nil
}

func (s *state) all() []*wire.Config {
	var out []*wire.Config
	if s.Good != nil {
		out = append(out, s.Good)
	}
	if s.Trial != nil {
		out = append(out, &s.Trial.Config)
	}
	for i := range s.Kept {
		out = append(out, &s.Kept[i])
	}
	return out
}

// save writes the memory so that a power cut leaves the old or the new.
func (k *Keeper) save(next state) error {
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("keep configuration: %w", err)
	}
	if err := run.Replace(k.file, text); err != nil {
		return fmt.Errorf("keep configuration: %w", err)
	}
	k.st = next
	return nil
}

// Run is what to run now: a document, nil for edge.yml, and whether it is on trial. It counts the start of
// a trial before it begins; when that cannot be written, or was once too often, the last good one runs.
func (k *Keeper) Run(now time.Time) (document []byte, onTrial bool, err error) {
	if t := k.st.Trial; t != nil {
		if t.Starts >= maxStarts {
			err = k.RollBack("the agent did not stay up with it", now)
		} else {
			next := k.st
			next.Trial = &trial{Config: t.Config, Starts: t.Starts + 1}
			if err = k.save(next); err == nil {
				return t.Document, true, nil
			}
		}
	}
	if k.st.Good == nil {
		return nil, false, err
	}
	return k.st.Good.Document, false, err
}

// State is what is said of it; own is the hash of edge.yml's document.
func (k *Keeper) State(own string, onTrial bool) *wire.ConfigState {
	out := &wire.ConfigState{Hash: own, Last: k.st.Last}
	switch {
	case onTrial && k.st.Trial != nil:
		out.Version, out.Hash, out.Trial = k.st.Trial.Version, k.st.Trial.Hash, true
	case k.st.Good != nil:
		out.Version, out.Hash, out.Edited = k.st.Good.Version, k.st.Good.Hash, own != k.st.Own
	}
	return out
}

// Known reports whether a version that comes again needs nothing: it is on trial, or its outcome is known.
func (k *Keeper) Known(c wire.Config) bool {
	if t := k.st.Trial; t != nil && t.Version == c.Version && t.Hash == c.Hash {
		return true
	}
	return k.st.Last != nil && k.st.Last.Version == c.Version && k.st.Last.Hash == c.Hash
}

// Same reports whether a document is the one that runs, so that its version needs no trial.
func (k *Keeper) Same(c wire.Config) bool {
	return k.st.Trial == nil && k.st.Good != nil && k.st.Good.Hash == c.Hash
}

// Try puts a configuration on trial; Run gives it from now on.
func (k *Keeper) Try(c wire.Config) error {
	next := k.st
	next.Trial = &trial{Config: c}
	return k.save(next)
}

// Refuse notes a configuration that is not tried at all.
func (k *Keeper) Refuse(c wire.Config, why string, now time.Time) error {
	return k.save(k.st.settle(c, why, now))
}

// Confirm makes a configuration good; own is the hash of edge.yml's document at this moment.
func (k *Keeper) Confirm(c wire.Config, own string, now time.Time) error {
	next := k.st.settle(c, "", now)
	next.Good, next.Trial, next.Own = &c, nil, own
	next.Kept = kept(c, k.st.Kept)
	return k.save(next)
}

// kept puts a good configuration before those that were good. The one before it stays whatever it is; of
// older ones that differ by their rules only the newest does, so that a publish of rules pushes nothing out
// that a person wrote.
func kept(c wire.Config, before []wire.Config) []wire.Config {
	out, seen := []wire.Config{c}, []string{apart(c)}
	for _, o := range before {
		if o.Hash == c.Hash {
			continue
		}
		rest := apart(o)
		if len(out) == 1 || !slices.Contains(seen, rest) {
			out = append(out, o)
		}
		seen = append(seen, rest)
	}
	return out[:min(len(out), desired.Keep)]
}

// apart tells configurations apart by everything but their rules.
func apart(c wire.Config) string {
	rest, err := desired.Apart(c.Document)
	if err != nil {
		return c.Hash
	}
	return desired.Hash(rest)
}

// OnTrial is the configuration on trial.
func (k *Keeper) OnTrial() (wire.Config, bool) {
	if k.st.Trial == nil {
		return wire.Config{}, false
	}
	return k.st.Trial.Config, true
}

// RollBack ends the trial; the last good configuration is what Run gives from now on, also when this
// cannot be written.
func (k *Keeper) RollBack(why string, now time.Time) error {
	c, ok := k.OnTrial()
	if !ok {
		return nil
	}
	again := "edge.yml runs again"
	if k.st.Good != nil {
		again = fmt.Sprintf("version %d runs again", k.st.Good.Version)
	}
	next := k.st.settle(c, why+"; "+again, now)
	next.Trial = nil
	err := k.save(next)
	k.st = next
	return err
}

// FallBack takes a good configuration out that the agent cannot start any more, for the one kept before.
func (k *Keeper) FallBack() error {
	if k.st.Good == nil {
		return nil
	}
	next := k.st
	bad := next.Good.Hash
	next.Kept = slices.DeleteFunc(slices.Clone(next.Kept), func(o wire.Config) bool { return o.Hash == bad })
	next.Good = nil
	if len(next.Kept) > 0 {
		next.Good = &next.Kept[0]
	}
	err := k.save(next)
	k.st = next
	return err
}

// Forget goes back to edge.yml.
func (k *Keeper) Forget() error {
	next := k.st
	next.Good, next.Trial, next.Own = nil, nil, ""
	return k.save(next)
}

// settle notes what became of a version.
func (s state) settle(c wire.Config, why string, now time.Time) state {
	why = why[:min(len(why), 500)]
	s.Last = &wire.ConfigOutcome{Version: c.Version, Hash: c.Hash, OK: why == "", Error: why, At: wire.Millis(now)}
	owed := Owed{ID: uuid.Must(uuid.NewV7()).String(), At: wire.Millis(now), Result: wire.CommandResult{Command: c.ID, OK: why == "", Error: why}}
	s.Owed = append(slices.Clone(s.Owed[max(0, len(s.Owed)-desired.Keep):]), owed)
	return s
}

// Owed are the outcomes that are not in the outbox yet.
func (k *Keeper) Owed() []Owed { return slices.Clone(k.st.Owed) }

// Paid forgets them.
func (k *Keeper) Paid() error {
	if len(k.st.Owed) == 0 {
		return nil
	}
	next := k.st
	next.Owed = nil
	return k.save(next)
}

// Check looks at a message of the centre: the hash must be that of its document, and the document must be
// sound by the schema. The document is left in its canonical form.
func Check(s *desired.Schema, c *wire.Config) error {
	canonical, err := s.Check(c.Document)
	if err != nil {
		return err
	}
	if got := desired.Hash(canonical); got != c.Hash {
		return fmt.Errorf("the document is not the one that the centre meant: its hash is %.12s, not %.12s", got, c.Hash)
	}
	c.Document = canonical
	return nil
}

// Parse reads a message of the centre.
func Parse(payload []byte) (wire.Config, error) {
	var c wire.Config
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	if c.Version == 0 || len(c.Document) == 0 || cmp.Or(len(c.ID), 65) > 64 || len(c.Hash) != 64 {
		return c, errors.New("read configuration: id, version, hash or document is missing")
	}
	c.Document = bytes.Clone(c.Document)
	return c, nil
}
