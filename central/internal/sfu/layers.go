package sfu

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Layers implements video.Router.
func (s *SFU) Layers(stream string, sub bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub == s.smaller[stream] {
		return
	}
	if !sub {
		delete(s.smaller, stream)
	} else {
		s.smaller[stream] = true
	}
	if src := s.sources[stream]; src != nil {
		s.pair(src)
	}
}

// pair gives a stream that of its camera's smaller picture, when there is one. The caller holds the lock.
func (s *SFU) pair(src *source) {
	var sub *source
	if s.smaller[src.name] {
		name := video.SubOf(src.name)
		if sub = s.sources[name]; sub == nil {
			sub = newSource(name)
			s.sources[name] = sub
		}
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	src.sub, src.lacking = sub, time.Time{}
}

// forget drops streams that nobody uses, a smaller picture only with its large one. The caller holds the lock.
func (s *SFU) forget(now time.Time) {
	for name, src := range s.sources {
		if !src.tidy(now) {
			continue
		}
		if of, is := video.MainOf(name); is && s.sources[of] != nil {
			continue
		}
		delete(s.sources, name)
	}
}

// steps decides for every viewer what is sent, until ctx ends.
func (s *SFU) steps(ctx context.Context) {
	tick := time.NewTicker(stepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, p := range s.pulses() {
				p.step(now)
			}
		}
	}
}

func (s *SFU) pulses() []*pulse {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*pulse
	for _, p := range s.peers {
		switch p := p.(type) {
		case *viewer:
			if p.pulse != nil {
				out = append(out, p.pulse)
			}
		case *wall:
			out = append(out, p.pulse)
		}
	}
	return out
}

// laneOf finds the picture of a session that watches one.
func (s *SFU) laneOf(session string) (*lane, error) {
	p, err := s.peer(session)
	if err != nil {
		return nil, err
	}
	switch p := p.(type) {
	case *viewer:
		if p.lane != nil {
			return p.lane, nil
		}
	case *showing:
		return &p.place.lane, nil
	}
	return nil, errs.E(errs.NotFound, "video.no_picture", "the session has no picture")
}

// Wish implements video.Router.
func (s *SFU) Wish(session string, w video.Wish) error {
	l, err := s.laneOf(session)
	if err != nil {
		return err
	}
	l.wishes(w)
	return nil
}

// Sent implements video.Router.
func (s *SFU) Sent(session string) (video.Sent, error) {
	l, err := s.laneOf(session)
	if err != nil {
		return video.Sent{}, err
	}
	sent, shows := l.sent()
	if !shows {
		return video.Sent{}, errs.E(errs.NotFound, "video.no_picture", "the session shows nothing yet")
	}
	return sent, nil
}

// streams counts what stands against the limit: not the smaller pictures. The caller holds the lock.
func (s *SFU) streams() int {
	n := 0
	for name := range s.sources {
		if _, is := video.MainOf(name); !is {
			n++
		}
	}
	return n
}
