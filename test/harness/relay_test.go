package harness

import (
	"net"
	"strings"
	"testing"
)

func TestAnAnswerLeavesOneWayThroughTheRelay(t *testing.T) {
	answer := "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 2130706431 127.0.0.1 8189 typ host\r\na=candidate:1 2 udp 2130706431 127.0.0.1 8189 typ host\r\n" +
		"a=candidate:2 1 tcp 1671430143 127.0.0.1 8189 typ host tcptype passive\r\na=candidate:3 1 udp 2130706430 ::1 8189 typ host generation 0\r\na=end-of-candidates\r\n"
	got := Through(answer, 4711)
	want := "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 2130706431 127.0.0.1 4711 typ host\r\na=end-of-candidates\r\n"
	if got != want {
		t.Errorf("got %q", got)
	}
	if strings.Contains(WithoutAddresses(answer), "8189") {
		t.Error("a way that does not go through the relay is left")
	}
	if at := AddressIn(answer); at != "127.0.0.1:8189" || AddressIn("v=0\r\n") != "" {
		t.Errorf("packets go to %q", at)
	}
}

func TestTheRelayPassesPacketsAndAnswers(t *testing.T) {
	far, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	r := NewRelay(t, far.LocalAddr().String())
	near, err := net.Dial("udp", r.in.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	buf := make([]byte, 64)
	for _, word := range []string{"one", "two"} {
		if _, err := near.Write([]byte(word)); err != nil {
			t.Fatal(err)
		}
		n, from, err := far.ReadFrom(buf)
		if err != nil || string(buf[:n]) != word {
			t.Fatalf("heard %q, %v", buf[:n], err)
		}
		if _, err := far.WriteTo(buf[:n], from); err != nil {
			t.Fatal(err)
		}
		if n, err = near.Read(buf); err != nil || string(buf[:n]) != word {
			t.Fatalf("answered %q, %v", buf[:n], err)
		}
	}
	r.Cut()
	if r.open(near.LocalAddr()) != nil {
		t.Error("there is a way although it is cut")
	}
}
