package recording_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/wire"
)

// incidents is what the test lets incidents be.
type incidents struct {
	mu    sync.Mutex
	list  map[string]recording.Case
	notes []string
	asked func() // before a case is answered
	ran   int    // how often all that run were asked for
}

func (i *incidents) Running(context.Context) (out []recording.Case, _ error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ran++
	for _, c := range i.list {
		if c.Open {
			out = append(out, c)
		}
	}
	return out, nil
}

func (i *incidents) Case(_ context.Context, id string) (recording.Case, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if fn := i.asked; fn != nil {
		i.asked = nil
		i.mu.Unlock()
		fn()
		i.mu.Lock()
	}
	c, ok := i.list[id]
	if !ok {
		return c, errs.E(errs.NotFound, "incident.not_found", "no")
	}
	return c, nil
}

func (i *incidents) May(ctx context.Context, id string) (recording.Case, error) {
	if _, err := actor.Require(ctx, actor.IncidentRead); err != nil {
		return recording.Case{}, err
	}
	return i.Case(ctx, id)
}

func (i *incidents) Note(_ context.Context, id, act, text string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.notes = append(i.notes, id+" "+act+" "+text)
	return nil
}

func (i *incidents) set(id string, change func(*recording.Case)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.list[id]
	c.ID, c.No, c.Version = id, "2026-320623-0007", c.Version+1
	change(&c)
	i.list[id] = c
}

func (i *incidents) runs() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ran
}

func (i *incidents) said() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.notes)
}

var commander = who("320623", actor.VideoReplay, actor.VideoRecord, actor.IncidentRead)

func withCases(i *incidents, rule recording.SceneRule) func(*recording.Options) {
	return func(o *recording.Options) { o.Cases, o.Rule = i, rule }
}

func TestSceneIsRecordedUntilItsIncidentIsClosedAndStaysHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir, cases := t.TempDir(), &incidents{list: map[string]recording.Case{}}
		begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		cases.set("i-1", func(c *recording.Case) { c.Open, c.Occurred = true, begin.Add(-time.Minute) })
		r := open(t, db, dir, 1<<30, withCases(cases, recording.SceneRule{Begin: recording.AtOpening}))
		must[recording.Scene](t)(r.AddScene(commander, "i-1", "cam-1"))
		eventually(t, "the scene is recorded", func() bool { return r.scene.recorded("cam-1") })
		r.scene.show("cam-1", begin, 25*10)
		list := must[recording.SceneList](t)(r.Scenes(commander, "i-1"))
		if len(list.Scenes) != 1 || !list.Scenes[0].Recording || list.Scenes[0].Began == nil || list.Scenes[0].AuthorName != "周岚" {
			t.Fatalf("got %+v", list)
		}
		if c := must[recording.Overview](t)(r.Overview(officer)).Cameras[0]; !slices.Equal(c.Incidents, []string{"2026-320623-0007"}) || !c.Wanted {
			t.Errorf("got %+v", c)
		}
		if _, err := r.AddScene(commander, "i-1", "cam-1"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("twice: %v", err)
		}
		// What it shows is held while it runs, and nobody ends that hold as one that was placed.
		line := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", begin, begin.Add(time.Minute)))
		if len(line.Holds) != 1 || !line.Holds[0].Scene || line.Holds[0].Reference != "2026-320623-0007" {
			t.Fatalf("got %+v", line.Holds)
		}
		if _, err := r.EndHold(officer, line.Holds[0].ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the hold of a scene that runs: %v", err)
		}
		// The centre dies; the scene goes on. It ends with the incident, and comes again with it.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r = open(t, db, dir, 1<<30, withCases(cases, recording.SceneRule{Begin: recording.AtOpening}))
		eventually(t, "the scene is recorded after a restart", func() bool { return r.scene.recorded("cam-1") })
		cases.set("i-1", func(c *recording.Case) { c.Open = false })
		eventually(t, "it ends with its incident", func() bool { return !r.scene.recorded("cam-1") })
		holds := must[[]recording.Hold](t)(r.Holds(officer))
		if len(holds) != 1 || holds[0].Scene || !holds[0].From.Equal(begin.Add(-time.Minute)) || holds[0].Reference != "2026-320623-0007" {
			t.Errorf("got %+v", holds)
		}
		cases.set("i-1", func(c *recording.Case) { c.Open = true })
		eventually(t, "it goes on when the incident is opened again", func() bool { return r.scene.recorded("cam-1") })
		list = must[recording.SceneList](t)(r.Scenes(commander, "i-1"))
		if len(list.Scenes) != 2 || list.Scenes[0].Why != recording.WithIncident {
			t.Errorf("got %+v", list.Scenes)
		}
	})
}

