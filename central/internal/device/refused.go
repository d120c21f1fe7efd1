package device

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/run"
)

// How refusals are said: each kind at once, then at most once in a period with what came meanwhile.
const (
	refusedEvery = time.Minute
	maxKinds     = 10_000 // of refusals that are remembered; beyond it all of a reason are one
	maxWhat      = 200    // bytes of what the refused thing is called
)

// kind is what refusals are counted by.
type kind struct{ device, reason string }

// tally counts what the centre has not taken.
type tally = run.Tally[kind]

// refusals are those of one kind that are not in the log yet; What is a topic, a series, an address.
type refusals = run.Counted[kind]

func newTally() *tally {
	return &tally{Every: refusedEvery, Most: maxKinds, Rest: func(k kind) kind { return kind{reason: k.reason} }}
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
	what = strings.ToValidUTF8(what[:min(len(what), maxWhat)], "")
	if r, ok := s.tally().Add(kind{id, reason}, what, n, time.Now()); ok {
		s.sayRefused(ctx, r)
	}
}

// tally is made at the first refusal: a Service is a literal.
func (s *Service) tally() *tally {
	s.refusedOnce.Do(func() { s.refused = newTally() })
	return s.refused
}

func (s *Service) sayRefused(ctx context.Context, all ...refusals) {
	for _, r := range all {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "refused",
			slog.String("device", r.Kind.device), slog.String("reason", r.Kind.reason), slog.String("what", r.What), slog.Uint64("count", r.N))
	}
}
