package telemetry

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
)

// PolicyStore keeps the versions of the escalation policy.
type PolicyStore interface {
	// Versions are the newest, newest first, at most limit.
	Versions(ctx context.Context, limit int) ([]Policy, error)
	// Add stores a version: errs.Conflict when there is one of that number.
	Add(ctx context.Context, p Policy) error
}

// keptVersions is how many versions are listed.
const keptVersions = 50

// loadPolicy takes the newest version over that of the file.
func (s *Service) loadPolicy(ctx context.Context) error {
	s.policy = s.Escalation
	if s.Policies == nil {
		return nil
	}
	list, err := s.Policies.Versions(ctx, 1)
	if err == nil && len(list) > 0 {
		if s.policy = list[0]; s.policy.Upper == nil { // of before there was such a thing
			s.policy.Upper = s.Escalation.Upper
		}
	}
	return err
}

// EscalationPolicies are the policy that holds and those before it, the newest first; that of the file last.
func (s *Service) EscalationPolicies(ctx context.Context) ([]Policy, error) {
	if _, err := actor.Require(ctx, actor.AlarmRead); err != nil {
		return nil, err
	}
	list, err := s.Policies.Versions(ctx, keptVersions)
	return append(list, s.Escalation), err
}

// SetEscalationPolicy makes the next version. p.Number is the one that the person has changed: errs.Conflict
// when another holds by now. Entries may be changed by whoever has their division.
func (s *Service) SetEscalationPolicy(ctx context.Context, p Policy) (Policy, error) {
	who, err := actor.Require(ctx, actor.AlarmPolicy)
	if err != nil {
		return Policy{}, err
	}
	p.Source = strings.TrimSpace(p.Source)
	if p.Note, err = checkReason("escalation.policy", "note", p.Note); err != nil {
		return Policy{}, err
	}
	if err := p.check(); err != nil {
		return Policy{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Number != s.policy.Number {
		return Policy{}, errs.E(errs.Conflict, "escalation.changed", "the policy was changed meanwhile by %s", s.policy.AuthorName)
	}
	if p.Upper == nil {
		p.Upper = s.policy.Upper
	}
	if err := s.mayChange(who, s.policy, p); err != nil {
		return Policy{}, err
	}
	now := event.Stamp(time.Now())
	p.Number, p.Author, p.AuthorName, p.CreatedAt = p.Number+1, who.ID, who.Name, &now
	done := event.New(ctx, PolicyChanged, "escalation", "", p)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Policies.Add(ctx, p); err != nil {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Policy{}, err
	}
	s.policy = p
	s.Events.Publish(ctx, done)
	return p, nil
}

// mayChange refuses a change outside of what the actor has. What holds everywhere belongs to the top.
func (s *Service) mayChange(who actor.Actor, old, p Policy) error {
	whole := who.Covers(s.Top)
	if whole {
		return nil
	}
	if old.Source != p.Source || old.Unverified != p.Unverified || !reflect.DeepEqual(old.Upper, p.Upper) {
		return errs.E(errs.Denied, "auth.denied", "the source of the policy and what rings above at once belong to division %s", s.Top)
	}
	equal := func(a, b Escalates) bool {
		return a.Division == b.Division && a.Level == b.Level && a.Late == b.Late && slices.Equal(a.After, b.After)
	}
	for _, lists := range [][2][]Escalates{{old.Entries, p.Entries}, {p.Entries, old.Entries}} {
		for _, e := range lists[0] {
			if slices.ContainsFunc(lists[1], func(o Escalates) bool { return equal(e, o) }) {
				continue
			}
			if !geo.Division(e.Division).Valid() || !who.Covers(e.Division) {
				return errs.E(errs.Denied, "auth.denied", "the entry for division %q is not yours to change", e.Division)
			}
		}
	}
	return nil
}
