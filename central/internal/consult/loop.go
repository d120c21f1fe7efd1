package consult

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

const (
	hearEvery    = 200 * time.Millisecond
	recheckEvery = time.Minute
	silence      = 127
)

// Start looks after who speaks, whose link does not come back, and rooms that nobody needs.
func (s *Service) Start(ctx context.Context) {
	var checked time.Time
	s.loop.Start(actor.WithSystem(ctx, "consult"), 0, func(ctx context.Context, _ bool) time.Duration {
		now := time.Now()
		busy := s.hear(now)
		s.lapse(ctx, now)
		if s.asked.Swap(false) || now.Sub(checked) >= recheckEvery {
			checked = now
			s.Recheck(ctx)
			s.tidy(ctx, now)
		}
		if busy {
			return hearEvery
		}
		return recheckEvery
	})
}

// Stop ends that.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// hear finds out who speaks; it reports whether anybody is in a room.
func (s *Service) hear(now time.Time) (busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meetings {
		busy = busy || len(m.people) > 0
		var below [Seats]int
		for i := range below {
			below[i] = silence
		}
		for _, p := range m.people {
			if p.seat < 0 || p.muted || !p.away.IsZero() {
				continue
			}
			if b, ok := s.Router.Loudness(m.room.Stream(p.seat), now); ok {
				below[p.seat] = b
			}
		}
		if who := m.talk.hear(below, now); who != m.speaker {
			m.speaker = who
			m.bump()
		}
	}
	return busy
}

// lapse takes out those whose link did not come back.
func (s *Service) lapse(ctx context.Context, now time.Time) {
	type late struct {
		room Room
		as   actor.Actor
		p    *person
	}
	var gone []late
	s.mu.Lock()
	for _, m := range s.meetings {
		for _, p := range m.people {
			if !p.away.IsZero() && !p.busy && now.Sub(p.away) >= Grace {
				gone = append(gone, late{m.room, p.as, p})
			}
		}
	}
	s.mu.Unlock()
	for _, l := range gone {
		if err := s.out(visitor{as: l.as}.in(ctx, l.room), l.room.ID, l.p, EventLeft, "left"); err != nil {
			s.Log.Warn("it was not written down that somebody left a room", "error", err)
		}
	}
}

// Recheck takes out those who may no longer be in their room, and what nobody may show any more.
func (s *Service) Recheck(ctx context.Context) {
	type there struct {
		p     *person
		who   string
		guest bool
	}
	s.mu.Lock()
	rooms := map[string]Room{}
	people := map[string][]there{}
	for id, m := range s.meetings {
		rooms[id] = m.room
		for _, p := range m.people {
			people[id] = append(people[id], there{p, p.who, p.guest})
		}
	}
	s.mu.Unlock()
	for id, room := range rooms {
		for _, t := range people[id] {
			if err := s.still(ctx, room, t.who, t.guest); refused(err) {
				if err := s.out(system(ctx, room), id, t.p, EventRemoved, "removed"); err != nil {
					s.Log.Warn("somebody who may not be in a room any more was not taken out", "error", err)
				}
			}
		}
		if r, ok := s.now(id); ok {
			room = r // what somebody led who was just taken out is not shown any more
		}
		sh := room.Share
		if sh.Kind == SharesScene && refused(s.Pictures.Sees(ctx, sh.By, sh.Stream)) {
			if _, err := s.change(system(ctx, room), id, EventShared, "unshared", "", Trace{Stream: sh.Stream}, func(r *Room) error {
				r.Share = Share{}
				return nil
			}); err == nil {
				s.showAll(ctx, id, "")
			}
		}
	}
}

// refused tells an answer from a question that could not be asked.
func refused(err error) bool {
	switch errs.KindOf(err) {
	case errs.Unauthenticated, errs.Denied, errs.NotFound:
		return true
	case errs.Internal, errs.Invalid, errs.Conflict, errs.Unavailable:
	}
	return false
}

