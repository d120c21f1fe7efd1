package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	commandQueue   = 64
	commandTimeout = 30 * time.Second
	slowAtOnce     = 32
	remembered     = 1024 // ids of commands that are not done twice
)

// commands does what the centre asks, one after the other.
type commands struct {
	o     Options
	queue chan wire.Command
	seen  map[string]bool
	order []string

	aside chan struct{} // holds one token while an Answerer works
	slow  chan struct{} // holds one for each Slow that is waited for
	wg    sync.WaitGroup
}

var (
	errUnknown = errors.New("this terminal does not know the command")
	// ErrBusy is returned by an Answerer that was asked too often.
	ErrBusy = errors.New("terminal is busy with another question; ask again in a minute")
)

func newCommands(o Options) *commands {
	return &commands{o: o, queue: make(chan wire.Command, commandQueue), seen: map[string]bool{}, aside: make(chan struct{}, 1), slow: make(chan struct{}, slowAtOnce)}
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
	defer c.wg.Wait()
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
	if answerer := c.o.Answers[cmd.Kind]; answerer != nil {
		c.answer(ctx, cmd, answerer)
		return
	}
	if slow := c.o.Slow[cmd.Kind]; slow != nil {
		c.begin(ctx, cmd, slow)
		return
	}
	c.tell(ctx, cmd, nil, c.carryOut(ctx, cmd))
}

// begin hands over a command whose outcome is waited for aside.
func (c *commands) begin(ctx context.Context, cmd wire.Command, slow Slow) {
	if err := c.late(cmd); err != nil {
		c.tell(ctx, cmd, nil, err)
		return
	}
	select {
	case c.slow <- struct{}{}:
	default:
		c.tell(ctx, cmd, nil, ErrBusy)
		return
	}
	wait, err := slow(cmd.Body)
	if err != nil {
		<-c.slow
		c.tell(ctx, cmd, nil, err)
		return
	}
	c.wg.Go(func() {
		defer func() { <-c.slow }()
		within, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		c.tell(ctx, cmd, nil, wait(within))
	})
}

// answer lets an Answerer work aside, one at a time.
func (c *commands) answer(ctx context.Context, cmd wire.Command, answerer Answerer) {
	if err := c.late(cmd); err != nil {
		c.tell(ctx, cmd, nil, err)
		return
	}
	select {
	case c.aside <- struct{}{}:
	default:
		c.tell(ctx, cmd, nil, ErrBusy)
		return
	}
	c.wg.Go(func() {
		defer func() { <-c.aside }()
		within, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		text, err := answerer(within, cmd.Body)
		c.tell(ctx, cmd, text, err)
	})
}

// tell says how a command went.
func (c *commands) tell(ctx context.Context, cmd wire.Command, answer []byte, err error) {
	r := wire.CommandResult{Command: cmd.ID, OK: err == nil, Answer: answer}
	if err != nil {
		r.Error = err.Error()
		switch {
		case errors.Is(err, errUnknown):
			r.Code = wire.CodeUnknown
		case errors.Is(err, ErrBusy):
			r.Code = wire.CodeBusy
		}
		c.o.Log.Warn("command not done", "kind", cmd.Kind, "error", err)
	} else {
		c.o.Log.Debug("command done", "kind", cmd.Kind)
	}
	if err := c.report(ctx, r); err != nil {
		c.o.Log.Error("result of command is not kept", "error", err)
	}
}

// late says that a command was too long on its way.
func (c *commands) late(cmd wire.Command) error {
	if now := c.o.Clock.CentreNow(); wire.Millis(now) > cmd.Expires {
		return fmt.Errorf("command came %s too late", now.Sub(wire.Time(cmd.Expires)).Round(time.Millisecond))
	}
	return nil
}

func (c *commands) carryOut(ctx context.Context, cmd wire.Command) error {
	handler, ok := c.o.Commands[cmd.Kind]
	if !ok {
		return fmt.Errorf("%w %.64q", errUnknown, cmd.Kind)
	}
	if err := c.late(cmd); err != nil {
		return err
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
