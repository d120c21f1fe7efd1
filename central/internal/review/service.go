package review

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/world"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// View is a review with what the record gives for it.
type View struct {
	Review
	Measures []Measure  `json:"measures"`
	Tasks    []Compared `json:"tasks"`
	Lessons  []Lesson   `json:"lessons"`
	Mine     bool       `json:"mine"` // the actor's desk writes it
}

// View shows the review of an incident; State is empty while nobody has begun it.
func (s *Service) View(ctx context.Context, id string) (View, error) {
	r, err := s.record(ctx, id)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, r)
}

func (s *Service) view(ctx context.Context, r Record) (View, error) {
	v := View{Review: r.sketch(), Measures: r.measures(), Lessons: []Lesson{}, Mine: r.Mine}
	reasons, err := s.Store.Reasons(ctx, r.ID)
	if err != nil {
		return v, err
	}
	v.Tasks = r.compared(reasons)
	lessons, err := s.Store.Lessons(ctx, r.ID)
	if err != nil {
		return v, err
	}
	v.Lessons = append(v.Lessons, lessons...)
	kept, err := s.Store.Review(ctx, r.ID)
	if errs.KindOf(err) == errs.NotFound {
		return v, nil
	}
	v.Review = kept
	return v, err
}

// sketch is the review of an incident that nobody has begun.
func (r Record) sketch() Review {
	return Review{
		IncidentID: r.ID, No: r.No, Title: r.Title, Category: r.Category, Level: r.Level, Division: r.Division, Place: r.Place, OccurredAt: r.OccurredAt,
	}
}

// change is what somebody does within a review, under its lock.
type change struct {
	a     actor.Actor
	o     account.Org
	reach incident.Reach
	r     Record
	v     View
	note  func(kind, act, text, ref string) error
}

// owns refuses what only the incident's desk and those above it write, and for a thing of other organisations their
// desks as well.
func (c *change) owns(orgs ...string) error {
	if c.r.Mine || slices.ContainsFunc(orgs, c.reach.Has) {
		return nil
	}
	return errs.E(errs.Denied, "review.not_yours", "the review belongs to the desk that keeps the incident, %s", c.r.OrgName)
}

// change runs fn under the lock of a review, which begins with the first thing that is written of it.
func (s *Service) change(ctx context.Context, id string, fn func(ctx context.Context, c *change) error) (View, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentWrite)
	if err != nil {
		return View{}, err
	}
	o := reach.Desk
	if err := world.Outside(ctx, "the review of an incident"); err != nil {
		return View{}, err
	}
	var out View
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx, id); err != nil {
			return err
		}
		c := &change{a: a, o: o, reach: reach}
		if c.r, err = s.record(ctx, id); err != nil {
			return err
		}
		if c.r.State == incident.Merged || c.r.State == incident.Void {
			return errs.E(errs.Conflict, "review.not_counted", "the incident was merged or withdrawn; review the one that stands")
		}
		if c.v, err = s.view(ctx, c.r); err != nil {
			return err
		}
		c.note = func(kind, act, text, ref string) error {
			record(event.New(ctx, kind, id, c.r.Division, Trace{No: c.r.No, Name: c.r.Title, Org: o.Name}))
			return s.Incidents.Record(ctx, id, o, incident.Step{Kind: Reviewed, Act: act, Text: incident.Cut(text, incident.MaxText), Ref: ref}, nil)
		}
		if c.v.State == "" {
			c.v.State, c.v.OrgID, c.v.OrgName, c.v.ByName, c.v.StartedAt = Open, o.ID, o.Name, a.Name, stamp()
			if err := c.note(EventBegun, "begun", c.r.Title, ""); err != nil {
				return err
			}
		}
		if err := fn(ctx, c); err != nil {
			return err
		}
		rv := c.r.sketch()
		kept := &c.v.Review
		kept.No, kept.Title, kept.Category, kept.Level, kept.Division, kept.Place, kept.OccurredAt = rv.No, rv.Title, rv.Category, rv.Level, rv.Division, rv.Place, rv.OccurredAt
		kept.Edit++
		lessons, err := s.Store.Lessons(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Store.SaveReview(ctx, *kept, kept.words(lessons)); err != nil {
			return err
		}
		out, err = s.view(ctx, c.r)
		return err
	})
	return out, err
}

func concluded() error {
	return errs.E(errs.Conflict, "review.concluded", "the review was concluded; open it again first")
}

// Texts is what people write in a review. Edit is what they saw.
type Texts struct {
	Edit                 int
	Course, Good, Causes string
}

