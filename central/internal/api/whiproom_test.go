package api_test

import (
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
	budget   wire.BudgetLevel
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
		return device.Device{ID: id, Kind: device.Edge, State: f.edge, Agent: &device.Agent{Budget: f.budget}}, true
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

// relayHere is a relay that nobody asks.
type relayHere struct{}

func (relayHere) Credential(user string) (name, password string, err error) {
	return "1:" + user, "secret", nil
}
func (relayHere) Port() int       { return 3478 }
func (relayHere) Hosts() []string { return nil }

// room is a running centre's video.
type room struct {
	url   string
	field *field
	svc   *video.Service
	who   people

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
	bus := event.NewBus(nil)
	bus.Handle(func(_ context.Context, e event.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	})
	r.svc = video.New(video.Options{Log: log, Router: router, Devices: r.field, People: r, Commander: r.field, Events: bus, Relay: relayHere{}})
	if err := r.svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	watcher := []actor.Permission{actor.VideoWatch}
	r.who = people{
		"near":  {Kind: actor.User, ID: "u-near", Name: "周岚", DivisionCode: "320600", Permissions: watcher},
		"far":   {Kind: actor.User, ID: "u-far", DivisionCode: "320500", Permissions: watcher},
		"blind": {Kind: actor.User, ID: "u-blind", DivisionCode: "320600"},
	}
	s := api.New(api.Options{Listen: "127.0.0.1:0", Log: log, Identity: r.who})
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

// Present is the register of users, as people are at the moment.
func (r *room) Present(_ context.Context, id string) (actor.Actor, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.who {
		if a.ID == id {
			return a, nil
		}
	}
	return actor.Actor{}, errs.E(errs.Unauthenticated, "x", "no such user")
}

// become changes what a user may do; a zero actor removes the user.
func (r *room) become(token string, a actor.Actor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.who[token] = a
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
	t.Cleanup(func() { hangUp(pc) })
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
