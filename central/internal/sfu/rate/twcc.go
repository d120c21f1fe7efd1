package rate

import (
	"encoding/binary"
	"errors"
	"time"
)

// The kinds of arrival in a report (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1).
const (
	symbolLost  = 0
	symbolSmall = 1 // received, a byte of time
	symbolLarge = 2 // received, two bytes of time
)

const (
	tick     = 250 * time.Microsecond // of a time between two packets
	roughly  = 64 * time.Millisecond  // of the time that a report begins with
	twccHead = 20                     // bytes before the first chunk
	// maxCovered is how many packets one report may speak of: as many as are remembered. An honest one has a few
	// dozen; each costs a look.
	maxCovered = remembered
)

var errReport = errors.New("report is malformed")

// readTWCC walks through a report of arrivals and calls fn for each packet in order; at is the time of arrival by
// the viewer's clock. Whatever was called before an error stands. It allocates nothing.
func readTWCC(b []byte, fn func(seq uint16, received bool, at time.Duration)) error {
	if len(b) < twccHead || b[0]>>6 != 2 || b[0]&0x1f != 15 || b[1] != 205 {
		return errReport
	}
	if b[0]&0x20 != 0 { // padding, whose length stands in the last byte
		n := int(b[len(b)-1])
		if n == 0 || len(b)-n < twccHead {
			return errReport
		}
		b = b[:len(b)-n]
	}
	seq := binary.BigEndian.Uint16(b[12:])
	count := int(binary.BigEndian.Uint16(b[14:]))
	if count == 0 || count > maxCovered {
		return errReport
	}
	rough := int32(binary.BigEndian.Uint32(b[16:])) >> 8 //nolint:gosec // 24 bits with their sign
	at := time.Duration(rough) * roughly
	deltas, err := chunksEnd(b, count)
	if err != nil {
		return err
	}
	chunk := twccHead
	for left := count; left > 0; chunk += 2 {
		c := binary.BigEndian.Uint16(b[chunk:])
		for i := range min(left, covers(c)) {
			switch symbol(c, i) {
			case symbolSmall:
				if deltas >= len(b) {
					return errReport
				}
				at += time.Duration(b[deltas]) * tick
				deltas++
				fn(seq, true, at)
			case symbolLarge:
				if deltas+2 > len(b) {
					return errReport
				}
				at += time.Duration(int16(binary.BigEndian.Uint16(b[deltas:]))) * tick //nolint:gosec // it has a sign
				deltas += 2
				fn(seq, true, at)
			case symbolLost:
				fn(seq, false, 0)
			default:
				return errReport
			}
			seq++
		}
		left -= covers(c)
	}
	return nil
}

// chunksEnd is where the chunks that cover count packets end and the times begin.
func chunksEnd(b []byte, count int) (int, error) {
	at := twccHead
	for count > 0 {
		if at+2 > len(b) {
			return 0, errReport
		}
		n := covers(binary.BigEndian.Uint16(b[at:]))
		if n == 0 {
			return 0, errReport
		}
		count -= n
		at += 2
	}
	return at, nil
}

// covers is how many packets a chunk speaks of.
func covers(chunk uint16) int {
	switch {
	case chunk&0x8000 == 0:
		return int(chunk & 0x1fff) // a run of one kind
	case chunk&0x4000 == 0:
		return 14
	}
	return 7
}

// symbol is the kind of the packet i of a chunk.
func symbol(chunk uint16, i int) int {
	switch {
	case chunk&0x8000 == 0:
		return int(chunk >> 13 & 3)
	case chunk&0x4000 == 0:
		return int(chunk >> (13 - i) & 1)
	}
	return int(chunk >> (12 - 2*i) & 3)
}
