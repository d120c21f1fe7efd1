package main

import (
	"encoding/json"
	"slices"
	"testing"
)

// What the centre would refuse is seen here: steps follow earlier ones, roles are there, and every level has an
// action and a condition.
func TestExamplePlansAreWhole(t *testing.T) {
	for _, s := range scripts() {
		if _, err := json.Marshal(s.body(map[string]string{})); err != nil {
			t.Fatal(err)
		}
		for i, a := range s.Steps {
			if a.After > i || a.Role < 1 || a.Role > len(s.Roles) || a.Lowest < 1 {
				t.Errorf("%s: step %d %s does not fit", s.Name, i+1, a.Title)
			}
			if a.After > 0 && s.Steps[a.After-1].Lowest < a.Lowest {
				t.Errorf("%s: step %d %s is done where the one before is not", s.Name, i+1, a.Title)
			}
		}
		for l := 1; l <= 4; l++ {
			if len(s.Levels[l]) == 0 || !slices.ContainsFunc(s.Steps, func(a scriptStep) bool { return a.Lowest >= l }) {
				t.Errorf("%s: level %d is empty", s.Name, l)
			}
		}
	}
}
