// Package maintenance is when somebody works on a device, a terminal, a class of devices or a rule. What they
// set off meanwhile is recorded and shown, and rings nobody. Rule that must never break: a window silences and
// never hides, and every window has an end.
package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Target says what a window lies over.
type Target string

// The targets.
const (
	Device   Target = "device"   // one device
	Terminal Target = "terminal" // a terminal and what is behind it
	Class    Target = "class"    // a class of devices in a division and below
	Rule     Target = "rule"     // a rule in a division and below
)

// State is where a window stands.
type State string

// The states.
const (
	Now    State = "now"
	Coming State = "coming"
	Past   State = "past"
)

// Window is one planned piece of work. Without Weekly it happens once, from From to To; with it, every week
// between the two.
type Window struct {
	ID            string     `json:"id"`
	Target        Target     `json:"target"`
	Subject       string     `json:"subject"`  // device, terminal, class or rule
	Division      string     `json:"division"` // of the device; where a class or a rule is meant
	From          time.Time  `json:"from"`
	To            time.Time  `json:"to"`
	Weekly        *Weekly    `json:"weekly,omitempty"`
	Reason        string     `json:"reason"`
	Critical      bool       `json:"critical"`          // what it silences was confirmed a second time
	Changed       *Span      `json:"changed,omitempty"` // the time of a weekly one that was ended early or extended, as it became
	CreatedAt     time.Time  `json:"created_at"`
	CreatedBy     string     `json:"created_by"`
	CreatedByName string     `json:"created_by_name"`
	EndedAt       *time.Time `json:"ended_at,omitempty"` // ended early or cancelled
	EndedBy       string     `json:"ended_by,omitempty"`
	EndedByName   string     `json:"ended_by_name,omitempty"`
	ConfirmedAt   *time.Time `json:"confirmed_at,omitempty"` // when somebody looked at it again and let it hold
	ConfirmedBy   string     `json:"confirmed_by_name,omitempty"`
	UpdatedAt     time.Time  `json:"updated_at"`
	Allowed       Allowed    `json:"-"` // what it may exceed, as confirmed

	// State and Span are those of the moment of the answer; a past window has no span.
	State State `json:"state"`
	Span  *Span `json:"span,omitempty"`
	// Needs is why somebody has to confirm it; until then it does not hold, or not for what Withheld counts.
	Needs    []Need    `json:"needs,omitempty" enum:"critical,break,length,repeat"`
	Withheld *Withheld `json:"withheld,omitempty"`
}

// Need is why a stored window wants to be confirmed.
type Need string

// The needs.
const (
	NeedCritical Need = "critical" // it lies over what nobody confirmed it for: that rings
	NeedBreak    Need = "break"    // a weekly one that leaves too little time between its times: it does not hold
	NeedLength   Need = "length"   // a weekly one whose times are too long: likewise
	NeedRepeat   Need = "repeat"   // a weekly one that goes on for too long: likewise
)

// Withheld counts what rings although a window lies over it.
type Withheld struct {
	Devices int      `json:"devices"`
	Classes []string `json:"classes"`
}

// Weekly is a repetition by the clock of China (UTC+8, without summer time since 1991).
type Weekly struct {
	Days    []int  `json:"days"` // 1 Monday to 7 Sunday
	At      string `json:"at"`   // HH:MM
	Minutes int    `json:"minutes"`
}

