package rollcall

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// Mine are the posts of the actor's own desk that wait for an answer, or may still give a late one.
func (s *Service) Mine(ctx context.Context) ([]Post, error) {
	_, u, err := s.own(ctx, actor.DutyLog)
	if err != nil {
		return nil, err
	}
	now := s.stamp()
	list, err := s.Store.Open(ctx, u.OrgID, now.Add(-lateUntil))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i], err = s.timed(ctx, list[i]); err != nil {
			return nil, err
		}
		p := list[i]
		if p.SeenAt != nil {
			continue
		}
		list[i].SeenAt = &now
		if err := s.seenBy(ctx, p.ID, ""); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// seenBy notes that a console has shown a post, or that a person opened the link.
func (s *Service) seenBy(ctx context.Context, id, person string) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		p, err := s.Store.Post(ctx, id)
		if err != nil {
			return err
		}
		if person != "" {
			if err := s.Notices.Reached(ctx, "rollcall "+id, person, notice.Read); err != nil {
				return err
			}
		}
		if p.SeenAt != nil {
			return nil
		}
		now := s.stamp()
		p.SeenAt = &now
		return s.Store.SavePost(ctx, p)
	})
	if err == nil {
		e := event.New(ctx, EventSeen, id, "", nil)
		e.Ephemeral = true
		s.Events.Publish(ctx, e)
	}
	return err
}

// settle runs decide over a post under the lock, ends its clock when it is answered, and records what happened.
func (s *Service) settle(ctx context.Context, id, kind string, decide func(p Post, c Call, now time.Time) (Post, error)) (Post, error) {
	var out Post
	var e event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		p, err := s.Store.Post(ctx, id)
		if err != nil {
			return err
		}
		c, err := s.Store.Call(ctx, p.CallID)
		if err != nil {
			return err
		}
		if p, err = s.timed(ctx, p); err != nil {
			return err
		}
		if out, err = decide(p, c, s.stamp()); err != nil {
			return err
		}
		if err := s.Store.SavePost(ctx, out); err != nil {
			return err
		}
		if out.AnsweredAt != nil {
			for _, w := range out.Expected { // nobody is asked any more
				if err := s.Notices.Reached(ctx, "rollcall "+id, w.PersonID, notice.Answered); err != nil {
					return err
				}
			}
			if err := s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: id}, "rollcall", deadline.Met); err != nil {
				return err
			}
		}
		e = event.New(ctx, kind, id, out.Division, trace{Name: c.Name, Org: out.OrgName, By: out.ByName})
		return s.Events.Record(ctx, &e)
	})
	if err == nil {
		s.Events.Publish(ctx, e)
	}
	return out, err
}

// Answer answers for a post of the own desk, from the console. The post of the leader is answered by whoever the
// roster names; that of the officer by anybody of the desk, which is written down.
func (s *Service) Answer(ctx context.Context, id, agent string) (Post, error) {
	a, u, err := s.own(ctx, actor.DutyLog)
	if err != nil {
		return Post{}, err
	}
	who, err := s.who(ctx, a)
	if err != nil {
		return Post{}, err
	}
	return s.settle(ctx, id, EventAnswered, func(p Post, c Call, now time.Time) (Post, error) {
		if p.OrgID != u.OrgID {
			return p, errs.E(errs.NotFound, "rollcall.not_found", "there is no such post at your desk")
		}
		p, err := p.answer(Console, who, c.Marks, now)
		if err == nil && p.Tier == deadline.Leader && !p.Rostered {
			err = errs.E(errs.Denied, "rollcall.not_yours", "the leader on duty answers this one")
		}
		p.Device = device(agent)
		return p, err
	})
}

// who is the actor as the roster knows them, or by name alone.
func (s *Service) who(ctx context.Context, a actor.Actor) (Who, error) {
	p, err := s.Roster.PersonOf(system(ctx), a.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Who{}, err
	}
	return Who{PersonID: p.ID, Name: a.Name}, nil
}

