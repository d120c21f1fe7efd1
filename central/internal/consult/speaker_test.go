package consult

import (
	"testing"
	"time"
)

// scene plays levels to the rules: of two seats, a step every 200 ms.
type scene struct {
	talk speakers
	at   time.Time
}

// plays hears somebody for a time at a level each, and returns who has the picture at the end.
func (s *scene) plays(first, second int, long time.Duration) int {
	var below [Seats]int
	for i := range below {
		below[i] = silence
	}
	below[0], below[1] = first, second
	who := -1
	for range long / hearEvery {
		s.at = s.at.Add(hearEvery)
		who = s.talk.hear(below, s.at)
	}
	return who
}

func TestThePictureGoesToWhoSpeaksAndStaysThroughABreath(t *testing.T) {
	s := &scene{at: time.Unix(1_800_000_000, 0)}
	const loud, soft = 25, 38
	for _, step := range []struct {
		what          string
		first, second int
		long          time.Duration
		want          int
	}{
		{"nobody has spoken", silence, silence, 2 * time.Second, -1},
		{"a click", loud, silence, 200 * time.Millisecond, -1},
		{"silence", silence, silence, time.Second, -1},
		{"the first speaks", loud, silence, 800 * time.Millisecond, 0},
		{"a breath of the first", silence, silence, 800 * time.Millisecond, 0},
		{"the first goes on", loud, silence, 3 * time.Second, 0},
		{"a cough of the second", loud, loud - 8, 600 * time.Millisecond, 0},
		{"the second as loud at once", loud, loud, 5 * time.Second, 0},
		{"the second much louder, for long", soft, loud, 1400 * time.Millisecond, 1},
		{"the first louder again, too soon", loud, soft, time.Second, 1},
		{"but it goes on", loud, soft, 2 * time.Second, 0},
		{"all are silent", silence, silence, 30 * time.Second, 0},
		{"the second speaks softly after that", silence, soft, 600 * time.Millisecond, 1},
		{"what is no speech changes nothing", 60, silence, 10 * time.Second, 1},
	} {
		if got := s.plays(step.first, step.second, step.long); got != step.want {
			t.Fatalf("%s: seat %d has the picture, want %d", step.what, got, step.want)
		}
	}
	s.talk.gone(1)
	if got := s.plays(silence, silence, time.Second); got != -1 {
		t.Errorf("who has left keeps the picture: %d", got)
	}
	if got := s.plays(loud, silence, time.Second); got != 0 {
		t.Errorf("then the next one speaks: %d", got)
	}
}

func TestNoLevelTurnsThePictureMoreOftenThanEveryTwoSeconds(t *testing.T) {
	var s speakers
	at := time.Unix(1_800_000_000, 0)
	was, turned := -1, time.Time{}
	for i := range 10_000 {
		at = at.Add(hearEvery)
		var below [Seats]int
		for n := range below {
			below[n] = (i*7919 + n*104729 + i*i*31*n) % 128
		}
		who := s.hear(below, at)
		if who == was {
			continue
		}
		if was >= 0 && at.Sub(turned) < holdsFloor {
			t.Fatalf("turned from %d to %d after %v", was, who, at.Sub(turned))
		}
		was, turned = who, at
	}
	if was < 0 {
		t.Error("nobody ever had the picture")
	}
}

func TestStreamsOfRoomsAreFoundAndNoOthers(t *testing.T) {
	r := Room{ID: "0190a0c0-0000-7000-8000-000000000000"}
	for i, name := range r.Streams() {
		if got, ok := roomOf(name); !ok || got != r.ID {
			t.Errorf("seat %d: %q %v", i, got, ok)
		}
	}
	for _, name := range []string{"", "cam-1", streamMark, streamMark + "x", streamMark + "x-9", streamMark + "x-10", streamMark + "x-"} {
		if got, ok := roomOf(name); ok {
			t.Errorf("%q is of room %q", name, got)
		}
	}
}

func FuzzView(f *testing.F) {
	f.Add(120.0, 32.0, 10.0, "water")
	f.Fuzz(func(t *testing.T, lon, lat, zoom float64, layer string) {
		v := View{Lon: lon, Lat: lat, Zoom: zoom, Hidden: []string{layer}}
		if v.check() == nil && !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90 && zoom >= 0 && zoom <= 24) {
			t.Errorf("%+v passes", v)
		}
	})
}
