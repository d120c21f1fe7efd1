package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// reviews tell what the record of an incident says.
func (b *base) reviews(c cases, plans *plan.Service, responses *response.Service, clocks *deadline.Service, said *opinion.Service, devices *device.Service, values *telemetry.Service) *review.Service {
	s := review.New(review.Options{
		Store: store.NewReviews(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, Incidents: c.incidents, Responses: responses, Plans: plans, Clocks: clocks,
		Events: b.bus, Categories: c.incidents.Categories, Opinions: said,
		Near: func(ctx context.Context, lon, lat float64) ([]review.Reading, error) {
			return near(ctx, devices, values, lon, lat)
		},
	})
	clocks.On(review.OwnerKind, s.OnClock)
	return s
}

// forces are what an incident needs of teams and stock; none for an actor who may not see any.
func forces(sent *resource.Service) func(ctx context.Context, incident string) ([]review.Force, error) {
	return func(ctx context.Context, id string) ([]review.Force, error) {
		b, err := sent.Board(ctx, id)
		if errs.KindOf(err) == errs.Denied {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var out []review.Force
		for _, r := range b.Requests {
			f := review.Force{What: r.What, Unit: r.Unit, Needed: r.Amount, Sent: r.Got, Short: r.Short(), Closed: r.Closed}
			for _, d := range b.Dispatches {
				if d.RequestID != r.ID {
					continue
				}
				c := review.Crew{Name: d.Name, Org: d.OrgName, Amount: d.Amount, Unit: d.Unit, State: d.State.Name(), At: d.Since()}
				if d.Kind == resource.OfTeam {
					c.Unit = "人" // of a team its people are kept
				}
				f.Crews = append(f.Crews, c)
			}
			out = append(out, f)
		}
		return out, nil
	}
}

// aroundMetres is how far from an incident its situation report looks for readings.
const aroundMetres = 20_000

// near are the newest readings of sensors around a place, the nearest first; none for an actor who may not see any.
func near(ctx context.Context, devices *device.Service, values *telemetry.Service, lon, lat float64) ([]review.Reading, error) {
	all, err := devices.All(ctx)
	if errs.KindOf(err) == errs.Denied {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	latest, err := values.Latest(ctx)
	if errs.KindOf(err) == errs.Denied {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	newest := map[string]telemetry.Latest{}
	for _, l := range latest {
		newest[l.Device+" "+l.Property] = l
	}
	var out []review.Reading
	for _, d := range all {
		if d.Kind != device.Sensor || d.Place == nil || d.Class == "position" || d.Class == "power" {
			continue
		}
		m := incident.Metres(lon, lat, d.Place.Lon, d.Place.Lat)
		if m > aroundMetres {
			continue
		}
		for _, s := range d.Series {
			if l, ok := newest[d.ID+" "+s.Property]; ok {
				out = append(out, review.Reading{Station: d.Name, Name: s.Name, Value: strconv.FormatFloat(l.Value, 'f', s.Digits, 64) + " " + s.Unit, At: l.At, Metres: m})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b review.Reading) int {
		return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Station, b.Station))
	})
	return out, nil
}
