package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// flip switches an output as the agent does: with a look at it afterwards when the profile says so.
func (c *Case) flip(ctx context.Context, d driver.Device, p *profile.Profile) error {
	sw, ok := d.(driver.Switch)
	o := p.Output(c.Switch)
	if !ok || o == nil {
		return fmt.Errorf("%s has no output %s", p.ID, c.Switch)
	}
	want := c.To == profile.On
	err := sw.Set(ctx, o.ID, want)
	if err == nil && o.Readback {
		var on bool
		if on, err = sw.Get(ctx, o.ID); err == nil && on != want {
			err = fmt.Errorf("it reads back as %v", on)
		}
	}
	switch {
	case c.Error != "" && err == nil:
		return fmt.Errorf("switch %s: it was switched, want the error %q", o.ID, c.Error)
	case err != nil && !errors.Is(err, errorsOf[c.Error]):
		return fmt.Errorf("switch %s: %w", o.ID, err)
	}
	return nil
}

// order plays a broker with a device that is switched: each order is answered with what the device says.
func (c *Case) order(ctx context.Context, p *profile.Profile, open driver.Opener) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	played := make(chan error, 1)
	go func() { played <- c.obey(ctx, l) }()
	err = c.ask(ctx, driver.Options{ID: p.ID, Address: l.Addr().String(), Station: c.Station, Secret: c.Secret, Profile: p}, open)
	err = errors.Join(err, l.Close())
	if said := <-played; said != nil {
		return said
	}
	return err
}

func (c *Case) obey(ctx context.Context, l net.Listener) error {
	conn, err := l.Accept()
	if err != nil {
		return nil // closed: the driver never came, and says why
	}
	defer func() { _ = conn.Close() }()
	hangUp := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer hangUp()
	for asked := 0; ; {
		packet, err := packets.ReadPacket(conn)
		if err != nil {
			break // the driver hung up
		}
		switch in := packet.(type) {
		case *packets.ConnectPacket:
			err = packets.NewControlPacket(packets.Connack).Write(conn)
		case *packets.SubscribePacket:
			if out, ok := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket); ok {
				out.MessageID, out.ReturnCodes = in.MessageID, make([]byte, len(in.Topics))
				err = out.Write(conn)
			}
		case *packets.PublishPacket:
			if asked == len(c.Exchanges) {
				return fmt.Errorf("driver publishes %s as well", in.TopicName)
			}
			x := c.Exchanges[asked]
			asked++
			if got := in.TopicName + " " + string(in.Payload); strings.TrimSpace(got) != x.Request {
				return fmt.Errorf("driver publishes %q, the recording has %q", got, x.Request)
			}
			err = acknowledge(conn, in, x.Response)
		}
		if err != nil {
			return fmt.Errorf("answer the driver: %w", err)
		}
	}
	return nil
}

func acknowledge(conn net.Conn, in *packets.PublishPacket, response string) error {
	if ack, ok := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket); ok && in.Qos == 1 {
		ack.MessageID = in.MessageID
		if err := ack.Write(conn); err != nil {
			return err
		}
	}
	if response == "" {
		return nil
	}
	out, ok := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	if !ok {
		return errors.ErrUnsupported
	}
	topic, text, _ := strings.Cut(response, " ")
	out.TopicName, out.Payload = topic, []byte(text)
	return out.Write(conn)
}
