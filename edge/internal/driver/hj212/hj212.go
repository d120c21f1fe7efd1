// Package hj212 hears environmental monitoring stations that dial in with HJ/T 212-2005 or HJ 212-2017.
// Several stations share one port and are told apart by MN. Rule that must never break: a station is
// answered only when what it said is durable, so that it sends again what was not.
package hj212

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/profile"
)

var password = regexp.MustCompile(`PW=[^;&]*`)

// Ports are the ports of all stations of this protocol.
type Ports struct{ hub *dialin.Hub[hj212.Packet] }

// New makes ports; nothing is opened yet.
func New() *Ports {
	return &Ports{hub: &dialin.Hub[hj212.Packet]{
		Next: hj212.Next, Kind: kind, Mask: mask, Limit: hj212.MaxPacket,
		Decode: func(frame []byte) (hj212.Packet, string, error) {
			p, err := hj212.Decode(frame, hj212.MaxPacket)
			return p, p.MN, err
		},
	}}
}

func kind(err error) driver.Kind {
	switch {
	case errors.Is(err, hj212.ErrChecksum):
		return driver.KindChecksum
	case errors.Is(err, hj212.ErrOversized):
		return driver.KindOversized
	case errors.Is(err, hj212.ErrShort):
		return driver.KindShort
	}
	return driver.KindMalformed
}

// mask hides the password in a frame that will be shown.
func mask(raw []byte) []byte {
	return password.ReplaceAllFunc(raw, func(m []byte) []byte { return append([]byte("PW="), bytes.Repeat([]byte("*"), len(m)-3)...) })
}

// device is one station.
type device struct {
	hub     *dialin.Hub[hj212.Packet]
	address string
	station string
	secret  string
	silence time.Duration
	wants   *profile.HJ212Section

	mu     sync.Mutex
	parts  parts
	newest map[int]time.Time // data time by command
}

// Open makes a device. The address is one to listen on, the station its MN, the secret its PW.
func (p *Ports) Open(o driver.Options) (driver.Device, error) {
	switch _, _, err := net.SplitHostPort(o.Address); {
	case o.Profile.HJ212 == nil:
		return nil, fmt.Errorf("open %s: profile %s is not for HJ 212", o.ID, o.Profile.ID)
	case err != nil:
		return nil, fmt.Errorf("open %s: %q is no address to listen on, such as :9001", o.ID, o.Address)
	case o.Station == "":
		return nil, fmt.Errorf("open %s: the station (MN) is missing", o.ID)
	}
	return &device{
		hub: p.hub, address: o.Address, station: o.Station, secret: o.Secret, wants: o.Profile.HJ212,
		silence: driver.Silences*time.Duration(o.Profile.Every) + time.Duration(o.Profile.Timeout), newest: map[int]time.Time{},
	}, nil
}

// Listen implements driver.Source.
func (d *device) Listen(ctx context.Context, sink driver.Sink) error {
	return d.hub.Listen(ctx, d.address, &dialin.Station[hj212.Packet]{
		Name: d.station, Sink: sink, Silence: d.silence,
		Frame: func(ctx context.Context, c *dialin.Conn, p hj212.Packet) { d.packet(ctx, c, sink, &p) },
	})
}

// Close implements driver.Device.
func (d *device) Close() error { return nil }

// packet does what one packet asks for.
func (d *device) packet(ctx context.Context, c *dialin.Conn, sink driver.Sink, p *hj212.Packet) {
	refuse := func(k driver.Kind, format string, args ...any) {
		sink.Fault(driver.NewFault(k, mask(c.Raw), format, args...))
	}
	if d.secret != "" && subtle.ConstantTimeCompare([]byte(p.PW), []byte(d.secret)) != 1 {
		refuse(driver.KindDenied, "wrong password")
		_ = c.Close()
		return
	}
	if over := len(bytes.TrimRight(c.Raw, "\r\n")) - 10 - d.wants.MaxData; over > 0 {
		refuse(driver.KindOversized, "data is %d bytes longer than %d", over, d.wants.MaxData)
		return
	}
	if v := p.Flag.Version(); !d.wants.Speaks(v) {
		refuse(driver.KindUnit, "version %d in Flag %d is none of %v", v, p.Flag, d.wants.Versions)
		return
	}
	switch p.CN {
	case hj212.Realtime, hj212.Minute, hj212.Hour, hj212.Day:
		d.data(ctx, c, sink, p)
		return
	case hj212.Heartbeat, hj212.Received, hj212.Notified:
	default:
		refuse(driver.KindUnread, "command %d is not read", p.CN)
	}
	if sink.Take(ctx, driver.Message{Raw: mask(c.Raw)}) == nil {
		d.answer(c, p)
	}
}

// data takes a packet of values, and with the first of a divided message those that came before it.
func (d *device) data(ctx context.Context, c *dialin.Conn, sink driver.Sink, p *hj212.Packet) {
	values, wrong := hj212.Values(p.CP)
	if wrong > 0 {
		sink.Fault(driver.NewFault(driver.KindMalformed, mask(c.Raw), "%d fields of CP are none", wrong))
	}
	at, said, err := dataTime(values)
	if err != nil {
		sink.Fault(driver.NewFault(driver.KindClock, mask(c.Raw), "%w", err))
	}
	d.mu.Lock()
	at, said, ready, lost := d.parts.add(part{*p, values, mask(c.Raw)}, at, said)
	d.mu.Unlock()
	for range lost {
		sink.Fault(driver.NewFault(driver.KindShort, mask(c.Raw), "a divided message has no first part"))
	}
	for _, part := range ready {
		d.take(ctx, c, sink, part, at, said)
	}
}

// take hands one packet on and answers it.
func (d *device) take(ctx context.Context, c *dialin.Conn, sink driver.Sink, part part, at time.Time, said bool) {
	m := driver.Message{Samples: d.samples(c, sink, part, at, said), Raw: part.raw}
	if part.packet.QN != "" || said {
		m.Key = fmt.Sprintf("%s %d %d %s", part.packet.QN, part.packet.CN, part.packet.PNO, part.packet.CP)
	}
	if sent, err := hj212.ParseTime(part.packet.QN); err == nil {
		m.Sent = sent.UnixMilli()
	}
	if err := sink.Take(ctx, m); err != nil {
		select { // a station that is not answered sends again: not at once
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		return
	}
	if said {
		d.mu.Lock()
		late := at.Before(d.newest[part.packet.CN])
		if !late {
			d.newest[part.packet.CN] = at
		}
		d.mu.Unlock()
		if late {
			sink.Fault(driver.NewFault(driver.KindReordered, mask(c.Raw), "data of %s came late", at.Format(time.DateTime)))
		}
	}
	d.answer(c, &part.packet)
}

func (d *device) answer(c *dialin.Conn, p *hj212.Packet) {
	if !p.Flag.Answer() {
		return
	}
	a := p.Answer()
	if text, err := a.Encode(); err == nil {
		_ = c.Send(text) // a station that does not hear it sends again
	}
}
