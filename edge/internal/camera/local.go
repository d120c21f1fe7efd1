package camera

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// local reads the source of the terminal to its end.
func (c *Camera) local(ctx context.Context, out func(Frame)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := assembler{first: true}
	var wrong error
	err := c.o.Source.Read(ctx, func(units [][]byte, at uint32, now time.Time) {
		f, ok, err := a.frame(units, at, now)
		if err != nil {
			wrong = cmp.Or(wrong, err)
			cancel()
		}
		if ok {
			out(f)
		}
	})
	if wrong != nil {
		return fmt.Errorf("camera %s: %w", c.o.ID, wrong)
	}
	return fmt.Errorf("camera %s: %w: %w", c.o.ID, ErrSource, err)
}

// Adapts reports whether the bit rate of the picture can follow the link.
func (c *Camera) Adapts() bool { return c.o.Source != nil && c.o.Source.Adapts() }

// Estimate tells how many bits a second the link carries and which part of the packets was lost of late.
func (c *Camera) Estimate(bits int, lost float64) {
	if c.o.Source != nil {
		c.o.Source.Estimate(bits, lost)
	}
}
