package ingest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/central/internal/broker/external"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// mosquitto is a real one that runs deploy/mosquitto.
type mosquitto struct {
	*testserver.Mosquitto
	dir, tls string
	pool     *x509.CertPool // of its own certificate
	revoked  *device.RevocationFile
}

const password = "secret-1"

func startMosquitto(t *testing.T, c *centre, users ...string) *mosquitto {
	t.Helper()
	dir := t.TempDir()
	m := &mosquitto{
		Mosquitto: &testserver.Mosquitto{Addr: testserver.FreeAddr(t), File: filepath.Join(dir, "mosquitto.conf")},
		dir:       dir, tls: testserver.FreeAddr(t), pool: x509.NewCertPool(),
	}
	m.write(t, "centre-ca.pem", c.devices.CA.PEM())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	m.pool.AppendCertsFromPEM(text)
	m.write(t, "server.pem", string(text))
	m.write(t, "server-key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	m.revoked = &device.RevocationFile{Path: filepath.Join(m.dir, "revoked.pem"), List: &device.Revocations{Store: c.devices.Store, CA: c.devices.CA}}
	if err := m.revoked.Write(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	m.write(t, "passwords", "")
	for _, user := range users {
		cmd := exec.CommandContext(t.Context(), testserver.Program(t, "mosquitto_passwd"), "-b", filepath.Join(m.dir, "passwords"), user, password)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("mosquitto_passwd: %v %s", err, out)
		}
	}
	const deploy = "../../../deploy/mosquitto/"
	for _, name := range []string{"acl", "mosquitto.conf"} {
		text, err := os.ReadFile(deploy + name)
		if err != nil {
			t.Fatal(err)
		}
		_, tlsPort, _ := net.SplitHostPort(m.tls)
		_, plainPort, _ := net.SplitHostPort(m.Addr)
		m.write(t, name, strings.NewReplacer("/etc/mosquitto/fengsui", m.dir, "/var/lib/mosquitto/", m.dir+"/",
			"listener 8883", "listener "+tlsPort+" 127.0.0.1", "listener 1883", "listener "+plainPort).Replace(string(text))+
			map[bool]string{true: "\nuser root\n"}[name == "mosquitto.conf" && os.Getuid() == 0])
	}
	m.Start(t)
	return m
}

func (m *mosquitto) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// attach lets the centre work with it, beside its own broker.
func (m *mosquitto) attach(t *testing.T, c *centre) (stop func()) {
	t.Helper()
	m.write(t, "password", password)
	log := slog.New(slog.DiscardHandler)
	in, err := ingest.New(ingest.Options{Telemetry: c.data, Devices: c.devices, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	b, err := external.New(external.Options{
		URL: "tcp://" + m.Addr, User: "fengsui-centre", PasswordFile: filepath.Join(m.dir, "password"),
		Sensor: in.Sensor, Presence: c.devices.Presence, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errorsOf(in.Start(t.Context(), b), b.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	until(t, "the centre is connected", func() bool { return b.Ready(t.Context()) == nil })
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := errorsOf(in.Stop(context.Background()), b.Stop(context.Background())); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// move lets an enrolled edge speak to Mosquitto with the certificate that the centre gave it.
func (m *mosquitto) move(e *edge) {
	e.opts.Servers = nil
	e.opts.AddBroker("ssl://" + m.tls)
	e.opts.TLSConfig.RootCAs = m.pool
}

// sensor publishes as a simple sensor.
func (m *mosquitto) sensor(t *testing.T, user, topic, text string) error {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + m.Addr).SetClientID(user).SetUsername(user).SetPassword(password).SetProtocolVersion(4))
	tok := c.Connect()
	if !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		return fmt.Errorf("connect: %w", tok.Error())
	}
	defer c.Disconnect(100)
	tok = c.Publish(topic, 1, false, text)
	if !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		return fmt.Errorf("publish: %w", tok.Error())
	}
	return nil
}

func batchOf(t *testing.T, seq uint64) []byte {
	t.Helper()
	b := &wire.Batch{Epoch: 1, Lane: wire.LaneTelemetry, SeqFrom: seq, SeqTo: seq, Synced: true, SentAt: wire.Millis(time.Now())}
	b.Readings = []wire.Reading{{Device: "gauge-e", Property: "level", At: time.Now().Add(-time.Hour).UnixMilli() + int64(seq), Value: 1}}
	out, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExistingBrokerLosesNothingAndNobodySpeaksForAnother(t *testing.T) {
	c := newCentre(t)
	a, b := c.enrol(t, "edge-a"), c.enrol(t, "edge-b")
	for _, id := range []string{"gauge-1", "gauge-2"} {
		if _, err := c.devices.Create(system(), device.New{ID: id, Kind: device.Sensor, Division: "320623"}); err != nil {
			t.Fatal(err)
		}
	}
	m := startMosquitto(t, c, "fengsui-centre", "gauge-1", "gauge-2")
	m.move(a)
	m.move(b)
	stop := m.attach(t, c)
	if err := errorsOf(a.connect(), b.connect()); err != nil {
		t.Fatal(err)
	}
	hello := wire.Hello{Version: 1, Epoch: 1, Sensors: []wire.SensorDeclared{{ID: "gauge-e", Name: "水位", Class: "water_level", Series: []wire.SeriesDeclared{{Property: "level", Unit: "m"}}}}}
	a.send(wire.HelloTopic("edge-a"), hello)
	if ack := a.ack(); !ack.Hello {
		t.Fatalf("got %+v", ack)
	}
	if !c.devices.Connected(system(), "edge-a") {
		t.Error("the terminal is not online")
	}
	// Nobody speaks or listens under another's name: what is foreign comes before what is the own.
	a.send(wire.UpTopic("edge-b", wire.LaneTelemetry), batchOf(t, 9000))
	a.send(wire.SensorTopic("gauge-1"), []byte(`{"values":{"level":9}}`))
	foreign := make(chan string, 16)
	a.mqtt.Subscribe("fs/v1/edge-b/down/#", 1, func(_ mqtt.Client, m mqtt.Message) { foreign <- m.Topic() }).Wait()
	a.mqtt.Subscribe("v1/devices/#", 1, func(_ mqtt.Client, m mqtt.Message) { foreign <- m.Topic() }).Wait()
	b.send(wire.HelloTopic("edge-b"), wire.Hello{Version: 1, Epoch: 1})
	b.ack()
	if err := m.sensor(t, "gauge-1", wire.SensorTopic("gauge-2"), `{"values":{"level":9}}`); err != nil {
		t.Fatal(err)
	}
	a.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batchOf(t, 1))
	if ack := a.ack(); len(ack.Lanes) != 1 || ack.Lanes[0].Ranges[0] != (wire.Range{1, 1}) {
		t.Fatalf("got %+v", ack)
	}
	if n := c.stored(t); n != 1 {
		t.Errorf("%d readings, want the terminal's own", n)
	}
	if len(foreign) > 0 {
		t.Errorf("a terminal hears %s", <-foreign)
	}
	// A simple sensor: what comes while the centre is away waits in the broker.
	base := time.Now().Add(-time.Hour).UnixMilli()
	say := func(from, to int) {
		for i := from; i < to; i++ {
			if err := m.sensor(t, "gauge-1", wire.SensorTopic("gauge-1"), fmt.Sprintf(`{"ts":%d,"values":{"level":1}}`, base+int64(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	say(0, 20)
	until(t, "live messages are stored", func() bool { return c.stored(t) == 21 })
	stop()
	say(20, 40)
	stop = m.attach(t, c)
	defer stop()
	until(t, "kept messages are stored", func() bool { return c.stored(t) == 41 })
	// The disk is full for a while, again and again: nothing is confirmed, and all comes again.
	for from := 40; from < 70; from += 5 {
		c.free.Store(0)
		say(from, from+5)
		c.free.Store(1 << 30)
		until(t, fmt.Sprintf("refused messages from %d on come again", from), func() bool { return c.stored(t) == int64(from+6) })
	}
	// The broker is killed while a terminal sends; it sends again until the centre has acknowledged.
	for round := range 3 {
		first := uint64(100 * (round + 1))
		for seq := first; seq < first+50; seq++ {
			if seq == first+25 {
				m.Kill()
				m.Start(t)
			}
			for acked := false; !acked; {
				if a.mqtt.IsConnectionOpen() || a.connect() == nil {
					a.mqtt.Publish(wire.UpTopic("edge-a", wire.LaneTelemetry), 1, false, batchOf(t, seq))
				}
				select {
				case ack := <-a.acks:
					acked = len(ack.Lanes) == 1 && len(ack.Lanes[0].Ranges) > 0 && ack.Lanes[0].Ranges[0][1] >= seq
				case <-time.After(300 * time.Millisecond):
				}
			}
		}
	}
	if n := c.stored(t); n != 71+150 {
		t.Errorf("%d readings, want %d", n, 71+150)
	}
}

// What a reload brings is the list; the session that stands is not asked again.
func TestWhatARevokedTerminalSendsInItsLastSessionIsRefused(t *testing.T) {
	c := newCentre(t)
	a, b := c.enrol(t, "edge-a"), c.enrol(t, "edge-b")
	m := startMosquitto(t, c, "fengsui-centre")
	m.move(a)
	m.move(b)
	m.attach(t, c)
	if err := errorsOf(a.connect(), b.connect()); err != nil {
		t.Fatal(err)
	}
	for i, e := range []*edge{a, b} {
		e.send(wire.HelloTopic(e.id), wire.Hello{Version: 1, Epoch: 1, Sensors: []wire.SensorDeclared{{
			ID: []string{"gauge-e", "gauge-f"}[i], Name: "水位", Class: "water_level", Series: []wire.SeriesDeclared{{Property: "level", Unit: "m"}},
		}}})
		if ack := e.ack(); !ack.Hello {
			t.Fatalf("got %+v", ack)
		}
	}
	a.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batchOf(t, 1))
	a.ack()
	if _, err := c.devices.Revoke(system(), "edge-a"); err != nil {
		t.Fatal(err)
	}
	before := c.refused(t, "edge-a")
	a.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batchOf(t, 2))
	a.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batchOf(t, 3))
	a.send(wire.HelloTopic("edge-a"), wire.Hello{Version: 1, Epoch: 1})
	until(t, "they are counted as refused", func() bool { return c.refused(t, "edge-a") == before+3 })
	select {
	case ack := <-a.acks:
		t.Errorf("they are acknowledged: %+v", ack)
	default:
	}
	if n := c.stored(t); n != 1 {
		t.Errorf("%d readings are stored, want the one of before", n)
	}
	if !a.mqtt.IsConnectionOpen() {
		t.Error("the session has ended, so that this proves nothing")
	}
	if got, _ := c.devices.Get(system(), "edge-b"); got.State != device.Online {
		t.Errorf("another terminal is %s", got.State)
	}
}

func TestExistingBrokerRefusesATerminalThatWasRevoked(t *testing.T) {
	c := newCentre(t)
	a, b := c.enrol(t, "edge-a"), c.enrol(t, "edge-b")
	m := startMosquitto(t, c, "fengsui-centre")
	m.move(a)
	m.move(b)
	if err := errorsOf(a.connect(), b.connect()); err != nil {
		t.Fatal(err)
	}
	a.mqtt.Disconnect(0)
	if _, err := c.devices.Revoke(system(), "edge-a"); err != nil {
		t.Fatal(err)
	}
	if err := m.revoked.Write(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	m.Reload(t)
	until(t, "the revoked terminal is refused", func() bool {
		if a.connect() != nil {
			return true
		}
		a.mqtt.Disconnect(0)
		return false
	})
	b.mqtt.Disconnect(0)
	if err := b.connect(); err != nil {
		t.Errorf("another terminal is refused as well: %v", err)
	}
	m.Kill()
	m.Start(t)
	if err := a.connect(); err == nil {
		t.Error("the revoked terminal comes in after a restart")
	}
}
