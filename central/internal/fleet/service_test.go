package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is the terminals: each answers a configuration as a real one does, with its next status.
type field struct {
	t       *testing.T
	devices *device.Service
	svc     *fleet.Service

	mu     sync.Mutex
	runs   map[string]wire.Config
	last   map[string]*wire.ConfigOutcome
	broken map[string]string // edge → why it rolls everything back
	seen   []string
}

func system() context.Context { return actor.WithSystem(context.Background(), "test") }

func technician(division string) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王", DivisionCode: division, Permissions: []actor.Permission{actor.DeviceRead, actor.DeviceWrite}})
}

const own = `{"budget":{"monthly_mb":5},"sensors":[]}`

// say sends the status of a terminal; it is not called from the service's own goroutine.
func (f *field) say(edge string) {
	f.mu.Lock()
	s := wire.ConfigState{Hash: desired.Hash([]byte(own)), Last: f.last[edge]}
	if c, ok := f.runs[edge]; ok {
		s.Version, s.Hash = c.Version, c.Hash
	}
	f.mu.Unlock()
	if err := f.devices.Status(system(), edge, wire.Status{State: "online", Time: time.Now().UnixMilli(), Applied: &s}); err != nil {
		f.t.Error(err)
	}
}

func (f *field) Config(_ context.Context, edge string, c wire.Config) error {
	f.mu.Lock()
	o := wire.ConfigOutcome{Version: c.Version, Hash: c.Hash, OK: true}
	if why := f.broken[edge]; why != "" {
		o.OK, o.Error = false, why
	} else {
		f.runs[edge] = c
	}
	f.last[edge] = &o
	f.mu.Unlock()
	go f.say(edge)
	return nil
}

func (f *field) Command(_ context.Context, edge string, c wire.Command) error {
	if c.Kind == wire.CommandConfigTell {
		go f.devices.Told(system(), edge, wire.ConfigTold{Hash: desired.Hash([]byte(own)), Document: json.RawMessage(own)})
	}
	return nil
}

func newField(t *testing.T, db *store.DB, edges ...string) *field {
	t.Helper()
	f := &field{t: t, runs: map[string]wire.Config{}, last: map[string]*wire.ConfigOutcome{}, broken: map[string]string{}}
	bus := event.NewBus(nil)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca}
	svc, err := fleet.New(fleet.Options{Store: store.NewFleet(db), Tx: db, Devices: f.devices, Sender: f, Events: bus, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f.svc = svc
	bus.Handle(svc.OnEvent)
	bus.Handle(func(_ context.Context, e event.Event) {
		if strings.HasPrefix(e.Kind, "config.") || strings.HasPrefix(e.Kind, "rollout.") {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.seen = append(f.seen, e.Kind)
		}
	})
	for _, id := range edges {
		if _, err := f.devices.Create(system(), device.New{ID: id, Kind: device.Edge, Division: "320623"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Stop(context.Background()) })
	for _, id := range edges {
		f.devices.Presence(system(), id, true)
		f.say(id)
	}
	return f
}

func (f *field) state(edge string, number uint64) (fleet.State, string) {
	s, err := f.svc.Settings(system(), edge)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, v := range s.Versions {
		if v.Number == number {
			return v.State, v.Error
		}
	}
	return "", ""
}

func (f *field) becomes(edge string, number uint64, want fleet.State) {
	f.t.Helper()
	f.wait(fmt.Sprintf("version %d of %s is %s", number, edge, want), func() bool { s, _ := f.state(edge, number); return s == want })
}

func (f *field) wait(what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("not in time: %s", what)
		}
	}
}

func budget(mb int) json.RawMessage { return fmt.Appendf(nil, `{"budget":{"monthly_mb":%d}}`, mb) }

