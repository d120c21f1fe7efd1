package device

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is the Device after the change. EventChanged comes as Ephemeral for heartbeats.
// EventResult is ephemeral; its Subject is the edge, its Data the wire.CommandResult.
const (
	EventCreated   = "device.created"
	EventChanged   = "device.changed"
	EventRemoved   = "device.removed"
	EventOnline    = "device.online"
	EventOffline   = "device.offline"
	EventEnrolled  = "device.enrolled"
	EventRevoked   = "device.revoked"
	EventRestored  = "device.restored"
	EventTokenMade = "device.token_made" //nolint:gosec // the name of an event: a new token or one-time token
	EventResult    = "device.result"
)

// news makes one event with the actor of the context.
func news(ctx context.Context, kind string, d Device) event.Event {
	e := event.Event{At: time.Now().UTC(), Kind: kind, Subject: d.ID, Division: d.Division, Data: d}
	if a, ok := actor.From(ctx); ok {
		e.Actor, e.ActorName = a.ID, a.Name
	}
	return e
}

// heartbeat is a change that is shown but not audited.
func heartbeat(ctx context.Context, d Device) event.Event {
	e := news(ctx, EventChanged, d)
	e.Ephemeral = true
	return e
}
