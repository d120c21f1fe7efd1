package wave

import (
	"math"
	"testing"
	"time"
)

func TestTideCrossesItsWarningLevelWhenTheDemoSays(t *testing.T) {
	tide := Wave{Shape: Tide, Mean: 4.1, Amplitude: 1.5, Period: 4 * time.Minute, Phase: -43.6 / 240}
	crossed := time.Duration(0)
	for at := time.Duration(0); at < 4*time.Minute; at += time.Second {
		v := tide.At(at)
		if v < 2.6-1e-9 || v > 5.6+1e-9 {
			t.Fatalf("at %s: %.3f is outside 2.6…5.6", at, v)
		}
		if crossed == 0 && v > 5.2 {
			crossed = at
		}
	}
	if crossed < 60*time.Second || crossed > 90*time.Second {
		t.Errorf("crossed after %s, want 60–90 s", crossed)
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		name  string
		wave  Wave
		since time.Duration
		want  float64
	}{
		{"constant", Wave{Shape: Constant, Value: 7}, time.Hour, 7},
		{"ramp half way", Wave{Shape: Ramp, From: 10, To: 20, Period: time.Minute}, 30 * time.Second, 15},
		{"ramp again", Wave{Shape: Ramp, From: 10, To: 20, Period: time.Minute}, 75 * time.Second, 12.5},
		{"in a spike", Wave{Shape: Spikes, Value: 2, To: 30, Period: time.Minute, Width: 5 * time.Second}, 62 * time.Second, 30},
		{"between spikes", Wave{Shape: Spikes, Value: 2, To: 30, Period: time.Minute, Width: 5 * time.Second}, 50 * time.Second, 2},
		{"before the epoch", Wave{Shape: Ramp, To: 60, Period: time.Minute}, -15 * time.Second, 45},
	} {
		if got := c.wave.At(c.since); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCounterCountsReadingsAndHoldStops(t *testing.T) {
	s := &Source{Wave: Wave{Shape: Counter, Value: 1}}
	now := time.Unix(1_795_000_000, 0)
	for want := 1.0; want <= 3; want++ {
		if got := s.Read(now); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	held := 5.5
	s.Hold(&held)
	if got := s.Read(now); got != 5.5 {
		t.Errorf("held: got %v", got)
	}
	s.Hold(nil)
	if got := s.Read(now); got != 5 {
		t.Errorf("after: got %v, want 5", got)
	}
}
