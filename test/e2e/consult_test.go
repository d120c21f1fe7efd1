package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// meeting is a consultation with so many seats, the first of them its chair.
func meeting(t *testing.T, c *harness.Centre, n int) (room string, seats []*harness.Seat) {
	t.Helper()
	room, err := c.Admin.OpenRoom("演示会商")
	if err != nil {
		t.Fatal(err)
	}
	clients := []*harness.Client{c.Admin}
	for i := 1; i < n; i++ {
		clients = append(clients, c.Officer(t, fmt.Sprintf("seat-%d", i)))
	}
	for _, client := range clients {
		seats = append(seats, client.Sit(t, room, "sluice-small.h264"))
	}
	return room, seats
}

// allFlow waits until each seat gets so many more pictures and sounds of each other one, and nothing of itself.
func allFlow(t *testing.T, seats []*harness.Seat, what string) {
	t.Helper()
	faces, voices := make([][harness.SeatsOfRoom]int, len(seats)), make([][harness.SeatsOfRoom]int64, len(seats))
	for i, s := range seats {
		faces[i], voices[i] = s.Faces(), s.Voices()
	}
	harness.WaitFor(t, 2*soon, what, func() error {
		for i, s := range seats {
			for _, o := range seats {
				at := o.Own()
				if f, v := s.Faces()[at]-faces[i][at], s.Voices()[at]-voices[i][at]; s != o && (f < 20 || v < 20) {
					return fmt.Errorf("seat %d has %d pictures and %d sounds of seat %d", s.Own(), f, v, at)
				}
			}
		}
		return nil
	})
	for _, s := range seats {
		if own := s.Own(); s.Faces()[own] > 0 || s.Voices()[own] > 0 {
			t.Errorf("seat %d sees or hears itself", own)
		}
	}
}

// there waits until a seat is told of so many people, and says who of them is away.
func there(t *testing.T, s *harness.Seat, n, away int, what string) []harness.RoomPerson {
	t.Helper()
	var people []harness.RoomPerson
	harness.WaitFor(t, 2*soon, what, func() error {
		scene, err := s.Scene()
		people = scene.People
		gone := 0
		for _, p := range people {
			if p.Away {
				gone++
			}
		}
		return errors.Join(err, want(len(people), n), want(gone, away))
	})
	return people
}

func TestEightSeatsSeeAndHearEachOtherAndOneComesBack(t *testing.T) {
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	_, seats := meeting(t, c, harness.SeatsOfRoom)
	allFlow(t, seats, "all see and hear all others")
	last := seats[len(seats)-1]
	before, _ := last.Scene()
	own := last.Own()
	last.Cut()
	there(t, seats[0], len(seats), 1, "it is told that a link is broken")
	last.Mend()
	people := there(t, seats[0], len(seats), 0, "the link stands again")
	if p := people[own]; p.ID != before.You || p.Seat != own {
		t.Errorf("came back as somebody else: %+v, was %s on seat %d", people, before.You, own)
	}
	allFlow(t, seats, "all see and hear all others again")
	if after, err := last.Scene(); err != nil || after.You != before.You {
		t.Errorf("the seat is %s, was %s: %v", after.You, before.You, err)
	}
}

func TestAKilledCentreLosesAtMostTheLastSecondOfAConsultation(t *testing.T) {
	t.Parallel()
	d := &desk{centre: harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})}
	room, seats := meeting(t, d.centre, 3)
	allFlow(t, seats, "all see and hear all others")
	begun := time.Now()
	if err := d.centre.Admin.RecordRoom(room, true); err != nil {
		t.Fatal(err)
	}
	last := map[string]time.Time{}
	for _, s := range seats {
		stream := harness.SeatStream(room, s.Own())
		last[stream] = recordedFor(t, d, stream, 3*time.Second)
	}
	d.centre.Kill9()
	d.centre.Restart(t)
	for _, s := range seats {
		harness.WaitFor(t, 2*soon, "the seat has come back by itself", func() error {
			scene, err := s.Scene()
			if s.Entered() < 2 {
				err = errors.Join(err, errors.New("it has not"))
			}
			return errors.Join(err, want(len(scene.People), len(seats)), want(scene.Room.Recording, true))
		})
	}
	allFlow(t, seats, "all see and hear all others again")
	for stream, until := range last {
		spans, err := d.centre.Admin.Timeline(stream, begun.Add(-time.Minute), time.Now())
		if err != nil || len(spans) == 0 {
			t.Fatalf("nothing is left of %s: %v", stream, err)
		}
		// What was told is what the disk had.
		if spans[0].To.Before(until) {
			t.Errorf("of what stood until %s the kill left what stands until %s", until, spans[0].To)
		}
		recordedFor(t, d, stream, 2*time.Second)
		films, err := d.centre.Admin.Films(stream, begun.Add(-time.Minute), time.Now())
		if err != nil || len(films) < 2 {
			t.Fatalf("%d films of %s: %v", len(films), stream, err)
		}
		for _, f := range films {
			plays(t, f)
		}
	}
}
