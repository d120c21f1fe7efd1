package harness

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v3"
)

// wallPlaces is how many pictures a page asks for by one connection.
const wallPlaces = 20

// Wall is a page with many pictures by one connection.
type Wall struct {
	client  *Client
	pc      *webrtc.PeerConnection
	session string

	mu   sync.Mutex
	came [wallPlaces][]begun
}

// begun is a picture that a decoder can begin with.
type begun struct {
	time uint32
	at   time.Time // of its last packet
}

// OpenWall connects; nothing is shown yet.
func (c *Client) OpenWall(t TB) *Wall {
	t.Helper()
	api, err := engine(func(*webrtc.SettingEngine) {})
	must(t, err, "make an engine")
	w := &Wall{client: c}
	w.pc, err = api.NewPeerConnection(webrtc.Configuration{})
	must(t, err, "make peer connection")
	t.Cleanup(func() { _ = w.pc.Close() })
	w.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go drain(receiver)
		at := slices.IndexFunc(w.pc.GetTransceivers(), func(tr *webrtc.RTPTransceiver) bool { return tr.Receiver() == receiver })
		w.read(at, track)
	})
	// As browsers are asked to: offers of many pictures stay short.
	only := []webrtc.RTPCodecParameters{{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}},
		},
		PayloadType: 106,
	}}
	for range wallPlaces {
		one, err := w.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		must(t, err, "add transceiver")
		must(t, one.SetCodecPreferences(only), "offer H.264 alone")
	}
	offer, err := w.pc.CreateOffer(nil)
	must(t, err, "make offer")
	gathered := webrtc.GatheringCompletePromise(w.pc)
	must(t, w.pc.SetLocalDescription(offer), "set offer")
	<-gathered
	var answer struct {
		Session string `json:"session"`
		SDP     string `json:"sdp"`
	}
	must(t, c.Call(http.MethodPost, "/wall-sessions", map[string]string{"sdp": w.pc.LocalDescription().SDP}, &answer), "open a wall")
	w.session = answer.Session
	must(t, w.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}), "set answer")
	return w
}

// read notes the pictures of a place with which a decoder can begin.
func (w *Wall) read(at int, track *webrtc.TrackRemote) {
	key, sets, now := false, false, uint32(0)
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if p.Timestamp != now {
			key, sets, now = false, false, p.Timestamp
		}
		for _, kind := range nalKinds(p.Payload) {
			key, sets = key || kind == 5, sets || kind == 7
		}
		if p.Marker && key && sets {
			w.mu.Lock()
			w.came[at] = append(w.came[at], begun{p.Timestamp, time.Now()})
			w.mu.Unlock()
		}
	}
}

// Put shows a stream at a place and returns how long it took from the request to the last packet of the first picture
// of it that can be shown.
func (w *Wall) Put(t TB, place int, stream string) time.Duration {
	t.Helper()
	w.mu.Lock()
	w.came[place] = nil
	w.mu.Unlock()
	asked := time.Now()
	var answer struct {
		Items []struct {
			After   *uint32 `json:"after"`
			Session string  `json:"session"`
		} `json:"items"`
	}
	body := map[string]any{"places": []map[string]any{{"place": place, "stream": stream}}}
	must(t, w.client.Call(http.MethodPut, "/wall-sessions/"+w.session+"/places", body, &answer), "put "+stream+" on the wall")
	if len(answer.Items) != 1 || answer.Items[0].Session == "" {
		t.Fatalf("%s is not shown at place %d: %+v", stream, place, answer.Items)
	}
	after := answer.Items[0].After
	var took time.Duration
	WaitFor(t, 20*time.Second, fmt.Sprintf("%s comes at place %d", stream, place), func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, b := range w.came[place] {
			if after == nil || int32(b.time-*after) > 0 { //nolint:gosec // distance on a circle
				took = b.at.Sub(asked)
				return nil
			}
		}
		return fmt.Errorf("%d pictures of what was there before", len(w.came[place]))
	})
	return took
}