// Where adds the place to an answer of the actor's own, within ten minutes; why says why there is none.
func (s *Service) Where(ctx context.Context, id string, place *Place, why string) (Post, error) {
	a, u, err := s.own(ctx, actor.DutyLog)
	if err != nil {
		return Post{}, err
	}
	who, err := s.who(ctx, a)
	if err != nil {
		return Post{}, err
	}
	p, err := s.Store.Post(ctx, id)
	switch {
	case err != nil:
		return Post{}, err
	case p.OrgID != u.OrgID:
		return Post{}, errs.E(errs.NotFound, "rollcall.not_found", "there is no such post at your desk")
	case p.AnsweredAt != nil && (p.ByID != who.PersonID || p.ByName != who.Name):
		return Post{}, errs.E(errs.Denied, "rollcall.not_yours", "%s has answered; only they say where they are", p.ByName)
	}
	return s.where(ctx, id, Console, place, why)
}

func (s *Service) where(ctx context.Context, id string, how How, place *Place, why string) (Post, error) {
	if place != nil {
		if err := place.validate(); err != nil {
			return Post{}, err
		}
	}
	var out Post
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		p, err := s.Store.Post(ctx, id)
		if err != nil {
			return err
		}
		if p.AnsweredAt == nil || p.How != how || p.Place != nil || s.stamp().Sub(*p.AnsweredAt) > 10*time.Minute {
			return errs.E(errs.Conflict, "rollcall.placed", "the answer has a place already, or is older than ten minutes")
		}
		p.Place = place
		if place == nil {
			p.NoPlace = map[string]string{"denied": "denied"}[why]
			if p.NoPlace == "" {
				p.NoPlace = "unavailable"
			}
		}
		out = p
		return s.Store.SavePost(ctx, p)
	})
	return out, err
}

// Rang is what somebody of the calling desk found by telephone.
type Rang struct {
	Reached bool
	Name    string // of who answered
	Note    string
}

// Voice writes down a call by voice (打电话查到).
func (s *Service) Voice(ctx context.Context, id string, r Rang) (Post, error) {
	a, u, err := s.own(ctx, actor.DutyLog)
	if err != nil {
		return Post{}, err
	}
	r.Name, r.Note = strings.TrimSpace(r.Name), strings.TrimSpace(r.Note)
	switch {
	case r.Reached && !errs.Name(r.Name, 32):
		return Post{}, errs.Field("rollcall.who", "name", "say who answered the telephone, in 1 to 32 characters")
	case !errs.Line(r.Note, 200):
		return Post{}, errs.Field("rollcall.note", "note", "at most 200 characters on one line")
	case !r.Reached && r.Note == "":
		return Post{}, errs.Field("rollcall.note", "note", "say what was tried")
	}
	if err := s.called(ctx, u, id); err != nil {
		return Post{}, err
	}
	return s.settle(ctx, id, EventVoice, func(p Post, c Call, now time.Time) (Post, error) {
		note := now.In(event.China()).Format("15:04") + " " + a.Name + "：" + r.Note
		if p.Note != "" {
			note = p.Note + "；" + note
		}
		if !r.Reached {
			if p.AnsweredAt != nil {
				return p, errs.E(errs.Conflict, "rollcall.answered", "%s has answered already", p.ByName)
			}
			p.Note = note
			return p, nil
		}
		who := Who{Name: r.Name}
		for _, w := range p.Expected {
			if w.Name == r.Name {
				who = w
			}
		}
		p, err := p.answer(Voice, who, c.Marks, now)
		p.Note = note
		return p, err
	})
}

// called refuses what neither the desk of the user nor one below it has called.
func (s *Service) called(ctx context.Context, u account.User, id string) error {
	p, err := s.Store.Post(ctx, id)
	if err != nil {
		return err
	}
	c, err := s.Store.Call(ctx, p.CallID)
	if err != nil {
		return err
	}
	may, err := s.reaches(ctx, u, c.OrgID)
	if err == nil && !may {
		err = errs.E(errs.NotFound, "rollcall.not_found", "there is no such post among those that you have called")
	}
	return err
}

