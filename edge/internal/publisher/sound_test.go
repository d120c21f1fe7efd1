package publisher_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/publisher"
)

func hearing(t *testing.T, c *centre, cam *cameratest.Camera, on bool, standby ...string) *publisher.Publisher {
	t.Helper()
	p := publisher.New(publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(), Standby: standby,
		Cameras: []camera.Options{{ID: "cam-1", URL: cam.URL, Sound: on}},
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (c *centre) hears(mime string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[mime] == "flood"
}

func TestSoundOfACameraGoesWithItsPictureAsItIs(t *testing.T) {
	for name, one := range map[string]struct {
		form    format.Format
		mime    string
		codec   string
		standby []string
	}{
		"PCMA":            {&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, webrtc.MimeTypePCMA, camera.PCMA, nil},
		"Opus":            {&format.Opus{PayloadTyp: 97, ChannelCount: 2}, webrtc.MimeTypeOpus, camera.Opus, nil},
		"PCMA in standby": {&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, webrtc.MimeTypePCMA, camera.PCMA, []string{"cam-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, cam := newCentre(t), cameratest.StartSound(t, "", one.form)
			p := hearing(t, c, cam, true, one.standby...)
			ask(t, p, lease(60))
			eventually(t, "sound", func() bool { return c.hears(one.mime) })
			eventually(t, "a picture", func() bool { return c.arrived() > 10 })
			if s := p.States()[0].Sound; s == nil || s.Codec != one.codec || s.Error != "" {
				t.Errorf("state %+v", s)
			}
			// A session that breaks takes the sound along when it is made anew.
			c.mu.Lock()
			clear(c.heard)
			c.mu.Unlock()
			c.kill()
			eventually(t, "sound again", func() bool { return c.hears(one.mime) })
		})
	}
}

func TestSoundThatIsNotPassedOnIsSaidInWordsAndCostsNoPicture(t *testing.T) {
	aac := &format.MPEG4Audio{
		PayloadTyp: 97, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		Config: &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 16000, ChannelConfig: 1},
	}
	for name, one := range map[string]struct {
		form format.Format
		on   bool
		want string
	}{
		"AAC":          {aac, true, "G.711A (PCMA) or Opus (it is AAC now)"},
		"µ-law":        {&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}, true, "it is G711 now"},
		"none":         {nil, true, "sends no sound"},
		"switched off": {&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, cam := newCentre(t), cameratest.StartSound(t, "", one.form)
			p := hearing(t, c, cam, one.on)
			ask(t, p, lease(60))
			eventually(t, "a picture", func() bool { return c.arrived() > 10 })
			s := p.States()[0].Sound
			if (s != nil) != one.on || (s != nil && (s.Codec != "" || !strings.Contains(s.Error, one.want))) {
				t.Errorf("state %+v", s)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.heard) != 0 {
				t.Errorf("heard %v", c.heard)
			}
		})
	}
}
