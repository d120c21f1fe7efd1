// Package layer decides how much of each picture goes to a viewer: all of it, the camera's smaller picture, key
// frames alone, or nothing for a while. The router uses it. Rules that must never break: less comes at once and only
// on a sign of congestion, more comes slowly and one step at a time, and what a viewer has pinned stays.
package layer

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	// patient is how long a way must be good before more is tried.
	patient = 4 * time.Second
	// again is how soon more is tried after a try that failed: one goes up in steps and ends at the first that does not
	// get through, so that it costs the viewer nothing. The longer all have failed the later the next one comes, by this
	// part of that time, for what was narrow for minutes will not be good in the next seconds; and never later than rarely.
	again     = 8 * time.Second
	againPart = 6
	rarely    = 30 * time.Second
	// wary is how long nothing is tried after a step up that was wrong, which the viewer sees; each further one doubles
	// it.
	wary     = 20 * time.Second
	mostWary = 80 * time.Second
	// relapse is how soon after a step up a sign of congestion means that the step was wrong.
	relapse = 10 * time.Second
	// forgive is how long all must go well until a limit is forgotten.
	forgive = 30 * time.Second
	room    = 1.05 // more than a step needs; packets of nothing need more of the way than pictures do
	// alone is within what time a second sign of congestion is needed to give up a smaller picture that nearly fits:
	// one may be of a burst, and no more than is sent is ever found to get through.
	alone  = 5 * time.Second
	nearly = 0.8
)

// Lane is one picture on the way to the viewer.
type Lane struct {
	Wish   video.Layer // the most that is wanted: Main or Sub, or what is pinned
	Pinned bool
	HasSub bool

	Main, Sub, Thin int // bits a second that each takes
	Now             video.Layer
}

// top is the most that the lane can get of what it wishes: where there is no smaller picture, it is the large one.
func (l *Lane) top() video.Layer {
	if l.Wish == video.LayerSub && !l.HasSub {
		return video.LayerMain
	}
	return l.Wish
}

// Takes is the bits a second of a layer.
func (l *Lane) Takes(of video.Layer) int {
	switch of {
	case video.LayerMain:
		return l.Main
	case video.LayerSub:
		return l.Sub
	case video.LayerThin:
		return l.Thin
	case video.LayerPause:
	}
	return 0
}

// up is the next layer above one.
func (l *Lane) up(from video.Layer) video.Layer {
	switch {
	case from == video.LayerPause && !l.HasSub, from == video.LayerPause && l.Thin <= l.Sub:
		return video.LayerThin
	case from == video.LayerPause, from == video.LayerThin && l.HasSub:
		return video.LayerSub
	}
	return video.LayerMain
}

// rank orders the layers.
func rank(l video.Layer) int {
	return slices.Index([]video.Layer{video.LayerPause, video.LayerThin, video.LayerSub, video.LayerMain}, l)
}

// Way is what is known of the way to the viewer.
type Way struct {
	Bits   int  // a second; 0: no limit is known
	Bad    int  // signs of congestion so far
	Probes bool // it can be measured beforehand whether more fits
}

// Chooser decides for the lanes of one connection. Time is an argument.
type Chooser struct {
	bad     int
	fell    time.Time
	changed time.Time // last step up
	wait    time.Duration
	tried   time.Time
	failing time.Time // first try of those that failed in a row; zero: the last one did not
	signed  time.Time // last sign of congestion
}

// Outcome is what is to be done.
type Outcome struct {
	Layers []video.Layer // of each lane
	Fell   bool          // less is sent from now on
	Probe  int           // bits a second that are to be tried; 0: none
	Free   bool          // the limit may be forgotten
}

// Probed tells how a probe ended.
func (c *Chooser) Probed(passed bool, now time.Time) {
	if passed {
		c.tried, c.failing = time.Time{}, time.Time{}
		return
	}
	if c.failing.IsZero() {
		c.failing = now
	}
	c.tried = now
}

// rest is how long nothing is tried after a try that failed.
func (c *Chooser) rest() time.Duration {
	if c.failing.IsZero() {
		return 0
	}
	return min(max(c.tried.Sub(c.failing)/againPart, again), rarely)
}

