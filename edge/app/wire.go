package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/edge/internal/actuator"
	"github.com/fengsui/fengsui/edge/internal/alarm"
	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/clock"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/crew"
	"github.com/fengsui/fengsui/edge/internal/deadband"
	"github.com/fengsui/fengsui/edge/internal/encoder"
	"github.com/fengsui/fengsui/edge/internal/enrol"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/edge/internal/poller"
	"github.com/fengsui/fengsui/edge/internal/publisher"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/edge/internal/speaker"
	"github.com/fengsui/fengsui/edge/internal/steer"
	"github.com/fengsui/fengsui/edge/internal/upgrade"
	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/edge/internal/whip"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	mega       = 1 << 20
	renewEvery = time.Hour
	// outputTimeout is how long an order to an output may take: others wait behind it.
	outputTimeout = 10 * time.Second
)

// agentParts are the parts that know each other.
type agentParts struct {
	boot      string
	clock     *clock.Clock
	box       *outbox.Box
	collector *outbox.Collector
	poller    *poller.Poller
	watch     *alarm.Watch
	actuator  *actuator.Actuator
	publisher *publisher.Publisher
	ring      *ring.Ring
	steer     *steer.Desk
	speaker   *speaker.Speaker // nil: there is none
	crew      *crew.Shelf
	uplink    *uplink.Uplink
	centre    enrol.Centre
	declared  []wire.SensorDeclared
	budget    *budget.Meter
	deadband  *deadband.Filter
	upgrader  *upgrade.Upgrader
}

// changed says that the status is not what was last sent.
func (p *agentParts) changed() {
	if p.uplink != nil {
		p.uplink.Changed()
	}
}

// build makes and starts every part. The uplink comes last: it says what the others are.
func (a *Agent) build(ctx context.Context) error {
	if a.enrolled() {
		if err := enrol.Check(a.cfg.Data); err != nil {
			return err
		}
	}
	p := &agentParts{boot: uuid.NewString(), clock: clock.New(nil)}
	if from, _, err := a.certificate(); err == nil {
		p.clock.AtLeast(from)
	}
	if err := a.openOutbox(ctx, p); err != nil {
		return err
	}
	a.openBudget(ctx, p)
	client, err := httpClient(a.cfg.Centre, p.budget, budget.Video)
	if err != nil {
		return err
	}
	p.centre = enrol.Centre{URL: a.cfg.Centre.URL, Client: client}
	if err := a.openCameras(ctx, p, client); err != nil {
		return err
	}
	if err := a.openCrew(ctx, p); err != nil {
		return err
	}
	if err := a.openSensors(ctx, p); err != nil {
		return err
	}
	if err := a.openUpgrade(p); err != nil {
		return err
	}
	a.openUplink(p)
	if err := p.uplink.Start(ctx); err != nil {
		return err
	}
	a.parts.Add("uplink", p.uplink.Stop)
	a.background(ctx, "configuration", func(ctx context.Context) { a.watchConfig(ctx, p) })
	a.background(ctx, "upgrade", p.upgrader.Run)
	a.background(ctx, "clock", func(ctx context.Context) { a.watchClock(ctx, p) })
	a.background(ctx, "alarms", p.watch.Run)
	a.background(ctx, "sensors", p.poller.Run)
	a.background(ctx, "ring", p.ring.Run)
	a.background(ctx, "steering", p.steer.Run)
	a.background(ctx, "messages to the crew", p.crew.Run)
	if p.speaker != nil {
		a.background(ctx, "speaker", p.speaker.Run)
	}
	// Outputs end before the devices that they are part of are closed.
	a.background(ctx, "outputs", p.actuator.Run)
	if a.enrolled() {
		a.background(ctx, "certificate", func(ctx context.Context) { a.keepCertificate(ctx, p) })
	}
	return a.openStatusPage(ctx, p)
}

// background runs something until the agent stops, and waits for it then.
func (a *Agent) background(ctx context.Context, name string, run func(context.Context)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	a.parts.Add(name, func(context.Context) error { stop(); <-done; return nil })
}

// httpClient speaks with the centre; what goes over its connections is counted, with meter not nil.
func httpClient(c config.Centre, meter *budget.Meter, kind budget.Kind) (*http.Client, error) {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute}
	if meter != nil {
		t.DialContext = meter.Dial(kind)
	}
	if c.URLCA != "" {
		pool, err := tlsconf.Pool(c.URLCA)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = tlsconf.Client(pool)
	}
	return &http.Client{Transport: t, Timeout: 30 * time.Second}, nil
}

