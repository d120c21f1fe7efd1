package maintenance

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	tellEvery = 10 * time.Second
	tellAgain = 20 * time.Second // what had no effect is said again
	// ahead is how far a terminal that is cut off knows the times of a weekly window.
	ahead = 30 * 24 * time.Hour
)

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Command(ctx context.Context, edge string, c wire.Command) error
}

// Courier tells each terminal when what is behind it is worked on, so that its sirens keep still also while
// it is cut off. The terminal says what it holds (device.Agent.Maintenance); the courier compares. Fill the
// exported fields, then Start.
type Courier struct {
	Service *Service
	Devices Devices
	Sender  Sender
	Log     *slog.Logger

	mu    sync.Mutex
	loop  *run.Loop
	want  map[string]string // hash by terminal; one that is missing is of no times
	all   bool              // windows or devices have changed
	dirty bool              // a terminal holds something else than it should
	sent  map[string]told
}

// told is what was last sent to a terminal.
type told struct {
	id, hash string
	at       time.Time
	refused  bool
}

// OnEvent hears of windows, devices and what terminals hold (event.Bus.Handle).
func (c *Courier) OnEvent(_ context.Context, e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch data := e.Data.(type) {
	case Window:
		c.all = true
	case wire.CommandResult:
		if s, ok := c.sent[e.Subject]; ok && s.id == data.Command && !data.OK {
			s.refused = true
			c.sent[e.Subject] = s
		}
		return
	case device.Device:
		switch {
		case e.Kind == device.EventOnline:
			delete(c.sent, e.Subject)
			c.dirty = true
		case !e.Ephemeral:
			c.all = true
		case data.Kind == device.Edge && data.Agent != nil && data.Agent.Maintenance != c.want[e.Subject]:
			c.dirty = true
		default:
			return
		}
	default:
		return
	}
	if c.loop != nil {
		c.loop.Wake()
	}
}

// Start begins to tell terminals.
func (c *Courier) Start(ctx context.Context) {
	loop := run.NewLoop()
	c.mu.Lock()
	c.loop, c.want, c.sent, c.all = loop, map[string]string{}, map[string]told{}, true
	c.mu.Unlock()
	loop.Start(seesAll(ctx), 0, func(ctx context.Context, woken bool) time.Duration {
		if !woken {
			c.mu.Lock()
			c.all = c.all || c.Service.Any() // a time is over, or a weekly one has come nearer
			c.mu.Unlock()
		}
		if err := c.round(ctx, time.Now()); err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "maintenance does not reach the terminals yet", "error", err)
		}
		return tellEvery
	})
}

// Stop ends it.
func (c *Courier) Stop(ctx context.Context) error { return c.loop.Stop(ctx) }

// round compares what terminals hold with what they should, and tells those that differ.
func (c *Courier) round(ctx context.Context, now time.Time) error {
	c.mu.Lock()
	due := c.all || c.dirty
	c.all, c.dirty = false, false
	c.mu.Unlock()
	if !due {
		return nil
	}
	devices, err := c.Devices.All(ctx)
	if err != nil {
		c.mu.Lock()
		c.all = true
		c.mu.Unlock()
		return err
	}
	own := map[string][]device.Device{}
	for _, d := range devices {
		if d.Kind == device.Edge {
			own[d.ID] = append(own[d.ID], d)
		} else if d.Parent != "" {
			own[d.Parent] = append(own[d.Parent], d)
		}
	}
	for i := range devices {
		d := &devices[i]
		if d.Kind != device.Edge || d.Agent == nil {
			continue
		}
		set := c.Service.spans(own[d.ID], now)
		if err := c.tell(ctx, d, set, now); err != nil {
			return err
		}
	}
	return nil
}

func (c *Courier) tell(ctx context.Context, d *device.Device, set wire.MaintenanceSet, now time.Time) error {
	hash := set.Hash()
	c.mu.Lock()
	if c.want[d.ID] = hash; hash == "" {
		delete(c.want, d.ID)
	}
	last := c.sent[d.ID]
	c.mu.Unlock()
	if d.Agent.Maintenance == hash || !c.Devices.Connected(ctx, d.ID) {
		return nil
	}
	if last.hash == hash && !last.at.IsZero() && (last.refused || now.Sub(last.at) < tellAgain) {
		return nil
	}
	body, err := json.Marshal(set)
	if err != nil {
		return err
	}
	order := wire.Command{ID: uuid.Must(uuid.NewV7()).String(), Kind: wire.CommandMaintenance, Body: body}
	c.mu.Lock()
	c.sent[d.ID] = told{id: order.ID, hash: hash, at: now}
	c.mu.Unlock()
	if err := c.Sender.Command(ctx, d.ID, order); err != nil && errs.KindOf(err) != errs.Unavailable {
		return err
	}
	return nil
}

// spans are the times of windows over a terminal and what is behind it that are not over at now.
func (s *Service) spans(own []device.Device, now time.Time) wire.MaintenanceSet {
	set := wire.MaintenanceSet{Spans: []wire.MaintenanceSpan{}}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.windows {
		about := ""
		if w.Target == Rule {
			about = w.Subject
		}
		var over []string
		for i := range own {
			if w.over(&own[i], about) && !s.withheld(&w, &own[i]) {
				over = append(over, own[i].ID)
			}
		}
		if len(over) == 0 {
			continue
		}
		slices.Sort(over)
		for at := now; ; {
			span, ok := w.next(at)
			if !ok || span.From.After(now.Add(ahead)) {
				break
			}
			set.Spans = append(set.Spans, wire.MaintenanceSpan{From: wire.Millis(span.From), To: wire.Millis(span.To), Rule: about, Devices: over})
			at = span.To
		}
	}
	slices.SortFunc(set.Spans, func(a, b wire.MaintenanceSpan) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Rule, b.Rule), slices.Compare(a.Devices, b.Devices))
	})
	set.Spans = set.Spans[:min(len(set.Spans), wire.MaxSpans)]
	return set
}
