package sfu

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// talker is a client that may send and take sound and pictures.
type talker struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	codec webrtc.RTPCodecCapability

	mu    sync.Mutex
	heard []*rtp.Packet
	mimes []string
}

func newTalker(t *testing.T) *talker {
	t.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(pc) })
	k := &talker{pc: pc}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if track.Kind() == webrtc.RTPCodecTypeAudio {
				k.mu.Lock()
				k.heard, k.mimes = append(k.heard, p), append(k.mimes, track.Codec().MimeType)
				k.mu.Unlock()
			}
		}
	})
	return k
}

// speaks adds a track of sound.
func (k *talker) speaks(t *testing.T, mime string, clock uint32, direction webrtc.RTPTransceiverDirection) {
	t.Helper()
	k.codec = webrtc.RTPCodecCapability{MimeType: mime, ClockRate: clock}
	var err error
	if k.track, err = webrtc.NewTrackLocalStaticRTP(k.codec, "a", "a"); err != nil {
		t.Fatal(err)
	}
	tr, err := k.pc.AddTransceiverFromTrack(k.track, webrtc.RTPTransceiverInit{Direction: direction})
	if err != nil {
		t.Fatal(err)
	}
	go drain(tr.Sender().Read)
}

func (k *talker) wants(t *testing.T, kind webrtc.RTPCodecType) {
	t.Helper()
	if _, err := k.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
}

// say sends a packet of 20 ms again and again until ctx ends.
func (k *talker) say(ctx context.Context, word string) {
	p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 65530, Timestamp: 1000}, Payload: []byte(word)}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		p.SequenceNumber++
		p.Timestamp += k.codec.ClockRate / 50
		_ = k.track.WriteRTP(&p)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// words are what was heard lately.
func (k *talker) hears(word string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := max(0, len(k.heard)-5); i < len(k.heard); i++ {
		if string(k.heard[i].Payload) == word {
			return true
		}
	}
	return false
}

