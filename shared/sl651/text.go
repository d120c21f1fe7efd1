package sl651

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// China is the time of every time in a frame. The standard names no zone; all of China keeps UTC+8.
func China() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// The leaders of a text that are no values (table C.1).
const (
	leadTime    = 0xF0
	leadStation = 0xF1
	leadManual  = 0xF2
	leadPicture = 0xF3
	leadRain    = 0xF4 // twelve rains of five minutes, a byte each
	leadLevel   = 0xF5 // to FC: twelve levels five minutes apart, two bytes each
	leadLevels  = 0xFC
	leadFlows   = 0xFD
	leadOwn     = 0xFF // one more byte follows
	leadStep    = 0x04
	leadState   = 0x45 // four bytes of bits
)

// Carries reports whether an element has values that this package reads.
func Carries(id uint16) bool {
	switch {
	case id >= leadOwn<<8, id > 0 && id < 0xF0 && id != leadStep, id == leadPicture, id >= leadRain && id <= leadLevels:
		return true
	}
	return false
}

// Text is what a station says.
type Text struct {
	Serial uint16
	Sent   time.Time // the station's clock; zero when it is no time
	Groups []Group
	NoTime bool // one of the times is none
}

// Group is what was observed at one time.
type Group struct {
	Station  string // ten hexadecimal digits; empty when the text does not say
	Class    byte   // table A.1, 0 when the text does not say
	Observed time.Time
	Elements []Element
}

// Element is one value. Of a row of values Step is the time between them.
type Element struct {
	ID      uint16 // table C.1; FF01 for the extension FF 01
	Values  []float64
	Missing []bool // of Values: the station says that it has none
	Step    time.Duration
	Picture []byte
}

// step is the five minutes of the rows F4 to FC.
const step = 5 * time.Minute

// maxGroups bounds what a text may ask for.
const maxGroups = 64

// Parse reads the text of a function. What was read before an error is returned with it.
func Parse(function byte, text []byte) (Text, error) {
	if len(text) < 8 {
		return Text{}, fmt.Errorf("%w: %d bytes", ErrShort, len(text))
	}
	t := Text{Serial: binary.BigEndian.Uint16(text)}
	t.Sent = t.time(text[2:8])
	r := reader{text: text[8:], out: &t, uniform: function == Uniform}
	for len(r.text) > 0 {
		if err := r.element(); err != nil {
			return t, err
		}
	}
	return t, nil
}

// time reads YYMMDDHHmm, with or without the seconds. A wrong clock is no reason to lose what was measured.
func (t *Text) time(bcd []byte) time.Time {
	text, layout := fmt.Sprintf("20%X", bcd), "20060102150405"
	at, err := time.ParseInLocation(layout[:len(text)], text, China())
	if err != nil {
		t.NoTime = true
		return time.Time{}
	}
	return at
}

// Head is the serial number and the time with which every text begins.
func Head(serial uint16, at time.Time) []byte {
	b := binary.BigEndian.AppendUint16(nil, serial)
	return append(b, bcd(at.In(China()).Format("060102150405"))...)
}

// Place is the groups of a text that say which station, of which class, observed when.
func Place(station [5]byte, class byte, observed time.Time) []byte {
	b := append([]byte{leadStation, leadStation}, station[:]...)
	b = append(b, class, leadTime, leadTime)
	return append(b, bcd(observed.In(China()).Format("0601021504"))...)
}

// Number is an element with one value in BCD; length is that of the data in bytes.
func Number(id uint16, v float64, length, decimals int) ([]byte, error) {
	scaled := math.Round(math.Abs(v) * math.Pow10(decimals))
	digits := 2 * length
	text := fmt.Sprintf("%0*.0f", digits, scaled)
	if v < 0 && scaled != 0 {
		text = "FF" + fmt.Sprintf("%0*.0f", digits-2, scaled)
	}
	if len(text) != digits || length < 1 || length > 31 || decimals < 0 || decimals > 7 || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fmt.Errorf("%w: %v does not fit %d bytes with %d decimals", ErrOversized, v, length, decimals)
	}
	return append(lead(id, byte(length<<3|decimals)), bcd(text)...), nil
}

func lead(id uint16, def byte) []byte {
	if id > 0xFF {
		return []byte{byte(id >> 8), byte(id), def} //nolint:gosec // the two halves are meant
	}
	return []byte{byte(id), def}
}

