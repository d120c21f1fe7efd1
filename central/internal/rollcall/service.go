package rollcall

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// Roster says who is on duty and how they are reached (duty.Service).
type Roster interface {
	Asked(ctx context.Context, org string, to deadline.To, at time.Time) (deadline.Asked, error)
	Orgs(ctx context.Context) ([]duty.OrgView, error)
	Person(ctx context.Context, id string) (duty.Person, error)
	PersonOf(ctx context.Context, user string) (duty.Person, error)
}

// Accounts know who is where (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
	Of(ctx context.Context, o deadline.Owner, kind string) (deadline.Detail, error)
}

// Notices send (notice.Service).
type Notices interface {
	Queue(ctx context.Context, o notice.Order) error
	Ways(numbers, mails []string) []notice.Way
	Reached(ctx context.Context, key, person string, to notice.State) error
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Roster   Roster
	Accounts Accounts
	Clocks   Clocks
	Notices  Notices
	Book     *deadline.Book
	Events   event.Publisher
	// URL is under what address phones reach the centre; empty: messages have no link.
	URL string
	// ByText says that messages can be answered by text message.
	ByText bool
	Log    *slog.Logger
	// Now is the wall clock; nil: the machine's.
	Now func() time.Time
}

// Service is the use cases. Start calls by plan.
type Service struct {
	Options
	loop *run.Loop
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{Options: o, loop: run.NewLoop()}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (s *Service) stamp() time.Time { return event.Stamp(s.Now()) }

func system(ctx context.Context) context.Context { return actor.WithSystem(ctx, "rollcall") }

// own is the actor with the organisation that it belongs to.
func (s *Service) own(ctx context.Context, p actor.Permission) (actor.Actor, account.User, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, account.User{}, err
	}
	u, err := s.Accounts.User(system(ctx), a.ID)
	return a, u, err
}

// Ask is a roll-call at will. Without organisations it asks every desk below.
type Ask struct {
	Name    string
	Orgs    []string
	Tiers   []deadline.To
	Minutes int
}

// Begin calls the roll.
func (s *Service) Begin(ctx context.Context, ask Ask) (Call, error) {
	a, u, err := s.own(ctx, actor.DutyLog)
	if err != nil {
		return Call{}, err
	}
	if err := world.Outside(ctx, "a roll-call"); err != nil {
		return Call{}, err
	}
	if ask.Minutes == 0 {
		ask.Minutes = s.minutes(u.Division)
	}
	if err := checkAsk(ask.Tiers, ask.Minutes); err != nil {
		return Call{}, err
	}
	if ask.Name = strings.TrimSpace(ask.Name); !errs.Name(ask.Name, 64) {
		return Call{}, errs.Field("rollcall.name", "name", "1 to 64 characters on one line")
	}
	orgs, err := s.targets(ctx, u.OrgID, ask.Orgs)
	if err != nil {
		return Call{}, err
	}
	c := Call{OrgID: u.OrgID, OrgName: u.OrgName, Division: u.Division, Name: ask.Name, Kind: AtWill, ByName: a.Name}
	return s.call(ctx, c, orgs, ask.Tiers, ask.Minutes, nil)
}

// minutes is what the book gives to answer.
func (s *Service) minutes(division string) int {
	if f, ok := s.Book.Find(deadline.Query{Division: division, Do: "rollcall", At: s.Now()}); ok {
		return int(time.Duration(f.Limit.Within) / time.Minute)
	}
	return 10
}

// reaches reports whether an organisation is that of the user or stands below it in the tree: only those above it do
// what it may do itself.
func (s *Service) reaches(ctx context.Context, u account.User, org string) (bool, error) {
	tree, err := s.Accounts.Orgs(system(ctx))
	return err == nil && account.Under(tree, org, u.OrgID), err
}

// targets are the organisations that keep duty among those asked for, or all below the caller's in the tree.
func (s *Service) targets(ctx context.Context, own string, ids []string) ([]account.Org, error) {
	tree, err := s.Accounts.Orgs(system(ctx))
	if err != nil {
		return nil, err
	}
	desks, err := s.Roster.Orgs(system(ctx))
	if err != nil {
		return nil, err
	}
	kept := func(id string) bool {
		return slices.ContainsFunc(desks, func(v duty.OrgView) bool { return v.ID == id && v.Kept })
	}
	var out []account.Org
	for _, o := range tree {
		wanted := slices.Contains(ids, o.ID) || (len(ids) == 0 && o.ID != own && kept(o.ID))
		if wanted && account.Under(tree, o.ID, own) {
			out = append(out, o)
		}
	}
	if len(out) == 0 || len(ids) > 0 && len(out) != len(ids) {
		return nil, errs.Field("rollcall.orgs", "orgs", "name desks at or below your own; without any, some desk below must keep a roster")
	}
	return out, nil
}

