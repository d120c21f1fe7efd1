package consult

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Share puts a scene or the map before everybody, or nothing. What somebody leads only they and the chair change. A scene
// needs the permission to show pictures to others, for who is in the room need not be allowed to see it themselves.
func (s *Service) Share(ctx context.Context, id, key string, kind ShareKind, stream string) (Room, error) {
	r, v, _, err := s.inside(ctx, id, "", key)
	if err != nil {
		return r, err
	}
	if r.Share.Kind != SharesNothing && r.Share.By != v.id && r.Chair != v.id {
		return r, errs.E(errs.Conflict, "consult.shared", "%s leads the shared picture; they or the chair end it", r.Share.ByName)
	}
	now := stamp()
	next := Share{Kind: kind, By: v.id, ByName: v.name, At: &now}
	act := "shared_map"
	switch kind {
	case SharesNothing:
		next, act = Share{}, "unshared"
		if r.Share.Kind == SharesNothing {
			return r, nil
		}
	case SharesMap:
	case SharesScene:
		act = "shared"
		if !v.as.Can(actor.VideoShare) {
			return r, errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.VideoShare)
		}
		if next.Name, err = s.Pictures.Lend(v.in(ctx, r), stream); err != nil {
			return r, err
		}
		next.Stream = stream
	default:
		return r, errs.Field("consult.share", "kind", "scene, map or nothing")
	}
	ctx = v.in(ctx, r)
	r, err = s.change(ctx, id, EventShared, act, next.Name, Trace{Person: v.id, Stream: stream}, func(r *Room) error {
		r.Share = next
		return running(*r)
	})
	if err != nil {
		return r, err
	}
	s.showAll(ctx, id, next.Stream)
	s.giveBack(ctx, r, next.Stream)
	if r.Recording && next.Stream != "" {
		s.keepScene(ctx, r, next)
	}
	return r, nil
}

// showAll puts a scene at the first place of everybody, or takes away what is there.
func (s *Service) showAll(ctx context.Context, room, stream string) {
	s.mu.Lock()
	var people []*person
	if m := s.meetings[room]; m != nil {
		people = append(people, m.people...)
	}
	s.mu.Unlock()
	for _, p := range people {
		s.show(ctx, room, p, stream)
	}
}

// show puts the shared scene before one person.
func (s *Service) show(ctx context.Context, room string, p *person, stream string) {
	s.mu.Lock()
	session, before := p.session, p.shown
	p.shown = ""
	s.mu.Unlock()
	r, ok := s.now(room)
	if session == "" || !ok {
		return
	}
	s.hang(before)
	if stream == "" {
		return
	}
	if _, err := s.Pictures.Lend(system(ctx, r), stream); err != nil {
		s.Log.Info("the shared scene does not come", "stream", stream, "error", err)
	}
	shown, err := s.Router.Show(session, 0, stream, video.Wish{})
	if err != nil {
		if errs.KindOf(err) != errs.NotFound {
			s.Log.Warn("the shared scene is not shown", "stream", stream, "error", err)
		}
		return
	}
	s.mu.Lock()
	stands := p.session == session
	if stands {
		p.shown = shown.Session
	}
	s.mu.Unlock()
	if !stands {
		s.hang(shown.Session)
	}
}

// Look moves the shared map for everybody. Only who leads it, or the chair, does.
func (s *Service) Look(ctx context.Context, id, key string, view View) error {
	r, v, _, err := s.inside(ctx, id, "", key)
	if err != nil {
		return err
	}
	if err := view.check(); err != nil {
		return err
	}
	if r.Share.Kind != SharesMap || (r.Share.By != v.id && r.Chair != v.id) {
		return errs.E(errs.Conflict, "consult.not_leading", "you do not lead the shared map")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[id]; m != nil {
		m.view = &view
		m.bump()
	}
	return nil
}

// Record begins to keep what the seats send and the scene that is shared, or ends that. Only the chair does, and
// everybody in the room is told.
func (s *Service) Record(ctx context.Context, id string, on bool) (Room, error) {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return r, err
	}
	if err := world.Outside(ctx, "a recording"); err != nil {
		return r, err
	}
	switch {
	case s.Recorder == nil:
		return r, errs.E(errs.Unavailable, "consult.no_recorder", "this centre records no pictures")
	case !v.as.Can(actor.VideoRecord):
		return r, errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.VideoRecord)
	case r.Recording == on:
		return r, nil
	}
	return s.record(v.in(ctx, r), r, on)
}

// DiskFull is told when the disk of recordings is full, and when it has room again: rooms do not say that they are
// recorded while nothing is written.
func (s *Service) DiskFull(is bool) {
	s.full.Store(is)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meetings {
		m.bump()
	}
}

