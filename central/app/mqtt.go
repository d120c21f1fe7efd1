package app

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/fengsui/fengsui/central/internal/broker"
	"github.com/fengsui/fengsui/central/internal/broker/external"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/ingest"
)

// mqttBroker is the broker inside or an existing one.
type mqttBroker interface {
	ingest.Broker
	device.Disconnector
	Ready(ctx context.Context) error
	Stop(ctx context.Context) error
}

// broker makes the broker and starts ingest behind it. Nobody is let in before listen.
func (c *Centre) broker(ctx context.Context, cfg config.Config, devices *device.Service, in *ingest.Ingest) (b mqttBroker, listen func(context.Context) error, err error) {
	if cfg.MQTT.Engine == "external" {
		b, listen, err = c.existingBroker(cfg, devices, in)
	} else {
		b, listen, err = c.ownBroker(ctx, cfg, devices, in)
	}
	if err != nil {
		return nil, nil, err
	}
	c.parts.Add("broker", b.Stop)
	devices.Disconnector = b
	if err := in.Start(ctx, b); err != nil {
		return nil, nil, err
	}
	c.parts.Add("ingest", in.Stop)
	return b, listen, nil
}

func (c *Centre) ownBroker(ctx context.Context, cfg config.Config, devices *device.Service, in *ingest.Ingest) (mqttBroker, func(context.Context) error, error) {
	b, err := broker.Start(ctx, broker.Options{
		Plain: cfg.MQTT.Plain, TLS: cfg.MQTT.TLS, Dir: filepath.Join(cfg.Data, "broker"), TLSConfig: devices.CA.ServerTLS(),
		Auth: devices, Sensor: in.Sensor, Presence: devices.Presence, Refused: in.Refused, Log: c.log,
	})
	if err != nil {
		return nil, nil, err
	}
	return b, func(ctx context.Context) error {
		if err := b.Listen(ctx); err != nil {
			return err
		}
		if tcp, ok := b.TLSAddr().(*net.TCPAddr); ok {
			devices.SetMQTTPort(tcp.Port)
		}
		return nil
	}, nil
}

func (c *Centre) existingBroker(cfg config.Config, devices *device.Service, in *ingest.Ingest) (mqttBroker, func(context.Context) error, error) {
	e := cfg.MQTT.External
	b, err := external.New(external.Options{
		URL: e.URL, ClientID: e.ClientID, CA: e.CA, Cert: e.Cert, Key: e.Key, User: e.User, PasswordFile: e.PasswordFile,
		Sensor: in.Sensor, Presence: devices.Presence, Log: c.log,
	})
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, nil, fmt.Errorf("read address of the broker: %w", err)
	}
	if port, err := strconv.Atoi(u.Port()); err == nil && u.Scheme == "ssl" {
		devices.SetMQTTPort(port) // terminals reach it under the same
	}
	return b, b.Start, nil
}

// revocations keeps the list of revoked certificates as a file for an existing broker.
func (c *Centre) revocations(ctx context.Context, cfg config.Config, b *base, list *device.Revocations) error {
	if cfg.MQTT.Engine != "external" || cfg.MQTT.External.CRL == "" {
		return nil
	}
	f := &device.RevocationFile{Path: cfg.MQTT.External.CRL, List: list, Log: c.log.With("component", "revocations")}
	if err := f.Start(ctx); err != nil {
		return err
	}
	c.parts.Add("revocations", f.Stop)
	b.bus.Handle(f.OnEvent)
	return nil
}
