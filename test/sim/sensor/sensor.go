// Package sensor is simulated simple sensors that publish JSON over plain MQTT, as the topic
// v1/devices/{device}/telemetry wants it. The simulator and the benchmarks use it. Rule that must never
// break: a message counts as sent only after its PUBACK.
package sensor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
)

// Sensor publishes its values every so often.
type Sensor struct {
	ID     string
	Broker string // tcp://host:port
	Token  string
	Every  time.Duration
	Values map[string]func(at time.Time) float64
	Log    *slog.Logger

	client mqtt.Client
	cancel context.CancelFunc
	done   sync.WaitGroup
	acked  atomic.Uint64
}

// Start connects in the background, again and again, and publishes while connected.
func (s *Sensor) Start(ctx context.Context) error {
	opts := mqtt.NewClientOptions().AddBroker(s.Broker).SetClientID(s.ID).SetUsername(s.ID).SetPassword(s.Token).
		SetProtocolVersion(4).SetConnectRetry(true).SetConnectRetryInterval(time.Second).
		SetMaxReconnectInterval(5 * time.Second).SetWriteTimeout(10 * time.Second).SetOrderMatters(false)
	s.client = mqtt.NewClient(opts)
	s.client.Connect()
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.done.Go(func() { s.run(run) })
	return nil
}

// Stop ends it.
func (s *Sensor) Stop(context.Context) error {
	s.cancel()
	s.done.Wait()
	s.client.Disconnect(100)
	return nil
}

// Acked is how many messages were acknowledged.
func (s *Sensor) Acked() uint64 { return s.acked.Load() }

func (s *Sensor) run(ctx context.Context) {
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.client.IsConnectionOpen() {
			continue
		}
		now := time.Now()
		payload, err := s.payload(now)
		if err != nil {
			s.Log.Error("encode sensor message", "device", s.ID, "error", err)
			return
		}
		token := s.client.Publish(wire.SensorTopic(s.ID), 1, false, payload)
		select {
		case <-ctx.Done():
			return
		case <-token.Done():
		}
		if token.Error() == nil {
			s.acked.Add(1)
		}
	}
}

func (s *Sensor) payload(now time.Time) ([]byte, error) {
	values := map[string]float64{}
	for property, value := range s.Values {
		values[property] = value(now)
	}
	text, err := json.Marshal(map[string]any{"ts": wire.Millis(now), "values": values})
	if err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	return text, nil
}
