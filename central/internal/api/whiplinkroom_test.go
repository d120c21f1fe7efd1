package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
)

// linkRoom is the video of a centre with its own database and register, and no terminal.
type linkRoom struct {
	room
	db      *store.DB
	devices *device.Service
	record  *audit.Service
}

func newLinkRoom(t *testing.T) *linkRoom {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db := storetest.SQLite(t)
	r := &linkRoom{db: db, record: audit.New(store.NewAudit(db), db, log)}
	r.who = people{
		"near":   {Kind: actor.User, ID: "u-near", Name: "周岚", DivisionCode: "320600", Permissions: []actor.Permission{actor.VideoWatch, actor.VideoShare, actor.DeviceRead}},
		"far":    {Kind: actor.User, ID: "u-far", Name: "远", DivisionCode: "320500", Permissions: []actor.Permission{actor.VideoWatch, actor.VideoShare}},
		"viewer": {Kind: actor.User, ID: "u-viewer", Name: "看", DivisionCode: "320600", Permissions: []actor.Permission{actor.VideoWatch}},
	}
	router := sfu.New(sfu.Options{Log: log, Listen: "127.0.0.1:0"})
	if err := router.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.record.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	bus := event.NewBus(r.record)
	r.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: log}
	r.field = &field{edge: device.Online}
	r.svc = video.New(video.Options{
		Log: log, Router: router, Devices: r.devices, People: &r.room, Commander: r.field, Events: bus, Relay: relayHere{},
		Links: store.NewVideoLinks(db), Tx: db, Outside: r.devices,
	})
	if err := r.svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := api.New(api.Options{Listen: "127.0.0.1:0", Log: log, Identity: r.who})
	api.RegisterVideo(s, r.svc)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + s.Addr().String()
	t.Cleanup(func() {
		for _, stop := range []func(context.Context) error{s.Stop, router.Stop, r.svc.Stop, r.record.Stop} {
			if err := stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

// share makes a link.
func (r *linkRoom) share(t *testing.T, user string, draft map[string]any) video.Shared {
	t.Helper()
	text, err := json.Marshal(draft)
	if err != nil {
		t.Fatal(err)
	}
	got := r.call(t, http.MethodPost, "/api/v1/video-links", user, "application/json", string(text))
	var out video.Shared
	if got.status != http.StatusCreated || json.Unmarshal([]byte(got.body), &out) != nil {
		t.Fatalf("no link: %d %s", got.status, got.body)
	}
	return out
}

func (r *linkRoom) links(t *testing.T, user string) []video.StreamLink {
	t.Helper()
	got := r.call(t, http.MethodGet, "/api/v1/video-links", user, "", "")
	var out struct{ Items []video.StreamLink }
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &out) != nil {
		t.Fatalf("no list: %d %s", got.status, got.body)
	}
	return out.Items
}

// see watches a stream; what it gives back is how many packets of the picture have come.
func (r *linkRoom) see(t *testing.T, stream string) func() int64 {
	t.Helper()
	got := r.call(t, http.MethodPost, "/api/v1/streams/"+stream+"/watch", "near", "", "")
	var ticket video.Ticket
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &ticket) != nil {
		t.Fatalf("no ticket: %d %s", got.status, got.body)
	}
	pc, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	var came atomic.Int64
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			came.Add(1)
		}
	})
	if got = r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer); got.status != http.StatusCreated {
		t.Fatalf("not watched: %d %s", got.status, got.body)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	return came.Load
}

// sender is a WHIP client as strict as a foreign program is: it knows RFC 9725 and nothing of this project.
type sender struct {
	t        *testing.T
	pc       *webrtc.PeerConnection
	track    *webrtc.TrackLocalStaticSample
	endpoint string
	token    string
	resource string
	etag     string
	answer   string
}

// newSender prepares a picture of H.264 to be sent.
func newSender(t *testing.T, endpoint, token string) *sender {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	s := &sender{t: t, endpoint: endpoint, token: token}
	var err error
	if s.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(s.pc) })
	if s.track, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "v", "foreign"); err != nil {
		t.Fatal(err)
	}
	if _, err = s.pc.AddTransceiverFromTrack(s.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends one request; a body is of its kind.
func (s *sender) do(method, to, kind, body string, headers ...string) answered {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, text.String()}
}

// offer makes an offer without candidates: they are trickled.
func (s *sender) offer(restart bool) string {
	s.t.Helper()
	o, err := s.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.pc.SetLocalDescription(o); err != nil {
		s.t.Fatal(err)
	}
	return o.SDP
}

// open posts the offer and takes the answer.
func (s *sender) open() answered {
	s.t.Helper()
	got := s.do(http.MethodPost, s.endpoint, "application/sdp", s.offer(false))
	if got.status != http.StatusCreated {
		return got
	}
	base, err := url.Parse(s.endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	where, err := base.Parse(got.header.Get("Location"))
	if err != nil || got.header.Get("Location") == "" {
		s.t.Fatalf("location %q: %v", got.header.Get("Location"), err)
	}
	s.resource, s.etag, s.answer = where.String(), got.header.Get("ETag"), got.body
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: got.body}); err != nil {
		s.t.Fatalf("answer is not taken: %v\n%s", err, got.body)
	}
	return got
}

// connected waits for the session.
func (s *sender) connected() {
	s.t.Helper()
	until(s.t, "connected", func() bool { return s.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
}

// run sends a key frame 25 times a second until the test ends or the session does.
func (s *sender) run(ctx context.Context) {
	picture := []byte{
		0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, 0, 0, 0, 1, 0x65, 0x88, 0x84,
	}
	picture = append(picture, bytes.Repeat([]byte{0x5a}, 3000)...)
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if s.track.WriteSample(media.Sample{Data: picture, Duration: 40 * time.Millisecond}) != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
