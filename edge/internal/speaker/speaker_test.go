package speaker_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/speaker"
	"github.com/fengsui/fengsui/edge/internal/whip"
	"github.com/fengsui/fengsui/shared/wire"
)

// centre speaks by WHEP to whoever asks with the right token.
type centre struct {
	*httptest.Server
	track   *webrtc.TrackLocalStaticRTP
	deletes atomic.Int32

	mu    sync.Mutex
	peers []*webrtc.PeerConnection
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{}
	var err error
	if c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, "a", "a"); err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			c.deletes.Add(1)
			return
		}
		if r.Header.Get("Authorization") != "Bearer good" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		offer, _ := io.ReadAll(r.Body)
		answer, err := c.answer(string(offer))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", "/whep/rd-1/x")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(func() { c.Close(); c.kill() })
	return c
}

func (c *centre) answer(offer string) (string, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return "", err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.peers = append(c.peers, pc)
	c.mu.Unlock()
	if _, err := pc.AddTransceiverFromTrack(c.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		return "", err
	}
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
	return pc.LocalDescription().SDP, nil
}

func (c *centre) kill() {
	c.mu.Lock()
	peers := c.peers
	c.peers = nil
	c.mu.Unlock()
	for _, pc := range peers {
		_ = pc.Close()
	}
}

// say sends a tone in packets of 20 ms until enough says so.
func (c *centre) say(t *testing.T, hertz float64, enough func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(20 * time.Second)
	for n := 0; !enough(); n++ {
		pcm := make(g711.Alaw, 320)
		for i := range 160 {
			v := int16(12000 * math.Sin(2*math.Pi*hertz*float64(n*160+i)/8000))
			binary.BigEndian.PutUint16(pcm[2*i:], uint16(v)) //nolint:gosec // a sample
		}
		payload, err := pcm.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n) * 160}, Payload: payload}) //nolint:gosec // a circle
		<-tick.C
		if time.Now().After(end) {
			t.Fatal("said for 20 s and still not enough")
		}
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time:", what)
		}
	}
}

func started(t *testing.T, c *centre, command ...string) *speaker.Speaker {
	t.Helper()
	s := opened(t, c, filepath.Join(t.TempDir(), "speaker.json"), command...)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return s
}

func opened(t *testing.T, c *centre, file string, command ...string) *speaker.Speaker {
	t.Helper()
	s, err := speaker.New(speaker.Options{
		Log: slog.New(slog.DiscardHandler), Command: command, Volume: 100, File: file, BaseURL: c.URL, Client: c.Client(), Changed: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hear waits until the session stands.
func hear(t *testing.T, s *speaker.Speaker, m wire.TalkStart) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		wait, err := s.Hear(m)
		if err != nil {
			if strings.Contains(err.Error(), speaker.ErrStop.Error()) && ctx.Err() == nil {
				continue // Run has not begun
			}
			return err
		}
		return wait(ctx)
	}
}

var lease = wire.TalkStart{WHEP: "/whep/rd-1", Token: "good", LeaseSeconds: 60}

// strength is how strong a tone is in samples: the amplitude that it would have alone (Goertzel).
func strength(pcm []byte, hertz float64) float64 {
	w := 2 * math.Pi * hertz / 8000
	var a, b float64
	n := len(pcm) / 2
	for i := range n {
		x := float64(int16(binary.LittleEndian.Uint16(pcm[2*i:]))) //nolint:gosec // a sample
		a, b = x+2*math.Cos(w)*a-b, a
	}
	if n == 0 {
		return 0
	}
	return 2 * math.Sqrt(a*a+b*b-2*math.Cos(w)*a*b) / float64(n)
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsSpokenAtTheCentreIsPlayed(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	file := filepath.Join(t.TempDir(), "heard")
	s := started(t, c, "sh", "-c", `cat >> "$0"; echo -n . >> "$0.ends"`, file)
	if err := hear(t, s, lease); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return len(read(t, file)) > 16000 })
	if st := s.State(); !st.Hears || !st.Playing || st.Error != "" {
		t.Errorf("while it plays: %+v", st)
	}
	eventually(t, "the player ends with the words", func() bool { return len(read(t, file+".ends")) == 1 && !s.State().Playing })
	loud := read(t, file)[4000:]
	if in, out := strength(loud, 440), strength(loud, 900); in < 9000 || out > 1000 {
		t.Errorf("440 Hz with %.0f, 900 Hz with %.0f", in, out)
	}
	// Half as loud, by another process; the first words of both are there.
	half := 50
	if err := s.Set(wire.SpeakerSet{Volume: &half}); err != nil {
		t.Fatal(err)
	}
	before := len(read(t, file))
	c.say(t, 440, func() bool { return len(read(t, file)) > before+16000 })
	if in := strength(read(t, file)[before+4000:], 440); in < 4000 || in > 7500 {
		t.Errorf("half as loud is %.0f", in)
	}
	// Muted: no player at all.
	eventually(t, "quiet", func() bool { return !s.State().Playing })
	yes, before := true, len(read(t, file))
	if err := s.Set(wire.SpeakerSet{Muted: &yes}); err != nil {
		t.Fatal(err)
	}
	n := 0
	c.say(t, 440, func() bool { n++; return n > 50 })
	if len(read(t, file)) != before || s.State().Playing {
		t.Error("heard although it is muted")
	}
}

