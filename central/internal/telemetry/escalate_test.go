package telemetry_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// climbing passes level 3 on after 3 and then 5 minutes.
func climbing() telemetry.Policy {
	return telemetry.Policy{Source: "test", Entries: []telemetry.Escalates{
		{Level: 3, Late: 60, After: []int{180, 300, 600, 600}}, {Division: "320681", Level: 3, Late: 1, After: []int{1}},
	}}
}

// inBubble runs a test on a desk by the test's own clock, in which time passes only while all wait.
func inBubble(t *testing.T, run func(t *testing.T, d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour) // the bubble begins with the century, and nothing is older than that
		d := &desk{t: t, dir: t.TempDir(), gone: register{}, policy: climbing()}
		d.start(water())
		run(t, d)
		d.stop()
	})
}

func (d *desk) stop() {
	d.t.Helper()
	if err := d.Stop(context.Background()); err != nil {
		d.t.Error(err)
	}
	d.kill()
}

// tiers are the desks that the one alarm was passed on to, as its steps tell.
func (d *desk) tiers() string {
	d.t.Helper()
	items, _ := d.all()
	steps, err := d.Steps(as("w", "320600"), items[0].ID)
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, s := range steps {
		if s.Kind == telemetry.StepEscalated {
			out = append(out, s.Desk.Role+"@"+s.Desk.Division)
		}
	}
	return strings.Join(out, " ")
}

func (d *desk) passed(what, want string) {
	d.t.Helper()
	if got := d.tiers(); got != want {
		d.t.Errorf("%s: passed on to %q, want %q", what, got, want)
	}
}

func TestUnacknowledgedAlarmClimbsAndStopsWhenSomebodyTakesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		items, _ := d.all()
		if a := items[0]; a.EscalateAt == nil || time.Until(*a.EscalateAt).Round(time.Second) != 3*time.Minute || time.Until(*a.LateAt).Round(time.Second) != time.Minute {
			t.Fatalf("due at %v, late at %v", a.EscalateAt, a.LateAt)
		}
		time.Sleep(179 * time.Second)
		d.passed("before its time", "")
		time.Sleep(3 * time.Second)
		d.passed("after 3 minutes", "duty@320600")
		time.Sleep(5 * time.Minute)
		d.passed("after 8 minutes", "duty@320600 leader@320600")
		time.Sleep(10 * time.Minute)
		d.passed("nobody above", "duty@320600 leader@320600 leader@320600")
		a, err := d.Ack(as("王工", "320600"), items[0].ID, "")
		if err != nil || a.EscalateAt != nil || a.LateAt != nil || a.Escalation.Tier != 3 {
			t.Fatalf("acknowledged %+v, %v", a, err)
		}
		time.Sleep(time.Hour)
		d.passed("taken", "duty@320600 leader@320600 leader@320600")
		if p, err := d.ListAlarms(as("w", "320600"), telemetry.Filter{Escalated: true, Active: true}); err != nil || len(p.Items) != 1 {
			t.Errorf("list of what was passed on: %+v, %v", p.Items, err)
		}
	})
}

func TestAlarmClimbsOnceOverARestart(t *testing.T) {
	inBubble(t, func(_ *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		time.Sleep(2 * time.Minute)
		d.stop()
		time.Sleep(30 * time.Second)
		d.start(water())
		d.passed("before its time", "")
		time.Sleep(32 * time.Second)
		d.passed("the time ran on", "duty@320600")
		d.stop()
		d.start(water())
		time.Sleep(2 * time.Second)
		d.passed("and again", "duty@320600")
		d.stop()
		time.Sleep(time.Hour)
		d.start(water())
		time.Sleep(2 * time.Second)
		d.passed("one step for a long absence", "duty@320600 leader@320600")
	})
}

func TestWhatIsSilentClimbsNowhere(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		items, _ := d.all()
		a, err := d.Shelve(as("王工", "320623"), items[0].ID, "检查", time.Now().Add(time.Hour))
		if err != nil || a.EscalateAt != nil {
			t.Fatalf("shelved %+v, %v", a, err)
		}
		time.Sleep(59 * time.Minute)
		d.passed("shelved", "")
		time.Sleep(90*time.Second + 3*time.Minute)
		d.passed("it rings again", "duty@320600")
	})
	inBubble(t, func(_ *testing.T, d *desk) {
		d.alarmEvent("edge", time.Now(), time.Now().Add(-time.Hour), true)
		time.Sleep(time.Hour)
		d.passed("learned of too late", "")
	})
}

