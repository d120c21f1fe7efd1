// Package release is the programs of terminals: which the centre holds, which a terminal is to run, and
// what became of it. Technicians use it, and the roll-outs of fleet. Rule that must never break: what runs
// at a terminal is its own word, and nothing but what was uploaded and compared with its hash is given out.
package release

import (
	"regexp"
	"time"

	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// Release is one program. It is given out once Packed is not 0.
type Release struct {
	ID string `json:"id"` // version_arch
	wire.Release
	Packed     int64     `json:"packed"`              // bytes that a terminal fetches; 0: the upload is not whole
	Missing    bool      `json:"missing,omitempty"`   // its file is gone, after a restore for example: upload it again
	Untrusted  bool      `json:"untrusted,omitempty"` // its signature is not that of the centre's key: not given out
	Note       string    `json:"note"`
	NoteEN     string    `json:"note_en"`
	Author     string    `json:"author"`
	AuthorName string    `json:"author_name"` // as it was then
	CreatedAt  time.Time `json:"created_at"`
}

// State is what became of an upgrade.
type State string

// The states.
const (
	Wanted    State = "wanted"    // waits for its terminal, or is fetched or tried there
	Done      State = "done"      // the terminal has confirmed it
	Failed    State = "failed"    // the terminal has refused it or went back; Error says why
	Withdrawn State = "withdrawn" // another came in between, or a person took it back
)

// Upgrade is one wish that a terminal run a program.
type Upgrade struct {
	ID         string     `json:"id"`
	Edge       string     `json:"edge"`
	Release    string     `json:"release"` // empty: the way back to the program before
	Version    string     `json:"version"`
	State      State      `json:"state"`
	Error      string     `json:"error,omitempty"`
	Note       string     `json:"note"`
	Author     string     `json:"author"`
	AuthorName string     `json:"author_name"`
	Rollout    string     `json:"rollout,omitempty"`
	Ticket     string     `json:"-"`
	Spent      int64      `json:"spent"` // bytes that the terminal fetched for it
	CreatedAt  time.Time  `json:"created_at"`
	SettledAt  *time.Time `json:"settled_at,omitempty"`
}

// keep is how many upgrades of a terminal are kept.
const keep = 20

// maxNote is the longest note in characters.
const maxNote = 2000

var (
	arches = regexp.MustCompile(`^(amd64|arm64|arm|riscv64|loong64|386)$`)
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// check finds what a release lacks, by field; empty when nothing.
func check(r wire.Release) (field, why string) {
	switch {
	case !version.Valid(r.Version):
		return "version", "must read like 1.2.3 or 1.2.3-rc.1"
	case !arches.MatchString(r.Arch):
		return "arch", "must be amd64, arm64, arm, riscv64, loong64 or 386"
	case r.Size <= 0 || r.Size > wire.MaxRelease:
		return "size", "must be 1 to 67108864 bytes"
	case !digest.MatchString(r.SHA256):
		return "sha256", "must be 64 hexadecimal digits"
	}
	return "", ""
}

// judge is what follows for a wanted upgrade from the word of its terminal: the settled upgrade, or that it
// must be sent again.
func judge(u Upgrade, s wire.UpgradeState) (settled Upgrade, send bool) {
	outcomes := s.History
	if s.Last != nil {
		outcomes = append([]wire.UpgradeOutcome{*s.Last}, outcomes...)
	}
	for _, o := range outcomes {
		if o.ID != u.ID {
			continue
		}
		u.State, u.Error, u.Spent = Done, "", o.Spent
		if !o.OK {
			u.State, u.Error = Failed, o.Error
		}
		if u.Release == "" && version.Valid(o.Version) {
			u.Version = o.Version
		}
		return u, false
	}
	return u, s.ID != u.ID
}