// Write keeps what people say of an incident; it begins the review where there is none.
func (s *Service) Write(ctx context.Context, id string, n Texts) (View, error) {
	return s.change(ctx, id, func(_ context.Context, c *change) error {
		switch r, err := &c.v.Review, c.owns(); {
		case err != nil:
			return err
		case r.State == Concluded:
			return concluded()
		case r.Edit != n.Edit:
			return errs.E(errs.Conflict, "review.changed", "somebody has written in the review meanwhile; look at it again")
		default:
			r.Course, r.Good, r.Causes = strings.TrimSpace(n.Course), strings.TrimSpace(n.Good), strings.TrimSpace(n.Causes)
			return r.validate()
		}
	})
}

// Explain says why a task was late.
func (s *Service) Explain(ctx context.Context, id, task, text string) (View, error) {
	text = strings.TrimSpace(text)
	return s.change(ctx, id, func(ctx context.Context, c *change) error {
		t := c.r.task(task)
		switch err := c.owns(t.OrgID); {
		case err != nil:
			return err
		case c.v.State == Concluded:
			return concluded()
		case t.ID == "" || !late(t):
			return errs.E(errs.NotFound, "review.not_late", "there is no such late task in this incident")
		case !errs.Name(text, 1000):
			return errs.Field("review.reason", "text", "say why, in 1 to 1000 characters on one line")
		}
		if err := s.Store.AddReason(ctx, Reason{IncidentID: id, TaskID: task, Text: text, ByName: c.a.Name, OrgName: c.o.Name, At: stamp()}); err != nil {
			return err
		}
		return c.note(EventReason, "reason", t.Title+"："+text, task)
	})
}

// Conclude ends a review, which makes it a case of the library; or with again it is opened once more.
func (s *Service) Conclude(ctx context.Context, id string, edit int, again bool) (View, error) {
	return s.change(ctx, id, func(_ context.Context, c *change) error {
		r, now := &c.v.Review, stamp()
		switch err := c.owns(); {
		case err != nil:
			return err
		case r.Edit != edit:
			return errs.E(errs.Conflict, "review.changed", "somebody has written in the review meanwhile; look at it again")
		case again && r.State != Concluded:
			return errs.E(errs.Conflict, "review.open", "the review is open already")
		case again:
			r.State, r.ConcludedAt, r.ConcludedBy = Open, nil, ""
			return c.note(EventReopened, "reopened", r.Title, "")
		case r.State == Concluded:
			return concluded()
		case c.r.State != incident.Closed:
			return errs.E(errs.Conflict, "review.incident_open", "the incident is still dealt with; close it first")
		case r.Causes == "" || r.Course == "":
			return errs.Field("review.causes", "causes", "write down what happened and what is to be learned first")
		case unexplained(c.v.Tasks) > 0:
			return errs.E(errs.Conflict, "review.unexplained", "%d late tasks have no reason yet; say why each was late", unexplained(c.v.Tasks))
		}
		r.State, r.ConcludedAt, r.ConcludedBy = Concluded, &now, c.a.Name
		return c.note(EventConcluded, "concluded", r.Title, "")
	})
}

// NewLesson is what somebody wants to become better.
type NewLesson struct {
	Text  string
	OrgID string // empty: the own organisation
	Owner string
	DueAt time.Time
}

// Learn adds a lesson, with a clock at the desk that owns it.
func (s *Service) Learn(ctx context.Context, id string, n NewLesson) (View, error) {
	n.Text, n.Owner = strings.TrimSpace(n.Text), strings.TrimSpace(n.Owner)
	return s.change(ctx, id, func(ctx context.Context, c *change) error {
		now := stamp()
		switch err := c.owns(); {
		case err != nil:
			return err
		case c.v.State == Concluded:
			return concluded()
		case !errs.Text(n.Text, 1000) || n.Text == "":
			return errs.Field("review.lesson", "text", "1 to 1000 characters")
		case !errs.Name(n.Owner, 64):
			return errs.Field("review.owner", "owner", "say who, in 1 to 64 characters on one line")
		case !n.DueAt.After(now) || n.DueAt.After(now.AddDate(3, 0, 0)):
			return errs.Field("review.due", "due_at", "must be in the future, at most three years ahead")
		}
		org := c.o
		if n.OrgID != "" && n.OrgID != org.ID {
			tree, err := s.Desks.Tree(ctx)
			if err != nil {
				return err
			}
			found, ok := incident.Find(tree, n.OrgID)
			if !ok || !c.a.Sees(found.Division) {
				return errs.Field("review.org", "org_id", "there is no such organisation among those that you see")
			}
			org = found
		}
		l := Lesson{
			ID: newID(), IncidentID: id, No: len(c.v.Lessons) + 1, Text: n.Text, OrgID: org.ID, OrgName: org.Name, Division: org.Division, Owner: n.Owner, DueAt: event.Stamp(n.DueAt),
			State: Owed, ByName: c.a.Name, At: now, Edit: 1,
		}
		if err := s.Store.SaveLesson(ctx, l); err != nil {
			return err
		}
		if _, err := s.Clocks.Set(ctx, l.clock(c.r.Title)); err != nil {
			return err
		}
		return c.note(EventLesson, "lesson", l.Text+"（"+l.OrgName+" "+l.Owner+"）", l.ID)
	})
}