func TestAlarmIsPassedOnByHandAndWaitsAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		items, _ := d.all()
		id := items[0].ID
		for name, c := range map[string]struct {
			ctx  context.Context
			note string
			want errs.Kind
		}{
			"nobody": {context.Background(), "x", errs.Unauthenticated}, "other county": {as("他县", "320681"), "x", errs.NotFound},
			"no word": {as("王工", "320623"), " ", errs.Invalid},
		} {
			if _, err := d.Escalate(c.ctx, id, c.note); errs.KindOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := d.Ack(as("王工", "320623"), id, ""); err != nil {
			t.Fatal(err)
		}
		a, err := d.Escalate(as("王工", "320623"), id, "需要抽排")
		if err != nil || a.State != telemetry.Open || a.AckedAt != nil || a.Escalation.ByName != "王工" || a.Escalation.Note != "需要抽排" || a.Escalation.Desk.Division != "320600" {
			t.Fatalf("got %+v, %v", a.Escalation, err)
		}
		time.Sleep(5*time.Minute + 2*time.Second)
		d.passed("the next has its own time", "duty@320600 leader@320600")
		if _, err := d.Escalate(as("李工", "320600"), id, "x"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("nobody above: %v", err)
		}
	})
}

// worked lies over everything from a time to another, once somebody begins it.
type worked struct {
	span atomic.Pointer[[2]time.Time]
}

func (w *worked) begin(from, to time.Time) { w.span.Store(&[2]time.Time{from, to}) }

func (w *worked) Any() bool { return w.span.Load() != nil }

func (w *worked) Over(_ device.Device, _ string, at time.Time) (maintenance.Cover, bool) {
	span := w.span.Load()
	if span == nil {
		return maintenance.Cover{}, false
	}
	return maintenance.Cover{Window: "w", Until: span[1], Reason: "换探头"}, !at.Before(span[0]) && at.Before(span[1])
}

func TestMaintenanceSilencesAndEndsInALiveAlarm(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		now := time.Now()
		d.work.begin(now, now.Add(time.Hour))
		d.read(now, now, 5.3)
		items, _ := d.all()
		if a := items[0]; a.Maintenance == nil || !a.Maintenance.Within || a.EscalateAt != nil || a.State != telemetry.Open {
			t.Fatalf("opened %+v", a)
		}
		time.Sleep(59 * time.Minute)
		d.passed("under maintenance", "")
		d.events()
		time.Sleep(61 * time.Second)
		items, _ = d.all()
		if a := items[0]; a.Maintenance != nil || a.EscalateAt == nil || d.events() != "live" {
			t.Errorf("after the end %+v", a)
		}
		time.Sleep(3*time.Minute + 2*time.Second)
		d.passed("after the end", "duty@320600")
		rows, err := d.Readings(as("w", "320600"), telemetry.Selection{Series: []string{"level/water_level"}}, "", 10)
		if err != nil || len(rows.Items) != 1 || rows.Items[0].Quality != 1 {
			t.Errorf("readings %+v, %v; want one that is uncertain", rows.Items, err)
		}
	})
}

func TestWhatBeganAndEndedUnderMaintenanceNeedsNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		items, _ := d.all()
		now := time.Now()
		d.work.begin(now, now.Add(time.Hour))
		time.Sleep(2 * time.Second)
		d.read(time.Now(), time.Now(), 5)
		d.expect("it rang before", "returned", "opened maintained returned")
		if _, err := d.Ack(as("王工", "320623"), items[0].ID, ""); err != nil {
			t.Fatal(err)
		}
		d.events()
		time.Sleep(2 * time.Second)
		d.read(time.Now(), time.Now(), 5.3)
		time.Sleep(2 * time.Second)
		d.read(time.Now(), time.Now(), 5)
		d.expect("all under it", "cleared cleared", "opened cleared")
	})
}

