package sfu

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/sfu/jitter"
	"github.com/fengsui/fengsui/central/internal/video"
)

// maxVoices is how many sounds of others one connection carries.
const maxVoices = 8

// quickest is how many packets of sound in a second are taken of one seat: Opus sends 50, and 400 in its shortest.
const quickest = 500

// seat is the part of a wall that somebody in a room has beside its places: what they send, and the sound of the
// others. Its sound goes to the source of its own stream, which it never hears.
type seat struct {
	sends  *publisher // nil: only listens
	muted  atomic.Bool
	ears   []*voice // by place; nil is the own one
	from   []*source
	ctx    context.Context //nolint:containedctx // the life of the session; close cancels it
	cancel context.CancelFunc
	left   sync.Once

	mu    sync.Mutex
	up    bool
	begun []bool
}

// Sit opens the one connection of somebody in a room whose streams are given: it sends the stream at own (-1: it sends
// nothing) and hears all others. Its places are those of a wall: the first is free, those after it show the streams.
func (s *SFU) Sit(ctx context.Context, streams []string, own int, user, offer string) (video.Answer, error) {
	voices := len(streams)
	pictures, sounds := voices+1, voices
	if own >= 0 {
		pictures, sounds = pictures+1, sounds+1
	}
	if voices > maxVoices || own >= voices {
		return video.Answer{}, fmt.Errorf("a room has no seat %d of %d", own, voices)
	}
	if d, err := readOfferOf(offer, pictures, sounds); err != nil {
		return video.Answer{}, err
	} else if d.pictures != pictures || d.sounds != sounds {
		return video.Answer{}, invalidOffer(fmt.Sprintf("has %d pictures and %d sounds, want %d and %d", d.pictures, d.sounds, pictures, sounds))
	}
	c, err := s.engine.connect(s.engine.publish)
	if err != nil {
		return video.Answer{}, err
	}
	c.most, c.voices = pictures, sounds
	w, err := newWall(s, c, user, voices+1)
	if err != nil {
		c.close()
		return video.Answer{}, err
	}
	if err := w.sit(streams, own); err != nil {
		w.close()
		return video.Answer{}, err
	}
	if err := s.add(c.id, w); err != nil {
		w.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		w.close()
		return video.Answer{}, err
	}
	for i, name := range streams {
		if i == own {
			continue
		}
		if _, err := s.Show(c.id, i+1, name, video.Wish{}); err != nil {
			w.close()
			return video.Answer{}, err
		}
	}
	return answer, nil
}

// sit adds the sounds of the others, and what is sent.
func (w *wall) sit(streams []string, own int) error {
	st := &seat{begun: make([]bool, len(streams))}
	st.ctx, st.cancel = context.WithCancel(context.Background())
	w.seat = st
	for i, name := range streams {
		src, err := w.sfu.source(name)
		if err != nil {
			return err
		}
		v := &voice{pc: w.pc, id: fmt.Sprintf("voice-%d", i), streamID: fmt.Sprintf("voice-%d", i), bound: st.begin}
		if err := v.add(webrtc.RTPTransceiverDirectionSendonly); err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		if i == own {
			v = nil // the track stays empty: nobody hears themselves
			st.sends = &publisher{connection: w.connection, sfu: w.sfu, src: src, buf: jitter.New(reorder)}
			st.sends.ctx, st.sends.cancel = st.ctx, st.cancel
			src.tapped(1) // who is alone and sends nothing yet keeps the stream
		}
		st.ears, st.from = append(st.ears, v), append(st.from, src)
	}
	w.pc.OnTrack(st.track)
	return nil
}

// track takes what somebody sends.
func (st *seat) track(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	p := st.sends
	if p != nil && t.Kind() == webrtc.RTPCodecTypeVideo {
		p.track(t, receiver)
		return
	}
	go drain(receiver.Read)
	if p == nil || !p.sounds.CompareAndSwap(false, true) {
		drain(t.Read)
		return
	}
	p.begin()
	st.speak(t, levelID(receiver))
}

// speak passes the sound of a seat on until it ends, with how loud it is.
func (st *seat) speak(t *webrtc.TrackRemote, level uint8) {
	codec := t.Codec()
	src := st.sends.src
	buf := make([]byte, packetMax)
	var packet rtp.Packet
	meter := bucket{}
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		if !meter.take(now) || st.muted.Load() || packet.Unmarshal(buf[:n]) != nil || len(packet.Payload) == 0 {
			continue
		}
		var said rtp.AudioLevelExtension
		if raw := packet.GetExtension(level); raw != nil && said.Unmarshal(raw) == nil {
			src.loud.note(said.Level, now)
		}
		src.sound.tell(sample{
			from: st, codec: strings.ToLower(codec.MimeType), clock: codec.ClockRate, seq: packet.SequenceNumber, time: packet.Timestamp,
			marker: packet.Marker, payload: slices.Clone(packet.Payload),
		}, now)
	}
}

// begin passes the sound of the others on once the session is connected and its tracks are bound.
func (st *seat) begin() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for i, v := range st.ears {
		if v == nil || !st.up || st.begun[i] || !v.ready() {
			continue
		}
		st.begun[i] = true
		go v.follow(st.ctx, &st.from[i].sound)
	}
}

func (st *seat) connected() {
	st.mu.Lock()
	st.up = true
	st.mu.Unlock()
	st.begin()
}

func (st *seat) close() {
	st.cancel()
	if st.sends != nil {
		st.sends.src.drop(st.sends)
		st.left.Do(func() { st.sends.src.tapped(-1) })
	}
}

// Mute throws the sound of a seat away, or no longer.
func (s *SFU) Mute(session string, on bool) error {
	found, err := s.peer(session)
	if err != nil {
		return err
	}
	w, ok := found.(*wall)
	if !ok || w.seat == nil {
		return errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	w.seat.muted.Store(on)
	return nil
}

// Loudness is how loud a stream is now, in dB below the loudest that can be: 0 to 127. ok is false when nothing is heard.
func (s *SFU) Loudness(stream string, now time.Time) (below int, ok bool) {
	s.mu.Lock()
	src := s.sources[stream]
	s.mu.Unlock()
	if src == nil {
		return 127, false
	}
	return src.loud.at(now)
}

// levelID is under which number the loudness of packets was agreed (RFC 6464); 0 when it was not.
func levelID(r *webrtc.RTPReceiver) uint8 {
	for _, x := range r.GetParameters().HeaderExtensions {
		if x.URI == sdp.AudioLevelURI {
			return uint8(x.ID) //nolint:gosec // 1 to 14
		}
	}
	return 0
}

const (
	loudFor  = 500 * time.Millisecond // a sound that is not heard for longer is silence
	loudEase = 8                      // packets over which the loudness is evened out
)

// loudness evens out how loud the packets of a sound say that they are.
type loudness struct {
	mu    sync.Mutex
	below float64
	last  time.Time
}

func (l *loudness) note(level uint8, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.last) > loudFor {
		l.below = 127
	}
	l.below += (float64(level) - l.below) / loudEase
	l.last = now
}

func (l *loudness) at(now time.Time) (below int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.IsZero() || now.Sub(l.last) > loudFor {
		return 127, false
	}
	return int(l.below), true
}

// bucket lets so many packets of a second pass.
type bucket struct {
	second int64
	n      int
}

func (b *bucket) take(now time.Time) bool {
	if s := now.Unix(); s != b.second {
		b.second, b.n = s, 0
	}
	b.n++
	return b.n <= quickest
}
