package ingest

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// bound takes out what bears a time that cannot be true: one such record would hide every true one after
// it, and neither a database nor a browser can hold every number of milliseconds. What is taken out is
// counted and kept apart for whoever wants to mend it. The rules judge what of it is live all the same, by its
// time of arrival (telemetry).
func (i *Ingest) bound(in *telemetry.Incoming) {
	var readings []wire.Reading
	var events []wire.Event
	b := in.Batch
	i.boundPlaces(in)
	keptReadings := b.Readings[:0]
	for _, r := range b.Readings {
		if wire.TimeOK(r.At, in.ReceivedAt) {
			keptReadings = append(keptReadings, r)
		} else {
			readings = append(readings, r)
		}
	}
	keptEvents := b.Events[:0]
	for _, e := range b.Events {
		if timesOK(e, in.ReceivedAt) {
			keptEvents = append(keptEvents, e)
		} else {
			events = append(events, e)
		}
	}
	b.Readings, b.Events = keptReadings, keptEvents
	if n := len(readings) + len(events); n > 0 {
		in.Apart = telemetry.Suspects(in, readings, events)
		last := in.Apart[len(in.Apart)-1]
		i.Refused(i.ctx, in.Edge, ReasonTime, last.Device+"/"+last.Property, uint64(n))
	}
}

// boundPlaces takes out degrees that are nowhere on earth. They are counted; nothing could be mended of them.
func (i *Ingest) boundPlaces(in *telemetry.Incoming) {
	b := in.Batch
	all := len(b.Readings)
	what := ""
	b.Readings = slices.DeleteFunc(b.Readings, func(r wire.Reading) bool {
		out := r.Property == "lon" && math.Abs(r.Value) > 180 || r.Property == "lat" && math.Abs(r.Value) > 90
		if out {
			what = r.Device + "/" + r.Property
		}
		return out
	})
	if n := all - len(b.Readings); n > 0 {
		i.Refused(i.ctx, in.Edge, ReasonPlace, what, uint64(n))
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
	if st.Disk != nil {
		check(&st.Disk.Since)
	}
	if u := st.Upgrade; u != nil {
		if u.Last != nil {
			check(&u.Last.At)
		}
		for k := range u.History {
			check(&u.History[k].At)
		}
	}
	i.Refused(i.ctx, edge, ReasonTime, "status", n)
}
