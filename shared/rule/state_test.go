package rule

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func rise() Rule {
	return Rule{
		ID: "rise", Name: "涨", NameEN: "Rise", Class: "water_level", Property: "water_level", Condition: Rise,
		Limit: 0.5, Clear: 0.2, Window: Duration(time.Hour), Level: 3, Source: "test",
	}
}

func stuck() Rule {
	return Rule{
		ID: "stuck", Name: "停", NameEN: "Stuck", Class: "water_level", Property: "water_level", Condition: Stuck,
		Limit: 0.01, For: Duration(time.Hour), Level: 4, Source: "test",
	}
}

func silent() Rule {
	return Rule{
		ID: "silent", Name: "静", NameEN: "Silent", Class: "water_level", Property: "water_level", Condition: Silent,
		For: Duration(time.Minute), Level: 4, Source: "test",
	}
}

// minutes are readings a minute apart.
func minutes(values ...float64) (out []wire.Point) {
	for i, v := range values {
		out = append(out, at(int64(i)*60, v))
	}
	return out
}

func TestChangeWithinAWindow(t *testing.T) {
	fall := rise()
	fall.Condition, fall.Window = Fall, Duration(10*time.Minute)
	slow := make([]float64, 200) // 0.3 m an hour
	for i := range slow {
		slow[i] = float64(i) * 0.005
	}
	for _, c := range []struct {
		name   string
		rule   Rule
		points []wire.Point
		raised int // index, -1: never
		ended  int
	}{
		{"quick", rise(), minutes(3, 3.1, 3.2, 3.4, 3.5, 3.6), 4, -1},
		{"from the lowest, not the first", rise(), minutes(3.3, 3, 3.2, 3.4, 3.55), 4, -1},
		{"slowly over hours", rise(), minutes(slow...), -1, -1},
		{"a bad value in between", rise(), []wire.Point{at(0, 3), {At: 1000, Value: 9, Quality: wire.Bad}, at(2, 3.1)}, -1, -1},
		{"it ends when the rise is outlived", rise(), []wire.Point{at(0, 3), at(1800, 3.5), at(3600, 3.5), at(3660, 3.5), at(7200, 3.5)}, 1, 3},
		{"fall", fall, minutes(3, 2.9, 2.4, 2.4), 2, -1},
		{"a rise is no fall", fall, minutes(3, 4, 5), -1, -1},
	} {
		var s State
		raised, ended := -1, -1
		for i, p := range c.points {
			switch c.rule.Step(&s, p) {
			case Raised:
				raised = i
			case Ended:
				ended = i
			case None:
			}
		}
		if raised != c.raised || ended != c.ended {
			t.Errorf("%s: raised at %d, ended at %d, want %d and %d", c.name, raised, ended, c.raised, c.ended)
		}
	}
}

func TestStuckValue(t *testing.T) {
	r := stuck()
	every := func(step, n int64, v func(i int64) float64) (out []wire.Point) {
		for i := range n {
			out = append(out, at(i*step, v(i)))
		}
		return out
	}
	for _, c := range []struct {
		name   string
		points []wire.Point
		want   int // raised at
	}{
		{"stands still", every(600, 8, func(int64) float64 { return 3 }), 6},
		{"trembles within the limit", every(600, 8, func(i int64) float64 { return 3 + float64(i%2)*0.01 }), 6},
		{"drifts", every(600, 60, func(i int64) float64 { return 3 + float64(i)*0.004 }), -1},
		{"two readings far apart prove nothing", []wire.Point{at(0, 3), at(7200, 3)}, -1},
	} {
		var s State
		got := -1
		for i, p := range c.points {
			if r.Step(&s, p) == Raised {
				got = i
			}
		}
		if got != c.want {
			t.Errorf("%s: raised at %d, want %d", c.name, got, c.want)
		}
	}
	s := State{Active: true} // taken over from an alarm: nothing is known of the value
	for i, want := range []Change{None, None, Ended} {
		if got := r.Step(&s, minutes(3, 3.005, 3.2)[i]); got != want {
			t.Errorf("after a restart reading %d gave %d, want %d", i, got, want)
		}
	}
}

func TestSilence(t *testing.T) {
	r := silent()
	var s State
	if r.Tick(&s, 1_000) != None || r.Tick(&s, 60_000) != None {
		t.Error("silent before a minute from the first look")
	}
	if r.Tick(&s, 61_000) != Raised || r.Tick(&s, 90_000) != None || s.Value != 60 {
		t.Errorf("state is %+v", s)
	}
	if r.Step(&s, at(1, 5)) != None || !s.Active {
		t.Error("a reading of unknown age ended it")
	}
	if r.Hear(&s, 95_000) != Ended || r.Hear(&s, 96_000) != None {
		t.Error("not ended once by a word")
	}
	if r.Tick(&s, 10_000) != None || r.Tick(&s, 69_000) != None { // the clock was set back
		t.Error("a clock that was set back made silence")
	}
	if r.Hear(&s, 9_000); s.Heard != 10_000 {
		t.Error("an older word counted")
	}
	s.Resume(70_000)
	if r.Tick(&s, 70_000) != None || r.Tick(&s, 129_000) != None || r.Tick(&s, 130_000) != Raised {
		t.Error("after a restart silence is not counted from then")
	}
	s.Resume(500_000)
	if r.Tick(&s, 500_000) != None || r.Tick(&s, 900_000) != None || !s.Active {
		t.Error("the alarm did not go on after a restart")
	}
}