// still asks whether somebody may be in a room now.
func (s *Service) still(ctx context.Context, r Room, who string, guest bool) error {
	if guest {
		list, err := s.Store.Invitations(ctx, r.ID)
		if err != nil {
			return err
		}
		now := time.Now()
		if !slices.ContainsFunc(list, func(i Invitation) bool { return i.ID == who && i.holds(now) }) {
			return noRoom()
		}
		return nil
	}
	a, err := s.People.Present(actor.WithSystem(ctx, "consult"), who)
	if err != nil {
		return err
	}
	_, _, err = s.door(visitor{as: a}.in(ctx, r), r.ID, "")
	return err
}

// tidy ends rooms that nobody has used for long.
func (s *Service) tidy(ctx context.Context, now time.Time) {
	open, err := s.Store.OpenRooms(ctx)
	if err != nil {
		s.Log.Warn("rooms that nobody uses were not looked for", "error", err)
		return
	}
	for _, r := range open {
		if s.here(r.ID) > 0 || now.Sub(r.UsedAt) < idleFor {
			continue
		}
		if _, err := s.end(system(ctx, r), r); err != nil {
			s.Log.Warn("a room that nobody uses did not end", "error", err)
		}
	}
}

// OnEvent hears what changes who may be in a room (event.Bus.Handle); check tells such events.
func (s *Service) OnEvent(check func(event.Event) bool) func(context.Context, event.Event) {
	return func(_ context.Context, e event.Event) {
		if check(e) {
			s.asked.Store(true)
			s.loop.Wake()
		}
	}
}

// Seat is the stream of a seat as a camera: recordings of rooms are played like those of cameras by who may enter the
// room.
func (s *Service) Seat(ctx context.Context, stream string) (device.Device, bool) {
	id, ok := roomOf(stream)
	if !ok {
		return device.Device{}, false
	}
	a, ok := actor.From(ctx)
	if !ok {
		return device.Device{}, false
	}
	var r Room
	var err error
	if a.Kind == actor.System {
		r, err = s.Store.Room(ctx, id)
	} else {
		r, _, err = s.door(ctx, id, "")
	}
	if err != nil {
		return device.Device{}, false
	}
	return r.camera(stream), true
}

func (r Room) camera(stream string) device.Device {
	d := device.Device{ID: stream, Kind: device.Camera, Name: r.Title, NameEN: r.Title, Division: r.Division}
	i := slices.IndexFunc(r.Kept, func(k Kept) bool { return k.Stream == stream })
	if i >= 0 {
		for n, name := range r.Kept[i].Names {
			sep := "、"
			if n == 0 {
				sep = " · "
			}
			d.Name += sep + name
		}
		d.NameEN = d.Name
	}
	return d
}

// RecordedRooms are those of which something was recorded and that the actor may enter, the newest first.
func (s *Service) RecordedRooms(ctx context.Context) ([]Room, error) {
	a, _ := actor.From(ctx)
	if a.Kind != actor.System && !a.Can(actor.ConsultJoin) {
		return nil, nil
	}
	list, err := s.List(ctx, Filter{Recorded: true})
	out := make([]Room, 0, len(list))
	for _, l := range list {
		out = append(out, l.Room)
	}
	return out, err
}

// Owns reports whether a stream is a seat of the room.
func (r Room) Owns(stream string) bool {
	id, ok := roomOf(stream)
	return ok && id == r.ID
}

// RecordedSeats are the streams of seats of these rooms, as cameras.
func (s *Service) RecordedSeats(ctx context.Context) ([]device.Device, error) {
	rooms, err := s.RecordedRooms(ctx)
	if err != nil {
		return nil, err
	}
	var out []device.Device
	for _, r := range rooms {
		for _, k := range r.Kept {
			if r.Owns(k.Stream) {
				out = append(out, r.camera(k.Stream))
			}
		}
	}
	return out, nil
}
