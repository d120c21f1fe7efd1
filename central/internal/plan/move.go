package plan

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// OwnerKind is the owner of the clocks of this package.
const OwnerKind = "plan"

// What may be due of a plan.
const (
	DueFile    = "file"
	DueReceipt = "receipt"
	DueAssess  = "assess"
)

// NewStep is how somebody moves a plan on. Edit is the head that was seen.
type NewStep struct {
	To      State
	Edit    int
	Note    string
	Number  string // 文号 of a publication, number of a receipt
	Trigger string // of a revision
}

func (n NewStep) validate(p Plan, pack Pack) error {
	switch {
	case p.Edit != n.Edit:
		return errs.E(errs.Conflict, "plan.changed", "somebody has changed the plan meanwhile; look at it again")
	case !slices.Contains(p.Next(), n.To):
		return errs.E(errs.Conflict, "plan.step", "a plan that is %s cannot become %s", p.State, n.To)
	case !errs.Text(n.Note, maxNote):
		return errs.Field("plan.note", "note", "at most 2000 characters")
	case backward(p.State, n.To) && strings.TrimSpace(n.Note) == "":
		return errs.Field("plan.reason", "note", "say why")
	case !errs.Line(n.Number, maxTitle):
		return errs.Field("plan.number", "number", "at most 120 characters on one line")
	case (n.To == Published && p.State == Approving || n.To == Filed && p.State == Filing) && strings.TrimSpace(n.Number) == "":
		return errs.Field("plan.number", "number", "give the number of the document")
	case n.To == Revising && !backward(p.State, n.To) && !pack.trigger(n.Trigger):
		return errs.Field("plan.trigger", "trigger", "name what makes the revision necessary")
	}
	return nil
}

// needs is the permission of a step: those who write pass on, those who approve issue, file and end.
func needs(to State) actor.Permission {
	switch to {
	case Published, Filed, Abolished:
		return actor.PlanApprove
	case Drafting, Consulting, Reviewing, Approving, Filing, Assessing, Revising:
		return actor.PlanWrite
	}
	return actor.PlanApprove
}

// Move takes a plan one step on. To publish, the structure must hold, and it is somebody else than the writer
// who approves.
func (s *Service) Move(ctx context.Context, id string, n NewStep) (Plan, error) {
	n.Note, n.Number = strings.TrimSpace(n.Note), strings.TrimSpace(n.Number)
	return s.change(ctx, id, needs(n.To), func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		if err := n.validate(*p, s.Pack); err != nil {
			return "", trace{}, err
		}
		now, from := stamp(), p.State
		step := Step{PlanID: p.ID, At: now, By: a.ID, ByName: a.Name, From: from, To: n.To, Note: n.Note, Number: n.Number, Trigger: n.Trigger}
		kind := EventMoved
		switch {
		case n.To == Published && from == Approving:
			if err := s.issue(ctx, a, p, &step); err != nil {
				return "", trace{}, err
			}
			kind = EventIssued
		case from == Assessing && (n.To == Filed || n.To == Published):
			p.Assessed = &now
		}
		if err := p.file(from, n, now); err != nil {
			return "", trace{}, err
		}
		p.State, p.Since = n.To, now
		if err := s.watch(ctx, p); err != nil {
			return "", trace{}, err
		}
		return kind, trace{From: from, To: n.To, Version: step.Version}, s.Store.AddStep(ctx, step)
	})
}

// issue makes the draft the version in force.
func (s *Service) issue(ctx context.Context, a actor.Actor, p *Plan, step *Step) error {
	if a.Kind == actor.User && p.wrote(a.ID) {
		return errs.E(errs.Denied, "plan.own_approval", "somebody who has not written in it since the last version approves a plan")
	}
	text, err := s.Store.Draft(ctx, p.ID)
	if err != nil {
		return err
	}
	b, err := parse(text)
	if err != nil {
		return err
	}
	faults, err := s.check(ctx, b)
	if err != nil {
		return err
	}
	if Grave(faults) {
		return errs.E(errs.Invalid, "plan.faults", "the structure of the plan does not hold; mend the faults of the check")
	}
	hash, kept, err := b.Hash()
	if err != nil {
		return err
	}
	if c := p.Coming; c != nil {
		if err := s.put(ctx, a, p, Head{c.Name, c.NameEN, c.Kind, c.Category, c.OrgID, c.UpperID, p.Demo}); err != nil {
			return err
		}
	}
	head := p.head()
	p.Coming, p.Writers = nil, []string{}
	p.Version++
	p.Number, p.Published, p.FiledAt, p.Assessed = step.Number, &step.At, nil, nil
	step.Version = p.Version
	p.Filings = append(p.Filings, Registration{No: p.Version, Published: step.At})
	if err := s.answered(ctx, p.ID, p.Version); err != nil {
		return err
	}
	return s.Store.AddVersion(ctx, Version{
		PlanID: p.ID, No: p.Version, Number: step.Number, At: step.At, By: a.ID, ByName: a.Name, Writer: p.Writer, Note: step.Note, Hash: hash, Head: &head,
	}, kept)
}

