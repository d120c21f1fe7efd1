package opinion

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Ask is a task to speak. An empty organisation is the own, a zero time that of the rule.
type Ask struct {
	Do, Title, OrgID string
	Entries          []string
	DueAt            time.Time
}

// Ask asks an organisation to speak about an incident by the time that the rules give.
func (s *Service) Ask(ctx context.Context, id string, n Ask) (Task, error) {
	a, own, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Task{}, err
	}
	if n.Title = strings.TrimSpace(n.Title); !errs.Name(n.Title, maxName) {
		return Task{}, errs.Field("opinion.title", "title", "1 to 120 characters on one line")
	}
	if n.Do != "statement" && n.Do != "briefing" {
		return Task{}, errs.Field("opinion.do", "do", "must be statement or briefing")
	}
	var t Task
	return t, s.change(ctx, actor.IncidentWrite, id, func(ctx context.Context, c *change) error {
		if !c.reach.Has(c.i.OrgID) {
			return errs.E(errs.Denied, "opinion.not_yours", "the incident belongs to %s; only that desk and those above it say who answers", c.i.OrgName)
		}
		o, err := s.org(ctx, own, n.OrgID, c.reach)
		if err != nil {
			return err
		}
		now := stamp()
		t = Task{
			ID: newID(), IncidentID: id, Division: c.i.Division, OrgID: o.ID, OrgName: o.Name, OrgArea: o.Division, Do: n.Do, Title: n.Title, Entries: append([]string{}, n.Entries...),
			GivenAt: now, GivenBy: a.Name, BaseAt: now, DueAt: event.Stamp(n.DueAt), State: Owed, Exercise: c.i.Exercise, Edit: 1,
		}
		found, err := s.answered(ctx, id, n.Entries, now)
		if err != nil {
			return err
		}
		stages := deadline.Limit{Then: []deadline.Next{{To: deadline.Leader}}}.Stages()
		f, ok := s.Book.Find(deadline.Query{Division: o.Division, Category: c.i.Category, Level: c.i.Level, Do: n.Do, At: now})
		switch {
		case n.DueAt.IsZero() && !ok:
			return errs.Field("opinion.due", "due_at", "no rule gives a time for this incident; say by when")
		case n.DueAt.IsZero():
			t.BaseAt = base(f.Limit, c.i, found)
			stood, err := s.Clocks.Stood(ctx, t.BaseAt) // in an exercise that was paused
			if err != nil {
				return err
			}
			t.DueAt, stages = t.BaseAt.Add(time.Duration(f.Limit.Within)).Add(stood), f.Limit.Stages()
			t.Rule, t.Source, t.Clause, t.Unverified = f.Name(), f.Pack.Source, f.Limit.Clause, f.Pack.Unverified
		case !t.DueAt.After(now) || t.DueAt.After(now.AddDate(0, 1, 0)):
			return errs.Field("opinion.due", "due_at", "must lie ahead, within a month")
		}
		if err := s.Store.SaveTask(ctx, t); err != nil {
			return err
		}
		if _, err := s.Clocks.Set(ctx, deadline.Clock{
			Owner: t.owner(), Kind: t.Do, OrgID: o.ID, Division: o.Division, Name: incident.Cut(t.Title+" · "+c.i.Title, 200), Rule: t.Rule, Scale: deadline.Counted, BaseAt: t.BaseAt, DueAt: t.DueAt, Stages: stages,
		}); err != nil {
			return err
		}
		return c.note(ctx, EventAsked, incident.Step{Kind: Public, Act: "asked_" + t.Do, Text: t.Title + "（" + o.Name + "）", Ref: t.ID, To: []string{o.ID}}, Trace{What: t.ID, To: o.Name})
	})
}

// owner names the incident as well, so that who is asked by the clock finds the page.
func (t Task) owner() deadline.Owner {
	return deadline.Owner{Kind: OwnerKind, ID: t.IncidentID + " " + t.ID}
}

func taskOf(o deadline.Owner) string { return o.ID[strings.LastIndex(o.ID, " ")+1:] }

// org is the organisation that is asked: the own, or one within reach.
func (s *Service) org(ctx context.Context, own account.Org, id string, reach incident.Reach) (account.Org, error) {
	if id == "" || id == own.ID {
		return own, nil
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return own, err
	}
	o, ok := incident.Find(tree, id)
	if !ok || !reach.Has(id) {
		return own, errs.Field("opinion.org", "org_id", "is none of the organisations at or below your desk")
	}
	return o, nil
}

