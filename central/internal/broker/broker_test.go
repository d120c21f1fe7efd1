package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/nats-io/nats.go"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a broker with an authority of its own; edges are whoever holds a certificate, sensors know the
// token "good".
type field struct {
	*Broker
	t    *testing.T
	ca   *device.Authority
	mu   sync.Mutex
	bars map[string]bool
	seen map[string]uint64 // refusals by "id reason"
	here map[string]bool
	take func(device string, payload []byte, done func(bool))
}

func (f *field) AuthCertificate(_ context.Context, c *x509.Certificate) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bars[c.Subject.CommonName] {
		return "", errs.E(errs.Unauthenticated, "test", "barred")
	}
	return c.Subject.CommonName, nil
}

func (f *field) AuthToken(_ context.Context, _, token string) error {
	if token != "good" {
		return errs.E(errs.Unauthenticated, "test", "wrong token")
	}
	return nil
}

func newField(t *testing.T) *field {
	t.Helper()
	f := &field{t: t, bars: map[string]bool{}, seen: map[string]uint64{}, here: map[string]bool{}}
	f.take = func(_ string, _ []byte, done func(bool)) { done(true) }
	var err error
	if f.ca, err = device.OpenAuthority(t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	f.Broker, err = Start(t.Context(), Options{
		Plain: "127.0.0.1:0", TLS: "127.0.0.1:0", Dir: t.TempDir(), TLSConfig: f.ca.ServerTLS(), Auth: f,
		Sensor: func(id string, payload []byte, done func(bool)) { f.take(id, payload, done) },
		Presence: func(_ context.Context, id string, online bool) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.here[id] = online
		},
		Refused: func(_ context.Context, id, reason, _ string, n uint64) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.seen[id+" "+reason] += n
		},
		Log: slog.New(slog.DiscardHandler), LoginTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := f.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *field) refused(id, reason string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[id+" "+reason]
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited 10 s for: %s", what)
		case <-tick.C:
		}
	}
}

// edgeOptions connects as an edge with a fresh certificate.
func (f *field) edgeOptions(id string) *mqtt.ClientOptions {
	f.t.Helper()
	cert := newCert(f.t, f.ca, id)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(f.ca.PEM()))
	return mqtt.NewClientOptions().AddBroker("ssl://" + f.TLSAddr().String()).SetClientID(id).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(5 * time.Second).SetConnectRetry(false).
		SetTLSConfig(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
}

func (f *field) sensorOptions(id string) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().AddBroker("tcp://" + f.PlainAddr().String()).SetClientID("x").SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(5 * time.Second).SetUsername(id).SetPassword("good")
}

func dial(t *testing.T, o *mqtt.ClientOptions) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(o)
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatalf("connect: %v", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func send(t *testing.T, c mqtt.Client, topic string, payload []byte) {
	t.Helper()
	if tok := c.Publish(topic, 1, false, payload); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatalf("publish to %s: %v", topic, tok.Error())
	}
}

func TestEdgePublishesAndHearsOnlyItsOwn(t *testing.T) {
	f := newField(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := f.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	got := make(chan *nats.Msg, 16)
	if _, err := f.Conn().ChanSubscribe("fs.v1.>", got); err != nil {
		t.Fatal(err)
	}
	if err := f.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	c := dial(t, f.edgeOptions("edge-a"))
	down := make(chan string, 16)
	if tok := c.Subscribe("fs/v1/edge-a/down/#", 1, func(_ mqtt.Client, m mqtt.Message) { down <- m.Topic() }); tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	tok := c.Subscribe("fs/v1/edge-b/down/#", 1, nil)
	tok.Wait()
	if code := tok.(*mqtt.SubscribeToken).Result()["fs/v1/edge-b/down/#"]; code != 0x80 {
		t.Errorf("another's down topic: code %#x, want 0x80", code)
	}
	send(t, c, wire.UpTopic("edge-b", 2), []byte("foreign"))
	send(t, c, wire.AckTopic("edge-a"), []byte("not up"))
	send(t, c, "v1/devices/gauge/telemetry", []byte("foreign"))
	send(t, c, "$MQTT/x", []byte("inside"))
	send(t, c, wire.UpTopic("edge-a", 2), make([]byte, maxPayload+1))
	send(t, c, wire.UpTopic("edge-a", 2), []byte("good"))
	m := <-got
	if m.Subject != "fs.v1.edge-a.up.2" || string(m.Data) != "good" {
		t.Errorf("got %s %q first", m.Subject, m.Data)
	}
	if n := f.refused("edge-a", ReasonTopic); n != 4 {
		t.Errorf("%d foreign topics counted, want 4", n)
	}
	if n := f.refused("edge-a", ReasonOversized); n != 1 {
		t.Errorf("%d oversized counted, want 1", n)
	}
	if n := f.refused("edge-a", ReasonSubscribe); n != 1 {
		t.Errorf("%d foreign subscriptions counted, want 1", n)
	}
	if err := f.Conn().Publish("fs.v1.edge-a.down.ack", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if topic := <-down; topic != wire.AckTopic("edge-a") {
		t.Errorf("heard %s", topic)
	}
}

func TestLastWillAndRetainedStatus(t *testing.T) {
	f := newField(t)
	got := make(chan *nats.Msg, 16)
	if _, err := f.Conn().ChanSubscribe("fs.v1.*.up.status", got); err != nil {
		t.Fatal(err)
	}
	_ = f.Conn().Flush()
	c := dial(t, f.edgeOptions("edge-a").SetWill(wire.StatusTopic("edge-a"), `{"state":"offline"}`, 1, true))
	until(t, "presence", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.here["edge-a"] })
	if tok := c.Publish(wire.StatusTopic("edge-a"), 1, true, `{"state":"online"}`); tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	if m := <-got; string(m.Data) != `{"state":"online"}` {
		t.Errorf("got %s", m.Data)
	}
	f.Disconnect("edge-a")
	if m := <-got; string(m.Data) != `{"state":"offline"}` {
		t.Errorf("got %s", m.Data)
	}
	until(t, "client to notice", func() bool { return !c.IsConnectionOpen() })
	until(t, "absence", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return !f.here["edge-a"] })
	// A will on another's topic is dropped, the session lives.
	dial(t, f.edgeOptions("edge-c").SetWill(wire.StatusTopic("edge-a"), "forged", 1, true))
	until(t, "forged will counted", func() bool { return f.refused("edge-c", ReasonTopic) == 1 })
}

