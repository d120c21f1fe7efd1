// Package hj212 reads and writes the packets of HJ/T 212-2005 and HJ 212-2017, by which environmental
// monitoring stations report. The edge driver speaks the side of the centre with it, the simulator that of
// the station. Rule that must never break: a packet whose length or checksum is wrong is an error and
// never a value.
//
// A packet is "##", four digits with the length of the data, the data, four hexadecimal digits of
// checksum, CR and LF (HJ 212-2017, 6.3.1). The text of HJ 212-2025 has not been seen: its version number
// in Flag is known, what else it changed is not.
package hj212

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// MaxData is how long the data of a packet may be (HJ 212-2017, table 2).
	MaxData = 1024
	// MaxPacket is the longest packet that the four digits of length can say.
	MaxPacket = head + 9999 + tail

	head, tail = 6, 6 // "##" and length; checksum, CR and LF
)

// The versions in Flag (HJ 212-2017, table 3).
const (
	V2005 = 0
	V2017 = 1
	V2025 = 2
)

// The commands (HJ 212-2017, table 9). Heartbeat is reserved there and named by HJ 212-2025.
const (
	Realtime  = 2011
	Day       = 2031
	Minute    = 2051
	Hour      = 2061
	SetClock  = 1013 // the station asks to have its clock set
	Notified  = 9013
	Received  = 9014
	Heartbeat = 9015
)

// The errors of packets.
var (
	ErrShort     = errors.New("packet ends before its length")
	ErrOversized = errors.New("packet is longer than the standard allows")
	ErrChecksum  = errors.New("wrong checksum")
	ErrMalformed = errors.New("not a packet of HJ 212")
)

// Packet is the data of one packet.
type Packet struct {
	QN   string // YYYYMMDDhhmmsszzz, names the exchange; old stations leave it out
	ST   string // kind of system
	CN   int    // command
	PW   string // password
	MN   string // station
	Flag Flag
	PNUM int    // packets of a divided message, 0 for one that is whole
	PNO  int    // number of this one, from 1
	CP   string // what stands between && and &&
}

// Flag is version, division and answer in one number; NoFlag when the station leaves it out.
type Flag int

// NoFlag is that of a packet without one.
const NoFlag Flag = -1

// Version of the standard.
func (f Flag) Version() int {
	if f < 0 {
		return V2005
	}
	return int(f) >> 2
}

// Divided reports whether PNUM and PNO are there.
func (f Flag) Divided() bool { return f >= 0 && f&2 != 0 }

// Answer reports whether the station wants an answer.
func (f Flag) Answer() bool { return f >= 0 && f&1 != 0 }

// CRC is the checksum of HJ 212-2017, annex A. It is not the one of Modbus: the standard's own program
// shifts the register before each byte.
func CRC(data []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range data {
		crc = crc>>8 ^ uint16(b)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low == 1 {
				crc ^= 0xA001
			}
		}
	}
	return crc
}

// Encode writes a packet.
func (p *Packet) Encode() ([]byte, error) {
	var b strings.Builder
	add := func(key, value string) {
		if value != "" {
			b.WriteString(key + "=" + value + ";")
		}
	}
	add("QN", p.QN)
	add("ST", p.ST)
	add("CN", strconv.Itoa(p.CN))
	add("PW", p.PW)
	add("MN", p.MN)
	if p.Flag != NoFlag {
		add("Flag", strconv.Itoa(int(p.Flag)))
	}
	if p.PNUM > 0 {
		add("PNUM", strconv.Itoa(p.PNUM))
		add("PNO", strconv.Itoa(p.PNO))
	}
	b.WriteString("CP=&&" + p.CP + "&&")
	if b.Len() > MaxData {
		return nil, fmt.Errorf("%w: %d bytes", ErrOversized, b.Len())
	}
	return fmt.Appendf(nil, "##%04d%s%04X\r\n", b.Len(), b.String(), CRC([]byte(b.String()))), nil
}

// Decode reads one packet as Next cut it out; limit is how long its data may be.
func Decode(packet []byte, limit int) (Packet, error) {
	data, err := open(packet)
	if err != nil {
		return Packet{}, err
	}
	if len(data) > limit {
		return Packet{}, fmt.Errorf("%w: %d bytes of data, at most %d", ErrOversized, len(data), limit)
	}
	begin, rest, found := strings.Cut(string(data), "CP=&&")
	cp, after, closed := cutLast(rest, "&&")
	if !found || !closed || strings.Trim(after, ";") != "" {
		return Packet{}, fmt.Errorf("%w: no CP=&&…&&", ErrMalformed)
	}
	p := Packet{Flag: NoFlag, CP: cp}
	if err := p.fields(begin); err != nil {
		return Packet{}, err
	}
	if p.Flag.Divided() != (p.PNUM > 0) || p.PNO < 0 || p.PNO > p.PNUM || (p.PNUM > 0 && p.PNO == 0) {
		return Packet{}, fmt.Errorf("%w: part %d of %d with Flag %d", ErrMalformed, p.PNO, p.PNUM, p.Flag)
	}
	return p, nil
}

