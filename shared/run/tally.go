package run

import (
	"sync"
	"time"
)

// Tally counts what would fill a log: each kind is said at once, then at most once in a period with what came
// meanwhile. Set the fields before the first Add; it may be used by several goroutines.
type Tally[K comparable] struct {
	Every time.Duration // period
	Most  int           // kinds that are remembered; 0: all
	Rest  func(K) K     // what a kind beyond Most is counted as

	mu    sync.Mutex
	kinds map[K]*Counted[K]
}

// Counted is what was counted of one kind and not said yet.
type Counted[K comparable] struct {
	Kind K
	What string // the last of them
	N    uint64
	said time.Time
}

// Add counts n more and returns what is to be said at once, if anything.
func (t *Tally[K]) Add(k K, what string, n uint64, now time.Time) (Counted[K], bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds == nil {
		t.kinds = map[K]*Counted[K]{}
	}
	if t.Most > 0 && t.kinds[k] == nil && len(t.kinds) >= t.Most {
		k = t.Rest(k)
	}
	c := t.kinds[k]
	if c == nil {
		c = &Counted[K]{Kind: k}
		t.kinds[k] = c
	}
	c.N += n
	c.What = what
	if now.Sub(c.said) < t.Every {
		return Counted[K]{}, false
	}
	out := *c
	c.N, c.said = 0, now
	return out, true
}

// Due is what has waited for its period to end; it forgets what has been quiet for one.
func (t *Tally[K]) Due(now time.Time) []Counted[K] {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Counted[K]
	for k, c := range t.kinds {
		if now.Sub(c.said) < t.Every {
			continue
		}
		if c.N == 0 {
			delete(t.kinds, k)
			continue
		}
		out = append(out, *c)
		c.N, c.said = 0, now
	}
	return out
}
