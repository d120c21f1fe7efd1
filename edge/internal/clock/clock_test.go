package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func never() bool { return false }

func TestUnsetClockSaysSoUntilTheCentreIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(never)
		start := time.Now()
		if at, synced := c.Now(); synced || !at.Equal(start) || c.Source() != None {
			t.Errorf("got %v, %v, %s", at, synced, c.Source())
		}
		time.Sleep(10 * time.Second)
		// The centre is an hour ahead, and the answer took two seconds.
		behind, first := c.Heard(time.Now().Add(time.Hour-time.Second), 2*time.Second)
		if !first || behind != time.Hour {
			t.Errorf("got %v, %v", behind, first)
		}
		time.Sleep(time.Minute)
		if at, synced := c.Now(); !synced || !at.Equal(start.Add(time.Hour+70*time.Second)) || c.Source() != Centre {
			t.Errorf("got %v, %v, %s", at.Sub(start), synced, c.Source())
		}
		if got := c.CentreNow(); !got.Equal(start.Add(time.Hour + 70*time.Second)) {
			t.Errorf("centre is at %v", got.Sub(start))
		}
	})
}

func TestSmallDifferenceLeavesTheMachinesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(never)
		if behind, first := c.Heard(time.Now().Add(300*time.Millisecond), time.Millisecond); !first || behind != 0 {
			t.Errorf("got %v, %v", behind, first)
		}
		if at, synced := c.Now(); !synced || !at.Equal(time.Now()) {
			t.Errorf("got %v, %v", at, synced)
		}
	})
}

func TestDelayedMessageDoesNotMoveTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(never)
		c.Heard(time.Now().Add(time.Hour), time.Millisecond)
		before, _ := c.Now()
		c.Heard(time.Now().Add(time.Hour-20*time.Second), 0)
		if after, _ := c.Now(); !after.Equal(before) {
			t.Errorf("moved by %v", after.Sub(before))
		}
	})
}

func TestDisciplinedMachineIsTrusted(t *testing.T) {
	c := New(func() bool { return true })
	if behind, first := c.Heard(time.Now().Add(time.Hour), time.Millisecond); first || behind != 0 {
		t.Errorf("got %v, %v", behind, first)
	}
	if at, synced := c.Now(); !synced || time.Since(at).Abs() > time.Second || c.Source() != System {
		t.Errorf("got %v, %v", at, synced)
	}
	if d := time.Until(c.CentreNow()); d < 59*time.Minute {
		t.Errorf("a command's life is measured by the centre's clock, which is %v ahead", d)
	}
}