// open checks length and checksum.
func open(packet []byte) ([]byte, error) {
	packet = bytes.TrimRight(packet, "\r\n")
	if len(packet) < head+tail-2 || string(packet[:2]) != "##" {
		return nil, fmt.Errorf("%w: no ##", ErrMalformed)
	}
	n, err := digits(packet[2:head])
	if err != nil || len(packet) != head+n+tail-2 {
		return nil, fmt.Errorf("%w: length %q with %d bytes", ErrMalformed, packet[2:head], len(packet)-head-tail+2)
	}
	data, sum := packet[head:head+n], packet[head+n:]
	got, err := strconv.ParseUint(string(sum), 16, 16)
	if err != nil || uint16(got) != CRC(data) {
		return nil, fmt.Errorf("%w: %q, must be %04X", ErrChecksum, sum, CRC(data))
	}
	return data, nil
}

// fields reads what stands before CP.
func (p *Packet) fields(text string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		key, value, found := strings.Cut(part, "=")
		if !found || seen[key] {
			return fmt.Errorf("%w: %q stands before CP", ErrMalformed, part)
		}
		seen[key] = true
		var err error
		switch key {
		case "QN":
			p.QN = value
		case "ST":
			p.ST = value
		case "PW":
			p.PW = value
		case "MN":
			p.MN = value
		case "CN":
			p.CN, err = number(value, 9999)
		case "PNUM":
			p.PNUM, err = number(value, 9999)
		case "PNO":
			p.PNO, err = number(value, 9999)
		case "Flag":
			var f int
			f, err = number(value, 255)
			p.Flag = Flag(f)
		}
		if err != nil {
			return fmt.Errorf("%w: %s=%q", ErrMalformed, key, value)
		}
	}
	if !seen["CN"] {
		return fmt.Errorf("%w: CN is missing", ErrMalformed)
	}
	return nil
}

func number(text string, most int) (int, error) {
	n, err := digits([]byte(text))
	if err != nil || n > most {
		return 0, ErrMalformed
	}
	return n, nil
}

func digits(text []byte) (int, error) {
	if len(text) == 0 || len(text) > 4 {
		return 0, ErrMalformed
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, ErrMalformed
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// Next cuts the first packet out of what has come. It has used n bytes; n is 0 when more must come. With
// an error those bytes are no packet. A packet is handed over whole, its checksum is Decode's to judge,
// unless the beginning of another stands inside it: then the first is short.
func Next(came []byte) (n int, packet []byte, err error) {
	blank := len(came) - len(bytes.TrimLeft(came, "\r\n"))
	if blank > 0 {
		return blank, nil, nil
	}
	if i := bytes.Index(came, []byte("##")); i != 0 {
		if i < 0 && len(came) > 0 {
			i = len(came)
			if came[i-1] == '#' { // the first half of a beginning
				i--
			}
		}
		if i <= 0 {
			return 0, nil, nil
		}
		return i, nil, fmt.Errorf("%w: %d bytes before ##", ErrMalformed, i)
	}
	if len(came) < head {
		return 0, nil, nil
	}
	length, err := digits(came[2:head])
	if err != nil {
		return 2, nil, fmt.Errorf("%w: length %q", ErrMalformed, came[2:head])
	}
	total := head + length + tail - 2
	if i := inside(came, total); i > 0 {
		return i, nil, fmt.Errorf("%w: %d bytes of %d", ErrShort, i, total)
	}
	if len(came) < total {
		return 0, nil, nil
	}
	return total, came[:total], nil
}

// tries bounds what a peer that sends nothing but beginnings can cost.
const tries = 4

// inside finds the packet after the beginning of another that is not sound itself: the station began anew.
// Before the other is whole only a sound packet is one; afterwards one that is still to come is as well.
func inside(came []byte, total int) int {
	whole := len(came) >= total
	if whole {
		if _, err := open(came[:total]); err == nil {
			return 0
		}
	}
	tried := 0
	for i := 2; i+head <= min(len(came), total) && tried < tries; i++ {
		if came[i] != '#' || came[i+1] != '#' {
			continue
		}
		n, err := digits(came[i+2 : i+head])
		if err != nil {
			continue
		}
		end := i + head + n + tail - 2
		if end > len(came) {
			if whole {
				return i
			}
			continue
		}
		tried++
		if _, err := open(came[i:end]); err == nil {
			return i
		}
	}
	return 0
}
