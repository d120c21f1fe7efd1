package talk_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a real register with two terminals that have speakers and one that has none, a real router, and terminals
// that hear when they are told to.
type field struct {
	*talk.Service
	t       *testing.T
	devices *device.Service
	orders  *device.Orders
	video   *video.Service
	router  *sfu.SFU

	mu     sync.Mutex
	told   []wire.Command
	answer wire.CommandResult // of a terminal that does not do it
	events []event.Event
	spoke  []string
	heard  map[string]*peer // by terminal
}

// peer is one side of a session.
type peer struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP

	mu   sync.Mutex
	last string // what was heard last
	mime string
}

func newPeer(t *testing.T) *peer {
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
	t.Cleanup(func() { _ = pc.Close() })
	p := &peer{pc: pc}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			one, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.last, p.mime = string(one.Payload), track.Codec().MimeType
			p.mu.Unlock()
		}
	})
	return p
}

func (p *peer) offer(t *testing.T) string {
	t.Helper()
	o, err := p.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	<-done
	return p.pc.LocalDescription().SDP
}

func (p *peer) accept(t *testing.T, answer string) {
	t.Helper()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
}

// speaker is a peer that has sound to send, both codecs offered.
func speaker(t *testing.T) *peer {
	t.Helper()
	p := newPeer(t)
	var err error
	if p.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, "a", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.pc.AddTransceiverFromTrack(p.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	return p
}

// say sends a word until somebody heard it.
func (p *peer) say(t *testing.T, word string, heard func() bool) {
	t.Helper()
	one := rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte(word)}
	for end := time.Now().Add(15 * time.Second); !heard(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not heard:", word)
		}
		one.SequenceNumber++
		one.Timestamp += 160
		_ = p.track.WriteRTP(&one)
	}
}

func (f *field) hears(terminal, word string) bool {
	f.mu.Lock()
	p := f.heard[terminal]
	f.mu.Unlock()
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last == word && p.mime == webrtc.MimeTypePCMA
}

// Command is what a terminal does: it hears, as it is told.
func (f *field) Command(ctx context.Context, edge string, cmd wire.Command) error {
	f.mu.Lock()
	f.told = append(f.told, cmd)
	r, has := f.answer, f.heard[edge] != nil
	f.mu.Unlock()
	r.Command = cmd.ID
	if cmd.Kind == wire.CommandTalk && r.OK && !has {
		var m wire.TalkStart
		if err := json.Unmarshal(cmd.Body, &m); err != nil {
			return err
		}
		p := newPeer(f.t)
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return err
		}
		a, err := f.video.Play(ctx, m.Token, strings.TrimPrefix(m.WHEP, "/whep/"), p.offer(f.t))
		if err != nil {
			return err
		}
		p.accept(f.t, a.SDP)
		f.mu.Lock()
		f.heard[edge] = p
		f.mu.Unlock()
	}
	go f.orders.Result(edge, r)
	return nil
}

func (f *field) May(context.Context, string) error { return nil }

func (f *field) Spoke(ctx context.Context, incident string, listeners []string, length time.Duration) error {
	a, _ := actor.From(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	words := a.Name + " " + incident + " " + strings.Join(listeners, ",")
	if length == 0 {
		words += " silent"
	}
	f.spoke = append(f.spoke, words)
	return nil
}

func (f *field) kinds() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.events {
		if e.Kind != talk.EventChanged {
			out = append(out, e.ActorName+" "+strings.TrimPrefix(e.Kind, talk.EventKind)+" "+e.Subject)
		}
	}
	return strings.Join(out, ", ")
}

func newField(t *testing.T) *field {
	t.Helper()
	db := storetest.SQLite(t)
	quiet := slog.New(slog.DiscardHandler)
	f := &field{t: t, answer: wire.CommandResult{OK: true}, heard: map[string]*peer{}}
	f.orders = &device.Orders{Commander: f}
	bus := event.NewBus(storetest.Recorder(db))
	bus.Handle(func(_ context.Context, e event.Event) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasPrefix(e.Kind, talk.EventKind) {
			f.events = append(f.events, e)
		}
	})
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: quiet}
	system := actor.WithSystem(t.Context(), "test")
	for _, id := range []string{"one", "two", "mute"} {
		if _, err := f.devices.Create(system, device.New{ID: id, Kind: device.Edge, Name: "终端" + id, Division: "320623"}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.devices.Hello(system, id, wire.Hello{Cameras: []wire.CameraDeclared{{ID: id + "-cam", Name: "像机", Division: "320623"}}}); err != nil {
			t.Fatal(err)
		}
		f.devices.Presence(system, id, true)
		st := wire.Status{State: "online"}
		if id != "mute" {
			st.Speaker = &wire.SpeakerState{Volume: 80, Error: strings.Repeat("x", 5000)}
		}
		if err := f.devices.Status(system, id, st); err != nil {
			t.Fatal(err)
		}
	}
	router := sfu.New(sfu.Options{Log: quiet, Listen: "127.0.0.1:0"})
	if err := router.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.router = router
	f.video = video.New(video.Options{Log: quiet, Router: router, Devices: f.devices, Commander: f, Events: bus, Outside: f.devices})
	f.Service = talk.New(talk.Options{Devices: f.devices, Orders: f.orders, Router: router, Pictures: f.video, Journal: f, Events: bus, Log: quiet})
	f.video.OnEnded(func(session string) { f.Ended(system, session) })
	if err := f.video.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Start(t.Context())
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, stop := range []func(context.Context) error{f.Stop, f.video.Stop, router.Stop} {
			if err := stop(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

func as(name, division string, p ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: name, Name: name, DivisionCode: division, Permissions: append(p, actor.VideoWatch)})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time:", what)
		}
	}
}

