package recording

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Desks know whose things the actor may change: the own, and those of desks below (incident.Reach).
type Desks interface {
	// Reach is that of the actor's desk, for who has a permission.
	Reach(ctx context.Context, p actor.Permission) (Reach, error)
}

// Reach is whose things a desk changes.
type Reach struct {
	Org  string // the desk itself
	Name string
	Has  func(org string) bool
}

// mine refuses the change of what belongs to a desk out of reach: that one sees the camera gives no right over what
// somebody keeps of it. What the centre kept by itself belongs to nobody yet.
func (s *Service) mine(ctx context.Context, p actor.Permission, org, name string) error {
	r, err := s.Desks.Reach(ctx, p)
	if err != nil {
		return err
	}
	if org == "" || r.Has(org) {
		return nil
	}
	return errs.E(errs.Denied, "recording.not_yours", "it is kept by %s; only that desk and those above it change that: call there", name)
}
