package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// filled has 1000 readings of each station, every second one at the same time as the other's.
func filled(t *testing.T) (*desk, time.Time) {
	t.Helper()
	d := newDesk(t)
	start := now.Add(-2 * time.Hour).Truncate(time.Minute)
	b := &wire.Batch{}
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Second).UnixMilli()
		level := wire.Reading{Device: "level", Property: "water_level", At: at, Value: float64(i)}
		if i == 500 {
			level.Quality, level.Value = wire.Bad, math.NaN()
		}
		b.Readings = append(b.Readings, level, wire.Reading{Device: "other", Property: "water_level", At: at + int64(i%2)*500, Value: -float64(i)})
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: now})
	return d, start
}

func TestReadingsOfSeveralSeriesComeInOrderPageByPage(t *testing.T) {
	d, start := filled(t)
	sel := telemetry.Selection{Series: []string{"other", "level/water_level"}, From: start, Quality: telemetry.AnyQuality}
	for _, limit := range []int{1, 7, 500, 5000} {
		sel.To = start.Add(time.Duration(min(limit*50, 5000)) * time.Second)
		var rows []telemetry.Row
		after := ""
		for {
			page, err := d.Readings(as("w", "320600"), sel, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, page.Items...)
			if after = page.Next; after == "" {
				break
			}
			if len(page.Items) != limit {
				t.Fatalf("a page of %d, want %d", len(page.Items), limit)
			}
		}
		if want := 2 * min(limit*50, 1000); len(rows) != want {
			t.Fatalf("by %d: %d rows, want %d", limit, len(rows), want)
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].At.Before(rows[i-1].At) || (rows[i].At.Equal(rows[i-1].At) && rows[i-1].Device != "other") {
				t.Fatalf("by %d: %+v after %+v", limit, rows[i], rows[i-1])
			}
		}
	}
	page, err := d.Readings(as("w", "320623"), telemetry.Selection{Series: []string{"level"}, From: start.Add(499 * time.Second), Quality: telemetry.AnyQuality}, "", 2)
	if err != nil || page.Items[1].Value != nil || page.Items[1].Quality != wire.Bad || !page.Items[0].ReceivedAt.Equal(now) {
		t.Errorf("got %+v, %v", page.Items, err)
	}
}

func TestSelectionsThatMakeNoSenseOrAreForeignAreRefused(t *testing.T) {
	d, start := filled(t)
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("level/p", i)
	}
	county := as("w", "320623")
	for name, c := range map[string]struct {
		ctx   context.Context
		sel   telemetry.Selection
		after string
		limit int
		want  errs.Kind
	}{
		"nobody":            {context.Background(), telemetry.Selection{}, "", 0, errs.Unauthenticated},
		"no permission":     {actor.With(context.Background(), actor.Actor{ID: "u"}), telemetry.Selection{}, "", 0, errs.Denied},
		"nothing":           {county, telemetry.Selection{}, "", 0, errs.Invalid},
		"no name":           {county, telemetry.Selection{Series: []string{"../etc"}}, "", 0, errs.Invalid},
		"no property":       {county, telemetry.Selection{Series: []string{"level/"}}, "", 0, errs.Invalid},
		"another county":    {county, telemetry.Selection{Series: []string{"level", "other"}}, "", 0, errs.NotFound},
		"too many":          {county, telemetry.Selection{Series: many}, "", 0, errs.Invalid},
		"backwards":         {county, telemetry.Selection{Series: []string{"level"}, From: now, To: start}, "", 0, errs.Invalid},
		"arrival backwards": {county, telemetry.Selection{Series: []string{"level"}, ReceivedFrom: now, ReceivedTo: start}, "", 0, errs.Invalid},
		"no cursor":         {county, telemetry.Selection{Series: []string{"level"}}, "x", 0, errs.Invalid},
		"too long a page":   {county, telemetry.Selection{Series: []string{"level"}}, "", 5001, errs.Invalid},
	} {
		if _, err := d.Readings(c.ctx, c.sel, c.after, c.limit); errs.KindOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestComparedSeriesShareOneAxis(t *testing.T) {
	d, start := filled(t)
	sel := telemetry.Selection{Series: []string{"level", "other/water_level"}, From: start.Add(-time.Minute), To: start.Add(9 * time.Minute)}
	c, err := d.Compare(as("w", "320600"), sel, 10)
	if err != nil || c.Step != time.Minute.Milliseconds() || len(c.Times) != 10 || len(c.Series) != 2 || c.Quality != telemetry.Usable {
		t.Fatalf("got %+v, %v", c, err)
	}
	for _, s := range c.Series {
		if len(s.Mean) != 10 || s.Mean[0] != nil || s.Count[0] != 0 || s.Count[1] != 60 || s.Unit != "m" || s.DeviceName != "洋口水位" {
			t.Errorf("got %+v", s)
		}
	}
	if !c.Times[1].Equal(start) || *c.Series[0].Max[1] != 59 || *c.Series[1].Min[1] != -59 || c.Series[0].Bad[9] != 1 || c.Series[0].Count[9] != 59 {
		t.Errorf("got %+v", c)
	}
	if _, err := d.Compare(as("w", "320600"), telemetry.Selection{Series: []string{"level"}, From: now, To: start}, 0); errs.KindOf(err) != errs.Invalid {
		t.Errorf("got %v, want invalid", err)
	}
	if _, err := d.Compare(as("w", "320623"), sel, 0); errs.KindOf(err) != errs.NotFound {
		t.Errorf("got %v, want not found", err)
	}
}

func TestExportHandsEverythingOverAndStopsWhenTold(t *testing.T) {
	d, start := filled(t)
	sel := telemetry.Selection{Series: []string{"other", "level"}, From: start, To: now, Quality: telemetry.AnyQuality}
	give, err := d.Export(as("w", "320600"), sel, "csv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []telemetry.ExportRow
	if err := give(t.Context(), func(r telemetry.ExportRow) error { rows = append(rows, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2000 || rows[0].Device != "other" || rows[1999].Device != "level" || rows[0].Unit != "m" {
		t.Errorf("%d rows", len(rows))
	}
	enough := errors.New("enough")
	if err := give(t.Context(), func(telemetry.ExportRow) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := give(ctx, func(telemetry.ExportRow) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	d.expect("exported", "", "telemetry.exported")
	if _, err := d.Export(as("w", "320623"), sel, "csv"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("got %v, want not found", err)
	}
}