func (f *field) states(ctx context.Context, id string) string {
	f.t.Helper()
	c, err := f.Renew(ctx, id)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, p := range c.Places {
		out = append(out, strings.TrimSpace(p.Listener+" "+string(p.State)+" "+p.Name+p.Error))
	}
	return strings.Join(out, ", ")
}

func TestWhoSpeaksIsHeardAtTheTerminalsAndOthersSeeWho(t *testing.T) {
	f := newField(t)
	li, wang := as("李科", "320600", actor.VideoTalk), as("王局", "320600", actor.VideoTalk)
	list, err := f.List(li)
	if err != nil || len(list) != 2 || list[0].ID != "one" || list[0].Kind != talk.Terminal || list[0].Cameras[0] != "one-cam" || list[0].Speaker.Volume != 80 || len(list[0].Speaker.Error) > 400 {
		t.Fatalf("listeners %+v, %v", list, err)
	}
	p := speaker(t)
	c, err := f.Begin(li, talk.Wish{Listeners: []string{"two", "one", "one", "mute"}, Incident: "flood", SDP: p.offer(t)})
	if err != nil {
		t.Fatal(err)
	}
	p.accept(t, c.SDP)
	p.say(t, "come back", func() bool { return f.hears("one", "come back") && f.hears("two", "come back") })
	eventually(t, "both hear, and who has no speaker is said so", func() bool {
		return strings.HasPrefix(f.states(li, c.ID), "mute failed terminal mute has no speaker") && strings.HasSuffix(f.states(li, c.ID), "one hears, two hears")
	})
	// Somebody else may have neither, sees who speaks, and cannot end it.
	q := speaker(t)
	if _, err := f.Begin(wang, talk.Wish{Listeners: []string{"one"}, SDP: q.offer(t)}); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "李科") {
		t.Errorf("another meanwhile: %v", err)
	}
	if list, _ := f.List(wang); list[0].By == nil || list[0].By.Name != "李科" || list[0].Since == nil {
		t.Errorf("others see %+v", list[0])
	}
	if _, err := f.Renew(wang, c.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another's call: %v", err)
	}
	if err := f.End(wang, c.ID); err != nil {
		t.Error(err)
	}
	if err := f.End(li, c.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.End(li, c.ID); err != nil {
		t.Errorf("once more: %v", err)
	}
	if got := f.kinds(); got != "李科 began one, 李科 began two, 李科 ended one, 李科 ended two" {
		t.Errorf("events %s", got)
	}
	if len(f.spoke) != 1 || f.spoke[0] != "李科 flood 终端one,终端two" {
		t.Errorf("timeline %q", f.spoke)
	}
	// The floor is free at once, and the terminals are still there.
	q = speaker(t)
	if c, err = f.Begin(wang, talk.Wish{Listeners: []string{"one"}, SDP: q.offer(t)}); err != nil {
		t.Fatal(err)
	}
	q.accept(t, c.SDP)
	q.say(t, "stay", func() bool { return f.hears("one", "stay") })
	if f.hears("two", "stay") {
		t.Error("heard where it was not meant for")
	}
}

func TestTheFloorIsFreeWhenTheSessionOfWhoSpeaksDies(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	p := speaker(t)
	c, err := f.Begin(li, talk.Wish{Listeners: []string{"one"}, SDP: p.offer(t)})
	if err != nil {
		t.Fatal(err)
	}
	p.accept(t, c.SDP)
	p.say(t, "help", func() bool { return f.hears("one", "help") })
	if err := p.pc.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call ends", func() bool { return f.kinds() == "李科 began one, 李科 ended one" })
	if e := f.events[len(f.events)-1].Data.(talk.Spoken); !e.Lapsed {
		t.Errorf("event %+v", e)
	}
}

