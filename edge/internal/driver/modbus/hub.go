package modbus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/line"
	"github.com/fengsui/fengsui/shared/profile"
)

// fastest is the shortest silence between frames on lines above 19200 baud (Modbus over Serial Line V1.02,
// clause 2.5.1.1); below it is three and a half characters.
const fastest = 1750 * time.Microsecond

// Hub has the lines that several devices share: serial ports, and serial servers, which often take one
// connection only.
type Hub struct {
	mu    sync.Mutex
	buses map[string]*bus
}

// New makes a hub without lines.
func New() *Hub { return &Hub{buses: map[string]*bus{}} }

// Open makes a device. The path of a serial port is read with RTU frames, whatever the profile says;
// a profile for RTU at host:port goes through a serial server.
func (h *Hub) Open(o driver.Options) (driver.Device, error) {
	m := o.Profile.Modbus
	if m == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for Modbus", o.ID, o.Profile.ID)
	}
	if _, err := line.Mode(o.Serial); err != nil {
		return nil, fmt.Errorf("open %s: %w", o.ID, err)
	}
	d := &device{unit: o.Unit, within: time.Duration(o.Profile.Timeout), spans: plan(m), profile: o.Profile}
	if d.unit == 0 {
		d.unit = m.Unit
	}
	open := func(ctx context.Context) (line.Line, error) { return line.Open(ctx, o.Address, o.Serial, d.within) }
	if o.Profile.Protocol == profile.ModbusTCP && !line.IsSerial(o.Address) {
		d.bus, d.leave = newBus(open, &tcp{}, false), func(b *bus) { _ = b.drop(nil) }
		return d, nil
	}
	if d.unit == 0 || d.unit > 247 {
		return nil, fmt.Errorf("open %s: unit %d is not that of one device on a serial line, 1 to 247", o.ID, d.unit)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.buses[o.Address]
	if b == nil {
		b = newBus(open, rtu{}, true)
		h.buses[o.Address] = b
	}
	b.users++
	b.gap = max(b.gap, time.Duration(m.Gap), silence(o))
	d.bus, d.leave = b, func(b *bus) { h.leave(o.Address, b) }
	return d, nil
}

// silence is how long a line rests between two frames.
func silence(o driver.Options) time.Duration {
	return max(line.Character(o.Serial)*7/2, fastest)
}

// leave closes a line with its last device. The caller holds the line.
func (h *Hub) leave(address string, b *bus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.users--; b.users == 0 {
		delete(h.buses, address)
		_ = b.drop(nil)
	}
}
