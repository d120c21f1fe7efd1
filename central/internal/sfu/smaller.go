package sfu

import (
	"time"

	"github.com/fengsui/fengsui/central/internal/video"
)

// What a picture is taken to need before it was seen.
const (
	mainUnseen = 2_000_000
	subUnseen  = 400_000
	thinUnseen = 200_000
)

// keys measures what key frames alone take.
type keys struct {
	picture uint32 // time of the one that is being written
	in      bool
	bytes   int
	size    int // of the last whole one
	at      time.Time
	bits    int // a second
}

// take counts a packet.
func (k *keys) take(at uint32, idr bool, bytes int, now time.Time) {
	if k.in && at != k.picture {
		k.in, k.size = false, k.bytes
	}
	if idr && !k.in {
		if gap := now.Sub(k.at); k.size > 0 && gap < 15*time.Second && gap > 0 {
			k.bits = int(float64(k.size*8) / gap.Seconds())
		}
		k.in, k.picture, k.bytes, k.at = true, at, 0, now
	}
	if k.in {
		k.bytes += bytes
	}
}

// smaller is the stream of the same camera's smaller picture; nil: there is none, or it does not come.
func (s *source) smaller(now time.Time) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sub == nil || now.Before(s.lacking) {
		return nil
	}
	return s.sub
}

// lacks notes that the smaller picture does not come.
func (s *source) lacks(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lacking = now.Add(subAgain)
}

// overdue reports whether a smaller picture has been waited for long enough beside another. One whose publisher has just begun
// is about to have its first key frame: that packet is here and the rest of the picture is on the way.
func (s *source) overdue(waited time.Duration, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.publisher != nil && s.begun && now.Sub(s.since) < subWithin:
		return false
	case s.promised != nil || s.publisher != nil && !s.begun:
		return waited > subOpens
	}
	return waited > subWithin
}

// wanted counts those that want the pictures of exactly this stream.
func (s *source) wanted(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wants += n
}

// first is the stream that a new viewer with such a wish reads from.
func (s *source) first(w video.Wish) *source {
	if sub := s.smaller(time.Now()); sub != nil && w.Layer != video.LayerMain {
		return sub
	}
	return s
}

// came notes that a viewer who was on the way wants what its lane does from now on.
func (s *source) came(v watcher) {
	s.mu.Lock()
	first := s.viewers[v]
	if first != nil {
		s.viewers[v] = nil
	}
	s.mu.Unlock()
	if first != nil {
		first.wanted(-1)
	}
}

// fresh reports whether pictures come.
func (s *source) fresh(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publisher != nil && now.Sub(s.last) < freshFor
}

// costs are the bits a second of the picture, of the smaller one and of the key frames that a viewer would get.
func (s *source) costs(now time.Time) (whole, sub, thin int, has bool) {
	whole, thin = s.needs(now, mainUnseen)
	small := s.smaller(now)
	if small == nil {
		return whole, 0, thin, false
	}
	sub, thin = small.needs(now, subUnseen)
	return whole, sub, thin, true
}

// needs are the bits a second of the picture and of its key frames; while it does not come, those that it had last.
func (s *source) needs(now time.Time, unseen int) (whole, thin int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publisher != nil && now.Sub(s.since) > (meter+1)*time.Second {
		if bits := s.rate(now); bits > 0 {
			s.known = bits
		}
	}
	whole, thin = s.known, s.keys.bits
	if whole == 0 {
		whole = unseen
	}
	if thin == 0 {
		thin = min(thinUnseen, whole/2)
	}
	return whole, thin
}
