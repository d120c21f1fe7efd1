package deadline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/strict"
)

// machine is a machine whose clocks the test sets.
type machine struct{ deadline.Sample }

func (m *machine) look() deadline.Sample { return m.Sample }

// pass lets time pass: both clocks go.
func (m *machine) pass(d time.Duration) { m.Wall, m.Up = m.Wall.Add(d), m.Up+d }

// set sets the wall clock.
func (m *machine) set(by time.Duration) { m.Wall = m.Wall.Add(by) }

// reboot starts the machine again after it was off for d.
func (m *machine) reboot(d time.Duration) { m.Wall, m.Up, m.Boot = m.Wall.Add(d), 0, m.Boot+"'" }

// engine is an engine on a machine, with the marks that its owner was told.
type engine struct {
	*deadline.Service
	t     *testing.T
	db    *store.DB
	audit *audit.Service
	m     *machine
	told  []string
	fail  map[string]bool // owners that cannot be told
	ctx   context.Context
}

func newEngine(t *testing.T, db *store.DB, m *machine) *engine {
	t.Helper()
	e := &engine{t: t, db: db, m: m, fail: map[string]bool{}, ctx: actor.WithSystem(t.Context(), "test")}
	e.audit = audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	e.restart()
	return e
}

// restart is the death of the program and its next start.
func (e *engine) restart() {
	e.Service = deadline.New(deadline.Options{Store: store.NewDeadlines(e.db), Tx: e.db, Events: event.NewBus(e.audit), Clocks: e.m.look, Desks: twoDesks{}})
	e.On("test", func(_ context.Context, f deadline.Firing) ([]*event.Event, error) {
		if e.fail[f.Clock.Owner.ID] {
			return nil, errors.New("cannot be told")
		}
		e.told = append(e.told, f.Clock.Owner.ID+" "+string(f.Mark)+" "+strings.Join(f.Asked.Names, ""))
		return nil, nil
	})
}

// twoDesks has an officer and a leader everywhere, and a city above.
type twoDesks struct{}

func (twoDesks) Asked(_ context.Context, org string, to deadline.To, _ time.Time) (deadline.Asked, error) {
	if org == "nobody" {
		return deadline.Asked{}, errs.E(errs.NotFound, "x", "no such organisation")
	}
	if to == deadline.Above {
		return deadline.Asked{To: to, OrgID: "city", OrgName: "市", Division: "320600", Names: []string{"市值班"}}, nil
	}
	return deadline.Asked{To: to, OrgID: org, Division: "320623", Names: []string{string(to)}}, nil
}

func minutes(n float64) strict.Duration { return strict.Duration(n * float64(time.Minute)) }

func (e *engine) clock(owner string, scale deadline.Scale, within time.Duration) deadline.Clock {
	return deadline.Clock{
		Owner: deadline.Owner{Kind: "test", ID: owner}, Kind: "report", OrgID: "county", Division: "320623", Name: "初报", Rule: "default/phone", Scale: scale,
		BaseAt: e.m.Wall, DueAt: e.m.Wall.Add(within),
		Stages: []deadline.Stage{{Mark: deadline.Warned, After: minutes(-5), To: deadline.Officer}, {Mark: deadline.Passed, To: deadline.Leader}, {Mark: deadline.Escalated, After: minutes(10), To: deadline.Above}},
	}
}

func (e *engine) set(c deadline.Clock) deadline.Clock {
	e.t.Helper()
	out, err := e.Set(e.ctx, c)
	if err != nil {
		e.t.Fatal(err)
	}
	return out
}

// heard turns the engine and wants to be told so much, and nothing else.
func (e *engine) heard(when string, want ...string) {
	e.t.Helper()
	if _, err := e.Turn(e.ctx); err != nil {
		e.t.Fatalf("%s: %v", when, err)
	}
	slices.Sort(e.told)
	slices.Sort(want)
	if !slices.Equal(e.told, want) {
		e.t.Errorf("%s: told %q, want %q", when, e.told, want)
	}
	e.told = nil
}

func start() *machine {
	return &machine{deadline.Sample{Wall: time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC), Boot: "a", Up: time.Hour}}
}

