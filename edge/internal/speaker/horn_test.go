package speaker_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/pion/rtp"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/speaker"
	"github.com/fengsui/fengsui/shared/wire"
)

// horned is a terminal that has no player but cameras with loudspeakers.
func horned(t *testing.T, c *centre, cameras ...camera.Options) *speaker.Speaker {
	t.Helper()
	s, err := speaker.New(speaker.Options{
		Log: slog.New(slog.DiscardHandler), Cameras: cameras, Volume: 100, File: filepath.Join(t.TempDir(), "speaker.json"),
		BaseURL: c.URL, Client: c.Client(), Changed: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return s
}

// tone is what packets say, as samples.
func tone(packets []rtp.Packet) (pcm []byte) {
	for _, p := range packets {
		var samples g711.Alaw
		samples.Unmarshal(p.Payload)
		for i := 0; i+1 < len(samples); i += 2 {
			pcm = append(pcm, samples[i+1], samples[i])
		}
	}
	return pcm
}

func pcma() *format.G711 { return &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1} }

func TestWhatIsSpokenAtTheCentreIsHeardAtCameras(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	gate, yard := cameratest.StartHorn(t, "", pcma()), cameratest.StartHorn(t, "", pcma())
	mute := cameratest.StartHorn(t, "")
	s := horned(t, c, camera.Options{ID: "gate", URL: gate.URL}, camera.Options{ID: "yard", URL: yard.URL}, camera.Options{ID: "mute", URL: mute.URL})
	if gate.Opened() != 0 {
		t.Error("a camera was opened although nobody speaks")
	}
	short := lease
	short.LeaseSeconds = 30
	if err := hear(t, s, short); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return len(gate.Said()) > 60 && len(yard.Said()) > 60 })
	st := s.State()
	if !st.Hears || !st.Playing {
		t.Errorf("state %+v", st)
	}
	for _, one := range st.Cameras {
		if want := (map[string]wire.HornFault{"mute": wire.HornMissing})[one.Camera]; one.Fault != want || one.Hears != (want == "") {
			t.Errorf("camera %+v", one)
		}
	}
	if loud := strength(tone(gate.Said()), 440); loud < 9000 {
		t.Errorf("440 Hz with %.0f", loud)
	}
	eventually(t, "quiet", func() bool { return !s.State().Playing })
	half, before := 50, len(gate.Said())
	if err := s.Set(wire.SpeakerSet{Volume: &half}); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return len(gate.Said()) > before+60 })
	if loud := strength(tone(gate.Said()[before:]), 440); loud < 4000 || loud > 7500 {
		t.Errorf("half as loud is %.0f", loud)
	}
	if !slices.ContainsFunc(gate.Said()[before:], func(p rtp.Packet) bool { return p.Marker }) {
		t.Error("no word is marked as the first after a silence")
	}
	yes := true
	eventually(t, "quiet", func() bool { return !s.State().Playing })
	if err := s.Set(wire.SpeakerSet{Muted: &yes}); err != nil {
		t.Fatal(err)
	}
	before = len(gate.Said())
	n := 0
	c.say(t, 440, func() bool { n++; return n > 50 })
	if len(gate.Said()) != before || s.State().Playing {
		t.Error("heard although it is muted")
	}
	no := false
	if err := s.Set(wire.SpeakerSet{Muted: &no}); err != nil {
		t.Fatal(err)
	}
	gate.Cut() // it comes back by itself
	eventually(t, "the camera is opened anew", func() bool { return gate.Opened() > 1 })
	c.say(t, 440, func() bool { return len(gate.Said()) > before })
}

func TestACameraIsLeftWithTheLease(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	gate := cameratest.StartHorn(t, "", pcma())
	s := horned(t, c, camera.Options{ID: "gate", URL: gate.URL})
	short := lease
	short.LeaseSeconds = 1
	if err := hear(t, s, short); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the camera is left", func() bool { return gate.Viewers() == 0 && !s.State().Hears })
	if err := hear(t, s, lease); err != nil {
		t.Fatal(err)
	}
	if gate.Opened() != 2 {
		t.Errorf("opened %d times", gate.Opened())
	}
}

func TestATerminalWhoseCamerasAreAllDeafSaysWhy(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	mute := cameratest.StartHorn(t, "")
	s := horned(t, c, camera.Options{ID: "mute", URL: mute.URL})
	err := hear(t, s, lease)
	if !errors.Is(err, camera.ErrNoHorn) {
		t.Errorf("it hears: %v", err)
	}
	if st := s.State(); st.Hears || !strings.Contains(st.Error, camera.ErrNoHorn.Error()) {
		t.Errorf("state %+v", st)
	}
}
