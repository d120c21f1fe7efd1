// Package external lets the centre use an MQTT broker that is there already (Mosquitto, EMQX) instead of its
// own. The centre is then one client among others, with two sessions: a clean one for what terminals send,
// which they keep until the centre has acknowledged it, and a lasting one for simple sensors, which keep no
// copy: their messages stay in the broker until they are committed. Who may publish under which name is the
// broker's to enforce (deploy/mosquitto, deploy/emqx). Rule that must never break: a message of a simple
// sensor is confirmed to the broker only after the commit.
package external

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/central/internal/broker"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options of the connection.
type Options struct {
	URL          string // tcp://127.0.0.1:1883 or ssl://broker:8883
	ClientID     string // two centres on one broker need two; empty: fengsui-centre
	CA           string // PEM file; empty: whom the system trusts
	Cert, Key    string // certificate of the centre, PEM files; both or none
	User         string
	PasswordFile string
	Sensor       broker.Sensor
	Presence     func(ctx context.Context, id string, online bool)
	Log          *slog.Logger
}

// What the centre subscribes to.
const (
	edgeFilter   = "fs/v1/+/up/+"
	sensorFilter = "v1/devices/+/telemetry"
)

// unackedMost is how many messages a broker may have given and not seen confirmed: MQTT has no more numbers.
const unackedMost = 65_535

// Broker is the connection to an existing broker.
type Broker struct {
	opts  Options
	edges *session
	plain *session // of simple sensors

	mu      sync.Mutex
	receive func(topic string, payload []byte)

	ctx    context.Context //nolint:containedctx // the life of the sessions, ended by Stop
	cancel context.CancelFunc
	wg     sync.WaitGroup
	queue  chan mqtt.Message
}

// New reads certificates and password; Start connects.
func New(o Options) (*Broker, error) {
	if o.Sensor == nil || o.Presence == nil || o.Log == nil {
		return nil, errors.New("use broker: Sensor, Presence and Log are needed")
	}
	if o.ClientID == "" {
		o.ClientID = "fengsui-centre"
	}
	b := &Broker{opts: o, queue: make(chan mqtt.Message, unackedMost)}
	common, err := o.client()
	if err != nil {
		return nil, err
	}
	edges := *common
	edges.SetClientID(o.ClientID + "-edges").SetCleanSession(true).SetDefaultPublishHandler(b.fromEdge)
	b.edges = newSession(&edges, edgeFilter, o.Log)
	plain := *common
	plain.SetClientID(o.ClientID + "-sensors").SetCleanSession(false).SetAutoAckDisabled(true).SetDefaultPublishHandler(b.fromSensor)
	b.plain = newSession(&plain, sensorFilter, o.Log)
	return b, nil
}

// client is what both sessions have in common.
func (o *Options) client() (*mqtt.ClientOptions, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of an MQTT broker like ssl://broker:8883", o.URL)
	}
	out := mqtt.NewClientOptions().AddBroker(o.URL).SetProtocolVersion(4).SetOrderMatters(true).
		SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(10 * time.Second).SetWriteTimeout(20 * time.Second).
		SetKeepAlive(20 * time.Second).SetPingTimeout(10 * time.Second)
	if o.User != "" {
		out.SetUsername(o.User)
	}
	if o.PasswordFile != "" {
		text, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read password of the broker: %w", err)
		}
		out.SetPassword(strings.TrimSpace(string(text)))
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pool, err := tlsconf.Pool(o.CA)
		if err != nil {
			return nil, fmt.Errorf("use broker: %w", err)
		}
		conf = tlsconf.Client(pool)
	}
	if o.Cert != "" {
		pair, err := tlsconf.Pair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("use broker: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return out.SetTLSConfig(conf), nil
}

// Start connects, and goes on trying for ever. Receive comes before it, so that nothing is missed.
func (b *Broker) Start(ctx context.Context) error {
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	b.wg.Go(func() { b.edges.run(b.ctx) })
	b.wg.Go(func() { b.plain.run(b.ctx) })
	b.wg.Go(b.take)
	return nil
}

// Stop takes nothing more and disconnects. Messages of sensors that are not committed stay in the broker.
func (b *Broker) Stop(context.Context) error {
	if b.cancel == nil {
		return nil
	}
	b.cancel()
	b.wg.Wait()
	return nil
}

// Ready reports whether the centre is connected and hears what is sent to it.
func (b *Broker) Ready(context.Context) error {
	if b.edges.current() == nil || b.plain.current() == nil {
		return errors.New("ask broker: the centre is not connected to it")
	}
	return nil
}

// Disconnect implements device.Disconnector. An existing broker ends sessions by its own means: by the list
// of revoked certificates and its passwords.
func (b *Broker) Disconnect(id string) {
	b.opts.Log.Warn("an existing broker must end this session itself", "id", id)
}

// Receive hands over what terminals publish.
func (b *Broker) Receive(fn func(topic string, payload []byte)) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.receive = fn
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.receive = nil
	}, nil
}

// Publish sends to a terminal. Its outcome is not waited for, and what is lost with the connection is not sent
// again by the next: it may be long out of date then. A terminal repeats what was not acknowledged, and asks.
func (b *Broker) Publish(topic string, payload []byte) error {
	return b.edges.publish(topic, payload)
}

// Flush gives what was published a moment to leave.
func (b *Broker) Flush(time.Duration) error { return nil }

// fromEdge runs in the order of arrival and must not wait.
func (b *Broker) fromEdge(_ mqtt.Client, m mqtt.Message) {
	up, err := wire.ParseUp(m.Topic())
	if err != nil {
		return
	}
	switch up.Kind {
	case "hello":
		b.opts.Presence(b.ctx, up.Edge, true)
	case "status":
		var st struct {
			State string `json:"state"`
		}
		if json.Unmarshal(m.Payload(), &st) == nil {
			b.opts.Presence(b.ctx, up.Edge, st.State == "online")
		}
	}
	b.mu.Lock()
	fn := b.receive
	b.mu.Unlock()
	if fn != nil {
		fn(m.Topic(), m.Payload())
	}
}

// fromSensor sets a message aside; the queue has room for all that the broker may give.
func (b *Broker) fromSensor(_ mqtt.Client, m mqtt.Message) {
	select {
	case b.queue <- m:
	default:
		b.plain.ask()
	}
}

// take hands messages of simple sensors to ingest, which may make it wait.
func (b *Broker) take() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case m := <-b.queue:
			device, err := wire.ParseSensor(m.Topic())
			if err != nil || len(m.Payload()) > wire.MaxPayload {
				m.Ack() // no sensor of ours; it would come for ever
				continue
			}
			b.opts.Sensor(device, m.Payload(), func(ok bool) {
				if ok {
					m.Ack()
				} else {
					b.plain.ask()
				}
			})
		}
	}
}
