// Package jitter puts the packets of one publisher back into order and says which to ask for again. The
// router uses it. It is pure: time is an argument. Rule that must never break: a hole delays the picture
// by at most the hold, whatever the publisher sends.
package jitter

import "time"

const (
	size     = 4096 // packets that may wait: all that a terminal sends again since its last key frame
	maxHoles = 512  // and the largest step that is still a gap
	askAfter = 15 * time.Millisecond
	askAgain = 90 * time.Millisecond
	asks     = 7
	maxAsked = 128 // at once
)

// Packet is what the router keeps of an RTP packet.
type Packet struct {
	Seq     uint16
	Time    uint32
	Marker  bool
	Payload []byte // empty: padding only
}

type slot struct {
	p    Packet
	full bool
}

type hole struct {
	since, asked time.Time
	times        int
}

// Buffer orders packets.
type Buffer struct {
	hold    time.Duration
	slots   [size]slot
	holes   map[uint64]*hole
	next    uint64 // the number to hand out next
	highest uint64
	begun   bool
	jumped  bool // the publisher's numbers jumped: what follows has a gap before it
}

// New makes a buffer that waits up to hold for a missing packet.
func New(hold time.Duration) *Buffer {
	return &Buffer{hold: hold, holes: map[uint64]*hole{}}
}

// Push takes a packet as it came. Old and doubled ones are dropped.
func (b *Buffer) Push(p Packet, now time.Time) {
	if !b.begun {
		b.begun = true
		b.restart(p)
		return
	}
	step := int16(p.Seq - uint16(b.highest)) //nolint:gosec // wrapping is the point
	number := uint64(int64(b.highest) + int64(step))
	switch {
	case step > maxHoles || step < -size: // what comes again may be far behind
		b.restart(p)
		b.jumped = true
		return
	case number < b.next:
		return
	case step > 0:
		for n := b.highest + 1; n < number; n++ {
			b.holes[n] = &hole{since: now}
		}
		b.highest = number
	}
	if number-b.next >= size || len(b.holes) > maxHoles {
		b.restart(p)
		b.jumped = true
		return
	}
	delete(b.holes, number)
	b.slots[number%size] = slot{p: p, full: true}
}

// restart forgets everything and begins at a packet. Numbers start high so that a step back stays
// positive.
func (b *Buffer) restart(p Packet) {
	clear(b.slots[:])
	clear(b.holes)
	b.next = 1<<32 | uint64(p.Seq)
	b.highest = b.next
	b.slots[b.next%size] = slot{p: p, full: true}
}

// Pop hands out the next packet in order. gap says that something before it is lost for good; ok is
// false when there is nothing to hand out yet.
func (b *Buffer) Pop(now time.Time) (p Packet, gap, ok bool) {
	if !b.begun {
		return Packet{}, false, false
	}
	gap = b.jumped
	for b.next <= b.highest {
		s := &b.slots[b.next%size]
		if s.full {
			p = s.p
			*s = slot{}
			b.next++
			b.jumped = false
			return p, gap, true
		}
		if h := b.holes[b.next]; h != nil && now.Sub(h.since) < b.hold {
			break
		}
		delete(b.holes, b.next)
		b.next++
		gap = true
		b.jumped = true // kept for the next call when nothing follows yet
	}
	return Packet{}, false, false
}

// Missing names the packets to ask for again now.
func (b *Buffer) Missing(now time.Time) []uint16 {
	var out []uint16
	for n := b.next; n < b.highest && len(b.holes) > 0 && len(out) < maxAsked; n++ {
		h := b.holes[n]
		if h == nil || h.times >= asks || now.Sub(h.since) < askAfter || (h.times > 0 && now.Sub(h.asked) < askAgain) {
			continue
		}
		h.times++
		h.asked = now
		out = append(out, uint16(n)) //nolint:gosec // wrapping is the point
	}
	return out
}
