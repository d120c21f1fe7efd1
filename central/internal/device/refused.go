package device

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// How refusals are said: each kind at once, then at most once in a period with what came meanwhile.
const (
	refusedEvery = time.Minute
	maxKinds     = 10_000 // of refusals that are remembered; beyond it all of a reason are one
	maxWhat      = 200    // bytes of what the refused thing is called
)

// kind is what refusals are counted by.
type kind struct{ device, reason string }

// refusals are those of one kind that are not in the log yet.
type refusals struct {
	kind
	what string // the last of them: a topic, a series, an address
	n    uint64
	said time.Time
}

// tally counts what the centre has not taken.
type tally struct {
	mu    sync.Mutex
	kinds map[kind]*refusals
}

// add counts n more and returns what is to be said at once, if anything.
func (t *tally) add(k kind, what string, n uint64, now time.Time) (refusals, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds == nil {
		t.kinds = map[kind]*refusals{}
	}
	if t.kinds[k] == nil && len(t.kinds) >= maxKinds {
		k.device = ""
	}
	r := t.kinds[k]
	if r == nil {
		r = &refusals{kind: k}
		t.kinds[k] = r
	}
	r.n += n
	r.what = strings.ToValidUTF8(what[:min(len(what), maxWhat)], "")
	if now.Sub(r.said) < refusedEvery {
		return refusals{}, false
	}
	out := *r
	r.n, r.said = 0, now
	return out, true
}

// due is what has waited for its period to end, and forgets what has been quiet for one.
func (t *tally) due(now time.Time) []refusals {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []refusals
	for k, r := range t.kinds {
		if now.Sub(r.said) < refusedEvery {
			continue
		}
		if r.n == 0 {
			delete(t.kinds, k)
			continue
		}
		out = append(out, *r)
		r.n, r.said = 0, now
	}
	return out
}

// Refused counts n things that a device sent and the centre did not take. The log says so at once, and the
// rest when a minute has gone by. what names the last of them: a topic, a series. id is empty for a
// connection whose device is not known.
func (s *Service) Refused(ctx context.Context, id, reason, what string, n uint64) {
	if n == 0 {
		return
	}
	s.reg.mu.Lock()
	if e := s.reg.all[id]; e != nil {
		e.refused += n
	}
	s.reg.mu.Unlock()
	if r, ok := s.refused.add(kind{id, reason}, what, n, time.Now()); ok {
		s.sayRefused(ctx, r)
	}
}

func (s *Service) sayRefused(ctx context.Context, all ...refusals) {
	for _, r := range all {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "refused",
			slog.String("device", r.device), slog.String("reason", r.reason), slog.String("what", r.what), slog.Uint64("count", r.n))
	}
}
