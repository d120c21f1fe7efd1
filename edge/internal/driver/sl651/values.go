package sl651

import (
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
	"github.com/fengsui/fengsui/shared/wire"
)

// read makes the samples that the profile wants.
func (d *device) read(c *dialin.Conn, sink driver.Sink, t *sl651.Text) driver.Message {
	m := driver.Message{}
	if !t.Sent.IsZero() {
		m.Sent = t.Sent.UnixMilli()
	}
	for _, g := range t.Groups {
		if g.Station != "" && g.Station != d.station {
			sink.Fault(driver.NewFault(driver.KindUnit, mask(c.Raw), "values of station %s in a frame of %s", g.Station, d.station))
			continue
		}
		at := g.Observed
		if at.IsZero() {
			at = t.Sent
		}
		for _, e := range g.Elements {
			m.Samples = append(m.Samples, d.samples(&e, at, t.NoTime)...)
		}
	}
	return m
}

func (d *device) samples(e *sl651.Element, at time.Time, doubtful bool) []driver.Sample {
	var out []driver.Sample
	for i := range d.wants.Elements {
		want := &d.wants.Elements[i]
		if want.ID() != e.ID {
			continue
		}
		for n, v := range e.Values {
			if e.Missing[n] {
				continue
			}
			v = v*want.Scale + want.Offset
			s := driver.Sample{Property: want.Property, Value: v, Quality: profile.Judge(v, want.Min, want.Max)}
			if !at.IsZero() {
				s.At = at.Add(time.Duration(n) * e.Step).UnixMilli()
			}
			if doubtful {
				s.Quality = max(s.Quality, wire.Uncertain)
			}
			out = append(out, s)
		}
	}
	return out
}
