package nmea

import (
	"bufio"
	"log/slog"
	"math"
	"net"
	"strings"
	"testing"
	"time"
)

func TestSentencesCarryPlaceSpeedAndChecksum(t *testing.T) {
	at := time.Date(2026, 11, 24, 4, 5, 6, 0, time.UTC)
	got := Sentences(at, Fix{Place: Place{121.59554, 32.05533}, Speed: 10, Course: 84.4})
	want := "$GNRMC,040506.00,A,3203.31980,N,12135.73240,E,19.44,84.4,241126,,,A*"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want prefix %q", got, want)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(got), "\r\n") {
		body, sum, ok := strings.Cut(strings.TrimPrefix(line, "$"), "*")
		if !ok || frame(body) != "$"+body+"*"+sum+"\r\n" {
			t.Errorf("checksum of %q", line)
		}
	}
}

func TestTrackIsClosedAndDrivenEvenly(t *testing.T) {
	track := Track{Places: []Place{{121.59, 32.05}, {121.60, 32.05}, {121.60, 32.06}}, Speed: 12}
	last := track.At(0)
	for s := time.Second; s < 10*time.Minute; s += time.Second {
		fix := track.At(s)
		if step, _ := metres(last.Place, fix.Place); step > 12.5 {
			t.Fatalf("after %s: a step of %.1f m", s, step)
		}
		last = fix
	}
	round := 0.0
	for i, p := range track.Places {
		l, _ := metres(p, track.Places[(i+1)%3])
		round += l
	}
	back := track.At(time.Duration(round / 12 * float64(time.Second)))
	if d, _ := metres(back.Place, track.Places[0]); math.Abs(d) > 0.5 {
		t.Errorf("after one round %.2f m away", d)
	}
}

func TestServerSendsAndComesBackOnItsPort(t *testing.T) {
	s := &Server{Listen: "127.0.0.1:0", Every: 20 * time.Millisecond, Track: Track{Places: []Place{{121.6, 32}}}, Epoch: time.Now(), Log: slog.New(slog.DiscardHandler)}
	for range 2 {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "$GNRMC,") {
			t.Errorf("got %q, %v", line, err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(conn).ReadString(0); err == nil {
			t.Error("the connection outlived the server")
		}
	}
}

func TestAnOrderSpoilsOneFix(t *testing.T) {
	s := &Server{Track: Track{Places: []Place{{121.6, 32}}}, Epoch: time.Now()}
	s.Damage()
	for i, sound := range []bool{false, true} {
		for line := range strings.SplitSeq(strings.TrimSpace(s.next(s.Epoch)), "\r\n") {
			body, sum, _ := strings.Cut(strings.TrimPrefix(line, "$"), "*")
			if (frame(body) == "$"+body+"*"+sum+"\r\n") != sound {
				t.Errorf("fix %d: %q", i, line)
			}
		}
	}
}
