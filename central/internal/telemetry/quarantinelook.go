package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// maxLooked is how many readings and events one look into the quarantine shows.
const maxLooked = 500

// ApartRow is one reading or event that is kept apart. At is by the device's clock, in Unix milliseconds: no
// date can be relied on to write it.
type ApartRow struct {
	Property   string    `json:"property,omitempty"` // of a reading
	At         int64     `json:"at_ms"`
	ReceivedAt time.Time `json:"received_at"`
	Offset     int64     `json:"offset_ms"` // At minus ReceivedAt
	Value      float64   `json:"value"`     // of a reading
	Quality    int       `json:"quality"`   // of a reading; 0 is good
	Event      string    `json:"event,omitempty"`
}

// LookApart lists the oldest readings and events of a device that are kept apart, up to an entry that
// ListApart gave as Through: errs.NotFound when the actor may not see the device.
func (s *Service) LookApart(ctx context.Context, device, through string) ([]ApartRow, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	if _, ok := s.Devices.Visible(ctx, device); !ok {
		return nil, errs.E(errs.NotFound, "device.not_found", "device %s", device)
	}
	list, err := s.Quarantine.Entries(ctx, device, through, actEntries)
	if err != nil {
		return nil, err
	}
	out := []ApartRow{}
	for i := range list {
		one := &list[i]
		row := func(at int64) ApartRow {
			return ApartRow{Property: one.Property, At: at, ReceivedAt: one.ReceivedAt, Offset: at - one.ReceivedAt.UnixMilli()}
		}
		if one.Event != nil {
			r := row(one.Event.At)
			r.Event = one.Event.Kind
			out = append(out, r)
		}
		for _, p := range one.Points {
			r := row(p.At)
			r.Value, r.Quality = p.Value, int(p.Quality)
			out = append(out, r)
		}
		if len(out) >= maxLooked {
			return out[:maxLooked], nil
		}
	}
	return out, nil
}
