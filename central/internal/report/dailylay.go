package report

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// layEvery is how often it is looked whether a new day has begun; a period that is declared wakes at once.
const layEvery = time.Minute

// Start lays what is owed of each day, until Stop.
func (s *Service) Start(ctx context.Context) {
	s.loop.Start(actor.WithSystem(ctx, "report"), 0, func(ctx context.Context, _ bool) time.Duration {
		if err := s.LayDaily(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "daily reports cannot be laid", "error", err)
		}
		return layEvery
	})
}

// Stop ends what Start began.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// OnEvent hears of special periods (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	if e.Kind == duty.EventPeriod || e.Kind == duty.EventPeriodEnded {
		s.loop.Wake()
	}
}

// LayDaily makes what is owed of today with its clocks, and spares what no period asks for any more. Whoever declares a
// period asks everybody below; a day that was over when its period was declared is not owed. After a start it looks back:
// a day through which the centre was down is owed as any other.
func (s *Service) LayDaily(ctx context.Context) error {
	if s.Periods == nil || s.Book == nil {
		return nil
	}
	today := duty.DayOf(stamp(), event.China())
	if s.laid == "" {
		s.laid = today.Add(-behind)
	}
	for day := s.laid; day <= today; day = day.Add(1) {
		if err := s.layDay(ctx, day, day == today); err != nil {
			return err
		}
		s.laid = day
	}
	return nil
}

// layDay makes what is owed of a day. Of one that is over nothing is spared any more.
func (s *Service) layDay(ctx context.Context, day duty.Day, spare bool) error {
	bound, err := s.Periods.Special(ctx, day)
	if err != nil {
		return err
	}
	kept, err := s.Store.DailiesIn(ctx, day, day)
	if err != nil || (len(bound) == 0 && len(kept) == 0) {
		return err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return err
	}
	owed := map[string]Daily{}
	for _, b := range bound {
		if d, ok := s.owed(tree, b, day); ok && owed[d.OrgID].OrgID == "" {
			owed[d.OrgID] = d
		}
	}
	if !unlaid(owed, kept, spare) {
		return nil
	}
	return s.change(ctx, func(ctx context.Context, _ noter) error {
		kept, err := s.Store.DailiesIn(ctx, day, day)
		if err != nil {
			return err
		}
		for _, d := range kept {
			want, asked := owed[d.OrgID]
			delete(owed, d.OrgID)
			was := d.Version
			switch {
			case !spare:
				continue
			case d.State == Owed && !asked:
				d.State = Spared
			case d.State == Spared && asked && d.Excused == nil:
				d = want
			default:
				continue
			}
			d.Version = was + 1
			if err := s.keepDaily(ctx, d, was); err != nil {
				return err
			}
		}
		for _, d := range owed {
			if err := s.keepDaily(ctx, d, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// unlaid reports whether what is kept differs from what is owed. Pure.
func unlaid(owed map[string]Daily, kept []Daily, spare bool) bool {
	have := 0
	for _, d := range kept {
		_, asked := owed[d.OrgID]
		if asked {
			have++
		}
		if !spare {
			continue
		}
		if (d.State == Owed && !asked) || (d.State == Spared && asked && d.Excused == nil) {
			return true
		}
	}
	return have < len(owed)
}

// owed is what an organisation owes of a day, when it does.
func (s *Service) owed(tree []account.Org, b duty.Bound, day duty.Day) (Daily, bool) {
	above, ok := incident.Find(tree, b.Org.ParentID)
	if !ok || b.Org.ID == b.Period.OrgID {
		return Daily{}, false // who declares it asks those below
	}
	begins := day.At("00:00", event.China())
	found, ok := s.Book.Find(deadline.Query{Division: b.Org.Division, Do: "daily", Sender: tier(tree, b.Org), Receiver: tier(tree, above), At: begins})
	due := begins.Add(time.Duration(found.Limit.Within))
	if !ok || due.Before(b.Period.At) {
		return Daily{}, false
	}
	return Daily{
		OrgID: b.Org.ID, OrgName: b.Org.Name, Division: b.Org.Division, ToOrg: above.ID, ToName: above.Name, ToDivision: above.Division,
		Day: day, Period: b.Period.Name, Order: b.Period.Order, State: Owed, DueAt: event.Stamp(due), Rule: found.Name(), Version: 1,
	}, true
}

// keepDaily saves a daily report and keeps its clock.
func (s *Service) keepDaily(ctx context.Context, d Daily, was int) error {
	if err := s.Store.SaveDaily(ctx, d, was); err != nil {
		return err
	}
	switch d.State {
	case Told:
		return s.Clocks.End(ctx, d.owner(), ClockDaily, deadline.Met)
	case Spared:
		return s.Clocks.End(ctx, d.owner(), ClockDaily, deadline.Dropped)
	case Owed:
	}
	found, ok := s.Book.Named(d.Rule)
	if !ok {
		return nil
	}
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: d.owner(), Kind: ClockDaily, OrgID: d.OrgID, Division: d.Division, Name: string(d.Day) + " " + d.Period, Rule: d.Rule, Scale: deadline.Fixed,
		BaseAt: d.Day.At("00:00", event.China()), DueAt: d.DueAt, Stages: found.Limit.Stages(),
	})
	return err
}
