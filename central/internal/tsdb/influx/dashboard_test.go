package influx_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	influxdb "github.com/influxdata/influxdb-client-go/v2"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx/influxtest"
	"github.com/fengsui/fengsui/shared/wire"
)

const dashboardFile = "../../../../deploy/grafana/readings.json"

// dashboard is what the test needs of a dashboard of Grafana.
type dashboard struct {
	Templating struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
		}
	}
	Panels []struct {
		Title   string
		Targets []struct{ Query string }
	}
}

// dashboards: every query of deploy/grafana finds the devices of a class and their readings.
func dashboards(t *testing.T, s *influxtest.Server) {
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	bucket := s.Bucket(t, "grafana", "0s")
	c := client(t, s, bucket)
	now := time.Now()
	list := []device.Device{{ID: "gauge-1", Class: "water_level", Name: "水位"}, {ID: "gauge-2", Class: "water_level"}, {ID: "gas-1", Class: "gas"}}
	for range 2 { // the label of a day is one
		if err := c.Label(t.Context(), list, now); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, t.TempDir(), c)
	defer shut(t, db)
	for i := range 60 {
		at := now.Add(-time.Duration(i) * time.Minute).UnixMilli()
		commit(t, db, wire.Reading{Device: "gauge-1", Property: "level", At: at, Value: 1},
			wire.Reading{Device: "gauge-2", Property: "level", At: at, Value: 2, Quality: wire.Uncertain}, wire.Reading{Device: "gas-1", Property: "ch4", At: at, Value: 3})
	}
	forward(t, db)
	api := influxdb.NewClient(s.URL, "")
	defer api.Close()
	ask := func(what, flux string) (rows []string) {
		t.Helper()
		flux = strings.NewReplacer("${bucket}", bucket, "${class}", "water_level", "${device:regex}", "gauge-1|gauge-2").Replace(flux)
		if strings.Contains(flux, "${") {
			t.Errorf("%s: a variable is unknown: %s", what, flux)
		}
		window := fmt.Sprintf("v = {timeRangeStart: %s, timeRangeStop: %s, windowPeriod: 10m}\n",
			now.Add(-24*time.Hour).UTC().Format(time.RFC3339), now.Add(time.Hour).UTC().Format(time.RFC3339))
		res, err := api.QueryAPI("").Query(t.Context(), window+flux)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return nil
		}
		defer res.Close()
		for res.Next() {
			rows = append(rows, fmt.Sprint(res.Record().Value(), res.Record().ValueByKey("device")))
		}
		if res.Err() != nil || len(rows) == 0 {
			t.Errorf("%s: %d rows, %v", what, len(rows), res.Err())
		}
		return rows
	}
	queries := 0
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var q struct{ Query string }
		if err := json.Unmarshal(v.Query, &q); err != nil {
			t.Fatal(err)
		}
		queries++
		if got := len(ask(v.Name, q.Query)); got != 2 {
			t.Errorf("%s offers %d choices, want 2", v.Name, got)
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			queries++
			for _, row := range ask(p.Title, target.Query) {
				if strings.Contains(row, "gas-1") {
					t.Errorf("%s shows a device of another class: %s", p.Title, row)
				}
			}
		}
	}
	if queries < 7 {
		t.Errorf("%d queries were run", queries)
	}
}
