package station

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
)

// environment speaks HJ 212-2017: realtime packets that want an answer.
type environment struct{ s *Station }

func (e *environment) message(n uint64, at time.Time, values map[string]float64) ([]byte, string, error) {
	when := at.In(hj212.China()).Format("20060102150405")
	cp := []string{"DataTime=" + when}
	for _, f := range e.s.Profile.HJ212.Factors {
		v, ok := values[f.Property]
		if !ok || f.Command != hj212.Realtime {
			continue
		}
		text := strconv.FormatFloat(v/f.Scale, 'f', -1, 64)
		cp = append(cp, fmt.Sprintf("%s-%s=%s,%s-Flag=N", f.Codes[0], f.Field, text, f.Codes[0]))
	}
	p := hj212.Packet{
		QN: when + fmt.Sprintf("%03d", n%1000), ST: "32", CN: hj212.Realtime, PW: e.s.Password, MN: e.s.Name, Flag: hj212.V2017<<2 | 1,
		CP: strings.Join(cp, ";"),
	}
	raw, err := p.Encode()
	return raw, p.QN, err
}

func (e *environment) next(came []byte) (int, string) {
	n, raw, err := hj212.Next(came)
	if err != nil || raw == nil {
		return n, ""
	}
	p, err := hj212.Decode(raw, hj212.MaxData)
	if err != nil || p.CN != hj212.Received || p.MN != e.s.Name {
		return n, ""
	}
	return n, p.QN
}

// hydrology speaks SL 651-2014: scheduled reports that want a confirmation.
type hydrology struct {
	s        *Station
	station  [5]byte
	password uint16
}

func newHydrology(s *Station) (*hydrology, error) {
	address, err := hex.DecodeString(s.Name)
	if err != nil || len(address) != 5 {
		return nil, fmt.Errorf("station %q is not ten digits", s.Name)
	}
	password, err := strconv.ParseUint(s.Password, 16, 16)
	if err != nil {
		return nil, fmt.Errorf("the password of station %s is not four hexadecimal digits", s.Name)
	}
	return &hydrology{s: s, station: [5]byte(address), password: uint16(password)}, nil
}

func (h *hydrology) message(n uint64, at time.Time, values map[string]float64) ([]byte, string, error) {
	serial := uint16(n%65535) + 1 //nolint:gosec // 1 to 65535
	text := append(sl651.Head(serial, time.Now()), sl651.Place(h.station, 'H', at)...)
	for _, e := range h.s.Profile.SL651.Elements {
		v, ok := values[e.Property]
		if !ok {
			continue
		}
		element, err := sl651.Number(e.ID(), (v-e.Offset)/e.Scale, 4, h.decimals(e.Property))
		if err != nil {
			return nil, "", fmt.Errorf("property %s: %w", e.Property, err)
		}
		text = append(text, element...)
	}
	f := sl651.Frame{Centre: 1, Station: h.station, Password: h.password, Function: sl651.Scheduled, Text: text, End: sl651.ETX}
	raw, err := f.Encode()
	return raw, strconv.Itoa(int(serial)), err
}

// decimals are one more than people are shown, at most three.
func (h *hydrology) decimals(property string) int {
	for _, s := range h.s.Profile.Series {
		if s.Property == property {
			return min(s.Digits+1, 3)
		}
	}
	return 0
}

func (h *hydrology) next(came []byte) (int, string) {
	n, raw, err := sl651.Next(came)
	if err != nil || raw == nil {
		return n, ""
	}
	f, err := sl651.Decode(raw)
	if err != nil || !f.Down || f.Function != sl651.Scheduled || f.Station != h.station || len(f.Text) < 2 || (f.End != sl651.EOT && f.End != sl651.ESC) {
		return n, ""
	}
	return n, strconv.Itoa(int(f.Text[0])<<8 | int(f.Text[1]))
}

// Carries reports whether a station of a profile can report a property: one value at a time.
func Carries(p *profile.Profile, property string) bool {
	if p.HJ212 != nil {
		for _, f := range p.HJ212.Factors {
			if f.Property == property && f.Command == hj212.Realtime {
				return true
			}
		}
	}
	if p.SL651 != nil {
		for _, e := range p.SL651.Elements {
			if e.Property == property && (e.ID() < 0xF0 || e.ID() > 0xFF) {
				return true
			}
		}
	}
	return false
}
