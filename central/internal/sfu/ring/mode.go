package ring

import "time"

// Mode is how much of a log a reader hands out.
type Mode uint8

// The modes.
const (
	Whole   Mode = iota
	Keys         // key frames alone
	Nothing      // the viewer sees the last picture
)

// Turn changes how much is handed out. Less takes effect at once, key frames at the end of the picture that is being
// sent; more with the next key frame.
func (r *Reader) Turn(m Mode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.becoming = m
	switch {
	case m == r.mode:
	case m == Keys && r.mode == Whole:
		r.mode, r.within = Keys, r.began && !r.waiting && !r.whole
	case m == Whole && r.mode == Keys && r.within:
		r.mode = Whole // nothing was left out yet
	case m == Whole && r.mode == Keys:
		return // readKeys does it
	case m == Keys: // from Nothing
		r.mode, r.within = Keys, false
	default:
		r.mode = m
	}
	if r.mode == Whole {
		r.within = false
	}
	if r.mode == Nothing {
		r.leave()
	}
}

// leave gives up the picture that is being handed out: its rest never comes, so that a hole stays where it would have
// been, and what comes next is between two pictures.
func (r *Reader) leave() {
	if r.began && !r.whole {
		r.seq++
		r.whole = true
	}
}

// readKeys hands out the rest of a picture that was begun, and key frames. Where it comes to one from which on all is
// to be handed out, it leaves that to Read. Both locks are held.
func (r *Reader) readKeys(dst []Packet, now time.Time) (n int) {
	l := r.log
	for n < len(dst) {
		if r.next < l.tail {
			r.next, r.within = l.tail, false
		}
		if !r.within {
			if !l.hasKey || l.key < r.next {
				return n
			}
			r.key(l.key)
			if r.becoming == Whole {
				r.mode = Whole
				return n
			}
		}
		if r.next >= l.head {
			return n
		}
		e := l.at(r.next)
		switch {
		case e.Gap:
			r.seq++
			r.next++
		case e.Time != r.shown:
			r.within = false
		default:
			dst[n] = r.hand(e, now)
			n++
		}
	}
	return n
}

// key goes to the first entry of a key frame, at its own time. Both locks are held.
func (r *Reader) key(n uint64) {
	e := r.log.at(n)
	if r.anchor {
		r.align(e)
		r.anchor = false
	}
	if at := e.Time + r.offset; r.began && int32(at-r.out) <= 0 { //nolint:gosec // distance on a circle
		r.offset += r.out + squeeze - at
	}
	r.next, r.live, r.waiting, r.within, r.shown = n, 0, false, true, e.Time
}

// Padding is the bytes of a packet of nothing, the most that there can be (RFC 3550 §5.1): the last one says how many.
const Padding = 255

var nothing = [Padding]byte{Padding - 1: Padding}

// less is what is sent again of it: the number must come, the load need not.
var less = []byte{1}

// Between reports whether no picture is being handed out.
func (r *Reader) Between() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.began && r.whole
}

// Pad makes a packet of nothing, as a load that measures the way. It is possible between two pictures only.
func (r *Reader) Pad(now time.Time) (p Packet, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.began || !r.whole {
		return Packet{}, false
	}
	r.history[r.seq%history] = sent{time: r.out, last: now, seq: r.seq, used: true, padding: true}
	p = Packet{Seq: r.seq, Time: r.out, Payload: nothing[:], Padding: true}
	r.seq++
	return p, true
}

// Stir lets Wait return once although there is nothing new.
func (r *Reader) Stir() {
	r.mu.Lock()
	l := r.log
	r.mu.Unlock()
	r.stirred.Store(true)
	l.Wake()
}
