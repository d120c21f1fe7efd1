package handover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// TakenAlarm is an alarm that somebody has acknowledged, as the log has it.
type TakenAlarm struct {
	Source string // of this acknowledgement, once
	UserID string
	Name   string // of the person
	At     time.Time
	Text   string
}

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

// Took writes an alarm that was taken into the log of whoever took it. It never waits: when the desk cannot
// keep up, the alarm's own steps still tell.
func (s *Service) Took(t TakenAlarm) {
	select {
	case s.taken <- t:
	default:
		s.Log.Warn("a taken alarm is not in the duty log", "alarm", t.Source)
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
			case t := <-s.taken:
				if err := s.took(background, t); err != nil && background.Err() == nil {
					s.Log.Error("a taken alarm cannot be written into the duty log", "alarm", t.Source, "error", err)
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

func (s *Service) took(ctx context.Context, t TakenAlarm) error {
	u, err := s.Accounts.User(ctx, t.UserID)
	if err != nil {
		return err
	}
	o := account.Org{ID: u.OrgID, Name: u.OrgName, Division: u.Division}
	return s.change(ctx, o, func(ctx context.Context, sh *Shift, _ noter) error {
		if sh.ID == "" {
			return nil // this desk keeps no book
		}
		_, err := s.Store.AddEntry(ctx, Entry{
			ID: newID(), OrgID: o.ID, ShiftID: sh.ID, Kind: Alarm, At: t.At, WrittenAt: stamp(), By: t.UserID, ByName: t.Name, Text: t.Text, Source: t.Source,
		})
		if errs.KindOf(err) == errs.Conflict {
			return nil
		}
		return err
	})
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
