package whip

import (
	"strings"
	"testing"
)

const described = "v=0\r\ns=-\r\na=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\n" +
	"a=candidate:1 1 udp 1 10.0.0.1 8189 typ host\r\na=candidate:2 1 udp 1 10.0.0.2 8189 typ host\r\na=end-of-candidates\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\n"

func TestTheWayOfADescriptionIsTakenOutAndPutIn(t *testing.T) {
	want := "a=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\na=candidate:1 1 udp 1 10.0.0.1 8189 typ host\r\na=candidate:2 1 udp 1 10.0.0.2 8189 typ host\r\n"
	if got := fragmentOf(described); got != want {
		t.Errorf("taken out: %q", got)
	}
	got := withFragment(described, "a=ice-lite\r\na=ice-ufrag:new\r\na=ice-pwd:newer\r\nm=video 9 x 0\r\na=mid:0\r\na=candidate:3 1 udp 1 10.0.0.3 8189 typ host\r\n")
	want = strings.NewReplacer("old\r\n", "new\r\n", "older\r\n", "newer\r\n",
		"a=candidate:1 1 udp 1 10.0.0.1 8189 typ host\r\na=candidate:2 1 udp 1 10.0.0.2 8189 typ host\r\n", "a=candidate:3 1 udp 1 10.0.0.3 8189 typ host\r\n").Replace(described)
	if got != want {
		t.Errorf("put in: %q\nwant    %q", got, want)
	}
}

// What a centre answers is foreign: whatever it is, the description keeps its lines.
func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:x\r\na=ice-pwd:y\r\na=candidate:1 1 tcp 1 ::1 9 typ host tcptype passive\r\n")
	f.Add("a=ice-ufrag")
	f.Add("\r\n\n\ra=candidate:")
	f.Fuzz(func(t *testing.T, text string) {
		rest, streams := apart(text)
		got := withFragment(described, rest)
		if len(streams) > streamsMax || !strings.HasPrefix(got, "v=0\r\ns=-\r\n") || strings.Count(got, "m=audio 9 ") != 1 {
			t.Errorf("%q becomes %q", text, got)
		}
		fragmentOf(text)
	})
}
