package wire

import "time"

// The times that can be true: not before any device of this protocol was built, and not further ahead of
// the centre than a clock may be wrong. One record outside would hide every true one after it.
const (
	FirstTime = int64(946_684_800_000) // 2000-01-01T00:00:00Z
	MaxAhead  = 10 * time.Minute
)

// TimeOK reports whether Unix milliseconds of a device can be true, by the clock of the centre.
func TimeOK(ms int64, now time.Time) bool { return ms >= FirstTime && ms <= Millis(now.Add(MaxAhead)) }

// Bound puts what cannot be true into the bounds: what is earlier becomes FirstTime, what is later now
// plus MaxAhead. It reports whether it changed anything.
func Bound(ms *int64, now time.Time) bool {
	was := *ms
	*ms = min(max(*ms, FirstTime), Millis(now.Add(MaxAhead)))
	return *ms != was
}

// Millis is t as Unix milliseconds, the only time on the wire.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time is the UTC time of Unix milliseconds.
func Time(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
