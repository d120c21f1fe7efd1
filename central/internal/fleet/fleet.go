// Package fleet is how terminals are configured from the centre: versions of a document, one terminal at a
// time or rolled out to many in batches. Technicians use it. Rule that must never break: what runs at a
// terminal is its own word; a version counts as running only when the terminal has come back with it.
package fleet

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// State is what became of a version.
type State string

// The states.
const (
	Wanted    State = "wanted"    // waits for its terminal, or is tried there
	Running   State = "running"   // the terminal has confirmed it
	Failed    State = "failed"    // the terminal has refused it or rolled it back; Error says why
	Replaced  State = "replaced"  // was running
	Withdrawn State = "withdrawn" // a newer one came before it was tried, or a person took it back
)

// Version is one configuration of a terminal. Document is only there where it is asked for.
type Version struct {
	Edge       string          `json:"edge"`
	Number     uint64          `json:"number"`
	ID         string          `json:"-"` // of its message
	Hash       string          `json:"hash"`
	Document   json.RawMessage `json:"document,omitempty"`
	State      State           `json:"state"`
	Error      string          `json:"error,omitempty"`
	Note       string          `json:"note"`
	Author     string          `json:"author"`      // empty: found at the terminal
	AuthorName string          `json:"author_name"` // as it was then
	Rollout    string          `json:"rollout,omitempty"`
	Rules      bool            `json:"rules,omitempty"` // made by a publish of rules; everything else is as in the version before
	CreatedAt  time.Time       `json:"created_at"`
	SettledAt  *time.Time      `json:"settled_at,omitempty"` // when State became what it is
}

// Settings is how a terminal stands: what it says it runs, and its versions, newest first.
type Settings struct {
	Applied  *wire.ConfigState `json:"applied,omitempty"`
	Versions []Version         `json:"versions"`
}

// verdict is what follows from the word of a terminal.
type verdict struct {
	settle []Version // with their new state
	send   *Version
	ask    bool // its document is not known
}

// judge compares the versions of a terminal, newest first, with what it says it runs.
func judge(versions []Version, s wire.ConfigState) verdict {
	var v verdict
	running := -1
	for i, one := range versions {
		switch {
		case one.State != Wanted:
			if running < 0 && !s.Trial && one.Hash == s.Hash && one.State != Failed && one.State != Withdrawn {
				running = i
			}
		case s.Version == one.Number && s.Hash == one.Hash:
			if !s.Trial {
				running = i
			}
		case s.Last != nil && s.Last.Version == one.Number && s.Last.Hash == one.Hash && !s.Last.OK:
			one.State, one.Error = Failed, s.Last.Error
			v.settle = append(v.settle, one)
		default:
			v.send = &versions[i]
		}
	}
	if s.Trial {
		return v
	}
	if running < 0 {
		v.ask = true
		return v
	}
	for i, one := range versions {
		switch {
		case i == running && one.State != Running:
			one.State, one.Error = Running, ""
			v.settle = append(v.settle, one)
		case i != running && one.State == Running:
			one.State = Replaced
			v.settle = append(v.settle, one)
		}
	}
	return v
}

// newest is the highest number, 0 for none.
func newest(versions []Version) uint64 {
	n := uint64(0)
	for _, v := range versions {
		n = max(n, v.Number)
	}
	return n
}

// basis is the version that runs, else the one that is wanted.
func basis(versions []Version) (Version, bool) {
	for _, state := range []State{Running, Wanted} {
		if i := slices.IndexFunc(versions, func(v Version) bool { return v.State == state }); i >= 0 {
			return versions[i], true
		}
	}
	return Version{}, false
}