func (a *Agent) openOutbox(ctx context.Context, p *agentParts) error {
	o := a.cfg.Outbox
	box, err := outbox.Open(ctx, outbox.Options{
		Log: a.log, File: filepath.Join(a.cfg.Data, outboxFile), Telemetry: int64(o.TelemetryMB) * mega,
		Bulk: int64(o.BulkMB) * mega, GraceSize: int64(o.GraceMB) * mega, Grace: o.Grace,
	})
	if err != nil {
		return err
	}
	a.parts.Add("outbox", func(context.Context) error { return box.Close() })
	p.box = box
	p.collector = &outbox.Collector{
		Box: box, Boot: p.boot, Every: o.CommitEvery, Now: p.clock.Now, Log: a.log.With("component", "outbox"),
	}
	if err := p.collector.Start(ctx); err != nil {
		return err
	}
	a.parts.Add("collector", p.collector.Stop)
	return nil
}

// withUser is the address of a camera with the user in it.
func withUser(address, user string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if user != "" && u.Host != "" {
		u.User = url.User(user)
	}
	return u.String(), nil
}

func (a *Agent) openCameras(ctx context.Context, p *agentParts, client *http.Client) error {
	var cameras []camera.Options
	var standby []string
	for _, c := range a.cfg.Cameras {
		address, err := withUser(c.RTSP, c.Username)
		if err != nil {
			return fmt.Errorf("open camera %s: %w", c.ID, err)
		}
		small, err := withUser(c.RTSPSub, c.Username)
		if err != nil {
			return fmt.Errorf("open camera %s: %w", c.ID, err)
		}
		source, smaller := a.encoder(c.ID)
		if c.Standby {
			standby = append(standby, c.ID)
		}
		cameras = append(cameras, camera.Options{ID: c.ID, URL: address, Sub: small, PasswordFile: c.PasswordFile, Sound: c.Sound && source == nil, Source: source, Smaller: smaller, KeyFrame: keyFrameOf(c), Log: a.log})
	}
	network, err := whip.Network()
	if err != nil {
		return fmt.Errorf("open network for pictures: %w", err)
	}
	counted := p.budget.Net(network)
	sounds, kept := a.recorders()
	p.publisher = publisher.New(publisher.Options{
		Log: a.log, BaseURL: a.cfg.Centre.URL, Client: client, Cameras: cameras, Sounds: sounds, Standby: standby, Net: counted,
		TCP:  p.streamed,
		Back: func() { p.uplink.Doubt() },
	})
	if err := p.publisher.Start(ctx); err != nil {
		return err
	}
	a.parts.Add("publisher", p.publisher.Stop)
	a.openSteering(p)
	if err := a.openSpeaker(p, cameras, client, counted); err != nil {
		return err
	}
	return a.openRing(p, cameras, kept)
}

// streamed counts what pictures and speech took over TCP.
func (p *agentParts) streamed(bytes int) { p.budget.Count(budget.Video, bytes) }

// encoder is the camera's picture, and its smaller one, when they come from the terminal itself; nil otherwise.
func (a *Agent) encoder(id string) (source, smaller camera.Source) {
	e := a.cfg.Encoder(id)
	if e == nil {
		return nil, nil
	}
	o := encoder.Options{
		Log: a.log.With("component", "encoder", "camera", id), Command: e.Command, Device: e.Device, File: e.File,
		Width: e.Width, Height: e.Height, FPS: e.FPS, Kbps: e.Kbps, Twice: e.Twice,
	}
	if e.Sub == nil {
		return encoder.New(o), nil
	}
	if e.Device != "" {
		o.Small = encoder.Small{Width: e.Sub.Width, Height: e.Sub.Height, Kbps: e.Sub.Kbps}
		both := encoder.New(o)
		return both, both.Smaller()
	}
	return encoder.New(o), encoder.New(encoder.Options{
		Log: o.Log.With("picture", "small"), Command: e.Sub.Command, File: e.Sub.File, FPS: e.FPS, Kbps: []int{e.Sub.Kbps},
	})
}

func place(p *config.Place) *wire.Place {
	if p == nil {
		return nil
	}
	return &wire.Place{Lon: p.Lon, Lat: p.Lat}
}

