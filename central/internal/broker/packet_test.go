package broker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func good() connect {
	return connect{
		clientID: "edge-1", keepAlive: 30, username: "u", password: "p",
		will: &will{topic: "fs/v1/edge-1/up/status", message: []byte(`{"state":"offline"}`), qos: 1, retain: true},
	}
}

func TestConnectComesBackAsItWas(t *testing.T) {
	for _, c := range []connect{good(), {clientID: "x", username: "u", password: "p"}} {
		packet, err := c.packet()
		if err != nil {
			t.Fatal(err)
		}
		got, err := readConnect(bufio.NewReader(bytes.NewReader(packet)))
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("got %+v, %v; want %+v", got, err, c)
		}
	}
}

func TestBadConnectIsRefused(t *testing.T) {
	packet, err := good().packet()
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int, b byte) []byte {
		out := bytes.Clone(packet)
		out[at] = b
		return out
	}
	const flags = 2 + 7 // of a packet with a one-byte length
	for _, c := range []struct {
		name   string
		packet []byte
		want   error
	}{
		{"publish first", []byte{0x30, 2, 0, 0}, errMalformed},
		{"web browser", []byte("GET / HTTP/1.1\r\n\r\n"), errMalformed},
		{"MQTT 5", change(2+6, 5), errVersion},
		{"reserved flag", change(flags, packet[flags]|1), errMalformed},
		{"will of QoS 3", change(flags, packet[flags]|flagWillQoS), errMalformed},
		{"password without user", change(flags, packet[flags]&^flagUsername), errMalformed},
		{"text after the end", append(head{first: 0x10, length: len(packet) - 1}.append(nil), append(packet[2:], 0)...), errMalformed},
		{"endless length", []byte{0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}, errMalformed},
		{"too large", append(head{first: 0x10, length: maxConnect + 1}.append(nil), make([]byte, maxConnect+1)...), errMalformed},
		{"cut short", packet[:len(packet)-1], io.ErrUnexpectedEOF},
	} {
		if _, err := readConnect(bufio.NewReader(bytes.NewReader(c.packet))); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestClientIDNeverReachesAnotherEdge(t *testing.T) {
	for _, c := range []struct{ edge, id, want string }{
		{"edge-a", "", "edge-a"},
		{"edge-a", "edge-a", "edge-a"},
	} {
		if got := ownClientID(c.edge, c.id); got != c.want {
			t.Errorf("%s as %q: got %q, want %q", c.edge, c.id, got, c.want)
		}
	}
	for _, id := range []string{"edge-b", "edge-a-b", "a.b>*"} {
		if got := ownClientID("edge-a", id); !strings.HasPrefix(got, "edge-a:") || strings.ContainsAny(got, " .*>") {
			t.Errorf("edge-a as %q: got %q", id, got)
		}
	}
}

func FuzzConnect(f *testing.F) {
	packet, err := good().packet()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packet)
	f.Add([]byte{0x10, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readConnect(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		c.username, c.password = "edge-1", "secret"
		again, err := c.packet()
		if err != nil {
			return
		}
		got, err := readConnect(bufio.NewReader(bytes.NewReader(again)))
		if err != nil || got.username != "edge-1" || got.password != "secret" || got.clientID != c.clientID {
			t.Errorf("%q became %+v, %v", text, got, err)
		}
	})
}

func FuzzPublish(f *testing.F) {
	f.Add([]byte{0x32, 9, 0, 3, 'a', '/', 'b', 0, 7, 'x', 'y'})
	f.Add([]byte{0x30, 2, 0, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReader(bytes.NewReader(text))
		h, err := readHead(r)
		if err != nil {
			return
		}
		p, err := readPublish(r, h)
		if err == nil && (p.payload < 0 || p.payload+len(p.start) != h.length || len(p.topic) > maxTopic) {
			t.Errorf("%q became %+v of %+v", text, p, h)
		}
	})
}

func FuzzFilters(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 'a', 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		if id, topics, err := filters(body); err == nil && (id == 0 || len(topics) == 0) {
			t.Errorf("%q became %d, %q", body, id, topics)
		}
	})
}
