package modbus

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// coilOn is how function 5 says "on".
const coilOn = 0xFF00

// Set implements driver.Switch. The device's answer repeats what was asked for.
func (d *device) Set(ctx context.Context, output string, on bool) error {
	o, err := d.output(output)
	if err != nil {
		return err
	}
	r := request{function: writeCoil}
	switch {
	case o.Coil != nil && on:
		r.address, r.second = *o.Coil, coilOn
	case o.Coil != nil:
		r.address = *o.Coil
	default:
		r = request{function: writeRegister, address: *o.Holding, second: o.OffValue}
		if on {
			r.second = o.OnValue
		}
	}
	_, _, err = d.ask(ctx, r)
	return err
}

// Get implements driver.Switch. A register with a value that is neither on nor off makes no sense.
func (d *device) Get(ctx context.Context, output string) (bool, error) {
	o, err := d.output(output)
	if err != nil {
		return false, err
	}
	if o.Coil != nil {
		words, _, err := d.ask(ctx, request{readCoils, *o.Coil, 1})
		return err == nil && words[0] == 1, err
	}
	words, _, err := d.ask(ctx, request{readHolding, *o.Holding, 1})
	switch {
	case err != nil:
		return false, err
	case words[0] != o.OnValue && words[0] != o.OffValue:
		return false, fmt.Errorf("%w: output %s has the value %d", driver.ErrMalformed, output, words[0])
	}
	return words[0] == o.OnValue, nil
}

func (d *device) output(id string) (*profile.Output, error) {
	if o := d.profile.Output(id); o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("%w: %s", driver.ErrNoOutput, id)
}
