package telemetry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
)

func TestARuleIsTriedOnThePast(t *testing.T) {
	d := newDesk(t)
	start := now.Add(-50 * time.Hour)
	d.read(now, start, 5, 5.3, 5.4, 5, 5.25)
	d.read(now, now.Add(-time.Hour), 5, 5.5)
	d.events()
	wang := as("王工", "320623")
	got, err := d.TryRule(wang, water(), "level", 30, now)
	if err != nil || !got.Complete || got.Readings != 7 || len(got.Alarms) != 3 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if a := got.Alarms[0]; !a.OpenedAt.Equal(start.Add(time.Second)) || a.EndedAt == nil || !a.EndedAt.Equal(start.Add(3*time.Second)) || a.Value != 5.3 || a.Peak != 5.4 {
		t.Errorf("the first is %+v", a)
	}
	if a := got.Alarms[2]; a.EndedAt != nil || a.Peak != 5.5 {
		t.Errorf("the last is %+v, want one that holds", a)
	}
	if got, err := d.TryRule(wang, water(), "level", 1, now); err != nil || len(got.Alarms) != 1 || got.Readings != 2 {
		t.Errorf("one day: %+v, %v", got, err)
	}
	if _, text := d.all(); text != "" || d.events() != "" {
		t.Errorf("a trial has left %q", text)
	}
}

func TestSilenceAndExpressionsAreTried(t *testing.T) {
	d := newDesk(t)
	d.read(now, now.Add(-3*time.Hour), 5, 5.3)
	d.read(now, now.Add(-time.Hour), 5)
	silent := water()
	silent.Condition, silent.Limit, silent.Clear, silent.For = rule.Silent, 0, 0, rule.Duration(30*time.Minute)
	got, err := d.TryRule(as("王工", "320623"), silent, "level", 1, now)
	if err != nil || len(got.Alarms) != 2 || got.Alarms[0].EndedAt == nil || got.Alarms[1].EndedAt != nil {
		t.Fatalf("silent: %+v, %v", got, err)
	}
	if want := now.Add(-3*time.Hour + time.Second + 30*time.Minute); !got.Alarms[0].OpenedAt.Equal(want) {
		t.Errorf("noticed at %v, want %v", got.Alarms[0].OpenedAt, want)
	}
	formula := water()
	formula.Condition, formula.Limit, formula.Clear, formula.Expression = rule.Expression, 0, 0, "water_level > 5.2"
	if got, err = d.TryRule(as("王工", "320623"), formula, "level", 1, now); err != nil || len(got.Alarms) != 1 || got.Alarms[0].EndedAt == nil {
		t.Errorf("expression: %+v, %v", got, err)
	}
}

func TestATrialHeedsTheExceptionOfTheDevice(t *testing.T) {
	wang := as("王工", "320623")
	limit, until := 5.6, now.Add(time.Hour)
	try := func(e rule.Exception) telemetry.Trial {
		t.Helper()
		published := water()
		published.Exceptions = map[string]rule.Exception{"level": e, "other": {Off: true}}
		d := newDesk(t, published)
		d.read(now, now.Add(-time.Hour), 5, 5.3, 5, 5.7, 5)
		got, err := d.TryRule(wang, water(), "level", 1, now)
		if err != nil || !got.Complete {
			t.Fatalf("got %+v, %v", got, err)
		}
		return got
	}
	if got := try(rule.Exception{Limit: &limit, Until: &until}); len(got.Alarms) != 1 || got.Exception == nil || *got.Exception.Limit != limit {
		t.Errorf("another limit: %+v", got)
	}
	if got := try(rule.Exception{Off: true, Until: &until}); len(got.Alarms) != 0 || got.Exception == nil || !got.Exception.Off {
		t.Errorf("off: %+v", got)
	}
	ended := now.Add(-time.Minute)
	if got := try(rule.Exception{Off: true, Until: &ended}); len(got.Alarms) != 2 || got.Exception != nil {
		t.Errorf("over: %+v", got)
	}
}

func TestATrialSaysWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	bad, foreign := water(), water()
	bad.Source = ""
	foreign.Property = "rain"
	for what, c := range map[string]struct {
		rule        rule.Rule
		device, who string
		days        int
		kind        errs.Kind
		says        string
	}{
		"no source":      {bad, "level", "320623", 30, errs.Invalid, "source"},
		"another series": {foreign, "level", "320623", 30, errs.Invalid, "series"},
		"too long":       {water(), "level", "320623", 31, errs.Invalid, "30"},
		"another county": {water(), "level", "320681", 30, errs.NotFound, "level"},
	} {
		if _, err := d.TryRule(as("王工", c.who), c.rule, c.device, c.days, now); errs.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
