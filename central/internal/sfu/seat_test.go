package sfu

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

const seats = 3

func roomOf(name string) []string {
	out := make([]string, seats)
	for i := range out {
		out[i] = fmt.Sprintf("room-%s-%d", name, i)
	}
	return out
}

// sitter is the browser of somebody in a room.
type sitter struct {
	pc      *webrtc.PeerConnection
	session string
	picture *camera
	sound   *webrtc.TrackLocalStaticRTP
	level   uint8 // id of the extension

	mu     sync.Mutex
	words  map[string]string // last, by track
	places map[string]*player
}

// sits enters a room at a place; -1 only listens.
func sits(t testing.TB, s *SFU, room string, own int) *sitter {
	t.Helper()
	k := &sitter{words: map[string]string{}, places: map[string]*player{}}
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(pc) })
	k.pc = pc
	var sender *webrtc.RTPSender
	send := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	if own >= 0 {
		if k.sound, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "me"); err != nil {
			t.Fatal(err)
		}
		tr, err := pc.AddTransceiverFromTrack(k.sound, send)
		if err != nil {
			t.Fatal(err)
		}
		sender = tr.Sender()
		go drain(sender.Read)
		k.picture = &camera{size: 500}
		k.picture.rtp.Header = rtp.Header{Version: 2}
		if k.picture.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}, "cam", "me"); err != nil {
			t.Fatal(err)
		}
		if tr, err = pc.AddTransceiverFromTrack(k.picture.track, send); err != nil {
			t.Fatal(err)
		}
		go drain(tr.Sender().Read)
	}
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	for i := range 2*seats + 1 {
		kind := webrtc.RTPCodecTypeVideo
		if i > seats {
			kind = webrtc.RTPCodecTypeAudio
		}
		if _, err := pc.AddTransceiverFromKind(kind, only); err != nil {
			t.Fatal(err)
		}
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			one := &player{pc: pc}
			k.mu.Lock()
			k.places[track.ID()] = one
			k.mu.Unlock()
			one.read(track)
			return
		}
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			k.mu.Lock()
			k.words[track.ID()] = string(p.Payload)
			k.mu.Unlock()
		}
	})
	a, err := s.Sit(t.Context(), roomOf(room), own, "somebody", offer(t, pc))
	if err != nil {
		t.Fatal(err)
	}
	k.session = a.Session
	accept(t, pc, a)
	eventually(t, "connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	if sender != nil {
		for _, x := range sender.GetParameters().HeaderExtensions {
			if x.URI == sdp.AudioLevelURI {
				k.level = uint8(x.ID)
			}
		}
	}
	return k
}

// say sends a word that loud until ctx ends.
func (k *sitter) say(ctx context.Context, word string, below uint8, every time.Duration) {
	p := rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte(word)}
	raw, _ := rtp.AudioLevelExtension{Level: below, Voice: true}.Marshal()
	_ = p.SetExtension(k.level, raw)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		p.SequenceNumber++
		p.Timestamp += 960
		_ = k.sound.WriteRTP(&p)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (k *sitter) heard(at int) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.words[fmt.Sprintf("voice-%d", at)]
}

func (k *sitter) pictures(at int) int {
	k.mu.Lock()
	one := k.places[fmt.Sprintf("place-%d", at)]
	k.mu.Unlock()
	if one == nil {
		return 0
	}
	return one.count()
}

func TestEverybodyInARoomHearsAndSeesTheOthersAndNeverThemselves(t *testing.T) {
	s := started(t, Options{})
	a, b, c := sits(t, s, "r", 0), sits(t, s, "r", 1), sits(t, s, "r", -1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go a.say(ctx, "from a", 20, 20*time.Millisecond)
	go b.say(ctx, "from b", 60, 20*time.Millisecond)
	go a.picture.run(ctx, 25, 100_000)
	go b.picture.run(ctx, 25, 200_000)
	eventually(t, "all hear all others", func() bool {
		return a.heard(1) == "from b" && b.heard(0) == "from a" && c.heard(0) == "from a" && c.heard(1) == "from b"
	})
	eventually(t, "all see all others", func() bool {
		return a.pictures(2) > 5 && b.pictures(1) > 5 && c.pictures(1) > 5 && c.pictures(2) > 5
	})
	if a.heard(0) != "" || b.heard(1) != "" || a.pictures(1) != 0 || b.pictures(2) != 0 {
		t.Error("somebody hears or sees themselves")
	}
	eventually(t, "it is known how loud they are", func() bool {
		first, ok := s.Loudness("room-r-0", time.Now())
		second, also := s.Loudness("room-r-1", time.Now())
		return ok && also && first >= 20 && first < 25 && second >= 60 && second < 65
	})
	if err := s.Mute(a.session, true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "who is muted is not loud", func() bool {
		_, ok := s.Loudness("room-r-0", time.Now())
		return !ok
	})
	b.mu.Lock()
	b.words["voice-0"] = ""
	b.mu.Unlock()
	// What is told once b hears the next word of c's neighbour has passed the same way after it.
	eventually(t, "the others are still heard", func() bool { return a.heard(1) == "from b" })
	if w := b.heard(0); w != "" {
		t.Errorf("who is muted is heard: %q", w)
	}
	if err := s.Mute(a.session, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "who is unmuted is heard again", func() bool { return b.heard(0) == "from a" })
	shared := publish(t, s, "cam", 500)
	go shared.run(ctx, 25, 900_000)
	if _, err := s.Show(c.session, 0, "cam", video.Wish{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the shared scene is at the first place", func() bool { return c.pictures(0) > 5 })
	if err := s.Hang(a.session); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the seat is free", func() bool { return !s.Flow("room-r-0").Publishing })
	back := sits(t, s, "r", 0)
	go back.say(ctx, "again a", 20, 20*time.Millisecond)
	eventually(t, "who takes the seat next is heard on the same track", func() bool { return b.heard(0) == "again a" })
}

func TestAFloodOfSoundIsCut(t *testing.T) {
	s := started(t, Options{})
	a, b := sits(t, s, "f", 0), sits(t, s, "f", 1)
	ctx, cancel := context.WithCancel(t.Context())
	go a.say(ctx, "flood", 1, time.Microsecond)
	eventually(t, "it is heard", func() bool { return b.heard(0) == "flood" })
	cancel()
	var m bucket
	now := time.Now()
	passed := 0
	for range 10 * quickest {
		if m.take(now) {
			passed++
		}
	}
	if passed != quickest || !m.take(now.Add(time.Second)) {
		t.Errorf("%d packets of one second pass", passed)
	}
}

func TestARoomTakesNoOtherOffer(t *testing.T) {
	s := started(t, Options{})
	plain := client(t, nil, nil)
	if _, err := plain.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	one := offer(t, plain)
	for name, text := range map[string]string{"one picture": one, "rubbish": "v=0", "too long": strings.Repeat("x", maxOffer+1)} {
		if _, err := s.Sit(t.Context(), roomOf("o"), 0, "somebody", text); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Sit(t.Context(), roomOf("o"), seats, "somebody", one); err == nil {
		t.Error("a seat that the room has not")
	}
	if err := s.Mute("no such", true); errs.KindOf(err) != errs.NotFound {
		t.Errorf("muted a session that is not there: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.peers) != 0 {
		t.Errorf("%d sessions are left", len(s.peers))
	}
}
