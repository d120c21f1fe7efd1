package consult

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Leave takes a person out of a room; who is not in it is no error.
func (s *Service) Leave(ctx context.Context, id, token, key string) error {
	r, v, err := s.door(ctx, id, token)
	if err != nil {
		return err
	}
	s.mu.Lock()
	var p *person
	if m := s.meetings[id]; m != nil {
		p = m.person(key)
	}
	if p == nil || p.who != v.id {
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	return s.out(v.in(ctx, r), id, p, EventLeft, "left")
}

// out takes somebody out of a room and writes it down.
func (s *Service) out(ctx context.Context, room string, p *person, kind, act string) error {
	s.mu.Lock()
	m := s.meetings[room]
	if m == nil || !slices.Contains(m.people, p) {
		s.mu.Unlock()
		return nil
	}
	if kind == EventRemoved {
		m.removed[p.key] = p.who
	}
	session, called, leads := p.session, p.called(), m.room.Share.Kind != SharesNothing && m.room.Share.By == p.who
	s.drop(room, p)
	s.mu.Unlock()
	s.hang(session)
	r, err := s.change(ctx, room, kind, act, called, Trace{Person: p.who}, func(r *Room) error {
		r.UsedAt = stamp()
		if leads { // what nobody leads any more is not shown for ever
			r.Share = Share{}
		}
		return nil
	})
	if leads {
		s.showAll(ctx, room, "")
		s.giveBack(ctx, r, "")
	}
	return err
}

// Ended is told of every session of the router that ended: the place is kept for a while.
func (s *Service) Ended(_ context.Context, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meetings {
		for _, p := range m.people {
			if p.session == session {
				p.session, p.shown, p.away = "", "", time.Now()
				m.bump()
				s.loop.Wake()
				return
			}
		}
	}
}

// empty sends everybody out of a room that has ended.
func (s *Service) empty(r Room) {
	s.mu.Lock()
	m := s.meetings[r.ID]
	var sessions []string
	if m != nil {
		for _, p := range slices.Clone(m.people) {
			sessions = append(sessions, p.session)
			s.drop(r.ID, p)
		}
		delete(s.meetings, r.ID)
	}
	s.mu.Unlock()
	for _, session := range sessions {
		s.hang(session)
	}
}

// Remove takes somebody out: what was theirs alone, an invitation in person or a link, holds no longer, and by their
// organisation they do not come back either until they are invited in person.
func (s *Service) Remove(ctx context.Context, id, person string) error {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return err
	}
	p, err := s.other(id, person, v)
	if err != nil {
		return err
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		list, err := s.Store.Invitations(ctx, id)
		if err != nil {
			return err
		}
		now := stamp()
		for _, i := range list {
			if i.holds(now) && (i.ID == p.who || i.Kind == ForPerson && i.Ref == p.who) {
				i.RevokedAt = &now
				if err := s.Store.SaveInvitation(ctx, i); err != nil {
					return err
				}
			}
		}
		if p.guest {
			return nil
		}
		_, err = s.change(ctx, id, "", "", "", Trace{}, func(r *Room) error {
			if !slices.Contains(r.Out, p.who) {
				r.Out = append(r.Out, p.who)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	return s.out(v.in(ctx, r), id, p, EventRemoved, "removed")
}

// other finds somebody in a room who is not the chair.
func (s *Service) other(room, id string, v visitor) (*person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		for _, p := range m.people {
			if p.id == id && p.who != v.id {
				return p, nil
			}
		}
	}
	return nil, errs.E(errs.NotFound, "consult.no_person", "there is no such person in the room")
}

// Mute silences somebody, or lets them speak again.
func (s *Service) Mute(ctx context.Context, id, person string, on bool) error {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return err
	}
	p, err := s.other(id, person, v)
	if err != nil {
		return err
	}
	// The trail says who silenced whom; the timeline of the incident has no use for it.
	err = event.Change(v.in(ctx, r), s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		note(event.New(ctx, EventMuted, r.ID, r.Division, Trace{Room: r.Title, Incident: r.IncidentID, Person: p.who, On: on}))
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	p.muted = on
	if !on {
		p.hand = false
	}
	session := p.session
	if m := s.meetings[id]; m != nil {
		m.bump()
	}
	s.mu.Unlock()
	if session == "" {
		return nil // it holds for the next one
	}
	if err := s.Router.Mute(session, on); errs.KindOf(err) != errs.NotFound {
		return err
	}
	return nil
}

// Signs are what somebody shows of themselves.
type Signs struct {
	Camera, Quiet, Hand bool
}

// Sign changes what somebody shows of themselves.
func (s *Service) Sign(ctx context.Context, id, token, key string, to Signs) error {
	_, _, p, err := s.inside(ctx, id, token, key)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.camera, p.quiet, p.hand = to.Camera && p.seat >= 0, to.Quiet, to.Hand
	if m := s.meetings[id]; m != nil {
		m.bump()
	}
	return nil
}

// inside is door for who is in the room by this tab. Questions that come too fast are refused.
func (s *Service) inside(ctx context.Context, id, token, key string) (Room, visitor, *person, error) {
	r, v, err := s.door(ctx, id, token)
	if err == nil {
		err = running(r)
	}
	if err != nil {
		return r, v, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.meetings[id]
	if m == nil {
		return r, v, nil, noPlace()
	}
	p := m.person(key)
	switch {
	case p == nil && m.removed[key] != "":
		return r, v, nil, takenOut()
	case p == nil && slices.ContainsFunc(m.people, func(p *person) bool { return p.who == v.id }):
		return r, v, nil, errs.E(errs.Conflict, codeElsewhere, "you are in this room in another window; come over here or go on there")
	case p == nil || p.who != v.id:
		return r, v, nil, noPlace()
	case !p.pace.may(time.Now()):
		return r, v, nil, tooFast()
	}
	return r, v, p, nil
}

func noPlace() error {
	return errs.E(errs.NotFound, "consult.no_place", "you are not in this room; come in again")
}

func takenOut() error {
	return errs.E(errs.Denied, "consult.removed", "the chair has taken you out of this room")
}

func tooFast() error {
	return errs.E(errs.Unavailable, "consult.too_fast", "too many questions; wait a moment")
}

// waitFor is how long a question for news waits.
const waitFor = 8 * time.Second

// News is what somebody sees of the room once it is newer than they know, or after a while.
func (s *Service) News(ctx context.Context, id, token, key string, after uint64) (Scene, error) {
	_, _, p, err := s.inside(ctx, id, token, key)
	if err != nil {
		return Scene{}, err
	}
	late := time.NewTimer(waitFor)
	defer late.Stop()
	mine := make(chan struct{})
	s.mu.Lock()
	if p.waits != nil {
		close(p.waits) // one question of a tab waits at a time
	}
	p.waits = mine
	s.mu.Unlock()
	for {
		s.mu.Lock()
		m := s.meetings[id]
		if m == nil || !slices.Contains(m.people, p) {
			s.mu.Unlock()
			return Scene{}, noPlace()
		}
		if m.version != after || p.waits != mine {
			defer s.mu.Unlock()
			return s.scene(m, p), nil
		}
		news := m.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-mine:
		case <-late.C:
			after = 0
		case <-ctx.Done():
			return Scene{}, ctx.Err()
		}
	}
}

// pace lets so many questions of one person pass in a second.
type pace struct {
	second int64
	n      int
}

const mostQuestions = 20

func (p *pace) may(now time.Time) bool {
	if s := now.Unix(); s != p.second {
		p.second, p.n = s, 0
	}
	p.n++
	return p.n <= mostQuestions
}
