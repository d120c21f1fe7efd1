// Package mqttin hears and switches devices that publish to a broker near the terminal, such as a Mosquitto on it.
// The agent is a client of that broker with a session that the broker keeps. Rule that must never break: a
// message is acknowledged to the broker only when it is durable or can never be read, so that the broker
// delivers again what was not.
package mqttin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

const (
	keepAlive = 30 * time.Second
	within    = 10 * time.Second // for connecting and subscribing
	waiting   = 64               // messages between the connection and the disk
)

// device is one that publishes.
type device struct {
	id, address, topic, password string
	profile                      *profile.Profile
	silence, within              time.Duration
	orders                       *orders
}

// Open makes a device: address is the broker, Station the topic, Secret the password of the agent there,
// whose name and client id are those of the sensor.
func Open(o driver.Options) (driver.Device, error) {
	switch {
	case o.Profile.JSON == nil && len(o.Profile.Series) > 0:
		return nil, fmt.Errorf("open %s: profile %s is not for JSON", o.ID, o.Profile.ID)
	case o.Station == "" || strings.ContainsAny(o.Station, "+#\x00"):
		return nil, fmt.Errorf("open %s: station %q is not one topic", o.ID, o.Station)
	}
	return &device{
		id: o.ID, address: o.Address, topic: o.Station, password: o.Secret, profile: o.Profile,
		silence: driver.Silences * time.Duration(o.Profile.Every), within: time.Duration(o.Profile.Timeout), orders: newOrders(),
	}, nil
}

// Close implements driver.Device. The session of the readings stays at the broker, which keeps what comes meanwhile.
func (d *device) Close() error {
	d.orders.close()
	return nil
}

// Listen implements driver.Source.
func (d *device) Listen(ctx context.Context, sink driver.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	lost := make(chan error, 1)
	came := make(chan mqtt.Message, waiting)
	o := mqtt.NewClientOptions().AddBroker("tcp://" + d.address).SetClientID("fengsui-edge-" + d.id).
		SetProtocolVersion(4).SetCleanSession(false).SetAutoReconnect(false).SetConnectRetry(false).SetResumeSubs(false).
		SetConnectTimeout(within).SetWriteTimeout(within).SetKeepAlive(keepAlive).SetAutoAckDisabled(true).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err }).
		// A kept session delivers before the subscription is made anew.
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			select {
			case came <- m:
			case <-ctx.Done():
			}
		})
	if d.password != "" {
		o.SetUsername(d.id).SetPassword(d.password)
	}
	client := mqtt.NewClient(o)
	var once sync.Once
	end := func() { once.Do(func() { cancel(); client.Disconnect(0) }) }
	defer end()
	if err := wait(ctx, client.Connect()); err != nil {
		return err
	}
	// Subscribing with no handler of its own keeps one order for all messages.
	if err := wait(ctx, client.Subscribe(d.topic, 1, nil)); err != nil {
		return err
	}
	silent := time.NewTimer(d.silence)
	defer silent.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-lost:
			return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		case <-silent.C:
			return fmt.Errorf("%w: nothing was published to %s for %s", driver.ErrTimeout, d.topic, d.silence)
		case m := <-came:
			if err := d.take(ctx, sink, m); err != nil {
				return err
			}
			silent.Reset(d.silence)
		}
	}
}

// take hands one message on. After an error the connection must end: the broker delivers again on the next.
func (d *device) take(ctx context.Context, sink driver.Sink, m mqtt.Message) error {
	if m.Retained() || m.Topic() != d.topic {
		// What the broker keeps for newcomers was heard when it was new; it is no reading of now.
		m.Ack()
		return nil
	}
	said, err := driver.FromJSON(d.profile.JSON, m.Payload())
	if err != nil {
		sink.Fault(driver.FaultOf(err))
		m.Ack() // it would never be read
		return nil
	}
	if err := sink.Take(ctx, said); err != nil {
		return fmt.Errorf("take message of %s: %w", d.topic, err)
	}
	m.Ack()
	return nil
}

func wait(ctx context.Context, t mqtt.Token) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.Done():
	case <-time.After(within):
		return fmt.Errorf("%w: the broker does not answer", driver.ErrTimeout)
	}
	if s, ok := t.(*mqtt.SubscribeToken); ok {
		for topic, code := range s.Result() {
			if code == 0x80 {
				return &driver.Fault{Kind: driver.KindDenied, Err: fmt.Errorf("the broker refuses the topic %s", topic)}
			}
		}
	}
	err := t.Error()
	if c, ok := t.(*mqtt.ConnectToken); ok && err != nil && (c.ReturnCode() == 4 || c.ReturnCode() == 5) {
		return &driver.Fault{Kind: driver.KindDenied, Err: errors.New("the broker refuses name and password")}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
	}
	return nil
}
