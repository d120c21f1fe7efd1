package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Write keeps the draft; revision is the one that the writer began from. When somebody else has written
// meanwhile it is errs.Conflict, and the writer joins the two.
func (s *Service) Write(ctx context.Context, id string, revision int, b Body) (Plan, error) {
	if _, err := actor.Require(ctx, actor.PlanWrite); err != nil {
		return Plan{}, err
	}
	b = b.whole()
	if err := b.validate(); err != nil {
		return Plan{}, err
	}
	_, text, err := b.Hash()
	if err != nil {
		return Plan{}, err
	}
	return s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		switch {
		case !p.State.written():
			return "", trace{}, errs.E(errs.Conflict, "plan.closed", "the plan is not being written now")
		case p.Revision != revision:
			return "", trace{}, errs.E(errs.Conflict, "plan.written", "somebody has written in the plan meanwhile")
		}
		was, err := s.Store.Draft(ctx, id)
		if err != nil {
			return "", trace{}, err
		}
		if !bytes.Equal(was, text) {
			p.Revision++
			p.writtenBy(a.ID)
		}
		return EventWritten, trace{Revision: p.Revision}, s.Store.SaveDraft(ctx, id, text)
	})
}

// Draft is a text that is being written.
type Draft struct {
	Plan   Plan    `json:"plan"`
	Body   Body    `json:"body"`
	Faults []Fault `json:"faults"`
}

func parse(text []byte) (Body, error) {
	var b Body
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("read plan: %w", err)
	}
	return b.whole(), nil
}

// Body is the text of a version; number 0 is the draft, which only those of the plan's own division see.
func (s *Service) Body(ctx context.Context, id string, number int) (Draft, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return Draft{}, err
	}
	p, err := s.load(ctx, a, id)
	if err != nil {
		return Draft{}, err
	}
	var text []byte
	switch {
	case number > 0:
		_, text, err = s.Store.Version(ctx, id, number)
	case !a.Covers(p.Division):
		return Draft{}, errs.E(errs.NotFound, "plan.no_draft", "the draft is seen by the plan's own division")
	default:
		text, err = s.Store.Draft(ctx, id)
	}
	if err != nil {
		return Draft{}, err
	}
	b, err := parse(text)
	if err != nil {
		return Draft{}, err
	}
	faults, err := s.check(ctx, b)
	return Draft{p, b, faults}, err
}

func (s *Service) check(ctx context.Context, b Body) ([]Fault, error) {
	d, err := s.directory(ctx, b)
	if err != nil {
		return nil, err
	}
	return Check(b, d), nil
}

// Try checks a text that nobody has kept yet.
func (s *Service) Try(ctx context.Context, b Body) ([]Fault, error) {
	if _, err := actor.Require(ctx, actor.PlanWrite); err != nil {
		return nil, err
	}
	b = b.whole()
	if err := b.validate(); err != nil {
		return nil, err
	}
	return s.check(ctx, b)
}

// directory looks up who there is for the roles of a body.
func (s *Service) directory(ctx context.Context, b Body) (Directory, error) {
	ctx = actor.WithSystem(ctx, "plan")
	d := Directory{Orgs: map[string]bool{}, Tiers: map[string]map[string]bool{}, People: map[string]bool{}}
	list, err := s.orgs(ctx)
	if err != nil {
		return d, err
	}
	for _, o := range list {
		d.Orgs[o.ID] = true
	}
	for _, r := range b.Roles {
		org := r.Fill.OrgID
		if (r.Fill.How != "duty" && r.Fill.How != "person") || !d.Orgs[org] || d.Tiers[org] != nil {
			continue
		}
		d.Tiers[org] = map[string]bool{}
		posts, err := s.Roster.Posts(ctx, org)
		if err != nil {
			return d, err
		}
		for _, p := range posts {
			turns := slices.ContainsFunc(p.Rules, func(r duty.Rule) bool {
				return slices.ContainsFunc(r.Rotations, func(o duty.Rotation) bool { return len(o.Members) > 0 })
			})
			if !p.Ended && turns {
				d.Tiers[org][string(p.Tier)] = true
			}
		}
		people, err := s.Roster.People(ctx, org)
		if err != nil {
			return d, err
		}
		for _, p := range people {
			if p.Active {
				d.People[p.ID] = true
			}
		}
	}
	return d, nil
}
