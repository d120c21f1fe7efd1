package rollcall

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Window is hours of a day in which a plan calls. A window whose To is not after its From ends on the next day. At a
// fixed plan only From counts.
type Window struct {
	From  duty.Clock `json:"from"`
	To    duty.Clock `json:"to"`
	Count int        `json:"count"` // calls in it
}

// Plan calls by itself.
type Plan struct {
	ID       string        `json:"id"`
	OrgID    string        `json:"org_id"` // which calls
	Division string        `json:"division"`
	Name     string        `json:"name"`
	Kind     Kind          `json:"kind"`    // fixed or random
	Days     []int         `json:"days"`    // of the week, 1 Monday to 7; empty: all
	Windows  []Window      `json:"windows"` //
	Orgs     []string      `json:"orgs"`    // whom; empty: every desk below
	Tiers    []deadline.To `json:"tiers"`
	Minutes  int           `json:"minutes"` // to answer
	Active   bool          `json:"active"`
	ByName   string        `json:"by_name"`
	At       time.Time     `json:"at"` // of the last change
}

// gap is the least time between two drawn calls of a desk.
const gap = 15 * time.Minute

func (p Plan) validate() error {
	switch {
	case !errs.Name(p.Name, 64):
		return errs.Field("rollcall.name", "name", "1 to 64 characters on one line")
	case p.Kind != Fixed && p.Kind != Random:
		return errs.Field("rollcall.kind", "kind", "must be fixed or random")
	case len(p.Windows) == 0 || len(p.Windows) > 12:
		return errs.Field("rollcall.windows", "windows", "1 to 12")
	}
	for _, d := range p.Days {
		if d < 1 || d > 7 {
			return errs.Field("rollcall.days", "days", "1 Monday to 7 Sunday")
		}
	}
	for _, w := range p.Windows {
		if !w.From.Valid() || (p.Kind == Random && !w.To.Valid()) {
			return errs.Field("rollcall.windows", "windows", "times are like 22:30")
		}
		if p.Kind == Random && (w.Count < 1 || w.Count > 12) {
			return errs.Field("rollcall.windows", "windows", "1 to 12 calls in a window")
		}
		if from, to := w.span("2026-11-26", time.UTC); p.Kind == Random && to.Sub(from) < time.Duration(w.Count)*gap {
			return errs.Field("rollcall.windows", "windows", "a window is too short for its calls, which lie a quarter of an hour apart")
		}
	}
	return checkAsk(p.Tiers, p.Minutes)
}

func checkAsk(tiers []deadline.To, minutes int) error {
	if len(tiers) == 0 || slices.ContainsFunc(tiers, func(t deadline.To) bool { return t != deadline.Officer && t != deadline.Leader }) {
		return errs.Field("rollcall.tiers", "tiers", "officer, leader or both")
	}
	if minutes < 1 || minutes > 120 {
		return errs.Field("rollcall.minutes", "minutes", "must be 1 to 120")
	}
	return nil
}

func (w Window) span(d duty.Day, zone *time.Location) (from, to time.Time) {
	from, to = d.At(w.From, zone), d.At(w.To, zone)
	if !to.After(from) {
		to = d.Add(1).At(w.To, zone)
	}
	return from, to
}

// calls reports whether the plan calls on a day.
func (p Plan) calls(d duty.Day, zone *time.Location) bool {
	weekday := int(d.At("12:00", zone).Weekday())
	if weekday == 0 {
		weekday = 7
	}
	return p.Active && (len(p.Days) == 0 || slices.Contains(p.Days, weekday))
}

// draw is when the plan calls on a day, after an instant. random answers an even number below n.
func (p Plan) draw(d duty.Day, zone *time.Location, after time.Time, taken []time.Time, random func(n int64) int64) []time.Time {
	if !p.calls(d, zone) {
		return nil
	}
	var out []time.Time
	for _, w := range p.Windows {
		from, to := w.span(d, zone)
		if p.Kind == Fixed {
			if from.After(after) {
				out = append(out, from)
			}
			continue
		}
		if after.After(from) {
			from = after
		}
		out = append(out, spread(from, to, w.Count, append(slices.Clone(taken), out...), random)...)
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// spread draws n instants in a window, evenly among all ways to lay them a quarter of an hour apart from each other
// and from those that are taken. Where there is no room, fewer.
func spread(from, to time.Time, n int, taken []time.Time, random func(int64) int64) []time.Time {
	for ; n > 0; n-- {
		free := int64(to.Sub(from)/time.Second) - int64(n-1)*int64(gap/time.Second)
		if free <= 0 {
			continue
		}
		for range 200 {
			offsets := make([]int64, n)
			for i := range offsets {
				offsets[i] = random(free)
			}
			slices.Sort(offsets)
			out := make([]time.Time, n)
			for i, o := range offsets {
				out[i] = from.Add(time.Duration(o)*time.Second + time.Duration(i)*gap)
			}
			if !slices.ContainsFunc(out, func(t time.Time) bool {
				return slices.ContainsFunc(taken, func(o time.Time) bool { return t.Sub(o).Abs() < gap })
			}) {
				return out
			}
		}
	}
	return nil
}
