package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/shared/wire"
)

// Windows knows what is being worked on (maintenance.Service).
type Windows interface {
	// Over finds the window that lies over a rule on a device at a time; without a rule over the device itself.
	Over(d device.Device, rule string, at time.Time) (maintenance.Cover, bool)
	// Any is false when no window lies over anything at all, so that nobody need look.
	Any() bool
}

// Maintained says that an alarm is silent because somebody works on what it is about.
type Maintained struct {
	maintenance.Cover
	// Within: the alarm began under the window. When it ends there as well, it needs nobody's name.
	Within bool `json:"within"`
}

// cover finds the window that lies over an alarm.
func (s *Service) cover(ctx context.Context, a *Alarm, at time.Time) (maintenance.Cover, bool) {
	if s.Windows == nil || !s.Windows.Any() {
		return maintenance.Cover{}, false
	}
	d, ok := s.Devices.Visible(ctx, a.Device)
	if !ok {
		return maintenance.Cover{}, false
	}
	return s.Windows.Over(d, a.Rule, at)
}

// maintain brings an alarm under a window, or out of it: then it is live and rings.
func (s *Service) maintain(ctx context.Context, a *Alarm, now time.Time) (kind string, steps []Step) {
	c, ok := s.cover(ctx, a, now)
	switch {
	case ok && a.Maintenance == nil && a.Retrospective: // it never rings
	case ok && a.Maintenance == nil:
		a.Maintenance = &Maintained{Cover: c}
		step := a.step(ctx, StepMaintained, now, a.Peak, c.Reason)
		step.Until = &a.Maintenance.Until
		return AlarmMaintained, []Step{step}
	case ok && (c.Window != a.Maintenance.Window || !c.Until.Equal(a.Maintenance.Until)):
		a.Maintenance = &Maintained{Cover: c, Within: a.Maintenance.Within}
		return AlarmTimed, nil
	case !ok && a.Maintenance != nil:
		a.Maintenance = nil
		return AlarmLive, []Step{a.step(ctx, StepLive, now, a.Peak, "")}
	}
	return "", nil
}

// mark says of readings that were taken while somebody worked on the device that they are uncertain.
func (s *Service) mark(ctx context.Context, in []Incoming) {
	if s.Windows == nil || !s.Windows.Any() {
		return
	}
	known := map[string]device.Device{}
	for i := range in {
		list := in[i].Batch.Readings
		for j := range list {
			r := &list[j]
			if r.Quality != wire.Good {
				continue
			}
			d, ok := known[r.Device]
			if !ok {
				d, _ = s.Devices.Visible(ctx, r.Device)
				known[r.Device] = d
			}
			if _, ok := s.Windows.Over(d, "", wire.Time(r.At)); ok && d.ID != "" {
				r.Quality = wire.Uncertain
			}
		}
	}
}
