// Package drill is exercises: what a year owes of them by the state of the plans, their scripts, how controllers run
// them, and what came of them. While one runs, those who take part act on the real machinery inside its world
// (package world). Rule that must never break: who is not a controller learns of a double-blind exercise only when it
// starts, and nothing of any exercise leaves its world.
package drill

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Form of an exercise.
type Form string

// The forms.
const (
	Tabletop   Form = "tabletop"   // 桌面推演
	Functional Form = "functional" // 功能演练
	Full       Form = "full"       // 实战演练
	Blind      Form = "blind"      // 双盲: neither time nor scenario is told before it starts
)

// State of an exercise.
type State string

// The states. An ended one is evaluated; a closed one has paid what its plan owed.
const (
	Planned   State = "planned"
	Running   State = "running"
	Paused    State = "paused"
	Ended     State = "ended"
	Closed    State = "closed"
	Cancelled State = "cancelled"
)

// live reports whether somebody may be in its world now.
func (s State) live() bool { return s == Running || s == Paused || s == Ended }

// Party is an organisation that takes part.
type Party struct {
	OrgID    string `json:"org_id"`
	OrgName  string `json:"org_name"`
	Division string `json:"division"`
}

// Controller is a user who writes and runs an exercise.
type Controller struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
}

// Way is what makes an inject come.
type Way string

// The ways.
const (
	Timed  Way = "timed"  // Minutes of the exercise after its start
	When   Way = "when"   // Minutes after Mark was reached
	Manual Way = "manual" // a controller gives it
)

// Marks that conditional injects wait for.
const (
	MarkOpened    = "opened"    // an incident was opened
	MarkReported  = "reported"  // a report went up
	MarkActivated = "activated" // a plan is carried out
	MarkAccepted  = "accepted"  // a task was accepted
	MarkDone      = "done"      // a task was done
)

// Marks lists what conditional injects may wait for.
func Marks() []string {
	return []string{MarkOpened, MarkReported, MarkActivated, MarkAccepted, MarkDone}
}

// Inject is one line of the script (MSEL): what those who take part are told, when, and what is expected of them.
type Inject struct {
	ID      string     `json:"id"`
	Title   string     `json:"title"`
	Text    string     `json:"text"`
	From    string     `json:"from"` // who says it in the play: 110 指挥中心
	To      []string   `json:"to"`   // organisations, or people who are named; empty: all that take part
	Way     Way        `json:"way" enum:"timed,when,manual"`
	Minutes int        `json:"minutes"`
	Mark    string     `json:"mark"`   // of a conditional one
	Expect  string     `json:"expect"` // for controllers and evaluators only
	State   string     `json:"state" enum:"waiting,given,skipped"`
	At      *time.Time `json:"at,omitempty"`
	ByName  string     `json:"by_name"` // empty: the script
	Reason  string     `json:"reason"`
}

// The states of an inject.
const (
	Waiting = "waiting"
	Given   = "given"
	Skipped = "skipped"
)

