package app

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

// ways find where those about an incident went: the phones of its links, terminals that move near it, and its crews.
type ways struct {
	devices  *device.Service
	values   *telemetry.Service
	pictures *video.Service
	sent     *resource.Service
	cases    *incident.Service
}

// nearKm is how far from an incident a terminal was last that still belongs to its picture; mostWays is how many devices
// of a kind are read.
const (
	nearKm   = 30
	mostWays = 60
)

func (w ways) all() []field.Ways { return []field.Ways{w.crews, w.phones, w.terminals} }

func (w ways) crews(ctx context.Context, i incident.Incident, from, _ time.Time) ([]field.Track, error) {
	list, err := w.sent.Ways(ctx, i.ID, from)
	var out []field.Track
	for _, c := range list {
		t := field.Track{ID: c.DispatchID, Kind: field.OfCrew, Name: c.Name}
		for _, p := range c.Told {
			t.Spots = append(t.Spots, field.Spot{At: p.At, Lon: p.Lon, Lat: p.Lat})
		}
		out = append(out, t)
	}
	return out, err
}

func (w ways) phones(ctx context.Context, i incident.Incident, from, to time.Time) ([]field.Track, error) {
	streams, err := w.streams(ctx, i.ID)
	var out []field.Track
	for _, stream := range streams {
		d, ok := w.devices.Visible(ctx, stream)
		if !ok {
			continue
		}
		t, err := w.way(ctx, d, field.OfPhone, from, to)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, err
}

// streams are the phones that have had a link of an incident, or of one that stands merged into it.
func (w ways) streams(ctx context.Context, id string) ([]string, error) {
	group, err := w.cases.Group(ctx, id)
	if err != nil {
		return nil, err
	}
	links, err := w.pictures.Links(actor.WithSystem(ctx, "tracks"))
	var out []string
	seen := map[string]bool{}
	for _, l := range links {
		if l.Action == video.Publish && slices.ContainsFunc(group, func(i incident.Incident) bool { return i.ID == l.IncidentID }) && !seen[l.Stream] && len(out) < mostWays {
			seen[l.Stream] = true
			out = append(out, l.Stream)
		}
	}
	return out, err
}

func (w ways) terminals(ctx context.Context, i incident.Incident, from, to time.Time) ([]field.Track, error) {
	if i.Lon == nil || i.Lat == nil {
		return nil, nil
	}
	all, err := w.devices.All(ctx)
	if errs.KindOf(err) == errs.Denied {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []field.Track
	for _, d := range all {
		if d.Kind == device.Camera || !moves(d) || len(out) >= mostWays {
			continue
		}
		t, err := w.way(ctx, d, field.OfTerminal, from, to)
		if err != nil {
			return nil, err
		}
		if n := len(t.Spots); n > 0 && field.Near(t.Spots[n-1].Lon, t.Spots[n-1].Lat, *i.Lon, *i.Lat, nearKm) {
			out = append(out, t)
		}
	}
	return out, nil
}

// moves reports whether a device tells where it is.
func moves(d device.Device) bool {
	lon, lat := false, false
	for _, s := range d.Series {
		lon, lat = lon || s.Property == "lon", lat || s.Property == "lat"
	}
	return lon && lat
}

// way joins the two series of a device's place; a time that one of them lacks is left out.
func (w ways) way(ctx context.Context, d device.Device, kind string, from, to time.Time) (field.Track, error) {
	out := field.Track{ID: d.ID, Kind: kind, Name: d.Name}
	if !moves(d) {
		return out, nil
	}
	q := telemetry.Query{Device: d.ID, Property: "lat", From: from, To: to, Points: 2 * field.MaxSpots}
	lats, err := w.values.Series(ctx, q)
	if errs.KindOf(err) == errs.Denied {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	q.Property = "lon"
	lons, err := w.values.Series(ctx, q)
	if err != nil {
		return out, err
	}
	at := map[int64]float64{}
	for _, b := range lats.Buckets {
		at[b.At.UnixMilli()] = b.Last
	}
	for _, b := range lons.Buckets {
		if lat, ok := at[b.At.UnixMilli()]; ok {
			out.Spots = append(out.Spots, field.Spot{At: b.At, Lon: b.Last, Lat: lat})
		}
	}
	return out, nil
}
