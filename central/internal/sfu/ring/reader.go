package ring

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxReplay = 3072 // packets since the key frame beyond which a viewer waits for the next one
	maxLag    = 1024 // packets, and
	maxDelay  = 1500 * time.Millisecond
	history   = 2048 // packets that can be sent again
	resends   = 5
	resendGap = 100 * time.Millisecond
	clock     = 90000
	squeeze   = 90 // ticks between replayed pictures: one millisecond
	restarts  = time.Second
)

// Packet is one packet as a viewer gets it: numbers and times run on without a seam.
type Packet struct {
	Seq     uint16
	Time    uint32
	Marker  bool
	Payload []byte
	Padding bool // there is nothing in it
}

// sent remembers where a packet came from, so that it can be sent again.
type sent struct {
	entry uint64
	time  uint32
	last  time.Time
	seq   uint16
	count uint8
	used  bool

	padding bool // there was nothing in it
}

// Reader follows a log for one viewer. The zero value is not usable; see NewReader. Its methods may be
// called from several goroutines.
type Reader struct {
	log *Log

	mu      sync.Mutex
	next    uint64 // entry to hand out next
	waiting bool   // for a key frame at or after next
	began   bool   // something was handed out
	seq     uint16
	offset  uint32 // entry time + offset = viewer time
	out     uint32 // viewer time of the last packet
	outAt   time.Time

	// A replay: the pictures before entry live carry times squeezed up to the present.
	live    uint64
	picture uint32 // entry time of the picture being replayed
	step    uint32
	replay  uint32 // viewer time of that picture

	mode     Mode
	becoming Mode        // from the next key frame on
	within   bool        // in mode Keys: in the picture below, and nothing was left out before it
	shown    uint32      // entry time of the picture handed out last
	whole    bool        // its last packet was
	stirred  atomic.Bool // somebody wants the writer to look up

	restarted time.Time
	anchor    bool // the offset is to be found with the first entry of a log that was empty at a Move
	drops     uint64
	history   []sent
}

// NewReader begins at the last key frame of the log, or waits for the next.
func NewReader(l *Log) *Reader {
	r := &Reader{log: l, seq: uint16(rand.Uint32()), offset: rand.Uint32(), history: make([]sent, history)} //nolint:gosec // any start will do
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.hasKey && l.head-l.key <= maxReplay {
		r.start(l.key)
	} else {
		r.next, r.waiting = l.frame, true
	}
	return r
}

// Move goes on with another log. Numbers and times run on as if nothing had happened, the time by as much as has
// passed since the last packet; what was read from the log before can no longer be sent again.
func (r *Reader) Move(l *Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = l
	clear(r.history)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r.began && l.head > l.tail {
		r.align(l.at(l.head - 1))
	}
	r.anchor = r.began && l.head == l.tail
	r.live = 0
	if l.hasKey && l.head-l.key <= maxReplay {
		r.start(l.key)
	} else {
		r.next, r.waiting = l.frame, true
	}
}

// align sets the offset so that an entry comes as much after what was handed out last as it really did.
func (r *Reader) align(e *Entry) {
	passed := max(e.At.Sub(r.outAt), time.Millisecond)
	r.offset = r.out + uint32(passed.Seconds()*clock) - e.Time
}

// Last is the viewer's time of the last packet handed out; nil when there was none.
func (r *Reader) Last() *uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.began {
		return nil
	}
	out := r.out
	return &out
}

// start begins to replay at the first entry of a key frame. Both locks are held.
func (r *Reader) start(key uint64) {
	l := r.log
	pictures := uint32(0)
	last := ^l.at(key).Time
	for n := key; n < l.head; n++ {
		if e := l.at(n); !e.Gap && e.Time != last {
			last = e.Time
			pictures++
		}
	}
	r.next, r.waiting, r.live = key, false, l.frame
	if pictures == 0 {
		r.live = key
		return
	}
	present := last + r.offset
	r.step = squeeze
	if r.began {
		// Between what was shown and the present; a tick each at least, or the viewer's time moves on.
		room := present - r.out
		if int32(room) < 0 || room < pictures {
			move := pictures - room
			r.offset += move
			present += move
			room = pictures
		}
		r.step = min(squeeze, room/pictures)
	}
	r.picture = l.at(key).Time
	r.replay = present - (pictures-1)*r.step
}

