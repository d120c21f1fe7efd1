package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a register of one terminal with one camera, and the terminal itself.
type field struct {
	mu       sync.Mutex
	edge     device.State
	link     error
	commands []wire.Command
}

func (f *field) All(ctx context.Context) ([]device.Device, error) {
	d, _ := f.Visible(ctx, "cam-1")
	return []device.Device{d}, nil
}

func (f *field) Visible(ctx context.Context, id string) (device.Device, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := actor.From(ctx)
	if !ok || !a.Sees("320623") {
		return device.Device{}, false
	}
	switch id {
	case "cam-1":
		return device.Device{ID: id, Kind: device.Camera, Parent: "edge-1", Division: "320623"}, true
	case "edge-1":
		return device.Device{ID: id, Kind: device.Edge, State: f.edge}, true
	}
	return device.Device{}, false
}

func (f *field) Command(_ context.Context, edge string, c wire.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.link != nil || edge != "edge-1" {
		return errors.Join(f.link, errors.New("not sent"))
	}
	f.commands = append(f.commands, c)
	return nil
}

func (f *field) told(kind string) []wire.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []wire.Command
	for _, c := range f.commands {
		if c.Kind == kind {
			out = append(out, c)
		}
	}
	return out
}

// people are the users by API token.
type people map[string]actor.Actor

func (p people) SessionActor(context.Context, string) (actor.Actor, error) {
	return actor.Actor{}, errs.E(errs.Unauthenticated, "x", "no sessions here")
}

func (p people) TokenActor(_ context.Context, token string) (actor.Actor, error) {
	if a, ok := p[token]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.E(errs.Unauthenticated, "x", "unknown token")
}

// room is a running centre's video.
type room struct {
	url   string
	field *field
	svc   *video.Service

	mu     sync.Mutex
	events []event.Event
}

func videoRoom(t *testing.T) *room {
	t.Helper()
	r := &room{field: &field{edge: device.Online}}
	log := slog.New(slog.DiscardHandler)
	router := sfu.New(sfu.Options{Log: log, Listen: "127.0.0.1:0"})
	if err := router.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	bus := event.NewBus()
	bus.Handle(func(_ context.Context, e event.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	})
	r.svc = video.New(video.Options{Log: log, Router: router, Devices: r.field, Commander: r.field, Events: bus})
	if err := r.svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	watcher := []actor.Permission{actor.VideoWatch}
	s := api.New(api.Options{Listen: "127.0.0.1:0", Log: log, Identity: people{
		"near":  {Kind: actor.User, ID: "u-near", Name: "周岚", DivisionCode: "320600", Permissions: watcher},
		"far":   {Kind: actor.User, ID: "u-far", DivisionCode: "320500", Permissions: watcher},
		"blind": {Kind: actor.User, ID: "u-blind", DivisionCode: "320600"},
	}})
	api.RegisterVideo(s, r.svc)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + s.Addr().String()
	t.Cleanup(func() {
		for _, stop := range []func(context.Context) error{s.Stop, router.Stop, r.svc.Stop} {
			if err := stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

type answered struct {
	status int
	header http.Header
	body   string
}

func (r *room) call(t *testing.T, method, path, bearer, kind, text string, headers ...string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}

func (r *room) ticket(t *testing.T, user string) video.Ticket {
	t.Helper()
	got := r.call(t, http.MethodPost, "/api/v1/streams/cam-1/watch", user, "", "")
	var ticket video.Ticket
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &ticket) != nil {
		t.Fatalf("no ticket: %d %s", got.status, got.body)
	}
	return ticket
}

// browser makes an offer to watch.
func browser(t *testing.T, direction webrtc.RTPTransceiverDirection) (*webrtc.PeerConnection, string) {
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
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: direction}); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-done
	return pc, pc.LocalDescription().SDP
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(15 * time.Second)
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

const sdpKind = "application/sdp"

func TestWatchingLeasesTheTerminalAndEndsWithTheLastViewer(t *testing.T) {
	r := videoRoom(t)
	ticket := r.ticket(t, "near")
	if len(r.field.told(wire.CommandMediaStart)) != 1 {
		t.Fatal("the terminal was not asked")
	}
	var m wire.MediaStart
	if err := json.Unmarshal(r.field.told(wire.CommandMediaStart)[0].Body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Camera != "cam-1" || m.WHIP != "/whip/cam-1" || m.LeaseSeconds != 20 || m.Token == "" {
		t.Errorf("command %+v", m)
	}

	pc, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer)
	if got.status != http.StatusCreated || got.header.Get("Content-Type") != sdpKind || got.header.Get("ETag") == "" {
		t.Fatalf("answer: %d %v", got.status, got.header)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	until(t, "connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	until(t, "starting with one viewer", func() bool {
		list := r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "")
		return strings.Contains(list.body, `"starting"`) && strings.Contains(list.body, `"viewers":1`)
	})

	// The terminal publishes with the token of its command.
	terminal, pictures := browser(t, webrtc.RTPTransceiverDirectionSendonly)
	published := r.call(t, http.MethodPost, m.WHIP, m.Token, sdpKind, pictures)
	if published.status != http.StatusCreated {
		t.Fatalf("publish: %d %s", published.status, published.body)
	}
	_ = terminal.Close()

	where := got.header.Get("Location")
	if again := r.call(t, http.MethodDelete, where, m.Token, "", ""); again.status != http.StatusForbidden {
		t.Errorf("delete with another's token: %d", again.status)
	}
	if end := r.call(t, http.MethodDelete, where, ticket.Token, "", ""); end.status != http.StatusOK {
		t.Errorf("delete: %d %s", end.status, end.body)
	}
	if end := r.call(t, http.MethodDelete, where, ticket.Token, "", ""); end.status != http.StatusNotFound {
		t.Errorf("second delete: %d", end.status)
	}
	until(t, "watching was told, begin and end", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		var kinds []bool
		for _, e := range r.events {
			if w, ok := e.Data.(video.Watched); ok && e.Actor == "u-near" && e.Division == "320623" && !e.Ephemeral {
				kinds = append(kinds, w.Ended)
			}
		}
		return len(kinds) == 2 && !kinds[0] && kinds[1]
	})
	until(t, "the terminal is told to stop", func() bool { return len(r.field.told(wire.CommandMediaStop)) == 1 })
	until(t, "the stream is idle", func() bool {
		return strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, `"idle"`)
	})
}

