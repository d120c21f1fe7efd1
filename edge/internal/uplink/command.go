package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	commandQueue   = 64
	commandTimeout = 30 * time.Second
	remembered     = 1024 // ids of commands that are not done twice
)

// commands does what the centre asks, one after the other.
type commands struct {
	o     Options
	queue chan wire.Command
	seen  map[string]bool
	order []string
}

func newCommands(o Options) *commands {
	return &commands{o: o, queue: make(chan wire.Command, commandQueue), seen: map[string]bool{}}
}

// take is called by the connection and returns at once.
func (c *commands) take(payload []byte) {
	var cmd wire.Command
	if err := json.Unmarshal(payload, &cmd); err != nil || cmd.ID == "" || len(cmd.ID) > 64 {
		c.o.Log.Warn("command is malformed", "error", err)
		return
	}
	select {
	case c.queue <- cmd:
	default:
		c.o.Log.Warn("too many commands; one is dropped", "kind", cmd.Kind)
	}
}

func (c *commands) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case cmd := <-c.queue:
			c.do(ctx, cmd)
		}
	}
}

// do carries a command out and says how it went. One that was seen before, or is too late, is not done.
func (c *commands) do(ctx context.Context, cmd wire.Command) {
	if c.seen[cmd.ID] {
		return
	}
	c.seen[cmd.ID] = true
	c.order = append(c.order, cmd.ID)
	if len(c.order) > remembered {
		delete(c.seen, c.order[0])
		c.order = c.order[1:]
	}
	err := c.carryOut(ctx, cmd)
	r := wire.CommandResult{Command: cmd.ID, OK: err == nil}
	if err != nil {
		r.Error = err.Error()
		c.o.Log.Warn("command not done", "kind", cmd.Kind, "error", err)
	} else {
		c.o.Log.Debug("command done", "kind", cmd.Kind)
	}
	if err := c.report(ctx, r); err != nil {
		c.o.Log.Error("result of command is not kept", "error", err)
	}
}

func (c *commands) carryOut(ctx context.Context, cmd wire.Command) error {
	handler, ok := c.o.Commands[cmd.Kind]
	if !ok {
		return fmt.Errorf("this terminal does not know the command %.64q", cmd.Kind)
	}
	if now := c.o.Clock.CentreNow(); wire.Millis(now) > cmd.Expires {
		return fmt.Errorf("command came %s too late", now.Sub(wire.Time(cmd.Expires)).Round(time.Millisecond))
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	return handler(ctx, cmd.Body)
}

func (c *commands) report(ctx context.Context, r wire.CommandResult) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make id: %w", err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	now, synced := c.o.Clock.Now()
	e := wire.Event{ID: id.String(), At: wire.Millis(now), Kind: wire.EventResult, Device: c.o.Edge, Data: data}
	return c.o.Box.Append(ctx, outbox.Batch{
		Boot: c.o.Boot, Synced: synced, Entries: []outbox.Entry{{Lane: wire.LaneState, Events: []wire.Event{e}}},
	})
}
