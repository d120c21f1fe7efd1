package fleet_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestRulesBecomePartOfWhatATerminalRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newField(t, db, "e1")
		rules := json.RawMessage(`[{"id":"high","name":"高","name_en":"High","devices":["a"],"property":"water_level","condition":"above","limit":5,"clear":4,"level":2,"source":"test"}]`)
		f.becomes("e1", 1, fleet.Running)
		number, err := f.svc.GiveRules(system(), "e1", rules, "汛期")
		if err != nil {
			t.Fatal(err)
		}
		f.becomes("e1", number, fleet.Running)
		got, err := f.svc.Version(system(), "e1", number)
		if err != nil || !strings.Contains(string(got.Document), `"budget":{"monthly_mb":5}`) || !strings.Contains(string(got.Document), `"limit":5`) || got.Note != "汛期" {
			t.Errorf("got %+v, %v", got, err)
		}
		if again, err := f.svc.GiveRules(system(), "e1", rules, "汛期"); err != nil || again != number {
			t.Errorf("the same again became %d, %v", again, err)
		}
		if state, _, err := f.svc.RulesStand(system(), "e1", number); err != nil || state != fleet.StandApplied {
			t.Errorf("stands as %s, %v", state, err)
		}
		f.mu.Lock()
		f.broken["e1"] = "rules.0: unknown key exceptions"
		f.mu.Unlock()
		newer := json.RawMessage(strings.Replace(string(rules), `"limit":5`, `"limit":6`, 1))
		refused, err := f.svc.GiveRules(system(), "e1", newer, "")
		if err != nil {
			t.Fatal(err)
		}
		f.becomes("e1", refused, fleet.Failed)
		if state, why, err := f.svc.RulesStand(system(), "e1", refused); err != nil || state != fleet.StandFailed || !strings.Contains(why, "unknown key") {
			t.Errorf("an older terminal stands as %s, %q, %v", state, why, err)
		}
		if again, err := f.svc.GiveRules(system(), "e1", newer, ""); err != nil || again != refused {
			t.Errorf("what was refused is wanted again as %d, %v", again, err)
		}
		if _, err := f.svc.GiveRules(technician("320623"), "e1", rules, ""); errs.KindOf(err) != errs.Denied {
			t.Errorf("rules past the rule book: %v", err)
		}
	})
}

func TestPublishedRulesPushOutNothingThatAPersonWrote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newField(t, db, "edge-a")
		f.becomes("edge-a", 1, fleet.Running)
		last := uint64(1)
		give := func(times int) {
			for range times {
				n, err := f.svc.GiveRules(system(), "edge-a", fmt.Appendf(nil, `[{"id":"high","name":"高","name_en":"High","devices":["a"],"property":"water_level","condition":"above","limit":%d,"clear":0,"level":2,"source":"test"}]`, last), "汛期")
				if err != nil {
					t.Fatal(err)
				}
				f.becomes("edge-a", n, fleet.Running)
				last = n
			}
		}
		give(2)
		for mb := range 6 {
			v, err := f.svc.Want(technician("320623"), "edge-a", fleet.Draft{Document: budget(50 + mb), Base: last})
			if err != nil {
				t.Fatal(err)
			}
			f.becomes("edge-a", v.Number, fleet.Running)
			last = v.Number
		}
		give(7)
		s, err := f.svc.Settings(technician("320623"), "edge-a")
		if err != nil {
			t.Fatal(err)
		}
		var persons, rules []uint64
		for _, v := range s.Versions {
			if v.Rules {
				rules = append(rules, v.Number)
			} else {
				persons = append(persons, v.Number)
			}
		}
		// What runs, and what ran last when that was wanted and before.
		if got := fmt.Sprint(persons, rules); got != "[9 8 7 6 5] [16 15 14]" {
			t.Errorf("kept are %s", got)
		}
		v, err := f.svc.Restore(technician("320623"), "edge-a", 5, "zurück")
		if err != nil {
			t.Fatal(err)
		}
		f.becomes("edge-a", v.Number, fleet.Running)
	})
}

func TestRulesWaitUntilItIsKnownWhatATerminalRuns(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	if _, err := f.svc.GiveRules(system(), "e9", json.RawMessage(`[]`), ""); errs.KindOf(err) != errs.Conflict {
		t.Errorf("got %v", err)
	}
}
