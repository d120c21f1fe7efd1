package handover

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Roster says who has the desk (duty.Service).
type Roster interface {
	SpellAt(ctx context.Context, org string, at time.Time) (duty.Spell, error)
	PersonOf(ctx context.Context, user string) (duty.Person, error)
	People(ctx context.Context, org string) ([]duty.Person, error)
	// Relieve puts whoever signed on post in the place of an officer of the roster, inside the transaction.
	Relieve(ctx context.Context, r duty.Relief) (duty.Takeover, bool, error)
}

// Accounts know organisations and signatures (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
	// Confirm asks for the password of the actor again.
	Confirm(ctx context.Context, password string) error
	// Cosign is who of an organisation signs as a second person at the same screen.
	Cosign(ctx context.Context, org, username, password string) (actor.Actor, error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Roster   Roster
	Accounts Accounts
	Clocks   Clocks
	Book     *deadline.Book
	Events   event.Publisher
	// Lines are what the books say of an event that was Heard: desk, kind, time, who, and a source that is unique at the
	// desk. Without an organisation a line is of the desk of its By. It runs as the system, after the event.
	Lines func(ctx context.Context, e event.Event) ([]Entry, error)
	Log   *slog.Logger
}

// Service is the use cases. Start follows the roster and writes down what other rooms did.
type Service struct {
	Options
	wake  chan struct{}
	heard chan event.Event
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, wake: make(chan struct{}, 1), heard: make(chan event.Event, 1024)}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// own is the organisation whose book the actor writes.
func (s *Service) own(ctx context.Context) (actor.Actor, account.Org, error) {
	a, err := actor.Require(ctx, actor.DutyLog)
	if err != nil {
		return a, account.Org{}, err
	}
	system := actor.WithSystem(ctx, "handover")
	u, err := s.Accounts.User(system, a.ID)
	if err != nil {
		return a, account.Org{}, err
	}
	o, err := s.org(system, u.OrgID)
	return a, o, err
}

// org finds an organisation whose book the actor reads: its own, or one below it in the tree. What stands in a book,
// callers and their numbers among it, is not for whoever else looks after the place.
func (s *Service) org(ctx context.Context, id string) (account.Org, error) {
	a, err := actor.Require(ctx, actor.DutyLog)
	if err != nil {
		return account.Org{}, err
	}
	system := actor.WithSystem(ctx, "handover")
	tree, err := s.Accounts.Orgs(system)
	if err != nil {
		return account.Org{}, err
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == id })
	if i >= 0 && a.Kind == actor.System {
		return tree[i], nil
	}
	u, err := s.Accounts.User(system, a.ID)
	if err != nil {
		return account.Org{}, err
	}
	if i < 0 || !account.Under(tree, id, u.OrgID) {
		return account.Org{}, errs.E(errs.NotFound, "handover.no_org", "there is no organisation %q among your own and those below it", id)
	}
	return tree[i], nil
}

// change runs fn under the lock of the book with the shift that runs, records the events that it notes, and
// publishes them after the commit. Without a shift fn gets the zero one.
func (s *Service) change(ctx context.Context, o account.Org, fn func(ctx context.Context, now *Shift, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx, o.ID); err != nil {
			return err
		}
		shift, err := s.Store.Current(ctx, o.ID)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return err
		}
		note := func(ctx context.Context, kind, subject string, data any) {
			if t, ok := data.(trace); ok {
				t.Name = o.Name
				data = t
			}
			record(event.New(ctx, kind, subject, o.Division, data))
		}
		return fn(ctx, &shift, note)
	})
}

// noter notes an event of a desk: a trace, or what another capability says of it.
type noter func(ctx context.Context, kind, subject string, data any)

// Desk is the book of a desk as it lies open.
type Desk struct {
	OrgID   string     `json:"org_id"`
	OrgName string     `json:"org_name"`
	Own     bool       `json:"own"` // the actor may write
	Shift   *Shift     `json:"shift,omitempty"`
	Now     duty.Spell `json:"now"`  // by the roster
	Next    duty.Spell `json:"next"` // who takes over
	Entries []Entry    `json:"entries"`
	Items   []Item     `json:"items"`
}

// Desk opens the book of an organisation; without one, the actor's own.
func (s *Service) Desk(ctx context.Context, org string) (Desk, error) {
	_, own, err := s.own(ctx)
	if err != nil && org == "" {
		return Desk{}, err
	}
	o := own
	if org != "" {
		if o, err = s.org(ctx, org); err != nil {
			return Desk{}, err
		}
	}
	out := Desk{OrgID: o.ID, OrgName: o.Name, Own: o.ID == own.ID, Entries: []Entry{}, Items: []Item{}}
	if out.Now, out.Next, err = s.spells(ctx, o.ID, stamp()); err != nil {
		return Desk{}, err
	}
	items, err := s.Store.OpenItems(ctx, o.ID)
	if err != nil {
		return Desk{}, err
	}
	out.Items = append(out.Items, items...)
	shift, err := s.Store.Current(ctx, o.ID)
	if errs.KindOf(err) == errs.NotFound {
		return out, nil
	}
	if err != nil {
		return Desk{}, err
	}
	out.Shift = &shift
	entries, err := s.Store.EntriesOf(ctx, shift.ID)
	out.Entries = append(out.Entries, entries...)
	return out, err
}

