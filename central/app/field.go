package app

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is what crews with a phone send, and deletes where they were after its term.
func (c *Centre) field(ctx context.Context, b *base, o cases, messages *crew.Service, pictures *video.Service, responses *response.Service, devices *device.Service, values *telemetry.Service, sent *resource.Service, files *tsdb.DB, places config.Field, elsewhere bool) *field.Service {
	s := field.New(field.Options{
		Store: store.NewField(b.db), Tx: b.db, Links: pictures, Incidents: o.incidents, Tasks: responses, Positions: phones{devices, values, files, store.NewRecordings(b.db)}, PlaceDays: places.PlaceDays, Elsewhere: elsewhere, Messages: messages, Ways: ways{devices, values, pictures, sent, o.incidents}.all(), Events: b.bus, Log: c.log.With("component", "field"),
	})
	b.bus.Handle(s.OnEvent)
	s.Start(ctx)
	c.parts.Add("places of phones", s.Stop)
	return s
}

// belongsTo lets somebody give links for incidents that they see and that are open, and for people of the roster.
func belongsTo(accounts *account.Service, incidents *incident.Service, rosters *duty.Service) func(context.Context, string, string) error {
	return func(ctx context.Context, id, person string) error {
		if id != "" {
			i, err := incidents.Standing(ctx, id)
			if err != nil {
				return err
			}
			if i.State != incident.Open {
				return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
			}
		}
		if person == "" {
			return nil
		}
		a, err := actor.Require(ctx, actor.ResponseOrder) // whoever has the link acts in that person's name
		if err != nil {
			return err
		}
		system := actor.WithSystem(ctx, "field")
		p, err := rosters.Person(system, person)
		if err != nil {
			return err
		}
		orgs, err := accounts.Orgs(system)
		if err != nil {
			return err
		}
		if o, ok := incident.Find(orgs, p.OrgID); !ok || !p.Active || !a.Covers(o.Division) {
			return errs.E(errs.NotFound, "duty.no_person", "there is no such person on your rosters")
		}
		return nil
	}
}

// phones keeps where phones were among the readings, as that of terminals is.
type phones struct {
	devices *device.Service
	values  *telemetry.Service
	files   *tsdb.DB
	holds   *store.Recordings
}

// Forget implements field.Positions.
func (p phones) Forget(ctx context.Context, streams []string, before time.Time, announce func(int64) error) (int64, bool, error) {
	var properties []string // a camera with a link may tell more than where it is
	for _, s := range phoneSeries {
		properties = append(properties, s.Property)
	}
	out, err := p.files.Forget(ctx, streams, properties, before, announce)
	if err == nil && !out.Held {
		p.values.Forget(streams, properties, before)
	}
	return out.Readings, out.Held, err
}

// Held implements field.Positions: phones whose picture is recorded with an incident that runs, or is held after it.
func (p phones) Held(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	scenes, err := p.holds.ScenesSince(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	for i := range scenes {
		out[scenes[i].Stream] = true
	}
	holds, err := p.holds.Holds(ctx) // a scene that has ended meanwhile has its hold
	for i := range holds {
		if holds[i].EndedAt == nil {
			out[holds[i].Stream] = true
		}
	}
	return out, err
}

var phoneSeries = []device.Series{
	{Property: "lon", Name: "经度", NameEN: "Longitude", Unit: "deg", Digits: 5},
	{Property: "lat", Name: "纬度", NameEN: "Latitude", Unit: "deg", Digits: 5},
	{Property: "battery_charge", Name: "电量", NameEN: "Battery", Unit: "%", Digits: 0},
	{Property: "accuracy", Name: "定位误差", NameEN: "Accuracy", Unit: "m", Digits: 0},
	{Property: "course", Name: "航向", NameEN: "Course", Unit: "deg", Digits: 0},
	{Property: "speed", Name: "速度", NameEN: "Speed", Unit: "m/s", Digits: 1},
	{Property: "data_used", Name: "已用流量", NameEN: "Data used", Unit: "MB", Digits: 1},
}

// Keep implements field.Positions.
func (p phones) Keep(ctx context.Context, stream string, fixes []field.Fix, received time.Time) error {
	if err := p.devices.Measures(ctx, stream, phoneSeries); err != nil {
		return err
	}
	b := &wire.Batch{Lane: wire.LaneTelemetry, Synced: true, SentAt: wire.Millis(received)}
	for _, f := range fixes {
		at := wire.Millis(f.At)
		b.Backfill = b.Backfill || received.Sub(f.At) > time.Minute
		for _, r := range []struct {
			property string
			value    *float64
		}{{"lon", &f.Lon}, {"lat", &f.Lat}, {"battery_charge", f.Battery}, {"accuracy", f.Accuracy}, {"course", f.Heading}, {"speed", f.Speed}, {"data_used", f.DataMB}} {
			if r.value != nil {
				b.Readings = append(b.Readings, wire.Reading{Device: stream, Property: r.property, At: at, Value: *r.value})
			}
		}
	}
	_, err := p.values.Commit(ctx, []telemetry.Incoming{{Edge: stream, Batch: b, ReceivedAt: received}})
	return err
}
