// Package review tells what the record of an incident says: the situation report (态势报告) while it runs, and
// afterwards the after-action review (复盘) with measured times, what was late and why, lessons that are followed until
// they are done, and the library of cases that comes of it. Rule that must never break: times and figures come from
// the record and from nobody's memory; what people add stands beside them under their name.
package review

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
)

// Incidents are what has happened (incident.Service).
type Incidents interface {
	Room(ctx context.Context, id string) (incident.Room, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// Plans take suggestions (plan.Service).
type Plans interface {
	Suggest(ctx context.Context, g plan.Suggestion) (plan.Suggestion, error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
}

// Responses are what was done about it (response.Service).
type Responses interface {
	View(ctx context.Context, incident string) (response.View, error)
	Written(ctx context.Context, incident string) ([]response.Line, error)
	Photo(ctx context.Context, task, id string) (response.Photo, error)
}

// Opinions are what was said of it (opinion.Service).
type Opinions interface {
	View(ctx context.Context, incident string) (opinion.View, error)
}

// Reading is a value that was measured near an incident.
type Reading struct {
	Station string
	Name    string // of what is measured
	Value   string // with its unit
	At      time.Time
	Metres  float64 // from the place
}

// Force is something that was needed, and what was sent for it.
type Force struct {
	What                string
	Unit                string
	Needed, Sent, Short float64
	Closed              bool // nothing more is expected
	Crews               []Crew
}

// Crew is a team or some of a stock that was sent.
type Crew struct {
	Name   string // of the team; item and warehouse
	Org    string
	Amount float64
	Unit   string
	State  string // in words
	At     time.Time
}

// Options of the service.
type Options struct {
	Store      Store
	Tx         Tx
	Desks      incident.Desks
	Incidents  Incidents
	Responses  Responses
	Plans      Plans
	Clocks     Clocks
	Events     event.Publisher
	Categories *incident.Categories
	// Opinions may be nil.
	Opinions Opinions
	// Near gives the newest readings around a place in degrees, the nearest first. It may be nil.
	Near func(ctx context.Context, lon, lat float64) ([]Reading, error)
	// Forces gives what an incident needs of teams and stock. It may be nil.
	Forces func(ctx context.Context, incident string) ([]Force, error)
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Categories == nil {
		o.Categories = &incident.Categories{}
	}
	return &Service{o}
}

// Record is all that was written down of an incident and of what was done about it.
type Record struct {
	incident.Room
	response.View
	Lines []response.Line // of all tasks, in the order of time
}

// record reads it for the actor, who may see the incident.
func (s *Service) record(ctx context.Context, id string) (r Record, err error) {
	if r.Room, err = s.Incidents.Room(ctx, id); err != nil {
		return r, err
	}
	if r.View, err = s.Responses.View(ctx, id); err != nil {
		return r, err
	}
	r.Lines, err = s.Responses.Written(ctx, id)
	slices.SortStableFunc(r.Lines, func(a, b response.Line) int { return a.At.Compare(b.At) })
	return r, err
}

// newest is when the last thing was written down.
func (r Record) newest() time.Time {
	at := r.UpdatedAt
	for _, st := range r.Steps {
		at = later(at, st.At)
	}
	for _, f := range r.Figures {
		at = later(at, f.WrittenAt)
	}
	for _, l := range r.Lines {
		at = later(at, l.At)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// task finds one by id; without it the zero task.
func (r Record) task(id string) response.Task {
	if i := slices.IndexFunc(r.Tasks, func(t response.Task) bool { return t.ID == id }); i >= 0 {
		return r.Tasks[i]
	}
	return response.Task{}
}