// spells are who has the desk by the roster and who comes next; zero where the roster has nobody.
func (s *Service) spells(ctx context.Context, org string, at time.Time) (now, next duty.Spell, err error) {
	ctx = actor.WithSystem(ctx, "handover")
	now, err = s.Roster.SpellAt(ctx, org, at)
	if errs.KindOf(err) == errs.NotFound {
		return duty.Spell{}, duty.Spell{}, nil
	}
	if err != nil {
		return now, next, err
	}
	next, err = s.Roster.SpellAt(ctx, org, now.To)
	if errs.KindOf(err) == errs.NotFound {
		return now, duty.Spell{}, nil
	}
	return now, next, err
}

// early is how long before the hand-off of the roster a shift may be taken over and still counts as the next.
const early = time.Hour

// due is when a shift that was opened at a time has to be handed over: at the end of the spell then, or of the
// next when it was taken over shortly before, or by somebody who has that.
func (s *Service) due(ctx context.Context, org string, opened time.Time, taken bool, taker string) (*time.Time, duty.Spell, error) {
	now, next, err := s.spells(ctx, org, opened)
	if err != nil || now.To.IsZero() {
		return nil, now, err
	}
	soon := now.To.Sub(opened) <= min(early, now.To.Sub(now.From)/2)
	if taken && !next.To.IsZero() && (soon || next.Holds(taker)) {
		now = next
	}
	return &now.To, now, nil
}

// watch sets the clock of a shift.
func (s *Service) watch(ctx context.Context, sh Shift) error {
	owner := deadline.Owner{Kind: OwnerKind, ID: sh.ID}
	found, ok := s.Book.Find(deadline.Query{Division: sh.Division, Do: "handover", At: sh.OpenedAt})
	if sh.DueAt == nil || !ok {
		return s.Clocks.End(ctx, owner, "handover", deadline.Dropped)
	}
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: owner, Kind: "handover", OrgID: sh.OrgID, Division: sh.Division, Name: sh.OrgName, Rule: found.Name(), Scale: deadline.Fixed,
		BaseAt: sh.OpenedAt, DueAt: sh.DueAt.Add(time.Duration(found.Limit.Within)), Stages: found.Limit.Stages(),
	})
	return err
}

// open begins the next shift of a desk.
func (s *Service) open(ctx context.Context, o account.Org, by string, taken bool, taker string) (Shift, error) {
	last, err := s.Store.LastNo(ctx, o.ID)
	if err != nil {
		return Shift{}, err
	}
	sh := Shift{ID: newID(), OrgID: o.ID, OrgName: o.Name, Division: o.Division, No: last + 1, State: Open, OpenedAt: stamp(), TakerID: taker, Passed: []Item{}}
	due, spell, err := s.due(ctx, o.ID, sh.OpenedAt, taken, taker)
	if err != nil {
		return Shift{}, err
	}
	sh.DueAt, sh.Officers = due, append([]string{}, spell.Names...)
	if by != "" && !slices.Contains(sh.Officers, by) {
		sh.Officers = append(sh.Officers, by)
	}
	if err := s.Store.SaveShift(ctx, sh); err != nil {
		return Shift{}, err
	}
	return sh, s.watch(ctx, sh)
}

// current is the shift that runs; where none does, the first is opened.
func (s *Service) current(ctx context.Context, o account.Org, a actor.Actor, sh *Shift, note noter) error {
	if sh.ID != "" {
		return nil
	}
	opened, err := s.open(ctx, o, a.Name, false, "")
	if err != nil {
		return err
	}
	*sh = opened
	note(ctx, EventOpened, sh.ID, trace{No: sh.No, To: a.Name})
	return nil
}

// Open begins the book of a desk that has none, and signs on.
func (s *Service) Open(ctx context.Context) (Shift, error) {
	a, o, err := s.own(ctx)
	if err != nil {
		return Shift{}, err
	}
	var out Shift
	err = s.change(ctx, o, func(ctx context.Context, sh *Shift, note noter) error {
		if err := s.current(ctx, o, a, sh, note); err != nil {
			return err
		}
		out = *sh
		return nil
	})
	return out, err
}

// Past lists the shifts of an organisation that were handed over, newest first.
func (s *Service) Past(ctx context.Context, org string, r page.Request) (page.List[Shift], error) {
	o, err := s.org(ctx, org)
	if err != nil {
		return page.List[Shift]{}, err
	}
	return s.Store.Past(ctx, o.ID, r)
}

// Record is a whole shift, for reading and for paper.
type Record struct {
	Shift
	Entries []Entry `json:"entries"`
}

// Record reads a shift.
func (s *Service) Record(ctx context.Context, id string) (Record, error) {
	if _, err := actor.Require(ctx, actor.DutyLog); err != nil {
		return Record{}, err
	}
	sh, err := s.Store.Shift(ctx, id)
	if err != nil {
		return Record{}, err
	}
	if _, err := s.org(ctx, sh.OrgID); err != nil {
		return Record{}, err
	}
	entries, err := s.Store.EntriesOf(ctx, sh.ID)
	if sh.State != Closed && err == nil {
		sh.Passed, err = s.Store.OpenItems(ctx, sh.OrgID)
	}
	return Record{sh, append([]Entry{}, entries...)}, err
}

// Search lists what was written at a desk, newest first.
func (s *Service) Search(ctx context.Context, org string, from time.Time, r page.Request) (page.List[Entry], error) {
	o, err := s.org(ctx, org)
	if err != nil {
		return page.List[Entry]{}, err
	}
	r.Search = strings.TrimSpace(r.Search)
	return s.Store.Search(ctx, o.ID, from, r)
}
