package rule

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func TestExceptionIsAnotherLimitUntilItEnds(t *testing.T) {
	limit, safe := 6.0, 5.5
	until := time.Unix(1000, 0)
	r := water()
	r.Exceptions = map[string]Exception{"a": {Limit: &limit, Clear: &safe, Until: &until}, "b": {Off: true}}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := r.Of("a", time.Unix(999, 0)); got.Limit != 6 || got.Clear != 5.5 || len(got.Exceptions) != 0 {
		t.Errorf("got %+v", got)
	}
	if got := r.Of("a", until); got.Limit != r.Limit {
		t.Errorf("after its end it is %v", got.Limit)
	}
	if r.Of("b", until) != nil || r.Of("c", until) != &r {
		t.Error("off is on, or what has no exception has one")
	}
	if got := r.Changes(time.Unix(0, 0)); !got.Equal(until) || !r.Changes(until).IsZero() {
		t.Errorf("changes at %v", got)
	}
	// The document is JSON; the terminal reads it as YAML.
	text, err := json.Marshal(r)
	var back Rule
	if err != nil || yaml.Unmarshal(text, &back) != nil || back.Of("a", time.Unix(0, 0)).Limit != 6 || !back.Exceptions["a"].Until.Equal(until) {
		t.Errorf("%s came back as %+v, %v", text, back.Exceptions, err)
	}
}

func TestExceptionThatMakesNoSenseIsRefused(t *testing.T) {
	high, nan := 99.0, math.NaN()
	long := Duration(MaxFor + 1)
	for name, c := range map[string]struct {
		device string
		Exception
		want string
	}{
		"clear above the limit": {"a", Exception{Clear: &high}, "exceptions.a.clear"},
		"no number":             {"a", Exception{Limit: &nan}, "exceptions.a.limit"},
		"too long":              {"a", Exception{For: &long}, "exceptions.a.for"},
		"no device":             {"A B", Exception{Off: true}, "exceptions.A B"},
	} {
		r := water()
		r.Exceptions = map[string]Exception{c.device: c.Exception}
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := silent()
	r.Exceptions = map[string]Exception{"a": {Limit: &high}}
	if err := r.Validate(); err == nil {
		t.Error("a limit of silence")
	}
}

func TestSameVerdict(t *testing.T) {
	a, b := water(), water()
	b.Name, b.Level, b.Source = "x", 1, "y"
	if !a.SameVerdict(&b) {
		t.Error("a name decides")
	}
	b.Limit++
	if a.SameVerdict(&b) || !a.SameCondition(&b) {
		t.Error("another limit is the same, or looks at something else")
	}
	b.Condition = Below
	if a.SameCondition(&b) {
		t.Error("another condition looks at the same")
	}
	s := State{Passed: true}
	if s.Rejudge(); s.Passed {
		t.Error("what waited goes on")
	}
}
