package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestAWallShowsStreamsAtItsPlacesWithoutNegotiatingAgain(t *testing.T) {
	r := videoRoom(t)
	pc, offer := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	text, err := json.Marshal(map[string]string{"sdp": offer})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/api/v1/wall-sessions"
	if got := r.call(t, http.MethodPost, path, "blind", "application/json", string(text)); got.status != http.StatusForbidden {
		t.Errorf("without permission: %d", got.status)
	}
	if got := r.call(t, http.MethodPost, path, "near", "application/json", `{"sdp":"hello"}`); got.status != http.StatusUnprocessableEntity {
		t.Errorf("no SDP: %d %s", got.status, got.body)
	}
	got := r.call(t, http.MethodPost, path, "near", "application/json", string(text))
	var w video.WallSession
	if got.status != http.StatusCreated || json.Unmarshal([]byte(got.body), &w) != nil || w.Places != 20 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: w.SDP}); err != nil {
		t.Fatal(err)
	}
	until(t, "connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	if n := len(r.field.told(wire.CommandMediaStart)); n != 0 {
		t.Errorf("an empty wall asked a terminal %d times", n)
	}
	places := path + "/" + w.Session + "/places"
	put := func(user, body string) answered {
		return r.call(t, http.MethodPut, places, user, "application/json", body)
	}
	one := put("near", `{"places":[{"place":0,"stream":"cam-1"}]}`)
	if one.status != http.StatusOK || !strings.Contains(one.body, `"stream":"cam-1"`) || strings.Contains(one.body, "problem") {
		t.Fatalf("%d %s", one.status, one.body)
	}
	if n := len(r.field.told(wire.CommandMediaStart)); n != 1 {
		t.Errorf("the terminal was asked %d times", n)
	}
	streams := func() string { return r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body }
	until(t, "one viewer", func() bool { return strings.Contains(streams(), `"viewers":1`) })
	for _, c := range []struct {
		name, user, body, want string
		status                 int
	}{
		{"of another", "far", `{"places":[]}`, "video.no_session", http.StatusNotFound},
		{"no such camera", "near", `{"places":[{"place":1,"stream":"cam-9"}]}`, "video.no_stream", http.StatusOK},
		{"no such place", "near", `{"places":[{"place":1,"stream":"cam-1"}]}`, "video.no_place", http.StatusOK},
		{"beyond", "near", `{"places":[{"place":20,"stream":"cam-1"}]}`, "request.invalid", http.StatusUnprocessableEntity},
	} {
		if got := put(c.user, c.body); got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	// A terminal that is gone says so, and takes what was there away.
	r.field.mu.Lock()
	r.field.edge = device.Offline
	r.field.mu.Unlock()
	if got := put("near", `{"places":[{"place":0,"stream":"cam-1"}]}`); !strings.Contains(got.body, "video.edge_offline") {
		t.Errorf("offline: %d %s", got.status, got.body)
	}
	until(t, "nobody watches", func() bool { return !strings.Contains(streams(), `"viewers":1`) })
	told := func() (kinds []bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, e := range r.events {
			if w, ok := e.Data.(video.Watched); ok && e.Actor == "u-near" && e.Division == "320623" && w.Stream == "cam-1" && !e.Ephemeral {
				kinds = append(kinds, w.Ended)
			}
		}
		return kinds
	}
	until(t, "watching was told, begin and end", func() bool { return slices.Equal(told(), []bool{false, true}) })
	// Whoever may see it no more sees it no more.
	r.field.mu.Lock()
	r.field.edge = device.Online
	r.field.mu.Unlock()
	put("near", `{"places":[{"place":0,"stream":"cam-1"}]}`)
	until(t, "one viewer again", func() bool { return strings.Contains(streams(), `"viewers":1`) })
	seer := r.who["near"]
	moved := seer
	moved.DivisionCode = "320500"
	r.become("near", moved)
	r.svc.Recheck(t.Context())
	until(t, "the picture is gone", func() bool { return slices.Equal(told(), []bool{false, true, false, true}) })
	r.become("near", seer)
	if got := r.call(t, http.MethodDelete, path+"/"+w.Session, "near", "", ""); got.status != http.StatusNoContent {
		t.Errorf("close: %d %s", got.status, got.body)
	}
	until(t, "the session is gone", func() bool { return put("near", `{"places":[]}`).status == http.StatusNotFound })
}