// lesson is one of a review.
func (c *change) lesson(id string) (Lesson, error) {
	for _, l := range c.v.Lessons {
		if l.ID == id {
			return l, nil
		}
	}
	return Lesson{}, errs.E(errs.NotFound, "review.no_lesson", "there is no such lesson in this review")
}

// Settle closes a lesson with what proves it, or with again owes it once more, for the reason given. Also those of a
// concluded review: improvement takes longer than the review.
func (s *Service) Settle(ctx context.Context, id, lesson, evidence string, again bool) (View, error) {
	evidence = strings.TrimSpace(evidence)
	return s.change(ctx, id, func(ctx context.Context, c *change) error {
		l, err := c.lesson(lesson)
		if err == nil {
			err = c.owns(l.OrgID)
		}
		now := stamp()
		switch {
		case err != nil:
			return err
		case !errs.Text(evidence, 1000) || evidence == "":
			return errs.Field("review.evidence", "evidence", "say what proves it, in 1 to 1000 characters")
		case (l.State == Owed) == again:
			return errs.E(errs.Conflict, "review.lesson_state", "somebody has settled the lesson meanwhile; look at it again")
		}
		l.Edit++
		if again {
			l.State, l.ClosedAt, l.ClosedBy, l.Evidence = Owed, nil, "", ""
			if err := s.Store.SaveLesson(ctx, l); err != nil {
				return err
			}
			if _, err := s.Clocks.Set(ctx, l.clock(c.r.Title)); err != nil {
				return err
			}
			return c.note(EventLesson, "lesson_again", l.Text+"："+evidence, l.ID)
		}
		l.State, l.ClosedAt, l.ClosedBy, l.Evidence = Closed, &now, c.a.Name, evidence
		if err := s.Store.SaveLesson(ctx, l); err != nil {
			return err
		}
		if err := s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: l.ID}, "lesson", deadline.Met); err != nil {
			return err
		}
		return c.note(EventSettled, "lesson_closed", l.Text+"："+evidence, l.ID)
	})
}

// Suggest makes of a lesson a suggestion to a plan, of which its next version says what became of it.
func (s *Service) Suggest(ctx context.Context, id, lesson, planID, chapter, text string) (View, error) {
	return s.change(ctx, id, func(ctx context.Context, c *change) error {
		l, err := c.lesson(lesson)
		if err == nil {
			err = c.owns()
		}
		if err != nil {
			return err
		}
		if l.SuggestionID != "" {
			return errs.E(errs.Conflict, "review.suggested", "the lesson was suggested to a plan already")
		}
		g, err := s.Plans.Suggest(ctx, plan.Suggestion{PlanID: planID, ChapterID: chapter, Text: text, From: c.r.No + " " + c.r.Title, IncidentID: id, LessonID: l.ID, OrgName: c.o.Name})
		if err != nil {
			return err
		}
		l.PlanID, l.PlanName, l.Clause, l.SuggestionID, l.Edit = g.PlanID, g.PlanName, g.Clause, g.ID, l.Edit+1
		if err := s.Store.SaveLesson(ctx, l); err != nil {
			return err
		}
		return c.note(EventLesson, "suggested", g.PlanName+" "+g.Clause+"："+g.Text, g.ID)
	})
}

// Filter narrows the library; empty parts let everything through.
type Filter struct {
	Category string // with its parts
	Level    int
	Within   actor.Scope // divisions; empty: all that are seen
	Year     string      // of the incident: 2026
}

// Cases lists the concluded reviews that the actor may see, the newest incident first.
func (s *Service) Cases(ctx context.Context, f Filter, r page.Request) (page.List[Review], error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return page.List[Review]{}, err
	}
	r.Search = strings.TrimSpace(r.Search)
	if f.Within == "" {
		f.Within = actor.Everything
	}
	return s.Store.Cases(ctx, a.Scope(), f, r)
}

// OnClock is told of the marks of a lesson's clock: when it has passed, the lesson is late.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	l, err := s.Store.Lesson(ctx, f.Clock.Owner.ID)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.Store.Lock(ctx, l.IncidentID); err != nil {
		return nil, err
	}
	if l, err = s.Store.Lesson(ctx, l.ID); err != nil || l.State != Owed || l.LateAt != nil { // settled meanwhile
		return nil, err
	}
	now := stamp()
	l.LateAt, l.Edit = &now, l.Edit+1
	if err := s.Store.SaveLesson(ctx, l); err != nil {
		return nil, err
	}
	e := event.New(actor.WithSystem(ctx, "review"), EventLate, l.IncidentID, l.Division, Trace{Name: incident.Cut(f.Clock.Name, 200), Org: l.OrgName})
	return []*event.Event{&e}, nil
}
