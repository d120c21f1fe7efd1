package harness

import (
	"time"

	"github.com/pion/rtp"
)

const (
	// patience is how long a screen waits for a packet that is missing before it asks for a key frame, about as long
	// as browsers do.
	patience = 500 * time.Millisecond
	// hopeless is how many may be missing that are waited for, as in browsers.
	hopeless = 1000
)

// Screen is what somebody sees of a picture that comes over a bad link: packets are put into order, and a picture
// is shown when all of it and all since its key frame have come. It draws at once and smooths nothing, so that it
// stands still no shorter than a browser does.
type Screen struct {
	Shown   int             // pictures
	Skipped int             // holes that were never filled
	Freezes []time.Duration // waits between two pictures of more than Longest
	Ended   []time.Time     // of each of them
	Longest time.Duration
	Last    time.Time // when a picture was shown last

	waiting map[uint16]arrived
	next    uint16
	newest  uint16
	begun   bool
	hole    time.Time // since when the next packet is missing
	sound   bool      // the pictures since the last key frame are whole
	lost    bool      // a key frame is needed, which was
	asked   time.Time // for
	key     bool      // the picture that comes in is a key frame
}

type arrived struct {
	*rtp.Packet
	at time.Time
}

// Freeze is how long the picture must stand to be called frozen.
const Freeze = time.Second

// Push takes a packet as it came; it reports whether the source is to be asked for a key frame.
func (s *Screen) Push(p *rtp.Packet, now time.Time) (ask bool) {
	if s.waiting == nil {
		s.waiting = map[uint16]arrived{}
	}
	if !s.begun {
		s.begun, s.next, s.newest = true, p.SequenceNumber, p.SequenceNumber
	}
	if int16(p.SequenceNumber-s.next) < 0 { //nolint:gosec // wrapping is the point
		return false // was given up, or came twice
	}
	s.waiting[p.SequenceNumber] = arrived{p, now}
	if s.lost && now.Sub(s.asked) >= patience {
		s.asked, ask = now, true // the request may have been lost
	}
	if int16(p.SequenceNumber-s.newest) > 0 { //nolint:gosec // as above
		s.newest = p.SequenceNumber
	}
	for len(s.waiting) > 0 {
		if q, ok := s.waiting[s.next]; ok {
			delete(s.waiting, s.next)
			s.next++
			s.hole = time.Time{}
			s.take(q.Packet, now)
			continue
		}
		if s.hole.IsZero() { // somebody else's hole hid it until now
			s.hole = now
			for _, q := range s.waiting {
				if q.at.Before(s.hole) {
					s.hole = q.at
				}
			}
		}
		if now.Sub(s.hole) < patience && s.missing() < hopeless {
			break
		}
		s.Skipped++
		s.sound, s.key, s.lost, s.asked, ask = false, false, true, now, true
		s.hole = time.Time{}
		for s.waiting[s.next].Packet == nil {
			s.next++
		}
	}
	return ask
}

// missing is how many packets have not come, up to the newest that has.
func (s *Screen) missing() int { return int(s.newest-s.next) + 1 - len(s.waiting) }

// take is the next packet in order.
func (s *Screen) take(p *rtp.Packet, now time.Time) {
	for _, kind := range nalKinds(p.Payload) {
		s.key = s.key || kind == 5
	}
	if !p.Marker {
		return
	}
	s.sound = s.sound || s.key
	s.key, s.lost = false, s.lost && !s.sound
	if !s.sound {
		return
	}
	if !s.Last.IsZero() {
		wait := now.Sub(s.Last)
		if wait > Freeze {
			s.Freezes, s.Ended = append(s.Freezes, wait), append(s.Ended, now)
		}
		s.Longest = max(s.Longest, wait)
	}
	s.Shown, s.Last = s.Shown+1, now
}
