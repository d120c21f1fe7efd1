// Package modbus reads and switches devices over Modbus TCP, over serial lines and through serial servers
// (Modbus Application Protocol V1.1b3, functions 1 to 6). Registers that stand close together are asked for
// in one request. Rule that must never break: an answer is taken only for the question that it answers; a
// line in doubt is emptied or closed first.
package modbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// maxWords is how many registers one request may ask for.
const maxWords = 125

// functions read the tables.
var functions = map[string]byte{
	profile.Coil: readCoils, profile.Discrete: readDiscrete, profile.Holding: readHolding, profile.Input: readInput,
}

// device is one slave.
type device struct {
	unit    byte
	within  time.Duration
	spans   []span
	profile *profile.Profile
	bus     *bus
	leave   func(b *bus)
}

// span is one request: words registers of a table from an address on, and the values in it.
type span struct {
	function  byte
	address   uint16
	words     uint16
	registers []profile.Register
}

// plan merges registers into as few requests as the gaps allow.
func plan(m *profile.Modbus) []span {
	sorted := slices.Clone(m.Registers)
	slices.SortStableFunc(sorted, func(a, b profile.Register) int {
		return cmp.Or(cmp.Compare(functions[a.Table], functions[b.Table]), cmp.Compare(a.Address, b.Address))
	})
	var out []span
	for _, r := range sorted {
		end := int(r.Address) + r.Words()
		if n := len(out); n > 0 && out[n-1].function == functions[r.Table] {
			last := &out[n-1]
			lastEnd := int(last.address) + int(last.words)
			if int(r.Address) <= lastEnd+int(m.MaxGap) && max(end, lastEnd)-int(last.address) <= maxWords {
				last.words = uint16(max(end, lastEnd) - int(last.address)) //nolint:gosec // at most maxWords
				last.registers = append(last.registers, r)
				continue
			}
		}
		out = append(out, span{
			function: functions[r.Table], address: r.Address, words: uint16(r.Words()), //nolint:gosec // 1 or 2
			registers: []profile.Register{r},
		})
	}
	return out
}

// Read implements driver.Reader. Between two of its requests others on the line may have theirs.
func (d *device) Read(ctx context.Context) ([]driver.Sample, error) {
	var out []driver.Sample
	var failed error
	for _, s := range d.spans {
		words, frame, err := d.ask(ctx, request{s.function, s.address, s.words})
		switch {
		case errors.Is(err, driver.ErrException):
			failed = errors.Join(failed, fmt.Errorf("registers from %d: %w", s.address, err))
			continue
		case err != nil:
			return out, err
		}
		samples, err := decode(s, words, frame)
		out = append(out, samples...)
		failed = errors.Join(failed, err)
	}
	if len(out) == 0 && failed == nil {
		failed = driver.ErrNoValue
	}
	return out, failed
}

// ask has the line for one request.
func (d *device) ask(ctx context.Context, r request) (words []uint16, frame []byte, err error) {
	if err := d.bus.take(ctx); err != nil {
		return nil, nil, err
	}
	defer d.bus.release()
	return d.bus.ask(ctx, d.unit, r, d.within)
}

// Close implements driver.Device.
func (d *device) Close() error {
	<-d.bus.turn
	defer d.bus.release()
	d.leave(d.bus)
	return nil
}

// decode takes the values out of one answer. A register by which the device says "no value" is left out.
func decode(s span, words []uint16, frame []byte) ([]driver.Sample, error) {
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
		out = append(out, driver.Sample{Property: r.Property, Value: v, Quality: q, Raw: frame})
	}
	return out, nil
}
