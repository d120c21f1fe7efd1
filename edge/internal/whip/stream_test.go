package whip

import (
	"fmt"
	"strings"
	"testing"
)

const twoWays = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 10.0.0.1 8189 typ host\r\n" +
	"a=candidate:2 1 tcp 1671430143 10.0.0.1 8189 typ host tcptype passive\r\na=end-of-candidates\r\n"

func TestWaysOverTCPWaitForUDP(t *testing.T) {
	rest, streams := apart(twoWays)
	if len(streams) != 1 || streams[0] != "candidate:2 1 tcp 1671430143 10.0.0.1 8189 typ host tcptype passive" {
		t.Errorf("streams %q", streams)
	}
	if want := strings.Replace(twoWays, "a="+streams[0]+"\r\n", "", 1); rest != want {
		t.Errorf("rest %q, want %q", rest, want)
	}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "a=candidate:%d 1 TCP 1 10.0.0.1 %d typ host tcptype passive\r\n", i, i+1)
	}
	if rest, streams = apart(many.String()); rest != "" || len(streams) != streamsMax {
		t.Errorf("%d ways, rest %q", len(streams), rest)
	}
}

func FuzzApart(f *testing.F) {
	f.Add(twoWays)
	f.Add("a=candidate:\r\na=candidate:1 1 tcp")
	f.Add("a=candidate:1 1 tcp\n\n\r")
	f.Fuzz(func(t *testing.T, answer string) {
		rest, streams := apart(answer)
		again, more := apart(rest)
		if len(more) > 0 || again != rest {
			t.Errorf("%q is left with %q", rest, more)
		}
		if len(streams) == 0 && rest != answer {
			t.Errorf("%q became %q", answer, rest)
		}
	})
}
