package ingest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/broker"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/wire"
)

// centre is everything between the socket and the disk, as app wires it.
type centre struct {
	devices *device.Service
	data    *telemetry.Service
	broker  *broker.Broker
	ingest  *ingest.Ingest
	results chan wire.CommandResult
	dir     string
	free    atomic.Int64 // bytes of the disk
	close   func() error
}

func startCentre(ctx context.Context, dir, plain string) (*centre, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")})
	if err != nil {
		return nil, err
	}
	c := &centre{dir: dir, results: make(chan wire.CommandResult, 16)}
	c.free.Store(1 << 30)
	ts, err := tsdb.Open(ctx, tsdb.Options{
		Dir: filepath.Join(dir, "telemetry"), Reserve: 1 << 20, Free: func() (int64, error) { return c.free.Load(), nil },
	})
	if err != nil {
		return nil, err
	}
	ca, err := device.OpenAuthority(filepath.Join(dir, "ca"), nil)
	if err != nil {
		return nil, err
	}
	bus := event.NewBus(nil)
	c.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: log, CA: ca}
	c.data = &telemetry.Service{
		Store: ts, Alarms: store.NewAlarms(db), Quarantine: store.NewQuarantine(db), LegalHolds: store.NewHolds(db), Tx: db, Devices: c.devices, Events: bus, Log: log,
	}
	bus.Handle(c.data.OnEvent)
	bus.Handle(func(_ context.Context, e event.Event) {
		if r, ok := e.Data.(wire.CommandResult); ok && e.Kind == device.EventResult {
			c.results <- r
		}
	})
	if err := c.data.Start(ctx); err != nil {
		return nil, err
	}
	c.ingest, err = ingest.New(ingest.Options{
		Telemetry: c.data, Devices: c.devices, Log: log, Apart: filepath.Join(dir, "apart"),
	})
	if err != nil {
		return nil, err
	}
	c.broker, err = broker.Start(ctx, broker.Options{
		Plain: plain, TLS: "127.0.0.1:0", Dir: filepath.Join(dir, "broker"), TLSConfig: ca.ServerTLS(), Auth: c.devices,
		Sensor: c.ingest.Sensor, Presence: c.devices.Presence, Refused: c.ingest.Refused, Log: log,
	})
	if err != nil {
		return nil, err
	}
	c.devices.Disconnector = c.broker
	if err := c.ingest.Start(ctx, c.broker); err != nil {
		return nil, err
	}
	if err := c.broker.Listen(ctx); err != nil {
		return nil, err
	}
	c.devices.SetMQTTPort(c.broker.TLSAddr().(*net.TCPAddr).Port)
	c.close = func() error {
		ctx := context.Background()
		return errors.Join(c.ingest.Stop(ctx), c.broker.Stop(ctx), c.data.Stop(ctx), ts.Close(), db.Close())
	}
	return c, nil
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	c, err := startCentre(t.Context(), t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func system() context.Context { return actor.WithSystem(context.Background(), "test") }

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(15*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited 15 s for: %s", what)
		case <-tick.C:
		}
	}
}

func (c *centre) stored(t testing.TB) int64 {
	t.Helper()
	st, err := c.data.Stats(system())
	if err != nil {
		t.Fatal(err)
	}
	return st.Readings
}

func (c *centre) refused(t testing.TB, id string) uint64 {
	t.Helper()
	d, err := c.devices.Get(system(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Refused
}

// edge is a terminal with its certificate and a client.
type edge struct {
	t    testing.TB
	id   string
	acks chan wire.Ack
	cmds chan wire.Command
	opts *mqtt.ClientOptions
	mqtt mqtt.Client
}

// enrol registers an edge and trades its token for a certificate.
func (c *centre) enrol(t testing.TB, id string) *edge {
	t.Helper()
	added, err := c.devices.Create(system(), device.New{ID: id, Kind: device.Edge, Division: "320623"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	request := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	r, err := c.devices.Enrol(context.Background(), wire.EnrolRequest{Token: added.Enrol.Token, CSR: request})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(r.Certificate))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(r.CA))
	e := &edge{t: t, id: r.Edge, acks: make(chan wire.Ack, 256), cmds: make(chan wire.Command, 16)}
	e.opts = mqtt.NewClientOptions().AddBroker(fmt.Sprintf("ssl://127.0.0.1:%d", r.MQTTPort)).SetClientID(id).
		SetProtocolVersion(4).SetAutoReconnect(false).SetConnectTimeout(5*time.Second).SetOrderMatters(true).
		SetTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes}, PrivateKey: key}}}).
		SetWill(wire.StatusTopic(id), `{"state":"offline","backlog":{"records":0,"bytes":0}}`, 1, true)
	return e
}

