package camera_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
)

func law(mu bool) *format.G711 {
	g := &format.G711{PayloadTyp: 8, MULaw: mu, SampleRate: 8000, ChannelCount: 1}
	if mu {
		g.PayloadTyp = 0
	}
	return g
}

func secret(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func said(t *testing.T, c *cameratest.Camera, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(c.Said()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d packets came", len(c.Said()), n)
		}
	}
}

func TestALoudspeakerOfACameraSaysWhatIsWritten(t *testing.T) {
	// 1,000 and its like are exact in both laws' steps or nearly so.
	word := strings.Repeat("\xd5\x55\xa5\x25", 40)
	for name, c := range map[string]struct {
		formats []format.Format
		mulaw   bool
	}{
		"A-law":               {[]format.Format{law(false)}, false},
		"A-law before mu-law": {[]format.Format{law(true), law(false)}, false},
		"mu-law":              {[]format.Format{law(true)}, true},
		"beside AAC-like":     {[]format.Format{&format.Opus{PayloadTyp: 97, ChannelCount: 2}, law(false)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cam := cameratest.StartHorn(t, "s3cret", c.formats...)
			h, err := camera.New(camera.Options{ID: "cam-1", URL: cam.URL, PasswordFile: secret(t, "s3cret")}).Speak(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h.Write([]byte(word), 0, true)
			h.Write([]byte(word), 0, false)
			h.Write([]byte(word), 320, false) // two packets were lost
			said(t, cam, 3)
			h.Close()
			got := cam.Said()
			want := word
			if c.mulaw {
				var samples g711.Alaw
				samples.Unmarshal([]byte(word))
				b, _ := g711.Mulaw(samples).Marshal()
				want = string(b)
			}
			for i, p := range got {
				if string(p.Payload) != want || p.Marker != (i == 0) || (p.PayloadType == 0) != c.mulaw {
					t.Errorf("packet %d: %+v", i, p.Header)
				}
			}
			if a, b := got[1].Timestamp-got[0].Timestamp, got[2].Timestamp-got[1].Timestamp; a != 160 || b != 480 || got[2].SequenceNumber != got[0].SequenceNumber+2 {
				t.Errorf("steps %d and %d", a, b)
			}
			for end := time.Now().Add(10 * time.Second); cam.Viewers() > 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the session outlives its end")
				}
			}
		})
	}
}

func TestWhyALoudspeakerIsNotToBeHadIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		start    func(t *testing.T) string
		password string
		want     error
	}{
		"refuses to be asked": {func(t *testing.T) string { t.Helper(); return cameratest.StartHorn(t, "s3cret").URL }, "s3cret", camera.ErrNoHorn},
		"offers none":         {func(t *testing.T) string { t.Helper(); return cameratest.StartSound(t, "s3cret", law(false)).URL }, "s3cret", camera.ErrNoHorn},
		"another codec": {func(t *testing.T) string {
			t.Helper()
			return cameratest.StartHorn(t, "s3cret", &format.Opus{PayloadTyp: 97, ChannelCount: 2}).URL
		}, "s3cret", camera.ErrHornCodec},
		"16 kHz": {func(t *testing.T) string {
			t.Helper()
			return cameratest.StartHorn(t, "s3cret", &format.G711{PayloadTyp: 98, SampleRate: 16000, ChannelCount: 1}).URL
		}, "s3cret", camera.ErrHornCodec},
		"wrong password": {func(t *testing.T) string { t.Helper(); return cameratest.StartHorn(t, "s3cret", law(false)).URL }, "wr0ng", camera.ErrPassword},
		"nobody there":   {func(*testing.T) string { return "rtsp://viewer@127.0.0.1:1/main" }, "s3cret", camera.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := camera.New(camera.Options{ID: "cam-1", URL: c.start(t), PasswordFile: secret(t, c.password)}).Speak(t.Context())
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), c.password) {
				t.Error(err)
			}
		})
	}
}

func TestALoudspeakerThatGoesAwayTellsSo(t *testing.T) {
	cam := cameratest.StartHorn(t, "", law(false))
	h, err := camera.New(camera.Options{ID: "cam-1", URL: cam.URL}).Speak(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	cam.Cut()
	select {
	case <-h.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("it does not notice")
	}
	if h.Cause() == nil {
		t.Error("it does not say why")
	}
	h.Write([]byte("late"), 0, false) // into nothing
}