func TestAClockWarnsPassesAndClimbsOnceEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := start()
		e := newEngine(t, db, m)
		c := e.set(e.clock("a", deadline.Counted, 30*time.Minute))
		e.heard("at the beginning")
		m.pass(25*time.Minute - time.Second)
		e.heard("a second before the warning")
		m.pass(time.Second)
		e.heard("at the warning", "a warned officer")
		e.heard("again")
		m.pass(5 * time.Minute)
		e.restart()
		e.heard("when it is due, after a start", "a passed leader")
		d, err := e.Of(e.ctx, c.Owner, c.Kind)
		if err != nil || d.PassedAt == nil || !d.PassedAt.Equal(c.DueAt) || d.State != deadline.Running || len(d.Firings) != 2 {
			t.Errorf("after the breach: %+v, %v", d, err)
		}
		m.pass(11 * time.Minute)
		e.heard("late", "a escalated 市值班")
		if err := e.End(e.ctx, c.Owner, c.Kind, deadline.Met); err != nil {
			t.Fatal(err)
		}
		m.pass(24 * time.Hour)
		e.heard("after it was met")
		list, err := e.Breaches(e.ctx, c.CreatedAt, page.Request{})
		if err != nil || len(list.Items) != 1 || list.Items[0].State != deadline.Met || list.Items[0].EndedBy != "test" {
			t.Errorf("breaches are %+v, %v", list, err)
		}
		var kinds []string
		entries, err := e.audit.List(e.ctx, audit.Query{})
		for _, one := range entries.Items {
			kinds = append(kinds, one.Kind)
		}
		slices.Sort(kinds)
		if err != nil || !slices.Equal(kinds, []string{deadline.EventEscalated, deadline.EventPassed}) {
			t.Errorf("the trail holds %v, %v", kinds, err)
		}
	})
}

func TestAClockThatIsMetInTimeIsNoBreach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := start()
		e := newEngine(t, db, m)
		c := e.set(e.clock("a", deadline.Counted, 30*time.Minute))
		late := e.set(e.clock("b", deadline.Counted, 30*time.Minute))
		m.pass(30 * time.Minute)
		if err := e.End(e.ctx, c.Owner, c.Kind, deadline.Met); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Microsecond) // late, before the engine has come to say so
		if err := e.End(e.ctx, late.Owner, late.Kind, deadline.Met); err != nil {
			t.Fatal(err)
		}
		e.heard("both are met")
		for owner, passed := range map[string]bool{"a": false, "b": true} {
			if d, err := e.Of(e.ctx, deadline.Owner{Kind: "test", ID: owner}, "report"); err != nil || (d.PassedAt != nil) != passed {
				t.Errorf("%s has passed: %+v, %v", owner, d, err)
			}
		}
	})
}

// The machine's clock is set by five minutes either way. What counts from an event neither fires early nor
// waits longer; what ends at a time on the wall follows the wall; and nothing is told twice.
func TestASetWallClockNeitherFiresNorLosesAnything(t *testing.T) {
	for _, by := range []time.Duration{5 * time.Minute, -5 * time.Minute, 50 * 365 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			m := start()
			e := newEngine(t, storetest.SQLite(t), m)
			e.set(e.clock("counted", deadline.Counted, 30*time.Minute))
			fixed := e.set(e.clock("fixed", deadline.Fixed, 30*time.Minute))
			m.pass(20 * time.Minute)
			e.heard("before")
			m.set(by)
			if _, err := e.Turn(e.ctx); err != nil {
				t.Fatal(err)
			}
			for _, told := range e.told {
				if strings.HasPrefix(told, "counted") {
					t.Errorf("the step fired %s", told)
				}
			}
			before := e.told // the fixed one follows the wall
			e.told = nil
			e.restart()
			m.pass(5 * time.Minute)
			m.set(0)
			if _, err := e.Turn(e.ctx); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(e.told, "counted warned officer") {
				t.Errorf("25 minutes after its beginning the counted clock told %q", e.told)
			}
			all := append(before, e.told...)
			e.told = nil
			d, err := e.Of(e.ctx, fixed.Owner, fixed.Kind)
			if err != nil || !d.DueAt.Equal(fixed.DueAt) {
				t.Errorf("the fixed clock is due at %s, %v; want %s", d.DueAt, err, fixed.DueAt)
			}
			m.set(-by) // and back again
			m.pass(20 * time.Minute)
			if _, err := e.Turn(e.ctx); err != nil {
				t.Fatal(err)
			}
			all = append(all, e.told...)
			slices.Sort(all)
			want := []string{
				"counted escalated 市值班", "counted passed leader", "counted warned officer",
				"fixed escalated 市值班", "fixed passed leader", "fixed warned officer",
			}
			if !slices.Equal(all, want) {
				t.Errorf("in all it told %q", all)
			}
		})
	}
}

