package external_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/central/internal/broker/external"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// connect lets a centre work with a broker.
func connect(t *testing.T, addr string, sensor func(device string, payload []byte, done func(ok bool))) *external.Broker {
	t.Helper()
	b, err := external.New(external.Options{
		URL: "tcp://" + addr, Sensor: sensor, Presence: func(context.Context, string, bool) {}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	until(t, "the centre is connected", func() bool { return b.Ready(t.Context()) == nil })
	return b
}

// client is somebody else at the broker.
func client(t *testing.T, addr, id string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).SetProtocolVersion(4).SetAutoReconnect(false).
		SetConnectTimeout(5 * time.Second).SetWriteTimeout(5 * time.Second))
	if token := c.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatalf("%s does not reach the broker: %v", id, token.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

// TestBrokerThatComesAndGoes has much on the way in both directions whenever the broker is killed. It is for
// the race detector, and for what must go on afterwards.
func TestBrokerThatComesAndGoes(t *testing.T) {
	m := testserver.StartMosquitto(t, true)
	var heard atomic.Int64
	sensor := func(_ string, _ []byte, done func(ok bool)) { done(heard.Add(1)%5 != 0) }
	b := connect(t, m.Addr, sensor)
	stop := make(chan struct{})
	var publishing sync.WaitGroup
	for n := range 4 {
		publishing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if b.Publish(wire.AckTopic(fmt.Sprint("edge-", n)), []byte("{}")) != nil {
					time.Sleep(time.Millisecond) // there is no connection
				}
			}
		})
	}
	for round := range 3 {
		before := heard.Load()
		c := client(t, m.Addr, "gauge-1")
		for range 20 {
			c.Publish(wire.SensorTopic("gauge-1"), 1, false, `{"values":{"level":1}}`)
		}
		until(t, fmt.Sprintf("the simple sensor is heard in round %d", round), func() bool { return heard.Load() >= before+20 })
		m.Kill()
		until(t, "the centre notices", func() bool { return b.Ready(t.Context()) != nil })
		m.Start(t)
		until(t, "the centre is connected again", func() bool { return b.Ready(t.Context()) == nil })
	}
	close(stop)
	publishing.Wait()
}

// TestWhatWasLostWithAConnectionIsNotSentLater: an order to a siren, or an answer with the time, that a dead
// connection kept would arrive when it is true no more.
func TestWhatWasLostWithAConnectionIsNotSentLater(t *testing.T) {
	m := testserver.StartMosquitto(t, true)
	way := newWay(t, m.Addr)
	b := connect(t, way.addr, func(string, []byte, func(bool)) {})
	var mu sync.Mutex
	var came []string
	c := client(t, m.Addr, "edge-1")
	if token := c.Subscribe(wire.CommandTopic("edge-1"), 1, func(_ mqtt.Client, m mqtt.Message) {
		mu.Lock()
		defer mu.Unlock()
		came = append(came, string(m.Payload()))
	}); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	way.hold.Store(true)
	if err := b.Publish(wire.CommandTopic("edge-1"), []byte("old")); err != nil {
		t.Fatal(err)
	}
	until(t, "the order is on its way", way.swallowed.Load)
	way.cut()
	until(t, "the centre notices", func() bool { return b.Ready(t.Context()) != nil })
	way.hold.Store(false)
	until(t, "three orders of the next connection arrive", func() bool {
		_ = b.Publish(wire.CommandTopic("edge-1"), []byte("new")) // refused until there is one
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(strings.Join(came, " "), "new") >= 3
	})
	mu.Lock()
	defer mu.Unlock()
	for _, text := range came {
		if text != "new" {
			t.Errorf("%q came over the next connection", text)
		}
	}
}

// way lies between the centre and the broker, and can lose what the centre sends.
type way struct {
	addr            string
	hold, swallowed atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{addr: l.Addr().String()}
	var running sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); w.cut(); running.Wait() })
	running.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, in, out)
			w.mu.Unlock()
			running.Go(func() { _, _ = io.Copy(in, out) }) // until it is cut
			running.Go(func() { w.carry(out, in) })
		}
	})
	return w
}

func (w *way) carry(to io.Writer, from io.Reader) {
	chunk := make([]byte, 4096)
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return
		}
		if w.hold.Load() {
			w.swallowed.Store(true)
			continue
		}
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
	}
}

func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}
