package api

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// What a browser says over the live view: whether it rings for alarms now, and that it takes the next part of a
// snapshot. It says whether it rings again with each message of the centre, so that a page that hangs counts no longer.
const (
	sayHears = "hears"
	sayDeaf  = "deaf"
	sayMore  = "more"
)

// hear takes what a browser has said; other words are passed over.
func (l *live) hear(v *view, said string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := v.hears(at)
	switch said {
	case sayHears:
		v.heard = at
	case sayDeaf:
		v.heard = time.Time{}
	}
	if v.hears(at) != before {
		l.tell()
	}
}

// tell lets every view look whether the desks are others. Called with the lock.
func (l *live) tell() {
	for v := range l.open {
		select {
		case v.told <- struct{}{}:
		default:
		}
	}
}

// hears reports whether somebody sits before the view who hears alarms and can take them. Called with the lock.
func (v *view) hears(now time.Time) bool {
	return v.cred.cookie && v.who.Can(actor.AlarmRead) && v.who.Can(actor.AlarmAck) && !v.heard.IsZero() && now.Sub(v.heard) < liveDeaf
}

// desks are the divisions, of those that the actor sees, at which somebody hears alarms.
func (l *live) desks(who actor.Actor, now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []string{}
	for v := range l.open {
		if d := v.who.DivisionCode; v.hears(now) && who.Sees(d) && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}
