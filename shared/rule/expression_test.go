package rule

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

func expression(text string) Rule {
	return Rule{
		ID: "joint", Name: "合", NameEN: "Joint", Class: "water_level", Property: "water_level", Condition: Expression,
		Expression: text, Level: 2, Source: "test",
	}
}

func value(input string, seconds int64, v float64) Value { return Value{input, at(seconds, v)} }

// joined plays messages and writes down what became of them: ↑ and ↓ with the second.
func joined(t *testing.T, r Rule, messages ...[]Value) string {
	t.Helper()
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	var out []string
	var s State
	for _, m := range messages {
		r.Join(&s, m, func(c Change, at int64) {
			out = append(out, map[Change]string{Raised: "↑", Ended: "↓"}[c]+clock(at))
		})
	}
	return strings.Join(out, " ")
}

func clock(ms int64) string { return wire.Time(ms).Format("4:05") }

func TestExpressionOverSeveralPropertiesAndDevices(t *testing.T) {
	two := expression("water_level > 5 and flow > 100")
	other := expression("water_level - upstream > 1")
	other.Devices, other.Inputs = []string{"a"}, map[string]Input{"upstream": {"b", "water_level"}}
	held := two
	held.For = Duration(10e9)
	for _, c := range []struct {
		name     string
		rule     Rule
		messages [][]Value
		want     string
	}{
		{"both must hold", two, [][]Value{{value("water_level", 1, 6)}, {value("flow", 2, 50)}, {value("flow", 3, 150)}, {value("water_level", 4, 5)}}, "↑0:03 ↓0:04"},
		{"columns one after the other are put in order", two, [][]Value{{
			value("water_level", 1, 4), value("water_level", 2, 6), value("water_level", 3, 4), value("flow", 1, 150), value("flow", 2, 50), value("flow", 3, 150),
		}}, ""},
		{"raised and ended in one message", two, [][]Value{{
			value("water_level", 1, 6), value("water_level", 2, 4), value("flow", 1, 150), value("flow", 2, 150),
		}}, "↑0:01 ↓0:02"},
		{"another device may be behind", other, [][]Value{{value("water_level", 10, 6)}, {value("upstream", 4, 4)}, {value("upstream", 11, 6)}}, "↑0:10 ↓0:11"},
		{"what was before it does not end it", other, [][]Value{{value("upstream", 1, 4)}, {value("water_level", 10, 6)}, {value("upstream", 4, 6)}, {value("upstream", 11, 4)}}, "↑0:10"},
		{"a late value changes nothing", two, [][]Value{{value("water_level", 5, 6), value("flow", 5, 50)}, {value("flow", 4, 150)}, {value("flow", 5, 150)}}, ""},
		{"a value that is too old is not known", two, [][]Value{{value("flow", 0, 150)}, {value("water_level", 601, 6)}}, ""},
		{"a bad value is none", two, [][]Value{{value("water_level", 1, 6)}, {{"flow", wire.Point{At: 2, Value: 150, Quality: wire.Bad}}}, {value("flow", 3, math.NaN())}}, ""},
		{"held for a while", held, [][]Value{{value("water_level", 1, 6), value("flow", 1, 150)}, {value("flow", 10, 150)}, {value("flow", 11, 150)}}, "↑0:11"},
	} {
		if got := joined(t, c.rule, c.messages...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExpressionThatIsNotUnderstoodIsRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "must be 1 to"},
		{strings.Repeat("water_level > 1 or ", 30) + "true", "must be 1 to"},
		{"water_level", "expression"},
		{"water_level >", "expression"},
		{"flow > 1", "does not look at water_level"},
		{"water_level > 1 and 'a' matches 'b'", "is more than"},
		{"water_level in 1..1000000000", "is more than"},
		{"len([water_level]) > 0", "is more than"},
		{"all([1], # > water_level)", "is more than"},
		{"let x = water_level; x > 1", "is more than"},
		{"$env.water_level > 1", "is more than"},
		{"water_level ** 99 > 1", "is more than"},
		{"now() > 1 and water_level > 1", "is more than"},
		{"water_level > 1 and a > 1 and b > 1 and c > 1 and d > 1 and e > 1 and f > 1 and g > 1 and h > 1", "more than 8"},
		{"water_level > 1 and Flow > 1", "is not a property"},
	} {
		r := expression(c.text)
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
	r := expression("water_level > 1")
	r.Devices, r.Inputs = []string{"a"}, map[string]Input{"x": {"b", "flow"}}
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "not used") {
		t.Errorf("an input that nobody uses: %v", err)
	}
	r.Inputs = map[string]Input{"water_level": {"b", "water_level"}}
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "name the other one differently") {
		t.Errorf("an input under the name of the property: %v", err)
	}
	r = expression("max(water_level, abs(flow)) > 1 ? true : not (flow != 2)")
	if err := r.Validate(); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestExpressionRemembersNoMoreThanItsNames(t *testing.T) {
	r := expression("water_level > 5 and flow > 100")
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	var s State
	active := false
	for range 20_000 {
		v := value([]string{"water_level", "flow"}[rnd.IntN(2)], rnd.Int64N(10_000), rnd.Float64()*200)
		r.Join(&s, []Value{v}, func(c Change, _ int64) {
			if (c == Raised) == active {
				t.Fatal("raised or ended twice")
			}
			active = c == Raised
		})
	}
	if len(s.Inputs) != 2 {
		t.Errorf("%d values are kept", len(s.Inputs))
	}
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{"water_level > 5 and flow > 100", "water_level / (flow - flow) > 1", "max(water_level, 1) == 1 ? true : false", "water_level in 1..9", "$env", "((((("} {
		f.Add(text, 1.0, 2.0)
	}
	f.Fuzz(func(t *testing.T, text string, a, b float64) {
		r := expression(text)
		if r.Validate() != nil {
			return
		}
		var s State
		for i, v := range []float64{a, b} {
			r.Join(&s, []Value{value("water_level", int64(i), v), value("flow", int64(i), v)}, func(Change, int64) {})
		}
		if len(s.Inputs) > maxInputs {
			t.Errorf("%d inputs", len(s.Inputs))
		}
	})
}
