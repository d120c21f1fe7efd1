package modbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// Set implements driver.Switch. The device's answer repeats what was asked for; the library compares.
func (d *device) Set(ctx context.Context, output string, on bool) error {
	return d.output(ctx, output, func(o *profile.Output) error {
		if o.Coil != nil {
			return d.client.WriteCoil(*o.Coil, on)
		}
		value := o.OffValue
		if on {
			value = o.OnValue
		}
		return d.client.WriteRegister(*o.Holding, value)
	})
}

// Get implements driver.Switch. A register with a value that is neither on nor off makes no sense.
func (d *device) Get(ctx context.Context, output string) (on bool, err error) {
	err = d.output(ctx, output, func(o *profile.Output) error {
		if o.Coil != nil {
			on, err = d.client.ReadCoil(*o.Coil)
			return err
		}
		value, err := d.client.ReadRegister(*o.Holding, modbus.HOLDING_REGISTER)
		if err == nil && value != o.OnValue && value != o.OffValue {
			return fmt.Errorf("%w: output %s has the value %d", driver.ErrMalformed, output, value)
		}
		on = value == o.OnValue
		return err
	})
	return on, err
}

// output does one thing with an output.
func (d *device) output(ctx context.Context, id string, do func(*profile.Output) error) error {
	o := d.profile.Output(id)
	if o == nil {
		return fmt.Errorf("%w: %s", driver.ErrNoOutput, id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.connect(); err != nil {
		return err
	}
	err := do(o)
	switch {
	case err == nil, errors.Is(err, driver.ErrMalformed):
		return err
	}
	err = typed(err)
	if !errors.Is(err, driver.ErrException) {
		return errors.Join(err, d.hangUp())
	}
	return err
}
