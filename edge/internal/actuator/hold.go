package actuator

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
)

// holds are the reasons for which an output is away from its safe state. The pure part: time is given.
type holds struct {
	until map[string]time.Time // by reason
	end   time.Time            // of the stretch: whatever the reasons, it is over then
}

// add holds the output for a reason, no longer than max_on from the beginning of the stretch.
func (h *holds) add(reason string, o *profile.Output, wanted time.Duration, now time.Time) {
	most := time.Duration(o.MaxOn)
	if wanted <= 0 || wanted > most {
		wanted = most
	}
	if h.until == nil {
		h.until, h.end = map[string]time.Time{}, now.Add(most)
	}
	h.until[reason] = earlier(now.Add(wanted), h.end)
}

// expire drops what is over and reports whether something was, and what is left.
func (h *holds) expire(now time.Time) (changed, active bool) {
	before := len(h.until)
	for reason, until := range h.until {
		if !now.Before(until) || !now.Before(h.end) {
			delete(h.until, reason)
		}
	}
	return len(h.until) != before, len(h.until) > 0
}

// last is when the output goes back at the latest; the zero time when it is not held.
func (h *holds) last() (out time.Time) {
	for _, until := range h.until {
		if until.After(out) {
			out = until
		}
	}
	return out
}

func (h *holds) reasons() []string {
	out := make([]string, 0, len(h.until))
	for reason := range h.until {
		out = append(out, reason)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// moment is a point of time that another run of the agent can compare with its own.
type moment struct {
	Wall int64  `json:"wall"` // Unix milliseconds
	Set  bool   `json:"set"`  // the clock was set
	Boot string `json:"boot"` // of the machine
	Up   int64  `json:"up"`   // milliseconds since that boot
}

// since is how much time has passed since an earlier moment. Within one boot of the machine that is sure;
// across two, only a clock that was set both times can say.
func (m moment) since(before moment) (time.Duration, bool) {
	passed := m.Wall - before.Wall
	known := m.Set && before.Set
	if m.Boot != "" && m.Boot == before.Boot {
		passed, known = m.Up-before.Up, true
	}
	return time.Duration(passed) * time.Millisecond, known && passed >= 0
}

// kept is how holds outlive the agent: what was left at a moment.
type kept struct {
	At   moment           `json:"at"`
	Left map[string]int64 `json:"left"` // milliseconds by reason
	End  int64            `json:"end"`  // milliseconds of the stretch
}

func (h *holds) keep(now time.Time, at moment) kept {
	k := kept{At: at, Left: map[string]int64{}, End: h.end.Sub(now).Milliseconds()}
	for reason, until := range h.until {
		k.Left[reason] = until.Sub(now).Milliseconds()
	}
	return k
}

// restore takes over what is left. Where nobody knows how much time has passed, nothing is.
func (k kept) restore(now time.Time, at moment, allowed func(reason string) bool) holds {
	passed, known := at.since(k.At)
	if !known {
		return holds{}
	}
	h := holds{until: map[string]time.Time{}, end: now.Add(time.Duration(k.End)*time.Millisecond - passed)}
	for reason, left := range k.Left {
		if allowed(reason) {
			h.until[reason] = now.Add(time.Duration(left)*time.Millisecond - passed)
		}
	}
	if _, active := h.expire(now); !active {
		return holds{}
	}
	return h
}
