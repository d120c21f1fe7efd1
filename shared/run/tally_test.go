package run

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestATallySaysEachKindAtOnceAndThenTogether(t *testing.T) {
	now := time.Now()
	tally := Tally[string]{Every: time.Minute}
	if c, ok := tally.Add("a", "first", 2, now); !ok || c.N != 2 || c.What != "first" {
		t.Errorf("got %+v, %t", c, ok)
	}
	for n := range 3 {
		if c, ok := tally.Add("a", "later", 1, now.Add(time.Duration(n)*time.Second)); ok {
			t.Errorf("said again: %+v", c)
		}
	}
	if due := tally.Due(now.Add(time.Minute - 1)); len(due) != 0 {
		t.Errorf("too early: %+v", due)
	}
	if due := tally.Due(now.Add(time.Minute)); len(due) != 1 || due[0].N != 3 || due[0].What != "later" {
		t.Errorf("got %+v", due)
	}
	if due := tally.Due(now.Add(3 * time.Minute)); len(due) != 0 || len(tally.kinds) != 0 {
		t.Errorf("got %+v, %d remembered for nothing", due, len(tally.kinds))
	}
}

func TestInventedKindsTakeNoMemory(t *testing.T) {
	now := time.Now()
	tally := Tally[int]{Every: time.Minute, Most: 100, Rest: func(int) int { return -1 }}
	for n := range 150 {
		tally.Add(n, "", 1, now)
	}
	if n := len(tally.kinds); n != 101 {
		t.Errorf("%d kinds", n)
	}
	if c := tally.kinds[-1]; c == nil || c.N != 49 {
		t.Errorf("what came beyond is counted as %+v, want 49 not yet said", c)
	}
}

func TestNothingIsCountedTwiceOrForgottenWhenManyCount(t *testing.T) {
	tally := Tally[int]{Every: time.Second, Most: 3, Rest: func(int) int { return -1 }}
	start := time.Now()
	var said atomic.Uint64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 500 {
				now := start.Add(time.Duration(n) * 10 * time.Millisecond)
				if c, ok := tally.Add((g+n)%5, "", 1, now); ok {
					said.Add(c.N)
				}
				if n%100 == 0 {
					for _, c := range tally.Due(now) {
						said.Add(c.N)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, c := range tally.Due(start.Add(time.Hour)) {
		said.Add(c.N)
	}
	if said.Load() != 8*500 {
		t.Errorf("%d were said of %d", said.Load(), 8*500)
	}
}
