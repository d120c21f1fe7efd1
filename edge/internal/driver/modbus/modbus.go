// Package modbus reads and switches devices over Modbus TCP (Modbus Application Protocol V1.1b3, functions
// 1, 3, 4, 5 and 6). Registers that stand close together are asked for in one request.
package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // the library takes nothing else
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// maxWords is how many registers one request may ask for.
const maxWords = 125

// device is one slave.
type device struct {
	client  *modbus.ModbusClient
	unit    uint8
	spans   []span
	profile *profile.Profile

	mu   sync.Mutex // one request at a time: many devices know no pipelining
	open bool
}

// span is one request: words registers of a table from an address on, and the values in it.
type span struct {
	table     modbus.RegType
	address   uint16
	words     uint16
	registers []profile.Register
}

// Open makes a device.
func Open(o driver.Options) (driver.Device, error) {
	if o.Profile.Modbus == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for Modbus", o.ID, o.Profile.ID)
	}
	client, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL:     "tcp://" + o.Address,
		Timeout: time.Duration(o.Profile.Timeout),
		Logger:  log.New(io.Discard, "", 0),
	})
	if err != nil {
		return nil, fmt.Errorf("open %s at %s: %w", o.ID, o.Address, err)
	}
	unit := o.Unit
	if unit == 0 {
		unit = o.Profile.Modbus.Unit
	}
	return &device{client: client, unit: unit, spans: plan(o.Profile.Modbus), profile: o.Profile}, nil
}

// plan merges registers into as few requests as the gaps allow.
func plan(m *profile.Modbus) []span {
	sorted := slices.Clone(m.Registers)
	slices.SortFunc(sorted, func(a, b profile.Register) int {
		if a.Table != b.Table {
			return len(a.Table) - len(b.Table)
		}
		return int(a.Address) - int(b.Address)
	})
	var out []span
	for _, r := range sorted {
		end := int(r.Address) + r.Words()
		if n := len(out); n > 0 && out[n-1].table == table(r) {
			last := &out[n-1]
			lastEnd := int(last.address) + int(last.words)
			if int(r.Address) <= lastEnd+int(m.MaxGap) && end-int(last.address) <= maxWords {
				last.words = uint16(max(end, lastEnd) - int(last.address)) //nolint:gosec // at most maxWords
				last.registers = append(last.registers, r)
				continue
			}
		}
		out = append(out, span{
			table: table(r), address: r.Address, words: uint16(r.Words()), //nolint:gosec // 1 or 2
			registers: []profile.Register{r},
		})
	}
	return out
}

func table(r profile.Register) modbus.RegType {
	if r.Table == profile.Input {
		return modbus.INPUT_REGISTER
	}
	return modbus.HOLDING_REGISTER
}

// Read implements driver.Reader.
func (d *device) Read(ctx context.Context) ([]driver.Sample, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.connect(); err != nil {
		return nil, err
	}
	var out []driver.Sample
	var failed error
	for _, s := range d.spans {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		words, err := d.client.ReadRegisters(s.address, s.words, s.table)
		if err != nil {
			err = typed(err)
			if !errors.Is(err, driver.ErrException) {
				// The line is in doubt: a late answer must not be taken for the next one.
				return out, errors.Join(err, d.hangUp())
			}
			failed = errors.Join(failed, fmt.Errorf("registers from %d: %w", s.address, err))
			continue
		}
		samples, err := decode(s, words)
		out = append(out, samples...)
		failed = errors.Join(failed, err)
	}
	if len(out) == 0 && failed == nil {
		failed = driver.ErrNoValue
	}
	return out, failed
}

func (d *device) connect() error {
	if d.open {
		return nil
	}
	if err := d.client.Open(); err != nil {
		return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
	}
	d.open = true
	if err := d.client.SetUnitId(d.unit); err != nil {
		return errors.Join(err, d.hangUp())
	}
	return nil
}

// Close implements driver.Device.
func (d *device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hangUp()
}

func (d *device) hangUp() error {
	if !d.open {
		return nil
	}
	d.open = false
	if err := d.client.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close connection: %w", err)
	}
	return nil
}

// decode takes the values out of one answer. A register by which the device says "no value" is left out.
func decode(s span, words []uint16) ([]driver.Sample, error) {
	if len(words) != int(s.words) {
		return nil, fmt.Errorf("registers from %d: %w: %d instead of %d", s.address, driver.ErrMalformed, len(words), s.words)
	}
	var out []driver.Sample
	for i := range s.registers {
		r := &s.registers[i]
		at := int(r.Address) - int(s.address)
		v, q, err := r.Decode(words[at : at+r.Words()])
		if errors.Is(err, profile.ErrNoValue) {
			continue
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w: %w", r.Property, driver.ErrMalformed, err)
		}
		out = append(out, driver.Sample{Property: r.Property, Value: v, Quality: q})
	}
	return out, nil
}

// typed sorts the library's errors.
func typed(err error) error {
	switch {
	case errors.Is(err, modbus.ErrRequestTimedOut), errors.Is(err, os.ErrDeadlineExceeded):
		return driver.ErrTimeout
	case errors.Is(err, modbus.ErrIllegalFunction), errors.Is(err, modbus.ErrIllegalDataAddress),
		errors.Is(err, modbus.ErrIllegalDataValue), errors.Is(err, modbus.ErrServerDeviceFailure),
		errors.Is(err, modbus.ErrServerDeviceBusy), errors.Is(err, modbus.ErrAcknowledge),
		errors.Is(err, modbus.ErrMemoryParityError), errors.Is(err, modbus.ErrGWPathUnavailable),
		errors.Is(err, modbus.ErrGWTargetFailedToRespond):
		return fmt.Errorf("%w: %w", driver.ErrException, err)
	}
	if _, ok := errors.AsType[modbus.Error](err); ok {
		return fmt.Errorf("%w: %w", driver.ErrMalformed, err)
	}
	return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
}
