package sfu

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"
)

// sampleOffer is what a viewer sends.
func sampleOffer(t testing.TB) string {
	t.Helper()
	pc := client(t, nil, nil)
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	return offer(t, pc)
}

func TestFragmentsAreRead(t *testing.T) {
	f, err := readFragment("a=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\nm=video 9 RTP/AVP 0\r\na=mid:1\r\na=candidate:1 1 udp 2 10.0.0.1 9 typ host\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if f.ufrag != "abcd" || f.pwd != "efgh" || f.mid != "1" || len(f.candidates) != 1 || !strings.HasPrefix(f.candidates[0], "candidate:1 ") {
		t.Errorf("got %+v", f)
	}
	for name, text := range map[string]string{
		"empty":     "",
		"space":     "a=ice-ufrag:ab cd\r\n",
		"too many":  strings.Repeat("a=candidate:1 1 udp 2 10.0.0.1 9 typ host\r\n", maxCandidates+1),
		"too long":  strings.Repeat("x", maxOffer+1),
		"long name": "a=ice-ufrag:" + strings.Repeat("x", 300),
	} {
		if _, err := readFragment(text); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestRestartKeepsTheOfferButForItsCredentials(t *testing.T) {
	d, err := readOffer(sampleOffer(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	text := d.with(fragment{ufrag: "newufrag", pwd: "newpasswordnewpassword"})
	again, err := readOffer(text, 1)
	if err != nil {
		t.Fatal(err)
	}
	if again.ufrag != "newufrag" || again.pwd != "newpasswordnewpassword" || strings.Contains(text, "a=candidate") {
		t.Errorf("got %s", text)
	}
}

// FuzzOffer feeds the whole negotiation, the library's part included. Its coverage varies from run to run,
// so fuzz it with -fuzzminimizetime 1x.
func FuzzOffer(f *testing.F) {
	s := started(f, Options{MaxStreams: 1 << 20})
	good := sampleOffer(f)
	f.Add(good)
	f.Add(strings.ReplaceAll(good, "recvonly", "sendonly"))
	f.Add("v=0\r\no=- 0 0 IN IP4 0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := s.Watch(t.Context(), "cam", "u", large, text); err == nil {
			_ = s.Hang(a.Session)
		}
		if a, err := s.Publish(t.Context(), "cam", text, true); err == nil {
			_ = s.Hang(a.Session)
		}
		_, _ = readFragment(text)
	})
}