func TestTheFloorLapsesWhenNobodyRenewsIt(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	// It offers and never connects; no clock but that of the floor ends it that early.
	if _, err := f.Begin(li, talk.Wish{Listeners: []string{"one"}, SDP: speaker(t).offer(t)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call ends", func() bool { return strings.HasSuffix(f.kinds(), "李科 ended one") })
}

func TestASceneThatIsGoneDoesNotRefuseTheOthers(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	c, err := f.Begin(li, talk.Wish{Listeners: []string{"nowhere", "one"}, Incident: "flood", SDP: speaker(t).offer(t)})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "one hears, the other is said to be gone", func() bool {
		return f.states(li, c.ID) == "nowhere failed there is nobody to speak to at nowhere, one hears"
	})
	if err := f.End(li, c.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.kinds(); got != "李科 began one, 李科 ended one" {
		t.Errorf("events %s", got)
	}
	// It never connected.
	if len(f.spoke) != 1 || f.spoke[0] != "李科 flood 终端one silent" {
		t.Errorf("timeline %q", f.spoke)
	}
}

func TestWhatBeganEndsHoweverItFails(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	for _, to := range [][]string{{"one"}, {"one", "nowhere"}, {"nowhere", "one", "two"}} {
		if _, err := f.Begin(li, talk.Wish{Listeners: to, Incident: "flood", SDP: "rubbish"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%v: %v", to, err)
		}
	}
	if got := f.kinds(); strings.Count(got, "began") != 4 || strings.Count(got, "ended") != 4 {
		t.Errorf("events %s", got)
	}
	if list, _ := f.List(li); list[0].By != nil || len(f.spoke) != 0 {
		t.Errorf("still held: %+v, timeline %q", list[0], f.spoke)
	}
}

func TestAPhoneHearsOnceSoundHasCome(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	if _, err := f.devices.CreateOutside(actor.WithSystem(t.Context(), "test"), device.New{ID: "phone", Kind: device.Camera, Name: "手机", Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	phone := newPeer(t)
	var err error
	if phone.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, "a", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.pc.AddTransceiverFromTrack(phone.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv}); err != nil {
		t.Fatal(err)
	}
	a, err := f.router.Publish(t.Context(), "phone", phone.offer(t), true)
	if err != nil {
		t.Fatal(err)
	}
	phone.accept(t, a.SDP)
	phone.say(t, "here", func() bool { return f.video.Sends("phone") })
	p := speaker(t)
	c, err := f.Begin(li, talk.Wish{Listeners: []string{"phone"}, SDP: p.offer(t)})
	if err != nil || c.Places[0].State != talk.Calling {
		t.Fatalf("%+v, %v", c, err)
	}
	p.accept(t, c.SDP)
	eventually(t, "connected", func() bool { return p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	if got := f.states(li, c.ID); got != "phone calling" {
		t.Errorf("nobody has said anything, and it is %s", got)
	}
	p.say(t, "hello", func() bool { return f.states(li, c.ID) == "phone hears" })
	if err := phone.pc.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is gone", func() bool { return f.states(li, c.ID) == "phone failed the phone 手机 does not send now" })
}

func TestATerminalThatDoesNotHearIsSaidSo(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	f.answer = wire.CommandResult{Error: "centre refuses the token"}
	c, err := f.Begin(li, talk.Wish{Listeners: []string{"one"}, SDP: speaker(t).offer(t)})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "said", func() bool { return f.states(li, c.ID) == "one failed centre refuses the token" })
	half := 50
	if err := f.Set(li, "one", wire.SpeakerSet{Volume: &half}); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "refuses") {
		t.Errorf("set: %v", err)
	}
	f.mu.Lock()
	f.answer = wire.CommandResult{OK: true}
	f.mu.Unlock()
	if err := f.Set(li, "one", wire.SpeakerSet{Volume: &half}); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeSpokenToIsSaidSo(t *testing.T) {
	f := newField(t)
	li := as("李科", "320600", actor.VideoTalk)
	f.devices.Presence(actor.WithSystem(t.Context(), "test"), "two", false)
	if _, err := f.devices.CreateOutside(actor.WithSystem(t.Context(), "test"), device.New{ID: "phone", Kind: device.Camera, Name: "手机", Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		ctx  context.Context
		to   []string
		sdp  string
		want errs.Kind
	}{
		"who may only watch":            {as("r", "320600"), []string{"one"}, "x", errs.Denied},
		"nobody":                        {li, nil, "x", errs.Invalid},
		"without an offer":              {li, []string{"one"}, "", errs.Invalid},
		"rubbish for an offer":          {li, []string{"one"}, "x", errs.Invalid},
		"no terminal":                   {li, []string{"nowhere"}, "x", errs.NotFound},
		"a camera of a terminal":        {li, []string{"one-cam"}, "x", errs.NotFound},
		"of another county":             {as("x", "320681", actor.VideoTalk), []string{"one"}, "x", errs.NotFound},
		"one without a speaker":         {li, []string{"mute"}, "x", errs.Conflict},
		"one that is not connected":     {li, []string{"two"}, "x", errs.Unavailable},
		"a phone that does not send":    {li, []string{"phone"}, "x", errs.Unavailable},
		"a picture instead of a speech": {li, []string{"one"}, picture(t), errs.Invalid},
	} {
		if _, err := f.Begin(one.ctx, talk.Wish{Listeners: one.to, SDP: one.sdp}); errs.KindOf(err) != one.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Nothing of that holds a floor.
	if list, _ := f.List(li); list[0].By != nil {
		t.Errorf("still held: %+v", list[0])
	}
	for _, cmd := range f.told {
		t.Errorf("told %+v", cmd)
	}
}

func picture(t *testing.T) string {
	t.Helper()
	p := newPeer(t)
	if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	return p.offer(t)
}