// random is a walk of readings, some of them late, repeated, bad or no number.
func random(r *rand.Rand, n int) (out []wire.Point) {
	v, second := 5.0, int64(0)
	for range n {
		v += r.NormFloat64() * 0.05
		second += r.Int64N(5)
		p := at(second, v)
		switch r.IntN(12) {
		case 0:
			p.At -= r.Int64N(60_000)
		case 1:
			p.Quality = wire.Bad
		case 2:
			p.Value = math.NaN()
		}
		out = append(out, p)
	}
	return out
}

func TestPropertiesOfEveryRuleOnReadings(t *testing.T) {
	below, quick := water(), rise()
	below.Condition, below.Limit, below.Clear, below.For = Below, 4.9, 5, 0
	quick.Window, quick.Limit, quick.Clear = Duration(30*time.Second), 0.2, 0.1
	still := stuck()
	still.Limit, still.For = 0.1, Duration(10*time.Second)
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		points := random(r, 2000)
		for _, rule := range []Rule{water(), below, quick, still} {
			var s State
			for _, p := range points {
				before := s
				before.Window = append([]Extreme(nil), s.Window...)
				change := rule.Step(&s, p)
				switch {
				case (!Counts(p) || (before.Seen && p.At <= before.Last)) && !reflect.DeepEqual(clean(before), clean(s)):
					t.Fatalf("%s: a reading that does not count changed %+v to %+v", rule.ID, before, s)
				case change == Raised && (before.Active || !s.Active), change == Ended && (!before.Active || s.Active), change == None && before.Active != s.Active:
					t.Fatalf("%s: change %d from %+v to %+v", rule.ID, change, before, s)
				case change == Ended && rule.Condition != Stuck && !rule.safe(s.Value):
					t.Fatalf("%s: ended at %v inside the hysteresis", rule.ID, s.Value)
				case change == Raised && rule.Condition != Stuck && (!rule.passes(s.Value) || p.At-s.Since < milliseconds(rule.For)):
					t.Fatalf("%s: raised at %v after %d ms", rule.ID, s.Value, p.At-s.Since)
				case len(s.Window) > parts+1:
					t.Fatalf("%s: the window has %d parts", rule.ID, len(s.Window))
				}
			}
			// What is kept over a restart is the state.
			text, err := json.Marshal(s)
			var back State
			if err != nil || json.Unmarshal(text, &back) != nil || !reflect.DeepEqual(clean(back), clean(s)) {
				t.Fatalf("%s: %+v came back as %+v, %v", rule.ID, s, back, err)
			}
		}
	}
}

func clean(s State) State {
	if len(s.Window) == 0 {
		s.Window = nil
	}
	return s
}

func TestWindowIsBoundedForFastReadings(t *testing.T) {
	r := rise()
	for _, window := range []time.Duration{5 * time.Millisecond, time.Second, 24 * time.Hour} {
		r.Window = Duration(window)
		var s State
		for i := range int64(100_000) {
			r.Step(&s, wire.Point{At: i * max(1, window.Milliseconds()/10_000), Value: float64(i % 7)})
			if len(s.Window) > parts+1 {
				t.Fatalf("%s: %d parts", window, len(s.Window))
			}
		}
	}
}

func TestClockThatWasWrongBlindsNoRule(t *testing.T) {
	r := rise()
	var s State
	r.Step(&s, at(1_000_000, 3))
	s.Clamp(1000)
	if got := r.Step(&s, at(2, 3.6)); got != Raised {
		t.Errorf("got %d after %+v", got, s)
	}
	s.Shift(500_000)
	if got := r.Step(&s, at(502, 3.7)); got != None || s.Last != 502_000 {
		t.Errorf("got %d after %+v", got, s)
	}
}

// What another watch has seen of the end counts from there, and by it nothing is raised.
func TestEndThatAnotherWatchHasSeen(t *testing.T) {
	above, still := Rule{Condition: Above, Limit: 5, Clear: 4}, stuck()
	s := State{Active: true, Passed: true, Seen: true, Last: 1000, Peak: 7}
	above.EndAt(&s, 60_000)
	for i, c := range []struct {
		at   int64
		v    float64
		want Change
	}{{30_000, 6, None}, {60_000, 3, None}, {90_000, 6, Raised}, {120_000, 3, Ended}} {
		if got := above.Step(&s, wire.Point{At: c.at, Value: c.v}); got != c.want {
			t.Errorf("reading %d gave %d, want %d", i, got, c.want)
		}
	}
	s = State{Active: true, Passed: true}
	still.EndAt(&s, 60_000)
	for i, v := range []float64{0, 0.001, 0.002} {
		if got := still.Step(&s, wire.Point{At: 61_000 + int64(i)*1000, Value: v}); got != None {
			t.Errorf("a value that has stood for %d s gave %d", i, got)
		}
	}
}
