package crew

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	Connected(ctx context.Context, edge string) bool
}

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Command(ctx context.Context, edge string, c wire.Command) error
}

// Incidents is incident.Service.
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        event.Tx
	Devices   Devices
	Sender    Sender
	Desks     incident.Desks
	Incidents Incidents
	Pictures  Pictures
	Phones    Phones // nil: there are none
	Events    event.Publisher
	Log       *slog.Logger
}

// Service is the use cases. Start brings messages to their terminals.
type Service struct {
	Options
	loop  *run.Loop
	write sync.Mutex // one change of messages at a time

	mu    sync.Mutex
	tries map[string]try // by message
	asked map[string]string
	heard []heard
	// fetched is when the page of a phone last asked, by stream.
	fetched map[string]time.Time
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, loop: run.NewLoop(), tries: map[string]try{}, asked: map[string]string{}, fetched: map[string]time.Time{}}
}

func noMessage() error {
	return errs.E(errs.NotFound, "crew.no_message", "there is no such message among those that you see")
}

// Send writes messages down, one for each target, and has them brought. What was sent under the same key before is
// answered as it stands.
func (s *Service) Send(ctx context.Context, d Draft) ([]Message, error) {
	a, org, err := s.Desks.Own(ctx, actor.VideoTalk)
	if err != nil {
		return nil, err
	}
	if err := world.Outside(ctx, "a message to the crew at a scene"); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := s.about(ctx, d.Incident); err != nil {
		return nil, err
	}
	targets, err := s.targets(ctx, d.Targets)
	if err != nil {
		return nil, err
	}
	var picture []byte
	if d.Frozen != nil {
		if picture, err = s.frozen(ctx, d.Frozen); err != nil {
			return nil, err
		}
	}
	s.write.Lock()
	defer s.write.Unlock()
	now := event.Stamp(time.Now())
	var out, fresh []Message
	for _, t := range targets {
		m, err := s.Store.Message(ctx, idOf(a.ID, d.Key, t.ID))
		if errs.KindOf(err) == errs.NotFound {
			m, err = Message{
				ID: idOf(a.ID, d.Key, t.ID), Target: t.ID, Kind: kindOf(t), Name: t.Name, Division: t.Division, Incident: d.Incident, Text: d.Text, Urgent: d.Urgent, Confirm: d.Confirm,
				Author: a.ID, By: a.Name, OrgID: org.ID, OrgName: org.Name, At: now, Until: now.Add(time.Duration(d.Minutes) * time.Minute), State: Sent, Version: 1,
			}, nil
			if m.Picture = len(picture); m.Picture > 0 {
				m.Drawing = idOf(a.ID, d.Key, "")
			}
			fresh = append(fresh, m)
		}
		if err != nil {
			return nil, err
		}
		if same, err := s.same(ctx, m, d); err != nil {
			return nil, err
		} else if !same {
			return nil, errs.E(errs.Conflict, "crew.key_taken", "an earlier form of this message has gone out already: “%s”", m.Text)
		}
		out = append(out, m)
	}
	if err := s.few(ctx, a.ID, fresh, now); err != nil || len(fresh) == 0 {
		return out, err
	}
	if err := spared(targets, fresh); err != nil {
		return nil, err
	}
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		var names []string
		for _, m := range fresh {
			names = append(names, m.Name)
		}
		text := strings.Join(names, "、") + "：" + d.Text
		if fresh[0].Picture > 0 {
			if err := s.Store.AddDrawing(ctx, Kept{ID: fresh[0].Drawing, Original: d.Frozen.Original, Flat: d.Frozen.Flat, Shapes: d.Frozen.Shapes, Picture: picture, At: now}); err != nil {
				return err
			}
			text += "（附标注画面" + words(d.Frozen.Shapes) + "）"
		}
		if err := s.line(ctx, fresh[0], string(Sent), text); err != nil {
			return err
		}
		for _, m := range fresh {
			if err := s.Store.Save(ctx, m, true, 0); err != nil {
				return err
			}
			note(event.New(ctx, EventSent, m.ID, m.Division, m))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.loop.Wake()
	return out, nil
}

// same reports whether a message says what a draft does: whoever corrects an order whose first answer was lost must not
// hear that the correction went out.
func (s *Service) same(ctx context.Context, m Message, d Draft) (bool, error) {
	if m.State == Withdrawn || m.State == Expired || m.Text != d.Text || m.Urgent != d.Urgent || m.Confirm != d.Confirm || m.Incident != d.Incident || m.Until.Sub(m.At) != time.Duration(d.Minutes)*time.Minute || (m.Picture > 0) != (d.Frozen != nil) {
		return false, nil
	}
	if d.Frozen == nil {
		return true, nil
	}
	kept, err := s.Store.Drawing(ctx, m.Drawing)
	if errs.KindOf(err) == errs.NotFound { // it is being sent for the first time
		return true, nil
	}
	return kept.Original == d.Frozen.Original && kept.Flat == d.Frozen.Flat && reflect.DeepEqual(kept.Shapes, d.Frozen.Shapes), err
}

// about refuses an incident that the actor may not write into.
func (s *Service) about(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return err
	}
	i, err := s.Incidents.Get(ctx, id)
	if err == nil && i.State != incident.Open {
		err = errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
	}
	return err
}