func TestJumpOfTheClockIsNoTimePassed(t *testing.T) {
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		wall, mono, want time.Duration
	}{
		"as it goes":   {time.Second, time.Second, 0},
		"a slow slew":  {2500 * time.Millisecond, time.Second, 0},
		"set forward":  {10*time.Hour + time.Second, time.Second, 10 * time.Hour},
		"set back":     {time.Second - time.Hour, time.Second, -time.Hour},
		"a long pause": {time.Minute, time.Minute, 0},
	} {
		if got := telemetry.ClockStep(at, time.Hour, at.Add(c.wall), time.Hour+c.mono); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	inBubble(t, func(t *testing.T, d *desk) {
		now := time.Now()
		d.read(now, now, 5.3)
		if err := d.Stop(context.Background()); err != nil { // its own look at the clocks
			t.Fatal(err)
		}
		d.Look(now.Add(time.Second), time.Second)
		d.Look(now.Add(10*time.Hour), 2*time.Second)
		d.passed("the clock was set", "")
		d.Look(now.Add(10*time.Hour+3*time.Minute), 182*time.Second)
		d.passed("three minutes have passed", "duty@320600")
	})
}

func TestPolicyIsVersioned(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		may := func(division string) context.Context {
			return actor.With(context.Background(), actor.Actor{
				Kind: actor.User, ID: "a", Name: "管理员", DivisionCode: division, Permissions: []actor.Permission{actor.AlarmRead, actor.AlarmPolicy},
			})
		}
		d.read(time.Now(), time.Now(), 5.3)
		p := climbing()
		p.Note = "演练后缩短"
		p.Entries[0].After = []int{10}
		for name, c := range map[string]struct {
			ctx  context.Context
			edit func(p *telemetry.Policy)
			want errs.Kind
		}{
			"nobody":         {context.Background(), func(*telemetry.Policy) {}, errs.Unauthenticated},
			"an officer":     {as("王工", "320600"), func(*telemetry.Policy) {}, errs.Denied},
			"a county":       {may("320623"), func(*telemetry.Policy) {}, errs.Denied},
			"another county": {may("320681"), func(p *telemetry.Policy) { p.Source = "y" }, errs.Denied},
			"an old version": {may("320600"), func(p *telemetry.Policy) { p.Number = 4 }, errs.Conflict},
			"without why":    {may("320600"), func(p *telemetry.Policy) { p.Note = "" }, errs.Invalid},
			"without source": {may("320600"), func(p *telemetry.Policy) { p.Source = " " }, errs.Invalid},
			"level 5":        {may("320600"), func(p *telemetry.Policy) { p.Entries[0].Level = 5 }, errs.Invalid},
			"twice":          {may("320600"), func(p *telemetry.Policy) { p.Entries[1].Division = "" }, errs.Invalid},
			"no time":        {may("320600"), func(p *telemetry.Policy) { p.Entries[0].After = []int{0} }, errs.Invalid},
		} {
			q := p
			q.Entries = append([]telemetry.Escalates{}, p.Entries...)
			c.edit(&q)
			if _, err := d.SetEscalationPolicy(c.ctx, q); errs.KindOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		own := climbing()
		own.Note, own.Entries[1].Late = "本县", 2
		got, err := d.SetEscalationPolicy(may("320681"), own)
		if err != nil || got.Number != 1 {
			t.Fatalf("a county's own entry: %+v, %v", got, err)
		}
		p.Number = 1
		if got, err = d.SetEscalationPolicy(may("320600"), p); err != nil || got.Number != 2 || got.AuthorName != "管理员" {
			t.Fatalf("got %+v, %v", got, err)
		}
		d.stop()
		d.start(water())
		list, err := d.EscalationPolicies(may("320600"))
		if err != nil || len(list) != 3 || list[0].Number != 2 || list[0].Note != "演练后缩短" || list[2].Number != 0 {
			t.Fatalf("versions %+v, %v", list, err)
		}
		time.Sleep(12 * time.Second)
		d.passed("what waits already follows the shorter time", "duty@320600")
	})
}

func TestShippedPolicyCanBeReadAndMistakesAreNamed(t *testing.T) {
	if p, err := telemetry.LoadPolicy("../../../firmware-configs/escalation/default.yml"); err != nil || len(p.Entries) != 4 || p.Source == "" {
		t.Errorf("got %+v, %v", p, err)
	}
	path := filepath.Join(t.TempDir(), "p.yml")
	for text, want := range map[string]string{
		"source: x\nentries:\n- {level: 5, late_seconds: 1, after_seconds: []}\n": "p.yml:2: entries.0.level",
		"source: x\nwho: y\n": "p.yml:2",
		"entries: []\n":       "source",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := telemetry.LoadPolicy(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := telemetry.LoadPolicy(filepath.Join(t.TempDir(), "none.yml")); err == nil {
		t.Error("a missing file was read")
	}
}
