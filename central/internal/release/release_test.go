package release

import (
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestWordOfTheTerminalSettlesAnUpgrade(t *testing.T) {
	u := Upgrade{ID: "u2", Release: "0.2.0_arm", Version: "0.2.0", State: Wanted}
	bad := wire.UpgradeOutcome{ID: "u2", Version: "0.2.0", Error: "no link", Spent: 7}
	for _, c := range []struct {
		name string
		said wire.UpgradeState
		want State
		send bool
	}{
		{"does not know it", wire.UpgradeState{}, Wanted, true},
		{"works on another", wire.UpgradeState{ID: "u1"}, Wanted, true},
		{"works on it", wire.UpgradeState{ID: "u2", Phase: wire.UpgradeFetching}, Wanted, false},
		{"went back", wire.UpgradeState{Last: &bad}, Failed, false},
		{"went back a while ago", wire.UpgradeState{History: []wire.UpgradeOutcome{{ID: "u3", OK: true}, bad}}, Failed, false},
		{"runs it", wire.UpgradeState{Last: &wire.UpgradeOutcome{ID: "u2", OK: true}}, Done, false},
	} {
		got, send := judge(u, c.said)
		if got.State != c.want || send != c.send || (got.State == Failed && (got.Error != "no link" || got.Spent != 7)) {
			t.Errorf("%s: %+v, send %v", c.name, got, send)
		}
	}
	back, _ := judge(Upgrade{ID: "u4", Version: "?", State: Wanted}, wire.UpgradeState{Last: &wire.UpgradeOutcome{ID: "u4", Version: "0.1.0", OK: true}})
	if back.Version != "0.1.0" || back.State != Done {
		t.Errorf("the way back: %+v", back)
	}
}