// warn lets more be tried later each time.
func (c *Chooser) warn() {
	if c.wait < wary {
		c.wait = wary
		return
	}
	c.wait = min(2*c.wait, mostWary)
}

// Step decides.
func (c *Chooser) Step(now time.Time, way Way, lanes []Lane) Outcome {
	out := Outcome{Layers: make([]video.Layer, len(lanes))}
	for i := range lanes {
		out.Layers[i] = lanes[i].Now
		if top := lanes[i].top(); lanes[i].Pinned || rank(out.Layers[i]) > rank(top) || way.Bits == 0 {
			out.Layers[i] = top
		}
	}
	if way.Bad > c.bad {
		c.fall(now, way, lanes, &out)
		return out
	}
	c.bad = way.Bad
	if way.Bits == 0 {
		return out
	}
	at := next(lanes, out.Layers)
	if at < 0 {
		if now.Sub(c.fell) > forgive && now.Sub(c.changed) > forgive {
			c.wait, out.Free = 0, true
		}
		return out
	}
	last := c.fell
	for _, t := range []time.Time{c.changed, c.tried} {
		if t.After(last) {
			last = t
		}
	}
	if now.Sub(last) < max(c.wait, patient) || now.Sub(c.tried) < c.rest() {
		return out
	}
	higher := slices.Clone(out.Layers)
	higher[at] = lanes[at].up(higher[at])
	need := int(room * float64(sum(lanes, higher)))
	switch {
	case way.Bits >= need, !way.Probes:
		out.Layers = higher
		c.changed = now
	default:
		out.Probe = need
		c.tried = now
	}
	return out
}

// fall gives the lanes what fits.
func (c *Chooser) fall(now time.Time, way Way, lanes []Lane, out *Outcome) {
	c.bad = way.Bad
	if !c.changed.IsZero() && now.Sub(c.changed) < relapse {
		c.warn()
		c.changed = time.Time{} // it is one step that was wrong
	}
	first := now.Sub(c.signed) > alone
	c.signed = now
	if first && !slices.Contains(out.Layers, video.LayerMain) && float64(way.Bits) >= nearly*float64(sum(lanes, out.Layers)) {
		return
	}
	c.fell = now
	fits := Share(way.Bits, lanes)
	for i := range lanes {
		if !lanes[i].Pinned && rank(fits[i]) < rank(out.Layers[i]) {
			out.Layers[i], out.Fell = fits[i], true
		}
	}
}

// Share gives each lane as much as fits: first something to each, then more; who wishes the large picture first.
func Share(bits int, lanes []Lane) []video.Layer {
	got := make([]video.Layer, len(lanes))
	for i := range got {
		got[i] = video.LayerPause
		if lanes[i].Pinned {
			got[i] = lanes[i].top()
		}
	}
	for range 3 { // steps that there are
		for _, i := range order(lanes) {
			if lanes[i].Pinned || rank(got[i]) >= rank(lanes[i].top()) {
				continue
			}
			before := got[i]
			for got[i] = lanes[i].up(before); rank(got[i]) < rank(lanes[i].top()) && sum(lanes, got) > bits; {
				got[i] = lanes[i].up(got[i]) // one above may cost less than one below
			}
			if rank(got[i]) > rank(lanes[i].top()) || sum(lanes, got) > bits {
				got[i] = before
			}
		}
	}
	return got
}

// order is the lanes with those first that wish the large picture.
func order(lanes []Lane) []int {
	at := make([]int, len(lanes))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return rank(lanes[b].Wish) - rank(lanes[a].Wish) })
	return at
}

// next is the lane that gets more first: the one that has least, -1: all have what they wish.
func next(lanes []Lane, got []video.Layer) int {
	at := -1
	for _, i := range order(lanes) {
		if !lanes[i].Pinned && rank(got[i]) < rank(lanes[i].top()) && (at < 0 || rank(got[i]) < rank(got[at])) {
			at = i
		}
	}
	return at
}

func sum(lanes []Lane, got []video.Layer) int {
	bits := 0
	for i := range lanes {
		bits += lanes[i].Takes(got[i])
	}
	return bits
}
