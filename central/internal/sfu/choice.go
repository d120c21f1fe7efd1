package sfu

import (
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/central/internal/sfu/layer"
	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	// subWithin is how long a camera's smaller picture is waited for; without one after it the camera counts as having
	// none for a while.
	subWithin = 8 * time.Second
	// subOpens is how long it is waited for while its publisher is there and something else is shown: cameras have key frames
	// 12 s apart, and a terminal sends nothing before one.
	subOpens = 30 * time.Second
	subAgain = 2 * time.Minute
	// catchUp is how much of the past a viewer on a narrow way gets when it goes over to another picture.
	catchUp = 0.8 // seconds
	// catchUpIn is how long it has for that: what it misses meanwhile is of what was sent before.
	catchUpIn = 1500 * time.Millisecond
)

// choice is how much of a stream a lane sends. It is guarded by the lane's lock.
type choice struct {
	wish    video.Wish
	session string
	want    video.Layer  // decided
	since   time.Time    // of that
	takes   atomic.Int64 // bits a second of that
	on      *source      // what is read from: the stream, or its smaller picture
	going   *source      // what is to be read from at its next key frame; nil: the same
	moved   time.Time    // it went over to what it reads from
	dirty   bool         // something of this is not done yet
	told    video.Layer  // as last told
}

// input is what the chooser needs of the lane.
func (l *lane) input(now time.Time) layer.Lane {
	l.mu.Lock()
	src, wish, want := l.src, l.wish, l.want
	l.mu.Unlock()
	in := layer.Lane{Wish: wish.Layer, Pinned: wish.Pinned, Now: want}
	in.Main, in.Sub, in.Thin, in.HasSub = src.costs(now)
	return in
}

// choose takes a decision, for a layer that takes so many bits a second. The writer carries it out.
func (l *lane) choose(want video.Layer, takes int) {
	l.takes.Store(int64(takes))
	l.mu.Lock()
	r := l.reader
	changed := want != l.want
	if changed {
		l.want, l.since, l.dirty = want, time.Now(), true
	}
	stir := l.dirty && r != nil
	l.mu.Unlock()
	if stir {
		r.Stir()
	}
}

// begin takes the first decision for what is shown now. The caller holds the lock.
func (l *lane) begin(first video.Layer) {
	l.want, l.since = first, time.Now()
	l.on = l.target()
	l.on.wanted(1)
	l.going, l.dirty = nil, true
}

// target is what a lane reads from to send what was decided: key frames are those of the smaller picture, where there
// is one. The caller holds the lock.
func (l *lane) target() *source {
	if l.want != video.LayerMain {
		if sub := l.src.smaller(time.Now()); sub != nil {
			return sub
		}
	}
	return l.src
}

// end lets go of what was read from.
func (l *lane) end() {
	l.pulse.remove(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on.wanted(-1)
	if l.going != nil {
		l.going.wanted(-1)
	}
	l.going = nil
}

// turn carries out what was decided, as far as that is possible now, and returns what is sent.
func (l *lane) turn(r *ring.Reader, now time.Time) video.Layer {
	l.mu.Lock()
	if !l.dirty {
		defer l.mu.Unlock()
		return l.told
	}
	to := l.target()
	l.goTo(to)
	mode := ring.Whole
	switch l.want {
	case video.LayerThin:
		mode = ring.Keys
	case video.LayerPause:
		mode = ring.Nothing
	case video.LayerMain, video.LayerSub:
	}
	bits := l.pulse.limit.Load()
	if l.going != nil {
		most := 1 << 30
		if bits > 0 {
			most = past(bits)
		}
		switch {
		case to.log.Fresh(most, now):
			r.Move(to.log)
			l.on.wanted(-1)
			l.on, l.going, l.moved = to, nil, now
		case to != l.src && to.overdue(now.Sub(l.since), now):
			l.src.lacks(now)
		case bits > 0 && to != l.src && mode == ring.Whole:
			mode = ring.Keys // until the smaller picture is there: all of the large one does not get through
		}
	} else if to != l.src && now.Sub(l.since) > subWithin && !to.fresh(now) {
		l.src.lacks(now)
	}
	r.Turn(mode)
	sent := l.sends(mode)
	l.dirty = l.going != nil || l.on != l.src && !l.on.fresh(now)
	changed := sent != l.told
	l.told = sent
	var news video.Sent
	if changed {
		news = l.state()
	}
	l.mu.Unlock()
	if changed {
		l.sfu.changed(video.Change{Stream: news.Stream, Sent: &news})
	}
	return sent
}

// past is how many bytes of the past a viewer gets over a way that carries so much.
func past(bits int64) int { return int(catchUp * float64(bits) / 8) }

// goTo makes a source the one to go over to. The caller holds the lock.
func (l *lane) goTo(to *source) {
	if to == l.going || (to == l.on && l.going == nil) {
		return
	}
	if l.going != nil {
		l.going.wanted(-1)
		l.going = nil
	}
	if to != l.on {
		to.wanted(1)
		l.going = to
	}
}

// sends is what a lane sends in a mode. The caller holds the lock.
func (l *lane) sends(mode ring.Mode) video.Layer {
	switch {
	case mode == ring.Nothing:
		return video.LayerPause
	case mode == ring.Keys:
		return video.LayerThin
	case l.on != l.src:
		return video.LayerSub
	}
	return video.LayerMain
}

// state is what the viewer gets. The caller holds the lock.
func (l *lane) state() video.Sent {
	has := l.src.smaller(time.Now()) != nil
	s := video.Sent{
		Session: l.session, Stream: l.src.name, Layer: l.told, Wish: l.wish.Layer, Pinned: l.wish.Pinned, HasSub: has, Why: video.WhyLink,
	}
	switch {
	case l.wish.Pinned && l.told == l.wish.Layer:
		s.Why = video.WhyPinned
	case l.told == l.wish.Layer:
		s.Why = video.WhyWished
	case l.told == video.LayerMain && !has:
		s.Why = video.WhyNoSub
	case l.told == video.LayerMain || l.told == video.LayerSub && l.wish.Layer == video.LayerMain && l.want == video.LayerMain:
		s.Why = video.WhyWished // it is about to change
	}
	return s
}

// sent is what the viewer gets now; shows is false while nothing was shown yet.
func (l *lane) sent() (s video.Sent, shows bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.src == nil {
		return video.Sent{}, false
	}
	return l.state(), true
}

// wishFirst is what the viewer wants of the stream that is shown next.
func (l *lane) wishFirst(w video.Wish) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wish = w
}

func (l *lane) wished() video.Wish {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wish
}

// wishes changes what the viewer wants.
func (l *lane) wishes(w video.Wish) {
	l.mu.Lock()
	l.wish, l.dirty = w.Or(), true
	l.told = "" // the reason may be another one
	r := l.reader
	l.mu.Unlock()
	l.pulse.step(time.Now())
	if r != nil {
		r.Stir()
	}
}
