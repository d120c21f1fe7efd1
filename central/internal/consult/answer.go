package consult

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Decline answers for the actor, and for their desk where that was asked, that they do not come. The chair is told by
// name. Nobody is kept out by it.
func (s *Service) Decline(ctx context.Context, id string) error {
	r, v, err := s.door(ctx, id, "")
	if err == nil {
		err = running(r)
	}
	if err != nil {
		return err
	}
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		answered, invited, err := s.answer(ctx, id, v, Declined)
		switch {
		case err != nil:
			return err
		case !invited:
			return errs.E(errs.NotFound, "consult.no_invitation", "there is no such invitation")
		case answered == 0:
			return nil // somebody of the desk has come or declined already
		}
		return s.write(ctx, r, note, EventDeclined, "declined", called(v.name, v.org), Trace{Person: v.id})
	})
	if err == nil {
		s.recall(ctx, id)
	}
	return err
}

// answer notes on what waits for somebody what became of it. The caller holds the lock of the store.
func (s *Service) answer(ctx context.Context, room string, v visitor, to Reply) (answered int, invited bool, err error) {
	list, err := s.Store.Invitations(ctx, room)
	if err != nil {
		return 0, false, err
	}
	now := stamp()
	for _, i := range list {
		if !i.holds(now) || !i.isFor(v) {
			continue
		}
		invited = true
		// Who comes after all has come; who has come does not decline afterwards.
		if i.Reply == Came || i.Reply == to {
			continue
		}
		i.answer(to, v.name)
		if err := s.Store.SaveInvitation(ctx, i); err != nil {
			return answered, invited, err
		}
		answered++
	}
	return answered, invited, nil
}

// Absent is somebody who was asked in, or an organisation, of which nobody has come.
type Absent struct {
	Kind    GuestKind `json:"kind" enum:"person,org,guest"`
	Name    string    `json:"name"`
	Reply   Reply     `json:"reply,omitempty" enum:"declined"`
	ReplyBy string    `json:"reply_by_name,omitempty"`
}

// recall tells a room anew who was asked in and has not come.
func (s *Service) recall(ctx context.Context, room string) {
	s.recalling.Lock() // what is read later is also kept later
	defer s.recalling.Unlock()
	absent, err := s.absent(ctx, room)
	if err != nil {
		s.Log.Warn("a room was not told who was asked in", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		m.absent = absent
		m.bump()
	}
}

func (s *Service) absent(ctx context.Context, room string) ([]Absent, error) {
	list, err := s.Store.Invitations(context.WithoutCancel(ctx), room)
	now, out := stamp(), []Absent{}
	for _, i := range list {
		if i.holds(now) && i.Reply != Came {
			out = append(out, Absent{Kind: i.Kind, Name: i.Name, Reply: i.Reply, ReplyBy: i.ReplyBy})
		}
	}
	return out, err
}
