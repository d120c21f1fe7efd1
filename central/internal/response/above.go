package response

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Tasks lists those of an incident for a capability above, which has authorised that.
func (s *Service) Tasks(ctx context.Context, incident string) ([]Task, error) {
	return s.Store.TasksOf(ctx, incident)
}

// Commander says who commands an incident, for a capability above, which has authorised that.
func (s *Service) Commander(ctx context.Context, incident string) (Command, error) {
	return s.command(ctx, incident)
}

// Lets complains when somebody else commands.
func (c Command) Lets(a actor.Actor) error { return c.lets(a) }
