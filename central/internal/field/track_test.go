package field_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

func spots(at time.Time, lons ...float64) (out []field.Spot) {
	for n, lon := range lons {
		out = append(out, field.Spot{At: at.Add(time.Duration(n) * time.Minute), Lon: lon, Lat: 32})
	}
	return out
}

func TestAWayIsThinnedAndKeepsItsEnds(t *testing.T) {
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	stood := spots(at, 121, 121.00001, 121.00002, 121.01, 121.01001)
	if got := field.Thin(stood, 300); len(got) != 2 || got[1].At != stood[4].At || got[0] != stood[0] {
		t.Errorf("somebody who stands: %+v", got)
	}
	if got := field.Thin(spots(at, 121), 300); len(got) != 1 {
		t.Errorf("one place: %+v", got)
	}
	var far []float64
	for n := range 5000 {
		far = append(far, 121+float64(n)/1000)
	}
	all := spots(at, far...)
	got := field.Thin(all, 300)
	if len(got) != 300 || got[0] != all[0] || got[299] != all[4999] {
		t.Errorf("%d spots, from %+v to %+v", len(got), got[0], got[len(got)-1])
	}
	if field.Thin(nil, 300) != nil {
		t.Error("a way of nobody")
	}
}

func TestTheNewestWaysOfAnIncidentAreShownToWhoSeesIt(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	var asked time.Duration
	h.Ways = []field.Ways{func(_ context.Context, i incident.Incident, from, to time.Time) ([]field.Track, error) {
		asked = to.Sub(from)
		list := []field.Track{{ID: "nothing", Kind: field.OfCrew}}
		for n := range field.MaxTracks + 3 {
			list = append(list, field.Track{ID: fmt.Sprint(i.ID == h.incident.ID, n), Kind: field.OfPhone, Spots: spots(from.Add(time.Duration(n)*time.Second), 121, 121.1)})
		}
		return list, nil
	}}
	got, err := h.Trail(h.officer, h.incident.ID, 2)
	h.must(err)
	if asked != 2*time.Hour || len(got.Tracks) != field.MaxTracks || got.Left != 3 || got.Tracks[0].ID != "true 42" {
		t.Errorf("asked for %s, %d tracks, %d left, the first %s", asked, len(got.Tracks), got.Left, got.Tracks[0].ID)
	}
	for _, hours := range []int{0, 25} {
		if _, err := h.Trail(h.officer, h.incident.ID, hours); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%d hours: %v", hours, err)
		}
	}
	if _, err := h.Trail(h.outside, h.incident.ID, 2); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county: %v", err)
	}
	if _, err := h.Trail(t.Context(), h.incident.ID, 2); err == nil {
		t.Error("nobody at all")
	}
	if _, err := h.Trail(world.Into(h.officer, "some exercise"), h.incident.ID, 2); errs.KindOf(err) != errs.NotFound {
		t.Errorf("from an exercise: %v", err)
	}
}