// record begins or ends the recordings of a room; the caller has authorised that. Everybody is told before the first
// picture is kept, and after the last.
func (s *Service) record(ctx context.Context, r Room, on bool) (Room, error) {
	if !on {
		s.stop(ctx, r)
	}
	act := "recorded"
	if !on {
		act = "unrecorded"
	}
	r, err := s.change(ctx, r.ID, EventRecorded, act, "", Trace{On: on}, func(r *Room) error {
		now := stamp()
		r.Recording = on
		if on {
			r.Since = &now
			if r.First == nil {
				r.First = &now
			}
		} else {
			r.Since = nil
		}
		r.Last = &now
		return running(*r)
	})
	if err != nil || !on {
		return r, err
	}
	for _, stream := range r.Streams() {
		if err := s.Recorder.Begin(system(ctx, r), stream); err != nil {
			// What began half-way is not to run on while nobody is told of it.
			if _, undone := s.record(ctx, r, false); undone != nil {
				s.Log.Warn("a recording that did not begin was not undone", "error", undone)
			}
			return r, err
		}
	}
	if r.Share.Kind == SharesScene {
		s.keepScene(ctx, r, r.Share)
	}
	s.mu.Lock()
	var seated []*person
	if m := s.meetings[r.ID]; m != nil {
		for _, p := range m.people {
			if p.seat >= 0 {
				seated = append(seated, p)
			}
		}
	}
	s.mu.Unlock()
	for _, p := range seated {
		s.seen(ctx, r.ID, p)
	}
	return s.Store.Room(ctx, r.ID)
}

// stop ends the recordings of a room and holds what was kept for its incident.
func (s *Service) stop(ctx context.Context, r Room) {
	if s.Recorder == nil {
		return
	}
	ctx = system(ctx, r)
	reference := r.Title
	if r.Incident != "" {
		reference = r.Incident
	}
	for _, k := range r.Kept {
		if _, own := roomOf(k.Stream); own {
			if err := s.Recorder.Hold(ctx, r, k.Stream, time.Now(), reference); err != nil {
				s.Log.Warn("recordings of a consultation are not held", "error", err)
			}
		}
	}
	for _, stream := range r.Streams() {
		if err := s.Recorder.End(ctx, stream); err != nil {
			s.Log.Warn("recordings of a consultation did not end", "error", err)
		}
	}
	s.giveBack(ctx, r, "")
}

// keepScene records the shared scene as well, for as long as it is shared and the room is recorded. What others have
// recorded goes on for them.
func (s *Service) keepScene(ctx context.Context, r Room, sh Share) {
	ordered, err := s.Recorder.Borrow(system(ctx, r), sh.Stream)
	if err != nil {
		s.Log.Warn("the shared scene is not recorded", "stream", sh.Stream, "error", err)
		return
	}
	s.note(ctx, r.ID, sh.Stream, sh.Name)
	if ordered == nil {
		return
	}
	if _, err := s.change(ctx, r.ID, "", "", "", Trace{}, func(r *Room) error {
		r.order(sh.Stream, ordered)
		return nil
	}); err != nil {
		s.Log.Warn("that a shared scene is recorded was not noted", "stream", sh.Stream, "error", err)
	}
}

// giveBack ends the recordings of scenes that the room has ordered, but for one that is still shared.
func (s *Service) giveBack(ctx context.Context, r Room, but string) {
	for _, k := range r.Kept {
		if k.Ordered == nil || k.Stream == but {
			continue
		}
		if err := s.Recorder.GiveBack(system(ctx, r), k.Stream, *k.Ordered); err != nil {
			s.Log.Warn("the recording of a shared scene did not end", "stream", k.Stream, "error", err)
			continue
		}
		if _, err := s.change(ctx, r.ID, "", "", "", Trace{}, func(r *Room) error {
			r.order(k.Stream, nil)
			return nil
		}); err != nil {
			s.Log.Warn("that the recording of a shared scene ended was not noted", "stream", k.Stream, "error", err)
		}
	}
}

// seen notes who is to be seen on a stream that is recorded.
func (s *Service) seen(ctx context.Context, room string, p *person) {
	s.mu.Lock()
	m := s.meetings[room]
	if m == nil {
		s.mu.Unlock()
		return
	}
	stream, name := m.room.Stream(p.seat), p.called()
	s.mu.Unlock()
	s.note(ctx, room, stream, name)
}

func (s *Service) note(ctx context.Context, room, stream, name string) {
	r, err := s.Store.Room(ctx, room)
	if err == nil && r.keep(stream, name) {
		_, err = s.change(ctx, room, "", "", "", Trace{}, func(r *Room) error {
			r.keep(stream, name)
			return nil
		})
	}
	if err != nil {
		s.Log.Warn("who is on a recording was not noted", "error", err)
	}
}