func TestSceneThatEndsWhileTheResponseBeginsStaysEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		cases := &incidents{list: map[string]recording.Case{}}
		cases.set("i-1", func(c *recording.Case) { c.Open = true })
		r := open(t, db, t.TempDir(), 1<<30, withCases(cases, recording.SceneRule{Begin: recording.AtResponse}))
		one := must[recording.Scene](t)(r.AddScene(commander, "i-1", "cam-1"))
		var stopped error
		before := 0
		cases.mu.Lock()
		cases.asked = func() {
			_, stopped = r.StopScene(commander, one.ID, "拍错了地方")
			before = cases.runs()
			cases.set("i-1", func(c *recording.Case) { c.Response = 4 })
		}
		cases.mu.Unlock()
		eventually(t, "the incident was looked at", func() bool {
			cases.mu.Lock()
			defer cases.mu.Unlock()
			return cases.asked == nil && before > 0 && cases.ran > before
		})
		if stopped != nil {
			t.Fatal(stopped)
		}
		rows := must[[]recording.Scene](t)(store.NewRecordings(db).Scenes(t.Context(), "i-1"))
		if len(rows) != 1 || rows[0].Ended == nil || rows[0].Began != nil || slices.ContainsFunc(cases.said(), func(n string) bool { return strings.Contains(n, "begun") }) {
			t.Errorf("it records again: %+v, %v", rows, cases.said())
		}
	})
}

func TestSceneIsEndedWithAReasonAndDoesNotComeBack(t *testing.T) {
	db, cases := storetest.SQLite(t), &incidents{list: map[string]recording.Case{}}
	lon, lat := 121.18, 32.33
	cases.set("i-1", func(c *recording.Case) { c.Open, c.Lon, c.Lat = true, &lon, &lat })
	place := func(o *recording.Options) {
		d := o.Devices.(devices)
		for id, east := range map[string]float64{"cam-1": 0.01, "cam-2": 0.5} {
			one := d[id]
			one.Place = &wire.Place{Lon: lon + east, Lat: lat}
			d[id] = one
		}
	}
	r := open(t, db, t.TempDir(), 1<<30, withCases(cases, recording.SceneRule{Begin: recording.AtOpening, Near: 3, Most: 4}), place)
	eventually(t, "the camera that stands near is recorded by rule", func() bool { return r.scene.recorded("cam-1") })
	if r.scene.recorded("cam-2") {
		t.Error("one 47 km away is recorded")
	}
	one := must[recording.SceneList](t)(r.Scenes(commander, "i-1")).Scenes[0]
	if !one.ByRule {
		t.Errorf("got %+v", one)
	}
	for _, c := range []struct {
		ctx    context.Context
		reason string
		want   errs.Kind
	}{
		{commander, "", errs.Invalid},
		{commander, "两\n行", errs.Invalid},
		{who("320623", actor.VideoReplay, actor.IncidentRead), "x", errs.Denied},
		{officer, "x", errs.Denied},
		{who("320681", actor.VideoRecord, actor.IncidentRead), "x", errs.NotFound},
		{world.Into(commander, "drill"), "x", errs.Denied},
		{context.Background(), "x", errs.Unauthenticated},
	} {
		if _, err := r.StopScene(c.ctx, one.ID, c.reason); errs.KindOf(err) != c.want {
			t.Errorf("reason %q: %v", c.reason, err)
		}
	}
	must[recording.Scene](t)(r.StopScene(commander, one.ID, "流量不足"))
	eventually(t, "it is recorded no more", func() bool { return !r.scene.recorded("cam-1") })
	if said := cases.said(); len(said) != 2 || said[1] != "i-1 ended ：流量不足" {
		t.Errorf("the timeline has %q", said)
	}
	if told := r.told(recording.EventSceneEnded); len(told) != 1 || told[0].Data.(recording.Scene).Reason != "流量不足" {
		t.Errorf("got %+v", told)
	}
	// A change of the incident does not have the rule add it again.
	cases.set("i-1", func(*recording.Case) {})
	cases.set("i-2", func(c *recording.Case) { c.Open, c.Lon, c.Lat = true, &lon, &lat })
	eventually(t, "another incident there is recorded", func() bool { return r.scene.recorded("cam-1") })
	if list := must[recording.SceneList](t)(r.Scenes(commander, "i-1")).Scenes; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
	if _, err := r.AddScene(world.Into(commander, "drill"), "i-1", "cam-1"); errs.KindOf(err) != errs.Denied {
		t.Errorf("from an exercise: %v", err)
	}
}

