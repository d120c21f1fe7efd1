package rule

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

func water() Rule {
	return Rule{
		ID: "water", Name: "水位", NameEN: "Water", Class: "water_level", Property: "water_level", Condition: Above,
		Limit: 5.2, Clear: 5.1, For: Duration(10 * time.Second), Level: 3, Source: "test",
	}
}

func at(seconds int64, v float64) wire.Point { return wire.Point{At: seconds * 1000, Value: v} }

func TestAlarmFollowsLimitHysteresisAndDuration(t *testing.T) {
	bad := func(seconds int64, v float64) wire.Point {
		return wire.Point{At: seconds * 1000, Value: v, Quality: wire.Bad}
	}
	quick, below := water(), water()
	quick.For = 0
	below.For, below.Condition, below.Limit, below.Clear = 0, Below, 1, 1.2
	for _, c := range []struct {
		name   string
		rule   Rule
		points []wire.Point
		want   []Change
	}{
		{"held for the duration", water(), []wire.Point{at(0, 5.2), at(9, 5.3), at(10, 5.3)}, []Change{None, None, Raised}},
		{"a dip starts the duration anew", water(), []wire.Point{at(0, 5.3), at(5, 5.0), at(6, 5.3), at(12, 5.3), at(16, 5.3)}, []Change{None, None, None, None, Raised}},
		{"one reading is enough without a duration", quick, []wire.Point{at(0, 5.2)}, []Change{Raised}},
		{"just under the limit is inside the hysteresis", quick, []wire.Point{at(0, 5.3), at(1, 5.15), at(2, 5.25), at(3, 5.1), at(4, 5.3)}, []Change{Raised, None, None, Ended, Raised}},
		{"below", below, []wire.Point{at(0, 1.1), at(1, 1), at(2, 1.1), at(3, 1.2)}, []Change{None, Raised, None, Ended}},
		{"bad quality neither raises nor ends", quick, []wire.Point{bad(0, 9), at(1, 5.3), bad(2, 0), at(3, 5)}, []Change{None, Raised, None, Ended}},
		{"bad quality does not fill the duration", water(), []wire.Point{at(0, 5.3), bad(30, 5.3), at(31, 5)}, []Change{None, None, None}},
		{"uncertain counts", quick, []wire.Point{{At: 1, Value: 6, Quality: wire.Uncertain}}, []Change{Raised}},
		{"not a number is nothing", quick, []wire.Point{at(0, math.NaN()), at(1, math.Inf(1))}, []Change{None, None}},
		{"late readings never flip the state", quick, []wire.Point{at(10, 5.3), at(5, 1), at(10, 1), at(11, 5)}, []Change{Raised, None, None, Ended}},
		{"a late high reading does not raise", quick, []wire.Point{at(10, 5), at(9, 9)}, []Change{None, None}},
		{"times before 1970 are times", quick, []wire.Point{at(-10, 5), at(-9, 5.3)}, []Change{None, Raised}},
	} {
		var s State
		for i, p := range c.points {
			if got := c.rule.Step(&s, p); got != c.want[i] {
				t.Errorf("%s: reading %d gave %d, want %d", c.name, i, got, c.want[i])
			}
		}
	}
}

func TestClearAtTheLimitEndsOnlyBeyondIt(t *testing.T) {
	r := water()
	r.For, r.Clear = 0, r.Limit
	var s State
	r.Step(&s, at(0, 5.2))
	if got := r.Step(&s, at(1, 5.2)); got != None || !s.Active {
		t.Errorf("the limit itself ended the alarm: %d", got)
	}
	if got := r.Step(&s, at(2, 5.19)); got != Ended {
		t.Errorf("got %d, want Ended", got)
	}
}

func TestPeakIsTheWorstSinceTheLimitWasPassed(t *testing.T) {
	r := water()
	var s State
	for _, p := range []wire.Point{at(0, 5.2), at(3, 5.9), at(10, 5.3), at(11, 5.6)} {
		r.Step(&s, p)
	}
	if s.Peak != 5.9 {
		t.Errorf("got peak %v, want 5.9", s.Peak)
	}
}

func TestRuleLooksAtItsClassOrTheListedDevices(t *testing.T) {
	byClass, listed := water(), water()
	listed.Devices = []string{"a"}
	joint := expression("water_level > 5 and upstream > 3 and flow > 1")
	joint.Devices, joint.Inputs = []string{"a", "b"}, map[string]Input{"upstream": {"up", "water_level"}}
	for _, c := range []struct {
		rule                    Rule
		device, class, property string
		want                    []Subject
	}{
		{byClass, "a", "water_level", "water_level", []Subject{{"a", "water_level"}}},
		{byClass, "a", "water_level", "battery", nil},
		{byClass, "a", "gas", "water_level", nil},
		{listed, "a", "", "water_level", []Subject{{"a", "water_level"}}},
		{listed, "b", "water_level", "water_level", nil},
		{silent(), "a", "water_level", "battery", []Subject{{"a", "battery"}}},
		{silent(), "a", "gas", "water_level", nil},
		{joint, "a", "", "flow", []Subject{{"a", "flow"}}},
		{joint, "a", "", "upstream", nil},
		{joint, "up", "", "water_level", []Subject{{"a", "upstream"}, {"b", "upstream"}}},
	} {
		if got := c.rule.Subjects(c.device, c.class, c.property); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: got %v, want %v", c.property, c.device, got, c.want)
		}
	}
}

