// Package sl651 hears hydrological stations that dial in with the HEX/BCD frames of SL 651-2014. Several
// stations share one port and are told apart by their address. Rule that must never break: a station is
// confirmed only when what it said is durable, so that it sends again what was not.
package sl651

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
)

// Ports are the ports of all stations of this protocol.
type Ports struct{ hub *dialin.Hub[sl651.Frame] }

// New makes ports; nothing is opened yet.
func New() *Ports {
	return &Ports{hub: &dialin.Hub[sl651.Frame]{
		Next: sl651.Next, Kind: kind, Mask: mask, Limit: sl651.MaxFrame,
		Decode: func(frame []byte) (sl651.Frame, string, error) {
			f, err := sl651.Decode(frame)
			return f, f.Name(), err
		},
	}}
}

func kind(err error) driver.Kind {
	switch {
	case errors.Is(err, sl651.ErrChecksum):
		return driver.KindChecksum
	case errors.Is(err, sl651.ErrShort):
		return driver.KindShort
	case errors.Is(err, sl651.ErrOversized):
		return driver.KindOversized
	}
	return driver.KindMalformed
}

// mask hides the password in a frame that will be shown.
func mask(raw []byte) []byte {
	raw = bytes.Clone(raw)
	if len(raw) >= 10 && raw[0] == 0x7E && raw[1] == 0x7E {
		raw[8], raw[9] = 0, 0
	}
	return raw
}

// device is one station.
type device struct {
	hub     *dialin.Hub[sl651.Frame]
	address string
	station string
	number  [5]byte // the same
	secret  []byte  // two bytes; nil for none
	silence time.Duration
	wants   *profile.SL651Section

	mu     sync.Mutex
	asked  time.Time
	centre byte   // by which the station calls us
	pass   uint16 // that it used
	parts  assembly
	newest map[byte]time.Time // observation by function
}

// Open makes a device. The address is one to listen on, the station its ten digits (of eight the first two
// are 00), the secret its password in four hexadecimal digits.
func (p *Ports) Open(o driver.Options) (driver.Device, error) {
	if o.Profile.SL651 == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for SL 651", o.ID, o.Profile.ID)
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return nil, fmt.Errorf("open %s: %q is no address to listen on, such as :9002", o.ID, o.Address)
	}
	station := strings.ToUpper(strings.Repeat("0", max(0, 10-len(o.Station))) + o.Station)
	number, err := hex.DecodeString(station)
	if err != nil || len(number) != 5 || o.Station == "" {
		return nil, fmt.Errorf("open %s: the station %q is not ten digits", o.ID, o.Station)
	}
	d := &device{
		hub: p.hub, address: o.Address, station: station, number: [5]byte(number), wants: o.Profile.SL651, newest: map[byte]time.Time{},
		silence: driver.Silences*time.Duration(o.Profile.Every) + time.Duration(o.Profile.Timeout),
	}
	if o.Secret != "" {
		secret, err := strconv.ParseUint(o.Secret, 16, 16)
		if err != nil || len(o.Secret) != 4 {
			return nil, fmt.Errorf("open %s: the password is not four hexadecimal digits", o.ID)
		}
		d.secret = binary.BigEndian.AppendUint16(nil, uint16(secret))
	}
	return d, nil
}

// Listen implements driver.Source.
func (d *device) Listen(ctx context.Context, sink driver.Sink) error {
	return d.hub.Listen(ctx, d.address, &dialin.Station[sl651.Frame]{
		Name: d.station, Sink: sink, Silence: d.silence,
		Frame: func(ctx context.Context, c *dialin.Conn, f sl651.Frame) { d.frame(ctx, c, sink, &f) },
		Idle:  func(_ context.Context, c *dialin.Conn) { d.idle(c, sink, time.Now()) },
	})
}

// Close implements driver.Device.
func (d *device) Close() error { return nil }

