// Package ingest brings what the field sends into the centre: it decodes, checks against the device
// register, commits many messages at once and only then acknowledges. It also carries commands down. The
// broker feeds it, telemetry and device receive. Rule that must never break: nothing is acknowledged
// before it is committed.
package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Telemetry stores readings and events (telemetry.Service).
type Telemetry interface {
	Commit(ctx context.Context, in []telemetry.Incoming) ([]telemetry.Outcome, error)
	Have(ctx context.Context, edge string, epoch uint64) ([]wire.LaneRanges, error)
	Holds(edge string, epoch uint64, lane wire.Lane, r wire.Range) bool
	KeepApart(ctx context.Context, list []telemetry.Suspect) error
	Disk(ctx context.Context, edge string, d *wire.DiskState, ahead time.Duration, now time.Time)
	Twins(ctx context.Context, edge string, twins []device.Life, now time.Time)
}

// Devices is the register (device.Service).
type Devices interface {
	Hello(ctx context.Context, edge string, h wire.Hello) (device.Greeting, error)
	Status(ctx context.Context, edge string, st wire.Status) error
	Barred(ctx context.Context, edge string) bool
	Admit(ctx context.Context, edge string, b *wire.Batch) uint64
	AdmitSensor(ctx context.Context, id string, b *wire.Batch) (uint64, error)
	Refused(ctx context.Context, id, reason, what string, n uint64)
	Connected(ctx context.Context, edge string) bool
	Result(ctx context.Context, edge string, r wire.CommandResult)
	Told(ctx context.Context, edge string, t wire.ConfigTold)
	Crew(ctx context.Context, edge string, r wire.CrewReceipt)
}

// Broker carries messages between the centre and its terminals: the one inside (broker.Broker) or an existing
// one (broker/external). Topics are those of shared/wire.
type Broker interface {
	// Receive hands over what terminals publish, in order and one at a time, until stop is called; fn must not
	// wait. What it was handed needs no confirmation: terminals keep it until the centre acknowledges it.
	Receive(fn func(topic string, payload []byte)) (stop func(), err error)
	// Publish sends to a terminal that is connected; it does not wait.
	Publish(topic string, payload []byte) error
	// Flush waits so long for what was published to leave.
	Flush(timeout time.Duration) error
}

// Options of ingest.
type Options struct {
	Telemetry Telemetry
	Devices   Devices
	Metrics   prometheus.Registerer // nil: not measured
	Log       *slog.Logger
	Apart     string        // folder in which records with impossible times were kept before; empty: there is none
	Window    int           // batches an edge may have unacknowledged; 0: 64
	Gather    time.Duration // how long a commit waits at most for what is being decoded; 0: 20 ms
}

// Limits of one commit and of what waits.
const (
	workers       = 2
	readyLength   = 64 // decoded
	groupMessages = 512
	gatherLook    = time.Millisecond // between two looks at what is being decoded
	groupReadings = 100_000
	commitTimeout = 30 * time.Second
)

// Reasons of refusals that ingest finds.
const (
	ReasonTopic     = "foreign_topic"
	ReasonMalformed = "malformed"
	ReasonOversized = "oversized"
	ReasonChecksum  = "checksum"
	ReasonVersion   = "unknown_version"
	ReasonTime      = "impossible_time"
	ReasonPlace     = "impossible_place"
	ReasonBarred    = "revoked_device" // an existing broker has not ended its session; nothing is acknowledged
	ReasonTooFast   = "too_fast"       // its line is full; nothing is acknowledged
)

// Ingest is the service. Start it before the broker listens, stop it before the broker stops.
type Ingest struct {
	opts    Options
	metrics metrics
	broker  Broker
	deaf    func() // ends what Receive began

	ctx    context.Context //nolint:containedctx // the life of the workers, ended by Stop
	cancel context.CancelFunc
	queue  *queue
	ready  chan committable
	decode sync.WaitGroup
	commit sync.WaitGroup

	mu      sync.Mutex
	stopped bool
}

// message is what came in, not yet decoded.
type message struct {
	topic   string // of an edge
	device  string // of a simple sensor
	payload []byte
	at      time.Time
	done    func(ok bool) // of a simple sensor
}

// New makes an ingest; Sensor may be called at once, Start sets it to work.
func New(o Options) (*Ingest, error) {
	if o.Telemetry == nil || o.Devices == nil || o.Log == nil {
		return nil, errors.New("make ingest: Telemetry, Devices and Log are needed")
	}
	if o.Window == 0 {
		o.Window = 64
	}
	if o.Gather == 0 {
		o.Gather = 20 * time.Millisecond
	}
	i := &Ingest{opts: o, queue: newQueue(), ready: make(chan committable, readyLength)}
	if err := i.metrics.register(o.Metrics, func() float64 { return float64(i.waiting()) }); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Ingest) waiting() int {
	return len(i.ready) + i.queue.len()
}

// Start subscribes to what edges send and begins to work.
func (i *Ingest) Start(ctx context.Context, b Broker) error {
	i.broker = b
	i.ctx, i.cancel = context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "ingest"))
	if i.opts.Apart != "" {
		if err := i.bring(ctx, i.opts.Apart); err != nil {
			i.cancel()
			return err
		}
	}
	for range workers {
		i.decode.Go(func() { i.queue.serve(i.take) })
	}
	i.commit.Go(i.commits)
	deaf, err := b.Receive(func(topic string, payload []byte) {
		from := sender(topic)
		if !i.queue.put(from, message{topic: topic, payload: payload, at: time.Now()}, false) {
			i.Refused(i.ctx, from, ReasonTooFast, topic, 1) // without an answer: the edge sends it again
		}
	})
	if err != nil {
		return fmt.Errorf("subscribe to edges: %w", err)
	}
	i.deaf = deaf
	return nil
}

// Stop takes nothing more and commits and acknowledges what it has.
func (i *Ingest) Stop(ctx context.Context) error {
	i.mu.Lock()
	if i.stopped || i.cancel == nil {
		i.mu.Unlock()
		return nil
	}
	i.stopped = true
	i.mu.Unlock()
	i.queue.close()
	if i.deaf != nil {
		i.deaf()
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		i.decode.Wait()
		close(i.ready)
		i.commit.Wait()
	}()
	select {
	case <-finished:
	case <-ctx.Done():
		i.cancel()
		return fmt.Errorf("stop ingest: %w", ctx.Err())
	}
	i.cancel()
	return i.broker.Flush(5 * time.Second)
}

// sender is the edge in a topic fs/v1/{edge}/….
func sender(topic string) string {
	parts := strings.SplitN(topic, "/", 4)
	if len(parts) < 4 {
		return topic
	}
	return parts[2]
}

// Sensor takes one message of a simple sensor (broker.Sensor). Without room it waits: the session of the
// sensor is then read more slowly. done is called after the commit.
func (i *Ingest) Sensor(device string, payload []byte, done func(ok bool)) {
	if !i.queue.put(device, message{device: device, payload: payload, at: time.Now(), done: done}, true) {
		done(false)
	}
}

// Refused counts what the broker refused (broker.Options.Refused).
func (i *Ingest) Refused(ctx context.Context, id, reason, what string, n uint64) {
	i.metrics.refused.WithLabelValues(reason).Add(float64(n))
	i.opts.Devices.Refused(ctx, id, reason, what, n)
}

// publish sends JSON to a topic of an edge.
func (i *Ingest) publish(topic string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write message for %s: %w", topic, err)
	}
	if err := i.broker.Publish(topic, text); err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}