func TestVersionGoesOutIsConfirmedOrRolledBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newField(t, db, "edge-a")
		ctx := technician("320623")
		f.becomes("edge-a", 1, fleet.Running) // told by the terminal itself
		v, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(100), Note: "SIM 卡换了", Base: 1})
		if err != nil || v.Number != 2 || v.AuthorName != "王" || v.State != fleet.Wanted {
			t.Fatalf("%+v, %v", v, err)
		}
		f.becomes("edge-a", 2, fleet.Running)
		f.becomes("edge-a", 1, fleet.Replaced)
		if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(1), Base: 1}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("an edit of an old version: %v", err)
		}
		f.mu.Lock()
		f.broken["edge-a"] = "no link; version 2 runs again"
		f.mu.Unlock()
		if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(7), Base: 2}); err != nil {
			t.Fatal(err)
		}
		f.becomes("edge-a", 3, fleet.Failed)
		if s, why := f.state("edge-a", 2); s != fleet.Running || why != "" {
			t.Errorf("version 2 is %s", s)
		}
		f.mu.Lock()
		f.broken = map[string]string{}
		f.mu.Unlock()
		if v, err = f.svc.Restore(ctx, "edge-a", 1, "zurück"); err != nil || v.Number != 4 {
			t.Fatalf("%+v, %v", v, err)
		}
		f.becomes("edge-a", 4, fleet.Running)
		shown, err := f.svc.Version(ctx, "edge-a", 4)
		if err != nil || string(shown.Document) != own {
			t.Errorf("restored %s, %v", shown.Document, err)
		}
		for mb := range 8 {
			n := uint64(mb + 4)
			if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(50 + mb), Base: n}); err != nil {
				t.Fatal(err)
			}
			f.becomes("edge-a", n+1, fleet.Running)
		}
		s, err := f.svc.Settings(ctx, "edge-a")
		if err != nil || len(s.Versions) != desired.Keep || s.Applied == nil || s.Applied.Version != 12 {
			t.Errorf("%d versions kept, applied %+v, %v", len(s.Versions), s.Applied, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if got := strings.Join(f.seen[:6], " "); got != "config.told config.confirmed config.wanted config.confirmed config.wanted config.failed" {
			t.Errorf("events %s", got)
		}
	})
}

