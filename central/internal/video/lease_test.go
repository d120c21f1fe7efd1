package video

import (
	"testing"
	"time"
)

func sec(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

// drive runs a lease from one second to another in half seconds and returns when it told what.
func drive(l *lease, from, to float64, viewers int, take bool) (starts, stops []float64) {
	for at := from; at < to; at += 0.5 {
		switch l.decide(sec(at), viewers, true) {
		case start:
			starts = append(starts, at)
			if take {
				l.started(sec(at))
			}
		case stop:
			stops = append(stops, at)
		case nothing:
		}
	}
	return starts, stops
}

func TestLeaseIsRenewedWhileSomebodyWatches(t *testing.T) {
	var l lease
	starts, stops := drive(&l, 0, 60, 1, true)
	if len(stops) != 0 || len(starts) != 8 {
		t.Errorf("started at %v, stopped at %v", starts, stops)
	}
	for i := 1; i < len(starts); i++ {
		if d := starts[i] - starts[i-1]; d > leaseLength.Seconds()/2 {
			t.Errorf("renewals are %v s apart", d)
		}
	}
}

func TestLeaseIsRenewedAtOnceWhenTheTerminalConnectsAnew(t *testing.T) {
	var l lease
	starts, _ := drive(&l, 0, 10, 1, true)
	back := starts[len(starts)-1] + retryAfter.Seconds() + 0.5
	l.anew()
	if again, _ := drive(&l, back, back+1, 1, true); len(again) != 1 || again[0] != back {
		t.Errorf("started at %v, back at %v: renewed at %v", starts, back, again)
	}
}

func TestTerminalStopsWithinThirtySecondsOfTheLastViewer(t *testing.T) {
	var l lease
	starts, _ := drive(&l, 0, 30, 1, true)
	again, stops := drive(&l, 30, 90, 0, true)
	if len(again) != 0 || len(stops) != 1 || stops[0] > 30+linger.Seconds()+0.5 {
		t.Errorf("renewed at %v, stopped at %v", again, stops)
	}
	// Were the stop lost, the lease would lapse by itself.
	if lapse := starts[len(starts)-1] + leaseLength.Seconds(); lapse > 60 {
		t.Errorf("lapses at %v s", lapse)
	}
}

func TestTicketKeepsTheLeaseWhileItsViewerConnects(t *testing.T) {
	var l lease
	if got := l.decide(sec(0), 0, false); got != nothing {
		t.Errorf("nobody asked, got %v", got)
	}
	l.want(sec(0))
	starts, stops := drive(&l, 0, 60, 0, true)
	if len(starts) == 0 || starts[len(starts)-1] > patience.Seconds() || len(stops) != 1 {
		t.Errorf("started at %v, stopped at %v", starts, stops)
	}
}

func TestTerminalThatStartedAgainIsAskedSoon(t *testing.T) {
	var l lease
	l.decide(sec(0), 1, false)
	l.started(sec(0))
	if got := l.decide(sec(2.5), 1, false); got != nothing {
		t.Errorf("asked again after 2.5 s: %v", got)
	}
	if got := l.decide(sec(3), 1, false); got != start {
		t.Errorf("without a picture: got %v after 3 s", got)
	}
}

func TestUnreachableTerminalIsAskedAgainButNotHammered(t *testing.T) {
	var l lease
	starts, stops := drive(&l, 0, 20, 1, false)
	if len(starts) != 10 || len(stops) != 0 {
		t.Errorf("asked at %v, stopped at %v", starts, stops)
	}
}

func TestStateOfAStream(t *testing.T) {
	ago := func(s float64) time.Time { return noon.Add(-time.Duration(s * float64(time.Second))) }
	for _, c := range []struct {
		name   string
		flow   Flow
		needed bool
		want   State
	}{
		{"never asked for", Flow{}, false, Idle},
		{"asked for", Flow{}, true, Starting},
		{"publisher without a packet", Flow{Publishing: true}, true, Starting},
		{"running", Flow{Publishing: true, Last: ago(0.1)}, true, Live},
		{"running for nobody", Flow{Publishing: true, Last: ago(0.1)}, false, Live},
		{"packets stopped", Flow{Publishing: true, Last: ago(2.5)}, true, Frozen},
		{"publisher is gone for a moment", Flow{Last: ago(5)}, true, Frozen},
		{"publisher is gone for long", Flow{Last: ago(16)}, true, Starting},
		{"publisher and viewers are gone", Flow{Last: ago(1)}, false, Idle},
	} {
		if got := stateOf(c.flow, c.needed, noon); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAPhoneThatRestsIsNotFrozen(t *testing.T) {
	rests := Flow{Publishing: true, Last: time.Now().Add(-time.Minute)}
	for _, c := range []struct {
		state, was State
		flow       Flow
		needed     bool
		want       State
	}{
		{Frozen, Live, rests, false, Idle},
		{Starting, Idle, Flow{Publishing: true}, false, Idle},
		{Frozen, Idle, rests, true, Starting},
		{Frozen, Starting, rests, true, Starting},
		{Frozen, Live, rests, true, Frozen},
		{Frozen, Live, Flow{Last: rests.Last}, true, Frozen},
		{Live, Starting, rests, true, Live},
	} {
		if got := standby(c.state, c.was, c.flow, c.needed); got != c.want {
			t.Errorf("%s after %s, needed %t: %s, want %s", c.state, c.was, c.needed, got, c.want)
		}
	}
}

func TestAPhoneStandsByWhileItsSessionStandsAndNobodyWantsIt(t *testing.T) {
	phone, behind := &stream{shown: Stream{ID: "phone-1"}}, &stream{shown: Stream{ID: "cam-1"}, edge: "edge-1"}
	for _, c := range []struct {
		name  string
		st    *stream
		there bool
		flow  Flow
		at    float64
		state State
		want  bool
	}{
		{"not there", phone, false, Flow{}, 0, Idle, false},
		{"there, and never sent", phone, true, Flow{}, 1, Idle, true},
		{"watched", phone, true, Flow{Publishing: true, Viewers: 1}, 2, Starting, false},
		{"sending", phone, true, Flow{Publishing: true, Viewers: 1, Last: sec(3)}, 3, Live, false},
		{"left alone", phone, true, Flow{Publishing: true, Last: sec(3)}, 9, Idle, true},
		{"gone", phone, false, Flow{Last: sec(3)}, 30, Idle, false},
		{"behind a terminal", behind, false, Flow{}, 1, Idle, false},
	} {
		c.st.there = c.there
		c.st.update(c.flow, sec(c.at))
		if got := c.st.shown; got.Standby != c.want || got.State != c.state {
			t.Errorf("%s: %s, stands by %v", c.name, got.State, got.Standby)
		}
	}
	phone.there = true
	if !phone.update(Flow{Last: sec(3)}, sec(31)) {
		t.Error("that it came back is not told")
	}
}
