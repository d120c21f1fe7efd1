package plan

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Suggestion is what somebody learned from an incident and wants a plan to say. The next version shows what became of
// it. Suggestions are answered and never removed.
type Suggestion struct {
	ID         string     `json:"id"`
	PlanID     string     `json:"plan_id"`
	PlanName   string     `json:"plan_name"`
	ChapterID  string     `json:"chapter_id"` // of the version in force; empty: the plan as a whole
	Clause     string     `json:"clause"`     // 5.2 响应措施, as it was then
	Text       string     `json:"text"`
	From       string     `json:"from"` // number and title of the incident
	IncidentID string     `json:"incident_id"`
	LessonID   string     `json:"lesson_id"`
	At         time.Time  `json:"at"`
	ByName     string     `json:"by_name"`
	OrgName    string     `json:"org_name"`
	State      string     `json:"state"` // open, accepted, declined
	Answer     string     `json:"answer"`
	AnsweredBy string     `json:"answered_by"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Version    int        `json:"version"` // with which the answer was published; 0: not yet
}

// Suggest hands a suggestion to a plan that the actor may read. Call it in the transaction of what it comes from.
func (s *Service) Suggest(ctx context.Context, g Suggestion) (Suggestion, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return g, err
	}
	if g.Text = strings.TrimSpace(g.Text); g.Text == "" || !errs.Text(g.Text, maxNote) {
		return g, errs.Field("plan.suggestion", "text", "1 to 2000 characters")
	}
	p, err := s.load(ctx, a, g.PlanID)
	if err != nil {
		return g, err
	}
	if p.State == Abolished || p.Version == 0 {
		return g, errs.E(errs.Conflict, "plan.not_in_force", "the plan is not in force; choose another")
	}
	g.ID, g.PlanName, g.At, g.ByName, g.State = newID(), p.Name, stamp(), a.Name, "open"
	if g.ChapterID != "" {
		_, text, err := s.Store.Version(ctx, p.ID, p.Version)
		if err != nil {
			return g, err
		}
		b, err := parse(text)
		if err != nil {
			return g, err
		}
		if g.Clause = b.clauses()[g.ChapterID]; g.Clause == "" {
			return g, errs.Field("plan.chapter", "chapter_id", "the plan has no such clause")
		}
	}
	return g, event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		note(event.New(ctx, EventSuggested, p.ID, p.Division, trace{Name: p.Name}))
		return s.Store.SaveSuggestion(ctx, g)
	})
}

// Suggestions lists those of a plan that the actor may read, newest first.
func (s *Service) Suggestions(ctx context.Context, id string) ([]Suggestion, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.load(ctx, a, id); err != nil {
		return nil, err
	}
	return s.Store.Suggestions(ctx, id)
}

// Answer takes a suggestion into the draft, or declines it with the reason, while the plan is being written.
func (s *Service) Answer(ctx context.Context, id, suggestion string, accept bool, why string) (Plan, error) {
	why = strings.TrimSpace(why)
	return s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		list, err := s.Store.Suggestions(ctx, id)
		if err != nil {
			return "", trace{}, err
		}
		i := slices.IndexFunc(list, func(g Suggestion) bool { return g.ID == suggestion })
		switch {
		case i < 0:
			return "", trace{}, errs.E(errs.NotFound, "plan.no_suggestion", "there is no such suggestion")
		case !p.State.written():
			return "", trace{}, errs.E(errs.Conflict, "plan.closed", "the plan is not being written now")
		case list[i].Version > 0:
			return "", trace{}, errs.E(errs.Conflict, "plan.suggestion_published", "a version that answers it was published already")
		case !errs.Line(why, maxLine) || (!accept && why == ""):
			return "", trace{}, errs.Field("plan.reason", "why", "say why, in 1 to 200 characters on one line")
		}
		g, now := list[i], stamp()
		g.State, g.Answer, g.AnsweredBy, g.AnsweredAt = "declined", why, a.Name, &now
		if accept {
			g.State = "accepted"
		}
		return EventAnswered, trace{To: State(g.State)}, s.Store.SaveSuggestion(ctx, g)
	})
}

// answered marks the answers that a version brings.
func (s *Service) answered(ctx context.Context, id string, version int) error {
	list, err := s.Store.Suggestions(ctx, id)
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.State == "open" || g.Version > 0 {
			continue
		}
		g.Version = version
		if err := s.Store.SaveSuggestion(ctx, g); err != nil {
			return err
		}
	}
	return nil
}
