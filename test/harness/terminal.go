package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
)

// Terminal speaks the protocol of docs/protocol.md by itself, without the edge agent, and keeps books of
// every reading: tests and benchmarks know to the reading what the centre must hold.
type Terminal struct {
	ID      string
	Epoch   uint64
	Sensors []wire.SensorDeclared
	Window  int // batches in flight; Send waits when it is reached

	client mqtt.Client

	mu      sync.Mutex
	cond    *sync.Cond
	next    uint64
	pending map[uint64]*flight // by first sequence number
	greeted bool
	acks    []time.Duration
	bytes   int64
	sent    int64 // readings handed in
	batches int64
}

type flight struct {
	from, to uint64
	payload  []byte
	at       time.Time // of the first sending
	last     time.Time
}

// EnrolTerminal registers an edge with the centre, trades its token for a certificate and makes a
// terminal of it that dials addr (the broker, or a link to it).
func EnrolTerminal(t TB, c *Centre, id, addr string, sensors []wire.SensorDeclared) *Terminal {
	t.Helper()
	config, err := enrol(c, id, c.EnrolToken(t, id))
	must(t, err, "enrol terminal "+id)
	m := &Terminal{ID: id, Epoch: mrand.Uint64(), Sensors: sensors, Window: 8, next: 1, pending: map[uint64]*flight{}}
	m.cond = sync.NewCond(&m.mu)
	opts := mqtt.NewClientOptions().AddBroker("ssl://" + addr).SetClientID(id).SetTLSConfig(config).
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).SetWriteTimeout(10 * time.Second).
		SetConnectTimeout(5 * time.Second).SetKeepAlive(10 * time.Second).SetOrderMatters(false).SetOnConnectHandler(m.greet)
	m.client = mqtt.NewClient(opts)
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { m.dial(opts, stop) })
	running.Go(func() { m.resend(stop) })
	t.Cleanup(func() {
		close(stop)
		running.Wait()
	})
	return m
}

// dial keeps a connection up. Each is a client of its own: one that connects again by itself changes what it
// has kept while that is being sent.
func (m *Terminal) dial(opts *mqtt.ClientOptions, stop chan struct{}) {
	for {
		lost := make(chan struct{})
		client := mqtt.NewClient(opts.SetConnectionLostHandler(func(mqtt.Client, error) { m.lost(); close(lost) }))
		if token := client.Connect(); token.Wait() && token.Error() == nil {
			select {
			case <-stop:
				client.Disconnect(100)
				return
			case <-lost:
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// Enrol trades a token for a certificate and forgets it.
func (c *Centre) Enrol(id, token string) error {
	_, err := enrol(c, id, token)
	return err
}

func enrol(c *Centre, id, token string) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: id}}, key)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	var reply wire.EnrolReply
	anonymous := &Client{URL: c.URL, HTTP: &http.Client{Timeout: 10 * time.Second}}
	if err := anonymous.Call(http.MethodPost, "/enrol", wire.EnrolRequest{Token: token, CSR: csr}, &reply); err != nil {
		return nil, fmt.Errorf("ask for a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	pair, err := tls.X509KeyPair([]byte(reply.Certificate), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(reply.CA)) {
		return nil, fmt.Errorf("no authority in the answer")
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

func (m *Terminal) greet(client mqtt.Client) {
	token := client.Subscribe(wire.AckTopic(m.ID), 1, func(_ mqtt.Client, message mqtt.Message) {
		var ack wire.Ack
		if json.Unmarshal(message.Payload(), &ack) == nil {
			m.taken(ack)
		}
	})
	if !token.WaitTimeout(5*time.Second) || token.Error() != nil {
		return // the connection is gone; the next one greets again
	}
	m.mu.Lock()
	m.client = client
	first := m.next
	for from := range m.pending {
		first = min(first, from)
	}
	hello := wire.Hello{
		Version: wire.Version, Agent: "test", Boot: "test", Epoch: m.Epoch, Time: wire.Millis(time.Now()), Synced: true,
		Lanes: []wire.LaneHello{{Lane: wire.LaneTelemetry, First: first, Next: m.next}}, Sensors: m.Sensors,
	}
	m.mu.Unlock()
	text, err := json.Marshal(hello)
	if err != nil {
		return // a struct of plain fields always encodes
	}
	client.Publish(wire.HelloTopic(m.ID), 1, false, text)
}

func (m *Terminal) lost() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.greeted = false
}

func (m *Terminal) taken(ack wire.Ack) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if ack.Epoch != m.Epoch {
		return
	}
	for _, lane := range ack.Lanes {
		if lane.Lane != wire.LaneTelemetry {
			continue
		}
		for from, f := range m.pending {
			for _, r := range lane.Ranges {
				if r[0] <= f.from && f.to <= r[1] {
					m.acks = append(m.acks, now.Sub(f.at))
					delete(m.pending, from)
					break
				}
			}
		}
	}
	if ack.Hello {
		m.greeted = true
		for _, f := range m.pending {
			m.publish(f, now)
		}
	}
	m.cond.Broadcast()
}

// publish is called with the lock held; paho only queues.
func (m *Terminal) publish(f *flight, now time.Time) {
	f.last = now
	if m.client.IsConnectionOpen() {
		m.client.Publish(wire.UpTopic(m.ID, wire.LaneTelemetry), 1, false, f.payload)
	}
}

// resend sends again what was not acknowledged within five seconds.
func (m *Terminal) resend(stop chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			m.mu.Lock()
			for _, f := range m.pending {
				if m.greeted && now.Sub(f.last) > 5*time.Second {
					m.publish(f, now)
				}
			}
			m.mu.Unlock()
		}
	}
}

