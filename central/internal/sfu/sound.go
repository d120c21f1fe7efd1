package sfu

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
)

// earQueue is how many packets wait for one listener: a second of sound in packets of 20 ms. One that is slower
// loses the oldest.
const earQueue = 50

// soundCodec is a codec that is passed on as it is.
type soundCodec struct {
	mime     string
	clock    uint32
	channels uint16
	line     string // fmtp
	pt       webrtc.PayloadType
}

// soundCodecs are what browsers, phones and cameras have in common: nothing is transcoded.
func soundCodecs() []soundCodec {
	return []soundCodec{
		{webrtc.MimeTypeOpus, 48000, 2, "minptime=10;useinbandfec=1", 111},
		{webrtc.MimeTypePCMA, 8000, 0, "", 8},
	}
}

// plainCodecs are those that a terminal's player is spared a decoder for.
func plainCodecs() []soundCodec {
	return slices.DeleteFunc(soundCodecs(), func(c soundCodec) bool { return c.mime != webrtc.MimeTypePCMA })
}

// sample is one packet of sound. from is the session that it comes from: numbers and times of another session have
// nothing to do with it.
type sample struct {
	from    any
	codec   string
	clock   uint32
	seq     uint16
	time    uint32
	marker  bool
	payload []byte
	at      time.Time // of its arrival
}

// sound is the sound of a stream on its way from whoever sends it to whoever listens. There is no ring: what is lost
// is not asked for again, and who comes later hears from then on.
type sound struct {
	mu    sync.Mutex
	ears  map[chan sample]struct{}
	heard time.Time // last packet
	lasts time.Duration
}

// Packets that are further apart than pauseMost do not belong to one sound.
const (
	pauseMost  = time.Second
	packetTime = 20 * time.Millisecond // of the first, after which it is not known
)

// listen joins; end leaves.
func (s *sound) listen() (ear chan sample, end func()) {
	ear = make(chan sample, earQueue)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ears == nil {
		s.ears = map[chan sample]struct{}{}
	}
	s.ears[ear] = struct{}{}
	return ear, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ears, ear)
	}
}

// tell gives a packet to everybody who listens and waits for nobody.
func (s *sound) tell(one sample, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if gap := now.Sub(s.heard); gap < pauseMost {
		s.lasts += gap
	} else {
		s.lasts += packetTime
	}
	s.heard, one.at = now, now
	for ear := range s.ears {
		select {
		case ear <- one:
			continue
		default:
		}
		select { // the oldest goes
		case <-ear:
		default:
		}
		select {
		case ear <- one:
		default:
		}
	}
}

// listened reports whether anybody listens.
func (s *sound) listened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ears) > 0
}

// length is for how long packets have come.
func (s *sound) length() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lasts
}

func (s *sound) last() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

// takeSound passes a track on until it ends.
func takeSound(from any, t *webrtc.TrackRemote, to ...*sound) {
	codec := t.Codec()
	if !slices.ContainsFunc(soundCodecs(), func(c soundCodec) bool { return strings.EqualFold(c.mime, codec.MimeType) }) {
		drain(t.Read)
		return
	}
	buf := make([]byte, packetMax)
	var packet rtp.Packet
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		if packet.Unmarshal(buf[:n]) != nil || len(packet.Payload) == 0 {
			continue // rubbish, or padding
		}
		one := sample{
			from: from, codec: strings.ToLower(codec.MimeType), clock: codec.ClockRate, seq: packet.SequenceNumber, time: packet.Timestamp,
			marker: packet.Marker, payload: slices.Clone(packet.Payload),
		}
		now := time.Now()
		for _, s := range to {
			s.tell(one, now)
		}
	}
}

// voice is sound on its way to a listener: a track of a connection. It implements webrtc.TrackLocal.
type voice struct {
	pc       *webrtc.PeerConnection
	id       string
	streamID string
	bound    func() // the track may be written to from now on

	mu     sync.Mutex
	writer webrtc.TrackLocalWriter
	ssrc   uint32
	types  map[string]uint8 // payload types by codec
}

