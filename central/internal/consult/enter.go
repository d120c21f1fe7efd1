package consult

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Entry is how somebody wants to come in. Key names the tab: a link that breaks comes back with the same.
type Entry struct {
	Key     string
	SDP     string
	Listen  bool // without a seat
	Camera  bool
	Over    bool // take over from another tab of the same person
	Consent bool // to being recorded
}

// Entered is the place that somebody got.
type Entered struct {
	SDP   string `json:"sdp" doc:"The answer"`
	Scene Scene  `json:"scene"`
}

// codeElsewhere is that the same person is in the room by another tab.
const codeElsewhere = "consult.elsewhere"

func (e Entry) check() error {
	if !errs.Name(e.Key, 64) || len(e.Key) < 16 {
		return errs.Field("consult.key", "key", "16 to 64 characters that name the tab")
	}
	if e.SDP == "" {
		return errs.Field("consult.sdp", "sdp", "the offer is missing")
	}
	return nil
}

// Enter lets somebody in, or back to the place that is kept for them.
func (s *Service) Enter(ctx context.Context, id, token string, e Entry) (Entered, error) {
	r, v, err := s.door(ctx, id, token)
	if err != nil {
		return Entered{}, err
	}
	ctx = v.in(ctx, r)
	if err := cmp.Or(e.check(), running(r)); err != nil {
		return Entered{}, err
	}
	if r.Recording && !e.Consent {
		return Entered{}, errs.E(errs.Conflict, "consult.consent", "this consultation is recorded; say that you agree")
	}
	p, seat, old, fresh, err := s.reserve(r, v, e)
	if err != nil {
		return Entered{}, err
	}
	s.hang(old)
	answer, err := s.Router.Sit(ctx, r.Streams(), seat, "consult-"+p.id, e.SDP)
	if err == nil && fresh {
		err = s.came(ctx, r, v, p)
	}
	s.mu.Lock()
	p.busy = false
	if err == nil { // the chair, or they themselves, may have taken them out meanwhile
		err = s.sits(r.ID, p)
	}
	if err != nil {
		if fresh {
			s.drop(r.ID, p)
		} else {
			p.away = time.Now()
		}
		s.mu.Unlock()
		s.hang(answer.Session)
		return Entered{}, err
	}
	p.session, p.away, p.shown = answer.Session, time.Time{}, ""
	muted := p.muted
	m := s.meetings[r.ID]
	share := m.room.Share
	m.bump()
	s.mu.Unlock()
	if muted {
		_ = s.Router.Mute(answer.Session, true) // it has ended if it is not there
	}
	if share.Kind == SharesScene {
		s.show(ctx, r.ID, p, share.Stream)
	}
	if r.Recording && seat >= 0 {
		s.seen(ctx, r.ID, p)
	}
	s.loop.Wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Entered{SDP: answer.SDP, Scene: s.scene(m, p)}, nil
}

func (s *Service) scene(m *meeting, p *person) Scene {
	r, absent := m.room, m.absent
	if p.guest {
		r, absent = r.outside(), nil
	}
	return Scene{Version: m.version, Room: r, People: m.list(), Speaker: m.speaker, View: m.view, Absent: absent, Unkept: r.Recording && s.full.Load(), You: p.id}
}

// sits says why somebody is not in a room any more, if so. The caller holds the lock.
func (s *Service) sits(room string, p *person) error {
	m := s.meetings[room]
	switch {
	case m != nil && slices.Contains(m.people, p):
		return nil
	case m != nil && m.removed[p.key] != "":
		return takenOut()
	}
	return noPlace()
}

// reserve finds the place of somebody who comes in: the one that they have, or a new one. old is the session that it
// had; fresh is a new place.
func (s *Service) reserve(r Room, v visitor, e Entry) (p *person, seat int, old string, fresh bool, err error) {
	none := func(err error) (*person, int, string, bool, error) { return nil, -1, "", false, err }
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.meeting(r)
	if m.removed[e.Key] != "" {
		return none(takenOut())
	}
	i := slices.IndexFunc(m.people, func(p *person) bool { return p.who == v.id })
	if i < 0 {
		p = &person{id: newID(), who: v.id, since: stamp(), seat: -1}
		if len(m.people) >= s.Crowd {
			return none(errs.E(errs.Conflict, "consult.crowded", "%d people are in this room, which is all that it takes", s.Crowd))
		}
	} else {
		p = m.people[i]
		if p.key != e.Key && p.away.IsZero() && !e.Over {
			return none(errs.E(errs.Conflict, codeElsewhere, "you are in this room in another window; come over here or go on there"))
		}
		if p.busy {
			return none(errs.E(errs.Unavailable, "consult.busy", "you are on the way in already; try again"))
		}
	}
	seat = -1
	if !e.Listen {
		if seat = m.free(p); seat < 0 {
			return none(errs.E(errs.Conflict, "consult.seats_taken", "all %d seats are taken; come in as a listener", Seats))
		}
	}
	if !p.pace.may(time.Now()) {
		return none(tooFast())
	}
	if seat != p.seat && p.seat >= 0 {
		m.talk.gone(p.seat)
	}
	old, p.session = p.session, ""
	p.key, p.name, p.org, p.guest, p.as, p.seat, p.camera, p.busy = e.Key, v.name, v.org, v.guest, v.as, seat, e.Camera && seat >= 0, true
	if i < 0 {
		m.people = append(m.people, p)
	}
	return p, seat, old, i < 0, nil
}

// free is the seat of somebody, or one that nobody has; -1 when there is none.
func (m *meeting) free(p *person) int {
	if p.seat >= 0 {
		return p.seat
	}
	for n := range Seats {
		if !slices.ContainsFunc(m.people, func(o *person) bool { return o.seat == n }) {
			return n
		}
	}
	return -1
}

// drop takes somebody out who is in. The caller holds the lock.
func (s *Service) drop(room string, p *person) {
	m := s.meetings[room]
	if m == nil || !slices.Contains(m.people, p) {
		return
	}
	m.people = slices.DeleteFunc(m.people, func(o *person) bool { return o == p })
	if p.seat >= 0 {
		m.talk.gone(p.seat)
		if m.speaker == p.seat {
			m.speaker = -1
		}
	}
	if p.waits != nil {
		close(p.waits)
		p.waits = nil
	}
	m.bump()
	if len(m.people) == 0 && len(m.removed) == 0 {
		delete(s.meetings, room)
	}
}

func (s *Service) hang(session string) {
	if session == "" {
		return
	}
	if err := s.Router.Hang(session); err != nil && errs.KindOf(err) != errs.NotFound {
		s.Log.Warn("session of a room did not end", "error", err)
	}
}

// came writes down that somebody is there, which answers what they were asked, unless they were taken out on their way in.
func (s *Service) came(ctx context.Context, r Room, v visitor, p *person) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		if _, _, err := s.answer(ctx, r.ID, v, Came); err != nil {
			return err
		}
		_, err := s.change(ctx, r.ID, EventCame, "came", p.called(), Trace{Person: p.who}, func(r *Room) error {
			r.UsedAt = stamp()
			s.mu.Lock()
			defer s.mu.Unlock()
			return cmp.Or(running(*r), s.sits(r.ID, p))
		})
		return err
	})
	if err == nil {
		s.recall(ctx, r.ID)
	}
	return err
}

// called is a name with its organisation.
func (p *person) called() string { return called(p.name, p.org) }

func called(name, org string) string {
	if org == "" {
		return name
	}
	return name + "（" + org + "）"
}
