package diagnose

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	Connected(ctx context.Context, edge string) bool
}

// Sender sends a command and waits for its result (device.Orders).
type Sender interface {
	Send(ctx context.Context, edge string, cmd wire.Command, within time.Duration) (wire.CommandResult, error)
}

// Service asks. Fill the exported fields.
type Service struct {
	Store   Store
	Tx      Tx
	Devices Devices
	Orders  Sender
	Events  event.Publisher
	Log     *slog.Logger

	mu      sync.Mutex
	ended   bool
	waiting map[string]bool // by terminal: it has not answered yet
	recent  map[string][]time.Time
	quit    chan struct{}
	wg      sync.WaitGroup
}

// List is the newest questions to a terminal, newest first, without their answers.
func (s *Service) List(ctx context.Context, edge string) ([]Question, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceProbe); err != nil {
		return nil, err
	}
	list, err := s.Store.Questions(ctx, edge)
	for i := range list {
		list[i] = list[i].stand(time.Now())
	}
	return list, err
}

// Get is one question with its answer.
func (s *Service) Get(ctx context.Context, edge, id string) (Answer, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceProbe); err != nil {
		return Answer{}, err
	}
	q, packed, err := s.Store.Question(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && q.Edge != edge) {
		return Answer{}, errs.E(errs.NotFound, "diagnose.not_found", "there is no such question to %s; only the last %d are kept", edge, keep)
	}
	if err != nil {
		return Answer{}, err
	}
	out := Answer{Question: q.stand(time.Now())}
	if len(packed) > 0 {
		out.Text, err = unpack(packed)
	}
	return out, err
}

// Ask writes a question down and sends it; List and Get tell what becomes of it. errs.Conflict: the terminal
// has not answered the one before, or was asked too often. errs.Unavailable: it is not connected.
func (s *Service) Ask(ctx context.Context, edge string, ask Ask) (Question, error) {
	a, d, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceProbe)
	if err != nil {
		return Question{}, err
	}
	if err := s.check(ctx, edge, &ask); err != nil {
		return Question{}, err
	}
	if !s.Devices.Connected(ctx, edge) {
		return Question{}, errs.E(errs.Unavailable, "device.offline", "terminal %s is not connected; ask again when it is", edge)
	}
	body, err := json.Marshal(wire.Diagnose{Name: ask.Name, Device: ask.Device, Lines: ask.Lines})
	if err != nil {
		return Question{}, fmt.Errorf("encode question: %w", err)
	}
	now := time.Now()
	cmd := device.NewCommand(wire.CommandDiagnose, body, life)
	q := Question{
		ID: cmd.ID, Edge: edge, Name: ask.Name, Device: ask.Device, Lines: ask.Lines, State: Asked,
		Author: a.ID, AuthorName: a.Name, AskedAt: event.Stamp(now),
	}
	if err := s.begin(edge, now); err != nil {
		return Question{}, err
	}
	asked := event.New(ctx, EventAsked, edge, d.Division, q)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Add(ctx, q); err != nil {
			return err
		}
		if err := s.Store.Prune(ctx, edge, keep); err != nil {
			return err
		}
		return s.Events.Record(ctx, &asked)
	})
	if err != nil {
		s.free(edge)
		s.wg.Done()
		return Question{}, err
	}
	s.Events.Publish(ctx, asked)
	s.send(ctx, q, d.Division, cmd)
	return q, nil
}

// check says what is wrong with a question.
func (s *Service) check(ctx context.Context, edge string, ask *Ask) error {
	kind, ok := wire.DiagnosisOf(ask.Name)
	switch {
	case !ok:
		return errs.Field("diagnose.name", "name", "is none of the list")
	case ask.Lines < 0 || ask.Lines > wire.MaxLogLines || (ask.Lines > 0 && ask.Name != "log"):
		return errs.Field("diagnose.lines", "lines", fmt.Sprintf("must be 1 to %d, and for the log", wire.MaxLogLines))
	case kind.About == "" && ask.Device != "":
		return errs.Field("diagnose.device", "device", "is not part of this question")
	case kind.About == "":
		return nil
	}
	d, ok := s.Devices.Visible(ctx, ask.Device)
	if !ok || d.Parent != edge || string(d.Kind) != kind.About {
		return errs.Field("diagnose.device", "device", "is no "+kind.About+" of this terminal")
	}
	return nil
}

// begin takes the terminal for one question.
func (s *Service) begin(edge string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting, s.recent, s.quit = map[string]bool{}, map[string][]time.Time{}, make(chan struct{})
	}
	for id, list := range s.recent {
		for len(list) > 0 && now.Sub(list[0]) >= time.Minute {
			list = list[1:]
		}
		if s.recent[id] = list; len(list) == 0 {
			delete(s.recent, id)
		}
	}
	switch {
	case s.ended:
		return errs.E(errs.Unavailable, "diagnose.ended", "the centre is being stopped")
	case s.waiting[edge]:
		return errs.E(errs.Conflict, "diagnose.busy", "terminal %s has not answered the question before; wait for it", edge)
	case len(s.recent[edge]) >= perMinute:
		return errs.E(errs.Conflict, "diagnose.too_often", "terminal %s was asked %d times within a minute; wait a little", edge, perMinute)
	}
	s.waiting[edge] = true
	s.recent[edge] = append(s.recent[edge], now)
	s.wg.Add(1)
	return nil
}

// free lets a terminal be asked again.
func (s *Service) free(edge string) {
	s.mu.Lock()
	delete(s.waiting, edge)
	s.mu.Unlock()
}

// send sends a question in the background and writes down what becomes of it.
func (s *Service) send(ctx context.Context, q Question, division string, cmd wire.Command) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer s.wg.Done()
		defer cancel()
		go func() {
			select {
			case <-s.quit:
				cancel()
			case <-ctx.Done():
			}
		}()
		result, err := s.Orders.Send(ctx, q.Edge, cmd, answerWithin)
		s.free(q.Edge) // before anybody can read the answer, who may ask again at once
		var packed []byte
		if err != nil {
			q.State, q.Error = Silent, short(err.Error())
		} else {
			q, packed = q.outcome(result)
		}
		now := event.Stamp(time.Now())
		q.AnsweredAt = &now
		s.settle(context.WithoutCancel(ctx), q, division, packed)
	}()
}

func (s *Service) settle(ctx context.Context, q Question, division string, packed []byte) {
	e := event.New(ctx, EventAnswered, q.Edge, division, q)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Settle(ctx, q, packed); err != nil {
			return err
		}
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "answer of a terminal is not kept", "edge", q.Edge, "name", q.Name, "error", err)
		return
	}
	s.Events.Publish(ctx, e)
}

// Stop ends the waiting for answers.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.quit != nil && !s.ended {
		close(s.quit)
	}
	s.ended = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for terminals: %w", ctx.Err())
	}
}
