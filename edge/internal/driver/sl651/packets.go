package sl651

import (
	"bytes"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
)

const (
	maxPackets = 512              // of one message
	maxMessage = 1 << 20          // bytes of one message
	maxAsked   = 2                // times that one packet is asked for again (clause 6.3.1.2 c)
	quiet      = 3 * time.Second  // after which the rest of a message is asked for
	maxAge     = 10 * time.Minute // after which a packet belongs to no earlier message
)

// assembly is one divided message (mode M3). It outlives a connection: the station may go on with the next.
type assembly struct {
	frame sl651.Frame // the last packet, for what is asked
	raw   []byte      // the same as it came, without the password
	texts map[uint16][]byte
	size  int
	asked map[uint16]int
	last  time.Time
}

// packet keeps one packet of a divided message and gives its text when it is whole. When the last one is
// there and others are not, the first of those is asked for.
func (d *device) packet(c *dialin.Conn, sink driver.Sink, f *sl651.Frame) (text []byte, whole bool) {
	if f.Total > maxPackets {
		sink.Fault(driver.NewFault(driver.KindOversized, mask(c.Raw), "a message of %d packets, at most %d", f.Total, maxPackets))
		return nil, false
	}
	d.mu.Lock()
	a, now := &d.parts, time.Now()
	before, known := a.texts[f.Number]
	if a.texts == nil || a.frame.Function != f.Function || a.frame.Total != f.Total || now.Sub(a.last) > maxAge || (known && !bytes.Equal(before, f.Text)) {
		lost := len(a.texts)
		*a = assembly{texts: map[uint16][]byte{}, asked: map[uint16]int{}}
		if lost > 0 {
			defer sink.Fault(driver.NewFault(driver.KindShort, mask(c.Raw), "another message begins after %d packets of the last", lost))
		}
		known = false
	}
	a.frame, a.raw, a.last = *f, mask(c.Raw), now
	a.frame.Text = nil // it is the connection's own
	if !known {
		if a.size += len(f.Text); a.size > maxMessage {
			*a = assembly{}
			d.mu.Unlock()
			sink.Fault(driver.NewFault(driver.KindOversized, mask(c.Raw), "a message of more than %d bytes", maxMessage))
			return nil, false
		}
		a.texts[f.Number] = bytes.Clone(f.Text)
	}
	if len(a.texts) == int(f.Total) {
		for n := range f.Total {
			text = append(text, a.texts[n+1]...)
		}
		*a = assembly{}
		d.mu.Unlock()
		return text, true
	}
	ask := uint16(0)
	if f.End == sl651.ETX || f.Number == f.Total {
		ask = a.missing()
	}
	d.mu.Unlock()
	if ask > 0 {
		d.ask(c, f, ask)
	}
	return nil, false
}

// missing is the first packet that may be asked for again, 0 for none.
func (a *assembly) missing() uint16 {
	for n := range a.frame.Total {
		if _, ok := a.texts[n+1]; !ok && a.asked[n+1] < maxAsked {
			a.asked[n+1]++
			return n + 1
		}
	}
	return 0
}

// ask wants a packet again. The serial number stands in the first packet only, which may be the one that
// is missing: it is left 0.
func (d *device) ask(c *dialin.Conn, f *sl651.Frame, number uint16) {
	d.send(c, f, f.Total, number, sl651.Head(0, time.Now()), sl651.NAK)
}

// idle asks for the rest of a message when its station has fallen silent within it, and in mode M4 for
// present values when it is time.
func (d *device) idle(c *dialin.Conn, sink driver.Sink, now time.Time) {
	d.mu.Lock()
	a := &d.parts
	f, raw, ask, lost := a.frame, a.raw, uint16(0), 0
	if len(a.texts) > 0 && now.Sub(a.last) > quiet {
		if ask = a.missing(); ask > 0 {
			a.last = now
		} else {
			lost = int(f.Total) - len(a.texts)
			*a = assembly{}
		}
	}
	query := d.wants.Mode == profile.M4 && now.Sub(d.asked) >= time.Duration(d.wants.Query)
	if query {
		d.asked = now
	}
	q := sl651.Frame{Centre: d.centre, Station: d.number, Password: d.pass, Function: sl651.Query}
	d.mu.Unlock()
	if ask > 0 {
		d.ask(c, &f, ask)
	}
	if lost > 0 {
		sink.Fault(driver.NewFault(driver.KindShort, raw, "%d of %d packets of a message never came", lost, f.Total))
	}
	if query {
		d.send(c, &q, 0, 0, sl651.Head(0, now), sl651.ENQ)
	}
}
