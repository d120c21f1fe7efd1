package turn

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	pion "github.com/pion/turn/v5"
)

// echo is a video port that answers each packet with itself.
func echo(t *testing.T) *net.UDPAddr {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDP(buf[:n], from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr)
}

func started(t *testing.T, videoPort int, public ...string) *Relay {
	t.Helper()
	r := New(Options{Log: slog.New(slog.DiscardHandler), Listen: "127.0.0.1:0", VideoPort: videoPort, PublicIPs: public, Key: []byte("a key of thirty-two bytes or more")})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// client asks for a relay, over UDP or TCP.
func client(t *testing.T, r *Relay, network, name, password string) (net.PacketConn, error) {
	t.Helper()
	at := fmt.Sprintf("127.0.0.1:%d", r.Port())
	var conn net.PacketConn
	var err error
	if network == "tcp" {
		stream, dialErr := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
		if dialErr != nil {
			t.Fatal(dialErr)
		}
		conn = pion.NewSTUNConn(stream)
	} else {
		conn, err = (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := pion.NewClient(&pion.ClientConfig{TURNServerAddr: at, STUNServerAddr: at, Conn: conn, Username: name, Password: password, Realm: realm})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		_ = conn.Close()
	})
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err == nil {
		t.Cleanup(func() { _ = relayed.Close() })
	}
	return relayed, err
}

func credential(t *testing.T, r *Relay, user string) (name, password string) {
	t.Helper()
	name, password, err := r.Credential(user)
	if err != nil {
		t.Fatal(err)
	}
	return name, password
}

func TestRelaysToTheVideoPortOverUDPAndTCP(t *testing.T) {
	video := echo(t)
	r := started(t, video.Port, "203.0.113.7")
	name, password := credential(t, r, "u-1")
	for _, network := range []string{"udp", "tcp"} {
		for _, host := range []string{"127.0.0.1", "203.0.113.7"} { // the second is an address of ours on a router outside
			relayed, err := client(t, r, network, name, password)
			if err != nil {
				t.Fatalf("%s: %v", network, err)
			}
			to := &net.UDPAddr{IP: net.ParseIP(host), Port: video.Port}
			if _, err := relayed.WriteTo([]byte("picture"), to); err != nil {
				t.Fatalf("%s to %s: %v", network, host, err)
			}
			if err := relayed.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			n, from, err := relayed.ReadFrom(buf)
			if err != nil || string(buf[:n]) != "picture" || from.String() != to.String() {
				t.Fatalf("%s to %s: %q from %v, %v", network, host, buf[:n], from, err)
			}
		}
	}
}

func TestRelaysToNobodyElse(t *testing.T) {
	video := echo(t)
	ear, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ear.Close() })
	other := ear.LocalAddr().(*net.UDPAddr)
	r := started(t, video.Port)
	relayed, err := client(t, r, "udp", first(credential(t, r, "u-1")), second(credential(t, r, "u-1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"10.1.2.3", "192.168.1.1", "169.254.169.254", "198.51.100.9"} {
		if _, err := relayed.WriteTo([]byte("x"), &net.UDPAddr{IP: net.ParseIP(ip), Port: video.Port}); err == nil {
			t.Errorf("a permission for %s was given", ip)
		}
	}
	// What is for another port of the centre goes nowhere; the answer of the video port comes back.
	for _, to := range []*net.UDPAddr{other, video} {
		if _, err := relayed.WriteTo([]byte(to.String()), to); err != nil {
			t.Fatal(err)
		}
	}
	if err := relayed.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, _, err := relayed.ReadFrom(buf); err != nil || string(buf[:n]) != video.String() {
		t.Errorf("%q %v", buf[:n], err)
	}
	// The relay sends in order: what it passed on to the other port would stand there before this.
	past, err := net.DialUDP("udp4", nil, other)
	if err == nil {
		_, err = past.Write([]byte("nothing before"))
		t.Cleanup(func() { _ = past.Close() })
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, _, err := ear.ReadFromUDP(buf); err != nil || string(buf[:n]) != "nothing before" {
		t.Errorf("another port of the centre heard %q, %v", buf[:n], err)
	}
}

func first(a, _ string) string  { return a }
func second(_, b string) string { return b }

func TestCredentialsAreOfThisCentreAndForATime(t *testing.T) {
	r := started(t, echo(t).Port)
	name, password := credential(t, r, "u-1")
	expired, old, err := pion.GenerateLongTermTURNRESTCredentials(string(r.o.Key), "u-1", -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string][2]string{
		"none": {"", ""}, "wrong password": {name, "x"}, "another's name": {name + "x", password}, "expired": {expired, old},
	} {
		if _, err := client(t, r, "udp", c[0], c[1]); err == nil {
			t.Errorf("%s: relayed", what)
		}
	}
}

func TestOneUserHasAFewRelays(t *testing.T) {
	r := started(t, echo(t).Port)
	name, password := credential(t, r, "u-1")
	for i := range perUser {
		if _, err := client(t, r, "udp", name, password); err != nil {
			t.Fatalf("relay %d: %v", i, err)
		}
	}
	if _, err := client(t, r, "udp", name, password); err == nil {
		t.Error("one more was given")
	}
	other, secret := credential(t, r, "u-2")
	if _, err := client(t, r, "udp", other, secret); err != nil {
		t.Errorf("another user: %v", err)
	}
}

func TestABucketLetsItsRateThrough(t *testing.T) {
	b, now := newBucket(1000), time.Unix(0, 0)
	if !b.take(1000, now) || b.take(1, now) {
		t.Error("not a second's worth at once")
	}
	if now = now.Add(100 * time.Millisecond); !b.take(100, now) || b.take(1, now) {
		t.Error("not a tenth after a tenth of a second")
	}
	if now = now.Add(time.Hour); !b.take(1000, now) || b.take(1, now) {
		t.Error("an hour of silence is worth more than a second")
	}
}