// Read hands out what is there, up to len(dst) packets. replaying says that they, or some of them, are older than
// the present, so the writer should pace them.
func (r *Reader) Read(dst []Packet, now time.Time) (n int, replaying bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	switch r.mode {
	case Nothing:
		r.next = max(r.next, l.tail)
		return 0, false
	case Keys:
		if n = r.readKeys(dst, now); r.mode == Keys || n > 0 {
			return n, false
		}
	case Whole:
	}
	r.catchUp()
	if r.waiting && l.hasKey && l.key >= r.next {
		if r.anchor {
			r.align(l.at(l.key))
			r.anchor = false
		}
		r.start(l.key)
	}
	if r.waiting {
		r.next = max(r.next, l.tail) // keep the mark while the log moves on
		return 0, false
	}
	for n < len(dst) && r.next < l.head {
		e := l.at(r.next)
		if e.Gap {
			r.seq++ // the hole stays visible: the viewer must not take the pieces for a whole
			r.next++
			continue
		}
		dst[n] = r.hand(e, now)
		replaying = replaying || e.Past
		n++
	}
	return n, replaying || r.next < r.live
}

// hand makes the packet of the next entry. Both locks are held.
func (r *Reader) hand(e *Entry, now time.Time) Packet {
	p := Packet{Seq: r.seq, Time: r.time(e), Marker: e.Marker, Payload: e.Payload}
	r.history[r.seq%history] = sent{entry: r.next, time: p.Time, last: now, seq: r.seq, used: true}
	r.out, r.outAt, r.began, r.shown, r.whole = p.Time, now, true, e.Time, e.Marker
	r.seq++
	r.next++
	return p
}

// time maps an entry's time to the viewer's.
func (r *Reader) time(e *Entry) uint32 {
	if r.next >= r.live {
		return e.Time + r.offset
	}
	if e.Time != r.picture {
		r.picture = e.Time
		r.replay += r.step
	}
	return r.replay
}

// catchUp drops to the newest key frame when the viewer is too far behind. Both locks are held.
func (r *Reader) catchUp() {
	l := r.log
	if r.waiting || r.next >= l.head {
		return
	}
	late := r.next < l.tail
	if !late && r.next >= r.live {
		newest := l.at(l.head - 1)
		late = l.head-r.next > maxLag || newest.At.Sub(l.at(r.next).At) > maxDelay
	}
	if !late {
		return
	}
	r.drops++
	if l.hasKey && l.key > r.next && l.head-l.key <= maxReplay {
		r.start(l.key)
		return
	}
	r.next, r.waiting = max(l.frame, r.next), true
}

// Drops counts how often the viewer was too slow.
func (r *Reader) Drops() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drops
}

// Waiting reports whether nothing can be shown before the next key frame.
func (r *Reader) Waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting
}

// Wait blocks until there may be something to read. It returns false when ctx has ended; the one who
// ends it calls the log's Wake.
func (r *Reader) Wait(ctx context.Context) bool {
	r.mu.Lock()
	n := r.next
	l := r.log
	if r.waiting || r.mode == Nothing || (r.mode == Keys && !r.within) {
		l.mu.RLock()
		n = max(n, l.head)
		l.mu.RUnlock()
	}
	r.mu.Unlock()
	return l.wait(ctx, n, &r.stirred)
}

// Resend returns a packet that the viewer has lost; ok is false when it is too old, was sent again often enough, or
// may not be: it is asked for no more than it has bytes.
func (r *Reader) Resend(seq uint16, now time.Time, may func(bytes int, now time.Time) bool) (p Packet, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &r.history[seq%history]
	if !h.used || h.seq != seq || h.count >= resends || (h.count > 0 && now.Sub(h.last) < resendGap) {
		return Packet{}, false
	}
	l := r.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !h.padding && (h.entry < l.tail || h.entry >= l.head) {
		return Packet{}, false
	}
	p = Packet{Seq: seq, Time: h.time, Payload: less, Padding: true}
	if !h.padding {
		e := l.at(h.entry)
		p = Packet{Seq: seq, Time: h.time, Marker: e.Marker, Payload: e.Payload}
	}
	if !may(len(p.Payload), now) {
		return Packet{}, false
	}
	h.count++
	h.last = now
	return p, true
}

// Behind is how many packets of a replay have not been handed out yet.
func (r *Reader) Behind() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting || r.live <= r.next {
		return 0
	}
	return int(r.live - r.next) //nolint:gosec // a log has some thousand entries
}

// Forget has nothing of what was handed out so far sent again: the viewer was away, and the present comes first.
func (r *Reader) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.history)
}

// Restart answers a viewer whose decoder needs a key frame: it is shown again from the log, when that is
// whole. It returns false when only the source can help.
func (r *Reader) Restart(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r.mode != Whole || r.next < r.live || now.Sub(r.restarted) < restarts {
		return true // already under way, or what is shown are key frames anyway
	}
	if !l.playable() {
		return false
	}
	r.restarted = now
	r.start(l.key)
	return true
}
