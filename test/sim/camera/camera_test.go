package camera

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"
)

func TestClipsAreSmallBaselineAndStartWithAKeyFrame(t *testing.T) {
	for name, gop := range map[string]int{"sluice": 80, "harbour": 40} {
		clip, err := Load("../../clips/" + name + ".h264")
		if err != nil {
			t.Fatal(err)
		}
		if len(clip.Units) != 240 || clip.Step != 50*time.Millisecond {
			t.Errorf("%s: %d pictures, one every %s", name, len(clip.Units), clip.Step)
		}
		for i, unit := range clip.Units {
			if got := h264.IsRandomAccess(unit); got != (i%gop == 0) {
				t.Errorf("%s: picture %d is key %v", name, i, got)
			}
		}
	}
}

func TestThePlacesOfTheDemonstrationAreSmallAndBeginWithAKeyFrame(t *testing.T) {
	films, err := filepath.Glob("../../clips/places/*.h264")
	if err != nil || len(films) < 14 { // with the two above there are sixteen
		t.Fatalf("%d films: %v", len(films), err)
	}
	for _, film := range films {
		clip, err := Load(film)
		if err != nil {
			t.Fatal(err)
		}
		if len(clip.Units) != 120 || clip.Step != 100*time.Millisecond {
			t.Errorf("%s: %d pictures, one every %s", film, len(clip.Units), clip.Step)
		}
		for i, unit := range clip.Units {
			if got := h264.IsRandomAccess(unit); got != (i%20 == 0) {
				t.Errorf("%s: picture %d is key %v", film, i, got)
			}
		}
	}
}

// watch plays a camera and gives the timestamp and key mark of every picture.
func watch(t *testing.T, url string) (pictures chan uint32, ended chan error) {
	t.Helper()
	u, err := base.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.ProtocolTCP
	c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &tcp}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	desc, _, err := c.Describe(u)
	if err != nil {
		t.Fatal(err)
	}
	var f *format.H264
	media := desc.FindFormat(&f)
	if media == nil || f.SPS == nil {
		t.Fatalf("no H.264 in %+v", desc)
	}
	if _, err := c.Setup(desc.BaseURL, media, 0, 0); err != nil {
		t.Fatal(err)
	}
	pictures, ended = make(chan uint32, 4096), make(chan error, 1)
	c.OnPacketRTP(media, f, func(p *rtp.Packet) {
		if p.Marker {
			pictures <- p.Timestamp
		}
	})
	if _, err := c.Play(nil); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- c.Wait() }()
	return pictures, ended
}

// started is a server of one camera that plays a clip, until the test ends.
func started(t *testing.T, clip *Clip) *Server {
	t.Helper()
	s := &Server{Listen: "127.0.0.1:0", Cameras: map[string]*Clip{"cam": clip}, Log: slog.New(slog.DiscardHandler)}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestCameraLoopsWithoutATimestampJumpAndCanBeCut(t *testing.T) {
	clip, err := Load("../../clips/sluice.h264")
	if err != nil {
		t.Fatal(err)
	}
	clip.Units = clip.Units[:80]
	clip.Step = 5 * time.Millisecond
	s := started(t, clip)
	pictures, ended := watch(t, s.URL("cam"))
	last := <-pictures
	for range 200 { // two and a half loops
		next := <-pictures
		if next-last != 450 {
			t.Fatalf("timestamps %d then %d", last, next)
		}
		last = next
	}
	s.Cut("cam")
	select {
	case err := <-ended:
		t.Logf("the session ended: %v", err)
	case <-time.After(5 * time.Second):
		t.Fatal("the session outlived the camera")
	}
	if err := s.Restore("cam"); err != nil {
		t.Fatal(err)
	}
	pictures, _ = watch(t, s.URL("cam"))
	<-pictures
}

func TestACameraGoesOnWithAnotherClipInTheSameSession(t *testing.T) {
	load := func(name string) *Clip {
		clip, err := Load("../../clips/" + name + ".h264")
		if err != nil {
			t.Fatal(err)
		}
		clip.Step = 5 * time.Millisecond
		return clip
	}
	large, small := load("sluice"), load("sluice-small")
	s := started(t, large)
	pictures, ended := watch(t, s.URL("cam"))
	last := <-pictures
	if err := s.Show("cam", small); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		next := <-pictures
		if next-last != 450 {
			t.Fatalf("timestamps %d then %d", last, next)
		}
		last = next
	}
	select {
	case err := <-ended:
		t.Fatalf("the session ended: %v", err)
	default:
	}
	if s.Show("nobody", small) == nil {
		t.Error("a camera that is not there was given a clip")
	}
}
