package mqttin

import (
	"context"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// orders is the session by which outputs are switched. It is apart from that of the readings, which the broker
// keeps: an order must not wait there for a device that comes back tomorrow.
type orders struct {
	turn   chan struct{} // holds one token; below is for its holder
	client mqtt.Client   // nil while there is no connection
	lost   chan error
	said   chan mqtt.Message
}

func newOrders() *orders {
	o := &orders{turn: make(chan struct{}, 1)}
	o.turn <- struct{}{}
	return o
}

// Set implements driver.Switch. That the broker has the order says nothing: done is what the device itself
// says afterwards.
func (d *device) Set(ctx context.Context, output string, on bool) error {
	t, err := d.topics(output)
	if err != nil {
		return err
	}
	text := t.Off
	if on {
		text = t.On
	}
	_, err = d.order(ctx, t, t.Command, text, &on)
	return err
}

// Get implements driver.Switch: the device is asked, and what it said before does not count.
func (d *device) Get(ctx context.Context, output string) (bool, error) {
	t, err := d.topics(output)
	if err != nil {
		return false, err
	}
	return d.order(ctx, t, t.Ask, t.AskWith, nil)
}

func (d *device) topics(output string) (*profile.Topics, error) {
	if o := d.profile.Output(output); o != nil && o.Topics != nil {
		return o.Topics, nil
	}
	return nil, fmt.Errorf("%w: %s", driver.ErrNoOutput, output)
}

// order publishes one message and waits until the device says how the output stands, as wanted when want is
// not nil.
func (d *device) order(ctx context.Context, t *profile.Topics, topic, text string, want *bool) (bool, error) {
	o := d.orders
	select {
	case <-ctx.Done():
		return false, late(ctx.Err())
	case <-o.turn:
	}
	defer func() { o.turn <- struct{}{} }()
	ctx, cancel := context.WithTimeout(ctx, d.within)
	defer cancel()
	if err := d.connect(ctx); err != nil {
		o.drop()
		return false, late(err)
	}
	for len(o.said) > 0 {
		<-o.said // of before
	}
	if err := wait(ctx, o.client.Publish(profile.Topic(topic, d.topic), 1, false, text)); err != nil {
		o.drop()
		return false, late(err)
	}
	state := profile.Topic(t.State, d.topic)
	answer := fmt.Errorf("%w: the device has published nothing to %s in %s", driver.ErrTimeout, state, d.within)
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return false, ctx.Err()
			}
			return false, answer
		case err := <-o.lost:
			o.drop()
			return false, fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		case m := <-o.said:
			if m.Topic() != state || m.Retained() { // what the broker keeps says nothing of now
				continue
			}
			on, err := t.Read(m.Payload())
			switch {
			case err != nil:
				answer = driver.NewFault(driver.KindMalformed, m.Payload(), "%s: %w", state, err)
			case want == nil || on == *want:
				return on, nil
			default:
				answer = fmt.Errorf("%w: it says in %s that the output is %s", driver.ErrException, state, map[bool]string{true: profile.On, false: profile.Off}[on])
			}
		}
	}
}

// late makes the end of the time an error of the device.
func late(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: the broker does not answer", driver.ErrTimeout)
	}
	return err
}

// connect makes the session when there is none. The caller holds the turn.
func (d *device) connect(ctx context.Context) error {
	o := d.orders
	if o.client != nil && o.client.IsConnectionOpen() {
		return nil
	}
	o.drop()
	lost, said := make(chan error, 1), make(chan mqtt.Message, waiting)
	options := mqtt.NewClientOptions().AddBroker("tcp://" + d.address).SetClientID("fengsui-edge-" + d.id + "-orders").
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).
		SetConnectTimeout(within).SetWriteTimeout(within).SetKeepAlive(keepAlive).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err }).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			select {
			case said <- m:
			default: // a device that says so much is not heard in between
			}
		})
	if d.password != "" {
		options.SetUsername(d.id).SetPassword(d.password)
	}
	o.client, o.lost, o.said = mqtt.NewClient(options), lost, said
	if err := wait(ctx, o.client.Connect()); err != nil {
		return err
	}
	topics := map[string]byte{}
	for _, out := range d.profile.Outputs {
		if out.Topics != nil {
			topics[profile.Topic(out.Topics.State, d.topic)] = 1
		}
	}
	return wait(ctx, o.client.SubscribeMultiple(topics, nil))
}

// drop ends the session. The caller holds the turn.
func (o *orders) drop() {
	if o.client != nil {
		o.client.Disconnect(0)
		o.client = nil
	}
}

// close waits for its turn, which Close comes after.
func (o *orders) close() {
	select {
	case <-o.turn:
		o.drop()
	case <-time.After(within):
	}
}
