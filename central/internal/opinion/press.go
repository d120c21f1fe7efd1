package opinion

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/world"
)

// NewStatement is what a statement begins with.
type NewStatement struct {
	Template string
	Tasks    []string // that it answers
	Replaces string   // a released statement that it corrects
}

// Draft begins a press statement from a template and the facts of an incident.
func (s *Service) Draft(ctx context.Context, id string, n NewStatement) (Statement, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Statement{}, err
	}
	t, ok := s.Templates.find(n.Template)
	if !ok {
		return Statement{}, errs.Field("opinion.template", "template", "there is no such template")
	}
	now := stamp()
	st := Statement{
		ID: newID(), IncidentID: id, OrgID: o.ID, OrgName: o.Name, Template: t.ID, Tasks: append([]string{}, n.Tasks...), Version: 1, State: Draft,
		Written: Mark{UserID: a.ID, Name: a.Name, Org: o.Name, At: now}, CreatedAt: now, Edit: 1,
	}
	return st, s.change(ctx, actor.IncidentWrite, id, func(ctx context.Context, c *change) error {
		f := Facts{Incident: c.i, Category: s.Categories.Named(c.i.Category), Org: o.Name, Now: now}
		figures, err := s.Incidents.Figures(ctx, id)
		if err != nil {
			return err
		}
		f.Figures = incident.Newest(figures)
		if f.Said, err = s.said(ctx, c, n.Tasks); err != nil {
			return err
		}
		if n.Replaces != "" {
			old, err := s.Store.Statement(ctx, n.Replaces)
			if err != nil {
				return err
			}
			if err := old.corrects(c); err != nil {
				return err
			}
			st.Replaces, st.Version, f.Old = old.ID, old.Version+1, old.Title
		}
		st.Exercise = c.i.Exercise
		st.Title, st.Text = t.fill(f)
		st.Title = world.World(st.Exercise).Marked(incident.Cut(st.Title, maxName-len([]rune(world.Mark))))
		if err := st.validate(); err != nil {
			return err
		}
		if err := s.Store.SaveStatement(ctx, st); err != nil {
			return err
		}
		return c.note(ctx, EventDrafted, incident.Step{Kind: Press, Act: "drafted", Text: st.Title, Ref: st.ID}, Trace{What: st.ID})
	})
}

// corrects refuses the correction of what a desk has not released, or what was corrected already.
func (s Statement) corrects(c *change) error {
	if !slices.Contains(c.group, s.IncidentID) || !c.reach.Has(s.OrgID) {
		return errs.E(errs.Denied, "opinion.not_yours", "only %s and those above it correct it", s.OrgName)
	}
	if s.State != Released {
		return errs.E(errs.Conflict, "opinion.not_released", "only what was released and stands is corrected; look at it again")
	}
	return nil
}

// said is the first thing that tasks answer, and complains of tasks that are not owed or out of reach.
func (s *Service) said(ctx context.Context, c *change, tasks []string) (string, error) {
	text := ""
	for _, id := range tasks {
		t, err := s.Store.Task(ctx, id)
		if err != nil {
			return "", err
		}
		if !slices.Contains(c.group, t.IncidentID) || t.State != Owed || !c.reach.Has(t.OrgID) {
			return "", errs.Field("opinion.tasks", "tasks", "one of them is settled, or not yours to answer")
		}
		for _, e := range t.Entries {
			one, err := s.Store.Entry(ctx, e)
			if err != nil {
				return "", err
			}
			if text == "" {
				text = incident.Cut(strings.Join(strings.Fields(one.Text), " "), 200)
			}
		}
	}
	return text, nil
}

// Write changes the text of a statement that nobody has signed; one that was checked is checked anew.
func (s *Service) Write(ctx context.Context, id string, edit int, title, text string) (Statement, error) {
	return s.statement(ctx, actor.IncidentWrite, id, func(ctx context.Context, c *change, st *Statement) error {
		if st.Edit != edit {
			return errs.E(errs.Conflict, "opinion.changed", "somebody has changed it meanwhile; look at it again")
		}
		if st.State != Draft && st.State != Checked {
			return errs.E(errs.Conflict, "opinion.state", "it was signed; return it first, or correct what was released by a new one")
		}
		st.Title, st.Text = strings.TrimSpace(title), strings.TrimSpace(text)
		if st.Exercise != "" && !strings.HasPrefix(st.Title, world.Mark) {
			return errs.Field("opinion.mark", "title", "of an exercise begins with "+world.Mark)
		}
		if err := st.validate(); err != nil {
			return err
		}
		st.State, st.Checked, st.Edit = Draft, nil, st.Edit+1
		st.Written = Mark{UserID: c.a.ID, Name: c.a.Name, Org: c.reach.Desk.Name, At: stamp()}
		if err := s.Store.SaveStatement(ctx, *st); err != nil {
			return err
		}
		return c.note(ctx, EventChanged, incident.Step{Kind: Press, Act: "changed", Text: st.Title, Ref: st.ID}, Trace{What: st.ID})
	})
}

// statement changes one within reach of the actor's desk.
func (s *Service) statement(ctx context.Context, p actor.Permission, id string, fn func(ctx context.Context, c *change, st *Statement) error) (Statement, error) {
	if _, err := actor.Require(ctx, p); err != nil {
		return Statement{}, err
	}
	st, err := s.Store.Statement(ctx, id)
	if err != nil {
		return st, err
	}
	err = s.goOn(ctx, p, st.IncidentID, func(ctx context.Context, c *change) error {
		if st, err = s.Store.Statement(ctx, id); err != nil {
			return err
		}
		if !st.shown(c.reach) {
			return errs.E(errs.NotFound, "opinion.no_statement", "there is no such statement among those that you see")
		}
		if !c.reach.Has(st.OrgID) {
			return errs.E(errs.Denied, "opinion.not_yours", "only %s and those above it change it", st.OrgName)
		}
		return fn(ctx, c, &st)
	})
	return st, err
}

