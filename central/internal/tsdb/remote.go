package tsdb

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Remote is a time-series server that takes the place of chunks and roll-ups: readings stay in the inbox
// until it has accepted them. A reading that it is given twice must be one to it.
type Remote interface {
	// Write stores at most WriteMost readings. *RejectedError: some are refused for good, the others may be
	// stored or not; *SetupError: a person must put the configuration right; any other error, for instance
	// *BusyError: try again.
	Write(ctx context.Context, list []telemetry.Sample) error
	// Count counts the readings of a series with from ≤ time < to (Unix milliseconds), of every quality.
	Count(ctx context.Context, device, property string, from, to int64) (int64, error)
	// Sum sums up the same readings by quality in buckets of a width of step milliseconds, which begin at
	// whole multiples of it.
	Sum(ctx context.Context, device, property string, from, to, step int64) ([]Summary, error)
	// Read lists the first of them in order of their time, at most limit.
	Read(ctx context.Context, device, property string, from, to int64, limit int) ([]telemetry.Sample, error)
}

// WriteMost is the most readings of one write; InfluxData recommends it.
const WriteMost = 5000

// Summary is what a remote says about the readings of one quality in the bucket that begins at At (Unix
// milliseconds). Of void ones, whose value is no finite number, only the count is known.
type Summary struct {
	At                   int64
	Quality              wire.Quality
	Void                 bool
	Count                int64
	Min, Max, Mean, Last float64
	LastAt               int64
}

// RejectedError says that readings of a write are refused for good.
type RejectedError struct {
	Reason telemetry.RejectReason
	All    bool // all of them: there is no need to look for those that are
	Err    error
}

func (e *RejectedError) Error() string { return e.Err.Error() }

// Unwrap gives the error of the server.
func (e *RejectedError) Unwrap() error { return e.Err }

// SetupError says that nothing will be accepted until a person changes something: address, token, bucket.
type SetupError struct{ Err error }

func (e *SetupError) Error() string { return e.Err.Error() }

// Unwrap gives the error of the server.
func (e *SetupError) Unwrap() error { return e.Err }

// BusyError says that the server wants a pause.
type BusyError struct {
	After time.Duration
	Err   error
}

func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap gives the error of the server.
func (e *BusyError) Unwrap() error { return e.Err }

// Retry bounds the pauses between attempts to reach the remote; zero values mean 500 ms and a minute.
type Retry struct{ Least, Most time.Duration }

// pause before another attempt doubles with each, up to the most; chance takes away up to half of it, so that
// several centres do not come back at once.
func (r Retry) pause(attempt int) time.Duration {
	r = r.filled()
	d := r.Most
	if attempt < 30 {
		d = min(r.Least<<attempt, r.Most)
	}
	return d - rand.N(d/2+1) //nolint:gosec // chance, no secret
}

func (r Retry) filled() Retry {
	if r.Least <= 0 {
		r.Least = 500 * time.Millisecond
	}
	if r.Most <= 0 {
		r.Most = time.Minute
	}
	return r
}
