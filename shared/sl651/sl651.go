// Package sl651 reads and writes the frames of SL 651-2014, by which hydrological stations report, in
// their HEX/BCD form. The edge driver speaks the side of the centre with it, the simulator that of the
// station. Rule that must never break: a frame whose length or checksum is wrong is an error and never a
// value.
//
// A frame is 7E7E, the addresses, password, function, direction and length, STX (or SYN with the number of
// packets and of this one), the text, an end character and CRC-16 (tables 20 to 23). The ASCII form of the
// standard (tables 16 to 19) is not read.
package sl651

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// MaxText is how long the text of one frame may be: twelve bits (table 20).
	MaxText = 4095
	// MaxFrame is the longest frame.
	MaxFrame = head + MaxText + tail

	head, tail = 14, 3 // up to and with STX; end character and checksum
	number     = 3     // bytes of the numbers of packets
)

// The functions of annex B that stations send by themselves, and the query of present values.
const (
	KeepAlive  = 0x2F
	Test       = 0x30
	Uniform    = 0x31
	Scheduled  = 0x32
	Additional = 0x33 // a limit was passed
	Hourly     = 0x34
	Manual     = 0x35
	Picture    = 0x36
	Query      = 0x37
)

// The control characters of table 10.
const (
	STX = 0x02
	ETX = 0x03 // nothing follows
	EOT = 0x04 // received, the station may leave
	ENQ = 0x05 // a question
	ACK = 0x06 // received, more follows
	NAK = 0x15 // send that packet again
	SYN = 0x16
	ETB = 0x17 // more follows
	ESC = 0x1B // received, the station stays
)

// The errors of frames.
var (
	ErrOversized = errors.New("frame is longer than the standard allows")
	ErrChecksum  = errors.New("wrong checksum")
	ErrMalformed = errors.New("not a frame of SL 651")
	ErrShort     = errors.New("ends too early")
)

// Frame is one frame.
type Frame struct {
	Down     bool // from the centre
	Centre   byte
	Station  [5]byte // as table 13 and 14 say; the text form is ten hexadecimal digits
	Password uint16
	Function byte
	Total    uint16 // packets of a divided message (SYN), 0 for one that is whole (STX)
	Number   uint16 // of this one, from 1
	Text     []byte
	End      byte
}

// Name is the station in ten hexadecimal digits.
func (f *Frame) Name() string { return fmt.Sprintf("%X", f.Station[:]) }

