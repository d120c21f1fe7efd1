package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// The errors of devices, in the words of a technician.
var (
	ErrUnreachable = errors.New("no connection")
	ErrTimeout     = errors.New("no answer in time")
	ErrException   = errors.New("device refuses the request")
	ErrMalformed   = errors.New("answer makes no sense")
	ErrNoValue     = errors.New("device has no value")
	ErrTooFast     = errors.New("device talks too fast")
)

// Kind names a fault on the gateway page and in metrics.
type Kind string

// The kinds of faults.
const (
	KindUnreachable Kind = "unreachable"
	KindTimeout     Kind = "timeout"
	KindException   Kind = "exception"
	KindChecksum    Kind = "checksum"  // wrong CRC
	KindShort       Kind = "short"     // ends before its length
	KindOversized   Kind = "oversized" // longer than the protocol allows
	KindMalformed   Kind = "malformed"
	KindUnit        Kind = "unit"      // another unit, station or version answers
	KindDenied      Kind = "denied"    // wrong password
	KindUnread      Kind = "unread"    // a message that this agent does not read: acknowledged, and counted
	KindRange       Kind = "range"     // a value that the device cannot measure
	KindDuplicate   Kind = "duplicate" // a frame that was taken before
	KindReordered   Kind = "reordered" // a frame older than one taken before: taken, and counted
	KindLate        Kind = "late"      // an answer that came after its time: not taken
	KindClock       Kind = "clock"     // device time in the future: taken with the time of receipt
	KindTooFast     Kind = "too_fast"
	KindPanic       Kind = "panic" // the driver itself failed
)

// MaxRaw is how many bytes of a refused frame are kept to be looked at.
const MaxRaw = 256

// Fault is a frame that was refused, and why. errors.Is finds ErrMalformed, or what Err wraps.
type Fault struct { //nolint:errname // the word of technicians
	Kind Kind
	Raw  []byte // the frame, at most MaxRaw bytes
	Err  error  // what is wrong with it, for people
}

// NewFault makes a fault with a copy of the frame.
func NewFault(kind Kind, raw []byte, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Raw: append([]byte(nil), raw[:min(len(raw), MaxRaw)]...), Err: fmt.Errorf(format, args...)}
}

func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap implements errors.Is and errors.As.
func (f *Fault) Unwrap() []error {
	if f.Kind == KindTooFast {
		return []error{ErrTooFast, f.Err}
	}
	return []error{ErrMalformed, f.Err}
}

type refusedKey struct{}

// WithRefused has frames that a Reader refuses beside its answers counted.
func WithRefused(ctx context.Context, count func(f *Fault)) context.Context {
	return context.WithValue(ctx, refusedKey{}, count)
}

// Refused is what counts a frame that a Reader refuses and that is no error of the Read under way: a damaged
// sentence between two of them, an answer that came twice. It is never nil, and holds after the Read has ended.
func Refused(ctx context.Context) func(f *Fault) {
	if count, ok := ctx.Value(refusedKey{}).(func(f *Fault)); ok {
		return count
	}
	return func(*Fault) {}
}

// FaultOf sorts any error of a device into a fault; nil for one that is none: a device without a value,
// or the end of the agent.
func FaultOf(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	kind := KindMalformed
	switch {
	case err == nil, errors.Is(err, ErrNoValue), errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, ErrUnreachable):
		kind = KindUnreachable
	case errors.Is(err, ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded):
		kind = KindTimeout
	case errors.Is(err, ErrException):
		kind = KindException
	}
	return &Fault{Kind: kind, Err: err}
}