func TestSceneWaitsForTheResponseWhenTheRuleSaysSo(t *testing.T) {
	db, cases := storetest.SQLite(t), &incidents{list: map[string]recording.Case{}}
	cases.set("i-1", func(c *recording.Case) { c.Open = true })
	r := open(t, db, t.TempDir(), 1<<30, withCases(cases, recording.SceneRule{Begin: recording.AtResponse}))
	if one := must[recording.Scene](t)(r.AddScene(commander, "i-1", "cam-1")); one.Began != nil {
		t.Fatalf("got %+v", one)
	}
	cases.set("i-1", func(c *recording.Case) { c.Response = 3 })
	eventually(t, "it is recorded with the response", func() bool { return r.scene.recorded("cam-1") })
	if told := r.told(recording.EventSceneBegun); len(told) != 1 {
		t.Errorf("got %+v", told)
	}
	if said := cases.said(); len(said) != 2 || said[0] != "i-1 waiting " || said[1] != "i-1 begun " {
		t.Errorf("the timeline has %q", said)
	}
}

func TestWhatIsHeldForARunningIncidentIsNotDeletedForRoom(t *testing.T) {
	db, dir, cases := storetest.SQLite(t), t.TempDir(), &incidents{list: map[string]recording.Case{}}
	begin := time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond)
	cases.set("i-1", func(c *recording.Case) { c.Open, c.Occurred = true, begin })
	rule := withCases(cases, recording.SceneRule{})
	r := open(t, db, dir, 1<<30, rule)
	must[recording.Scene](t)(r.AddScene(commander, "i-1", "cam-1"))
	eventually(t, "the scene is recorded", func() bool { return r.scene.recorded("cam-1") })
	r.scene.show("cam-1", begin, 25*10)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	less := open(t, db, dir, 100, rule)
	eventually(t, "it says that it is full", func() bool { return len(less.told(recording.EventFull)) == 1 })
	line := must[recording.Timeline](t)(less.Timeline(officer, "cam-1", begin.Add(-time.Minute), begin.Add(time.Hour)))
	if len(line.Spans) != 1 {
		t.Errorf("it went: %+v", line.Spans)
	}
}

func TestCostIsNamedBeforeItArises(t *testing.T) {
	db := storetest.SQLite(t)
	r := open(t, db, t.TempDir(), 1<<30, withCases(&incidents{}, recording.SceneRule{}), func(o *recording.Options) {
		o.Reporter = budgeted{wire.BudgetState{Level: wire.BudgetEco, Limit: 1 << 30, Video: 1<<30 - 500}}
		o.Log = slog.New(slog.DiscardHandler)
	})
	c := must[recording.Cost](t)(r.Cost(commander, "cam-1"))
	if c.Measured || c.PerHour != 900_000_000 || c.Already || c.Level != wire.BudgetEco || c.Left == nil || *c.Left != 500 {
		t.Errorf("never recorded: %+v", c)
	}
	must[recording.Policy](t)(r.SetPolicy(commander, "cam-1", recording.Always, 7, false))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	r.scene.show("cam-1", time.Now().Add(-time.Hour).Truncate(time.Millisecond), 25*130)
	c = must[recording.Cost](t)(r.Cost(commander, "cam-1"))
	// 24 pictures of 200 bytes and one of 900 in a second, and what MP4 takes.
	if !c.Measured || !c.Already || c.PerHour < 5700*3600 || c.PerHour > 8000*3600 {
		t.Errorf("recorded: %+v", c)
	}
	if _, err := r.Cost(who("320681", actor.VideoRecord), "cam-1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another division: %v", err)
	}
}

// budgeted is terminals that say what their SIM has left.
type budgeted struct{ b wire.BudgetState }

func (b budgeted) Reported(context.Context, string) (device.Reported, error) {
	return device.Reported{Status: wire.Status{Budget: &b.b}}, nil
}

func (budgeted) Connected(context.Context, string) bool { return false }