func (e *edge) connect() error {
	e.mqtt = mqtt.NewClient(e.opts)
	if tok := e.mqtt.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		return errors.Join(errors.New("connect"), tok.Error())
	}
	e.t.Cleanup(func() { e.mqtt.Disconnect(0) })
	tok := e.mqtt.Subscribe("fs/v1/"+e.id+"/down/#", 1, func(_ mqtt.Client, m mqtt.Message) {
		var a wire.Ack
		var cmd wire.Command
		switch m.Topic() {
		case wire.AckTopic(e.id):
			_ = json.Unmarshal(m.Payload(), &a)
			e.acks <- a
		case wire.CommandTopic(e.id):
			_ = json.Unmarshal(m.Payload(), &cmd)
			e.cmds <- cmd
		}
	})
	tok.Wait()
	return tok.Error()
}

func (e *edge) send(topic string, payload any) {
	e.t.Helper()
	data, raw := payload.([]byte)
	if !raw {
		var err error
		if data, err = json.Marshal(payload); err != nil {
			e.t.Fatal(err)
		}
	}
	if tok := e.mqtt.Publish(topic, 1, false, data); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		e.t.Fatalf("publish: %v", tok.Error())
	}
}

func (e *edge) ack() wire.Ack {
	e.t.Helper()
	select {
	case a := <-e.acks:
		return a
	case <-time.After(10 * time.Second):
		e.t.Fatal("no ack")
		return wire.Ack{}
	}
}

func (e *edge) greet() wire.Ack {
	e.t.Helper()
	e.send(wire.HelloTopic(e.id), wire.Hello{
		Version: 1, Agent: "test", Epoch: 7, Time: time.Now().UnixMilli(), Synced: true, Lanes: []wire.LaneHello{},
		Sensors: []wire.SensorDeclared{{ID: e.id + "-level", Name: "水位", Class: "water_level", Series: []wire.SeriesDeclared{{Property: "water_level", Unit: "m"}}}},
		Cameras: []wire.CameraDeclared{},
	})
	return e.ack()
}

// batch is n readings of the edge's sensor, numbered from a sequence number.
func (e *edge) batch(from uint64, n int) []byte {
	e.t.Helper()
	b := wire.Batch{Epoch: 7, Lane: wire.LaneTelemetry, Synced: true, SentAt: time.Now().UnixMilli(), SeqFrom: from, SeqTo: from + uint64(n) - 1}
	for i := range n {
		b.Readings = append(b.Readings, wire.Reading{Device: e.id + "-level", Property: "water_level", At: 1795492800000 + int64(from) + int64(i), Value: float64(i)})
	}
	payload, err := b.Encode()
	if err != nil {
		e.t.Fatal(err)
	}
	return payload
}

func ready(t testing.TB, c *centre, id string) *edge {
	t.Helper()
	e := c.enrol(t, id)
	if err := e.connect(); err != nil {
		t.Fatal(err)
	}
	if a := e.greet(); !a.Hello || a.Epoch != 7 || a.Window == 0 {
		t.Fatalf("answer to the greeting: %+v", a)
	}
	return e
}

func TestWhatIsAckedIsStoredOnce(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	up := wire.UpTopic("edge-a", wire.LaneTelemetry)
	e.send(up, e.batch(1, 100))
	a := e.ack()
	if len(a.Lanes) != 1 || a.Lanes[0].Lane != 2 || len(a.Lanes[0].Ranges) != 1 || a.Lanes[0].Ranges[0] != (wire.Range{1, 100}) {
		t.Errorf("ack %+v", a)
	}
	if n := c.stored(t); n != 100 {
		t.Errorf("%d stored when acknowledged, want 100", n)
	}
	e.send(up, e.batch(1, 100)) // the ack was lost
	if a := e.ack(); len(a.Lanes) != 1 {
		t.Errorf("a repeated batch is acknowledged again: %+v", a)
	}
	if n := c.stored(t); n != 100 {
		t.Errorf("%d stored after the same batch again", n)
	}
	if a := e.greet(); len(a.Lanes) != 1 || a.Lanes[0].Ranges[0] != (wire.Range{1, 100}) {
		t.Errorf("the centre says it holds %+v", a)
	}
}

func TestBadMessagesAreCountedAndTheSessionLives(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	up := wire.UpTopic("edge-a", wire.LaneTelemetry)
	good := e.batch(1, 3)
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)-1] ^= 1
	e.send(up, []byte("rubbish"))
	e.send(up, flipped)
	e.send(up, make([]byte, wire.MaxPayload+1))
	e.send(up, make([]byte, 2*wire.MaxPayload))
	e.send(wire.UpTopic("edge-a", wire.LaneBulk), good) // another lane than it says
	e.send(wire.UpTopic("edge-b", wire.LaneTelemetry), good)
	e.send(wire.HelloTopic("edge-a"), []byte("{"))
	e.send(wire.StatusTopic("edge-a"), []byte("[]"))
	alien := wire.Batch{Epoch: 7, Lane: 2, SeqFrom: 50, SeqTo: 52, Readings: []wire.Reading{
		{Device: "edge-a-level", Property: "water_level", At: wire.FirstTime},
		{Device: "edge-a-level", Property: "wave", At: wire.FirstTime},
		{Device: "edge-a-level", Property: "water_level", At: time.Now().Add(time.Hour).UnixMilli()},
	}}
	payload, err := alien.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e.send(up, payload)
	e.send(up, good)
	var got []wire.Range
	until(t, "both good batches acknowledged", func() bool {
		select {
		case a := <-e.acks:
			got = append(got, a.Lanes[0].Ranges...)
		default:
		}
		return len(got) == 2
	})
	if n := c.refused(t, "edge-a"); n != 10 {
		t.Errorf("%d refused, want 10", n)
	}
	if n := c.stored(t); n != 4 {
		t.Errorf("%d stored, want 4", n)
	}
	if !e.mqtt.IsConnectionOpen() {
		t.Error("the session ended")
	}
}