// targets are the terminals of scenes, each once.
func (s *Service) targets(ctx context.Context, ids []string) ([]device.Device, error) {
	var out []device.Device
	for _, id := range ids {
		d, ok := s.Devices.Visible(ctx, id)
		if ok && d.Kind == device.Camera && d.Parent != "" {
			// Whoever sees the picture may write to those who stand beside it.
			d, ok = s.Devices.Visible(actor.WithSystem(ctx, "messages"), d.Parent)
		}
		if ok {
			phone, err := s.phone(ctx, d)
			if err != nil {
				return nil, err
			}
			ok = phone || (d.Kind == device.Edge && d.State != device.Revoked)
		}
		if !ok {
			return nil, errs.E(errs.NotFound, "crew.no_target", "there is no terminal or phone %.64s that shows messages", id)
		}
		if !slices.ContainsFunc(out, func(o device.Device) bool { return o.ID == d.ID }) {
			out = append(out, d)
		}
	}
	return out, nil
}

// kindOf is what a target is.
func kindOf(d device.Device) Kind {
	if d.Kind == device.Camera {
		return Phone
	}
	return Terminal
}

// few refuses a flood: of one author, and to one terminal.
func (s *Service) few(ctx context.Context, author string, fresh []Message, now time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	n, err := s.Store.Count(ctx, author, now.Add(-time.Minute))
	if err != nil {
		return err
	}
	if n+len(fresh) > maxAtOnce {
		return errs.E(errs.Unavailable, "crew.too_many", "you have sent %d messages within a minute; the crews cannot read more", n)
	}
	waiting, err := s.Store.Waiting(ctx)
	if err != nil {
		return err
	}
	for _, m := range fresh {
		open := 0
		for _, w := range waiting {
			if w.Target == m.Target {
				open++
			}
		}
		if open >= maxOpen {
			return errs.E(errs.Conflict, "crew.full", "%d messages to %s wait for an answer; withdraw those that nobody needs", open, m.Name)
		}
	}
	return nil
}

// spared refuses a picture to a terminal whose data are nearly used up: words alone always go.
func spared(targets []device.Device, fresh []Message) error {
	for i := range targets {
		d := &targets[i]
		if fresh[0].Picture > 0 && d.Agent != nil && d.Agent.Budget == wire.BudgetAlarms {
			return errs.E(errs.Conflict, "crew.no_data", "%s has used up its mobile data; send the words without the picture", d.Name)
		}
	}
	return nil
}

// line writes into the timeline of a message's incident.
func (s *Service) line(ctx context.Context, m Message, act, text string) error {
	if m.Incident == "" {
		return nil
	}
	if a, ok := actor.From(ctx); ok && a.Kind == actor.System && (act == string(Confirmed) || act == string(Refused)) {
		ctx = actor.WithSystem(ctx, m.Name) // it was said at the scene
	}
	return s.Incidents.Record(ctx, m.Incident, account.Org{ID: m.OrgID, Name: m.OrgName}, incident.Step{Kind: incident.Messaged, Act: act, Text: text, Ref: m.ID}, nil)
}

// List is the messages to terminals that the actor may see, the newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Message, error) {
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return nil, err
	}
	if d, ok := s.Devices.Visible(ctx, f.Target); ok && d.Kind == device.Camera && d.Parent != "" {
		f.Target = d.Parent
	}
	if f.Incident != "" {
		if _, err := s.Incidents.Get(ctx, f.Incident); err != nil {
			return nil, err
		}
	}
	list, err := s.Store.Messages(ctx, f, 5*maxListed)
	if err != nil {
		return nil, err
	}
	out := []Message{}
	for _, m := range list {
		if len(out) < maxListed && s.sees(ctx, m) {
			out = append(out, m)
		}
	}
	return out, nil
}

// sees reports whether the actor may see a message: its terminal, or, where that is gone, what lies in its division.
func (s *Service) sees(ctx context.Context, m Message) bool {
	if _, ok := s.Devices.Visible(ctx, m.Target); ok {
		return true
	}
	a, ok := actor.From(ctx)
	return ok && m.Division != "" && a.Covers(m.Division)
}

// Withdraw takes a message back: its terminal shows it no longer, once it knows. One that has ended is a Conflict.
func (s *Service) Withdraw(ctx context.Context, id string) (Message, error) {
	a, err := actor.Require(ctx, actor.VideoTalk)
	if err != nil {
		return Message{}, err
	}
	if err := world.Outside(ctx, "a message to the crew at a scene"); err != nil {
		return Message{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	m, err := s.find(ctx, id)
	if err != nil {
		return m, err
	}
	if !m.open() {
		return m, errs.E(errs.Conflict, "crew.ended", "this message is %s already", m.State)
	}
	now := event.Stamp(time.Now())
	m.State, m.EndedAt, m.EndedBy = Withdrawn, &now, a.Name
	if err := s.change(ctx, &m, EventWithdrawn, string(Withdrawn)); err != nil {
		return m, err
	}
	s.mu.Lock()
	delete(s.tries, m.ID)
	s.mu.Unlock()
	s.loop.Wake()
	return m, nil
}

// seen is a message that the actor may see.
func (s *Service) seen(ctx context.Context, id string) (Message, error) {
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return Message{}, err
	}
	return s.find(ctx, id)
}

func (s *Service) find(ctx context.Context, id string) (Message, error) {
	m, err := s.Store.Message(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !s.sees(ctx, m)) {
		return Message{}, noMessage()
	}
	return m, err
}

// change saves a message over what was read, and writes it down; act is the line of the timeline, empty for none.
func (s *Service) change(ctx context.Context, m *Message, kind, act string) error {
	was := m.Version
	m.Version++
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if act != "" {
			text := m.Name + "：" + m.Text
			if m.Why != "" {
				text += "（" + m.Why + "）"
			}
			if err := s.line(ctx, *m, act, text); err != nil {
				return err
			}
		}
		if err := s.Store.Save(ctx, *m, m.waiting(), was); err != nil {
			return err
		}
		note(event.New(ctx, kind, m.ID, m.Division, *m))
		return nil
	})
	if err != nil {
		m.Version = was
	}
	return err
}