func TestWhatWasSetIsKeptOverARestart(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	file := filepath.Join(t.TempDir(), "speaker.json")
	loud, yes := 130, true
	if err := opened(t, c, file, "cat").Set(wire.SpeakerSet{Volume: &loud, Muted: &yes}); err != nil {
		t.Fatal(err)
	}
	if st := opened(t, c, file, "cat").State(); st.Volume != 130 || !st.Muted {
		t.Errorf("after a restart: %+v", st)
	}
	if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if st := opened(t, c, file, "cat").State(); st.Volume != 100 || st.Muted {
		t.Errorf("with a broken file: %+v", st)
	}
	tooLoud := 201
	for _, m := range []wire.SpeakerSet{{}, {Volume: &tooLoud}} {
		if opened(t, c, file, "cat").Set(m) == nil {
			t.Errorf("taken: %+v", m)
		}
	}
}

func TestAPlayerThatFailsIsSaidInWordsAndStartedAgain(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	dir := t.TempDir()
	s := started(t, c, "sh", "-c", `test -e "$0/well" || { echo no such device >&2; exit 3; }; exec cat > "$0/heard"`, dir)
	if err := hear(t, s, lease); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return strings.Contains(s.State().Error, "no such device") })
	if err := os.WriteFile(filepath.Join(dir, "well"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return len(read(t, filepath.Join(dir, "heard"))) > 8000 })

	missing := started(t, c, filepath.Join(dir, "nowhere"))
	if err := hear(t, missing, lease); err != nil {
		t.Fatal(err)
	}
	c.say(t, 440, func() bool { return strings.Contains(missing.State().Error, "does not start") })
}

func TestAPlayerThatHangsIsKilledWithWhatItHasStarted(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	dir := t.TempDir()
	s := started(t, c, "sh", "-c", `sleep 1000 & echo $! >> "$0/pids"; wait`, dir)
	if err := hear(t, s, lease); err != nil {
		t.Fatal(err)
	}
	// It reads nothing: the pipe and the queue fill up.
	c.say(t, 440, func() bool { return strings.Contains(s.State().Error, "takes no sound") })
	pid, err := strconv.Atoi(strings.Fields(string(read(t, filepath.Join(dir, "pids"))))[0])
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its child is gone", func() bool { return gone(pid) })
}

// gone reports whether a process has ended; one that nobody has waited for yet has.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestTheSessionLastsAsLongAsItsLease(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	s := started(t, c, "cat")
	short := lease
	short.LeaseSeconds = 1
	if err := hear(t, s, short); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lease ends", func() bool { return !s.State().Hears && c.deletes.Load() == 1 })
	if err := hear(t, s, lease); err != nil {
		t.Fatal(err)
	}
	c.kill() // the centre dies; the session comes back by itself
	eventually(t, "the session is noticed as lost", func() bool { return s.State().Error != "" })
	eventually(t, "the session is back", func() bool { return s.State().Hears })
}

func TestWhatIsNoLeaseOrNotOfTheCentreIsRefused(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	s := started(t, c, "cat")
	for name, one := range map[string]struct {
		m    wire.TalkStart
		want string
	}{
		"no lease":       {wire.TalkStart{WHEP: "/whep/rd-1", Token: "good"}, speaker.ErrLease.Error()},
		"too long":       {wire.TalkStart{WHEP: "/whep/rd-1", Token: "good", LeaseSeconds: 500}, speaker.ErrLease.Error()},
		"another centre": {wire.TalkStart{WHEP: "https://elsewhere.example/whep/rd-1", Token: "good", LeaseSeconds: 9}, whip.ErrURL.Error()},
	} {
		if err := hear(t, s, one.m); err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := lease
	bad.Token, bad.LeaseSeconds = "bad", 2
	if err := hear(t, s, bad); err == nil {
		t.Error("a bad token opened a session")
	}
	if st := s.State(); !strings.Contains(st.Error, whip.ErrToken.Error()) {
		t.Errorf("state %+v", st)
	}
}
