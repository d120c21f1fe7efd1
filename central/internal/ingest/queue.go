package ingest

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of what waits of one sender, and of all together.
const (
	lineMessages     = 256
	lineBytes        = 16 << 20
	queueBytes       = 256 << 20
	recordsPerSecond = 400_000 // of one sender, in the long run
)

// queue holds what came and is not decoded yet: a line for each sender, served in turn, so that one who
// sends without end only waits behind itself. One sender's messages stay in order.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond // for who serves
	lines  map[string]*line
	ring   []*line // lines that have something, are not being served and may go on
	bytes  int
	length int
	soon   int // messages that are decoded next or just now: all but those of parked lines
	closed bool
}

// line is one sender's. Its fields are guarded by the queue.
type line struct {
	waiting []message
	bytes   int
	busy    bool // being served, or parked
	parked  bool // until its share allows more
	limit   *rate.Limiter
	room    *sync.Cond // for who hands in and may wait
}

func newQueue() *queue {
	q := &queue{lines: map[string]*line{}}
	q.wake = sync.NewCond(&q.mu)
	return q
}

func (l *line) full(m message) bool {
	return len(l.waiting) >= lineMessages || l.bytes > 0 && l.bytes+len(m.payload) > lineBytes
}

// put adds a message. Without room it waits when patient, else it answers false, as it does when the queue
// is closed.
func (q *queue) put(from string, m message, patient bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[from]
	if l == nil {
		l = &line{limit: rate.NewLimiter(recordsPerSecond, recordsPerSecond), room: sync.NewCond(&q.mu)}
		q.lines[from] = l
	}
	for patient && !q.closed && l.full(m) {
		l.room.Wait()
	}
	if q.closed || !patient && (l.full(m) || q.bytes+len(m.payload) > queueBytes) {
		return false
	}
	l.waiting = append(l.waiting, m)
	l.bytes += len(m.payload)
	q.bytes += len(m.payload)
	q.length++
	if !l.parked {
		q.soon++
	}
	if len(l.waiting) == 1 && !l.busy {
		q.ready(l)
	}
	return true
}

// ready lets a line be served; the lock is held.
func (q *queue) ready(l *line) {
	q.ring = append(q.ring, l)
	q.wake.Signal()
}

// serve works on messages until the queue is closed and empty. work answers how many records the message
// was worth.
func (q *queue) serve(work func(message) int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.ring) == 0 {
			if q.closed && q.length == 0 {
				return
			}
			q.wake.Wait()
		}
		l := q.ring[0]
		q.ring = q.ring[1:]
		m := l.waiting[0]
		l.waiting[0] = message{}
		l.waiting = l.waiting[1:]
		l.bytes -= len(m.payload)
		q.bytes -= len(m.payload)
		q.length--
		l.busy = true
		l.room.Signal()
		q.mu.Unlock()
		cost := work(m)
		q.mu.Lock()
		q.served(l, cost)
		if q.closed && q.length == 0 {
			q.wake.Broadcast()
		}
	}
}

// served gives a line back to the ring, at once or when its share allows; the lock is held.
func (q *queue) served(l *line, cost int) {
	q.soon--
	wait := l.limit.ReserveN(time.Now(), min(max(cost, 1), recordsPerSecond)).Delay()
	if wait <= 0 || q.closed {
		q.again(l)
		return
	}
	l.parked = true
	q.soon -= len(l.waiting)
	time.AfterFunc(wait, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		l.parked = false
		q.soon += len(l.waiting)
		q.again(l)
	})
}

func (q *queue) again(l *line) {
	l.busy = false
	if len(l.waiting) > 0 {
		q.ready(l)
	}
}

// close takes nothing more; what waits is still served.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, l := range q.lines {
		l.room.Broadcast()
	}
	q.wake.Broadcast()
}

// coming counts the messages that will be decoded without a pause.
func (q *queue) coming() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.soon
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}
