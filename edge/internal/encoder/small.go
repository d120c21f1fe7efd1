package encoder

import "context"

// Smaller is the smaller picture of a device (camera.Source). Who takes it has the program run as who takes the large one.
type Smaller struct{ of *Encoder }

// Smaller is nil when the device has none.
func (e *Encoder) Smaller() *Smaller {
	if e.o.Small.Width == 0 {
		return nil
	}
	return &Smaller{e}
}

// Check says what is missing without opening anything.
func (s *Smaller) Check() error { return s.of.Check() }

// Adapts is false: its bit rate is that of a thin link.
func (*Smaller) Adapts() bool { return false }

// Estimate does nothing.
func (*Smaller) Estimate(int, float64) {}

// Read hands over pictures until ctx ends, or the source fails for good.
func (s *Smaller) Read(ctx context.Context, take Picture) error {
	return s.of.read(ctx, taker{take: take, small: true})
}
