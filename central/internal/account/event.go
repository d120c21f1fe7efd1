package account

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// What is published. Subject is the user's id (the organisation's for org events). After any of those
// marked * the rights of the user may have shrunk: whoever holds a connection asks Check again.
const (
	Created         = "account.created"
	Changed         = "account.changed"          // *
	Disabled        = "account.disabled"         // *
	Enabled         = "account.enabled"          //
	PasswordReset   = "account.password_reset"   // *
	PasswordChanged = "account.password_changed" // *
	TokenCreated    = "account.token_created"    //nolint:gosec // the name of an event
	TokenRevoked    = "account.token_revoked"    //nolint:gosec // the name of an event; *
	OrgCreated      = "account.org_created"
	OrgChanged      = "account.org_changed" // * for everybody in it
	SessionStarted  = "session.started"
	SessionRefused  = "session.refused"
	SessionLocked   = "session.locked"
	SessionEnded    = "session.ended" // *
)

// publish fills in who did it, from the context.
func (s *Service) publish(ctx context.Context, kind, subject, division string, data any) {
	a, _ := actor.From(ctx)
	s.events.Publish(ctx, event.Event{
		At: time.Now(), Kind: kind, Subject: subject, Division: division, Actor: a.ID, ActorName: a.Name, Data: data,
	})
}