// Span is one time of a window: From ≤ t < To.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Cover is what an alarm says of the window that lies over it.
type Cover struct {
	Window string    `json:"window"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	Reason string    `json:"reason"`
}

// Limits bound what may be silenced, by configuration.
type Limits struct {
	MaxHours   int      `json:"max_hours"`   // from now, or of one time of a weekly window
	RepeatDays int      `json:"repeat_days"` // from the first to the last time of a weekly window
	BreakHours int      `json:"break_hours"` // least time between two times of a weekly window
	Critical   []string `json:"critical"`    // classes that are silenced on a second confirmation only
}

// Allowed is the limits that stood when a window was confirmed; zero when nobody did.
type Allowed struct{ BreakHours, MaxHours, RepeatDays int }

// next is the time of the window that holds at now, or the first after it.
func (w *Window) next(now time.Time) (Span, bool) {
	if w.EndedAt != nil {
		return Span{}, false
	}
	if w.Weekly == nil {
		return Span{w.From, w.To}, now.Before(w.To)
	}
	if c := w.Changed; c != nil && !now.Before(c.From) && now.Before(c.To) {
		return *c, true
	}
	length := time.Duration(w.Weekly.Minutes) * time.Minute
	first := now
	if w.From.After(now) {
		first = w.From
	}
	var hour, minute int
	if _, err := fmt.Sscanf(w.Weekly.At, "%d:%d", &hour, &minute); err != nil {
		return Span{}, false
	}
	back := w.Weekly.Minutes/(24*60) + 1
	day := first.In(event.China())
	for n := -back; n <= 7; n++ {
		from := time.Date(day.Year(), day.Month(), day.Day()+n, hour, minute, 0, 0, event.China()).UTC()
		to := from.Add(length)
		if to.After(w.To) {
			to = w.To
		}
		if w.Changed != nil && from.Equal(w.Changed.From) {
			to = w.Changed.To
		}
		switch {
		case !slices.Contains(w.Weekly.Days, (int(from.In(event.China()).Weekday())+6)%7+1):
		case from.Before(w.From) || !from.Before(w.To) || !now.Before(to):
		default:
			return Span{from, to}, true
		}
	}
	return Span{}, false
}

// at fills State and Span for a moment.
func (w Window) at(now time.Time) Window {
	w.State, w.Span = Past, nil
	if s, ok := w.next(now); ok {
		w.State, w.Span = Coming, &s
		if !now.Before(s.From) {
			w.State = Now
		}
	}
	return w
}

// over reports whether the window is about a rule on a device, whatever the time; without a rule about the
// device itself.
func (w *Window) over(d *device.Device, rule string) bool {
	within := geo.Division(w.Division).Covers(geo.Division(d.Division))
	switch w.Target {
	case Device:
		return d.ID == w.Subject
	case Terminal:
		return d.ID == w.Subject || (d.Parent == w.Subject && d.Parent != "")
	case Class:
		return d.Class == w.Subject && within
	case Rule:
		return rule != "" && rule == w.Subject && within
	}
	return false
}

// VisibleTo reports whether the actor may see the window: it lies in what they may see, or over it.
func (w *Window) VisibleTo(who actor.Actor) bool {
	return who.Meets(w.Division)
}

// maxReason is the longest reason, in characters.
const maxReason = 500

// check says what is wrong with the times of a new window.
func (w *Window) check(l Limits, now time.Time) error {
	bad := func(field, format string, args ...any) error {
		return errs.Field("maintenance.window", field, fmt.Sprintf(format, args...))
	}
	most := time.Duration(l.MaxHours) * time.Hour
	switch {
	case !w.From.Before(w.To):
		return bad("to", "must be after from")
	case !w.To.After(now):
		return bad("to", "must lie ahead")
	case w.Weekly == nil && w.To.Sub(w.From) > most:
		return bad("to", "at most %d hours after from", l.MaxHours)
	case w.Weekly == nil:
		return nil
	case w.To.Sub(w.From) > time.Duration(l.RepeatDays)*24*time.Hour:
		return bad("to", "a weekly window ends within %d days", l.RepeatDays)
	case w.Weekly.Minutes < 1 || time.Duration(w.Weekly.Minutes)*time.Minute > most:
		return bad("weekly.minutes", "must be 1 to %d", l.MaxHours*60)
	case len(w.Weekly.Days) == 0 || slices.ContainsFunc(w.Weekly.Days, func(d int) bool { return d < 1 || d > 7 }):
		return bad("weekly.days", "at least one, 1 Monday to 7 Sunday")
	}
	if _, err := time.Parse("15:04", w.Weekly.At); err != nil || len(w.Weekly.At) != len("15:04") {
		return bad("weekly.at", "must be a time of day like 09:30")
	}
	slices.Sort(w.Weekly.Days)
	w.Weekly.Days = slices.Compact(w.Weekly.Days)
	if gap := w.Weekly.gap(); gap < time.Duration(l.BreakHours)*time.Hour {
		return bad("weekly.minutes", "leave %d hours between two times, in which alarms ring; these leave %d minutes", l.BreakHours, max(0, int(gap.Minutes())))
	}
	if _, ok := w.next(now); !ok {
		return bad("weekly.days", "none of these days lies between from and to")
	}
	return nil
}

// beyond says which limits a weekly window does not keep: it was stored before they were, or they were others. One
// that was confirmed is held to those that became stricter since.
func (w *Window) beyond(l Limits) (needs []Need) {
	if w.Weekly == nil {
		return nil
	}
	ok := w.Allowed
	if w.Weekly.gap() < time.Duration(l.BreakHours)*time.Hour && l.BreakHours > ok.BreakHours {
		needs = append(needs, NeedBreak)
	}
	if w.Weekly.Minutes > l.MaxHours*60 && (ok.MaxHours == 0 || l.MaxHours < ok.MaxHours) {
		needs = append(needs, NeedLength)
	}
	if w.To.Sub(w.From) > time.Duration(l.RepeatDays)*24*time.Hour && (ok.RepeatDays == 0 || l.RepeatDays < ok.RepeatDays) {
		needs = append(needs, NeedRepeat)
	}
	return needs
}

// gap is the least time between the end of one time and the begin of the next; negative when they overlap.
func (w *Weekly) gap() time.Duration {
	least := 7
	for i, day := range w.Days {
		after := w.Days[(i+1)%len(w.Days)] - day
		if after <= 0 {
			after += 7
		}
		least = min(least, after)
	}
	return time.Duration(least)*24*time.Hour - time.Duration(w.Minutes)*time.Minute
}

// aim checks what the window lies over as far as that needs nobody else.
func (w *Window) aim() error {
	w.Subject = strings.TrimSpace(w.Subject)
	if !wire.ValidID(w.Subject) {
		return errs.Field("maintenance.window", "subject", "name a device, terminal, class or rule")
	}
	switch w.Target {
	case Device, Terminal:
		return nil
	case Class, Rule:
		if !geo.Division(w.Division).Valid() {
			return errs.Field("maintenance.window", "division", "say where: a division code (GB/T 2260)")
		}
		return nil
	}
	return errs.Field("maintenance.window", "target", "must be device, terminal, class or rule")
}
