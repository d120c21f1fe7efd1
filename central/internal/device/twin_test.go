package device

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestTwoOutboxesOfOneOriginAreToldApart(t *testing.T) {
	at := time.Unix(0, 0)
	var lives []Life
	for i, c := range []struct {
		what  string
		boot  string
		boots []string
		epoch uint64
		fork  bool
		twins int
	}{
		{"the first start", "a1", nil, 1, false, 0},
		{"it connects anew", "a1", nil, 1, false, 0},
		{"it is started again", "a3", []string{"a2", "a1"}, 1, false, 0}, // a2 had no link
		{"a copy made before", "b3", []string{"a1"}, 1, true, 0},
		{"the copy with an epoch of its own", "b3", []string{"a1"}, 2, false, 0},
		{"the other comes back", "a3", []string{"a2", "a1"}, 1, false, 2},
		{"and the copy", "b3", []string{"a1"}, 2, false, 2},
		{"the copy is started again", "b4", []string{"b3", "a1"}, 2, false, 0},
		{"an agent that does not say", "z1", nil, 1, false, 0},
	} {
		var g Greeting
		lives, g = meet(lives, wire.Hello{Boot: c.boot, Boots: c.boots, Epoch: c.epoch, Address: c.boot}, at.Add(time.Duration(i)*time.Minute))
		if g.Fork != c.fork || len(g.Twins) != c.twins {
			t.Errorf("%s: %+v", c.what, g)
		}
		if c.twins > 0 && (g.Twins[0].Address == g.Twins[1].Address || g.Twins[0].Boot != c.boot) {
			t.Errorf("%s: %+v", c.what, g)
		}
	}
	if len(lives) != 2 {
		t.Errorf("got %+v", lives)
	}
}

func TestCentreFromABackupTakesNobodyForACopy(t *testing.T) {
	// The centre knows the first start only; the terminal was started twice since the backup.
	lives, _ := meet(nil, wire.Hello{Boot: "a1", Epoch: 1}, time.Unix(0, 0))
	if _, g := meet(lives, wire.Hello{Boot: "a3", Boots: []string{"a2", "a1"}, Epoch: 1}, time.Unix(1, 0)); g.Fork || len(g.Twins) > 0 {
		t.Errorf("got %+v", g)
	}
}

func TestGreetingDeliveredTwiceAroundANewEpochMakesNoTwin(t *testing.T) {
	first := wire.Hello{Boot: "b1", Boots: []string{"a1"}, Epoch: 1}
	second := first
	second.Epoch = 2
	var lives []Life
	for i, h := range []wire.Hello{first, second, first, second} {
		var g Greeting
		if lives, g = meet(lives, h, time.Unix(int64(i), 0)); g.Fork || len(g.Twins) > 0 {
			t.Errorf("greeting %d: %+v", i, g)
		}
	}
}
