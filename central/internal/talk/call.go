package talk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/floor"
	"github.com/fengsui/fengsui/shared/wire"
)

// Renew keeps the floor of a call and tells who hears it.
func (s *Service) Renew(ctx context.Context, id string) (Call, error) {
	c, err := s.own(ctx, id)
	if err != nil {
		return Call{}, err
	}
	now := time.Now()
	for _, l := range c.listeners {
		s.floors.Take(l.device.ID, floor.Holder{ID: c.id, Name: c.by.Name}, now)
	}
	s.mu.Lock()
	_, stands := s.calls[id]
	again := now.Sub(c.asked) >= askEvery
	if again {
		c.asked = now
	}
	s.mu.Unlock()
	if !stands { // it ended meanwhile
		s.giveBack(c)
		return Call{}, noCall()
	}
	if again {
		s.ask(ctx, c)
	}
	s.phones(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	return Call{ID: id, Places: c.told()}, nil
}

// End ends a call; one that has ended is no error.
func (s *Service) End(ctx context.Context, id string) error {
	_, err := s.own(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	s.end(ctx, id, false)
	return nil
}

// Ended is told of every session of the router that ended.
func (s *Service) Ended(ctx context.Context, session string) {
	s.mu.Lock()
	id := ""
	for _, c := range s.calls {
		if c.session == session {
			id = c.id
		}
	}
	s.mu.Unlock()
	if id != "" {
		s.end(ctx, id, true)
	}
}

func noCall() error { return errs.E(errs.NotFound, "talk.no_call", "the call has ended; speak again") }

// own finds a call of the actor.
func (s *Service) own(ctx context.Context, id string) (*call, error) {
	a, err := actor.Require(ctx, actor.VideoTalk)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[id]
	if c == nil || c.by.ID != a.ID {
		return nil, noCall()
	}
	return c, nil
}

// takenError is that somebody else speaks to a scene.
type takenError struct{ by string }

func (e takenError) Error() string { return "held by " + e.by }

// placed is why a listener cannot be had.
func placed(id string, err error) *Heard {
	p := &Heard{Listener: id, State: Failed, Error: err.Error()}
	if taken, ok := errors.AsType[takenError](err); ok {
		p.State, p.Name, p.Error = Taken, taken.by, ""
	} else if e, ok := errors.AsType[*errs.Error](err); ok {
		p.Error = e.Msg
	}
	return p
}

// told is the places in order. The caller holds the lock.
func (c *call) told() []Heard {
	out := make([]Heard, 0, len(c.places))
	for _, id := range slices.Sorted(maps.Keys(c.places)) {
		out = append(out, *c.places[id])
	}
	return out
}

// take takes the floor of a listener; that somebody begins is written down first.
func (s *Service) take(ctx context.Context, c *call, l listener, now time.Time) error {
	id := l.device.ID
	held, _, ok, lapsed := s.floors.Take(id, floor.Holder{ID: c.id, Name: c.by.Name}, now)
	if !ok {
		return errs.Wrap(takenError{held.By.Name}, errs.Conflict, "talk.taken", held.By.Name+" speaks to this scene; wait until they let go")
	}
	if lapsed != nil {
		s.end(ctx, lapsed.By.ID, true)
	}
	began := event.New(ctx, EventBegan, id, l.device.Division, c.spoken(l))
	if err := s.Events.Record(ctx, &began); err != nil {
		s.floors.Give(id, c.id)
		return err
	}
	s.Events.Publish(ctx, began)
	c.listeners = append(c.listeners, l)
	c.places[id] = &Heard{Listener: id, State: Calling}
	return nil
}

func (c *call) spoken(l listener) Spoken {
	return Spoken{Listener: l.device.ID, Cameras: l.cameras, Call: c.id, Incident: c.incident}
}

// speak opens the session of who speaks and has the terminals hear it.
func (s *Service) speak(ctx context.Context, c *call, offer string) (answer string, err error) {
	streams := make([]string, 0, len(c.listeners))
	plain := false
	for _, l := range c.listeners {
		streams = append(streams, l.device.ID)
		plain = plain || l.kind == Terminal
	}
	got, length, err := s.Router.Speak(ctx, streams, plain, offer)
	if err != nil {
		s.giveBack(c)
		s.over(ctx, c, true)
		return "", err
	}
	s.mu.Lock()
	c.session, c.length = got.Session, length
	s.calls[c.id] = c
	s.mu.Unlock()
	s.ask(ctx, c)
	return got.SDP, nil
}

// ask has the terminals of a call hear it, aside.
func (s *Service) ask(ctx context.Context, c *call) {
	ctx = context.WithoutCancel(ctx)
	for _, l := range c.listeners {
		if l.kind == Terminal {
			s.wg.Go(func() { s.askOne(ctx, c, l) })
		}
	}
}

func (s *Service) askOne(ctx context.Context, c *call, l listener) {
	t := s.Pictures.HearTicket(l.device.ID)
	body, err := json.Marshal(wire.TalkStart{WHEP: t.WHEP, Token: t.Token, LeaseSeconds: int(leaseLength.Seconds())})
	var r wire.CommandResult
	if err == nil {
		r, err = s.Orders.Send(ctx, l.device.ID, device.NewCommand(wire.CommandTalk, body, orderLife), answerWithin)
	}
	p := Heard{Listener: l.device.ID, State: Hears}
	switch {
	case err != nil:
		p.State, p.Error = Failed, placed("", err).Error
	case !r.OK:
		p.State, p.Error = Failed, wire.Text(cmp.Or(r.Error, "the terminal did not say why it does not hear"), maxFault)
	}
	s.place(ctx, c, l, p)
}

// phones looks how it stands with the phones of a call: one hears when it sends, for it hears in the same session, and
// sound has come.
func (s *Service) phones(ctx context.Context, c *call) {
	for _, l := range c.listeners {
		if l.kind != Phone {
			continue
		}
		p := Heard{Listener: l.device.ID, State: Calling}
		if err := s.reachable(ctx, l); err != nil {
			p = *placed(l.device.ID, err)
		} else if c.length() > 0 {
			p.State = Hears
		}
		s.place(ctx, c, l, p)
	}
}

// place keeps how it stands with a listener, and tells when that is new.
func (s *Service) place(ctx context.Context, c *call, l listener, p Heard) {
	s.mu.Lock()
	was := *c.places[l.device.ID]
	*c.places[l.device.ID] = p
	_, stands := s.calls[c.id]
	s.mu.Unlock()
	if stands && was != p {
		s.Events.Publish(ctx, event.Event{At: event.Stamp(time.Now()), Kind: EventChanged, Subject: l.device.ID, Division: l.device.Division, Data: c.spoken(l), Ephemeral: true})
	}
}

func (s *Service) giveBack(c *call) {
	for _, l := range c.listeners {
		s.floors.Give(l.device.ID, c.id)
	}
}

// end ends a call that stands.
func (s *Service) end(ctx context.Context, id string, lapsed bool) {
	s.mu.Lock()
	c := s.calls[id]
	delete(s.calls, id)
	s.mu.Unlock()
	if c == nil {
		return
	}
	if err := s.Router.Hang(c.session); err != nil && errs.KindOf(err) != errs.NotFound {
		s.Log.Warn("session of a speaker did not end", "error", err)
	}
	s.giveBack(c)
	s.over(ctx, c, lapsed)
}

// over tells that somebody does not speak any more, under their name, and writes it into the incident.
func (s *Service) over(ctx context.Context, c *call, lapsed bool) {
	ctx = actor.With(context.WithoutCancel(ctx), c.by)
	var length time.Duration
	if c.length != nil {
		length = c.length()
	}
	var events []event.Event
	var names []string
	for _, l := range c.listeners {
		names = append(names, cmp.Or(l.device.Name, l.device.ID))
		sp := c.spoken(l)
		sp.Seconds, sp.Lapsed = int64(math.Ceil(length.Seconds())), lapsed
		events = append(events, event.New(ctx, EventEnded, l.device.ID, l.device.Division, sp))
	}
	s.Events.Publish(ctx, events...)
	if c.incident == "" || c.session == "" {
		return
	}
	if err := s.Journal.Spoke(ctx, c.incident, names, length); err != nil {
		s.Log.Warn("what was spoken does not stand in the timeline of the incident", "incident", c.incident, "error", err)
	}
}

// Set sets volume and mute of a terminal's speaker and waits until it has them.
func (s *Service) Set(ctx context.Context, id string, m wire.SpeakerSet) error {
	if _, err := actor.Require(ctx, actor.VideoTalk); err != nil {
		return err
	}
	if err := m.Check(); err != nil {
		return errs.Wrap(err, errs.Invalid, "talk.speaker", err.Error())
	}
	l, err := s.find(ctx, id)
	if err == nil {
		err = s.reachable(ctx, l)
	}
	if err != nil {
		return err
	}
	if l.kind != Terminal {
		return errs.E(errs.Conflict, "talk.no_speaker", "the volume of a phone is set on the phone")
	}
	set := event.New(ctx, EventSet, id, l.device.Division, Loudness{id, m})
	if err := s.Events.Record(ctx, &set); err != nil {
		return err
	}
	s.Events.Publish(ctx, set)
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	r, err := s.Orders.Send(ctx, id, device.NewCommand(wire.CommandSpeaker, body, orderLife), answerWithin)
	if err != nil {
		return err
	}
	if !r.OK {
		return errs.E(errs.Conflict, "talk.refused", "the terminal did not do it: %s", wire.Text(r.Error, maxFault))
	}
	return nil
}
