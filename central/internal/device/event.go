package device

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is the Device after the change. EventChanged comes as Ephemeral for heartbeats.
// EventResult is ephemeral; its Subject is the edge, its Data the wire.CommandResult.
const (
	EventCreated    = "device.created"
	EventChanged    = "device.changed"
	EventRemoved    = "device.removed"
	EventOnline     = "device.online"
	EventOffline    = "device.offline"
	EventEnrolled   = "device.enrolled"
	EventRevoked    = "device.revoked"
	EventRestored   = "device.restored"
	EventTokenMade  = "device.token_made"  //nolint:gosec // the name of an event: a new token or one-time token
	EventTokenEnded = "device.token_ended" //nolint:gosec // as above: a one-time token was taken back
	EventResult     = "device.result"
	EventGreeted    = "device.greeted" // ephemeral; the edge has connected anew

	EventRenewAsked = "device.renew_asked" // a person wants the edge to renew its certificate now

	EventCrew = "device.crew" // ephemeral; Data is the wire.CrewReceipt

	EventConfigTold = "device.config_told" // ephemeral; Data is the wire.ConfigTold
)

// news makes one event with the actor of the context.
func news(ctx context.Context, kind string, d Device) event.Event {
	return event.New(ctx, kind, d.ID, d.Division, d)
}

// record makes an event of what is about to be committed and writes it down as the last act of the
// transaction of the context. It is published after the commit.
func (s *Service) record(ctx context.Context, e *event.Event, kind string, r Record) error {
	*e = news(ctx, kind, s.preview(r))
	return s.Events.Record(ctx, e)
}

// heartbeat is a change that is shown but not audited.
func heartbeat(ctx context.Context, d Device) event.Event {
	e := news(ctx, EventChanged, d)
	e.Ephemeral = true
	return e
}
