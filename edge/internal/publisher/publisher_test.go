package publisher_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/publisher"
	"github.com/fengsui/fengsui/edge/internal/whip"
	"github.com/fengsui/fengsui/shared/wire"
)

// centre is a WHIP server that counts what it gets.
type centre struct {
	*httptest.Server

	mu       sync.Mutex
	token    string // the only good one
	status   int    // answered instead of a session
	posts    int
	deletes  int
	packets  int
	largest  int
	first    []*rtp.Packet // of the newest session
	sessions []*webrtc.PeerConnection
	heard    map[string]string // last packet of sound by codec
	picture  webrtc.SSRC
	asks     int                         // for a sign of life
	set      func(*webrtc.SettingEngine) // before the first session
	change   func(answer string) string  // on its way
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{token: "good", heard: map[string]string{}, set: func(*webrtc.SettingEngine) {}, change: func(answer string) string { return answer }}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(func() {
		c.Close()
		c.kill()
	})
	return c
}

// kill ends all sessions as a crash does.
func (c *centre) kill() {
	c.mu.Lock()
	sessions := c.sessions
	c.sessions = nil
	c.mu.Unlock()
	for _, pc := range sessions {
		hangUp(pc)
	}
}

// hangUp closes a session that has come up, or has had time to: pion v3 reads the transport without its
// lock when it closes one that is just being set up.
func hangUp(pc *webrtc.PeerConnection) {
	for end := time.Now().Add(time.Second); pc.RemoteDescription() != nil && time.Now().Before(end); {
		if s := pc.ConnectionState(); s != webrtc.PeerConnectionStateNew && s != webrtc.PeerConnectionStateConnecting {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_ = pc.Close()
}

func (c *centre) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if r.Method == http.MethodHead {
		c.asks++
		c.mu.Unlock()
		return
	}
	if r.Method == http.MethodDelete {
		c.deletes++
		c.mu.Unlock()
		return
	}
	c.posts++
	token, status := c.token, c.status
	c.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+token {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	offer, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "application/sdp" || (r.URL.Path != "/whip/cam-1" && r.URL.Path != "/whip/cam-1~sub") {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	answer, err := c.answer(string(offer))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Location", "/whip/cam-1/session")
	w.Header().Set("Content-Type", "application/sdp")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer)
}

func (c *centre) answer(offer string) (string, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return "", err
	}
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	c.set(&s)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.sessions = append(c.sessions, pc)
	c.first = nil
	c.mu.Unlock()
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			c.mu.Lock()
			c.picture = track.SSRC()
			c.mu.Unlock()
		}
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			c.mu.Lock()
			if track.Kind() == webrtc.RTPCodecTypeAudio {
				c.heard[track.Codec().MimeType] = string(p.Payload)
				c.mu.Unlock()
				continue
			}
			c.packets++
			c.largest = max(c.largest, p.MarshalSize())
			if len(c.first) < 400 {
				c.first = append(c.first, p)
			}
			c.mu.Unlock()
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-done
	return c.change(pc.LocalDescription().SDP), nil
}

func (c *centre) numbers() (posts, deletes, packets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posts, c.deletes, c.packets
}

func (c *centre) arrived() int {
	_, _, n := c.numbers()
	return n
}