// add puts the track on its connection.
func (v *voice) add(direction webrtc.RTPTransceiverDirection) error {
	transceiver, err := v.pc.AddTransceiverFromTrack(v, webrtc.RTPTransceiverInit{Direction: direction})
	if err != nil {
		return err
	}
	go drain(transceiver.Sender().Read)
	return nil
}

func (v *voice) ready() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.writer != nil
}

// follow writes what is heard until ctx ends.
func (v *voice) follow(ctx context.Context, s *sound) {
	ear, end := s.listen()
	defer end()
	v.mu.Lock()
	w, types, h := v.writer, v.types, &rtp.Header{Version: 2, SSRC: v.ssrc}
	v.mu.Unlock()
	var line soundLine
	told := timing{ssrc: h.SSRC}
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-ear:
			pt, ok := types[one.codec]
			if !ok {
				continue // this listener has not the codec
			}
			now := time.Now()
			h.PayloadType, h.Marker = pt, one.marker
			h.SequenceNumber, h.Timestamp = line.next(one, now)
			_, _ = w.WriteRTP(h, one.payload)
			told.rate = one.clock
			told.sent([]ring.Packet{{Time: h.Timestamp, Payload: one.payload}}, now)
			if due := told.due(now); due != nil {
				_ = v.pc.WriteRTCP([]rtcp.Packet{due})
			}
		}
	}
}

// soundLine keeps numbers and times of a listener going on when the sender changes. It is pure.
type soundLine struct {
	from   any
	codec  string
	out    uint16
	outAt  uint32
	at     time.Time
	begun  bool
	moveBy uint16
	shift  uint32
}

// next is the number and the time of a packet. Within one sender its own distances are kept, so that the listener
// sees what was lost; a new one goes on where the last ended.
func (l *soundLine) next(one sample, now time.Time) (uint16, uint32) {
	if !l.begun || one.from != l.from || one.codec != l.codec {
		seq, at := one.seq, one.time
		if l.begun {
			seq = l.out + 1
			at = l.outAt + uint32(max(now.Sub(l.at), time.Millisecond).Seconds()*float64(one.clock))
		}
		l.moveBy, l.shift = seq-one.seq, at-one.time
		l.begun, l.from, l.codec = true, one.from, one.codec
		l.out, l.outAt, l.at = seq, at, now
		return seq, at
	}
	seq, at := one.seq+l.moveBy, one.time+l.shift
	if int16(seq-l.out) > 0 { //nolint:gosec // distance on a circle
		l.out, l.outAt, l.at = seq, at, now
	}
	return seq, at
}

// Bind implements webrtc.TrackLocal. Every codec that was agreed on may be sent, whichever comes.
func (v *voice) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	var first *webrtc.RTPCodecParameters
	types := map[string]uint8{}
	for _, c := range t.CodecParameters() {
		for _, known := range soundCodecs() {
			if strings.EqualFold(c.MimeType, known.mime) && types[strings.ToLower(c.MimeType)] == 0 {
				types[strings.ToLower(c.MimeType)] = uint8(c.PayloadType)
				if first == nil {
					first = &c
				}
			}
		}
	}
	if first == nil {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	v.mu.Lock()
	v.writer, v.ssrc, v.types = t.WriteStream(), uint32(t.SSRC()), types
	v.mu.Unlock()
	v.bound()
	return *first, nil
}

// Unbind implements webrtc.TrackLocal. The connection ends.
func (v *voice) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID implements webrtc.TrackLocal.
func (v *voice) ID() string { return v.id }

// RID implements webrtc.TrackLocal.
func (v *voice) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (v *voice) StreamID() string { return v.streamID }

// Kind implements webrtc.TrackLocal.
func (v *voice) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