// frame does what one frame asks for.
func (d *device) frame(ctx context.Context, c *dialin.Conn, sink driver.Sink, f *sl651.Frame) {
	refuse := func(k driver.Kind, format string, args ...any) {
		sink.Fault(driver.NewFault(k, mask(c.Raw), format, args...))
	}
	switch password := binary.BigEndian.AppendUint16(nil, f.Password); {
	case f.Down:
		refuse(driver.KindMalformed, "a frame of a centre came from a station")
		return
	case d.secret != nil && subtle.ConstantTimeCompare(password, d.secret) != 1:
		refuse(driver.KindDenied, "wrong password")
		_ = c.Close()
		return
	case d.wants.Centre != 0 && int(f.Centre) != d.wants.Centre:
		refuse(driver.KindUnit, "centre %d is meant, this is %d", f.Centre, d.wants.Centre)
		return
	}
	d.mu.Lock()
	d.centre, d.pass = f.Centre, f.Password
	d.mu.Unlock()
	text := f.Text
	if f.Total > 0 {
		var whole bool
		if text, whole = d.packet(c, sink, f); !whole {
			return
		}
	}
	d.message(ctx, c, sink, f, text)
}

// message takes a whole message and confirms it.
func (d *device) message(ctx context.Context, c *dialin.Conn, sink driver.Sink, f *sl651.Frame, text []byte) {
	var m driver.Message
	t, err := sl651.Parse(f.Function, text)
	if err != nil { // what can be read is taken; a sound checksum means that the station will not say it better
		sink.Fault(driver.NewFault(kind(err), mask(c.Raw), "%w", err))
	}
	if t.NoTime {
		sink.Fault(driver.NewFault(driver.KindClock, mask(c.Raw), "a time of the station is none"))
	}
	switch f.Function {
	case sl651.KeepAlive, sl651.Test: // data of a test belongs to no series (clause 6.6.4.3)
	case sl651.Uniform, sl651.Scheduled, sl651.Additional, sl651.Hourly, sl651.Picture, sl651.Query:
		m = d.read(c, sink, &t)
		m.Urgent = f.Function == sl651.Additional
		m.Key = fmt.Sprintf("%02X %d %s", f.Function, t.Serial, text[min(8, len(text)):])
	default:
		sink.Fault(driver.NewFault(driver.KindUnread, mask(c.Raw), "function %02X is not read", f.Function))
	}
	m.Raw = mask(c.Raw)
	if err := sink.Take(ctx, m); err != nil {
		select { // a station that is not confirmed sends again: not at once
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		return
	}
	d.late(c, sink, f.Function, &t)
	if f.Function != sl651.KeepAlive && f.Function != sl651.Query {
		d.confirm(c, f, t.Serial)
	}
}

// late counts an observation older than one taken before.
func (d *device) late(c *dialin.Conn, sink driver.Sink, function byte, t *sl651.Text) {
	if len(t.Groups) == 0 || t.Groups[0].Observed.IsZero() {
		return
	}
	at := t.Groups[0].Observed
	d.mu.Lock()
	late := at.Before(d.newest[function])
	if !late {
		d.newest[function] = at
	}
	d.mu.Unlock()
	if late {
		sink.Fault(driver.NewFault(driver.KindReordered, mask(c.Raw), "observation of %s came late", at.Format(time.DateTime)))
	}
}

// confirm tells a station that its message is kept (tables 21 and 23). The answer has the function and the
// serial number of the message; that to a divided one names its last packet.
func (d *device) confirm(c *dialin.Conn, f *sl651.Frame, serial uint16) {
	end := byte(sl651.EOT)
	switch {
	case d.wants.Hold:
		end = sl651.ESC
	case f.End == sl651.ETB && f.Total == 0:
		end = sl651.ACK
	}
	d.send(c, f, f.Total, f.Total, sl651.Head(serial, time.Now()), end)
}

// send writes a frame to the station; M1 is never answered.
func (d *device) send(c *dialin.Conn, f *sl651.Frame, total, number uint16, text []byte, end byte) {
	if d.wants.Mode == profile.M1 {
		return
	}
	down := sl651.Frame{
		Down: true, Centre: f.Centre, Station: f.Station, Password: f.Password, Function: f.Function,
		Total: total, Number: number, Text: text, End: end,
	}
	if raw, err := down.Encode(); err == nil {
		_ = c.Send(raw) // a station that does not hear it sends again
	}
}
