package response

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// What a capability above does for one person of the roster, which it has authorised: somebody on the scene who holds a
// link of that person.

// TasksOf are the tasks of the roles that a person holds, the next due first.
func (s *Service) TasksOf(ctx context.Context, person string) ([]Task, error) {
	if person == "" {
		return nil, nil
	}
	p, err := s.Roster.Person(system(ctx), person)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !p.Active) {
		return nil, nil // who has left has none
	}
	if err != nil {
		return nil, err
	}
	return s.Store.Held(ctx, "", person, stamp().Add(-lately))
}

// taskOf is one of those, with the context of the person.
func (s *Service) taskOf(ctx context.Context, person, task string) (context.Context, Task, error) {
	tasks, err := s.TasksOf(ctx, person)
	if err != nil {
		return ctx, Task{}, err
	}
	i := slices.IndexFunc(tasks, func(t Task) bool { return t.ID == task })
	if i < 0 {
		return ctx, Task{}, errs.E(errs.NotFound, "response.no_task", "there is no such task among yours")
	}
	p, err := s.Roster.Person(system(ctx), person)
	return actor.With(ctx, actor.Actor{Kind: actor.System, ID: p.ID, Name: p.Name}), tasks[i], err
}

// LinesOf are what was written of a task of a person.
func (s *Service) LinesOf(ctx context.Context, person, task string) ([]Line, error) {
	ctx, t, err := s.taskOf(ctx, person, task)
	if err != nil {
		return nil, err
	}
	return s.Store.Lines(ctx, t.ID)
}

// StepOf does a step of a task with its pictures as that person, whole or not at all. Call it in a transaction to join it.
func (s *Service) StepOf(ctx context.Context, person, task string, st Step, photos [][]byte) (Task, error) {
	ctx, t, err := s.taskOf(ctx, person, task)
	if err != nil {
		return Task{}, err
	}
	if st.Kind == "reopen" {
		return Task{}, errs.E(errs.Conflict, "response.task_over", "the task is over; only the desk opens it again, call there")
	}
	var out Task
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.running(ctx, t); err != nil {
			return err
		}
		st := st
		st.Photos = slices.Clone(st.Photos)
		for _, data := range photos {
			p, err := s.photo(ctx, t, data)
			if err != nil {
				return err
			}
			st.Photos = append(st.Photos, p.ID)
		}
		out, err = s.step(ctx, t, st, "")
		return err
	})
	return out, err
}
