package hj212

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// dataTime is the time for which all values of a packet stand.
func dataTime(values []hj212.Value) (at time.Time, said bool, err error) {
	for _, v := range values {
		if v.Code == "" && v.Field == "DataTime" {
			at, err = hj212.ParseTime(v.Text)
			return at, err == nil, err
		}
	}
	return time.Time{}, false, nil
}

// samples are the values that the profile wants. A factor with a time of sampling of its own (analysers
// measure every hour or two and repeat the result until then) has that time.
func (d *device) samples(c *dialin.Conn, sink driver.Sink, p part, at time.Time, said bool) []driver.Sample {
	var out []driver.Sample
	for i := range d.wants.Factors {
		f := &d.wants.Factors[i]
		if f.Command != p.packet.CN {
			continue
		}
		text, code := find(p.values, f)
		if code == "" || text == "" {
			continue
		}
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || !plain(text) {
			sink.Fault(driver.NewFault(driver.KindMalformed, mask(c.Raw), "%s-%s=%q is no number", code, f.Field, text))
			continue
		}
		v := number * f.Scale
		s := driver.Sample{Property: f.Property, Value: v, Quality: profile.Judge(v, f.Min, f.Max)}
		s.Quality = max(s.Quality, profile.MarkQuality(field(p.values, code, "Flag")))
		if said {
			s.At = at.UnixMilli()
		} else {
			s.Quality = max(s.Quality, wire.Uncertain)
		}
		if own, err := hj212.ParseTime(field(p.values, code, "SampleTime")); err == nil && p.packet.CN == hj212.Realtime {
			s.At = own.UnixMilli()
		}
		out = append(out, s)
	}
	return out
}

// plain refuses what ParseFloat takes beyond decimal numbers.
func plain(text string) bool {
	return !slices.ContainsFunc([]byte(text), func(c byte) bool { return (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' })
}

func find(values []hj212.Value, f *profile.Factor) (text, code string) {
	for _, v := range values {
		if v.Field == f.Field && slices.Contains(f.Codes, v.Code) {
			return v.Text, v.Code
		}
	}
	return "", ""
}

func field(values []hj212.Value, code, name string) string {
	for _, v := range values {
		if v.Code == code && v.Field == name {
			return v.Text
		}
	}
	return ""
}

const (
	maxWaiting = 16               // parts of a divided message that wait for its first
	maxAge     = 10 * time.Minute // after which a part belongs to no earlier one
)

// part is one packet of values.
type part struct {
	packet hj212.Packet
	values []hj212.Value
	raw    []byte // without the password
}

// parts puts divided messages together. In the examples of the standard (tables C.49, C.50) each part has
// its own DataTime and stands alone; stations also say it in the first part only, and then the others
// take it from there, whichever comes first.
type parts struct {
	command, total int
	at             time.Time // of the message
	said           bool
	begun          time.Time
	numbers        map[int]string // QN by number: one that comes anew begins another message
	waiting        []part
}

// add gives the packets that can be taken now, with their time, and how many never can.
func (m *parts) add(one part, at time.Time, said bool) (time.Time, bool, []part, int) {
	p := &one.packet
	if p.PNUM <= 1 {
		return at, said, []part{one}, 0
	}
	lost := 0
	known, again := m.numbers[p.PNO]
	if m.command != p.CN || m.total != p.PNUM || time.Since(m.begun) > maxAge || (again && known != p.QN) {
		lost = len(m.waiting)
		*m = parts{command: p.CN, total: p.PNUM, begun: time.Now(), numbers: map[int]string{}}
	}
	m.numbers[p.PNO] = p.QN
	if said {
		m.at, m.said = at, true
		ready := append([]part{one}, m.waiting...)
		m.waiting = nil
		return at, true, ready, lost
	}
	if m.said {
		return m.at, true, []part{one}, lost
	}
	if i := slices.IndexFunc(m.waiting, func(w part) bool { return w.packet.PNO == p.PNO }); i >= 0 {
		return time.Time{}, false, nil, lost // sent again while it waits
	}
	if len(m.waiting) >= maxWaiting {
		m.waiting, lost = m.waiting[1:], lost+1
	}
	m.waiting = append(m.waiting, one)
	if len(m.waiting) == m.total { // none of them has a time
		ready := m.waiting
		m.waiting = nil
		return time.Time{}, false, ready, lost
	}
	return time.Time{}, false, nil, lost
}
