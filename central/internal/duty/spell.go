package duty

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Spell is the time between two hand-offs of the officers of a desk, and who holds it.
type Spell struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	People []string  `json:"people"` // ids
	Names  []string  `json:"names"`
}

// Holds reports whether a person is one of them.
func (s Spell) Holds(person string) bool { return person != "" && slices.Contains(s.People, person) }

// SpellAt is the spell of the officers of an organisation at an instant: errs.NotFound where the roster has
// nobody then.
func (s *Service) SpellAt(ctx context.Context, org string, at time.Time) (Spell, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return Spell{}, err
	}
	posts, err := s.Store.Posts(ctx, org)
	if err != nil {
		return Spell{}, err
	}
	held, err := s.onDuty(ctx, org, at)
	if err != nil {
		return Spell{}, err
	}
	var out Spell
	for _, h := range held {
		i := slices.IndexFunc(posts, func(p Post) bool { return p.ID == h.PostID })
		if i < 0 || posts[i].Tier != Officer || posts[i].Ended {
			continue
		}
		if out.To.IsZero() || h.EndsAt.Before(out.To) {
			out.To = h.EndsAt
		}
		if h.StartsAt.After(out.From) {
			out.From = h.StartsAt
		}
		if h.PersonID != "" {
			out.People, out.Names = append(out.People, h.PersonID), append(out.Names, h.PersonName)
		}
	}
	if out.To.IsZero() {
		return out, errs.E(errs.NotFound, "duty.no_spell", "the roster has no officer at that time")
	}
	return out, nil
}

// Person is a duty person with numbers, for those who must be reached: errs.NotFound when there is none.
func (s *Service) Person(ctx context.Context, id string) (Person, error) {
	if _, err := actor.Require(ctx, actor.DutyPhone); err != nil {
		return Person{}, err
	}
	p, err := s.Store.Person(ctx, id)
	return p.shown(true), err
}

// PersonOf is the duty person of an account: errs.NotFound when it is none.
func (s *Service) PersonOf(ctx context.Context, user string) (Person, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return Person{}, err
	}
	p, err := s.Store.PersonOf(ctx, user)
	return p.shown(false), err
}
