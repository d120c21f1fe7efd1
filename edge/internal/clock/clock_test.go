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
		if at, synced := c.Now(); synced || !at.Equal(start) || c.State().Source != string(None) {
			t.Errorf("got %v, %v, %s", at, synced, c.State().Source)
		}
		time.Sleep(10 * time.Second)
		// The centre is an hour ahead, and the answer took two seconds.
		behind, first := c.Heard(time.Now().Add(time.Hour-time.Second), 2*time.Second)
		if !first || behind != time.Hour {
			t.Errorf("got %v, %v", behind, first)
		}
		time.Sleep(time.Minute)
		if at, synced := c.Now(); !synced || !at.Equal(start.Add(time.Hour+70*time.Second)) || c.State().Source != string(Centre) {
			t.Errorf("got %v, %v, %s", at.Sub(start), synced, c.State().Source)
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

func TestAnswerThatWaitedAtABrokerDoesNotMoveTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, waited := range []struct{ there, back time.Duration }{{4 * time.Second, 0}, {0, 4 * time.Second}} {
			ask := func(c *Clock, ahead time.Duration) {
				time.Sleep(waited.there)
				centre := time.Now().Add(ahead)
				time.Sleep(waited.back)
				c.Heard(centre, waited.there+waited.back)
			}
			first := New(never)
			ask(first, 0)
			if at, synced := first.Now(); !synced || !at.Equal(time.Now()) {
				t.Errorf("%v: the first answer moved it by %v", waited, time.Until(at))
			}
			later := New(never)
			later.Heard(time.Now().Add(time.Hour), time.Millisecond)
			before, _ := later.Now()
			asked := time.Now()
			ask(later, time.Hour)
			if after, _ := later.Now(); after.Sub(before) != time.Since(asked) {
				t.Errorf("%v: a later answer moved it by %v", waited, after.Sub(before)-time.Since(asked))
			}
			ask(later, 2*time.Hour)
			if at, _ := later.Now(); time.Until(at) < time.Hour+50*time.Minute {
				t.Errorf("%v: a centre that is another hour ahead is not heard: %v", waited, time.Until(at))
			}
		}
	})
}

func TestDisciplinedMachineIsTrusted(t *testing.T) {
	c := New(func() bool { return true })
	if behind, first := c.Heard(time.Now().Add(time.Hour), time.Millisecond); first || behind != 0 {
		t.Errorf("got %v, %v", behind, first)
	}
	if at, synced := c.Now(); !synced || time.Since(at).Abs() > time.Second || c.State().Source != string(System) {
		t.Errorf("got %v, %v", at, synced)
	}
	if d := time.Until(c.CentreNow()); d < 59*time.Minute {
		t.Errorf("a command's life is measured by the centre's clock, which is %v ahead", d)
	}
}

func TestJumpsOfTheMachinesClockAreNoticed(t *testing.T) {
	c := New(never)
	at := time.Unix(1_000_000, 0)
	c.watch(at, 0)
	c.watch(at.Add(time.Hour), time.Hour-time.Second) // slewed
	if s := c.State(); s.Jumps != 0 || s.Source != "none" {
		t.Errorf("got %+v", s)
	}
	c.watch(at, time.Hour)
	if s := c.State(); s.Jumps != 1 || s.Jump != -3_601_000 {
		t.Errorf("got %+v", s)
	}
}

func TestMachineThatIsSetLaterSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := false
		c := New(func() bool { return set })
		if _, first := c.Disciplined(); first {
			t.Error("nobody has set it")
		}
		set = true
		time.Sleep(11 * time.Second)
		if behind, first := c.Disciplined(); !first || behind != 0 {
			t.Errorf("got %v, %v", behind, first)
		}
		if _, first := c.Disciplined(); first {
			t.Error("told twice")
		}
		if _, first := c.Heard(time.Now().Add(time.Hour), time.Millisecond); first {
			t.Error("the centre sets a clock that is set")
		}
	})
}
