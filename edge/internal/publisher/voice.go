package publisher

import (
	"strings"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/camera"
)

// soundMax is the largest packet of sound that is sent on: one that does not fit the way is lost.
const soundMax = payloadMax

// soundCodecs are offered both: which one a camera has is not known before it is open.
func soundCodecs() []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{
		{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}, PayloadType: 111},
		{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, PayloadType: 8},
	}
}

// voice is the sound of a camera on its way to the centre. It implements webrtc.TrackLocal and lives as long as its
// lease; each session binds it anew.
type voice struct {
	stream string

	mu     sync.Mutex
	writer webrtc.TrackLocalWriter // nil: no session takes sound
	ssrc   uint32
	types  map[string]uint8 // payload types by codec
}

// offer sends a packet, when a session takes it. Errors are of the session, which ends by itself.
func (v *voice) offer(s camera.Sound) {
	v.mu.Lock()
	defer v.mu.Unlock()
	pt, ok := v.types[s.Codec]
	if v.writer == nil || !ok || len(s.Payload) > soundMax {
		return
	}
	_, _ = v.writer.WriteRTP(&rtp.Header{Version: 2, SSRC: v.ssrc, PayloadType: pt, SequenceNumber: s.Seq, Timestamp: s.Time, Marker: s.Marker}, s.Payload)
}

// Bind implements webrtc.TrackLocal.
func (v *voice) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	types := map[string]uint8{}
	var first *webrtc.RTPCodecParameters
	for _, c := range t.CodecParameters() {
		_, name, _ := strings.Cut(strings.ToLower(c.MimeType), "/")
		types[name] = uint8(c.PayloadType)
		if first == nil {
			first = &c
		}
	}
	if first == nil {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.writer, v.ssrc, v.types = t.WriteStream(), uint32(t.SSRC()), types
	return *first, nil
}

// Unbind implements webrtc.TrackLocal.
func (v *voice) Unbind(t webrtc.TrackLocalContext) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ssrc == uint32(t.SSRC()) {
		v.writer = nil
	}
	return nil
}

// ID implements webrtc.TrackLocal.
func (v *voice) ID() string { return "sound" }

// RID implements webrtc.TrackLocal.
func (v *voice) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (v *voice) StreamID() string { return v.stream }

// Kind implements webrtc.TrackLocal.
func (v *voice) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
