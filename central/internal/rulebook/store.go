package rulebook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/rule"
)

// Store keeps the book.
type Store interface {
	// Entries lists all rules by id.
	Entries(ctx context.Context) ([]Kept, error)
	// Save writes a rule when it still has the revision was; 0: it is new. errs.Conflict otherwise.
	Save(ctx context.Context, e Kept, was int64) error
	// Remove deletes a rule that was never published: errs.Conflict when its revision is another.
	Remove(ctx context.Context, id string, was int64) error
	// AddVersion stores a version: errs.Conflict when the number exists.
	AddVersion(ctx context.Context, v RuleVersion) error
	// Versions lists those of a rule, newest first.
	Versions(ctx context.Context, id string) ([]RuleVersion, error)
	// Overrides lists those that nobody has ended, newest first.
	Overrides(ctx context.Context) ([]RuleOverride, error)
	// AddOverride stores a new one.
	AddOverride(ctx context.Context, o RuleOverride) error
	// EndOverride ends one: errs.Conflict when it has ended already.
	EndOverride(ctx context.Context, o RuleOverride) error
	// SetDecideBy writes by when somebody has to decide about one.
	SetDecideBy(ctx context.Context, id string, by time.Time) error
	// Fired counts alarms by rule that were opened since, of what the scope sees.
	Fired(ctx context.Context, since time.Time, scope actor.Scope) (map[string]int, error)
	// Given lists what terminals were last given.
	Given(ctx context.Context) ([]Given, error)
	// SaveGiven writes what one terminal was given.
	SaveGiven(ctx context.Context, g Given) error
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	All(ctx context.Context) ([]device.Device, error)
}

// Judge evaluates rules (telemetry.Service).
type Judge interface {
	// Use puts rules in place of those that decide now; why is the reason of the actor of ctx.
	Use(ctx context.Context, rules []rule.Rule, why string)
}

// Terminals gives terminals their configuration (fleet.Service).
type Terminals interface {
	// GiveRules makes the rules part of what a terminal is to run, and says by which version. errs.Conflict
	// while it is not known what the terminal runs.
	GiveRules(ctx context.Context, edge string, rules json.RawMessage, note string) (number uint64, err error)
	// GivenRules is the rules part of what waits for a terminal or runs there, nil when it goes by its own
	// files. errs.Conflict while that is not known.
	GivenRules(ctx context.Context, edge string) (json.RawMessage, error)
	// RulesStand says what became of such a version: "waiting", "applied" or "failed", and why.
	RulesStand(ctx context.Context, edge string, number uint64) (state, why string, err error)
}