func TestTokensOpenOnlyWhatTheyName(t *testing.T) {
	r := videoRoom(t)
	ticket := r.ticket(t, "near")
	_, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	for _, c := range []struct {
		name, path, token string
		want              int
	}{
		{"no token", "/whep/cam-1", "", http.StatusUnauthorized},
		{"rubbish", "/whep/cam-1", "rubbish", http.StatusUnauthorized},
		{"an API token", "/whep/cam-1", "near", http.StatusUnauthorized},
		{"watch token to publish", "/whip/cam-1", ticket.Token, http.StatusForbidden},
		{"watch token for another stream", "/whep/cam-2", ticket.Token, http.StatusForbidden},
		{"right", "/whep/cam-1", ticket.Token, http.StatusCreated},
		{"used before", "/whep/cam-1", ticket.Token, http.StatusUnauthorized},
	} {
		got := r.call(t, http.MethodPost, c.path, c.token, sdpKind, offer)
		if got.status != c.want {
			t.Errorf("%s: got %d, want %d (%s)", c.name, got.status, c.want, got.body)
		}
		if c.want == http.StatusUnauthorized && got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", c.name)
		}
	}
}

func TestWatchingIsRefusedWithAReason(t *testing.T) {
	r := videoRoom(t)
	for _, c := range []struct {
		name, user, stream string
		edge               device.State
		link               error
		status             int
		code               string
	}{
		{"nobody", "", "cam-1", device.Online, nil, http.StatusUnauthorized, "auth.required"},
		{"no permission", "blind", "cam-1", device.Online, nil, http.StatusForbidden, "auth.denied"},
		{"other division", "far", "cam-1", device.Online, nil, http.StatusNotFound, "video.no_stream"},
		{"no such camera", "near", "cam-9", device.Online, nil, http.StatusNotFound, "video.no_stream"},
		{"not a camera", "near", "edge-1", device.Online, nil, http.StatusNotFound, "video.no_stream"},
		{"terminal offline", "near", "cam-1", device.Offline, nil, http.StatusServiceUnavailable, "video.edge_offline"},
		{"command not sent", "near", "cam-1", device.Online, errors.New("link is down"), http.StatusServiceUnavailable, "video.edge_offline"},
	} {
		r.field.mu.Lock()
		r.field.edge, r.field.link = c.edge, c.link
		r.field.mu.Unlock()
		got := r.call(t, http.MethodPost, "/api/v1/streams/"+c.stream+"/watch", c.user, "", "")
		if got.status != c.status || !strings.Contains(got.body, `"`+c.code+`"`) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestSessionsFollowRFC9725(t *testing.T) {
	r := videoRoom(t)
	ticket := r.ticket(t, "near")
	pc, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	for _, c := range []struct {
		name, kind, text string
		want             int
	}{
		{"wrong type", "text/plain", offer, http.StatusUnsupportedMediaType},
		{"too long", sdpKind, strings.Repeat("a", 65<<10), http.StatusRequestEntityTooLarge},
		{"no SDP", sdpKind, "hello", http.StatusBadRequest},
	} {
		if got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, c.kind, c.text); got.status != c.want {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer)
	if got.status != http.StatusCreated {
		t.Fatalf("after bad offers the token is refused: %d %s", got.status, got.body)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	until(t, "connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	where, etag := got.header.Get("Location"), got.header.Get("ETag")
	const fragmentKind = "application/trickle-ice-sdpfrag"
	candidate := "a=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 50000 typ host\r\n"
	for _, c := range []struct {
		name, kind, text, etag string
		want                   int
	}{
		{"no If-Match", fragmentKind, candidate, "", http.StatusPreconditionRequired},
		{"old If-Match", fragmentKind, candidate, `"old"`, http.StatusPreconditionFailed},
		{"wrong type", sdpKind, candidate, etag, http.StatusUnsupportedMediaType},
		{"empty", fragmentKind, "", etag, http.StatusBadRequest},
		{"candidate", fragmentKind, candidate, etag, http.StatusNoContent},
	} {
		headers := []string{}
		if c.etag != "" {
			headers = []string{"If-Match", c.etag}
		}
		if got := r.call(t, http.MethodPatch, where, ticket.Token, c.kind, c.text, headers...); got.status != c.want {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}

	// ICE restart: new credentials of the browser are answered with new ones.
	again, err := pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(again); err != nil {
		t.Fatal(err)
	}
	<-done
	var fragment bytes.Buffer
	for line := range strings.SplitSeq(pc.LocalDescription().SDP, "\r\n") {
		for _, prefix := range []string{"a=ice-ufrag", "a=ice-pwd", "a=mid", "a=candidate"} {
			if strings.HasPrefix(line, prefix) {
				fragment.WriteString(line + "\r\n")
			}
		}
	}
	restarted := r.call(t, http.MethodPatch, where, ticket.Token, fragmentKind, fragment.String(), "If-Match", "*")
	if restarted.status != http.StatusOK || restarted.header.Get("ETag") == etag || !strings.Contains(restarted.body, "a=ice-ufrag:") {
		t.Fatalf("restart: %d %v %s", restarted.status, restarted.header, restarted.body)
	}
	answer := got.body
	for _, key := range []string{"a=ice-ufrag:", "a=ice-pwd:"} {
		answer = strings.ReplaceAll(answer, line(answer, key), line(restarted.body, key))
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	until(t, "connected again", func() bool { return pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected })

	for path, want := range map[string]string{"/whip/cam-1": "Accept-Post", where: "Accept-Patch"} {
		if got := r.call(t, http.MethodOptions, path, "", "", ""); got.status != http.StatusNoContent || got.header.Get(want) == "" ||
			got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("OPTIONS %s: %d %v", path, got.status, got.header)
		}
	}
}

func TestUserWhoIsDisabledSeesNoMore(t *testing.T) {
	r := videoRoom(t)
	ticket := r.ticket(t, "near")
	_, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer)
	if got.status != http.StatusCreated {
		t.Fatalf("answer: %d %s", got.status, got.body)
	}
	r.svc.DropUser("somebody else")
	r.svc.DropUser("u-near")
	until(t, "the session is gone", func() bool {
		return r.call(t, http.MethodDelete, got.header.Get("Location"), ticket.Token, "", "").status == http.StatusNotFound
	})
}

func line(text, prefix string) string {
	i := strings.Index(text, prefix)
	return text[i : i+strings.Index(text[i:], "\r\n")]
}
