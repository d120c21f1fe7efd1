// Package modbus is simulated Modbus TCP devices whose register map comes from the same profiles that the
// edge agents read them with. The simulator runs them. Rule that must never break: an address that the
// profile does not name answers with the exception a real device gives, so that a wrong profile shows.
package modbus

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/shared/profile"
)

// Point is where a property stands in the registers and how it is written there.
type Point struct {
	Table   string // profile.Holding or profile.Input
	Address uint16
	Words   int
	Encode  func(value float64) ([]uint16, error) // Words registers
	Value   func(at time.Time) float64
}

// Held is an output in a holding register.
type Held struct {
	Name    string
	On, Off uint16
}

// Device is one Modbus TCP server.
type Device struct {
	Listen string // address; port 0 takes a free one and keeps it
	Unit   uint8  // 0 answers to every unit
	Points []Point
	Coils  map[uint16]string // outputs by address
	Held   map[uint16]Held   // the same of holding registers
	Log    *slog.Logger

	mu     sync.Mutex
	on     map[uint16]bool   // coils; a device that is cut keeps them, as a relay does
	held   map[uint16]uint16 // holding registers that were written; likewise
	addr   string
	server *modbus.ModbusServer
}

// Start listens.
func (d *Device) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.addr == "" {
		addr, err := free(ctx, d.Listen)
		if err != nil {
			return err
		}
		d.addr = addr
	}
	server, err := modbus.NewServer(&modbus.ServerConfiguration{
		URL: "tcp://" + d.addr, Timeout: time.Minute, MaxClients: 16,
		Logger: slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug),
	}, d)
	if err != nil {
		return fmt.Errorf("make modbus device: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("listen for modbus on %s: %w", d.addr, err)
	}
	d.server = server
	return nil
}

// free settles port 0, because the library does not tell which port it took.
func free(ctx context.Context, listen string) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen for modbus on %s: %w", listen, err)
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// Addr is where it listens.
func (d *Device) Addr() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addr
}

// Stop ends all connections; Start may follow.
func (d *Device) Stop(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return nil
	}
	err := d.server.Stop()
	d.server = nil
	if err != nil {
		return fmt.Errorf("stop modbus device: %w", err)
	}
	return nil
}

// read answers one request: every register asked for must belong to a point.
func (d *Device) read(unit uint8, table string, addr, quantity uint16) ([]uint16, error) {
	if d.Unit != 0 && unit != d.Unit {
		return nil, modbus.ErrBadUnitId
	}
	now := time.Now()
	out, known := make([]uint16, quantity), make([]bool, quantity)
	for _, p := range d.Points {
		if p.Table != table || !p.overlaps(addr, quantity) {
			continue
		}
		words, err := p.Encode(p.Value(now))
		if err != nil {
			d.Log.Warn("encode value", "error", err)
			return nil, modbus.ErrServerDeviceFailure
		}
		for i, word := range words {
			if at := int(p.Address) + i - int(addr); at >= 0 && at < len(out) {
				out[at], known[at] = out[at]|word, true // fields of bits share a register
			}
		}
	}
	d.mu.Lock()
	for at, h := range d.Held {
		if i := int(at) - int(addr); table == profile.Holding && i >= 0 && i < len(out) {
			word, written := d.held[at]
			if !written {
				word = h.Off
			}
			out[i], known[i] = word, true
		}
	}
	d.mu.Unlock()
	for _, ok := range known {
		if !ok {
			return nil, modbus.ErrIllegalDataAddress
		}
	}
	return out, nil
}

func (p Point) overlaps(addr, quantity uint16) bool {
	return int(p.Address) < int(addr)+int(quantity) && int(p.Address)+p.Words > int(addr)
}

// HandleHoldingRegisters implements modbus.RequestHandler.
func (d *Device) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if r.IsWrite {
		return nil, d.write(r)
	}
	return d.read(r.UnitId, profile.Holding, r.Addr, r.Quantity)
}

// write takes the one value that switches an output.
func (d *Device) write(r *modbus.HoldingRegistersRequest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.Held[r.Addr]
	switch {
	case d.Unit != 0 && r.UnitId != d.Unit:
		return modbus.ErrBadUnitId
	case !ok || len(r.Args) != 1:
		return modbus.ErrIllegalFunction
	case r.Args[0] != h.On && r.Args[0] != h.Off:
		return modbus.ErrIllegalDataValue
	}
	if d.held == nil {
		d.held = map[uint16]uint16{}
	}
	d.held[r.Addr] = r.Args[0]
	return nil
}

// HandleInputRegisters implements modbus.RequestHandler.
func (d *Device) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	return d.read(r.UnitId, profile.Input, r.Addr, r.Quantity)
}

// HandleCoils implements modbus.RequestHandler.
func (d *Device) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	if d.Unit != 0 && r.UnitId != d.Unit {
		return nil, modbus.ErrBadUnitId
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]bool, r.Quantity)
	for i := range out {
		at := r.Addr + uint16(i) //nolint:gosec // the library checks the range
		if d.Coils[at] == "" {
			return nil, modbus.ErrIllegalDataAddress
		}
		if r.IsWrite {
			if d.on == nil {
				d.on = map[uint16]bool{}
			}
			d.on[at] = r.Args[i]
		}
		out[i] = d.on[at]
	}
	return out, nil
}

// Outputs says how they stand, by the name of the output.
func (d *Device) Outputs() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]bool{}
	for at, name := range d.Coils {
		out[name] = d.on[at]
	}
	for at, h := range d.Held {
		out[h.Name] = d.held[at] == h.On
	}
	return out
}

// HandleDiscreteInputs implements modbus.RequestHandler.
func (d *Device) HandleDiscreteInputs(r *modbus.DiscreteInputsRequest) ([]bool, error) {
	words, err := d.read(r.UnitId, profile.Discrete, r.Addr, r.Quantity)
	out := make([]bool, len(words))
	for i, w := range words {
		out[i] = w != 0
	}
	return out, err
}
