package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

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

func TestTileSaysWhyTheTerminalSendsNothing(t *testing.T) {
	r := videoRoom(t)
	r.ticket(t, "near")
	asked := r.field.told(wire.CommandMediaStart)[0]
	streams := func() string { return r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body }
	r.svc.Result("edge-2", wire.CommandResult{Command: asked.ID, Error: "a stranger speaks"})
	r.svc.Result("edge-1", wire.CommandResult{Command: "another", Error: "of another command"})
	r.svc.Result("edge-1", wire.CommandResult{Command: asked.ID, Error: "camera cam-1: no such camera"})
	until(t, "the reason is shown", func() bool { return strings.Contains(streams(), "no such camera") })
	until(t, "the terminal is asked again", func() bool { return len(r.field.told(wire.CommandMediaStart)) > 1 })
	again := r.field.told(wire.CommandMediaStart)[1]
	r.svc.Result("edge-1", wire.CommandResult{Command: again.ID, OK: true})
	until(t, "the reason is gone", func() bool { return !strings.Contains(streams(), `"error"`) })
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
	want := []string{
		`<turn:127.0.0.1:3478?transport=udp>; rel="ice-server"; username="1:u-near"; credential="secret"; credential-type="password"`,
		`<turn:127.0.0.1:3478?transport=tcp>; rel="ice-server"; username="1:u-near"; credential="secret"; credential-type="password"`,
	}
	if links := got.header.Get("Link"); links != strings.Join(want, ", ") {
		t.Errorf("links %s", links)
	}
	ice := r.call(t, http.MethodGet, "/api/v1/ice-servers", "near", "", "")
	if ice.status != http.StatusOK || !strings.Contains(ice.body, `"turn:127.0.0.1:3478?transport=tcp"`) {
		t.Errorf("relays for the console: %d %s", ice.status, ice.body)
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

func TestCompressedBodiesAreRefusedUnread(t *testing.T) {
	r := videoRoom(t)
	var bomb bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, kind, encoding string }{
		{"/whip/cam-1", sdpKind, "gzip"},
		{"/whep/cam-1", sdpKind, "br"},
		{"/whip/cam-1", sdpKind, "identity, gzip"},
		{"/api/v1/streams/cam-1/watch", "application/json", "deflate"},
		{"/api/v1/streams/cam-1/watch", "application/json", "zstd"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := r.call(t, http.MethodPost, c.path, "", c.kind, bomb.String(), "Content-Encoding", c.encoding)
		runtime.ReadMemStats(&after)
		if got.status != http.StatusUnsupportedMediaType || !strings.Contains(got.body, `"request.encoding"`) {
			t.Errorf("%s in %s: %d %s", c.path, c.encoding, got.status, got.body)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("%s in %s: %d MB were taken", c.path, c.encoding, grown>>20)
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

func TestATicketDoesNotOutliveTheRightsOfItsHolder(t *testing.T) {
	r := videoRoom(t)
	watcher := r.who["near"]
	ticket := r.ticket(t, "near")
	_, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	moved, blind := watcher, watcher
	moved.DivisionCode, blind.Permissions = "320500", nil
	for name, now := range map[string]struct {
		who    actor.Actor
		status int
	}{
		"disabled":            {actor.Actor{}, http.StatusUnauthorized},
		"without permission":  {blind, http.StatusForbidden},
		"in another division": {moved, http.StatusNotFound},
	} {
		r.become("near", now.who)
		if got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer); got.status != now.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	r.become("near", watcher)
	got := r.call(t, http.MethodPost, ticket.WHEP, ticket.Token, sdpKind, offer)
	if got.status != http.StatusCreated {
		t.Fatalf("with all rights: %d %s", got.status, got.body)
	}
	r.svc.Recheck(t.Context())
	r.become("near", moved)
	r.svc.Recheck(t.Context())
	until(t, "the picture is gone", func() bool {
		return r.call(t, http.MethodDelete, got.header.Get("Location"), ticket.Token, "", "").status == http.StatusNotFound
	})
	r.become("near", watcher)
	late := r.ticket(t, "near")
	r.svc.DropUser(watcher.ID)
	if got := r.call(t, http.MethodPost, late.WHEP, late.Token, sdpKind, offer); got.status != http.StatusUnauthorized {
		t.Errorf("a ticket from before the reset of the password: %d %s", got.status, got.body)
	}
}

func TestARevokedTerminalPublishesNoMore(t *testing.T) {
	r := videoRoom(t)
	r.ticket(t, "near")
	var m wire.MediaStart
	if err := json.Unmarshal(r.field.told(wire.CommandMediaStart)[0].Body, &m); err != nil {
		t.Fatal(err)
	}
	_, offer := browser(t, webrtc.RTPTransceiverDirectionSendonly)
	got := r.call(t, http.MethodPost, m.WHIP, m.Token, sdpKind, offer)
	if got.status != http.StatusCreated {
		t.Fatalf("publish: %d %s", got.status, got.body)
	}
	r.svc.DropDevice("another")
	r.svc.DropDevice("edge-1")
	until(t, "the publisher is gone", func() bool {
		return r.call(t, http.MethodDelete, got.header.Get("Location"), m.Token, "", "").status == http.StatusNotFound
	})
	r.field.mu.Lock()
	r.field.edge = device.Revoked
	r.field.mu.Unlock()
	if got := r.call(t, http.MethodPost, m.WHIP, m.Token, sdpKind, offer); got.status != http.StatusForbidden {
		t.Errorf("publish of a revoked terminal: %d %s", got.status, got.body)
	}
}

func line(text, prefix string) string {
	i := strings.Index(text, prefix)
	return text[i : i+strings.Index(text[i:], "\r\n")]
}

func TestAPictureIsForcedWithAReasonWhenTheBudgetIsUsedUp(t *testing.T) {
	r := videoRoom(t)
	watch := func(body string) {
		t.Helper()
		if a := r.call(t, http.MethodPost, "/api/v1/streams/cam-1/watch", "near", "application/json", body); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	reasons := func() (out []string) {
		for _, c := range r.field.told(wire.CommandMediaStart) {
			var m wire.MediaStart
			if err := json.Unmarshal(c.Body, &m); err != nil {
				t.Fatal(err)
			}
			out = append(out, m.Reason)
		}
		return out
	}
	watch("")
	first := r.field.told(wire.CommandMediaStart)[0]
	r.svc.Result("edge-1", wire.CommandResult{Command: first.ID, Error: wire.RefusedBudget})
	until(t, "the stream says so", func() bool {
		return strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, `"used_up":true`)
	})
	watch(`{"reason":" 坝体渗漏 "}`)
	got := reasons()
	if got[0] != "" || got[len(got)-1] != "坝体渗漏" {
		t.Fatalf("reasons %q", got)
	}
	r.svc.Result("edge-1", wire.CommandResult{Command: r.field.told(wire.CommandMediaStart)[len(got)-1].ID, OK: true})
	until(t, "it is no longer said", func() bool {
		return !strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, "used_up")
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.ContainsFunc(r.events, func(e event.Event) bool {
		return e.Kind == video.EventForced && e.Actor == "u-near" && e.Data == video.Forced{Stream: "cam-1", Reason: "坝体渗漏"} && !e.Ephemeral
	}) {
		t.Error("nobody wrote down why")
	}
}
