// Package relay is simulated sirens and relays that are switched over MQTT, by the topics of their profile. The
// simulator runs them at a broker on loopback. Rule that must never break: what it says of an output is how the
// output stands.
package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/profile"
)

// Relay is one device.
type Relay struct {
	ID       string // also its name at the broker
	Broker   string // tcp://host:port
	Station  string
	Password string // empty: none
	Profile  *profile.Profile
	Log      *slog.Logger

	mu     sync.Mutex
	on     map[string]bool // a device that is cut keeps them
	client mqtt.Client
}

// Start connects in the background, again and again.
func (r *Relay) Start(context.Context) error {
	topics := map[string]byte{}
	for _, o := range r.Profile.Outputs {
		for _, topic := range []string{o.Topics.Command, o.Topics.Ask} {
			if topic != "" {
				topics[profile.Topic(topic, r.Station)] = 1
			}
		}
	}
	o := mqtt.NewClientOptions().AddBroker(r.Broker).SetClientID(r.ID).SetProtocolVersion(4).
		SetConnectRetry(true).SetConnectRetryInterval(200 * time.Millisecond).SetMaxReconnectInterval(time.Second).SetOrderMatters(false).
		SetDefaultPublishHandler(r.obey).
		SetOnConnectHandler(func(c mqtt.Client) { c.SubscribeMultiple(topics, nil) })
	if r.Password != "" {
		o.SetUsername(r.ID).SetPassword(r.Password)
	}
	r.client = mqtt.NewClient(o)
	r.client.Connect()
	return nil
}

// Stop ends it; Start may follow.
func (r *Relay) Stop(context.Context) error {
	r.client.Disconnect(0)
	return nil
}

// Outputs says how they stand.
func (r *Relay) Outputs() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]bool{}
	for _, o := range r.Profile.Outputs {
		out[o.ID] = false
	}
	maps.Copy(out, r.on)
	return out
}

// obey takes an order or a question, and says how the output stands.
func (r *Relay) obey(c mqtt.Client, m mqtt.Message) {
	for _, o := range r.Profile.Outputs {
		t, text := o.Topics, string(m.Payload())
		ordered := m.Topic() == profile.Topic(t.Command, r.Station) && (text == t.On || text == t.Off)
		asked := t.Ask != "" && m.Topic() == profile.Topic(t.Ask, r.Station) && text == t.AskWith
		if !ordered && !asked {
			continue
		}
		r.mu.Lock()
		if ordered {
			if r.on == nil {
				r.on = map[string]bool{}
			}
			r.on[o.ID] = text == t.On
		}
		answer, err := say(t, r.on[o.ID])
		r.mu.Unlock()
		if err != nil {
			r.Log.Error("encode state", "error", err)
			continue
		}
		c.Publish(profile.Topic(t.State, r.Station), 1, false, answer)
	}
}

// say is how a device with this profile writes a state.
func say(t *profile.Topics, on bool) ([]byte, error) {
	text := cmp.Or(t.StateOff, t.Off)
	if on {
		text = cmp.Or(t.StateOn, t.On)
	}
	if t.At == "" {
		return []byte(text), nil
	}
	var v any = text
	if text == "true" || text == "false" {
		v = text == "true"
	}
	steps := strings.Split(t.At[1:], "/")
	for _, step := range slices.Backward(steps) {
		v = map[string]any{step: v}
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	return out, nil
}