// watch sets what is due next of a plan, and its clocks: the filing of each of its versions, and its assessment.
func (s *Service) watch(ctx context.Context, p *Plan) error {
	if err := s.owe(ctx, p); err != nil {
		return err
	}
	p.DueWhat, p.DueAt = "", nil
	for _, f := range p.Filings {
		if f.DueAt != nil && (p.DueAt == nil || f.DueAt.Before(*p.DueAt)) {
			p.DueWhat, p.DueAt = f.DueWhat, f.DueAt
		}
	}
	owner := deadline.Owner{Kind: OwnerKind, ID: p.ID}
	base, at, ok := s.assessed(*p)
	if !ok {
		to := deadline.Met
		if p.State == Abolished || p.State.written() {
			to = deadline.Dropped
		}
		return s.Clocks.End(ctx, owner, "plan."+DueAssess, to)
	}
	if p.DueAt == nil || at.Before(*p.DueAt) {
		p.DueWhat, p.DueAt = DueAssess, &at
	}
	return s.set(ctx, *p, owner, DueAssess, s.rule(s.Pack.Assess.Clause), base, at)
}

// set runs the clock of what is due.
func (s *Service) set(ctx context.Context, p Plan, owner deadline.Owner, what, rule string, base, due time.Time) error {
	var stages []deadline.Stage
	for _, w := range s.Pack.Warn {
		stages = append(stages, deadline.Stage{Mark: deadline.Warned, After: -w, To: deadline.Officer})
	}
	slices.SortFunc(stages, func(a, b deadline.Stage) int { return int(a.After/1e9) - int(b.After/1e9) })
	stages = append(stages, deadline.Stage{Mark: deadline.Passed, To: deadline.Leader})
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: owner, Kind: "plan." + what, OrgID: p.OrgID, Division: p.Division, Name: p.Name, Rule: rule, Scale: deadline.Fixed,
		BaseAt: base, DueAt: due, Stages: stages,
	})
	return err
}

// assessed is when a plan must be assessed, counted from when it last was; not while its filing is awaited, nor while the
// next version is written.
func (s *Service) assessed(p Plan) (base, at time.Time, ok bool) {
	if (p.State != Filed && p.State != Assessing) || p.FiledAt == nil || p.Published == nil || !slices.Contains(s.Pack.Assess.Kinds, p.Kind) {
		return base, at, false
	}
	base = *p.Published
	if p.Assessed != nil {
		base = *p.Assessed
	}
	return base, endOfDay(base.AddDate(0, s.Pack.Assess.Months, 0)), true
}

func (s *Service) rule(clause string) string { return s.Pack.ID + " " + clause }

func endOfDay(t time.Time) time.Time {
	y, m, d := t.In(event.China()).Date()
	return time.Date(y, m, d, 24, 0, 0, 0, event.China()).UTC()
}

// workdays is the end of the day that comes so many working days after a moment.
func (s *Service) workdays(ctx context.Context, from time.Time, n int) (time.Time, error) {
	ctx = actor.WithSystem(ctx, "plan")
	named := map[duty.Day]duty.Class{}
	local := from.In(event.China())
	for year := local.Year(); year <= local.AddDate(0, 0, n*3).Year(); year++ {
		v, err := s.Roster.Year(ctx, year)
		if err != nil {
			return from, err
		}
		for _, d := range v.Days {
			named[d.Day] = d.Class
		}
	}
	day := Workdays(local, n, func(t time.Time) bool {
		switch named[duty.DayOf(t, event.China())] {
		case duty.Workday, duty.Makeup:
			return true
		case duty.Holiday, duty.Weekend, duty.Special:
			return false
		}
		return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
	})
	return endOfDay(day), nil
}

// OnClock is told of the marks of the clocks: what has passed goes into the trail.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed {
		return nil, nil
	}
	id, no, _ := strings.Cut(f.Clock.Owner.ID, " ")
	p, err := s.Store.Plan(ctx, id)
	if err != nil {
		return nil, err
	}
	version, _ := strconv.Atoi(no) // of the filing that is late
	e := event.New(ctx, EventLate, p.ID, p.Division, trace{Name: p.Name, What: strings.TrimPrefix(f.Clock.Kind, "plan."), Version: version})
	return []*event.Event{&e}, nil
}

// Drilled notes the day on which a plan was drilled.
func (s *Service) Drilled(ctx context.Context, id, day, note string) (Plan, error) {
	return s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		on, err := time.ParseInLocation(time.DateOnly, day, event.China())
		switch {
		case err != nil || on.After(time.Now()):
			return "", trace{}, errs.Field("plan.drilled", "day", "is no day like 2026-11-26 that has come")
		case p.Version == 0:
			return "", trace{}, errs.E(errs.Conflict, "plan.not_approved", "no version of the plan was approved yet")
		case !errs.Text(note, maxNote):
			return "", trace{}, errs.Field("plan.note", "note", "at most 2000 characters")
		}
		if day > p.DrilledOn {
			p.DrilledOn = day
		}
		step := Step{PlanID: id, At: stamp(), By: a.ID, ByName: a.Name, From: p.State, To: p.State, Note: strings.TrimSpace(day + " " + note)}
		return EventDrilled, trace{What: day}, s.Store.AddStep(ctx, step)
	})
}
