package recording

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

func seg(id string, from, to float64, source Source) Segment {
	return Segment{ID: id, Stream: "cam", Source: source, From: at(from), To: at(to), Bytes: 10}
}

func TestSpansJoinWhatHasNoSeam(t *testing.T) {
	list := []Segment{seg("a", 0, 60, Live), seg("b", 60.9, 100, Live), seg("c", 100, 130, Edge), seg("d", 200, 260, Live)}
	got := spans(list, at(10), at(230))
	want := []Span{{at(10), at(100), Live}, {at(100), at(130), Edge}, {at(200), at(230), Live}}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestGapsAreWhatIsMissing(t *testing.T) {
	list := []Segment{seg("a", 0, 60, Live), seg("b", 60.9, 100, Live), seg("c", 130, 150, Live)}
	got := gaps(list, at(-10), at(160), 2*time.Second)
	want := [][2]float64{{-10, 0}, {100, 130}, {150, 160}}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i, w := range want {
		if !got[i].From.Equal(at(w[0])) || !got[i].To.Equal(at(w[1])) {
			t.Errorf("%d: got %+v, want %v", i, got[i], w)
		}
	}
	if a, b, ok := free(list, at(50), at(140)); !ok || !a.Equal(at(60)) || !b.Equal(at(60.9)) {
		t.Errorf("free: %s to %s, %v", a, b, ok)
	}
	if _, _, ok := free(list, at(131), at(149)); ok {
		t.Error("something is free where all is covered")
	}
}

func TestWhatLiesWholeBetweenHoldsMayGo(t *testing.T) {
	ended := noon
	holds := []Hold{
		{Stream: "cam", From: at(500), To: at(600)},
		{Stream: "cam", From: at(50), To: at(80)},
		{Stream: "cam", From: at(60), To: at(70)},
		{Stream: "another", From: at(-99), To: at(999)},
		{Stream: "cam", From: at(200), To: at(300), EndedAt: &ended},
	}
	got := unheld(holds, "cam", at(550))
	if len(got) != 2 || !got[0].From.IsZero() || !got[0].To.Equal(at(50)) || !got[1].From.Equal(at(80)) || !got[1].To.Equal(at(500)) {
		t.Errorf("got %+v", got)
	}
}

func TestPolicySaysWhenToRecord(t *testing.T) {
	until := at(10)
	for _, c := range []struct {
		p    Policy
		want bool
	}{
		{Policy{Mode: Off}, false},
		{Policy{Mode: Always}, true},
		{Policy{Mode: OnAlarm}, false},
		{Policy{Mode: OnAlarm, Until: &until}, true},
		{Policy{Mode: Off, Until: &until}, true},
	} {
		if got := c.p.records(noon); got != c.want {
			t.Errorf("%+v: %v", c.p, got)
		}
		if c.p.Mode != Always && c.p.records(at(11)) {
			t.Errorf("%+v goes on after its end", c.p)
		}
	}
	if (Policy{Mode: Off, KeepDays: 0}).check() == nil || (Policy{Mode: "x", KeepDays: 1}).check() == nil {
		t.Error("a wrong policy was taken")
	}
}
