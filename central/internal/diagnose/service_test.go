package diagnose_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

func system() context.Context { return actor.WithSystem(context.Background(), "test") }

func as(role, division string) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王", DivisionCode: division, Permissions: account.Permissions([]string{role})})
}

func technician() context.Context { return as(account.RoleTechnician, "320623") }

// field is two terminals that say what a test has them say.
type field struct {
	*diagnose.Service
	t       *testing.T
	devices *device.Service
	orders  *device.Orders

	mu     sync.Mutex
	told   []wire.Command
	answer func(edge string, c wire.Command)
	events []event.Event
}

func (f *field) Command(_ context.Context, edge string, c wire.Command) error {
	f.mu.Lock()
	f.told = append(f.told, c)
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		go answer(edge, c)
	}
	return nil
}

func newField(t *testing.T, db *store.DB) *field {
	t.Helper()
	f := &field{t: t}
	f.orders = &device.Orders{Commander: f}
	bus := event.NewBus(nil)
	bus.Handle(f.orders.Answers)
	bus.Handle(func(_ context.Context, e event.Event) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasPrefix(e.Kind, "diagnose.") {
			f.events = append(f.events, e)
		}
	})
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca}
	f.Service = &diagnose.Service{Store: store.NewDiagnoses(db), Tx: db, Devices: f.devices, Orders: f.orders, Events: bus, Log: slog.New(slog.DiscardHandler)}
	for edge, division := range map[string]string{"edge-a": "320623", "edge-b": "320681"} {
		if _, err := f.devices.Create(system(), device.New{ID: edge, Kind: device.Edge, Division: division}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.devices.Hello(system(), edge, wire.Hello{Sensors: []wire.SensorDeclared{{ID: edge + "-level", Name: "水位", Class: "water_level", Division: division}}}); err != nil {
			t.Fatal(err)
		}
		f.devices.Presence(system(), edge, true)
	}
	t.Cleanup(func() {
		if err := f.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	return w.EncodeAll(text, nil)
}

func (f *field) says(answer func(edge string, c wire.Command)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// becomes waits for what becomes of a question.
func (f *field) becomes(id string, want diagnose.State) diagnose.Answer {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		got, err := f.Get(system(), "edge-a", id)
		if err != nil {
			f.t.Fatal(err)
		}
		if got.State == want {
			return got
		}
		if time.Now().After(end) {
			f.t.Fatalf("question is %+v, want it %s", got, want)
		}
	}
}

func (f *field) ask(ask diagnose.Ask) diagnose.Question {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		q, err := f.Ask(technician(), "edge-a", ask)
		if err == nil {
			return q
		}
		if errs.KindOf(err) != errs.Conflict || time.Now().After(end) {
			f.t.Fatal(err)
		}
	}
}

func TestTechnicianAsksByNameAndReadsTheAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newField(t, db)
		f.says(func(edge string, c wire.Command) {
			f.devices.Result(system(), edge, wire.CommandResult{Command: c.ID, OK: true, Answer: packed(t, []byte("<b>第一行</b>\nline"))})
		})
		q := f.ask(diagnose.Ask{Name: "log", Lines: 50})
		got := f.becomes(q.ID, diagnose.Answered)
		if got.Text != "<b>第一行</b>\nline" || got.AuthorName != "王" || got.Packed == 0 || got.AnsweredAt == nil || got.Lines != 50 {
			t.Errorf("got %+v", got)
		}
		var body wire.Diagnose
		if err := json.Unmarshal(f.told[0].Body, &body); err != nil || body != (wire.Diagnose{Name: "log", Lines: 50}) || f.told[0].Kind != wire.CommandDiagnose {
			t.Errorf("told %+v, %v", body, err)
		}
		for range 9 {
			f.becomes(f.ask(diagnose.Ask{Name: "clock"}).ID, diagnose.Answered)
		}
		// In a loop: the tenth of a minute is the last.
		if _, err := f.Ask(technician(), "edge-a", diagnose.Ask{Name: "clock"}); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "within a minute") {
			t.Errorf("in a loop: %v", err)
		}
		list, err := f.List(technician(), "edge-a")
		if err != nil || len(list) != 10 || list[9].ID != q.ID {
			t.Errorf("%d are kept, %v", len(list), err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.events) != 20 || f.events[0].Kind != diagnose.EventAsked || f.events[0].ActorName != "王" || f.events[0].Division != "320623" || f.events[1].Kind != diagnose.EventAnswered {
			t.Errorf("%d events", len(f.events))
		}
		if text, err := json.Marshal(f.events[1].Data); err != nil || strings.Contains(string(text), "line\"") {
			t.Errorf("the trail holds %s", text)
		}
	})
}

