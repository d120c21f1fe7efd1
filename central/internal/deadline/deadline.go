// Package deadline is the clocks by which something must be done: reports, handovers, tasks, warnings. There
// is one engine for all. Whoever owns the thing sets a clock in its own transaction and is called back at each
// of its marks: before it is due, when it has passed, and when the next person or level is asked. The limits
// are data (Book). Rule that must never break: a mark is reached once and told once, whatever is killed and
// however the clock of the machine is set.
package deadline

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/strict"
)

// Scale is how a clock goes.
type Scale string

// The scales.
const (
	// Counted runs for a time after something has happened: when the machine's clock is set, the end moves along.
	Counted Scale = "counted"
	// Fixed ends at a time on the wall, such as the end of a shift: when the machine's clock is set, it is right.
	Fixed Scale = "fixed"
)

// Mark is what a stage of a clock says.
type Mark string

// The marks.
const (
	Warned    Mark = "warned"    // before it is due
	Passed    Mark = "passed"    // it is due and not done: a breach
	Escalated Mark = "escalated" // still not done; somebody else is asked
)

// To is who is asked at a stage.
type To string

// Those who are asked.
const (
	Officer     To = "officer"
	Leader      To = "leader"
	Above       To = "above"        // the officer on duty at the desk above
	AboveLeader To = "above_leader" // the leader on duty there
)

// Word is the post as documents call it.
func (t To) Word() string {
	return map[To]string{Officer: "值班员", Leader: "带班领导", Above: "上级值班室", AboveLeader: "上级带班领导"}[t]
}

// Stage is one mark of a clock. After counts from when it is due; before that it is negative.
type Stage struct {
	Mark  Mark            `json:"mark"`
	After strict.Duration `json:"after"`
	To    To              `json:"to"`
}

// Owner names the thing that a clock belongs to.
type Owner struct {
	Kind string `json:"kind"` // names the capability that is called back
	ID   string `json:"id"`
}

// State is whether a clock runs.
type State string

// The states.
const (
	Running State = "running"
	Met     State = "met"     // done, in time or late (see PassedAt)
	Dropped State = "dropped" // no longer asked for
)

// Asked is whose turn it is: a post of an organisation and those who hold it.
type Asked struct {
	To       To       `json:"to"`
	OrgID    string   `json:"org_id"`
	OrgName  string   `json:"org_name"`
	Division string   `json:"division"`
	Names    []string `json:"names"`
	People   []string `json:"people"` // ids of duty people
}

// Clock is one thing that is due. All times are those of the wall as it goes now.
type Clock struct {
	ID        string     `json:"id"`
	Owner     Owner      `json:"owner"`
	Kind      string     `json:"kind"` // what of the owner's is due: "handover", "report.phone"
	OrgID     string     `json:"org_id"`
	Division  string     `json:"division"`
	Name      string     `json:"name"` // what people read
	Rule      string     `json:"rule"` // pack and rule that gave the limit
	Scale     Scale      `json:"scale"`
	BaseAt    time.Time  `json:"base_at"` // what it counts from
	DueAt     time.Time  `json:"due_at"`
	Stages    []Stage    `json:"stages"`
	Stage     int        `json:"stage"` // the next one
	Round     int        `json:"round"` // how often it was set anew
	State     State      `json:"state"`
	PassedAt  *time.Time `json:"passed_at,omitempty"` // when it was due and not done
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
	Asked     *Asked     `json:"asked,omitempty"` // since the last mark
	CreatedAt time.Time  `json:"created_at"`
	Exercise  string     `json:"exercise"`           // id of the exercise in which it runs; empty: it is real
	RestsAt   *time.Time `json:"rests_at,omitempty"` // since when it stands still, for its exercise was paused
}

// maxStages is the most marks of one clock.
const maxStages = 24

// next is when the next mark comes; ok is false when none does.
func (c Clock) next() (at time.Time, ok bool) {
	if c.State != Running || c.RestsAt != nil || c.Stage >= len(c.Stages) {
		return time.Time{}, false
	}
	return c.DueAt.Add(time.Duration(c.Stages[c.Stage].After)), true
}