func TestStrangersStayOutside(t *testing.T) {
	f := newField(t)
	refuses := func(name string, o *mqtt.ClientOptions) {
		c := mqtt.NewClient(o)
		tok := c.Connect()
		if tok.WaitTimeout(10*time.Second) && tok.Error() == nil {
			c.Disconnect(0)
			t.Errorf("%s was let in", name)
		}
	}
	refuses("wrong token", f.sensorOptions("gauge").SetPassword("bad"))
	refuses("no login", f.sensorOptions("").SetPassword(""))
	refuses("edge name without certificate", f.sensorOptions(centre).SetPassword("bad"))
	other, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := f.edgeOptions("edge-a")
	o.TLSConfig.Certificates = []tls.Certificate{newCert(t, other, "edge-a")}
	refuses("certificate of another authority", o)
	f.bars["edge-z"] = true
	refuses("revoked certificate", f.edgeOptions("edge-z"))
	if tok := mqtt.NewClient(f.edgeOptions("edge-z")).Connect(); tok.Wait() && !errors.Is(tok.Error(), packets.ErrorRefusedNotAuthorised) {
		t.Errorf("a revoked edge hears %v", tok.Error())
	}
	// The inner listener knows nobody without the secret of the process.
	inner := mqtt.NewClientOptions().AddBroker("tcp://" + f.engine.addr).SetClientID("edge-a").SetProtocolVersion(4).
		SetUsername("edge-a").SetPassword("guess").SetConnectTimeout(3 * time.Second)
	refuses("guess at the inner listener", inner)
	refuses("centre at the inner listener", inner.SetUsername(centre).SetPassword(""))
}

func TestPlainListenerIsLoopbackOnly(t *testing.T) {
	for _, addr := range []string{":1883", "0.0.0.0:1883", "192.0.2.1:1883", "[::]:1883"} {
		_, err := Start(t.Context(), Options{Plain: addr, Dir: t.TempDir(), Auth: &field{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}

func TestSensorIsConfirmedAfterTheCommitAndInOrder(t *testing.T) {
	f := newField(t)
	type taken struct {
		payload string
		done    func(bool)
	}
	all := make(chan taken, 16)
	f.take = func(_ string, p []byte, done func(bool)) { all <- taken{string(p), done} }
	c := dial(t, f.sensorOptions("gauge"))
	first := c.Publish("v1/devices/gauge/telemetry", 1, false, "1")
	second := c.Publish("v1/devices/gauge/telemetry", 2, false, "2")
	a, b := <-all, <-all
	b.done(true)
	if first.WaitTimeout(50*time.Millisecond) || second.WaitTimeout(50*time.Millisecond) {
		t.Error("confirmed before the commit")
	}
	a.done(true)
	if !first.WaitTimeout(5*time.Second) || !second.WaitTimeout(5*time.Second) {
		t.Fatal("not confirmed after the commit")
	}
	send(t, c, "v1/devices/other/telemetry", []byte("foreign"))
	send(t, c, "v1/devices/gauge/telemetry", make([]byte, maxPayload+1))
	if f.refused("gauge", ReasonTopic) != 1 || f.refused("gauge", ReasonOversized) != 1 {
		t.Errorf("refusals: %v", f.seen)
	}
	tok := c.Subscribe("#", 1, nil)
	tok.Wait()
	if code := tok.(*mqtt.SubscribeToken).Result()["#"]; code != 0x80 {
		t.Errorf("subscription of a sensor: code %#x", code)
	}
	// A commit that fails ends the session without PUBACK.
	third := c.Publish("v1/devices/gauge/telemetry", 1, false, "3")
	(<-all).done(false)
	until(t, "session to end", func() bool { return !c.IsConnectionOpen() })
	if third.WaitTimeout(10*time.Millisecond) && third.Error() == nil {
		t.Error("confirmed although the commit failed")
	}
}

func TestSilentStrangerIsClosed(t *testing.T) {
	f := newField(t)
	conn, err := net.Dial("tcp", f.PlainAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the connection", err)
	}
}

func TestTheOldestOfTooManySessionsEnds(t *testing.T) {
	f := newField(t)
	first := dial(t, f.sensorOptions("gauge"))
	for range f.opts.MaxPerDevice {
		dial(t, f.sensorOptions("gauge"))
	}
	until(t, "the oldest session to end", func() bool { return !first.IsConnectionOpen() })
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.here["gauge"] {
		t.Error("the sensor counts as gone")
	}
}
