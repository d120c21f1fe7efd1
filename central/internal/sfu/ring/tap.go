package ring

import "context"

// Tap follows a log for a recorder: entries as they came, with their own times. One goroutine uses it.
type Tap struct {
	log  *Log
	next uint64
}

// NewTap begins at the last key frame of the log, or with what comes next.
func NewTap(l *Log) *Tap {
	l.mu.RLock()
	defer l.mu.RUnlock()
	t := &Tap{log: l, next: l.head}
	if l.hasKey {
		t.next = l.key
	}
	return t
}

// Next is the next entry; ok is false when there is none yet. lost says that entries before it are gone: the
// recorder was too slow, or the stream was forgotten in between.
func (t *Tap) Next() (e Entry, lost, ok bool) {
	l := t.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if t.next < l.tail {
		lost, t.next = true, l.tail
	}
	if t.next >= l.head {
		return Entry{}, false, false
	}
	e = *l.at(t.next)
	t.next++
	return e, lost, true
}

// WaitOnce blocks until the log wakes its readers, ctx has ended and Wake was called, or there is an entry.
func (t *Tap) WaitOnce(ctx context.Context) {
	l := t.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.head <= t.next && ctx.Err() == nil {
		l.wake.Wait()
	}
}