func (a *Agent) openUplink(p *agentParts) {
	o := uplink.Options{
		Log: a.log, Edge: a.cfg.ID, Boot: p.boot, KeepAlive: [2]time.Duration{a.cfg.Centre.KeepAliveMin, a.cfg.Centre.KeepAliveMax}, Box: p.box, Clock: p.clock,
		Address:  a.broker,
		Conn:     func(c net.Conn) net.Conn { return p.budget.Conn(budget.Messages, c) },
		Level:    func() wire.BudgetLevel { return p.budget.Level(p.clock.Now()) },
		Hello:    func() wire.Hello { return a.hello(p) },
		Status:   func(ctx context.Context) wire.Status { return a.report(ctx, p) },
		ClockSet: func(ctx context.Context, behind time.Duration) { a.clockSet(ctx, p, behind) },
		Config:   a.remote.offer,
		Greeted:  func() { a.remote.greet(); p.upgrader.Greet() },
		Commands: map[string]uplink.Handler{
			wire.CommandMediaStart: func(_ context.Context, body json.RawMessage) error {
				var m wire.MediaStart
				if err := json.Unmarshal(body, &m); err != nil {
					return fmt.Errorf("read command: %w", err)
				}
				if p.budget.Level(p.clock.Now()) == wire.BudgetAlarms && m.Reason == "" {
					return errUsedUp
				}
				err := p.publisher.MediaStart(m)
				p.uplink.Changed()
				return err
			},
			wire.CommandMediaStop: func(_ context.Context, body json.RawMessage) error {
				var m wire.MediaStop
				if err := json.Unmarshal(body, &m); err != nil {
					return fmt.Errorf("read command: %w", err)
				}
				err := p.publisher.MediaStop(m.Stream)
				p.uplink.Changed()
				return err
			},
			wire.CommandOutputSet: func(ctx context.Context, body json.RawMessage) error {
				var m wire.OutputSet
				if err := json.Unmarshal(body, &m); err != nil {
					return fmt.Errorf("read command: %w", err)
				}
				ctx, cancel := context.WithTimeout(ctx, outputTimeout)
				defer cancel()
				return p.actuator.Set(ctx, m)
			},
			wire.CommandRingFetch: func(_ context.Context, body json.RawMessage) error {
				var m wire.RingFetch
				if err := json.Unmarshal(body, &m); err != nil {
					return fmt.Errorf("read command: %w", err)
				}
				return p.ring.Fetch(m)
			},
			wire.CommandCrew:    func(ctx context.Context, body json.RawMessage) error { return p.crew.Take(ctx, body) },
			wire.CommandUpgrade: func(_ context.Context, body json.RawMessage) error { return a.takeUpgrade(p, body) },
			wire.CommandMaintenance: func(ctx context.Context, body json.RawMessage) error {
				m, err := wire.ParseMaintenance(body)
				if err != nil {
					return err
				}
				err = p.watch.Maintain(ctx, m)
				p.uplink.Changed()
				return err
			},
			wire.CommandRenew:      func(ctx context.Context, _ json.RawMessage) error { return a.renew(ctx, p) },
			wire.CommandConfigTell: func(ctx context.Context, _ json.RawMessage) error { return a.tellConfig(ctx, p) },
		},
	}
	o.Answers = map[string]uplink.Answerer{wire.CommandDiagnose: a.diagnoses(p)}
	o.Slow = map[string]uplink.Slow{wire.CommandSteer: p.turn}
	p.speakerCommands(&o)
	if !a.cfg.Centre.Plain {
		o.TLS = a.tls
	}
	p.uplink = uplink.New(o)
}

// enrolled reports whether the certificate came by enrolment, so that it is ours to renew.
func (a *Agent) enrolled() bool { return !a.cfg.Centre.Plain && a.cfg.Centre.Cert == "" }

// broker is the address to dial.
func (a *Agent) broker() string {
	if a.cfg.Centre.MQTT != "" {
		return a.cfg.Centre.MQTT
	}
	id, err := enrol.Load(a.cfg.Data)
	if err != nil {
		return ""
	}
	return id.Broker
}

func (a *Agent) tls() (*tls.Config, error) {
	c := a.cfg.Centre
	if c.Cert == "" {
		id, err := enrol.Load(a.cfg.Data)
		if err != nil {
			return nil, err
		}
		return id.TLS()
	}
	pair, err := tlsconf.Pair(c.Cert, c.Key)
	if err != nil {
		return nil, err
	}
	pool, err := tlsconf.Pool(c.CA)
	if err != nil {
		return nil, err
	}
	return tlsconf.Client(pool, pair), nil
}

// keepCertificate renews it when it is due.
func (a *Agent) keepCertificate(ctx context.Context, p *agentParts) {
	for {
		if id, err := enrol.Load(a.cfg.Data); err == nil && id.Due(p.clock.CentreNow()) {
			if err := a.renew(ctx, p); err != nil && ctx.Err() == nil {
				a.log.Error("certificate is not renewed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(renewEvery):
		}
	}
}

func (a *Agent) renew(ctx context.Context, p *agentParts) error {
	if !a.enrolled() {
		return errors.New(wire.RefusedNotEnrolled)
	}
	id, err := enrol.Renew(ctx, p.centre, a.cfg.Data, p.clock.CentreNow())
	if errors.Is(err, enrol.ErrNone) {
		return errors.New(wire.RefusedNotEnrolled)
	}
	if err != nil {
		return err
	}
	_, to, err := id.Life()
	a.log.Info("certificate renewed", "valid_until", to)
	p.uplink.Reconnect()
	return err
}