// Send hands a batch in and returns at once, or when the window has room again.
func (m *Terminal) Send(readings []wire.Reading) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.pending) >= m.Window {
		m.cond.Wait()
	}
	now := time.Now()
	b := wire.Batch{
		Epoch: m.Epoch, Lane: wire.LaneTelemetry, Synced: true, SentAt: wire.Millis(now),
		SeqFrom: m.next, SeqTo: m.next + uint64(len(readings)) - 1, Readings: readings,
	}
	payload, err := b.Encode()
	if err != nil {
		return fmt.Errorf("encode batch: %w", err)
	}
	f := &flight{from: b.SeqFrom, to: b.SeqTo, payload: payload, at: now, last: now}
	m.pending[f.from] = f
	m.next = b.SeqTo + 1
	m.sent += int64(len(readings))
	m.batches++
	m.bytes += int64(len(payload) + len(wire.UpTopic(m.ID, wire.LaneTelemetry)) + 7)
	if m.greeted {
		m.publish(f, now)
	}
	return nil
}

// Raw publishes any payload on any topic and waits for the PUBACK.
func (m *Terminal) Raw(topic string, payload []byte) error {
	m.mu.Lock()
	client := m.client
	m.mu.Unlock()
	token := client.Publish(topic, 1, false, payload)
	if !token.WaitTimeout(10 * time.Second) {
		return fmt.Errorf("no acknowledgement for %s", topic)
	}
	return token.Error()
}

// Connected says whether the session lives and was greeted.
func (m *Terminal) Connected() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.greeted && m.client.IsConnectionOpen()
}

// Books are what a terminal handed in.
type Books struct {
	Readings, Batches, Bytes int64 // bytes: payload, topic and MQTT head
	Unacked                  int
	Acks                     []time.Duration
}

// Books closes the books as they stand.
func (m *Terminal) Books() Books {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Books{m.sent, m.batches, m.bytes, len(m.pending), append([]time.Duration(nil), m.acks...)}
}

// Settled waits until everything is acknowledged.
func (m *Terminal) Settled(t TB, within time.Duration) {
	t.Helper()
	WaitFor(t, within, "everything of "+m.ID+" is acknowledged", func() error {
		if n := m.Books().Unacked; n > 0 {
			return fmt.Errorf("%d batches are not", n)
		}
		return nil
	})
}

// Declared are sensors with one property each, as a hello declares them.
func Declared(ids ...string) []wire.SensorDeclared {
	var out []wire.SensorDeclared
	for _, id := range ids {
		device, property, _ := strings.Cut(id, "/")
		out = append(out, wire.SensorDeclared{
			ID: device, Name: "演示数据 " + device, Class: "water_level", Profile: "test", Division: "320600", Demo: true,
			Series: []wire.SeriesDeclared{{Property: property, Name: property, NameEN: property, Unit: "m", Digits: 2}},
		})
	}
	return out
}
