package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// ForwardState says whether a time-series server behind the inbox accepts readings.
type ForwardState string

// The states. In each of them readings are taken, alarms are raised, and nothing is lost.
const (
	ForwardOff    ForwardState = "off"    // there is none: the store of the centre keeps the readings
	ForwardOK     ForwardState = "ok"     // it accepts what comes
	ForwardBehind ForwardState = "behind" // it does not answer, or asks to wait; readings wait in the inbox
	ForwardSetup  ForwardState = "setup"  // it refuses the centre: address, token, organisation or bucket must be put right
)

// Forwarding is how the readings go on to a time-series server.
type Forwarding struct {
	State    ForwardState `json:"state" enum:"off,ok,behind,setup"`
	Error    string       `json:"error,omitempty"` // what it said last, when it accepts nothing
	Sent     int64        `json:"sent"`            // readings that it has accepted
	Waiting  int64        `json:"waiting"`         // readings in the inbox
	Oldest   time.Time    `json:"oldest,omitzero"` // when the oldest of these came
	Rejected int64        `json:"rejected"`        // readings that it refuses for good; they are kept
}

// RejectReason is why a time-series server refuses a reading for good.
type RejectReason string

// The reasons.
const (
	RejectRetention RejectReason = "retention" // older than the server keeps
	RejectType      RejectReason = "type"      // a field of that name has another type there
	RejectSyntax    RejectReason = "syntax"    // the server cannot read it
	RejectSize      RejectReason = "size"      // it is too large
	RejectOther     RejectReason = "other"
)

// Rejection counts readings that were refused with the same words.
type Rejection struct {
	Reason   RejectReason `json:"reason" enum:"retention,type,syntax,size,other"`
	Message  string       `json:"message"`
	Readings int64        `json:"readings"`
	First    time.Time    `json:"first"`
	Last     time.Time    `json:"last"`
}

// Forwarder hands readings on to a time-series server and keeps what that refuses.
type Forwarder interface {
	// Rejections lists what is refused, the newest first.
	Rejections(ctx context.Context) ([]Rejection, error)
	// Rejected hands over every refused reading.
	Rejected(ctx context.Context, fn func(RejectReason, string, Sample) error) error
	// RetryRejected sends the refused readings again and says how many are accepted now: errs.Unavailable
	// when the server does not answer, errs.Conflict when there is none.
	RetryRejected(ctx context.Context) (accepted int64, err error)
}

// RejectedRetried says that somebody had the refused readings sent again; its data is the number accepted.
const RejectedRetried = "telemetry.rejected_retried"

// Rejections lists what the time-series server refuses.
func (s *Service) Rejections(ctx context.Context) ([]Rejection, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	return s.Forward.Rejections(ctx)
}

// RejectedReadings hands over the refused readings of devices that the caller may see.
func (s *Service) RejectedReadings(ctx context.Context, fn func(RejectReason, string, Sample) error) error {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return err
	}
	return s.Forward.Rejected(ctx, func(reason RejectReason, message string, one Sample) error {
		if _, ok := s.Devices.Visible(ctx, one.Device); !ok {
			return nil
		}
		return fn(reason, message, one)
	})
}

// RetryRejected has the refused readings sent again, once the reason is mended.
func (s *Service) RetryRejected(ctx context.Context) (accepted int64, err error) {
	if _, err := actor.Require(ctx, actor.DeviceWrite); err != nil {
		return 0, err
	}
	accepted, err = s.Forward.RetryRejected(ctx)
	if accepted > 0 || err == nil {
		s.Events.Publish(ctx, event.New(ctx, RejectedRetried, "telemetry", "", map[string]int64{"accepted": accepted}))
	}
	return accepted, err
}