// Drill is one exercise. Its id is the world in which it takes place.
type Drill struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Form        Form             `json:"form" enum:"tabletop,functional,full,blind"`
	Combined    bool             `json:"combined"` // 综合: several organisations or functions; else 单项
	PlanID      string           `json:"plan_id"`
	PlanName    string           `json:"plan_name"`
	OrgID       string           `json:"org_id"` // who holds it
	OrgName     string           `json:"org_name"`
	Division    string           `json:"division"`
	PlannedOn   string           `json:"planned_on"` // day, 2026-11-26
	State       State            `json:"state" enum:"planned,running,paused,ended,closed,cancelled"`
	Sealed      bool             `json:"sealed"` // nobody but its controllers knows of it yet
	Goals       string           `json:"goals"`
	Scenario    string           `json:"scenario"` // shown to those who take part once it has started
	Parties     []Party          `json:"parties"`
	People      []Person         `json:"people"` // by name; of an organisation of which somebody is named to take part, nobody else does
	Controllers []Controller     `json:"controllers"`
	Injects     []Inject         `json:"injects"`
	StartedAt   *time.Time       `json:"started_at,omitempty"`
	PausedAt    *time.Time       `json:"paused_at,omitempty"`
	Rested      int64            `json:"rested"` // seconds in which it was paused
	Pauses      []Pause          `json:"pauses"`
	Ticks       Ticks            `json:"ticks"`
	Marks       map[string]int64 `json:"marks"` // milliseconds that it had run when the script saw them reached
	EndedAt     *time.Time       `json:"ended_at,omitempty"`
	Measured    *Measures        `json:"measured,omitempty"` // as it ended
	Left        []Left           `json:"left"`               // what was open as it ended
	Findings    string           `json:"findings"`           // conclusion of the evaluation
	Unpaid      string           `json:"unpaid"`             // why its closing pays nothing that its plan owes: unapproved, above, idle; empty: it pays
	Demo        bool             `json:"demo"`
	CreatedAt   time.Time        `json:"created_at"`
	CreatedBy   string           `json:"created_by"`
	Version     int              `json:"version"`
}

// Limits of what people write.
const (
	maxInjects  = 200
	maxParties  = 100
	maxText     = 4000
	maxMinutes  = 7 * 24 * 60
	maxName     = 120
	maxReason   = 200
	maxFindings = 8000
)

func (d Drill) validate() error {
	switch {
	case !errs.Name(d.Name, maxName):
		return errs.Field("drill.name", "name", "1 to 120 characters on one line")
	case !slices.Contains([]Form{Tabletop, Functional, Full, Blind}, d.Form):
		return errs.Field("drill.form", "form", "must be tabletop, functional, full or blind")
	case !day(d.PlannedOn):
		return errs.Field("drill.day", "planned_on", "is no day like 2026-11-26")
	case !errs.Text(d.Goals, maxText) || !errs.Text(d.Scenario, maxText):
		return errs.Field("drill.text", "scenario", "at most 4000 characters")
	case len(d.Parties) > maxParties || (len(d.Parties) == 0 && !slices.ContainsFunc(d.People, func(p Person) bool { return p.Part == Plays })):
		return errs.Field("drill.parties", "parties", "1 to 100 organisations, or people by name, take part")
	case len(d.People) > maxPeople || slices.ContainsFunc(d.People, func(p Person) bool { return !slices.Contains([]Part{Plays, Evaluates, Observes}, p.Part) }):
		return errs.Field("drill.people", "people", "at most 300 people take part, evaluate or observe")
	case len(d.Controllers) == 0 || len(d.Controllers) > maxParties:
		return errs.Field("drill.controllers", "controllers", "1 to 100 people control it")
	case len(d.Injects) > maxInjects:
		return errs.Field("drill.injects", "injects", "at most 200 lines")
	}
	for n, i := range d.Injects {
		if err := i.validate(d, n+1); err != nil {
			return err
		}
	}
	return nil
}

func (i Inject) validate(d Drill, n int) error {
	bad := func(msg string) error {
		return errs.E(errs.Invalid, "drill.inject", "line %d of the script: %s", n, msg)
	}
	switch {
	case !errs.Name(i.Title, maxName) || !errs.Text(i.Text, maxText) || !errs.Line(i.From, maxName) || !errs.Text(i.Expect, maxText):
		return bad("a title of 1 to 120 characters, texts of at most 4000")
	case i.Way != Timed && i.Way != When && i.Way != Manual:
		return bad("its way is timed, when or manual")
	case i.Way != Manual && (i.Minutes < 0 || i.Minutes > maxMinutes):
		return bad("0 to 10080 minutes")
	case i.Way == When && !slices.Contains(Marks(), i.Mark):
		return bad("it waits for " + strings.Join(Marks(), ", "))
	}
	for _, to := range i.To {
		if p, ok := d.person(to); !d.takes(to) && (!ok || p.Part != Plays) {
			return bad("it goes to somebody who takes no part")
		}
	}
	return nil
}

