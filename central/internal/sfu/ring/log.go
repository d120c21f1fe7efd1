// Package ring keeps the last seconds of one picture as packets, once, for all its viewers: they read
// from it at their own pace, ask it again for what was lost, and begin at its last key frame. The router
// uses it. Rule that must never break: a slow viewer never holds up the writer or another viewer, and
// what is kept stays below a fixed size.
package ring

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	slots    = 4096
	maxBytes = 8 << 20
	// together is how many packets are appended before the readers are woken within a picture: forty of
	// them woken for each packet cost as much as sending it. A picture of a stream of 2 Mbit/s has about ten.
	together = 16
	// moment is how much of the past is as good as none.
	moment = 250 * time.Millisecond
)

// Entry is one packet in order. Its time runs on across publishers.
type Entry struct {
	Time    uint32 // 90 kHz
	Marker  bool   // last of its picture
	IDR     bool   // holds the beginning of a key frame
	Gap     bool   // no packet: something was lost here
	Past    bool   // of what the source sends again of its past, much faster than it was
	Payload []byte
	At      time.Time // of arrival
}

// Log holds the entries. Writers append, readers follow.
type Log struct {
	mu     sync.RWMutex
	wake   *sync.Cond // on mu's read side
	slots  []Entry
	head   uint64 // number of the next entry
	tail   uint64 // oldest entry held
	bytes  int
	frame  uint64 // first entry of the newest picture
	key    uint64 // first entry of the newest key frame
	hasKey bool
	gap    uint64 // newest entry that is a gap
	hasGap bool
	quiet  int // entries that the readers were not woken for
}

// NewLog makes an empty log. Memory is taken with the first packet.
func NewLog() *Log {
	l := &Log{}
	l.wake = sync.NewCond(l.mu.RLocker())
	return l
}

// Append adds an entry. The readers are woken when a picture is whole or several packets have come; whoever
// appends calls Nudge now and then, for the rest of a picture that is slow to come.
func (l *Log) Append(e Entry) {
	l.mu.Lock()
	if l.slots == nil {
		l.slots = make([]Entry, slots)
	}
	for l.head-l.tail == slots || (l.bytes+len(e.Payload) > maxBytes && l.tail < l.head) {
		old := &l.slots[l.tail%slots]
		l.bytes -= len(old.Payload)
		*old = Entry{}
		l.tail++
	}
	switch {
	case l.head == l.tail:
		l.frame = l.head
	case e.Gap:
		previous := &l.slots[(l.head-1)%slots]
		e.Time, e.At = previous.Time, previous.At
	case e.Time != l.slots[(l.head-1)%slots].Time:
		l.frame = l.head
	}
	l.slots[l.head%slots] = e
	l.bytes += len(e.Payload)
	l.head++
	if e.Gap {
		l.gap, l.hasGap = l.head-1, true
	}
	if e.IDR {
		l.key, l.hasKey = l.frame, true
	}
	if l.key < l.tail {
		l.hasKey = false
	}
	l.quiet++
	wake := e.Marker || e.Gap || l.quiet == together
	if wake {
		l.quiet = 0
	}
	l.mu.Unlock()
	if wake {
		l.wake.Broadcast()
	}
}

// Nudge wakes the readers when there is something that they were not woken for.
func (l *Log) Nudge() {
	l.mu.Lock()
	wake := l.quiet > 0
	l.quiet = 0
	l.mu.Unlock()
	if wake {
		l.wake.Broadcast()
	}
}

// Forget drops everything held; numbers go on. Old pictures must not be shown as present ones.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slots, l.tail, l.bytes, l.hasKey = nil, l.head, 0, false
}

// Playable reports whether a new viewer gets a picture at once and without a hole.
func (l *Log) Playable() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.playable()
}

// Broken reports whether something was lost since the last key frame.
func (l *Log) Broken() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.hasGap && (!l.hasKey || l.gap > l.key)
}

func (l *Log) playable() bool {
	return l.hasKey && l.head-l.key <= maxReplay && (!l.hasGap || l.gap < l.key)
}

// at returns an entry that is held. The caller holds the lock.
func (l *Log) at(n uint64) *Entry { return &l.slots[n%slots] }

// Wake lets every reader look at its context again.
func (l *Log) Wake() {
	l.mu.Lock() // a reader between its check and its wait is not missed
	defer l.mu.Unlock()
	l.wake.Broadcast()
}

// wait blocks until there is an entry n, or ctx has ended and Wake was called, or the reader was stirred.
func (l *Log) wait(ctx context.Context, n uint64, stirred *atomic.Bool) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for l.head <= n && ctx.Err() == nil && !stirred.Swap(false) {
		l.wake.Wait()
	}
	return ctx.Err() == nil
}

// Fresh reports whether a viewer that goes on with this log now begins with a key frame, without a hole, and gets
// no more than so many bytes of the past, or no more than a moment of it.
func (l *Log) Fresh(most int, now time.Time) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.playable() || l.head == l.tail || now.Sub(l.at(l.head-1).At) > maxDelay {
		return false
	}
	if l.at(l.head-1).At.Sub(l.at(l.key).At) <= moment {
		return true
	}
	for n := l.key; n < l.head && most >= 0; n++ {
		most -= len(l.at(n).Payload)
	}
	return most >= 0
}
