package device_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// terminals registers edges in their divisions.
func (d *desk) terminals(t *testing.T, divisions map[string]string) {
	t.Helper()
	for id, division := range divisions {
		if _, err := d.Create(actor.WithSystem(t.Context(), "test"), device.New{ID: id, Kind: device.Edge, Division: division}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEdgePutsNothingIntoADivisionThatIsNotItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := actor.WithSystem(t.Context(), "test")
		d.terminals(t, map[string]string{"county": "320623", "top": ""})
		sensors := func(edge string) (out []wire.SensorDeclared) {
			for n, division := range []string{"320681", "320600", "320623104", ""} {
				out = append(out, wire.SensorDeclared{ID: fmt.Sprintf("%s-%d", edge, n), Division: division})
			}
			return out
		}
		for _, edge := range []string{"county", "top"} {
			h := wire.Hello{Sensors: sensors(edge), Cameras: []wire.CameraDeclared{{ID: edge + "-cam", Division: "320681"}}}
			for range 2 {
				if _, err := d.Hello(ctx, edge, h); err != nil {
					t.Fatal(err)
				}
			}
		}
		for id, want := range map[string]string{
			"county-0": "320623", "county-1": "320623", "county-2": "320623104", "county-3": "320623", "county-cam": "320623",
			"top-0": "320681", "top-1": "320600", "top-2": "320623104", "top-3": "", "top-cam": "320681",
		} {
			if one, err := d.Get(ctx, id); err != nil || one.Division != want {
				t.Errorf("%s stands in %q, %v; want %q", id, one.Division, err, want)
			}
		}
		for edge, want := range map[string]uint64{"county": 2 * 3, "top": 0} {
			if one, _ := d.Get(ctx, edge); one.Refused != want {
				t.Errorf("%s: %d refused, want %d", edge, one.Refused, want)
			}
		}
	})
}

func TestManyGreetingsDeclareNoMoreThanOne(t *testing.T) {
	db := storetest.SQLite(t)
	d := newDesk(t, db)
	ctx := actor.WithSystem(t.Context(), "test")
	d.terminals(t, map[string]string{"edge": "320623"})
	for round := range 3 {
		var h wire.Hello
		for n := range 900 {
			h.Sensors = append(h.Sensors, wire.SensorDeclared{ID: fmt.Sprintf("s-%d-%d", round, n)})
		}
		if _, err := d.Hello(ctx, "edge", h); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.All(ctx)
	if err != nil || len(all) != 1+2000 {
		t.Errorf("%d devices, %v; want the edge and 2,000", len(all), err)
	}
	if e, _ := d.Get(ctx, "edge"); e.Refused != 700 {
		t.Errorf("%d refused, want 700", e.Refused)
	}
}

func TestAnEnglishNameComesWithTheGreetingUntilSomebodyNamesTheThing(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := actor.WithSystem(t.Context(), "test")
	d.terminals(t, map[string]string{"edge": "320623"})
	hello := func(sensor string) {
		t.Helper()
		if _, err := d.Hello(ctx, "edge", wire.Hello{
			Name: "终端", NameEN: " Terminal ", Sensors: []wire.SensorDeclared{{ID: "s", Name: "水位", NameEN: sensor}},
			Cameras: []wire.CameraDeclared{{ID: "c", Name: "外闸", NameEN: strings.Repeat("é", 150) + "\xff"}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	english := func(id, want string) {
		t.Helper()
		if one, err := d.Get(ctx, id); err != nil || one.NameEN != want {
			t.Errorf("%s is called %q, %v; want %q", id, one.NameEN, err, want)
		}
	}
	hello("Level")
	english("edge", "Terminal")
	english("s", "Level")
	english("c", strings.Repeat("é", 100))
	hello("")
	english("s", "")
	own := "Gauge"
	if _, err := d.Update(ctx, "s", device.Change{NameEN: &own}); err != nil {
		t.Fatal(err)
	}
	hello("Level")
	english("s", "Gauge")
}

func TestATerminalIsOfADemonstrationWhenAllBehindItIs(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := actor.WithSystem(t.Context(), "test")
	d.terminals(t, map[string]string{"edge": "320623"})
	for _, c := range []struct {
		name    string
		sensors []wire.SensorDeclared
		want    bool
	}{
		{"nothing behind it", nil, false},
		{"one of two", []wire.SensorDeclared{{ID: "a", Demo: true}, {ID: "b"}}, false},
		{"all", []wire.SensorDeclared{{ID: "a", Demo: true}, {ID: "b", Demo: true}}, true},
	} {
		if _, err := d.Hello(ctx, "edge", wire.Hello{Sensors: c.sensors}); err != nil {
			t.Fatal(err)
		}
		if e, err := d.Get(ctx, "edge"); err != nil || e.Demo != c.want {
			t.Errorf("%s: demonstration %v, %v", c.name, e.Demo, err)
		}
	}
}
