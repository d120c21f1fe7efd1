package maintenance

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/rule"
)

// Store keeps windows. State and Span are not stored.
type Store interface {
	// List is the windows that end after a time, by id.
	List(ctx context.Context, after time.Time) ([]Window, error)
	// Add stores a new window.
	Add(ctx context.Context, w Window) error
	// Save writes a window when it still stands as it was last updated: errs.Conflict otherwise.
	Save(ctx context.Context, w Window, was time.Time) error
}

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Devices is the register (device.Service).
type Devices interface {
	// Visible finds a device that the actor of the context may see.
	Visible(ctx context.Context, id string) (device.Device, bool)
	// All lists every device that the actor of the context may see.
	All(ctx context.Context) ([]device.Device, error)
	// Connected reports whether a terminal can be reached.
	Connected(ctx context.Context, edge string) bool
}

// Rules are the rules of the centre (telemetry.Service).
type Rules interface {
	// ListRules lists the rules, as the actor of the context may see them.
	ListRules(ctx context.Context) ([]rule.Rule, error)
}

// seesAll is the centre itself.
func seesAll(ctx context.Context) context.Context { return actor.WithSystem(ctx, "maintenance") }
