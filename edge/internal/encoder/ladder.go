package encoder

import "time"

const (
	// spare is what of an estimate a picture may take: sound, sensors and what is sent again need the rest.
	spare = 0.85
	// A step up is an attempt, because an estimate does not grow far beyond what is sent. One that fails within trial
	// is waited for twice as long the next time.
	firstHold = 20 * time.Second
	lastHold  = 5 * time.Minute
	trial     = 30 * time.Second
	settle    = 6 * time.Second // an estimate takes to follow what is sent
	// better is how far an estimate is above what is sent when the link carries more.
	better = 1.2
)

// ladder says at how many kbit/s to encode: down as soon as the link is too thin, up slowly and one step at a time.
type ladder struct {
	steps []int // falling
	at    int
	since time.Time // of this step, or of the last moment that had no room for the next
	up    time.Time // when the last step up was made
	hold  time.Duration
}

func newLadder(steps []int) *ladder { return &ladder{steps: steps, hold: firstHold} }

func (l *ladder) kbps() int { return l.steps[l.at] }

// take is told how many bits a second the link carries by its estimate, and how many were sent; it reports whether the
// step has changed.
func (l *ladder) take(bits, sent int, now time.Time) bool {
	if l.since.IsZero() {
		l.since = now
	}
	room, least := int(spare*float64(bits)/1000), l.kbps()
	if !l.up.IsZero() && now.Sub(l.up) < settle {
		least = l.steps[l.at+1]
	}
	// A quiet scene sends little, and the estimate is not far above that: it says nothing against the step.
	carries := float64(bits) >= better*float64(sent)
	if room < least && !carries {
		return l.down(room, now)
	}
	if !l.up.IsZero() && now.Sub(l.up) >= trial {
		l.hold, l.up = firstHold, time.Time{}
	}
	if l.at == 0 || now.Sub(l.since) < l.hold || !carries {
		return false
	}
	l.at--
	l.since, l.up = now, now
	return true
}

func (l *ladder) down(room int, now time.Time) bool {
	before := l.at
	for l.at < len(l.steps)-1 && room < l.steps[l.at] {
		l.at++
	}
	if !l.up.IsZero() && now.Sub(l.up) < trial {
		l.hold = min(2*l.hold, lastHold)
	}
	l.since, l.up = now, time.Time{}
	return l.at != before
}
