package crew

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// Phones are the links to send by (video.Service).
type Phones interface {
	// Holder finds the link of a token, also one that has expired.
	Holder(ctx context.Context, token, stream string) (video.StreamLink, error)
	// Phones lists the open links to send by whose picture the actor may see; stream narrows them, empty does not.
	Phones(ctx context.Context, stream string) ([]video.StreamLink, error)
}

// Reached is a phone that messages can be sent to.
type Reached struct {
	ID    string     `json:"id" doc:"Its stream: a target of messages"`
	Title string     `json:"title" doc:"For whom its link is"`
	Until time.Time  `json:"until" doc:"When its link expires"`
	Seen  *time.Time `json:"seen_at,omitempty" doc:"When its page last asked for its messages or for news"`
}

// PhoneMessage is a message as a phone gets it.
type PhoneMessage struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	From    string    `json:"from"`
	Urgent  bool      `json:"urgent"`
	Confirm bool      `json:"confirm"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	Picture int       `json:"picture_bytes" doc:"0: it has none"`
	State   State     `json:"state" enum:"sent,delivered,shown,confirmed,refused,expired,withdrawn"`
}

// PhoneReceipt is what a phone says of a message, both times by its own clock.
type PhoneReceipt struct {
	Message    string
	State      string
	Why        string
	At, SentAt time.Time
}

// Phones lists the phones that the actor may write to.
func (s *Service) Phones(ctx context.Context) ([]Reached, error) {
	if _, err := actor.Require(ctx, actor.VideoTalk); err != nil {
		return nil, err
	}
	out := []Reached{}
	if s.Options.Phones == nil {
		return out, nil
	}
	links, err := s.Options.Phones.Phones(ctx, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]bool{}
	for _, l := range links {
		if known[l.Stream] {
			continue
		}
		known[l.Stream] = true
		r := Reached{ID: l.Stream, Title: l.Title, Until: l.ExpiresAt}
		if at, ok := s.fetched[l.Stream]; ok {
			r.Seen = &at
		}
		out = append(out, r)
	}
	return out, nil
}

// phone reports whether a camera is a phone's whose link is open.
func (s *Service) phone(ctx context.Context, d device.Device) (bool, error) {
	if s.Options.Phones == nil || d.Kind != device.Camera || d.Parent != "" {
		return false, nil
	}
	links, err := s.Options.Phones.Phones(ctx, d.ID)
	return len(links) > 0, err
}

// holder is the link of a token and the context of who has it: nobody's account.
func (s *Service) holder(ctx context.Context, token, stream string) (context.Context, video.StreamLink, error) {
	if s.Options.Phones == nil {
		return ctx, video.StreamLink{}, noMessage()
	}
	l, err := s.Options.Phones.Holder(ctx, token, stream)
	return actor.With(ctx, actor.Actor{Kind: actor.System, ID: "link " + l.ID, Name: l.Title}), l, err
}

// Here notes that the page of a phone is open: whoever asks holds its link.
func (s *Service) Here(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched[stream] = event.Stamp(time.Now())
}

// ForPhone tells the page of a phone its messages.
func (s *Service) ForPhone(ctx context.Context, token, stream string) ([]PhoneMessage, error) {
	out, err := s.MessagesOf(ctx, token, stream)
	if err == nil {
		s.Here(stream)
	}
	return out, err
}

// MessagesOf is what the holder of a link is told: what waits, and what has ended since the link was given. One that has
// expired is told nothing. It does not say that a page is open: a worker in the background may ask.
func (s *Service) MessagesOf(ctx context.Context, token, stream string) ([]PhoneMessage, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return nil, err
	}
	out := []PhoneMessage{}
	if l.State != video.LinkOpen {
		return out, nil
	}
	list, err := s.Store.Messages(ctx, Filter{Target: stream, Since: time.Now().Add(-2 * MaxMinutes * time.Minute)}, wire.MaxCrewOpen)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if m := &list[i]; m.open() || !m.At.Before(l.CreatedAt) {
			out = append(out, PhoneMessage{m.ID, m.Text, m.By + " · " + m.OrgName, m.Urgent, m.Confirm, m.At, m.Until, m.Picture, m.State})
		}
	}
	return out, nil
}

// PhonePicture is the picture of a message to the holder of a link.
func (s *Service) PhonePicture(ctx context.Context, token, stream, id string) ([]byte, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Message(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && (m.Target != stream || l.State != video.LinkOpen || m.Picture == 0 || m.State == Withdrawn)) {
		return nil, noMessage()
	}
	if err != nil {
		return nil, err
	}
	k, err := s.Store.Drawing(ctx, m.Drawing)
	return k.Picture, err
}

// FromPhone takes what a phone says of a message of its own, also what it wrote down hours ago without a net: how long
// ago counts, not what its clock shows. The same again changes nothing.
func (s *Service) FromPhone(ctx context.Context, token, stream string, r PhoneReceipt) (PhoneMessage, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return PhoneMessage{}, err
	}
	now := event.Stamp(time.Now())
	at := now.Add(-max(0, r.SentAt.Sub(r.At)))
	if l.State != video.LinkOpen && (at.After(l.Closes()) || !l.Late(now)) {
		return PhoneMessage{}, errs.E(errs.Unauthenticated, "video.link_expired", "this link has expired; ask whoever gave it to you for a new one")
	}
	switch r.State {
	case wire.CrewDelivered, wire.CrewShown, wire.CrewConfirmed, wire.CrewRefused:
	default:
		return PhoneMessage{}, errs.Field("crew.receipt", "state", "delivered, shown, confirmed or refused")
	}
	if !errs.Text(r.Why, maxFault/3) {
		return PhoneMessage{}, errs.Field("crew.why", "why", "at most 100 characters")
	}
	s.write.Lock()
	defer s.write.Unlock()
	m, err := s.Store.Message(ctx, r.Message)
	if errs.KindOf(err) == errs.NotFound || (err == nil && m.Target != stream) {
		return PhoneMessage{}, noMessage()
	}
	if err != nil {
		return PhoneMessage{}, err
	}
	was := m.State
	if m.take(wire.CrewReceipt{Message: m.ID, State: r.State, At: wire.Millis(at), By: "phone", Text: r.Why}, now) {
		act := ""
		if m.State != was && (m.State == Confirmed || m.State == Refused) {
			act = string(m.State)
		}
		if err := s.change(ctx, &m, EventReceipt, act); err != nil {
			return PhoneMessage{}, err
		}
	}
	return PhoneMessage{m.ID, m.Text, m.By + " · " + m.OrgName, m.Urgent, m.Confirm, m.At, m.Until, m.Picture, m.State}, nil
}
