package hj212

import (
	"fmt"
	"strings"
	"time"
)

// China is the time of every time in a packet. The standard names no zone; all of China keeps UTC+8.
func China() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// ParseTime reads YYYYMMDDhhmmss and the YYYYMMDDhhmmsszzz of QN.
func ParseTime(text string) (time.Time, error) {
	layout := "20060102150405"
	if len(text) == len(layout)+3 {
		text, layout = text[:len(layout)]+"."+text[len(layout):], layout+".000"
	}
	at, err := time.ParseInLocation(layout, text, China())
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: time %q", ErrMalformed, text)
	}
	return at, nil
}

// Value is one field of CP: w01018-Rtd=40.1 has the code w01018 and the field Rtd; DataTime=… has no code.
type Value struct {
	Code  string
	Field string
	Text  string
}

// Values reads CP, in its order. What is no field is left out and counted.
func Values(cp string) (values []Value, wrong int) {
	for group := range strings.SplitSeq(cp, ";") {
		for item := range strings.SplitSeq(group, ",") {
			if item == "" {
				continue
			}
			name, text, found := strings.Cut(strings.TrimSpace(item), "=")
			if !found || name == "" {
				wrong++
				continue
			}
			code, field, coded := cutLast(name, "-")
			if !coded {
				code, field = "", name
			}
			values = append(values, Value{Code: code, Field: field, Text: text})
		}
	}
	return values, wrong
}

// Answer is the packet by which the centre says that it has a packet: 9013 to a notification, 9014 to
// data. The station of 2017 finds the exchange in QN (HJ 212-2017, tables C.4 and C.14); Flag keeps the
// version and asks for no answer. That of 2005 finds it in CP, as public implementations show; the text of
// HJ/T 212-2005 has not been seen.
func (p *Packet) Answer() Packet {
	cn := Received
	if p.CN == SetClock {
		cn = Notified
	}
	if p.Flag.Version() == V2005 {
		return Packet{ST: "91", CN: cn, Flag: NoFlag, CP: fmt.Sprintf("QN=%s;CN=%d", p.QN, p.CN)}
	}
	return Packet{QN: p.QN, ST: "91", CN: cn, PW: p.PW, MN: p.MN, Flag: p.Flag &^ 3}
}
