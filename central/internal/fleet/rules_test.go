package fleet_test

import (
	"encoding/json"
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

func TestRulesWaitUntilItIsKnownWhatATerminalRuns(t *testing.T) {
	f := newField(t, storetest.SQLite(t))
	if _, err := f.svc.GiveRules(system(), "e9", json.RawMessage(`[]`), ""); errs.KindOf(err) != errs.Conflict {
		t.Errorf("got %v", err)
	}
}
