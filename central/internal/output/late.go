package output

import (
	"context"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	// maxLate is how many answers that nobody waits for are kept until they are looked at.
	maxLate = 1000
	// maxLateEach is how many of them are of one terminal.
	maxLateEach = 100
	// lateWithin is how old an order may be that is still answered: a terminal keeps its answers while it is
	// cut off.
	lateWithin = 30 * 24 * time.Hour
	lookAgain  = time.Minute
)

// late is the answers to orders whose caller was told that none came.
type late struct {
	*run.Loop
	mu     sync.Mutex
	flying map[string]*wire.CommandResult // orders whose caller waits, by command, and what has come
	came   []answer
	lost   int // answers for which there was no room, or whose command has no name
}

type answer struct {
	edge   string
	result wire.CommandResult
}

// OnEvent hears what terminals answer (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	r, ok := e.Data.(wire.CommandResult)
	if !ok || e.Kind != device.EventResult {
		return
	}
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if _, waits := s.late.flying[r.Command]; waits {
		s.late.flying[r.Command] = &r
		return
	}
	s.late.keep(answer{e.Subject, r})
	s.late.Wake()
}

// keep puts an answer before those who look at it; the lock is held.
func (l *late) keep(a answer) {
	of := 0
	for _, one := range l.came {
		if one.edge == a.edge {
			of++
		}
	}
	if !wire.ValidID(a.result.Command) || of >= maxLateEach || len(l.came) >= maxLate {
		l.lost++
		return
	}
	l.came = append(l.came, a)
}

// Start begins to write late answers down.
func (s *Service) Start(ctx context.Context) {
	s.late.Start(actor.WithSystem(ctx, "outputs"), lookAgain, func(ctx context.Context, _ bool) time.Duration {
		s.late.mu.Lock()
		came, lost := s.late.came, s.late.lost
		s.late.came, s.late.lost = nil, 0
		s.late.mu.Unlock()
		if lost > 0 {
			s.Log.WarnContext(ctx, "late answers to orders are left out: too many, or of a command without a name", "answers", lost)
		}
		for i, a := range came {
			err := s.tooLate(ctx, a, time.Now())
			if kind := errs.KindOf(err); err != nil && (kind == errs.Invalid || kind == errs.Conflict) {
				s.Log.ErrorContext(ctx, "late answer to an order cannot be written down and is left out", "edge", a.edge, "error", err)
				continue
			}
			if err != nil {
				s.Log.ErrorContext(ctx, "late answer to an order is not written down yet", "edge", a.edge, "error", err)
				s.late.mu.Lock()
				s.late.came = append(came[i:], s.late.came...)
				s.late.mu.Unlock()
				break
			}
		}
		return lookAgain
	})
}

// Stop ends it.
func (s *Service) Stop(ctx context.Context) error { return s.late.Stop(ctx) }

func (s *Service) sent(command string) {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	s.late.flying[command] = nil
}

// told ends the wait for an order. What came for one after its caller was told that there is no answer is late.
func (s *Service) told(edge string, o Outcome) {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	r := s.late.flying[o.Command]
	delete(s.late.flying, o.Command)
	if r != nil && o.Unanswered {
		s.late.keep(answer{edge, *r})
		s.late.Wake()
	}
}

// tooLate writes an answer beside the order that it belongs to, when nobody has answered that in time.
func (s *Service) tooLate(ctx context.Context, a answer, now time.Time) error {
	order, division, err := s.Journal.Unanswered(ctx, a.result.Command, now.Add(-lateWithin))
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if d, ok := s.Devices.Visible(ctx, order.Device); !ok || d.Parent != a.edge {
		return nil // another terminal knows nothing of it
	}
	e := news(ctx, EventLate, order.Order, division, Outcome{Order: order.Order, Command: order.Command, OK: a.result.OK, Error: a.result.Error})
	if err := s.Events.Record(ctx, &e); err != nil {
		return err
	}
	s.Events.Publish(ctx, e)
	return nil
}
