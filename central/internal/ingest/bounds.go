package ingest

import (
	"encoding/json"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// bound takes out what bears a time that cannot be true: one such record would hide every true one after
// it, and neither a database nor a browser can hold every number of milliseconds. What is taken out is
// counted and kept apart for whoever wants to mend it.
func (i *Ingest) bound(id string, b *wire.Batch, now time.Time) {
	var apart []suspect
	readings := b.Readings[:0]
	for _, r := range b.Readings {
		if wire.TimeOK(r.At, now) {
			readings = append(readings, r)
			continue
		}
		apart = append(apart, suspectReading(r))
	}
	b.Readings = readings
	events := b.Events[:0]
	for _, e := range b.Events {
		if timesOK(e, now) {
			events = append(events, e)
			continue
		}
		apart = append(apart, suspect{Device: e.Device, At: e.At, Event: &e})
	}
	b.Events = events
	if len(apart) == 0 {
		return
	}
	last := apart[len(apart)-1]
	i.Refused(i.ctx, id, ReasonTime, last.Device+"/"+last.Property, uint64(len(apart)))
	if err := i.apart.keep(id, apart, now); err != nil {
		i.opts.Log.Error("keep records with an impossible time apart", "device", id, "error", err)
	}
}

// timesOK looks at every time of an event. The data of a loss is read here as well; what cannot be read
// is for telemetry to refuse.
func timesOK(e wire.Event, now time.Time) bool {
	if !wire.TimeOK(e.At, now) {
		return false
	}
	if e.Kind != wire.EventLoss {
		return true
	}
	var l wire.LossEvent
	return json.Unmarshal(e.Data, &l) != nil || (wire.TimeOK(l.From, now) && wire.TimeOK(l.To, now))
}

// boundHello and boundStatus put times that cannot be true into the bounds: an edge with a wrong clock
// must be heard, or nobody could mend it.
func (i *Ingest) boundHello(edge string, h *wire.Hello, now time.Time) {
	if wire.Bound(&h.Time, now) {
		i.Refused(i.ctx, edge, ReasonTime, "hello", 1)
	}
}

func (i *Ingest) boundStatus(edge string, st *wire.Status, now time.Time) {
	n := uint64(0)
	check := func(ms *int64) {
		if *ms != 0 && wire.Bound(ms, now) { // 0: it does not say
			n++
		}
	}
	check(&st.Time)
	check(&st.Backlog.Oldest)
	for k := range st.Sensors {
		check(&st.Sensors[k].At)
		if f := st.Sensors[k].LastFault; f != nil {
			check(&f.At)
		}
	}
	i.Refused(i.ctx, edge, ReasonTime, "status", n)
}
