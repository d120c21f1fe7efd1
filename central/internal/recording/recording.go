// Package recording keeps pictures: what is recorded of which camera, where it lies, how long it is kept, and
// who looked at it. The desk and whoever writes a report replay what happened. Rules that must never break:
// what is held for an incident is not deleted, not even on a full disk; one moment of a stream is kept once;
// nobody looks at a recording without a trace.
package recording

import (
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Mode says when a stream is recorded.
type Mode string

// The modes.
const (
	Off     Mode = "off"    // only when somebody starts it
	Always  Mode = "always" // whatever happens
	OnAlarm Mode = "alarm"  // while something behind the same terminal alarms, and for a while after
)

// Policy is how one stream is recorded. The zero Policy records nothing by itself.
type Policy struct {
	Stream     string     `json:"stream"`
	Mode       Mode       `json:"mode" enum:"off,always,alarm"`
	KeepDays   int        `json:"keep_days"`       // older is deleted, unless it is held
	Mute       bool       `json:"mute"`            // sound is not recorded
	Until      *time.Time `json:"until,omitempty"` // recorded until then whatever the mode: somebody started it, or an alarm
	Since      *time.Time `json:"since,omitempty"` // of the mode
	Author     string     `json:"author,omitempty"`
	AuthorName string     `json:"author_name,omitempty"` // as it was then
}

// The bounds of a policy.
const (
	defaultDays = 30
	maxDays     = 3650
)

func (p Policy) check() error {
	switch {
	case p.Mode != Off && p.Mode != Always && p.Mode != OnAlarm:
		return errs.Field("recording.policy", "mode", "must be off, always or alarm")
	case p.KeepDays < 1 || p.KeepDays > maxDays:
		return errs.Field("recording.policy", "keep_days", "must be 1 to 3650")
	}
	return nil
}

// plain reports whether it says the same as none would.
func (p Policy) plain(now time.Time) bool {
	return p.Mode == Off && p.KeepDays == defaultDays && !p.Mute && p.Since == nil && !p.records(now)
}

// records reports whether the stream is to be recorded now.
func (p Policy) records(now time.Time) bool {
	return p.Mode == Always || (p.Until != nil && now.Before(*p.Until))
}

// Source says who recorded.
type Source string

// The sources.
const (
	Live Source = "live" // the centre, as it came over the network
	Edge Source = "edge" // the terminal, which sent it later
)

// Segment is a piece of a stream that is kept: what its file shows between From and To. The spans of a stream
// never overlap.
type Segment struct {
	ID     string    `json:"id"` // UUIDv7
	Stream string    `json:"stream"`
	Source Source    `json:"source" enum:"live,edge"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Film   time.Time `json:"film"` // moment at which the film in the file begins; its times count from here
	Bytes  int64     `json:"bytes"`
	Codec  string    `json:"codec"` // as RFC 6381 names it
	Width  int       `json:"width"`
	Height int       `json:"height"`
	Open   bool      `json:"open,omitempty"`                   // it is being recorded
	Sound  string    `json:"sound,omitempty" enum:"opus,flac"` // codec of the sound beside it; missing: none
	File   string    `json:"-"`                                // below the folder of recordings, or on the shelf
	Away   bool      `json:"away,omitempty"`                   // it lies on the shelf
}

// Span is a stretch of a timeline.
type Span struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Source Source    `json:"source" enum:"live,edge"`
}

// seam is how far two segments may be apart and still be one stretch.
const seam = 1500 * time.Millisecond

// spans joins segments, which are sorted by time, to stretches of one source within from ≤ t < to.
func spans(list []Segment, from, to time.Time) []Span {
	out := []Span{}
	for _, s := range list {
		a, b := later(s.From, from), earlier(s.To, to)
		if !a.Before(b) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Source == s.Source && a.Sub(out[n-1].To) <= seam {
			out[n-1].To = later(out[n-1].To, b)
			continue
		}
		out = append(out, Span{a, b, s.Source})
	}
	return out
}

// gaps is what is missing of from ≤ t < to in segments sorted by time, of at least a length.
func gaps(list []Segment, from, to time.Time, least time.Duration) []Span {
	out := []Span{}
	at := from
	add := func(until time.Time) {
		if until.Sub(at) >= least {
			out = append(out, Span{From: at, To: until})
		}
	}
	for _, s := range list {
		if s.To.After(at) {
			add(earlier(s.From, to))
			at = later(at, s.To)
		}
	}
	add(to)
	return out
}

// free is the first stretch of from ≤ t < to that no segment covers; ok is false when all is covered.
func free(list []Segment, from, to time.Time) (a, b time.Time, ok bool) {
	found := gaps(list, from, to, time.Millisecond)
	if len(found) == 0 {
		return a, b, false
	}
	return found[0].From, found[0].To, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Mark is a moment of a timeline that somebody may jump to.
type Mark struct {
	Stream  string    `json:"stream"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"alarm"`
	Ref     string    `json:"ref"` // id of the alarm
	Title   string    `json:"title"`
	TitleEN string    `json:"title_en"`
	Level   int       `json:"level"`
	Metres  *int      `json:"metres,omitempty"` // from the camera to what alarmed; missing: not known
}
