package layer

import (
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	pause = video.LayerPause
	thin  = video.LayerThin
	sub   = video.LayerSub
	main  = video.LayerMain
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func lane() Lane {
	return Lane{Wish: main, HasSub: true, Main: 2_000_000, Sub: 300_000, Thin: 160_000, Now: main}
}

// apply makes the outcome the present.
func apply(lanes []Lane, o Outcome) {
	for i := range lanes {
		lanes[i].Now = o.Layers[i]
	}
}

func TestASignOfCongestionTakesWhatFitsAtOnce(t *testing.T) {
	for _, c := range []struct {
		bits   int
		hasSub bool
		want   video.Layer
	}{
		{1_700_000, true, sub},
		{300_000, true, sub},
		{250_000, true, thin},
		{100_000, true, pause},
		{1_700_000, false, thin},
		{100_000, false, pause},
		{2_500_000, true, main},
	} {
		l := lane()
		l.HasSub = c.hasSub
		var ch Chooser
		if got := ch.Step(noon, Way{Bits: c.bits, Bad: 1}, []Lane{l}); got.Layers[0] != c.want || got.Fell != (c.want != main) {
			t.Errorf("%d bits, sub %v: %+v, want %s", c.bits, c.hasSub, got, c.want)
		}
	}
}

func TestWithoutASignNothingIsTakenAway(t *testing.T) {
	var ch Chooser
	if got := ch.Step(noon, Way{Bits: 100_000}, []Lane{lane()}); got.Layers[0] != main {
		t.Errorf("%+v", got)
	}
}

func TestAThinPictureMayCostMoreThanTheSmallOne(t *testing.T) {
	l := lane()
	l.Thin = 900_000 // a key frame every second
	var ch Chooser
	if got := ch.Step(noon, Way{Bits: 400_000, Bad: 1}, []Lane{l}); got.Layers[0] != sub {
		t.Errorf("%+v, want the small picture", got)
	}
	l.Now = pause
	if got := l.up(pause); got != sub {
		t.Errorf("from pause to %s, want sub", got)
	}
}

func TestMoreComesSlowlyAndIsTriedFirst(t *testing.T) {
	var ch Chooser
	lanes := []Lane{lane()}
	apply(lanes, ch.Step(noon, Way{Bits: 250_000, Bad: 1, Probes: true}, lanes)) // thin
	at := noon.Add(patient - time.Millisecond)
	if got := ch.Step(at, Way{Bits: 900_000, Bad: 1, Probes: true}, lanes); got.Layers[0] != thin || got.Probe != 0 {
		t.Fatalf("too early: %+v", got)
	}
	at = noon.Add(patient)
	apply(lanes, ch.Step(at, Way{Bits: 900_000, Bad: 1, Probes: true}, lanes))
	if lanes[0].Now != sub {
		t.Fatalf("%s, want sub", lanes[0].Now)
	}
	at = at.Add(patient)
	got := ch.Step(at, Way{Bits: 900_000, Bad: 1, Probes: true}, lanes)
	if got.Layers[0] != sub || got.Probe != 2_100_000 {
		t.Fatalf("%+v, want a probe of 2.1 Mbit/s", got)
	}
	ch.Probed(false, at)
	if got := ch.Step(at.Add(2*patient-time.Millisecond), Way{Bits: 900_000, Bad: 1, Probes: true}, lanes); got.Probe != 0 {
		t.Fatalf("a failed probe was repeated too soon: %+v", got)
	}
	at = at.Add(2 * patient)
	if got := ch.Step(at, Way{Bits: 900_000, Bad: 1, Probes: true}, lanes); got.Probe == 0 {
		t.Fatalf("a failed probe was never repeated: %+v", got)
	}
	ch.Probed(true, at)
	at = at.Add(2 * patient)
	apply(lanes, ch.Step(at, Way{Bits: 2_300_000, Bad: 1, Probes: true}, lanes))
	if lanes[0].Now != main {
		t.Fatalf("%s, want main", lanes[0].Now)
	}
	// A step that was wrong is not tried again so soon.
	wait := ch.wait
	apply(lanes, ch.Step(at.Add(time.Second), Way{Bits: 1_000_000, Bad: 2, Probes: true}, lanes))
	if lanes[0].Now != sub || ch.wait <= wait {
		t.Errorf("%s, wait %v after %v", lanes[0].Now, ch.wait, wait)
	}
}

func TestTriesThatFailComeMoreSeldomAndNeverStop(t *testing.T) {
	var ch Chooser
	lanes := []Lane{lane()}
	apply(lanes, ch.Step(noon, Way{Bits: 300_000, Bad: 1, Probes: true}, lanes))
	var tried []time.Time
	for at := noon; at.Before(noon.Add(20 * time.Minute)); at = at.Add(200 * time.Millisecond) {
		if got := ch.Step(at, Way{Bits: 300_000, Bad: 1, Probes: true}, lanes); got.Probe > 0 {
			tried = append(tried, at)
			ch.Probed(false, at)
		}
	}
	for i := 2; i < len(tried); i++ {
		before, gap := tried[i-1].Sub(tried[i-2]), tried[i].Sub(tried[i-1])
		if gap < before || gap < again || gap > rarely+200*time.Millisecond {
			t.Errorf("try %d came %v after the one before, which came after %v", i, gap, before)
		}
	}
	if n := len(tried); n < 2 || tried[n-1].Sub(tried[n-2]) < rarely {
		t.Fatalf("%d tries in 20 minutes", n)
	}
	// One that passed begins anew.
	at := tried[len(tried)-1].Add(rarely)
	ch.Probed(true, at)
	if got := ch.rest(); got != 0 {
		t.Errorf("%v after a try that passed", got)
	}
	ch.Probed(false, at)
	if got := ch.rest(); got != again {
		t.Errorf("%v after the first that failed", got)
	}
}

func TestALimitIsForgottenWhenAllGoesWell(t *testing.T) {
	var ch Chooser
	lanes := []Lane{lane()}
	ch.Step(noon, Way{Bits: 2_500_000, Bad: 1, Probes: true}, lanes)
	if got := ch.Step(noon.Add(forgive), Way{Bits: 2_500_000, Bad: 1, Probes: true}, lanes); got.Free {
		t.Error("too early")
	}
	if got := ch.Step(noon.Add(forgive+time.Second), Way{Bits: 2_500_000, Bad: 1, Probes: true}, lanes); !got.Free {
		t.Error("never")
	}
}

func TestWhatIsPinnedStays(t *testing.T) {
	l := lane()
	l.Pinned = true
	var ch Chooser
	if got := ch.Step(noon, Way{Bits: 60_000, Bad: 1}, []Lane{l}); got.Layers[0] != main || got.Fell {
		t.Errorf("%+v", got)
	}
	l.Wish, l.Now = thin, main
	if got := ch.Step(noon, Way{}, []Lane{l}); got.Layers[0] != thin {
		t.Errorf("%+v, want thin as pinned", got)
	}
}

func TestAWallGivesSomethingToEachAndMoreToTheLargeOne(t *testing.T) {
	lanes := make([]Lane, 9)
	for i := range lanes {
		lanes[i] = lane()
		lanes[i].Wish, lanes[i].Now = sub, sub
	}
	lanes[4].Wish, lanes[4].Now = main, main
	var ch Chooser
	got := ch.Step(noon, Way{Bits: 4_500_000, Bad: 1}, lanes)
	if want := []video.Layer{sub, sub, sub, sub, main, sub, sub, sub, sub}; !slices.Equal(got.Layers, want) {
		t.Errorf("4.5 Mbit/s: %v", got.Layers)
	}
	var other Chooser
	got = other.Step(noon, Way{Bits: 1_750_000, Bad: 1}, lanes)
	if want := []video.Layer{sub, thin, thin, thin, sub, thin, thin, thin, thin}; !slices.Equal(got.Layers, want) {
		t.Errorf("1.75 Mbit/s: %v", got.Layers)
	}
	// A small tile whose camera has no smaller picture shows the large one.
	lanes[0].HasSub = false
	var third Chooser
	if got := third.Step(noon, Way{}, lanes); got.Layers[0] != main {
		t.Errorf("%v", got.Layers)
	}
}

func TestAViewerWithoutReportsOfArrivalsIsTriedBlindly(t *testing.T) {
	var ch Chooser
	lanes := []Lane{lane()}
	apply(lanes, ch.Step(noon, Way{Bits: 250_000, Bad: 1}, lanes))
	at := noon.Add(patient)
	if got := ch.Step(at, Way{Bits: 250_000, Bad: 1}, lanes); got.Layers[0] != sub || got.Probe != 0 {
		t.Errorf("%+v", got)
	}
}
