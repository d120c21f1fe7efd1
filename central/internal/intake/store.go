package intake

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Filter narrows a list; empty parts let everything through.
type Filter struct {
	State    State
	Kind     Kind
	Incident string
}

// Store is what this package needs to be kept.
type Store interface {
	// Lock makes changes of the inbox follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// Add gives it the next number of its desk: errs.Conflict when the desk has an item of the same alarm already.
	Add(ctx context.Context, i Item) (Item, error)
	// Item is errs.NotFound when there is none; so is BySource.
	Item(ctx context.Context, id string) (Item, error)
	// BySource finds the item that a desk has of an alarm.
	BySource(ctx context.Context, org, source string) (Item, error)
	// Save is errs.Conflict when the kept one is not of version was.
	Save(ctx context.Context, i Item, was int) error
	// List has the newest first; it is limited to the items of some organisations, nil for all.
	List(ctx context.Context, orgs []string, f Filter, r page.Request) (page.List[Item], error)
}

// Incidents are what items become part of (incident.Service).
type Incidents interface {
	Open(ctx context.Context, d incident.Draft) (incident.Incident, error)
	Learn(ctx context.Context, id string, k incident.Known) (incident.Incident, error)
	Count(ctx context.Context, id string, f incident.Figure) (incident.Figure, error)
	Similar(ctx context.Context, s incident.Sketch, except string) ([]incident.Similar, error)
	Get(ctx context.Context, id string) (incident.Incident, error)
	Write(ctx context.Context, id string, s incident.Step) (incident.Incident, error)
	Close(ctx context.Context, id string, to incident.State, why string) (incident.Incident, error)
}

// Alarms are those that one key turns into an item (telemetry.Service).
type Alarms interface {
	Alarm(ctx context.Context, id string) (telemetry.Alarm, error)
	ListRules(ctx context.Context) ([]rule.Rule, error)
}
