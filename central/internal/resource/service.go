package resource

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Incidents are what things are sent to (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// Responses know the tasks, who commands, and who may order (response.Service).
type Responses interface {
	Tasks(ctx context.Context, incident string) ([]response.Task, error)
	Commander(ctx context.Context, incident string) (response.Command, error)
	// Incident is one that the actor may see.
	Incident(ctx context.Context, id string) (incident.Incident, error)
	// Orders complains when the actor gives no orders in an incident now; Directs also lets them be given in one that is over.
	Orders(ctx context.Context, i incident.Incident) error
	Directs(ctx context.Context, i incident.Incident) error
}

// Roster knows how people are reached (duty.Service).
type Roster interface {
	PersonOf(ctx context.Context, user string) (duty.Person, error)
	Person(ctx context.Context, id string) (duty.Person, error) // with numbers
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
}

// Notices tell people (notice.Service).
type Notices interface {
	Queue(ctx context.Context, o notice.Order) error
	Ways(numbers, mails []string) []notice.Way
	Reached(ctx context.Context, key, person string, to notice.State) error
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Desks     incident.Desks
	Incidents Incidents
	Responses Responses
	Roster    Roster
	Clocks    Clocks
	Notices   Notices
	Book      *deadline.Book
	Events    event.Publisher
	// URL is under what address phones reach the centre; empty: messages have no link.
	URL string
	Log *slog.Logger
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Book == nil {
		o.Book = &deadline.Book{}
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

func system(ctx context.Context) context.Context { return actor.WithSystem(ctx, "resource") }

// noter notes an event of the transaction.
type noter func(kind, subject, division string, t Trace)

// change runs fn under the lock, records what it notes, and publishes that after the commit. Teams and stock are real:
// an exercise asks for them by its plan, and moves none.
func (s *Service) change(ctx context.Context, fn func(ctx context.Context, note noter) error) error {
	if err := world.Outside(ctx, "a team or stock"); err != nil {
		return err
	}
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		return fn(ctx, func(kind, subject, division string, t Trace) { record(event.New(ctx, kind, subject, division, t)) })
	})
}

// owner is the organisation that a thing belongs to: the own one unless another below is named.
func (s *Service) owner(ctx context.Context, a actor.Actor, own account.Org, id string) (account.Org, error) {
	if id == "" || id == own.ID {
		return own, nil
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return own, err
	}
	o, ok := incident.Find(tree, id)
	if !ok || !a.Covers(o.Division) {
		return own, errs.Field("resource.org", "org_id", "is none of the organisations that you see")
	}
	return o, nil
}

// masked hides a number from those who may not read numbers of people.
func masked(a actor.Actor, phone string) string {
	if a.Can(actor.DutyPhone) {
		return phone
	}
	return notice.Mask(phone)
}

// unmasked is the number that somebody saw hidden and gave back as it was shown.
func unmasked(given, was string) string {
	if was != "" && given == masked(actor.Actor{}, was) {
		return was
	}
	return given
}

func denied(what string) error {
	return errs.E(errs.NotFound, "resource.not_found", "there is no such %s among those that you see", what)
}

func changed() error {
	return errs.E(errs.Conflict, "resource.changed", "somebody has changed it meanwhile; look at it again")
}
