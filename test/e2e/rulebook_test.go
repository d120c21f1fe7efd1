package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

// kept is a rule as the centre keeps it.
type kept struct {
	Revision  int `json:"revision"`
	Version   int `json:"version"`
	Terminals []struct {
		Edge, State, Why string
	} `json:"terminals"`
}

func water(limit, safe float64) map[string]any {
	return map[string]any{
		"id": "high", "name": "高水位", "name_en": "High water", "class": "water_level", "property": "water_level", "condition": "above",
		"limit": limit, "clear": safe, "for": "0s", "level": 2, "source": "防汛预案", "effective": "2026", "unverified": false,
		"actions": []map[string]any{{"device": "rd-siren-1", "output": "siren"}},
	}
}

// publish writes a rule and publishes it.
func (d *desk) publish(t *testing.T, r map[string]any, seen int) kept {
	t.Helper()
	var k kept
	if err := d.centre.Admin.Call(http.MethodPut, "/rulebook/drafts", map[string]any{"rule": r, "unit": "m", "revision": seen}, &k); err != nil {
		t.Fatal(err)
	}
	if err := d.centre.Admin.Call(http.MethodPost, "/rulebook/high/publish", map[string]any{"revision": k.Revision, "reason": "汛期降限"}, &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// stands waits for how far the terminal is with the rules.
func (d *desk) stands(t *testing.T, state string) kept {
	t.Helper()
	var k kept
	harness.WaitFor(t, 3*soon, "the rules are "+state+" at the terminal", func() error {
		k = kept{}
		if err := d.centre.Admin.Call(http.MethodGet, "/rulebook/high", nil, &k); err != nil {
			return err
		}
		if len(k.Terminals) != 1 || k.Terminals[0].State != state {
			return fmt.Errorf("they stand as %+v", k.Terminals)
		}
		return nil
	})
	return k
}

// A limit that a person publishes at the centre is the terminal's own: cut off, it raises by it and sounds its
// siren. What is published while it is away it gets when it is back.
func TestPublishedLimitSoundsTheSirenOfATerminalThatIsCutOff(t *testing.T) {
	t.Parallel()
	d := newShore(t) // whose own file says 5 m
	d.publish(t, water(4.6, 4.5), 0)
	seen := d.stands(t, "applied")
	d.link.Cut()
	d.field.Set(t, "rd-level-1", "water_level", 4.8)
	d.sounds(t, true)
	d.publish(t, water(4.9, 4.85), seen.Revision)
	d.stands(t, "waiting")
	d.link.Mend()
	harness.WaitFor(t, 3*soon, "the alarm has the limit that the terminal knew", func() error {
		list, err := d.centre.Admin.Alarms("all")
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Rule == "high" && a.Device == "rd-level-1" {
				return nil
			}
		}
		return fmt.Errorf("there are %+v", list)
	})
	d.stands(t, "applied")
	d.sounds(t, false) // 4.8 m is below the new limit
}