// answered is when the first of some entries was found; now without one.
func (s *Service) answered(ctx context.Context, incident string, ids []string, now time.Time) (time.Time, error) {
	all, err := s.Store.Entries(ctx, incident)
	if err != nil {
		return now, err
	}
	at := now
	for _, id := range ids {
		k := slices.IndexFunc(all, func(e Entry) bool { return e.ID == id })
		if k < 0 {
			return now, errs.Field("opinion.entries", "entries", "one of them is not written down of this incident")
		}
		if all[k].FoundAt.Before(at) {
			at = all[k].FoundAt
		}
	}
	return at, nil
}

// Settle ends a task without a statement: how it was answered (a briefing, an interview), or why it needs no answer.
func (s *Service) Settle(ctx context.Context, id string, to TaskState, how string) (Task, error) {
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return Task{}, err
	}
	t, err := s.Store.Task(ctx, id)
	if err != nil {
		return t, err
	}
	how = strings.TrimSpace(how)
	return t, s.goOn(ctx, actor.IncidentWrite, t.IncidentID, func(ctx context.Context, c *change) error {
		if !c.reach.Has(t.OrgID) {
			return errs.E(errs.Denied, "opinion.not_yours", "%s has to speak; only that desk and those above it settle it", t.OrgName)
		}
		if to != Said && to != Dropped {
			return errs.Field("opinion.to", "to", "must be said or dropped")
		}
		if !errs.Name(how, maxLine) {
			return errs.Field("opinion.how", "how", "say what was said where, or why nothing is, in 1 to 200 characters on one line")
		}
		if t, err = s.settle(ctx, c, id, to, how, ""); err != nil {
			return err
		}
		return c.note(ctx, EventSettled, incident.Step{Kind: Public, Act: "task_" + string(to), Text: t.Title + "：" + how, Ref: t.ID}, Trace{What: t.ID, To: string(to)})
	})
}

func (s *Service) settle(ctx context.Context, c *change, id string, to TaskState, how, statement string) (Task, error) {
	t, err := s.Store.Task(ctx, id)
	if err != nil {
		return t, err
	}
	if t.State != Owed {
		return t, errs.E(errs.Conflict, "opinion.settled", "it was settled meanwhile; look at it again")
	}
	now := stamp()
	if to == Said && t.LateAt == nil && now.After(t.DueAt) {
		due := t.DueAt
		t.LateAt = &due
	}
	t.State, t.EndedAt, t.EndedBy, t.How, t.StatementID, t.Edit = to, &now, c.a.Name, how, statement, t.Edit+1
	if err := s.Store.SaveTask(ctx, t); err != nil {
		return t, err
	}
	end := deadline.Met
	if to == Dropped {
		end = deadline.Dropped
	}
	// A clock that was set before its owner named the incident ends as well.
	if err := s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: t.ID}, t.Do, end); err != nil {
		return t, err
	}
	return t, s.Clocks.End(ctx, t.owner(), t.Do, end)
}

// OnMove lets a task be due later by as long as its exercise was paused.
func (s *Service) OnMove(ctx context.Context, c deadline.Clock, by time.Duration) error {
	t, err := s.Store.Task(ctx, taskOf(c.Owner))
	if errs.KindOf(err) == errs.NotFound || (err == nil && t.State != Owed) {
		return nil
	}
	if err != nil {
		return err
	}
	t.DueAt, t.Edit = t.DueAt.Add(by), t.Edit+1
	return s.Store.SaveTask(ctx, t)
}

// OnClock is told of the marks of a task's clock: when it has passed, the answer is late.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	t, err := s.Store.Task(ctx, taskOf(f.Clock.Owner))
	if errs.KindOf(err) == errs.NotFound || (err == nil && (t.State != Owed || t.LateAt != nil)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ctx = actor.WithSystem(ctx, "opinion")
	now := stamp()
	t.LateAt, t.Edit = &now, t.Edit+1
	if err := s.Store.SaveTask(ctx, t); err != nil {
		return nil, err
	}
	o := account.Org{ID: t.OrgID, Name: t.OrgName}
	stands, err := s.standing(ctx, t.IncidentID)
	if err != nil {
		return nil, err
	}
	if err := s.Incidents.Record(ctx, stands, o, incident.Step{Kind: Public, Act: "task_late", Text: t.Title, Ref: t.ID}, nil); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventLate, stands, t.Division, Trace{What: t.ID, Org: t.OrgName})
	return []*event.Event{&e}, nil
}
