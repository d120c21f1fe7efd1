package h264

import "bytes"

// maxPicture bounds what one picture takes in memory.
const maxPicture = 8 << 20

// Picture is one access unit: its NAL units in order.
type Picture struct {
	Units [][]byte
	Time  uint32
	Key   bool
	SPS   bool // it has parameter sets
}

// Assembler makes pictures of RTP payloads in order. After a loss it drops what is not whole, and everything
// up to the next key frame.
type Assembler struct {
	now     Picture
	open    bool   // now has something
	bad     bool   // now is not whole
	waiting bool   // for a key frame, because of a loss
	part    []byte // unit that comes in fragments
	size    int
}

// Lost tells that packets are missing here.
func (a *Assembler) Lost() {
	a.bad, a.waiting, a.part = true, true, nil
}

// Push takes the next payload; marker says that it is the last of its picture. It returns a picture that is
// whole.
func (a *Assembler) Push(payload []byte, at uint32, marker bool) (p Picture, ok bool) {
	if a.open && at != a.now.Time { // the marker was lost, or the camera sets none
		p, ok = a.end()
	}
	if !a.open {
		a.now, a.open, a.size, a.part = Picture{Time: at}, true, 0, nil
		// A loss before its first packet is none of this picture's, when that is a key frame.
		a.bad = false
	}
	a.take(payload)
	if marker && !ok {
		return a.end()
	}
	return p, ok
}

func (a *Assembler) end() (Picture, bool) {
	p := a.now
	good := !a.bad && a.part == nil && len(p.Units) > 0
	a.now, a.open, a.bad, a.part = Picture{}, false, false, nil
	if !good {
		a.waiting = true
		return Picture{}, false
	}
	if a.waiting && !p.Key {
		return Picture{}, false
	}
	a.waiting = false
	return p, true
}

func (a *Assembler) take(payload []byte) {
	a.size += len(payload)
	if len(payload) == 0 || a.size > maxPicture {
		a.bad = a.bad || a.size > maxPicture
		return
	}
	switch kind := payload[0] & 0x1f; {
	case kind == typeSTAPA:
		for rest := payload[1:]; len(rest) > 2; {
			n := int(rest[0])<<8 | int(rest[1])
			rest = rest[2:]
			if n == 0 || n > len(rest) {
				a.bad = true
				return
			}
			a.unit(rest[:n])
			rest = rest[n:]
		}
	case kind == typeFUA:
		a.fragment(payload)
	case kind > 0 && kind < typeSTAPA:
		a.unit(payload)
	default:
		a.bad = true
	}
}

func (a *Assembler) fragment(payload []byte) {
	const fuEnd = 0x40
	if len(payload) < 3 {
		a.bad = true
		return
	}
	if payload[1]&fuStart != 0 {
		a.part = append(make([]byte, 0, 4*len(payload)), payload[0]&0xe0|payload[1]&0x1f)
	}
	if a.part == nil {
		a.bad = true
		return
	}
	a.part = append(a.part, payload[2:]...)
	if payload[1]&fuEnd != 0 {
		whole := a.part
		a.part = nil
		a.unit(whole)
	}
}

func (a *Assembler) unit(u []byte) {
	switch u[0] & 0x1f {
	case typeIDR:
		a.now.Key = true
	case typeSPS:
		// A camera may send its sets beside those that the router put before them.
		if a.now.SPS && len(a.now.Units) > 0 && bytes.Equal(a.now.Units[0], u) {
			return
		}
		a.now.SPS = true
	case 9: // access unit delimiter: the container has its own
		return
	}
	a.now.Units = append(a.now.Units, u)
}
