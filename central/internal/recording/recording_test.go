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

func TestHeldIsNeitherOldNorSurplus(t *testing.T) {
	list := []Segment{seg("new", 300, 360, Live), seg("held", 0, 60, Live), seg("old", 60, 120, Live), {ID: "open", Stream: "cam", From: at(-9), To: at(-9), Bytes: 10, Open: true}}
	holds := []Hold{{Stream: "cam", From: at(50), To: at(55)}, {Stream: "another", From: at(-99), To: at(999)}}
	if got := expired(list, holds, 1, at(120).AddDate(0, 0, 1).Add(time.Second)); len(got) != 1 || got[0].ID != "old" {
		t.Errorf("expired: %+v", got)
	}
	got, freed := surplus(list, holds, 15, false)
	if len(got) != 2 || got[0].ID != "old" || got[1].ID != "new" || freed != 20 {
		t.Errorf("surplus: %+v, %d", got, freed)
	}
	if _, freed := surplus(list, holds, 30, false); freed != 20 {
		t.Errorf("%d bytes were freed of what is held", freed)
	}
	ended := noon
	holds[0].EndedAt = &ended
	if got, _ := surplus(list, holds, 10, false); got[0].ID != "held" {
		t.Errorf("a hold that has ended still holds: %+v", got)
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
