package handover

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// OnEvent follows the roster.
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	if !strings.HasPrefix(e.Kind, duty.EventKind) || e.Kind == duty.EventHandOff {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Heard writes what another room did into the books that it belongs to (Options.Lines). It never waits: when the desk
// cannot keep up, the room's own record still tells.
func (s *Service) Heard(e event.Event) {
	select {
	case s.heard <- e:
	default:
		s.Log.Warn("what happened is not in the duty log", "kind", e.Kind, "subject", e.Subject)
	}
}

// Start follows the roster until Stop.
func (s *Service) Start(ctx context.Context) {
	background, stop := context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "handover"))
	s.stop = stop
	s.done.Go(func() {
		s.follow(background)
		for {
			select {
			case <-background.Done():
				return
			case <-s.wake:
				s.follow(background)
			case e := <-s.heard:
				if err := s.tell(background, e); err != nil && background.Err() == nil {
					s.Log.Error("what happened cannot be written into the duty log", "kind", e.Kind, "subject", e.Subject, "error", err)
				}
			}
		}
	})
}

// Stop ends what Start began.
func (s *Service) Stop(context.Context) error {
	if s.stop != nil {
		s.stop()
	}
	s.done.Wait()
	return nil
}

// follow sets the clocks of the shifts that run to what the roster says now.
func (s *Service) follow(ctx context.Context) {
	list, err := s.Store.Running(ctx)
	if err != nil {
		s.Log.ErrorContext(ctx, "shifts cannot follow the roster", "error", err)
		return
	}
	for _, sh := range list {
		o := account.Org{ID: sh.OrgID, Name: sh.OrgName, Division: sh.Division}
		err := s.change(ctx, o, func(ctx context.Context, now *Shift, _ noter) error {
			if now.ID != sh.ID {
				return nil
			}
			due, spell, err := s.due(ctx, sh.OrgID, sh.OpenedAt, sh.No > 1, sh.TakerID)
			if err != nil || (due == nil) == (now.DueAt == nil) && (due == nil || due.Equal(*now.DueAt)) {
				return err
			}
			now.DueAt = due
			for _, name := range spell.Names {
				if !slices.Contains(now.Officers, name) {
					now.Officers = append(now.Officers, name)
				}
			}
			if err := s.Store.SaveShift(ctx, *now); err != nil {
				return err
			}
			return s.watch(ctx, *now)
		})
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "a shift cannot follow the roster", "desk", sh.OrgID, "error", err)
		}
	}
}

// tell writes the lines of an event, each into the book of its organisation, or of that of who did it.
func (s *Service) tell(ctx context.Context, e event.Event) error {
	lines, err := s.Lines(ctx, e)
	if err != nil {
		return err
	}
	tree, err := s.Accounts.Orgs(ctx)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.OrgID == "" {
			u, err := s.Accounts.User(ctx, l.By)
			if err != nil {
				return err
			}
			l.OrgID = u.OrgID
		}
		i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == l.OrgID })
		if i < 0 {
			continue
		}
		if err := s.keep(ctx, tree[i], l); err != nil {
			return err
		}
	}
	return nil
}

// keep adds a line that the desk writes by itself, once of its source. A desk that keeps no book gets none.
func (s *Service) keep(ctx context.Context, o account.Org, l Entry) error {
	kept := false
	err := s.change(ctx, o, func(ctx context.Context, sh *Shift, _ noter) error {
		if sh.ID == "" {
			return nil
		}
		l.ID, l.ShiftID, l.WrittenAt = newID(), sh.ID, stamp()
		l.Party, l.Contact, l.Text = clip(l.Party, maxParty), clip(l.Contact, maxContact), clip(l.Text, maxText)
		_, err := s.Store.AddEntry(ctx, l)
		if errs.KindOf(err) == errs.Conflict {
			return nil
		}
		kept = err == nil
		return err
	})
	if kept {
		e := event.New(ctx, EventTold, l.ID, o.Division, nil)
		e.Ephemeral = true
		s.Events.Publish(ctx, e)
	}
	return err
}

// OnHandover is told of the marks of a shift's clock: that nobody has taken over is written into its log.
func (s *Service) OnHandover(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Escalated {
		return nil, nil
	}
	sh, err := s.Store.Shift(ctx, f.Clock.Owner.ID)
	if err != nil || sh.State == Closed || f.Round != f.Clock.Round {
		return nil, err
	}
	if err := s.Store.Lock(ctx, sh.OrgID); err != nil {
		return nil, err
	}
	if sh.LateAt == nil {
		sh.LateAt = &f.At
		if err := s.Store.SaveShift(ctx, sh); err != nil {
			return nil, err
		}
	}
	names := strings.Join(f.Asked.Names, "、")
	if names == "" {
		names = "—"
	}
	_, err = s.Store.AddEntry(ctx, Entry{
		ID: newID(), OrgID: sh.OrgID, ShiftID: sh.ID, Kind: Late, At: f.At, WrittenAt: f.At, ByName: "", Party: f.Asked.OrgName,
		Text: lateness(f.Clock.DueAt, f.Asked.To, names), Source: fmt.Sprintf("deadline %s %d %d", f.Clock.ID, f.Round, f.Stage),
	})
	if err != nil {
		return nil, err
	}
	e := event.New(ctx, EventLate, sh.ID, sh.Division, trace{Name: sh.OrgName, No: sh.No, To: names})
	return []*event.Event{&e}, nil
}

// OnItem is told of the marks of an item's clock.
func (s *Service) OnItem(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark == deadline.Warned || f.Round != f.Clock.Round {
		return nil, nil
	}
	i, err := s.Store.Item(ctx, f.Clock.Owner.ID)
	if err != nil || i.DoneAt != nil {
		return nil, err
	}
	if err := s.step(ctx, i, "", "late", strings.Join(f.Asked.Names, "、")); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventItemLate, i.ID, f.Clock.Division, trace{Name: f.Clock.Name, To: i.OwnerName})
	return []*event.Event{&e}, nil
}