// bcd are the bytes of an even number of hexadecimal digits.
func bcd(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// reader takes a text apart.
type reader struct {
	text    []byte
	out     *Text
	uniform bool
	step    time.Duration
}

func (r *reader) take(n int) ([]byte, error) {
	if len(r.text) < n {
		return nil, fmt.Errorf("%w: %d of %d bytes", ErrShort, len(r.text), n)
	}
	b := r.text[:n]
	r.text = r.text[n:]
	return b, nil
}

func (r *reader) group() *Group {
	if len(r.out.Groups) == 0 {
		r.out.Groups = append(r.out.Groups, Group{})
	}
	return &r.out.Groups[len(r.out.Groups)-1]
}

// next begins a new group when the present one has elements already.
func (r *reader) next() (*Group, error) {
	g := r.group()
	if len(g.Elements) == 0 {
		return g, nil
	}
	if len(r.out.Groups) >= maxGroups {
		return nil, fmt.Errorf("%w: more than %d groups", ErrMalformed, maxGroups)
	}
	r.out.Groups = append(r.out.Groups, Group{Station: g.Station, Class: g.Class, Observed: g.Observed})
	return r.group(), nil
}

// element reads one group of the text: leader, definition, data.
func (r *reader) element() error {
	lead, err := r.take(2)
	if err != nil {
		return err
	}
	id, def := uint16(lead[0]), lead[1]
	if id == leadOwn {
		more, err := r.take(1)
		if err != nil {
			return err
		}
		id, def = leadOwn<<8|uint16(lead[1]), more[0]
	}
	switch id {
	case leadTime:
		b, err := r.take(5)
		if err != nil {
			return err
		}
		g, err := r.next()
		if err != nil {
			return err
		}
		g.Observed = r.out.time(b)
		return nil
	case leadStation:
		b, err := r.take(6) // the class follows the address without a leader
		if err != nil {
			return err
		}
		g, err := r.next()
		if err != nil {
			return err
		}
		g.Station, g.Class = fmt.Sprintf("%X", b[:5]), b[5]
		return nil
	case leadPicture:
		picture, _ := r.take(len(r.text))
		r.add(Element{ID: id, Values: []float64{float64(len(picture))}, Missing: []bool{false}, Picture: picture})
		return nil
	case leadManual, leadFlows:
		r.text = nil // texts of other standards
		return nil
	}
	return r.value(id, int(def>>3), int(def&7))
}

func (r *reader) add(e Element) {
	g := r.group()
	g.Elements = append(g.Elements, e)
}

// value reads the data of an element.
func (r *reader) value(id uint16, length, decimals int) error {
	b, err := r.take(length)
	if err != nil {
		return err
	}
	switch {
	case id == leadStep:
		return r.setStep(b)
	case id >= leadRain && id <= leadLevels:
		r.add(row(id, b))
		return nil
	case id == leadState:
		n := 0.0
		for _, c := range b {
			n = n*256 + float64(c)
		}
		r.add(Element{ID: id, Values: []float64{n}, Missing: []bool{false}})
		return nil
	}
	e := Element{ID: id}
	for {
		v, missing, err := number10(b, decimals)
		if err != nil {
			return fmt.Errorf("element %X: %w", id, err)
		}
		e.Values, e.Missing = append(e.Values, v), append(e.Missing, missing)
		// The uniform report names its one element once; all that follows is its values.
		if !r.uniform || r.step == 0 || length == 0 || len(r.text) == 0 {
			break
		}
		e.Step = r.step
		if b, err = r.take(length); err != nil {
			return err
		}
	}
	r.add(e)
	return nil
}

// setStep reads days, hours and minutes (table C.3).
func (r *reader) setStep(b []byte) error {
	if len(b) != 3 {
		return fmt.Errorf("%w: time step %X", ErrMalformed, b)
	}
	var n [3]float64
	for i := range b {
		v, missing, err := number10(b[i:i+1], 0)
		if err != nil || missing {
			return fmt.Errorf("%w: time step %X", ErrMalformed, b)
		}
		n[i] = v
	}
	r.step = time.Duration(n[0])*24*time.Hour + time.Duration(n[1])*time.Hour + time.Duration(n[2])*time.Minute
	return nil
}

// row is twelve values of an hour: tenths of a millimetre, or centimetres.
func row(id uint16, b []byte) Element {
	e := Element{ID: id, Step: step}
	width, scale := 2, 100.0
	if id == leadRain {
		width, scale = 1, 10
	}
	for ; len(b) >= width; b = b[width:] {
		n, most := float64(b[0]), 255.0
		if width == 2 {
			n, most = n*256+float64(b[1]), 65535
		}
		e.Values, e.Missing = append(e.Values, n/scale), append(e.Missing, n == most)
	}
	return e
}

// number10 reads BCD. FF in front of other digits is a minus sign, nothing but F is no value
// (clauses 6.6.3.3 and 6.6.4.4).
func number10(b []byte, decimals int) (v float64, missing bool, err error) {
	all := len(b) > 0
	for _, c := range b {
		all = all && c == 0xFF
	}
	if all || len(b) == 0 {
		return 0, true, nil
	}
	sign := 1.0
	if b[0] == 0xFF {
		sign, b = -1, b[1:]
	}
	for _, c := range b {
		if c>>4 > 9 || c&15 > 9 {
			return 0, false, fmt.Errorf("%w: %X is no BCD", ErrMalformed, b)
		}
		v = v*100 + float64(c>>4)*10 + float64(c&15)
	}
	for range decimals {
		sign *= 10
	}
	return v / sign, false, nil
}
