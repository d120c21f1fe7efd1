package response

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Standing is how an exercise stands: Live between its start and its closing. While it rests nothing in it moves, and
// once it is Over nothing will.
type Standing struct {
	Live    bool
	RestsAt *time.Time
	Over    bool
}

// OnMove lets a task be due later by as long as its exercise was paused.
func (s *Service) OnMove(ctx context.Context, c deadline.Clock, by time.Duration) error {
	t, err := s.Store.Task(ctx, c.Owner.ID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && t.State.Over()) {
		return nil
	}
	if err != nil {
		return err
	}
	t.DueAt, t.Edit = t.DueAt.Add(by), t.Edit+1
	return s.Store.SaveTask(ctx, t)
}

// Finish takes back the tasks that are open in an incident of an exercise that ends, and answers them as they were. Who
// ends the exercise was authorised.
func (s *Service) Finish(ctx context.Context, incident, word string) ([]Task, error) {
	if err := s.Store.Lock(ctx, incident); err != nil {
		return nil, err
	}
	tasks, err := s.Store.TasksOf(ctx, incident)
	if err != nil {
		return nil, err
	}
	a, _ := actor.From(ctx)
	now := stamp()
	var open []Task
	for _, t := range tasks {
		if t.State.Over() {
			continue
		}
		open = append(open, t)
		if err := s.end(ctx, t, Void, word, a.Name, "", now); err != nil {
			return nil, err
		}
	}
	owed, err := s.Store.Owed(ctx, incident)
	if err != nil {
		return nil, err
	}
	for _, o := range owed { // their clocks end with those of the exercise
		if o.State == OwedDue {
			o.State, o.EndedAt = OwedDropped, &now
			if err := s.Store.SaveOwed(ctx, o); err != nil {
				return nil, err
			}
		}
	}
	return open, nil
}
