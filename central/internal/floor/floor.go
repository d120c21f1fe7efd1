// Package floor is who has the floor of one thing, such as a camera that is being turned or the speaker of a scene. The
// capabilities that give it away use it. Rule that must never break: one at a time; and whoever stops renewing loses it
// by the clock, so that a browser that died keeps nobody out.
package floor

import (
	"sync"
	"time"
)

// Holder is who has it.
type Holder struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Held is one floor that somebody has.
type Held struct {
	Key   string
	By    Holder
	Since time.Time
	Until time.Time // unless it is renewed
}

// Book keeps the floors of many things. Make it with New.
type Book struct {
	length time.Duration

	mu   sync.Mutex
	held map[string]Held
}

// New makes an empty book in which a floor is held for so long after its last renewal.
func New(length time.Duration) *Book { return &Book{length: length, held: map[string]Held{}} }

// Take gives somebody the floor, or renews it. ok is false when another has it: got is that one. fresh: it was nobody's
// of late; what had lapsed is in lapsed.
func (b *Book) Take(key string, by Holder, now time.Time) (got Held, fresh, ok bool, lapsed *Held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, is := b.held[key]; is {
		switch {
		case !now.Before(h.Until):
			lapsed = &h
		case h.By.ID != by.ID:
			return h, false, false, nil
		default:
			h.Until = now.Add(b.length)
			b.held[key] = h
			return h, false, true, nil
		}
	}
	h := Held{Key: key, By: by, Since: now, Until: now.Add(b.length)}
	b.held[key] = h
	return h, true, true, lapsed
}

// Give gives a floor back; ok is false when it was not this holder's.
func (b *Book) Give(key, id string) (gone Held, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, is := b.held[key]
	if !is || h.By.ID != id {
		return Held{}, false
	}
	delete(b.held, key)
	return h, true
}

// Lapsed takes out what was not renewed, and says when the next lapses, zero: nothing is held.
func (b *Book) Lapsed(now time.Time) (gone []Held, next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, h := range b.held {
		switch {
		case !now.Before(h.Until):
			gone = append(gone, h)
			delete(b.held, key)
		case next.IsZero() || h.Until.Before(next):
			next = h.Until
		}
	}
	return gone, next
}

// Of is who has a floor now.
func (b *Book) Of(key string, now time.Time) (Held, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.held[key]
	return h, ok && now.Before(h.Until)
}

// All is who has which floor now.
func (b *Book) All(now time.Time) []Held {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Held
	for _, h := range b.held {
		if now.Before(h.Until) {
			out = append(out, h)
		}
	}
	return out
}
