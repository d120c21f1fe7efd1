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

func TestOnlyTheRuleBookChangesTheRulesOfATerminal(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "e1")
	f.becomes("e1", 1, fleet.Running)
	ctx := technician("320623")
	evil := `{"id":"evil","name":"e","name_en":"e","class":"position","property":"speed","condition":"above","limit":-100,"clear":-200,"level":4,"source":"x","actions":[{"device":"siren","output":"siren"}]}`
	for name, try := range map[string]func() error{
		"a configuration without rules": func() error {
			_, err := f.svc.Want(ctx, "e1", fleet.Draft{Document: json.RawMessage(`{"rules":[],"sensors":[]}`), Base: 1})
			return err
		},
		"a configuration with others": func() error {
			_, err := f.svc.Want(ctx, "e1", fleet.Draft{Document: json.RawMessage(`{"rules":[` + evil + `],"sensors":[]}`), Base: 1})
			return err
		},
		"a roll-out without rules": func() error {
			_, err := f.svc.Roll(ctx, fleet.NewRollout{Edges: []string{"e1"}, Parts: json.RawMessage(`{"rules":[]}`)})
			return err
		},
		"a roll-out back to the files": func() error {
			_, err := f.svc.Roll(ctx, fleet.NewRollout{Edges: []string{"e1"}, Parts: json.RawMessage(`{"rules":null,"log":{"level":"warn"}}`)})
			return err
		},
	} {
		if err := try(); errs.KindOf(err) != errs.Invalid || !strings.Contains(fmt.Sprint(err), "rule book") {
			t.Errorf("%s: %v", name, err)
		}
	}
	rules := json.RawMessage(`[{"id":"high","name":"高","name_en":"High","devices":["a"],"property":"water_level","condition":"above","limit":5,"clear":4,"level":2,"source":"test"}]`)
	given, err := f.svc.GiveRules(system(), "e1", rules, "")
	if err != nil {
		t.Fatal(err)
	}
	f.becomes("e1", given, fleet.Running)
	document := func(number uint64) string {
		v, err := f.svc.Version(ctx, "e1", number)
		if err != nil {
			t.Fatal(err)
		}
		return string(v.Document)
	}
	v, err := f.svc.Want(ctx, "e1", fleet.Draft{Document: json.RawMessage(strings.Replace(document(given), `"monthly_mb":5`, `"monthly_mb":6`, 1)), Base: given})
	if err != nil {
		t.Fatal(err) // what a person has read and sends back
	}
	f.becomes("e1", v.Number, fleet.Running)
	if v, err = f.svc.Restore(ctx, "e1", 1, "from before the rules"); err != nil {
		t.Fatal(err)
	}
	if got := document(v.Number); !strings.Contains(got, `"id":"high"`) || !strings.Contains(got, `"monthly_mb":5`) {
		t.Errorf("restored %s", got)
	}
	f.becomes("e1", v.Number, fleet.Running)
	if v, err = f.svc.Want(ctx, "e1", fleet.Draft{Document: budget(7), Base: v.Number}); err != nil || !strings.Contains(document(v.Number), `"id":"high"`) {
		t.Errorf("a draft without rules loses them: %v", err)
	}
}

func TestARolloutBeyondOnesDivisionIsRefusedInsteadOfNarrowed(t *testing.T) {
	f := newField(t, storetest.SQLite(t), "e1")
	_, err := f.svc.Roll(technician("320623"), fleet.NewRollout{Division: "320600", Parts: json.RawMessage(`{"log":{"level":"warn"}}`)})
	if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "320600") {
		t.Errorf("got %v", err)
	}
}