// call keeps a call with its clocks, messages and links, and tells everybody.
func (s *Service) call(ctx context.Context, c Call, orgs []account.Org, tiers []deadline.To, minutes int, with func(context.Context, Call) error) (Call, error) {
	c.ID, c.At, c.Marks = newID(), s.stamp(), DefaultMarks()
	c.DueAt = c.At.Add(time.Duration(minutes) * time.Minute)
	stages := []deadline.Stage{{Mark: deadline.Passed, To: deadline.Officer}}
	rule := ""
	if f, ok := s.Book.Find(deadline.Query{Division: c.Division, Do: "rollcall", At: c.At}); ok {
		stages, rule = f.Limit.Stages(), f.Name()
	}
	var e event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		c.Posts = nil
		for _, o := range orgs {
			for _, tier := range tiers {
				asked, err := s.Roster.Asked(system(ctx), o.ID, tier, c.At)
				if err != nil {
					return err
				}
				p := Post{ID: newID(), CallID: c.ID, OrgID: o.ID, OrgName: o.Name, Division: o.Division, Tier: tier, Expected: []Who{}, At: c.At, DueAt: c.DueAt, State: Waiting}
				for i, id := range asked.People {
					p.Expected = append(p.Expected, Who{id, asked.Names[i]})
				}
				c.Posts = append(c.Posts, p)
			}
		}
		if err := s.Store.AddCall(ctx, c); err != nil {
			return err
		}
		for _, p := range c.Posts {
			_, err := s.Clocks.Set(ctx, deadline.Clock{
				Owner: deadline.Owner{Kind: OwnerKind, ID: p.ID}, Kind: "rollcall", OrgID: p.OrgID, Division: p.Division, Name: p.OrgName + " " + tierName(p.Tier) + " · " + c.Name, Rule: rule,
				Scale: deadline.Counted, BaseAt: c.At, DueAt: c.DueAt, Stages: stages,
			})
			if err != nil {
				return err
			}
			if err := s.tell(ctx, c, p); err != nil {
				return err
			}
		}
		if with != nil {
			if err := with(ctx, c); err != nil {
				return err
			}
		}
		e = event.New(ctx, EventCalled, c.ID, c.Division, trace{Name: c.Name, By: c.ByName})
		return s.Events.Record(ctx, &e)
	})
	if err == nil {
		s.Events.Publish(ctx, e)
	}
	return c, err
}

// tell queues a message with a link of their own to everybody whom the roster expects.
func (s *Service) tell(ctx context.Context, c Call, p Post) error {
	o := notice.Order{
		Key: "rollcall " + p.ID, Kind: "rollcall", About: p.ID, OrgID: p.OrgID, Division: p.Division, Title: "查岗", Urgent: true, Until: p.DueAt,
		Text: fmt.Sprintf("%s查岗（%s），请于%s前应答。", c.OrgName, c.Name, p.DueAt.In(event.China()).Format("15:04")),
	}
	if s.ByText {
		o.Text += "回复1即应答。"
	}
	for _, w := range p.Expected {
		person, err := s.Roster.Person(system(ctx), w.PersonID)
		if err != nil {
			return err
		}
		to := notice.Person{ID: w.PersonID, Name: w.Name, Ways: s.Notices.Ways(person.Addresses())}
		if s.URL != "" {
			token := rand.Text()
			if err := s.Store.AddLink(ctx, Link{account.Digest(token), p.ID, w.PersonID, w.Name}); err != nil {
				return err
			}
			to.Link = strings.TrimSuffix(s.URL, "/") + "/r/" + token
		}
		o.To = append(o.To, to)
	}
	if len(o.To) == 0 {
		return nil
	}
	return s.Notices.Queue(system(ctx), o)
}

// seen leaves the posts that the actor may see: all of an own call, else those of the own division.
func (c Call) seen(a actor.Actor) Call {
	c.Posts = slices.Clone(c.Posts)
	if !a.Covers(c.Division) {
		c.Posts = slices.DeleteFunc(c.Posts, func(p Post) bool { return !a.Covers(p.Division) })
	}
	for i, p := range c.Posts {
		c.Posts[i] = p.seen(a)
	}
	return c
}

// seen leaves out where somebody was and with what, for who may not have their number either.
func (p Post) seen(a actor.Actor) Post {
	if !a.Can(actor.DutyPhone) {
		p.Place, p.NoPlace, p.Device = nil, "", ""
	}
	return p
}

// timed is a post with the times of its clock, which move along when the clock of the machine is set. What was answered
// keeps those of then.
func (s *Service) timed(ctx context.Context, p Post) (Post, error) {
	if p.AnsweredAt != nil {
		return p, nil
	}
	c, err := s.Clocks.Of(system(ctx), deadline.Owner{Kind: OwnerKind, ID: p.ID}, "rollcall")
	if errs.KindOf(err) == errs.NotFound || err == nil && c.State != deadline.Running {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.At, p.DueAt = c.BaseAt, c.DueAt
	return p, nil
}

// Calls lists roll-calls, newest first: the own ones whole, of others the posts of the own division.
func (s *Service) Calls(ctx context.Context, r page.Request) (page.List[Call], error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return page.List[Call]{}, err
	}
	list, err := s.Store.Calls(ctx, a.Scope(), r)
	if err != nil {
		return list, err
	}
	for i := range list.Items {
		c := list.Items[i].seen(a)
		for k := range c.Posts {
			if c.Posts[k].State != Waiting {
				continue
			}
			if c.Posts[k], err = s.timed(ctx, c.Posts[k]); err != nil {
				return list, err
			}
			c.At, c.DueAt = c.Posts[k].At, c.Posts[k].DueAt
		}
		list.Items[i] = c
	}
	return list, nil
}

// Posts lists the posts of calls between two times, for the workbook.
func (s *Service) Posts(ctx context.Context, from, to time.Time) ([]Post, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Posts(ctx, a.Scope(), from, to)
	for i := range list {
		list[i] = list[i].seen(a)
	}
	return list, err
}

// Scores are the units by month, from the points that were given then.
func (s *Service) Scores(ctx context.Context, from, to time.Time) ([]Score, error) {
	list, err := s.Posts(ctx, from, to)
	return scores(list, event.China()), err
}

// tierName is what a post is called in a clock.
func tierName(t deadline.To) string {
	if t == deadline.Leader {
		return "带班领导"
	}
	return "值班员"
}