// While the centre is away its clocks go on; a wall clock that was set meanwhile is found by the steady clock
// of the same start of the machine, and one that runs backwards across a start makes nothing wait longer.
func TestClocksGoOnWhileTheCentreIsAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := start()
		e := newEngine(t, db, m)
		e.heard("at the start")
		e.set(e.clock("a", deadline.Counted, 30*time.Minute))
		m.pass(10 * time.Minute) // killed here
		m.set(-time.Hour)
		m.pass(15 * time.Minute)
		e.restart()
		e.heard("25 minutes after its beginning", "a warned officer")
		m.reboot(0)
		m.set(-40 * 365 * 24 * time.Hour) // the battery is empty
		e.restart()
		e.heard("after a start in the past")
		m.pass(5 * time.Minute)
		e.heard("30 minutes after its beginning", "a passed leader")
		m.reboot(20 * time.Minute) // off for a while, with a clock that went on
		e.restart()
		e.heard("40 minutes and more", "a escalated 市值班")
	})
}

func TestWhoCannotBeToldHoldsUpNobodyAndIsToldLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := start()
		e := newEngine(t, db, m)
		e.set(e.clock("a", deadline.Counted, 10*time.Minute))
		e.set(e.clock("b", deadline.Counted, 10*time.Minute))
		e.fail["a"] = true
		m.pass(5 * time.Minute)
		e.told = nil
		if _, err := e.Turn(e.ctx); err != nil {
			t.Fatal(err)
		}
		if n := len(e.told); e.told[n-1] != "b warned officer" {
			t.Errorf("told %q", e.told)
		}
		e.told = nil
		e.fail["a"] = false
		e.heard("at once")
		m.pass(10 * time.Second)
		e.heard("after a rest", "a warned officer")
	})
}

func TestAClockSetAnewBeginsAnew(t *testing.T) {
	db := storetest.SQLite(t)
	m := start()
	e := newEngine(t, db, m)
	c := e.clock("a", deadline.Fixed, 4*time.Minute)
	e.set(c)
	e.heard("the time of the warning has gone by when it is set")
	if again := e.set(c); again.Round != 0 {
		t.Errorf("the same again is round %d", again.Round)
	}
	m.pass(4 * time.Minute)
	e.heard("due", "a passed leader")
	c.DueAt = m.Wall.Add(30 * time.Minute)
	if anew := e.set(c); anew.Round != 1 || anew.PassedAt != nil {
		t.Errorf("set anew it is %+v", anew)
	}
	m.pass(25 * time.Minute)
	e.heard("the new warning", "a warned officer")
	c.OrgID = "nobody"
	e.set(c)
	m.pass(5 * time.Minute)
	e.heard("nobody can be named", "a passed ")
	if err := e.End(e.ctx, c.Owner, c.Kind, deadline.Dropped); err != nil {
		t.Fatal(err)
	}
	if err := e.End(e.ctx, deadline.Owner{Kind: "test", ID: "none"}, "report", deadline.Met); err != nil {
		t.Errorf("ending what is not there: %v", err)
	}
}

// A clock that is set in a transaction which fails was never set.
func TestAClockStandsAndFallsWithItsOwner(t *testing.T) {
	db := storetest.SQLite(t)
	e := newEngine(t, db, start())
	stop := errors.New("stop")
	err := db.Do(e.ctx, func(ctx context.Context) error {
		if _, err := e.Set(ctx, e.clock("a", deadline.Counted, time.Minute)); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if list, err := e.Running(e.ctx, "", page.Request{}); err != nil || len(list.Items) != 0 {
		t.Errorf("running: %+v, %v", list, err)
	}
}

func TestClocksAreSeenByTheirDivisionOnly(t *testing.T) {
	e := newEngine(t, storetest.SQLite(t), start())
	c := e.set(e.clock("a", deadline.Counted, time.Hour))
	for division, want := range map[string]int{"320600": 1, "320623": 1, "320681": 0} {
		ctx := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: division, Permissions: []actor.Permission{actor.DutyRead}})
		list, err := e.Running(ctx, "", page.Request{})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s sees %d clocks, %v", division, len(list.Items), err)
		}
		if _, err := e.Of(ctx, c.Owner, c.Kind); (err == nil) != (want == 1) {
			t.Errorf("%s asks for it: %v", division, err)
		}
	}
	nobody := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: "320600"})
	if _, err := e.Running(nobody, "", page.Request{}); errs.KindOf(err) != errs.Denied {
		t.Errorf("without the permission: %v", err)
	}
}