func TestRevocationEndsTheSessionAtOnce(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	start := time.Now()
	if _, err := c.devices.Revoke(system(), "edge-a"); err != nil {
		t.Fatal(err)
	}
	until(t, "the client to notice", func() bool { return !e.mqtt.IsConnectionOpen() })
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if err := e.connect(); err == nil {
		t.Error("a revoked edge connected again")
	}
	if err := c.ingest.Command(system(), "edge-a", wire.Command{Kind: wire.CommandRenew}); err == nil {
		t.Error("a command to a revoked edge was taken")
	}
}

func TestCommandGoesDownAndItsResultComesUp(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	if err := c.ingest.Command(system(), "edge-a", wire.Command{Kind: wire.CommandMediaStart, Body: json.RawMessage(`{"camera":"x"}`)}); err != nil {
		t.Fatal(err)
	}
	cmd := <-e.cmds
	if cmd.Kind != wire.CommandMediaStart || cmd.ID == "" || cmd.Expires < time.Now().UnixMilli() {
		t.Errorf("got %+v", cmd)
	}
	data, _ := json.Marshal(wire.CommandResult{Command: cmd.ID, OK: true})
	b := wire.Batch{Epoch: 7, Lane: wire.LaneState, SeqFrom: 1, SeqTo: 1, Events: []wire.Event{{ID: "r", At: time.Now().UnixMilli(), Kind: wire.EventResult, Data: data}}}
	payload, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e.send(wire.UpTopic("edge-a", wire.LaneState), payload)
	select {
	case r := <-c.results:
		if r.Command != cmd.ID || !r.OK {
			t.Errorf("result %+v", r)
		}
	case <-time.After(10 * time.Second):
		t.Error("no result")
	}
}

func TestPresenceFollowsTheSession(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	state := func() device.State { d, _ := c.devices.Get(system(), "edge-a"); return d.State }
	until(t, "online", func() bool { return state() == device.Online })
	e.mqtt.Disconnect(10)
	until(t, "offline", func() bool { return state() == device.Offline })
	if err := e.connect(); err != nil {
		t.Fatal(err)
	}
	until(t, "online again", func() bool { return state() == device.Online })
}

// sensor registers a simple sensor and returns options of its client.
func (c *centre) sensor(t testing.TB, id string) *mqtt.ClientOptions {
	t.Helper()
	added, err := c.devices.Create(system(), device.New{ID: id, Kind: device.Sensor})
	if err != nil {
		t.Fatal(err)
	}
	return mqtt.NewClientOptions().AddBroker("tcp://" + c.broker.PlainAddr().String()).SetClientID(id).SetProtocolVersion(4).
		SetUsername(id).SetPassword(added.Token).SetAutoReconnect(false).SetConnectTimeout(5 * time.Second)
}

func TestSimpleSensorIsConfirmedWhenStored(t *testing.T) {
	c := newCentre(t)
	client := mqtt.NewClient(c.sensor(t, "gauge"))
	if tok := client.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	defer client.Disconnect(0)
	publish := func(text string) {
		t.Helper()
		if tok := client.Publish("v1/devices/gauge/telemetry", 1, false, text); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
			t.Fatalf("%s: %v", text, tok.Error())
		}
	}
	publish(`{"ts":1795492800000,"values":{"level":3.2,"pump_on":true}}`)
	if n := c.stored(t); n != 2 {
		t.Errorf("%d stored when confirmed, want 2", n)
	}
	publish(`not json`)
	publish(`{"values":{"level":null}}`)
	publish(fmt.Sprintf(`{"ts":%d,"values":{"level":9}}`, time.Now().Add(time.Hour).UnixMilli()))
	if n, _ := c.apart(t, "gauge"); n != 1 {
		t.Errorf("%d readings kept apart, want 1", n)
	}
	if n := c.refused(t, "gauge"); n != 3 {
		t.Errorf("%d refused, want 3", n)
	}
	publish(`[{"ts":1795492801000,"values":{"level":3.3}},{"ts":1795492801000,"values":{"level":3.3}}]`)
	if n := c.stored(t); n != 3 {
		t.Errorf("%d stored, want 3", n)
	}
	// A new token ends the session of the old one.
	if _, err := c.devices.NewToken(system(), "gauge"); err != nil {
		t.Fatal(err)
	}
	until(t, "session to end", func() bool { return !client.IsConnectionOpen() })
}