func TestLoadNamesFileAndLine(t *testing.T) {
	const good = `rules:
  - id: a
    name: 甲
    name_en: A
    class: gas
    property: ch4_lel
    condition: above
    limit: 20
    clear: 18
    for: 2s
    level: 2
    source: test
`
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", good + "    colour: red\n", "r.yml:13: key colour is unknown"},
		{"unknown key at the top", good + "rulez: []\n", "r.yml:13: key rulez is unknown"},
		{"wrong type", strings.Replace(good, "limit: 20", "limit: much", 1), "r.yml:8: "},
		{"bad duration", strings.Replace(good, "for: 2s", "for: 2 weeks", 1), "r.yml:10: "},
		{"clear on the wrong side", strings.Replace(good, "clear: 18", "clear: 21", 1), "r.yml:9: rules.0.clear: 21 lies above"},
		{"no limit", strings.Replace(good, "    limit: 20\n", "", 1), "r.yml:2: rules.0.limit: is missing"},
		{"level", strings.Replace(good, "level: 2", "level: 5", 1), "r.yml:11: rules.0.level: 5"},
		{"the id twice", good + strings.TrimPrefix(good, "rules:\n"), "r.yml:13: id: a is defined already at"},
		{"window of a threshold", good + "    window: 1h\n", "r.yml:13: rules.0.window: belongs to rise and fall only"},
		{"rise without a window", strings.Replace(good, "above", "rise", 1), "rules.0.window: must be more than 0s"},
		{"silence without a duration", strings.Replace(strings.Replace(good, "above", "silent", 1), "    for: 2s\n", "", 1), "r.yml:2: rules.0.for: is missing"},
		{"a limit of silence", strings.Replace(good, "above", "silent", 1), "r.yml:8: rules.0.limit: does not belong"},
		{"no expression", strings.Replace(good, "above", "expression", 1), "r.yml:2: rules.0.expression: is missing"},
		{"no condition of ours", strings.Replace(good, "above", "over", 1), "r.yml:7: rules.0.condition"},
		{"an action without output", good + "    actions: [{device: horn}]\n", "r.yml:13: rules.0.actions.0: needs a device and an output"},
		{"an action twice", good + "    actions: [{device: horn, output: a}, {device: horn, output: a}]\n", "rules.0.actions.1: switches a of horn a second time"},
		{"two documents", good + "---\n" + good, "more than one document"},
		{"no YAML", "rules: [", "r.yml:1: "},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "r.yml"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "r.yml") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestShippedRulesLoadAndGoOutAsJSON(t *testing.T) {
	rules, err := Load("../../firmware-configs/rules")
	if err != nil {
		t.Fatal(err)
	}
	more, err := Load("../../firmware-configs/rules/by-site")
	if err != nil || len(more) == 0 {
		t.Fatal(err)
	}
	rules = append(rules, more...)
	if len(rules) < 3 {
		t.Fatalf("got %d rules", len(rules))
	}
	for _, r := range rules {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Rule
		if err := json.Unmarshal(text, &back); err != nil || back.For != r.For || back.Limit != r.Limit {
			t.Errorf("%s came back as %+v, %v", r.ID, back, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("rules:\n  - id: a\n"))
	f.Add([]byte("x: &a [1]\nrules: *a\n"))
	f.Add([]byte("rules: [{id: a, name: 甲, name_en: A, class: gas, property: ch4_lel, condition: rise, limit: 2, clear: 1, window: 1h, level: 1, source: x}]"))
	f.Add([]byte("rules: [{id: a, name: 甲, name_en: A, class: gas, property: ch4_lel, condition: expression, expression: ch4_lel > 1, level: 1, source: x}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, lines, err := parse("r.yml", text)
		if err == nil && len(rules) != len(lines) {
			t.Errorf("%d rules, %d lines", len(rules), len(lines))
		}
		if err != nil && !strings.HasPrefix(err.Error(), "r.yml:") {
			t.Errorf("no file and line: %v", err)
		}
		for i := range rules {
			if err := rules[i].Validate(); err != nil {
				t.Errorf("loaded but refused: %v", err)
			}
		}
	})
}

// Every rule that is shipped speaks of things that the vocabulary has and that a device of its class sends.
func TestShippedRulesAreAboutWhatDevicesSend(t *testing.T) {
	profiles, err := profile.LoadDir("../../firmware-configs/profiles")
	if err != nil {
		t.Fatal(err)
	}
	sent, classes := map[string]bool{"terminal uplink": true}, map[string]bool{}
	for _, p := range profiles {
		classes[p.Class] = true
		for _, s := range p.Series {
			sent[p.Class+" "+s.Property] = true
		}
	}
	rules, err := Load("../../firmware-configs/rules")
	if err != nil {
		t.Fatal(err)
	}
	watched := map[string]bool{}
	for _, r := range rules {
		if !sent[r.Class+" "+r.Property] {
			t.Errorf("%s: no device of class %s sends %s", r.ID, r.Class, r.Property)
		}
		if r.Condition == Silent {
			watched[r.Class] = true
		}
	}
	for class := range classes {
		if !watched[class] {
			t.Errorf("nobody notices when a device of class %s is silent", class)
		}
	}
}
