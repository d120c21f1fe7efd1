package notice

import (
	"context"
	"log/slog"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// Sender is a way to reach people (channel/<kind>). Send gives the gateway's name for the message, where it has one.
// An errs.Invalid says that this address or text will never do; everything else is tried again. Errors hold no
// address and no secret: they are shown and logged.
type Sender interface {
	Takes() Takes
	Send(ctx context.Context, m Message) (ref string, err error)
}

// Hearer is a sender whose gateway tells by itself what became of messages, and what people answer. A wrong secret is
// errs.NotFound: nobody learns that there is such an address.
type Hearer interface {
	Hear(secret, contentType string, body []byte) ([]Told, error)
}

// Told is a receipt for a message by the gateway's name for it, or an answer from an address; or both.
type Told struct {
	Ref, State        string
	Delivered, Failed bool
	From, Text        string
}

// Answer is told of an answer to a message. What it returns as errs is an answer that does not fit, and is dropped.
type Answer func(ctx context.Context, n Notice, text string) error

// Channel is a sender with its name and its limits; 0 is without.
type Channel struct {
	Name              string
	Sender            Sender
	PerMinute, PerDay int
}

// Desk is told what somebody must look after, in the transaction in which it is kept (app: clocks of the desk).
type Desk interface {
	Down(ctx context.Context, h Health) error
	Up(ctx context.Context, channel string) error
	Lost(ctx context.Context, n Notice) error
	Settled(ctx context.Context, n Notice) error
}

// Options of the service. Channels stand in the order in which they are tried.
type Options struct {
	Store    Store
	Tx       Tx
	Channels []Channel
	Desk     Desk
	Events   event.Publisher
	Log      *slog.Logger
	// Now is the wall clock; nil: the machine's.
	Now func() time.Time
}

// Service is the use cases and the loops that send.
type Service struct {
	Options
	loops   map[string]*run.Loop
	answers map[string]Answer
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{Options: o, loops: map[string]*run.Loop{}, answers: map[string]Answer{}}
	for _, c := range o.Channels {
		s.loops[c.Name] = run.NewLoop()
	}
	return s
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (s *Service) stamp() time.Time { return event.Stamp(s.Now()) }

func (s *Service) channel(name string) (Channel, bool) {
	for _, c := range s.Channels {
		if c.Name == name {
			return c, true
		}
	}
	return Channel{}, false
}

// Ways are the ways to a person with some numbers and mailboxes, in the order of the channels; the numbers stand in
// the order of trust.
func (s *Service) Ways(numbers, mails []string) []Way {
	out := []Way{}
	for _, c := range s.Channels {
		list := numbers
		if c.Sender.Takes() == Mail {
			list = mails
		}
		for _, a := range list {
			if a = strings.TrimSpace(a); a != "" {
				out = append(out, Way{c.Name, a})
			}
		}
	}
	return out
}

// Queue keeps messages in the transaction of what they are about. The same order again changes nothing.
func (s *Service) Queue(ctx context.Context, o Order) error {
	if err := o.validate(); err != nil {
		return err
	}
	var lasting []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		lasting = nil
		for _, p := range o.To {
			now := s.stamp()
			n := Notice{
				ID: newID(), Key: o.Key + "/" + p.ID, Kind: o.Kind, About: o.About, OrgID: o.OrgID, Division: o.Division, PersonID: p.ID, Name: p.Name, Title: o.Title, Text: o.Text,
				Urgent: o.Urgent, Ways: append([]Way{}, p.Ways...), State: Queued, CreatedAt: now, Until: event.Stamp(o.Until), NextAt: &now, Link: p.Link, Exercise: string(world.Of(ctx)),
			}
			switch {
			case n.Exercise != "":
				n.State, n.NextAt, n.Title, n.Text = Inside, nil, world.Mark+n.Title, world.World(n.Exercise).Marked(n.Text)
				n.Ways = []Way{} // numbers of people are none of the exercise
			case len(s.Channels) == 0:
				n.State, n.NextAt = Unset, nil
			case len(n.Ways) == 0:
				n = n.fail("no number or mailbox is known", now)
			}
			added, err := s.Store.Add(ctx, n)
			if err != nil {
				return err
			}
			if !added || n.State != Failed {
				continue
			}
			e, err := s.lost(ctx, n)
			if err != nil {
				return err
			}
			lasting = append(lasting, e)
		}
		return s.Events.Record(ctx, lasting...)
	})
	if err != nil {
		return err
	}
	s.publish(ctx, lasting)
	s.wake()
	return nil
}

// lost tells that a message reached nobody, in the transaction in which that is kept.
func (s *Service) lost(ctx context.Context, n Notice) (*event.Event, error) {
	if s.Desk != nil && n.Urgent {
		if err := s.Desk.Lost(ctx, n); err != nil {
			return nil, err
		}
	}
	e := event.New(ctx, EventFailed, n.ID, n.Division, trace{n.Name, n.Kind, n.Reason})
	return &e, nil
}

func (s *Service) wake() {
	for _, l := range s.loops {
		l.Wake()
	}
}

func (s *Service) publish(ctx context.Context, list []*event.Event) {
	for _, e := range list {
		s.Events.Publish(ctx, *e)
	}
	e := event.New(ctx, EventChanged, "", "", nil)
	e.Ephemeral = true
	s.Events.Publish(ctx, e)
}