// CRC is the checksum of clause 6.2.3.1: the polynomial of Modbus, high byte first on the line.
func CRC(data []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range data {
		crc ^= uint16(b)
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

// Encode writes a frame.
func (f *Frame) Encode() ([]byte, error) {
	n := len(f.Text)
	if f.Total > 0 {
		n += number
	}
	if n > MaxText || f.Total > MaxText || f.Number > f.Total {
		return nil, fmt.Errorf("%w: %d bytes, packet %d of %d", ErrOversized, n, f.Number, f.Total)
	}
	b := []byte{0x7E, 0x7E}
	length := uint16(n) //nolint:gosec // twelve bits
	if f.Down {
		b = append(append(b, f.Station[:]...), f.Centre)
		length |= 0x8000
	} else {
		b = append(append(b, f.Centre), f.Station[:]...)
	}
	b = binary.BigEndian.AppendUint16(b, f.Password)
	b = append(b, f.Function)
	b = binary.BigEndian.AppendUint16(b, length)
	if f.Total > 0 {
		b = append(b, SYN, byte(f.Total>>4), byte(f.Total<<4)|byte(f.Number>>8), byte(f.Number)) //nolint:gosec // twelve bits each
	} else {
		b = append(b, STX)
	}
	b = append(append(b, f.Text...), f.End)
	return binary.BigEndian.AppendUint16(b, CRC(b)), nil
}

// Decode reads one frame as Next cut it out. The text is that of the frame's own bytes.
func Decode(frame []byte) (Frame, error) {
	if len(frame) < head+tail || frame[0] != 0x7E || frame[1] != 0x7E {
		return Frame{}, fmt.Errorf("%w: no 7E7E", ErrMalformed)
	}
	n := int(binary.BigEndian.Uint16(frame[11:]) & 0x0FFF)
	if len(frame) != head+n+tail {
		return Frame{}, fmt.Errorf("%w: %d bytes of text in a frame of %d", ErrMalformed, n, len(frame))
	}
	if got, want := binary.BigEndian.Uint16(frame[len(frame)-2:]), CRC(frame[:len(frame)-2]); got != want {
		return Frame{}, fmt.Errorf("%w: %04X, must be %04X", ErrChecksum, got, want)
	}
	f := Frame{
		Centre: frame[2], Station: [5]byte(frame[3:8]), Password: binary.BigEndian.Uint16(frame[8:]), Function: frame[10],
		Text: frame[head : head+n], End: frame[head+n],
	}
	switch frame[11] >> 4 {
	case 0:
	case 8:
		f.Down, f.Station, f.Centre = true, [5]byte(frame[2:7]), frame[7]
	default:
		return Frame{}, fmt.Errorf("%w: direction %X", ErrMalformed, frame[11]>>4)
	}
	switch frame[13] {
	case STX:
	case SYN:
		if n < number {
			return Frame{}, fmt.Errorf("%w: a divided message without numbers", ErrMalformed)
		}
		f.Total = uint16(f.Text[0])<<4 | uint16(f.Text[1])>>4
		f.Number = uint16(f.Text[1]&0x0F)<<8 | uint16(f.Text[2])
		f.Text = f.Text[number:]
		if f.Number == 0 || f.Number > f.Total {
			return Frame{}, fmt.Errorf("%w: packet %d of %d", ErrMalformed, f.Number, f.Total)
		}
	default:
		return Frame{}, fmt.Errorf("%w: %02X where the text begins", ErrMalformed, frame[13])
	}
	return f, nil
}

// Next cuts the first frame out of what has come. It has used n bytes; n is 0 when more must come. With an
// error those bytes are no frame. A frame is handed over whole, its checksum is Decode's to judge, unless
// a sound one stands inside it: then the first is short.
func Next(came []byte) (n int, frame []byte, err error) {
	if i := bytes.Index(came, []byte{0x7E, 0x7E}); i != 0 {
		if i < 0 && len(came) > 0 {
			i = len(came)
			if came[i-1] == 0x7E {
				i--
			}
		}
		if i <= 0 {
			return 0, nil, nil
		}
		return i, nil, fmt.Errorf("%w: %d bytes before 7E7E", ErrMalformed, i)
	}
	if len(came) < head {
		return 0, nil, nil
	}
	if came[13] != STX && came[13] != SYN {
		return 2, nil, fmt.Errorf("%w: %02X where the text begins", ErrMalformed, came[13])
	}
	total := head + int(binary.BigEndian.Uint16(came[11:])&0x0FFF) + tail
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

// inside finds the frame after the beginning of another that is not sound itself: the station began anew.
// The bytes 7E7E alone may well stand in a text. Before the other is whole only a sound frame is one;
// afterwards one that is still to come is as well.
func inside(came []byte, total int) int {
	whole := len(came) >= total
	if whole {
		if _, err := Decode(came[:total]); err == nil {
			return 0
		}
	}
	tried := 0
	for i := 1; i+head <= min(len(came), total) && tried < tries; i++ {
		if came[i] != 0x7E || came[i+1] != 0x7E || (came[i+13] != STX && came[i+13] != SYN) {
			continue
		}
		end := i + head + int(binary.BigEndian.Uint16(came[i+11:])&0x0FFF) + tail
		if end > len(came) {
			if whole {
				return i
			}
			continue
		}
		tried++
		if _, err := Decode(came[i:end]); err == nil {
			return i
		}
	}
	return 0
}