func start(t *testing.T, c *centre, cam *cameratest.Camera, standby ...string) *publisher.Publisher {
	t.Helper()
	p := publisher.New(publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(), Standby: standby,
		Cameras: []camera.Options{{ID: "cam-1", URL: cam.URL}},
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

func lease(seconds int) wire.MediaStart {
	return wire.MediaStart{Camera: "cam-1", Stream: "cam-1", WHIP: "/whip/cam-1", Token: "good", LeaseSeconds: seconds}
}

func ask(t *testing.T, p *publisher.Publisher, m wire.MediaStart) {
	t.Helper()
	if err := p.MediaStart(m); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestCameraIsSentWhileLeasedAndStopsAtTheEnd(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	if cam.Viewers() != 0 {
		t.Error("the camera is open without a lease")
	}
	ask(t, p, lease(3))
	eventually(t, "packets", func() bool { return c.arrived() > 50 })
	if s := p.States(); len(s) != 1 || !s[0].OK || !s[0].Sending {
		t.Errorf("states %+v", s)
	}
	eventually(t, "camera is closed at the end of the lease", func() bool { return cam.Viewers() == 0 })
	eventually(t, "session is closed at the centre", func() bool { _, n, _ := c.numbers(); return n == 1 })
	if s := p.States(); s[0].Sending {
		t.Errorf("states %+v", s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.largest > 1200 {
		t.Errorf("a packet has %d bytes", c.largest)
	}
	if k := c.first[0].Payload[0] & 0x1f; k != 24 && k != 7 {
		t.Errorf("the first packet is of type %d, want parameter sets", k)
	}
}

func TestCameraInStandbyStaysOpenAndALeaseBeginsWithItsLastKeyFrame(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam, "cam-1")
	eventually(t, "the camera is open", func() bool { return cam.Viewers() == 1 })
	eventually(t, "the camera is well", func() bool { s := p.States(); return s[0].OK && !s[0].Sending })
	for range 2 {
		before := c.arrived()
		ask(t, p, lease(60))
		eventually(t, "packets", func() bool { return c.arrived() > before+5 })
		c.mu.Lock()
		if k := c.first[0].Payload[0] & 0x1f; k != 24 && k != 7 {
			t.Errorf("the lease begins with type %d, want the last key frame", k)
		}
		c.mu.Unlock()
		if err := p.MediaStop("cam-1"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "nothing is sent", func() bool { return !p.States()[0].Sending })
	}
	if cam.Opened() != 1 || cam.Viewers() != 1 {
		t.Errorf("camera was opened %d times and has %d viewers, want it open once", cam.Opened(), cam.Viewers())
	}
	posts, _, packets := c.numbers()
	if posts != 2 || packets == 0 {
		t.Errorf("%d sessions, want one for each lease", posts)
	}
	cam.Cut()
	eventually(t, "the camera is opened again", func() bool { return cam.Opened() == 2 })
}

func TestRenewalExtendsTheLease(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	ask(t, p, lease(2))
	eventually(t, "packets", func() bool { return c.arrived() > 0 })
	began := time.Now()
	eventually(t, "lease was renewed past its end", func() bool {
		ask(t, p, lease(2))
		return time.Since(began) > 3*time.Second
	})
	if posts, _, _ := c.numbers(); posts != 1 || cam.Opened() != 1 {
		t.Errorf("%d sessions, camera opened %d times, want one each", posts, cam.Opened())
	}
}

func TestMediaStopEndsAtOnce(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	ask(t, p, lease(60))
	eventually(t, "packets", func() bool { return c.arrived() > 0 })
	if err := p.MediaStop("cam-1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "camera is closed", func() bool { return cam.Viewers() == 0 })
	if err := p.MediaStop("cam-1"); err != nil {
		t.Errorf("second stop: %v", err)
	}
	before := c.arrived()
	ask(t, p, lease(60))
	eventually(t, "packets of a new lease", func() bool { return c.arrived() > before })
}

// secondSession waits for more packets than so many of a second session, for which the camera is not opened again.
func secondSession(t *testing.T, c *centre, cam *cameratest.Camera, packets int) {
	t.Helper()
	eventually(t, "second session", func() bool { posts, _, _ := c.numbers(); return posts == 2 })
	eventually(t, "packets of the second session", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.first) > packets
	})
	if cam.Opened() != 1 {
		t.Errorf("camera was opened %d times, want once", cam.Opened())
	}
}

func TestDeadSessionIsMadeAgainWhileLeased(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	ask(t, p, lease(60))
	eventually(t, "packets", func() bool { return c.arrived() > 0 })
	c.kill()
	secondSession(t, c, cam, 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.first[0].Payload[0] & 0x1f; k != 24 && k != 7 {
		t.Errorf("the session begins with type %d, want the last key frame", k)
	}
}

func TestWhoAsksForAKeyFrameGetsThePicturesSinceTheLastAgain(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	ask(t, p, lease(60))
	keys := func() (n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, p := range c.first {
			if k := p.Payload[0] & 0x1f; k == 24 || k == 7 {
				n++
			}
		}
		return n
	}
	eventually(t, "the first key frame", func() bool { return keys() > 0 })
	before := 0
	eventually(t, "a key frame that the camera did not send", func() bool {
		c.mu.Lock()
		pc, ssrc := c.sessions[0], c.picture
		c.mu.Unlock()
		if before == 0 {
			before = keys()
		}
		if pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(ssrc)}}) != nil {
			return false
		}
		return keys() > before+1
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 1; i < len(c.first); i++ {
		a, b := c.first[i-1], c.first[i]
		if b.SequenceNumber == a.SequenceNumber+1 && int32(b.Timestamp-a.Timestamp) < 0 {
			t.Fatalf("packet %d is at %d, after %d", i, b.Timestamp, a.Timestamp)
		}
	}
}

func TestNewTokenIsTriedAtOnceAndErrorsAreRetried(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	old := lease(60)
	old.Token = "old"
	ask(t, p, old)
	eventually(t, "refusal", func() bool { posts, _, _ := c.numbers(); return posts == 1 })
	c.mu.Lock()
	c.status = http.StatusServiceUnavailable
	c.mu.Unlock()
	ask(t, p, lease(60))
	eventually(t, "retries", func() bool { posts, _, _ := c.numbers(); return posts >= 3 })
	c.mu.Lock()
	c.status = 0
	c.mu.Unlock()
	eventually(t, "packets", func() bool { return c.arrived() > 0 })
}

func TestWrongCommandsAreRefused(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	p := start(t, c, cam)
	for _, w := range []struct {
		want   error
		change func(*wire.MediaStart)
	}{
		{publisher.ErrCamera, func(m *wire.MediaStart) { m.Camera = "cam-2" }},
		{publisher.ErrLease, func(m *wire.MediaStart) { m.LeaseSeconds = 0 }},
		{publisher.ErrLease, func(m *wire.MediaStart) { m.LeaseSeconds = 86400 }},
		{whip.ErrURL, func(m *wire.MediaStart) { m.WHIP = "https://elsewhere.example/whip" }},
		{whip.ErrURL, func(m *wire.MediaStart) { m.WHIP = "//elsewhere.example/whip" }},
		{whip.ErrURL, func(m *wire.MediaStart) { m.WHIP = "" }},
	} {
		m := lease(5)
		w.change(&m)
		if err := p.MediaStart(m); !errors.Is(err, w.want) {
			t.Errorf("%+v: got %v, want %v", m, err, w.want)
		}
	}
	ask(t, p, lease(5))
	m := lease(5)
	m.Stream = "other"
	if err := p.MediaStart(m); !errors.Is(err, publisher.ErrBusy) {
		t.Errorf("second stream of a camera: %v", err)
	}
	eventually(t, "packets", func() bool { return c.arrived() > 0 })
}

func TestDeadCameraIsReported(t *testing.T) {
	c := newCentre(t)
	p := publisher.New(publisher.Options{
		BaseURL: c.URL, Client: c.Client(),
		Cameras: []camera.Options{{ID: "cam-1", URL: "rtsp://127.0.0.1:1/main"}},
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	eventually(t, "the camera is reported", func() bool { s := p.States(); return !s[0].OK && s[0].Error != "" })
}
