package sfu

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/sfu/h264"
	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/shared/film"
)

// Tap hands over the pictures of a stream, from its last key frame on, until ctx ends; the stream may begin
// later, and come and go. With since nothing of before comes, neither what a terminal that had the camera open sends of its
// past when it begins: a key frame is asked for until there is one of after. take is called from one goroutine; one that is
// slow loses pictures up to the next key frame and holds up nobody. tick is called about once a second between two
// pictures. Tap returns when ctx has ended. hear is given the sound beside the pictures, from the same goroutine; nil
// wants none.
func (s *SFU) Tap(ctx context.Context, stream string, since time.Time, take func(film.Frame), hear func(film.Sound), tick func(time.Time)) error {
	src, err := s.source(stream)
	if err != nil {
		return err
	}
	src.tapped(1)
	defer src.tapped(-1)
	stop := context.AfterFunc(ctx, src.log.Wake)
	defer stop()
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	wake := make(chan struct{})
	go func() { // a log without entries wakes nobody, and what was taken must not wait for the next picture
		defer close(wake)
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				src.log.Wake()
			}
		}
	}()
	defer func() { <-wake }()
	var ear chan sample
	if hear != nil {
		var end func()
		ear, end = src.sound.listen()
		defer end()
	}
	t := &tap{reader: ring.NewTap(src.log), take: take, since: since, first: true}
	told := time.Now()
	t.ask(src, told)
	for ctx.Err() == nil {
		if !t.read() {
			t.reader.WaitOnce(ctx)
		}
		listen(ear, hear)
		if now := time.Now(); now.Sub(told) >= time.Second {
			told = now
			t.ask(src, now)
			tick(now)
		}
	}
	return nil
}

// listen hands over the sound that is there.
func listen(ear chan sample, hear func(film.Sound)) {
	for {
		select {
		case one := <-ear:
			hear(film.Sound{Codec: one.codec, Time: one.time, At: one.at, From: one.from, Data: one.payload})
		default:
			return
		}
	}
}

type tap struct {
	reader *ring.Tap
	parts  h264.Assembler
	take   func(film.Frame)
	since  time.Time
	first  bool
	held   *film.Frame // the first, until what follows says whether it is of the present
	at     time.Time   // of the first packet of the picture
	time   uint32
	seen   bool
}

// ask asks for a key frame while none has come since then. Browsers send one on demand only, be it for minutes.
func (t *tap) ask(src *source, now time.Time) {
	if t.first && !t.since.IsZero() {
		src.needKey(now)
	}
}

// read takes what is there; it reports whether there was anything.
func (t *tap) read() bool {
	e, lost, ok := t.reader.Next()
	if !ok {
		return false
	}
	if lost || e.Gap {
		t.parts.Lost()
	}
	if e.Gap {
		return true
	}
	began := t.at
	if !t.seen || e.Time != t.time {
		t.release(e.Past)
		t.at, t.time, t.seen = e.At, e.Time, true
	}
	p, whole := t.parts.Push(e.Payload, e.Time, e.Marker)
	if !whole {
		return true
	}
	at := t.at
	if p.Time != e.Time {
		at = began
	}
	if t.first && (!p.Key || at.Before(t.since)) {
		return true
	}
	f := film.Frame{Units: p.Units, Time: p.Time, At: at, Key: p.Key, First: t.first}
	if t.first && !t.since.IsZero() {
		t.held = &f
		return true
	}
	t.take(f)
	t.first = false
	return true
}

// release hands over the picture that was held; past says that the next one is sent again, so that this one was too.
func (t *tap) release(past bool) {
	if t.held == nil {
		return
	}
	if !past {
		t.take(*t.held)
		t.first = false
	}
	t.held = nil
}

// tapped counts recorders: a stream that has one is kept while nobody watches.
func (s *source) tapped(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taps += n
}