// PhonePage is what the page behind a link shows.
type PhonePage struct {
	OrgName  string      `json:"org_name"`
	Caller   string      `json:"caller"`
	Name     string      `json:"name"`
	Person   string      `json:"person"`
	Tier     deadline.To `json:"tier"`
	State    State       `json:"state"`
	At       time.Time   `json:"at"`
	DueAt    time.Time   `json:"due_at"`
	ByName   string      `json:"by_name"`
	Answered *time.Time  `json:"answered_at,omitempty"`
}

// link is what a token opens, while its post may be answered.
func (s *Service) link(ctx context.Context, token string) (Link, error) {
	over := errs.E(errs.NotFound, "rollcall.no_link", "this address is unknown, or its time is over")
	l, err := s.Store.Link(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound {
		return l, over
	}
	if err != nil {
		return l, err
	}
	p, err := s.post(ctx, l.PostID)
	if err == nil && s.stamp().Sub(p.DueAt) > lateUntil {
		return l, over
	}
	return l, err
}

// post is one with the times of its clock.
func (s *Service) post(ctx context.Context, id string) (Post, error) {
	p, err := s.Store.Post(ctx, id)
	if err != nil {
		return p, err
	}
	return s.timed(ctx, p)
}

func (s *Service) shown(ctx context.Context, l Link) (PhonePage, error) {
	p, err := s.post(ctx, l.PostID)
	if err != nil {
		return PhonePage{}, err
	}
	c, err := s.Store.Call(ctx, p.CallID)
	return PhonePage{OrgName: p.OrgName, Caller: c.OrgName, Name: c.Name, Person: l.Name, Tier: p.Tier, State: p.State, At: p.At, DueAt: p.DueAt, ByName: p.ByName, Answered: p.AnsweredAt}, err
}

// Open is the page behind a link.
func (s *Service) Open(ctx context.Context, token string) (PhonePage, error) {
	ctx = system(ctx)
	l, err := s.link(ctx, token)
	if err != nil {
		return PhonePage{}, err
	}
	if err := s.seenBy(ctx, l.PostID, l.PersonID); err != nil {
		return PhonePage{}, err
	}
	return s.shown(ctx, l)
}

// AnswerByLink answers as the person whose link it is.
func (s *Service) AnswerByLink(ctx context.Context, token, agent string) (PhonePage, error) {
	ctx = system(ctx)
	l, err := s.link(ctx, token)
	if err != nil {
		return PhonePage{}, err
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: l.PersonID, Name: l.Name})
	_, err = s.settle(ctx, l.PostID, EventAnswered, func(p Post, c Call, now time.Time) (Post, error) {
		p, err := p.answer(Phone, Who{l.PersonID, l.Name}, c.Marks, now)
		p.Device = device(agent)
		return p, err
	})
	if err != nil {
		return PhonePage{}, err
	}
	return s.shown(ctx, l)
}

// WhereByLink adds the place to an answer by a link.
func (s *Service) WhereByLink(ctx context.Context, token string, place *Place, why string) error {
	ctx = system(ctx)
	l, err := s.link(ctx, token)
	if err != nil {
		return err
	}
	p, err := s.Store.Post(ctx, l.PostID)
	if err == nil && p.ByID != l.PersonID {
		err = errs.E(errs.Conflict, "rollcall.placed", "somebody else has answered")
	}
	if err != nil {
		return err
	}
	_, err = s.where(ctx, l.PostID, Phone, place, why)
	return err
}

// OnClock is told of the marks of a post's clock: when it has passed, the post was missed.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	if err := s.Store.Lock(ctx); err != nil {
		return nil, err
	}
	p, err := s.Store.Post(ctx, f.Clock.Owner.ID)
	if err != nil || p.State != Waiting {
		return nil, err
	}
	c, err := s.Store.Call(ctx, p.CallID)
	if err != nil {
		return nil, err
	}
	p.At, p.DueAt = f.Clock.BaseAt, f.Clock.DueAt
	if err := s.Store.SavePost(ctx, p.miss(c.Marks)); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventMissed, p.ID, p.Division, trace{Name: c.Name, Org: p.OrgName})
	return []*event.Event{&e}, nil
}