func (c Clock) validate() error {
	switch {
	case c.Owner.Kind == "" || c.Owner.ID == "" || c.Kind == "" || c.OrgID == "":
		return errs.E(errs.Invalid, "deadline.owner", "a clock needs an owner, a kind and an organisation")
	case c.Scale != Counted && c.Scale != Fixed:
		return errs.E(errs.Invalid, "deadline.scale", "a clock is counted or fixed, not %q", c.Scale)
	case !errs.Name(c.Name, 200):
		return errs.E(errs.Invalid, "deadline.name", "a clock needs a name of 1 to 200 characters")
	case c.DueAt.IsZero() || c.BaseAt.IsZero():
		return errs.E(errs.Invalid, "deadline.due", "a clock needs a beginning and an end")
	}
	return checkStages(c.Stages)
}

// checkStages wants the marks in the order in which they come, and that of the breach among them.
func checkStages(list []Stage) error {
	if len(list) == 0 || len(list) > maxStages {
		return errs.E(errs.Invalid, "deadline.stages", "a clock has 1 to %d marks", maxStages)
	}
	passed := 0
	for i, s := range list {
		if s.Mark == Passed {
			passed++
		}
		if (i > 0 && s.After < list[i-1].After) || (s.Mark == Warned && s.After >= 0) || (s.Mark == Passed && s.After < 0) || (s.Mark == Escalated && s.After < 0) {
			return errs.E(errs.Invalid, "deadline.stages", "marks stand in the order of time: warnings before it is due, the rest after")
		}
	}
	if passed != 1 {
		return errs.E(errs.Invalid, "deadline.stages", "a clock passes once")
	}
	return nil
}

// begin puts the clock before its first mark that is still to come. Warnings of a time that has gone by when
// the clock is set are left out: whoever sets it knows. What is due already is told at once.
func (c Clock) begin(now time.Time) Clock {
	c.Stage, c.State, c.PassedAt, c.EndedAt, c.EndedBy, c.Asked = 0, Running, nil, nil, "", nil
	for c.Stage < len(c.Stages) && c.Stages[c.Stage].Mark == Warned && !c.DueAt.Add(time.Duration(c.Stages[c.Stage].After)).After(now) {
		c.Stage++
	}
	return c
}

// same reports whether setting b over a changes nothing.
func same(a, b Clock) bool {
	return a.State == Running && a.Scale == b.Scale && a.DueAt.Equal(b.DueAt) && a.Name == b.Name && a.OrgID == b.OrgID && a.Rule == b.Rule && slices.Equal(a.Stages, b.Stages)
}

// reach is the clock after its next mark, which is reached at now by asking somebody.
func (c Clock) reach(now time.Time, asked Asked) (Clock, Firing) {
	stage := c.Stages[c.Stage]
	f := Firing{Round: c.Round, Stage: c.Stage, Mark: stage.Mark, DueAt: c.DueAt.Add(time.Duration(stage.After)), At: now, Asked: asked}
	c.Stage++
	c.Asked = &asked
	if stage.Mark == Passed {
		due := c.DueAt
		c.PassedAt = &due
	}
	f.Clock = c
	return c, f
}

// end is the clock after it was met or dropped. One that is met after it was due has passed, also when the
// engine had not come to say so.
func (c Clock) end(to State, by string, now time.Time) Clock {
	if c.RestsAt != nil {
		now, c.RestsAt = *c.RestsAt, nil
	}
	if to == Met && c.PassedAt == nil && now.After(c.DueAt) {
		due := c.DueAt
		c.PassedAt = &due
	}
	c.State, c.EndedAt, c.EndedBy = to, &now, by
	return c
}

// Firing is a mark that was reached: the record of it, and what the owner is told.
type Firing struct {
	Clock Clock     `json:"-"` // as it stands now
	Round int       `json:"round"`
	Stage int       `json:"stage"`
	Mark  Mark      `json:"mark"`
	DueAt time.Time `json:"due_at"` // when the mark was to come
	At    time.Time `json:"at"`     // when it came
	Asked Asked     `json:"asked"`
}