// Reached notes how far a message of a person came, by the key of its order: whoever opens a link has read it. What
// is not known, or is further already, stays.
func (s *Service) Reached(ctx context.Context, key, person string, to State) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		n, err := s.Store.ByKey(ctx, key+"/"+person)
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		was := n.State
		n, moved := n.reached(to, s.stamp())
		if !moved {
			return nil
		}
		if was == Failed && s.Desk != nil && n.Urgent {
			if err := s.Desk.Settled(ctx, n); err != nil {
				return err
			}
		}
		return s.Store.Save(ctx, n)
	})
}

// List shows messages, newest first; an empty state is all.
func (s *Service) List(ctx context.Context, state State, r page.Request) (page.List[Notice], error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return page.List[Notice]{}, err
	}
	list, err := s.Store.List(ctx, a.Scope(), state, r)
	for i := range list.Items {
		list.Items[i] = list.Items[i].shown()
	}
	return list, err
}

// Detail is a message with its tries.
type Detail struct {
	Notice
	Log []Try `json:"log"`
}

func (s *Service) seen(ctx context.Context, id string, p actor.Permission) (actor.Actor, Notice, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, Notice{}, err
	}
	n, err := s.Store.Notice(ctx, id)
	if err == nil && !a.Covers(n.Division) {
		err = errs.E(errs.NotFound, "notice.not_found", "there is no such message among those that you see")
	}
	return a, n, err
}

// Get is a message with everything that was tried.
func (s *Service) Get(ctx context.Context, id string) (Detail, error) {
	_, n, err := s.seen(ctx, id, actor.DutyRead)
	if err != nil {
		return Detail{}, err
	}
	tries, err := s.Store.TriesOf(ctx, id)
	return Detail{n.shown(), append([]Try{}, tries...)}, err
}

// Settle notes that somebody has seen to a message that failed, and how.
func (s *Service) Settle(ctx context.Context, id, how string) (Notice, error) {
	a, _, err := s.seen(ctx, id, actor.DutyLog)
	if err != nil {
		return Notice{}, err
	}
	how = strings.TrimSpace(how)
	if !errs.Name(how, 200) {
		return Notice{}, errs.Field("notice.how", "how", "say how the person was told, in 1 to 200 characters on one line")
	}
	var out Notice
	var e event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		n, err := s.Store.Notice(ctx, id)
		if err != nil {
			return err
		}
		if n.State != Failed || n.SettledAt != nil {
			return errs.E(errs.Conflict, "notice.settled", "the message has not failed, or somebody has seen to it already")
		}
		now := s.stamp()
		n.SettledAt, n.SettledBy, n.SettledHow = &now, a.Name, how
		out = n.shown()
		if err := s.Store.Save(ctx, n); err != nil {
			return err
		}
		if s.Desk != nil {
			if err := s.Desk.Settled(ctx, n); err != nil {
				return err
			}
		}
		e = event.New(ctx, EventSettled, n.ID, n.Division, trace{Name: n.Name, Kind: n.Kind})
		return s.Events.Record(ctx, &e)
	})
	if err == nil {
		s.publish(ctx, []*event.Event{&e})
	}
	return out, err
}

// States is how every channel does.
func (s *Service) States(ctx context.Context) ([]Health, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return nil, err
	}
	out := []Health{}
	for _, c := range s.Channels {
		h, err := s.health(ctx, c)
		if err != nil {
			return nil, err
		}
		if h.Waiting, err = s.Store.Waiting(ctx, c.Name); err != nil {
			return nil, err
		}
		if h.Today, err = s.Store.CountTries(ctx, c.Name, s.stamp().Add(-24*time.Hour)); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

func (s *Service) health(ctx context.Context, c Channel) (Health, error) {
	h, err := s.Store.Health(ctx, c.Name)
	if errs.KindOf(err) == errs.NotFound {
		h, err = Health{}, nil
	}
	h.Name, h.Takes, h.PerMinute, h.PerDay = c.Name, c.Sender.Takes(), c.PerMinute, c.PerDay
	return h, err
}

var number = regexp.MustCompile(`^\+?[0-9]{5,20}$`)

// Test queues a message to an address that the administrator types, over one channel.
func (s *Service) Test(ctx context.Context, channel, address, text string) (Notice, error) {
	a, err := actor.Require(ctx, actor.NoticeTest)
	if err != nil {
		return Notice{}, err
	}
	if err := world.Outside(ctx, "a test message"); err != nil {
		return Notice{}, err
	}
	c, ok := s.channel(channel)
	if !ok {
		return Notice{}, errs.Field("notice.channel", "channel", "is none of the configured channels")
	}
	address = strings.TrimSpace(address)
	if _, err := mail.ParseAddress(address); c.Sender.Takes() == Mail && err != nil {
		return Notice{}, errs.Field("notice.address", "address", "is no mailbox like zhiban@example.cn")
	}
	if c.Sender.Takes() == Number && !number.MatchString(address) {
		return Notice{}, errs.Field("notice.address", "address", "is no number of 5 to 20 digits")
	}
	id := newID()
	order := Order{
		Key: "test " + id, Kind: "test", Division: a.DivisionCode, Title: "测试", Text: text, Until: s.stamp().Add(time.Hour),
		To: []Person{{ID: id, Name: a.Name, Ways: []Way{{channel, address}}}},
	}
	if err := s.Queue(ctx, order); err != nil {
		return Notice{}, err
	}
	s.Events.Publish(ctx, event.New(ctx, EventTested, channel, a.DivisionCode, trace{Name: channel}))
	n, err := s.Store.ByKey(ctx, order.Key+"/"+id)
	return n.shown(), err
}
