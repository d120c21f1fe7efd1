package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// What is published. Subject is the user's id (the organisation's for org events). After any of those
// marked * the rights of the user may have shrunk: whoever holds a connection asks Check again.
const (
	EventCreated         = "account.created"
	EventChanged         = "account.changed"          // *
	EventDisabled        = "account.disabled"         // *
	EventEnabled         = "account.enabled"          //
	EventPasswordReset   = "account.password_reset"   // *
	EventPasswordChanged = "account.password_changed" // *
	EventTokenCreated    = "account.token_created"    //nolint:gosec // the name of an event
	EventTokenRevoked    = "account.token_revoked"    //nolint:gosec // the name of an event; *
	EventOrgCreated      = "account.org_created"
	EventOrgChanged      = "account.org_changed" // * for everybody in it
	EventSessionStarted  = "session.started"
	EventSessionRefused  = "session.refused"
	EventSessionLocked   = "session.locked"
	EventSessionEnded    = "session.ended" // *
)

// record makes an event and writes it down as the last act of the transaction of the context. It is
// published after the commit.
func (s *Service) record(ctx context.Context, e *event.Event, kind, subject, division string, data any) error {
	*e = event.New(ctx, kind, subject, division, data)
	return s.Events.Record(ctx, e)
}
