package clock

import (
	"testing"
	"time"
)

func TestAReceiverSetsTheClockOnlyAsLongAsNobodyElseDoes(t *testing.T) {
	kernel := false
	c := New(func() bool { return kernel })
	truth := time.Now().Add(40 * time.Hour)
	for range agreeFirst {
		if _, set := c.Now(); set {
			t.Fatal("set by less than three fixes")
		}
		if err := c.Satellite(truth.Add(time.Since(truth.Add(-40 * time.Hour)))); err != nil {
			t.Fatal(err)
		}
	}
	at, set := c.Now()
	if d := at.Sub(time.Now().Add(40 * time.Hour)); !set || d.Abs() > agreement || c.State().Source != "gnss" {
		t.Fatalf("off by %s, %t, %s", d, set, c.State().Source)
	}
	if behind, first := c.Disciplined(); !first || (behind-40*time.Hour).Abs() > agreement {
		t.Errorf("behind by %s, %t", behind, first)
	}
	if _, first := c.Disciplined(); first {
		t.Error("told twice")
	}
	c.Heard(time.Now().Add(41*time.Hour), time.Millisecond)
	if at, _ := c.Now(); c.State().Source != string(Centre) || at.Sub(time.Now().Add(41*time.Hour)).Abs() > time.Minute {
		t.Errorf("the centre does not go before the receiver: %s, %s", at, c.State().Source)
	}
	kernel, c.asked = true, time.Time{}
	if at, _ := c.Now(); c.State().Source != string(System) || time.Since(at).Abs() > time.Minute {
		t.Errorf("the machine's time service does not go before both: %s, %s", at, c.State().Source)
	}
}

func TestAFixThatJumpsIsNotBelievedUntilManyAgree(t *testing.T) {
	c := New(func() bool { return false })
	begin := earliest().AddDate(1, 0, 0)
	up := time.Duration(0)
	say := func(n int, shift time.Duration) (refused int) {
		for range n {
			up += time.Second
			if c.satellite(begin.Add(up+shift), up) != nil {
				refused++
			}
		}
		return refused
	}
	if n := say(20, 0); n != 0 || !c.sat.known {
		t.Fatalf("%d refused, known %t", n, c.sat.known)
	}
	for range 3 {
		if n := say(agreeAgain-1, time.Hour); n != agreeAgain-1 || !c.sat.start.Equal(begin) {
			t.Errorf("%d of a jump refused, start %s", n, c.sat.start)
		}
		say(1, 0)
	}
	if say(agreeAgain, time.Hour); !c.sat.start.Equal(begin.Add(time.Hour)) {
		t.Errorf("ten that agree have not moved it: %s", c.sat.start)
	}
	if say(30, time.Hour+1500*time.Millisecond); !c.sat.start.Equal(begin.Add(time.Hour + 1500*time.Millisecond)) {
		t.Errorf("drift is not followed: %s", c.sat.start)
	}
}

func TestDatesOfOldReceiversAreBroughtIntoThisEra(t *testing.T) {
	floor := earliest()
	truth := time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)
	for rounds := range 3 {
		got, err := inEra(truth.Add(-time.Duration(rounds)*weeks1024), floor)
		if err != nil || !got.Equal(truth) {
			t.Errorf("%d rounds short: %s, %v", rounds, got, err)
		}
	}
	for _, at := range []time.Time{{}, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2059, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got, err := inEra(at, floor); err == nil {
			t.Errorf("%s became %s", at, got)
		}
	}
	c := New(func() bool { return false })
	c.AtLeast(truth)
	if got, err := inEra(truth.Add(-time.Hour), c.sat.floor); err != nil || !got.Equal(truth.Add(-time.Hour).Add(weeks1024)) {
		t.Errorf("before the floor: %s, %v", got, err)
	}
}