// Act checks, returns, signs, releases or discards a statement. A release ends the clocks of what it answers; it is
// barred in an exercise, like everything that leaves the house.
func (s *Service) Act(ctx context.Context, id string, n Act) (Statement, error) {
	p := actor.IncidentWrite
	if n.Do == "sign" {
		p = actor.OpinionSign
	}
	n.Note = strings.TrimSpace(n.Note)
	if n.Do == "sign" {
		if err := s.signs(ctx, id, n); err != nil {
			return Statement{}, err
		}
	}
	return s.statement(ctx, p, id, func(ctx context.Context, c *change, st *Statement) error {
		if n.Do == "release" {
			if err := world.Outside(ctx, "a press statement"); err != nil {
				return err
			}
		}
		next, err := st.act(n, c.a, c.reach.Desk.Name, stamp())
		if err != nil {
			return err
		}
		*st = next
		if n.Do == "discard" {
			err = s.Store.DropStatement(ctx, id)
		} else {
			err = s.Store.SaveStatement(ctx, *st)
		}
		if err != nil {
			return err
		}
		if n.Do == "release" {
			if err := s.released(ctx, c, *st); err != nil {
				return err
			}
		}
		did := map[string][2]string{
			"check": {EventChecked, "checked"}, "return": {EventReturned, "returned"}, "sign": {EventSigned, "signed"}, "release": {EventReleased, "published"}, "discard": {EventDropped, "discarded"},
		}[n.Do]
		text := st.Title
		if n.Note != "" {
			text += "：" + n.Note
		}
		return c.note(ctx, did[0], incident.Step{Kind: Press, Act: did[1], Text: text, Ref: st.ID}, Trace{What: st.ID, Hash: st.Hash})
	})
}

// signs asks for the password of whoever signs what can be signed, before the transaction: a wrong one is counted even
// though nothing is changed by it.
func (s *Service) signs(ctx context.Context, id string, n Act) error {
	a, reach, err := s.Desks.Reach(ctx, actor.OpinionSign)
	if err != nil {
		return err
	}
	st, err := s.Store.Statement(ctx, id)
	if err != nil {
		return err
	}
	if !reach.Has(st.OrgID) {
		return errs.E(errs.Denied, "opinion.not_yours", "only %s and those above it change it", st.OrgName)
	}
	if _, err := st.act(n, a, reach.Desk.Name, stamp()); err != nil {
		return err
	}
	return s.Accounts.Confirm(ctx, n.Password)
}

// released is what follows a release: what it corrects stands no longer, what it answers is answered.
func (s *Service) released(ctx context.Context, c *change, st Statement) error {
	if st.Replaces != "" {
		old, err := s.Store.Statement(ctx, st.Replaces)
		if err != nil {
			return err
		}
		if old.State != Released {
			return errs.E(errs.Conflict, "opinion.not_released", "what it corrects was corrected already; look at it again")
		}
		old.State, old.Edit = Superseded, old.Edit+1
		if err := s.Store.SaveStatement(ctx, old); err != nil {
			return err
		}
	}
	for _, id := range st.Tasks {
		t, err := s.Store.Task(ctx, id)
		if err != nil {
			return err
		}
		if t.State != Owed {
			continue // settled meanwhile in another way
		}
		if _, err := s.settle(ctx, c, id, Said, st.Title, st.ID); err != nil {
			return err
		}
	}
	return nil
}

// Print is a statement as an official document. One that was not released says so over every page.
func (s *Service) Print(ctx context.Context, id string) (Statement, paper.Files, error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return Statement{}, paper.Files{}, err
	}
	if err := world.Outside(ctx, "a press statement"); err != nil {
		return Statement{}, paper.Files{}, err
	}
	st, err := s.Store.Statement(ctx, id)
	if err != nil {
		return st, paper.Files{}, err
	}
	if _, err := s.Incidents.Get(ctx, st.IncidentID); err != nil {
		return st, paper.Files{}, err
	}
	if !st.shown(reach) {
		return Statement{}, paper.Files{}, errs.E(errs.NotFound, "opinion.no_statement", "there is no such statement among those that you see")
	}
	f, err := s.Printer.Files(st.print())
	return st, f, err
}

// print is pure: the same statement gives the same bytes.
func (s Statement) print() paper.Print {
	at := s.Written.At
	p := paper.Print{Content: paper.Content{Head: "新闻发布稿", Title: s.Title, From: s.OrgName}}
	lines := strings.Split(s.Text, "\n")
	if n := len(lines); n > 1 && strings.TrimSpace(lines[n-1]) == s.OrgName {
		lines = slices.Clone(lines[:n-1]) // it stands below as who speaks
	}
	p.Text = strings.Join(lines, "\n")
	switch {
	case s.Released != nil:
		at = s.Released.At
	case s.Signed != nil:
		p.Mark = "未发布"
	default:
		p.Mark = "送审稿"
	}
	if s.State == Superseded {
		p.Mark = "已更正"
	}
	if s.Signed != nil {
		p.Signer = s.Signed.Name
	}
	p.Date = at.In(event.China())
	return p
}