func TestAClockWithoutSenseIsRefused(t *testing.T) {
	e := newEngine(t, storetest.SQLite(t), start())
	for what, spoil := range map[string]func(c *deadline.Clock){
		"no owner":         func(c *deadline.Clock) { c.Owner.ID = "" },
		"no name":          func(c *deadline.Clock) { c.Name = " " },
		"no scale":         func(c *deadline.Clock) { c.Scale = "" },
		"no end":           func(c *deadline.Clock) { c.DueAt = time.Time{} },
		"no marks":         func(c *deadline.Clock) { c.Stages = nil },
		"never passes":     func(c *deadline.Clock) { c.Stages = c.Stages[:1] },
		"warns afterwards": func(c *deadline.Clock) { c.Stages[0].After = minutes(1) },
		"out of order":     func(c *deadline.Clock) { slices.Reverse(c.Stages) },
	} {
		c := e.clock("a", deadline.Counted, time.Hour)
		spoil(&c)
		if _, err := e.Set(e.ctx, c); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Two hundred clocks that are overdue hide no newer one from the desk that it asks, and the list goes on to its end.
func TestADeskFindsEveryClockThatAsksIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		e := newEngine(t, db, start())
		for i := range 230 {
			c := e.clock(fmt.Sprint("old ", i), deadline.Counted, time.Minute)
			c.OrgID = map[bool]string{true: "county", false: "other"}[i%10 > 0]
			e.set(c)
		}
		e.m.pass(5 * time.Minute)
		newest := e.clock("new", deadline.Counted, 6*time.Minute)
		newest.OrgID = "other"
		e.set(newest)
		e.m.pass(2 * time.Minute)
		if _, err := e.Turn(e.ctx); err != nil {
			t.Fatal(err)
		}
		mine, err := e.Running(e.ctx, "other", page.Request{})
		if err != nil || len(mine.Items) != 24 || mine.Next != "" || mine.Items[23].Owner.ID != "new" {
			t.Errorf("the desk finds %d, next %q, %v", len(mine.Items), mine.Next, err)
		}
		seen := map[string]bool{}
		for r := (page.Request{Limit: 100}); ; {
			part, err := e.Running(e.ctx, "", r)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range part.Items {
				seen[c.ID] = true
			}
			if r.After = part.Next; r.After == "" {
				break
			}
		}
		if len(seen) != 231 {
			t.Errorf("the list holds %d", len(seen))
		}
		if _, err := e.Running(e.ctx, "", page.Request{After: "nonsense"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a mark that is none: %v", err)
		}
	})
}

// What a clock is called is for who may read what it belongs to.
func TestTheNameOfAClockIsNotForEverybody(t *testing.T) {
	e := newEngine(t, storetest.SQLite(t), start())
	e.Reads = map[string]actor.Permission{"test": actor.IncidentRead}
	c := e.set(e.clock("a", deadline.Counted, time.Minute))
	e.m.pass(2 * time.Minute)
	if _, err := e.Turn(e.ctx); err != nil {
		t.Fatal(err)
	}
	for want, permissions := range map[string][]actor.Permission{"": {actor.DutyRead}, "初报": {actor.DutyRead, actor.IncidentRead}} {
		ctx := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: "320600", Permissions: permissions})
		running, err := e.Running(ctx, "", page.Request{})
		if err != nil || len(running.Items) != 1 || running.Items[0].Name != want {
			t.Errorf("running: %+v, %v; want %q", running, err, want)
		}
		breaches, err := e.Breaches(ctx, time.Time{}, page.Request{})
		if err != nil || len(breaches.Items) != 1 || breaches.Items[0].Name != want {
			t.Errorf("passed: %+v, %v; want %q", breaches, err, want)
		}
		if d, err := e.Of(ctx, c.Owner, c.Kind); err != nil || d.Name != want {
			t.Errorf("one: %+v, %v; want %q", d, err, want)
		}
		found, err := e.Breaches(ctx, time.Time{}, page.Request{Search: "初报"})
		if err != nil || (len(found.Items) == 1) != (want != "") {
			t.Errorf("found: %+v, %v", found, err)
		}
	}
}
