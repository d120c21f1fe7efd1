package camera

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
)

// The codecs of sound that are passed on as they are: what browsers take over WebRTC.
const (
	Opus = "opus" // 48 kHz clock
	PCMA = "pcma" // G.711 A-law, 8 kHz
)

// Why a camera's sound is not passed on. The text is what the duty desk reads, so it says what to set.
var (
	ErrNoSound    = errors.New("camera sends no sound; switch its microphone on")
	ErrSoundCodec = errors.New("camera sends its sound in a codec that is not passed on; set it to G.711A (PCMA) or Opus")
)

// Sound is one packet of sound as the camera sent it.
type Sound struct {
	Codec   string // Opus or PCMA
	Seq     uint16
	Time    uint32 // of the codec's clock
	Marker  bool
	Payload []byte
}

// hearer is one who hears the sound.
type hearer struct{ take func(Sound) }

// Hear hands over the camera's sound while it is open, until stop is called, and never after it. It may not block, for the
// others wait. Without Options.Sound there is none.
func (c *Camera) Hear(take func(Sound)) (stop func()) {
	h := &hearer{take}
	c.hearing.Lock()
	defer c.hearing.Unlock()
	c.hearers = append(c.hearers, h)
	return func() {
		c.hearing.Lock()
		defer c.hearing.Unlock()
		c.hearers = slices.DeleteFunc(c.hearers, func(other *hearer) bool { return other == h })
	}
}

func (c *Camera) sound(s Sound) {
	c.hearing.Lock()
	defer c.hearing.Unlock()
	for _, h := range c.hearers {
		h.take(s)
	}
}

// Sounds is the codec of the sound, or why there is none and then which codec it has instead; all are empty while nobody
// has looked, and always without Options.Sound.
func (c *Camera) Sounds() (codec, has string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codec, c.has, c.mute
}

func (c *Camera) sounds(codec, has string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codec, c.has, c.mute = codec, has, err
}

// soundOf finds the sound in what a camera says of itself; without one to pass on, the media is nil and codec is what it
// has instead.
func soundOf(desc *description.Session) (*description.Media, format.Format, string, error) {
	found := ""
	for _, m := range desc.Medias {
		if m.Type != description.MediaTypeAudio || m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			switch f := f.(type) {
			case *format.Opus:
				return m, f, Opus, nil
			case *format.G711:
				if !f.MULaw && f.SampleRate == 8000 && f.ChannelCount == 1 {
					return m, f, PCMA, nil
				}
			}
			if found == "" {
				found = strings.TrimPrefix(fmt.Sprintf("%T", f), "*format.")
				if found == "MPEG4Audio" {
					found = "AAC"
				}
			}
		}
	}
	if found == "" {
		return nil, nil, "", ErrNoSound
	}
	return nil, nil, found, fmt.Errorf("%w (it is %s now)", ErrSoundCodec, found)
}
