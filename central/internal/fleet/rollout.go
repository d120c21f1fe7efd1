package fleet

import (
	"encoding/json"
	"time"
)

// patience is how long a roll-out waits for a terminal before it counts as failed; a program has to be fetched
// over a thin link first, and waits where data is spared.
const (
	patience        = 10 * time.Minute
	programPatience = 24 * time.Hour
)

// MaxRollout is the most terminals of one roll-out.
const MaxRollout = 1000

// RolloutState is how far a roll-out is.
type RolloutState string

// The states of a roll-out.
const (
	Rolling   RolloutState = "rolling"
	Paused    RolloutState = "paused" // those that were begun go on, no other is begun
	Done      RolloutState = "done"
	Stopped   RolloutState = "stopped" // a terminal failed: the rest was not begun
	Cancelled RolloutState = "cancelled"
)

// MemberState is how far one terminal of a roll-out is.
type MemberState string

// The states of a terminal in a roll-out.
const (
	MemberWaiting MemberState = "waiting"
	MemberSent    MemberState = "sent"
	MemberDone    MemberState = "done"
	MemberFailed  MemberState = "failed"
	MemberSkipped MemberState = "skipped"
)

// Rollout gives the same parts, or the same program, to many terminals, batch by batch.
type Rollout struct {
	ID         string          `json:"id"`
	Note       string          `json:"note"`
	Parts      json.RawMessage `json:"parts"`             // in place of the same parts of each terminal's document; {} with Version
	Version    string          `json:"version,omitempty"` // of the program that each is to run, instead of Parts
	Batch      int             `json:"batch"`             // terminals at once
	State      RolloutState    `json:"state"`
	Division   string          `json:"division"` // of whoever began it
	Author     string          `json:"author"`
	AuthorName string          `json:"author_name"`
	Members    []Member        `json:"members"`
	CreatedAt  time.Time       `json:"created_at"`
	EndedAt    *time.Time      `json:"ended_at,omitempty"`
}

// Member is one terminal of a roll-out.
type Member struct {
	Edge    string      `json:"edge"`
	State   MemberState `json:"state"`
	Number  uint64      `json:"number,omitempty"`  // of its version of the configuration
	Upgrade string      `json:"upgrade,omitempty"` // id of its upgrade
	Error   string      `json:"error,omitempty"`
	SentAt  *time.Time  `json:"sent_at,omitempty"`
}

// fail notes a failure.
func (m *Member) fail(why string) { m.State, m.Error = MemberFailed, why }

// step looks what became of the terminals that were begun and says which to begin now, by index. look is
// the version of a terminal; it is not found when it was pruned.
func (r *Rollout) step(look func(Member) (Version, bool), now time.Time) (begin []int) {
	sent, failed, waiting := 0, false, 0
	for i := range r.Members {
		m := &r.Members[i]
		if m.State == MemberSent {
			switch v, ok := look(*m); {
			case !ok || v.State == Withdrawn:
				m.fail("another one came in between, or it was taken back")
			case v.State == Failed:
				m.fail(v.Error)
			case v.State == Running || v.State == Replaced:
				m.State = MemberDone
			case m.SentAt != nil && now.Sub(*m.SentAt) > r.patience():
				m.fail("no answer within " + r.patience().String())
			}
		}
		switch m.State {
		case MemberSent:
			sent++
		case MemberFailed:
			failed = true
		case MemberWaiting:
			waiting++
		default:
		}
	}
	switch {
	case r.going() && failed:
		r.end(Stopped, now)
	case r.going() && sent == 0 && waiting == 0:
		r.end(Done, now)
	case r.State == Rolling && sent == 0:
		for i := range r.Members {
			if r.Members[i].State == MemberWaiting && len(begin) < r.Batch {
				begin = append(begin, i)
			}
		}
	}
	return begin
}

// end ends a roll-out; what was not begun never is.
func (r *Rollout) end(state RolloutState, now time.Time) {
	r.State, r.EndedAt = state, &now
	for i := range r.Members {
		if r.Members[i].State == MemberWaiting {
			r.Members[i].State = MemberSkipped
		}
	}
}

// going reports whether further terminals may still be begun, now or later.
func (r *Rollout) going() bool { return r.State == Rolling || r.State == Paused }

func (r *Rollout) patience() time.Duration {
	if r.Version != "" {
		return programPatience
	}
	return patience
}

// open reports whether something may still change.
func (r *Rollout) open() bool {
	for _, m := range r.Members {
		if m.State == MemberSent {
			return true
		}
	}
	return r.going()
}
