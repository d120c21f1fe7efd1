package rule

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestRuleAppliesToItsClassOrTheListedDevices(t *testing.T) {
	byClass, listed := water(), water()
	listed.Devices = []string{"a"}
	for _, c := range []struct {
		rule                    Rule
		device, class, property string
		want                    bool
	}{
		{byClass, "a", "water_level", "water_level", true},
		{byClass, "a", "water_level", "battery", false},
		{byClass, "a", "gas", "water_level", false},
		{listed, "a", "", "water_level", true},
		{listed, "b", "water_level", "water_level", false},
	} {
		if got := c.rule.Applies(c.device, c.class, c.property); got != c.want {
			t.Errorf("%+v: got %v", c, got)
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
		{"unknown key", good + "    colour: red\n", "line 13: field colour is unknown"},
		{"unknown key at the top", good + "rulez: []\n", "line 13: field rulez is unknown"},
		{"wrong type", strings.Replace(good, "limit: 20", "limit: much", 1), "line 8"},
		{"bad duration", strings.Replace(good, "for: 2s", "for: 2 weeks", 1), "line 10"},
		{"clear on the wrong side", strings.Replace(good, "clear: 18", "clear: 21", 1), "line 9: clear: 21 lies above"},
		{"no limit", strings.Replace(good, "    limit: 20\n", "", 1), "line 2: limit: is missing"},
		{"level", strings.Replace(good, "level: 2", "level: 5", 1), "line 11: level: 5"},
		{"the id twice", good + strings.TrimPrefix(good, "rules:\n"), "line 13: id: a is defined already"},
		{"two documents", good + "---\n" + good, "more than one document"},
		{"no YAML", "rules: [", "line 1"},
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
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, lines, err := parse(text)
		if err == nil && len(rules) != len(lines) {
			t.Errorf("%d rules, %d lines", len(rules), len(lines))
		}
	})
}