func (k *talker) up(t *testing.T) {
	t.Helper()
	eventually(t, "connected", func() bool { return k.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
}

func TestSoundIsPassedOnAsItIs(t *testing.T) {
	for _, c := range []struct {
		name, mime string
		clock      uint32
	}{{"Opus", webrtc.MimeTypeOpus, 48000}, {"PCMA", webrtc.MimeTypePCMA, 8000}} {
		t.Run(c.name, func(t *testing.T) {
			s := started(t, Options{})
			// One listener is there before the scene; it wants both codecs and a picture.
			early := newTalker(t)
			early.wants(t, webrtc.RTPCodecTypeVideo)
			early.wants(t, webrtc.RTPCodecTypeAudio)
			a, err := s.Watch(t.Context(), "cam", "early", large, offer(t, early.pc))
			if err != nil {
				t.Fatal(err)
			}
			accept(t, early.pc, a)
			early.up(t)
			scene := newTalker(t)
			scene.speaks(t, c.mime, c.clock, webrtc.RTPTransceiverDirectionSendonly)
			if a, err = s.Publish(t.Context(), "cam", offer(t, scene.pc), true); err != nil {
				t.Fatal(err)
			}
			accept(t, scene.pc, a)
			scene.up(t)
			go scene.say(t.Context(), "flood")
			eventually(t, "heard", func() bool { return early.hears("flood") })
			// Another wants nothing but the sound.
			late := newTalker(t)
			late.wants(t, webrtc.RTPCodecTypeAudio)
			if a, err = s.Watch(t.Context(), "cam", "late", large, offer(t, late.pc)); err != nil {
				t.Fatal(err)
			}
			accept(t, late.pc, a)
			eventually(t, "heard by the late one", func() bool { return late.hears("flood") })
			late.mu.Lock()
			defer late.mu.Unlock()
			for i, p := range late.heard {
				if late.mimes[i] != c.mime {
					t.Fatalf("came as %s", late.mimes[i])
				}
				if i > 0 && (p.SequenceNumber-late.heard[i-1].SequenceNumber != 1 || p.Timestamp-late.heard[i-1].Timestamp != c.clock/50) {
					t.Fatalf("a seam in the sound: %v after %v", p.Header, late.heard[i-1].Header)
				}
			}
			if f := s.Flow("cam"); !f.Publishing || f.Heard.IsZero() || !f.Last.IsZero() || f.Viewers != 2 {
				t.Errorf("flow %+v", f)
			}
		})
	}
}

func TestWhoSpeaksIsHeardAtTheScenes(t *testing.T) {
	s := started(t, Options{})
	scenes := make([]*talker, 2)
	for i, name := range []string{"one", "two"} {
		k := newTalker(t)
		k.speaks(t, webrtc.MimeTypeOpus, 48000, webrtc.RTPTransceiverDirectionSendrecv)
		a, err := s.Publish(t.Context(), name, offer(t, k.pc), true)
		if err != nil {
			t.Fatal(err)
		}
		accept(t, k.pc, a)
		k.up(t)
		scenes[i] = k
	}
	go scenes[0].say(t.Context(), "scene")
	speak := func(word, mime string, clock uint32, streams ...string) (session string, length func() time.Duration, stop func()) {
		t.Helper()
		k := newTalker(t)
		k.speaks(t, mime, clock, webrtc.RTPTransceiverDirectionSendonly)
		a, length, err := s.Speak(t.Context(), streams, false, offer(t, k.pc))
		if err != nil {
			t.Fatal(err)
		}
		accept(t, k.pc, a)
		k.up(t)
		if d := length(); d != 0 {
			t.Errorf("%v came of who has said nothing", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go k.say(ctx, word)
		return a.Session, length, cancel
	}
	first, length, stop := speak("come back", webrtc.MimeTypeOpus, 48000, "one", "two")
	for i, k := range scenes {
		eventually(t, "both scenes hear", func() bool { return k.hears("come back") })
		if k.hears("scene") {
			t.Errorf("scene %d hears itself", i)
		}
	}
	stop()
	if err := s.Hang(first); err != nil {
		t.Fatal(err)
	}
	if length() == 0 {
		t.Error("nothing came of who was heard")
	}
	// Another one speaks, in another codec, to one of them: the numbers go on.
	speak("stay there", webrtc.MimeTypePCMA, 8000, "two")
	eventually(t, "the second is heard", func() bool { return scenes[1].hears("stay there") })
	scenes[1].mu.Lock()
	defer scenes[1].mu.Unlock()
	for i := 1; i < len(scenes[1].heard); i++ {
		if d := scenes[1].heard[i].SequenceNumber - scenes[1].heard[i-1].SequenceNumber; d != 1 {
			t.Fatalf("the numbers jump by %d", d)
		}
	}
	if scenes[0].hears("stay there") {
		t.Error("heard where it was not meant for")
	}
}

func TestOnlySoundSpeaks(t *testing.T) {
	s := started(t, Options{})
	k := newTalker(t)
	k.wants(t, webrtc.RTPCodecTypeVideo)
	if _, _, err := s.Speak(t.Context(), []string{"one"}, false, offer(t, k.pc)); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "sound") {
		t.Errorf("a picture: %v", err)
	}
}

func TestSoundGoesOnWithoutASeamWhenItsSenderChanges(t *testing.T) {
	var l soundLine
	at := time.Unix(1000, 0)
	a, b := new(int), new(int)
	*b = 1
	next := func(from any, codec string, clock uint32, seq uint16, when uint32) (uint16, uint32) {
		at = at.Add(20 * time.Millisecond)
		return l.next(sample{from: from, codec: codec, clock: clock, seq: seq, time: when}, at)
	}
	for i, c := range []struct {
		from  any
		codec string
		clock uint32
		seq   uint16
		time  uint32
		out   uint16
		outAt uint32
	}{
		{a, "opus", 48000, 65535, 960, 65535, 960},
		{a, "opus", 48000, 1, 2880, 1, 2880}, // one was lost
		{a, "opus", 48000, 0, 1920, 0, 1920}, // and comes late
		{b, "opus", 48000, 500, 7, 2, 2880 + 1920},
		{b, "opus", 48000, 501, 967, 3, 2880 + 2880},
		{b, "pcma", 8000, 9, 0, 4, 2880 + 2880 + 160},
	} {
		if seq, when := next(c.from, c.codec, c.clock, c.seq, c.time); seq != c.out || when != c.outAt {
			t.Errorf("%d: %d at %d, want %d at %d", i, seq, when, c.out, c.outAt)
		}
	}
}

func TestTheLengthOfASoundIsThatOfItsPackets(t *testing.T) {
	var s sound
	at := time.Unix(1000, 0)
	for _, wait := range []time.Duration{0, 20 * time.Millisecond, 500 * time.Millisecond, time.Hour, 20 * time.Millisecond} {
		at = at.Add(wait)
		s.tell(sample{}, at)
	}
	if got := s.length(); got != 580*time.Millisecond {
		t.Errorf("%v", got)
	}
}

func TestASlowListenerLosesTheOldestAndHoldsUpNobody(t *testing.T) {
	var s sound
	slow, end := s.listen()
	for i := range 3 * earQueue {
		s.tell(sample{seq: uint16(i)}, time.Unix(1, 0))
	}
	if first := <-slow; int(first.seq) != 2*earQueue {
		t.Errorf("the oldest that waits is %d", first.seq)
	}
	end()
	s.tell(sample{}, time.Unix(2, 0))
	if len(slow) != earQueue-1 || !s.last().Equal(time.Unix(2, 0)) {
		t.Errorf("%d wait after leaving", len(slow))
	}
}

var _ video.Router = (*SFU)(nil)