func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// controls reports whether a user is one of the controllers.
func (d Drill) controls(user string) bool {
	return user != "" && slices.ContainsFunc(d.Controllers, func(c Controller) bool { return c.UserID == user })
}

// takes reports whether an organisation takes part.
func (d Drill) takes(org string) bool {
	return slices.ContainsFunc(d.Parties, func(p Party) bool { return p.OrgID == org })
}

// The reasons for which closing an exercise pays nothing.
const (
	UnpaidDraft = "unapproved" // the plan has no approved version: a draft was practised
	UnpaidAbove = "above"      // the plan belongs to a division above that of who closes it
	UnpaidIdle  = "idle"       // nothing was given, played or evaluated
)

// Act is what a controller does with an exercise.
type Act struct {
	Kind     string // start, pause, resume, end, close, cancel, give, skip
	Inject   string
	Reason   string
	Findings string // with close
}

// do is the exercise after an act.
func (d Drill) do(act Act, by string, at moment) (Drill, error) {
	now := at.wall
	wrong := errs.E(errs.Conflict, "drill.state", "that cannot be done with the exercise as it stands; look at it again")
	from := map[string][]State{
		"start": {Planned}, "pause": {Running}, "resume": {Paused}, "end": {Running, Paused}, "close": {Ended}, "cancel": {Planned, Running, Paused, Ended},
		"give": {Running, Paused}, "skip": {Running, Paused},
	}
	states, ok := from[act.Kind]
	if !ok {
		return d, errs.Field("drill.act", "act", "must be start, pause, resume, end, close, cancel, give or skip")
	}
	if !slices.Contains(states, d.State) {
		return d, wrong
	}
	if !errs.Line(act.Reason, maxReason) || (slices.Contains([]string{"skip", "cancel"}, act.Kind) && !errs.Name(act.Reason, maxReason)) {
		return d, errs.Field("drill.reason", "reason", "say why, in 1 to 200 characters on one line")
	}
	switch act.Kind {
	case "start":
		d.State, d.StartedAt, d.Sealed, d.Ticks = Running, &now, false, Ticks{From: &at.steady}
	case "pause":
		d = d.paused(at)
		d.State = Paused
	case "resume":
		d = d.resumed(at)
		d.State = Running
	case "end", "cancel":
		if d.StartedAt != nil && d.EndedAt == nil {
			d = d.resumed(at)
			d.EndedAt, d.Ticks.Halted = &now, &at.steady
		}
		d.State, d.Sealed = map[string]State{"end": Ended, "cancel": Cancelled}[act.Kind], d.Sealed && act.Kind == "cancel"
	case "close":
		if !errs.Name(strings.ReplaceAll(act.Findings, "\n", " "), maxFindings) {
			return d, errs.Field("drill.findings", "findings", "write the conclusion, in 1 to 8000 characters")
		}
		d.State, d.Findings = Closed, strings.TrimSpace(act.Findings)
	case "give", "skip":
		n := slices.IndexFunc(d.Injects, func(i Inject) bool { return i.ID == act.Inject })
		if n < 0 || d.Injects[n].State != Waiting {
			return d, errs.E(errs.Conflict, "drill.inject_over", "this line was given or skipped already; look at it again")
		}
		d.Injects = slices.Clone(d.Injects)
		i := &d.Injects[n]
		i.State, i.At, i.ByName, i.Reason = map[string]string{"give": Given, "skip": Skipped}[act.Kind], &now, by, act.Reason
	}
	return d, nil
}

// Step is one line of the controllers' log; lines are only added.
type Step struct {
	DrillID string    `json:"drill_id"`
	No      int       `json:"no"`
	At      time.Time `json:"at"`
	ByName  string    `json:"by_name"`
	Kind    string    `json:"kind"`
	Text    string    `json:"text"`
}
