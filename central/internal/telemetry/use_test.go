package telemetry_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// steps are the kinds of what happened to the newest alarm.
func (d *desk) steps(t *testing.T) (out []telemetry.Step) {
	t.Helper()
	list, err := d.ListAlarms(as("王", "320600"), telemetry.Filter{})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("alarms: %+v, %v", list, err)
	}
	if out, err = d.Steps(as("王", "320600"), list.Items[0].ID); err != nil {
		t.Fatal(err)
	}
	return out
}

func level(limit float64, held time.Duration) rule.Rule {
	return rule.Rule{
		ID: "water", Name: "水", NameEN: "Water", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: limit, Clear: limit, For: rule.Duration(held), Level: 3, Source: "test",
	}
}

func TestAnotherLimitDecidesOnTheNextReadingWithoutForgettingTheAlarm(t *testing.T) {
	d := newDesk(t, level(5, 0))
	now := time.Now().Add(-time.Minute)
	d.read(now, now, 5.5)
	d.Use(as("王", "320600"), []rule.Rule{level(5.2, 0)}, "汛期")
	if got := d.events(); got != "opened" {
		t.Errorf("after the change: %s", got)
	}
	d.read(now.Add(10*time.Second), now.Add(10*time.Second), 5.3)
	if got := d.events(); got != "" {
		t.Errorf("still above the new limit: %s", got)
	}
	d.Use(as("王", "320600"), []rule.Rule{level(6, 0)}, "汛期")
	d.read(now.Add(20*time.Second), now.Add(20*time.Second), 5.3)
	if got := d.events(); got != "returned" {
		t.Errorf("below the new limit: %s", got)
	}
}

func TestWhatARuleHasSeenOutlivesAnotherRulesChange(t *testing.T) {
	other := level(9, 0)
	other.ID = "other"
	d := newDesk(t, level(5, 30*time.Second), other)
	now := time.Now().Add(-time.Minute)
	d.read(now, now, 5.5)
	other.Limit, other.Clear = 8, 8
	d.Use(as("王", "320600"), []rule.Rule{level(5, 30*time.Second), other}, "x")
	d.read(now.Add(30*time.Second), now.Add(30*time.Second), 5.5)
	if got := d.events(); got != "opened" {
		t.Errorf("the duration began anew: %q", got)
	}
	changed := level(5.1, 30*time.Second)
	d2 := newDesk(t, level(5, 30*time.Second))
	d2.read(now, now, 5.05)
	d2.Use(as("王", "320600"), []rule.Rule{changed}, "x")
	d2.read(now.Add(30*time.Second), now.Add(30*time.Second), 5.5)
	if got := d2.events(); got != "" {
		t.Errorf("time below the new limit counted: %q", got)
	}
}

func TestARuleThatIsGoneOrOffEndsItsAlarmAndSaysWhy(t *testing.T) {
	off := level(5, 0)
	off.Exceptions = map[string]rule.Exception{"level": {Off: true}}
	elsewhere := level(5, 0)
	elsewhere.Devices = []string{"other"}
	below := level(5, 0)
	below.Condition, below.Clear = rule.Below, 6
	for name, rules := range map[string][]rule.Rule{"gone": nil, "off": {off}, "about others": {elsewhere}, "another condition": {below}} {
		d := newDesk(t, level(5, 0))
		now := time.Now().Add(-time.Minute)
		d.read(now, now, 5.5)
		d.Use(as("王", "320600"), rules, "测站检修")
		if got := d.events(); got != "opened rule_gone" {
			t.Errorf("%s: %s", name, got)
		}
		steps := d.steps(t)
		if len(steps) != 2 || steps[1].Kind != telemetry.StepRuleGone || steps[1].Note != "测站检修" || steps[1].ActorName != "王" {
			t.Errorf("%s: steps %+v", name, steps)
		}
		d.read(now.Add(time.Second), now.Add(time.Second), 5.6)
		if got := d.events(); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAlarmOfATerminalEndsWithItsRule(t *testing.T) {
	d := newDesk(t, level(5.2, time.Hour))
	now := time.Now()
	d.alarmEvent("edge", now, now, true)
	d.Use(as("王", "320600"), nil, "x")
	if got := d.events(); got != "opened rule_gone" {
		t.Errorf("got %s", got)
	}
}

func TestAlarmWhoseRuleIsGoneHasNotReturnedAndRingsAnewWhenTheRuleIsBack(t *testing.T) {
	d := newDesk(t, level(5, 0))
	now := time.Now().Add(-time.Minute)
	d.read(now, now, 5.5)
	d.Use(as("王", "320600"), nil, "x")
	d.expect("the rule is gone", "returned", "opened rule_gone")
	if list, _ := d.all(); !list[0].RuleGone {
		t.Errorf("got %+v", list[0])
	}
	d.Use(as("王", "320600"), []rule.Rule{level(5, 0)}, "x")
	d.read(now.Add(time.Second), now.Add(time.Second), 5.6)
	d.expect("the rule is back", "open", "reopened")
	d.Use(as("王", "320600"), nil, "x")
	list, _ := d.all()
	a, err := d.Ack(as("王", "320600"), list[0].ID, "")
	if err != nil || a.State != telemetry.Cleared || !a.RuleGone {
		t.Errorf("acknowledged: %+v, %v", a, err)
	}
}

func TestATerminalThatHasLostARuleDoesNotSayThatItsAlarmReturned(t *testing.T) {
	d := newDesk(t)
	now := time.Now()
	d.alarmEvent("edge", now, now, true)
	data, err := json.Marshal(wire.AlarmEvent{Rule: "water", Property: "water_level", Level: 4, Gone: true})
	if err != nil {
		t.Fatal(err)
	}
	at := now.Add(time.Second)
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: at, Batch: &wire.Batch{Events: []wire.Event{{ID: "f", At: at.UnixMilli(), Kind: wire.EventAlarm, Device: "level", Data: data}}}})
	d.expect("gone at the terminal", "returned@edge", "opened rule_gone")
}

func TestANewRuleLooksAtTheNewestValueAtOnce(t *testing.T) {
	d := newDesk(t)
	now := time.Now()
	d.read(now, now, 5.5)
	d.Use(as("王", "320600"), []rule.Rule{level(5, 0)}, "x")
	if got := d.events(); got != "opened" {
		t.Errorf("got %q", got)
	}
}