func TestRolesAndDivisions(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	f.says(func(edge string, c wire.Command) {
		f.devices.Result(system(), edge, wire.CommandResult{Command: c.ID, OK: true, Answer: packed(t, nil)})
	})
	q := f.ask(diagnose.Ask{Name: "clock"})
	f.becomes(q.ID, diagnose.Answered)
	for _, c := range []struct {
		role, division string
		want           errs.Kind
	}{
		{account.RoleAdmin, "320600", errs.Internal},
		{account.RoleTechnician, "320623", errs.Internal},
		{account.RoleTechnician, "320681", errs.NotFound},
		{account.RoleLeader, "320623", errs.Denied},
		{account.RoleDuty, "320623", errs.Denied},
		{account.RoleAuditor, "320623", errs.Denied},
	} {
		ctx := as(c.role, c.division)
		_, listed := f.List(ctx, "edge-a")
		_, got := f.Get(ctx, "edge-a", q.ID)
		_, asked := f.Ask(ctx, "edge-a", diagnose.Ask{Name: "clock"})
		for what, err := range map[string]error{"list": listed, "get": got, "ask": asked} {
			if errs.KindOf(err) != c.want || (err == nil) != (c.want == errs.Internal) {
				t.Errorf("%s of %s may %s: %v", c.role, c.division, what, err)
			}
		}
		if asked == nil {
			list, err := f.List(system(), "edge-a")
			if err != nil {
				t.Fatal(err)
			}
			f.becomes(list[0].ID, diagnose.Answered)
		}
	}
	if _, err := f.List(context.Background(), "edge-a"); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a stranger: %v", err)
	}
	// An answer is not read under the name of another terminal.
	if _, err := f.Get(as(account.RoleTechnician, "320681"), "edge-b", q.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("through another terminal: %v", err)
	}
}

func TestQuestionsOutsideTheListAreNotSent(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	for _, ask := range []diagnose.Ask{
		{Name: "shell"},
		{Name: ""},
		{Name: "log", Lines: 501},
		{Name: "clock", Lines: 3},
		{Name: "clock", Device: "edge-a-level"},
		{Name: "driver"},
		{Name: "driver", Device: "edge-b-level"},
		{Name: "driver", Device: "edge-a"},
		{Name: "camera", Device: "edge-a-level"},
	} {
		if _, err := f.Ask(system(), "edge-a", ask); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%+v: %v", ask, err)
		}
	}
	if _, err := f.Ask(system(), "edge-a-level", diagnose.Ask{Name: "clock"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a sensor: %v", err)
	}
	f.devices.Presence(system(), "edge-a", false)
	if _, err := f.Ask(technician(), "edge-a", diagnose.Ask{Name: "clock"}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("one that is away: %v", err)
	}
	if len(f.told) != 0 {
		t.Errorf("%d were sent", len(f.told))
	}
}

func TestAnotherTerminalCannotAnswerAndALateAnswerIsNone(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	sent := make(chan wire.Command, 1)
	f.says(func(_ string, c wire.Command) { sent <- c })
	q := f.ask(diagnose.Ask{Name: "clock"})
	c := <-sent
	f.devices.Result(system(), "edge-b", wire.CommandResult{Command: c.ID, OK: true, Answer: packed(t, []byte("forged"))})
	if _, err := f.Ask(technician(), "edge-a", diagnose.Ask{Name: "disk"}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a second question beside the first: %v", err)
	}
	if got, err := f.Get(technician(), "edge-a", q.ID); err != nil || got.State != diagnose.Asked || got.Text != "" {
		t.Errorf("after a forged answer: %+v, %v", got, err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.becomes(q.ID, diagnose.Silent); got.Error == "" {
		t.Errorf("got %+v", got)
	}
	f.devices.Result(system(), "edge-a", wire.CommandResult{Command: c.ID, OK: true, Answer: packed(t, []byte("late"))})
	if got := f.becomes(q.ID, diagnose.Silent); got.Text != "" {
		t.Errorf("a late answer was taken: %+v", got)
	}
	if _, err := f.Ask(technician(), "edge-a", diagnose.Ask{Name: "clock"}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	huge := packed(t, bytes.Repeat([]byte{'a'}, wire.MaxAnswerText+1))
	for _, c := range []struct {
		what  string
		r     wire.CommandResult
		want  diagnose.State
		error string
	}{
		{"too large", wire.CommandResult{OK: true, Answer: make([]byte, wire.MaxAnswer+1)}, diagnose.Refused, "more than"},
		{"a bomb", wire.CommandResult{OK: true, Answer: huge}, diagnose.Refused, "cannot be read"},
		{"no zstd", wire.CommandResult{OK: true, Answer: []byte("plain")}, diagnose.Refused, "cannot be read"},
		{"too old a terminal", wire.CommandResult{Error: `this terminal does not know the command "diagnose"`}, diagnose.Unknown, "does not know"},
		{"one that says so", wire.CommandResult{Error: "?", Code: wire.CodeUnknown}, diagnose.Unknown, "?"},
		{"busy", wire.CommandResult{Error: "busy", Code: wire.CodeBusy}, diagnose.Refused, "busy"},
		{"long words", wire.CommandResult{Error: strings.Repeat("长", 1000)}, diagnose.Refused, "长"},
	} {
		f.says(func(edge string, cmd wire.Command) {
			r := c.r
			r.Command = cmd.ID
			f.devices.Result(system(), edge, r)
		})
		got := f.becomes(f.ask(diagnose.Ask{Name: "log"}).ID, c.want)
		if !strings.Contains(got.Error, c.error) || got.Text != "" || len(got.Error) > 500 || (c.want == diagnose.Unknown) != (got.Since != "") {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
}
