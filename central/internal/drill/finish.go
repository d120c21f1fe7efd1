package drill

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Clocks are those of the worlds of exercises (deadline.Service).
type Clocks interface {
	// Steady goes on evenly whatever the wall clock is set to.
	Steady(ctx context.Context) (time.Time, error)
	Rest(ctx context.Context) error
	Resume(ctx context.Context) error
	Finish(ctx context.Context) ([]deadline.Clock, error)
}

// Left is something that was open when an exercise ended.
type Left struct {
	Kind  string    `json:"kind"` // task, or what the clock was for
	Title string    `json:"title"`
	Who   string    `json:"who"`
	DueAt time.Time `json:"due_at"`
	Late  bool      `json:"late"`
}

// maxLeft is how much of what was open is written down.
const maxLeft = 500

const leftTask = "task"

// inside is the context in the world of an exercise, for what the centre does there by the word of a controller.
func inside(ctx context.Context, d Drill, by string) context.Context {
	return world.Into(actor.With(ctx, actor.Actor{Kind: actor.System, ID: "drill", Name: by}), world.World(d.ID))
}

// move brings the world of an exercise to where an act has brought the exercise: its clocks rest, go on or end with it,
// in the same transaction.
func (s *Service) move(ctx context.Context, was Drill, now *Drill, by string) error {
	in := inside(ctx, was, by)
	switch {
	case was.State == Running && now.State == Paused:
		return s.Clocks.Rest(in)
	case was.State == Paused && now.State == Running:
		return s.Clocks.Resume(in)
	case was.StartedAt != nil && was.EndedAt == nil && now.EndedAt != nil:
		if was.State == Paused {
			if err := s.Clocks.Resume(in); err != nil {
				return err
			}
		}
		return s.finish(in, now)
	}
	return nil
}

// finish measures an exercise as it ends, and takes back what is open in its world: after it nothing there is due, and
// nobody is called.
func (s *Service) finish(in context.Context, d *Drill) error {
	f, err := s.facts(in, *d)
	if err != nil {
		return err
	}
	m := f.measure(*d, *d.EndedAt)
	d.Measured, d.Left = &m, []Left{}
	for _, r := range f.rooms {
		open, err := s.Responses.Finish(in, r.ID, "演练结束")
		if err != nil {
			return err
		}
		for _, t := range open {
			d.left(leftOf(t, *d.EndedAt))
		}
	}
	clocks, err := s.Clocks.Finish(in)
	if err != nil {
		return err
	}
	for _, c := range clocks {
		who := ""
		if c.Asked != nil {
			who = c.Asked.OrgName
		}
		d.left(Left{Kind: c.Kind, Title: c.Name, Who: who, DueAt: c.DueAt, Late: c.PassedAt != nil || c.DueAt.Before(*d.EndedAt)})
	}
	return nil
}

func leftOf(t response.Task, ended time.Time) Left {
	return Left{Kind: leftTask, Title: t.Title, Who: t.SeatName, DueAt: t.DueAt, Late: t.LateAt != nil || t.DueAt.Before(ended)}
}

func (d *Drill) left(l Left) {
	if len(d.Left) < maxLeft {
		d.Left = append(d.Left, l)
	}
}