func TestTerminalThatIsAwayGetsItWhenItIsBack(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "edge-a")
	f.becomes("edge-a", 1, fleet.Running)
	f.devices.Presence(system(), "edge-a", false)
	ctx := technician("320623")
	for n := range uint64(2) {
		if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(int(n)), Base: n + 1}); err != nil {
			t.Fatal(err)
		}
	}
	f.becomes("edge-a", 2, fleet.Withdrawn)
	if _, err := f.svc.Withdraw(ctx, "edge-a", 2); errs.KindOf(err) != errs.Conflict {
		t.Errorf("withdrawn twice: %v", err)
	}
	f.devices.Presence(system(), "edge-a", true)
	f.say("edge-a")
	f.becomes("edge-a", 3, fleet.Running)
	f.devices.Presence(system(), "edge-a", false)
	if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(9), Base: 3}); err != nil {
		t.Fatal(err)
	}
	if v, err := f.svc.Withdraw(ctx, "edge-a", 4); err != nil || v.State != fleet.Withdrawn {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestWhoMayNotAndWhatMayNot(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "edge-a")
	f.becomes("edge-a", 1, fleet.Running)
	ctx := technician("320623")
	if _, err := f.devices.Create(system(), device.New{ID: "gauge", Kind: device.Sensor, Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	reader := actor.With(context.Background(), actor.Actor{Kind: actor.User, DivisionCode: "320623", Permissions: []actor.Permission{actor.DeviceRead}})
	if _, err := f.svc.Want(reader, "edge-a", fleet.Draft{Document: budget(1), Base: 1}); errs.KindOf(err) != errs.Denied {
		t.Errorf("a reader may change: %v", err)
	}
	if _, err := f.svc.Version(reader, "edge-a", 1); errs.KindOf(err) != errs.Denied {
		t.Errorf("a reader sees addresses and accounts: %v", err)
	}
	if s, err := f.svc.Settings(reader, "edge-a"); err != nil || len(s.Versions) != 1 {
		t.Errorf("a reader sees no history: %v", err)
	}
	if _, err := f.svc.Want(technician("320682"), "edge-a", fleet.Draft{Document: budget(1), Base: 1}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a neighbour may change: %v", err)
	}
	for _, document := range []string{
		`{"centre":{"url":"http://x"}}`, `{"id":"x"}`, `{"sensors":[{"id":"gauge","profile":"p","address":"h:1"}]}`,
		`{"sensors":[{"id":"a","profile":"p","address":"h:1"}],"cameras":[{"id":"a","rtsp":"rtsp://h/1"}]}`, `[]`,
	} {
		if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: json.RawMessage(document), Base: 1}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", document, err)
		}
	}
	if _, err := f.svc.Settings(ctx, "gauge"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a gauge has a configuration: %v", err)
	}
	for _, n := range []fleet.NewRollout{
		{Parts: json.RawMessage(`{"log":{"level":"warn"}}`)},
		{Edges: []string{"edge-a"}, Parts: json.RawMessage(`{"sensors":[]}`)},
		{Edges: []string{"gauge"}, Parts: json.RawMessage(`{"log":{"level":"warn"}}`)},
		{Edges: []string{"edge-a"}, Parts: json.RawMessage(`{"log":{"level":"loud"}}`)},
		{Division: "320682", Parts: json.RawMessage(`{"log":{"level":"warn"}}`)},
	} {
		if _, err := f.svc.Roll(ctx, n); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

func TestRolloutReachesAGroupAndStopsAtTheFirstFailure(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "edge-a", "edge-b", "edge-c", "edge-d")
	for _, id := range []string{"edge-a", "edge-b", "edge-c", "edge-d"} {
		f.becomes(id, 1, fleet.Running)
	}
	f.mu.Lock()
	f.broken["edge-c"] = "the agent did not stay up with it"
	f.mu.Unlock()
	ctx := technician("320600")
	r, err := f.svc.Roll(ctx, fleet.NewRollout{Division: "320623", Parts: json.RawMessage(`{"budget":{"monthly_mb":300}}`), Batch: 1, Note: "新套餐"})
	if err != nil || len(r.Members) != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	f.wait("the roll-out has stopped", func() bool {
		r, err = f.svc.Rollout(ctx, r.ID)
		return err == nil && r.State == fleet.Stopped
	})
	var got []string
	for _, m := range r.Members {
		got = append(got, string(m.State))
	}
	if strings.Join(got, " ") != "done done failed skipped" || !strings.Contains(r.Members[2].Error, "stay up") {
		t.Errorf("members %+v", r.Members)
	}
	shown, err := f.svc.Version(ctx, "edge-a", 2)
	if err != nil || string(shown.Document) != `{"budget":{"monthly_mb":300},"sensors":[]}` || shown.Rollout != r.ID || shown.AuthorName != "王" {
		t.Errorf("%+v, %v", shown, err)
	}
	if _, err := f.svc.Cancel(ctx, r.ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("cancelled after its end: %v", err)
	}
	if _, err := f.svc.Rollout(technician("320682"), r.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a neighbour sees it: %v", err)
	}
	// One that waits for a terminal that is away can be cancelled.
	f.devices.Presence(system(), "edge-a", false)
	if r, err = f.svc.Roll(ctx, fleet.NewRollout{Edges: []string{"edge-a", "edge-b"}, Parts: json.RawMessage(`{"log":{"level":"warn"}}`), Batch: 1}); err != nil {
		t.Fatal(err)
	}
	f.wait("the first has begun", func() bool {
		r, err = f.svc.Rollout(ctx, r.ID)
		return err == nil && r.Members[0].State == fleet.MemberSent
	})
	if r, err = f.svc.Cancel(ctx, r.ID); err != nil || r.State != fleet.Cancelled || r.Members[1].State != fleet.MemberSkipped {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestARolloutKeepsWhatAPersonWaitsFor(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "edge-a")
	f.becomes("edge-a", 1, fleet.Running)
	f.devices.Presence(system(), "edge-a", false)
	ctx := technician("320623")
	if _, err := f.svc.Want(ctx, "edge-a", fleet.Draft{Document: budget(99), Base: 1}); err != nil {
		t.Fatal(err)
	}
	r, err := f.svc.Roll(ctx, fleet.NewRollout{Edges: []string{"edge-a"}, Parts: json.RawMessage(`{"log":{"level":"warn"}}`), Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.wait("the roll-out has begun", func() bool {
		r, err = f.svc.Rollout(ctx, r.ID)
		return err == nil && r.Members[0].State == fleet.MemberSent
	})
	got, err := f.svc.Version(ctx, "edge-a", r.Members[0].Number)
	if err != nil || !strings.Contains(string(got.Document), `"monthly_mb":99`) || !strings.Contains(string(got.Document), `"level":"warn"`) {
		t.Errorf("%s, %v", got.Document, err)
	}
}
