package camera

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/pion/rtp"
)

// Why nobody is heard at a camera. The text is what the duty desk reads, so it says what to look at.
var (
	ErrNoHorn    = errors.New("camera offers no loudspeaker over RTSP (ONVIF back channel); switch its sound output on, or it has none")
	ErrHornCodec = errors.New("loudspeaker of the camera takes another codec; set it to G.711A (PCMA) or G.711U (PCMU)")
)

// Horn is an open way to the loudspeaker of a camera: the back channel of ONVIF's Streaming Specification. Write is for
// one goroutine.
type Horn struct {
	client *gortsplib.Client
	media  *description.Media
	mulaw  bool
	packet rtp.Packet
	ended  chan struct{}
	cause  error
}

// Speak opens the way to the camera's loudspeaker, in a session of its own, so that neither costs the picture anything.
// The caller closes it.
func (c *Camera) Speak(ctx context.Context) (*Horn, error) {
	client, desc, err := c.connect(ctx, true)
	if err != nil {
		return nil, err
	}
	media, form, err := hornOf(desc)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("camera %s: %w", c.o.ID, err)
	}
	stop := context.AfterFunc(ctx, client.Close) // ends a request that hangs
	defer stop()
	_, err = client.Setup(desc.BaseURL, media, 0, 0)
	if err == nil {
		_, err = client.Play(nil)
	}
	if err != nil {
		client.Close()
		return nil, c.failure(desc.BaseURL, err)
	}
	h := &Horn{client: client, media: media, mulaw: form.MULaw, ended: make(chan struct{})}
	h.packet.Header = rtp.Header{
		Version: 2, PayloadType: form.PayloadType(), SSRC: rand.Uint32(),
		SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32(), //nolint:gosec // both begin anywhere
	}
	go func() {
		h.cause = c.failure(desc.BaseURL, client.Wait())
		close(h.ended)
	}()
	return h, nil
}

// Write says G.711 A-law at 8000 Hz, after so many samples that are missing; first: after a silence. What the camera
// does not take in time is left out.
func (h *Horn) Write(alaw []byte, missing int, first bool) {
	h.packet.Timestamp += uint32(max(missing, 0)) //nolint:gosec // a fraction of a second
	h.packet.Marker = first
	h.packet.Payload = alaw
	if h.mulaw {
		h.packet.Payload = toMulaw(alaw)
	}
	// An error here is a queue that is full, or the end that Ended tells.
	_ = h.client.WritePacketRTP(h.media, &h.packet)
	h.packet.SequenceNumber++
	h.packet.Timestamp += uint32(len(alaw)) //nolint:gosec // of a packet
}

// Ended is closed when the camera is gone; Cause says why then.
func (h *Horn) Ended() <-chan struct{} { return h.ended }

// Cause is why it ended.
func (h *Horn) Cause() error { return h.cause }

// Close ends it.
func (h *Horn) Close() {
	h.client.Close()
	<-h.ended
}

// hornOf finds the loudspeaker in what a camera says of itself, A-law first.
func hornOf(desc *description.Session) (*description.Media, *format.G711, error) {
	var media *description.Media
	var form *format.G711
	other := ""
	for _, m := range desc.Medias {
		if m.Type != description.MediaTypeAudio || !m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			g, ok := f.(*format.G711)
			switch {
			case !ok || g.SampleRate != 8000 || g.ChannelCount != 1:
				other = strings.TrimPrefix(fmt.Sprintf("%T", f), "*format.")
			case form == nil || (form.MULaw && !g.MULaw):
				media, form = m, g
			}
		}
	}
	switch {
	case form != nil:
		return media, form, nil
	case other != "":
		return nil, nil, fmt.Errorf("%w (it is %s now)", ErrHornCodec, other)
	}
	return nil, nil, ErrNoHorn
}

// toMulaw is the same sound in the other law of G.711.
func toMulaw(alaw []byte) []byte {
	var samples g711.Alaw
	samples.Unmarshal(alaw)
	out, _ := g711.Mulaw(samples).Marshal() // whole samples never fail
	return out
}
