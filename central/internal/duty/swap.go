package duty

import (
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// SwapState is how far a swap has come.
type SwapState string

// The states. Requested waits for the other person, Agreed for somebody who may approve.
const (
	Requested SwapState = "requested"
	Agreed    SwapState = "agreed"
	Approved  SwapState = "approved"
	Refused   SwapState = "refused"
	Withdrawn SwapState = "withdrawn"
)

// Swap is a shift that passes from one person to another, with or without one in return.
type Swap struct {
	ID         string     `json:"id"`
	OrgID      string     `json:"org_id"`
	State      SwapState  `json:"state"`
	Cell       Key        `json:"cell"`
	FromID     string     `json:"from_id"`
	FromName   string     `json:"from_name"`
	ToID       string     `json:"to_id"`
	ToName     string     `json:"to_name"`
	Return     *Key       `json:"return,omitempty"` // the shift of the other that is taken for it
	Note       string     `json:"note"`
	ByName     string     `json:"by_name"` // who asked: one of the two, or somebody for them
	CreatedAt  time.Time  `json:"created_at"`
	AgreedBy   string     `json:"agreed_by,omitempty"`
	AgreedAt   *time.Time `json:"agreed_at,omitempty"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	StartsAt   time.Time  `json:"starts_at"` // of the first of the two shifts
	CellName   string     `json:"cell_name"` // post and watch, for those who read the list
	ReturnName string     `json:"return_name,omitempty"`
}

// gives is who holds the cell after the swap; ok is false when the swap has nothing to do with it, or when
// somebody else holds it by now.
func (w Swap) gives(k Key, person string) (string, bool) {
	switch {
	case k == w.Cell && person == w.FromID:
		return w.ToID, true
	case w.Return != nil && k == *w.Return && person == w.ToID:
		return w.FromID, true
	}
	return "", false
}

// move is the swap after a step. Each step is possible from some states only, and none after the first of
// the shifts has begun.
func (w Swap) move(to SwapState, by, reason string, at time.Time) (Swap, error) {
	allowed := map[SwapState][]SwapState{
		Agreed:    {Requested},
		Approved:  {Agreed},
		Refused:   {Requested, Agreed},
		Withdrawn: {Requested, Agreed, Approved},
	}
	ok := false
	for _, from := range allowed[to] {
		ok = ok || w.State == from
	}
	if !ok {
		return w, errs.E(errs.Conflict, "duty.swap_state", "the swap is %s and cannot become %s", w.State, to)
	}
	if !w.StartsAt.After(at) && (to == Agreed || to == Approved || w.State == Approved) {
		return w, errs.E(errs.Conflict, "duty.begun", "the shift has begun; use a take-over")
	}
	w.State = to
	if to == Agreed {
		w.AgreedBy, w.AgreedAt = by, &at
		return w, nil
	}
	w.DecidedBy, w.DecidedAt, w.Reason = by, &at, reason
	return w, nil
}

// Takeover is somebody who stepped in while a shift ran. It takes effect at once.
type Takeover struct {
	ID       string     `json:"id"`
	OrgID    string     `json:"org_id"`
	Cell     Key        `json:"cell"`
	FromID   string     `json:"from_id"` // empty: the post stood empty
	FromName string     `json:"from_name"`
	ToID     string     `json:"to_id"`
	ToName   string     `json:"to_name"`
	Reason   string     `json:"reason"`
	ByName   string     `json:"by_name"`
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until,omitempty"` // handed back
}

// holds reports whether the take-over is in effect.
func (t Takeover) holds(at time.Time) bool {
	return !at.Before(t.At) && (t.Until == nil || at.Before(*t.Until))
}

// Holding is who holds a cell at an instant.
type Holding struct {
	Shift
	Takeover *Takeover `json:"takeover,omitempty"` // by which the holder is not the one of the roster
}

// OnDuty is who is on duty at an instant, gaps included: the cells that run, each with the newest take-over
// in effect over it. Both lists may hold more than that instant.
func OnDuty(shifts []Shift, takeovers []Takeover, at time.Time) []Holding {
	out := []Holding{}
	for _, s := range shifts {
		if at.Before(s.StartsAt) || !at.Before(s.EndsAt) {
			continue
		}
		h := Holding{Shift: s}
		for i := range takeovers {
			t := takeovers[i]
			if t.Cell == s.Key && t.holds(at) && (h.Takeover == nil || t.At.After(h.Takeover.At)) {
				h.Takeover = &t
			}
		}
		if h.Takeover != nil {
			h.PersonID, h.PersonName = h.Takeover.ToID, h.Takeover.ToName
		}
		out = append(out, h)
	}
	return out
}
