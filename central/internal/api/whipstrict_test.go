package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"
)

// TestAForeignSenderFindsWhatRFC9725Promises drives the whole life of a session with a client that knows nothing but
// the standard.
func TestAForeignSenderFindsWhatRFC9725Promises(t *testing.T) {
	const fragmentKind = "application/trickle-ice-sdpfrag"
	r := newLinkRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "OBS", "hours": 1})
	s := newSender(t, r.url+link.URL, link.Token)

	// §4.2: what may be posted is asked for; other methods are not for the endpoint.
	if got := s.do(http.MethodOptions, s.endpoint, "", ""); got.status/100 != 2 || got.header.Get("Accept-Post") != "application/sdp" {
		t.Errorf("OPTIONS: %d %v", got.status, got.header)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
		if got := s.do(method, s.endpoint, "", ""); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.status)
		}
	}

	// What is no offer of H.264 is refused in words, and the token stays good.
	offer := s.offer(false)
	hevc := regexp.MustCompile(`(?i)H264/90000`).ReplaceAllString(offer, "H265/90000")
	hevc = regexp.MustCompile(`(?im)^a=rtpmap:\d+ (VP8|VP9|AV1)/90000\r\n`).ReplaceAllString(hevc, "")
	for name, c := range map[string]struct{ offer, words string }{
		"H.265":          {hevc, "H.265"},
		"no SDP":         {"hello", "SDP"},
		"cut":            {offer[:len(offer)/3], ""},
		"no credentials": {regexp.MustCompile(`(?m)^a=ice-(ufrag|pwd):.*\r\n`).ReplaceAllString(offer, ""), "ICE"},
		"data channel":   {offer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\n", "data channel"},
	} {
		got := s.do(http.MethodPost, s.endpoint, "application/sdp", c.offer)
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, c.words) || !strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}

	// §4.2: 201 with Location, ETag and an answer that takes and sends nothing.
	s = newSender(t, r.url+link.URL, link.Token)
	got := s.open()
	if got.status != http.StatusCreated || got.header.Get("Content-Type") != "application/sdp" {
		t.Fatalf("%d %v %s", got.status, got.header, got.body)
	}
	if !regexp.MustCompile(`^"[^"]+"$`).MatchString(s.etag) || got.header.Get("Accept-Patch") != fragmentKind {
		t.Errorf("ETag %q, Accept-Patch %q", s.etag, got.header.Get("Accept-Patch"))
	}
	for _, line := range []string{"a=ice-lite", "a=recvonly", "a=setup:passive", "a=rtcp-mux", "a=group:BUNDLE"} {
		if !strings.Contains(got.body, line) {
			t.Errorf("the answer has no %s:\n%s", line, got.body)
		}
	}
	relay := regexp.MustCompile(`<turn:[^>]+>; rel="ice-server"; username="[^"]+"; credential="[^"]+"; credential-type="password"`)
	if n := len(relay.FindAllString(got.header.Get("Link"), -1)); n != 2 {
		t.Errorf("%d relays: %s", n, got.header.Get("Link"))
	}
	s.connected()
	go s.run(t.Context())
	until(t, "live", func() bool {
		return strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, `"live"`)
	})
	seen := r.see(t, link.Link.Stream)
	until(t, "pictures at a viewer", func() bool { return seen() > 100 })

	// §4.3.1: candidates, with the precondition.
	candidate := "a=ice-ufrag:" + attribute(s.pc.LocalDescription().SDP, "ice-ufrag") + "\r\na=ice-pwd:" + attribute(s.pc.LocalDescription().SDP, "ice-pwd") +
		"\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 50000 typ host\r\na=end-of-candidates\r\n"
	for _, c := range []struct {
		name, etag, kind string
		want             int
	}{
		{"without If-Match", "", fragmentKind, http.StatusPreconditionRequired},
		{"with another's", `"other"`, fragmentKind, http.StatusPreconditionFailed},
		{"of another kind", s.etag, "application/sdp", http.StatusUnsupportedMediaType},
		{"as it should be", s.etag, fragmentKind, http.StatusNoContent},
	} {
		var headers []string
		if c.etag != "" {
			headers = []string{"If-Match", c.etag}
		}
		if got := s.do(http.MethodPatch, s.resource, c.kind, candidate, headers...); got.status != c.want {
			t.Errorf("candidates %s: %d %s", c.name, got.status, got.body)
		}
	}

	// §4.3.2: a restart of ICE has new credentials and a new ETag; the old one is no good from then on.
	offer = s.offer(true)
	restart := "a=ice-ufrag:" + attribute(offer, "ice-ufrag") + "\r\na=ice-pwd:" + attribute(offer, "ice-pwd") + "\r\n"
	restarted := s.do(http.MethodPatch, s.resource, fragmentKind, restart, "If-Match", "*")
	if restarted.status != http.StatusOK || restarted.header.Get("Content-Type") != fragmentKind || restarted.header.Get("ETag") == s.etag || restarted.header.Get("ETag") == "" {
		t.Fatalf("restart: %d %v %s", restarted.status, restarted.header, restarted.body)
	}
	for _, key := range []string{"ice-ufrag", "ice-pwd"} {
		before, now := attribute(s.answer, key), attribute(restarted.body, key)
		if now == "" || now == before {
			t.Errorf("%s is %q after %q", key, now, before)
		}
		s.answer = strings.ReplaceAll(s.answer, "a="+key+":"+before, "a="+key+":"+now)
	}
	if got := s.do(http.MethodPatch, s.resource, fragmentKind, candidate, "If-Match", s.etag); got.status != http.StatusPreconditionFailed {
		t.Errorf("old ETag after the restart: %d", got.status)
	}
	// The sender has left its old way with the offer, and nothing comes but over the new one.
	var before int64
	until(t, "the old way is silent", func() bool {
		last := before
		before = seen()
		return before == last && s.pc.ICEConnectionState() == webrtc.ICEConnectionStateChecking
	})
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: s.answer}); err != nil {
		t.Fatalf("answer of the restart is not taken: %v\n%s", err, s.answer)
	}
	until(t, "pictures at the viewer after the restart", func() bool { return seen() > before+200 })

	// §4.2: the resource is ended by DELETE, and is gone then.
	if got := s.do(http.MethodDelete, s.resource, "", ""); got.status != http.StatusOK {
		t.Errorf("DELETE: %d %s", got.status, got.body)
	}
	for _, method := range []string{http.MethodDelete, http.MethodPatch} {
		if got := s.do(method, s.resource, fragmentKind, candidate, "If-Match", "*"); got.status != http.StatusNotFound {
			t.Errorf("%s after the end: %d", method, got.status)
		}
	}
	for name, token := range map[string]string{"without": "", "with another's": "l-nothing.AAAA"} {
		s.token = token
		if got := s.do(http.MethodPost, s.endpoint, "application/sdp", offer); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s token: %d %v", name, got.status, got.header)
		}
	}
}

// attribute is the value of the first line of a name in a description.
func attribute(sdp, name string) string {
	for l := range strings.SplitSeq(sdp, "\n") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(l), "a="+name+":"); ok {
			return v
		}
	}
	return ""
}
