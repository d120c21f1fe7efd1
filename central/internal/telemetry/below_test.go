package telemetry_test

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// belowFirst is whether the desks above may be silent for the one alarm, as the live view tells them.
func (d *desk) belowFirst() bool {
	d.t.Helper()
	items, err := d.ActiveAlarms(as("w", "320600"))
	if err != nil || len(items) != 1 {
		d.t.Fatalf("%d alarms, %v", len(items), err)
	}
	return items[0].BelowFirst
}

func (d *desk) first(what string, want bool) {
	d.t.Helper()
	if got := d.belowFirst(); got != want {
		d.t.Errorf("%s: the desks below have it first: %v, want %v", what, got, want)
	}
}

func upper(levels []int, classes ...string) *telemetry.Upper {
	return &telemetry.Upper{Levels: levels, Classes: classes}
}

func TestOnlyAnAlarmThatTimePassesOnMayBeSilentAbove(t *testing.T) {
	for what, c := range map[string]struct {
		upper *telemetry.Upper
		after []int
		want  bool
	}{
		"of no level and class that rings at once": {upper([]int{1}, "gas"), []int{180}, true},
		"of a level that rings at once":            {upper([]int{1, 3}, "gas"), []int{180}, false},
		"of a class that rings at once":            {upper(nil, "water_level"), []int{180}, false},
		"nothing rings at once":                    {upper(nil), []int{180}, true},
		"the policy says nothing of it":            {nil, []int{180}, false},
		"no time passes it on":                     {upper(nil), nil, false},
	} {
		t.Run(what, func(t *testing.T) {
			d := &desk{t: t, dir: t.TempDir(), gone: register{}, policy: telemetry.Policy{
				Source: "test", Upper: c.upper, Entries: []telemetry.Escalates{{Level: 3, Late: 60, After: c.after}},
			}}
			d.start(water())
			t.Cleanup(d.kill)
			d.read(time.Now(), time.Now(), 5.3)
			d.first("opened", c.want)
		})
	}
}

func TestAlarmIsBelowFirstOverARestartAndWhatAPersonDoes(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.read(time.Now(), time.Now(), 5.3)
		d.first("without a word in the policy", false)
		d.stop()
		d.policy.Upper = upper([]int{1})
		d.start(water())
		d.first("started", true)
		items, _ := d.all()
		if _, err := d.Shelve(as("王工", "320623"), items[0].ID, "检查", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		d.first("shelved: no time passes it on", false)
		time.Sleep(time.Hour + 2*time.Second)
		d.first("it rings again", true)
		d.passed("not yet", "")
		time.Sleep(3 * time.Minute)
		d.passed("the time does", "duty@320600")
		a, err := d.Alarm(as("w", "320600"), items[0].ID)
		if err != nil || a.Escalation == nil || a.Escalation.Desk.Division != "320600" {
			t.Errorf("asked is %+v, %v; want the desk above", a.Escalation, err)
		}
	})
}

func TestAnotherPolicyRingsAboveWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.stop()
		d.policy.Upper = upper([]int{1})
		d.start(water())
		d.read(time.Now(), time.Now(), 5.3)
		d.first("opened", true)
		p := d.policy
		p.Upper, p.Note = upper([]int{1, 2, 3}), "防汛期"
		may := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "a", Name: "管理员", DivisionCode: "320600", Permissions: []actor.Permission{actor.AlarmRead, actor.AlarmPolicy}})
		if _, err := d.SetEscalationPolicy(may, p); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		d.first("rings at every level", false)
	})
}

func TestUpperOfAPolicyIsCheckedAndBelongsToTheTop(t *testing.T) {
	d := &desk{t: t, dir: t.TempDir(), gone: register{}, policy: climbing()}
	d.policy.Upper = upper([]int{1})
	d.start(water())
	t.Cleanup(d.kill)
	may := func(division string) actor.Actor {
		return actor.Actor{Kind: actor.User, ID: "a", Name: "管理员", DivisionCode: division, Permissions: []actor.Permission{actor.AlarmRead, actor.AlarmPolicy}}
	}
	for what, u := range map[string]*telemetry.Upper{"level 5": upper([]int{5}), "no class": upper(nil, "Gas!")} {
		p := d.policy
		p.Upper, p.Note = u, "x"
		if _, err := d.SetEscalationPolicy(actor.With(t.Context(), may("320600")), p); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	p := d.policy
	p.Upper, p.Note = upper(nil), "x"
	if _, err := d.SetEscalationPolicy(actor.With(t.Context(), may("320623")), p); err == nil {
		t.Error("a county has made the desks above silent")
	}
	p.Upper = nil
	if got, err := d.SetEscalationPolicy(actor.With(t.Context(), may("320600")), p); err != nil || got.Upper == nil || got.Upper.Levels[0] != 1 {
		t.Errorf("left out: %+v, %v; want it as before", got.Upper, err)
	}
}
