package ingest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// committable is a decoded, admitted message with what to do after its commit.
type committable struct {
	telemetry.Incoming
	seq  bool          // has a range to acknowledge
	done func(ok bool) // of a simple sensor
}

// bodyPerRecord is what a record takes of a body at most when it is plain: a body without records costs
// the work of so many.
const bodyPerRecord = 64

// take decodes one message and hands it on, or answers it. It returns how many records that was worth.
func (i *Ingest) take(m message) int {
	if m.device != "" {
		return i.takeSensor(m)
	}
	up, err := wire.ParseUp(m.topic)
	if err != nil {
		i.Refused(i.ctx, sender(m.topic), ReasonTopic, m.topic, 1)
		return 1
	}
	cost := 1 + len(m.payload)/bodyPerRecord
	if i.opts.Devices.Barred(i.ctx, up.Edge) {
		i.Refused(i.ctx, up.Edge, ReasonBarred, m.topic, 1)
		return cost
	}
	switch up.Kind {
	case "hello":
		err = i.hello(up.Edge, m)
	case "status":
		err = i.status(up.Edge, m)
	default:
		cost = i.batch(up, m)
	}
	if err != nil {
		// The edge greets and reports again; what it has not sent stays with it.
		i.opts.Log.Error("take message of edge", "edge", up.Edge, "topic", m.topic, "error", err)
	}
	return cost
}

func (i *Ingest) batch(up wire.Up, m message) int {
	p, err := wire.Open(m.payload)
	if err != nil {
		i.Refused(i.ctx, up.Edge, reason(err), m.topic, 1)
		return 1 + len(m.payload)/bodyPerRecord
	}
	cost := 1 + p.Size/bodyPerRecord
	if p.Lane != up.Lane {
		i.Refused(i.ctx, up.Edge, ReasonTopic, m.topic, 1)
		return cost
	}
	in := telemetry.Incoming{Edge: up.Edge, Ranged: true, Batch: &p.Batch, ReceivedAt: m.at}
	// What is stored already is acknowledged again without a look at its records.
	if b := &p.Batch; !i.opts.Telemetry.Holds(up.Edge, b.Epoch, b.Lane, wire.Range{b.SeqFrom, b.SeqTo}) {
		if in.Batch, err = p.Unpack(); err != nil {
			i.Refused(i.ctx, up.Edge, reason(err), m.topic, 1)
			return cost
		}
		cost = max(cost, len(in.Batch.Readings)+len(in.Batch.Events))
		// First, so that nobody gets anything into the quarantine of another's device.
		if n := i.opts.Devices.Admit(i.ctx, up.Edge, in.Batch); n > 0 {
			i.metrics.refused.WithLabelValues("unknown_series").Add(float64(n))
		}
		i.bound(&in)
	}
	i.ready <- committable{Incoming: in, seq: true}
	return cost
}

func (i *Ingest) takeSensor(m message) int {
	readings, err := wire.DecodeSensor(m.device, m.payload, wire.Millis(m.at))
	if err != nil {
		i.Refused(i.ctx, m.device, reason(err), wire.SensorTopic(m.device), 1)
		m.done(true) // refused for good: sending it again would not help
		return 1 + len(m.payload)/bodyPerRecord
	}
	cost := len(readings)
	b := &wire.Batch{Lane: wire.LaneTelemetry, Synced: true, SentAt: wire.Millis(m.at), Readings: readings}
	in := telemetry.Incoming{Edge: m.device, Batch: b, ReceivedAt: m.at}
	n, err := i.opts.Devices.AdmitSensor(i.ctx, m.device, b)
	if err != nil {
		i.opts.Log.Error("admit simple sensor", "device", m.device, "error", err)
		m.done(errs.KindOf(err) == errs.NotFound)
		return cost
	}
	i.bound(&in)
	if n > 0 {
		i.metrics.refused.WithLabelValues("unknown_series").Add(float64(n))
	}
	if len(b.Readings)+len(in.Apart) == 0 {
		m.done(true)
		return cost
	}
	i.ready <- committable{Incoming: in, done: m.done}
	return cost
}

// reason names a refusal by the error of wire.
func reason(err error) string {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return ReasonOversized
	case errors.Is(err, wire.ErrChecksum):
		return ReasonChecksum
	case errors.Is(err, wire.ErrVersion):
		return ReasonVersion
	}
	return ReasonMalformed
}

func (i *Ingest) hello(edge string, m message) error {
	var h wire.Hello
	if err := json.Unmarshal(m.payload, &h); err != nil || h.Version < 1 {
		i.Refused(i.ctx, edge, ReasonMalformed, m.topic, 1)
		return nil //nolint:nilerr // refused and counted
	}
	i.boundHello(edge, &h, m.at)
	greeting, err := i.opts.Devices.Hello(i.ctx, edge, h)
	if err != nil {
		return err
	}
	if len(greeting.Twins) > 0 {
		i.opts.Telemetry.Twins(i.ctx, edge, greeting.Twins, m.at)
	}
	if greeting.Fork {
		return i.publish(wire.AckTopic(edge), wire.Ack{
			Epoch: h.Epoch, Hello: true, Boot: h.Boot, Fork: true, Lanes: []wire.LaneRanges{}, Time: wire.Millis(time.Now()), Window: i.opts.Window,
		})
	}
	have, err := i.opts.Telemetry.Have(i.ctx, edge, h.Epoch)
	if err != nil {
		return err
	}
	if have == nil {
		have = []wire.LaneRanges{}
	}
	return i.publish(wire.AckTopic(edge), wire.Ack{
		Epoch: h.Epoch, Hello: true, Lanes: have, Time: wire.Millis(time.Now()), Window: i.opts.Window, Means: true, Boot: h.Boot,
	})
}

func (i *Ingest) status(edge string, m message) error {
	var st wire.Status
	if err := json.Unmarshal(m.payload, &st); err != nil {
		i.Refused(i.ctx, edge, ReasonMalformed, m.topic, 1)
		return nil //nolint:nilerr // refused and counted
	}
	i.boundStatus(edge, &st, m.at)
	if err := i.opts.Devices.Status(i.ctx, edge, st); err != nil {
		return err
	}
	if st.State == "online" {
		i.opts.Telemetry.Disk(i.ctx, edge, st.Disk, wire.Time(st.Time).Sub(m.at), m.at)
	}
	return nil
}
