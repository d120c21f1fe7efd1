package notice

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// answerable is how long after it was sent a message may be answered by a text message.
const answerable = 24 * time.Hour

// earlyKept is how long a receipt waits for its message: a gateway may tell before the centre has kept its answer.
const earlyKept = 10 * time.Minute

// OnAnswer has answers to messages of a kind told to whom they are about. Register before the channels are heard.
func (s *Service) OnAnswer(kind string, a Answer) { s.answers[kind] = a }

// Hear takes what a gateway tells by itself: receipts, and answers of people. The same again changes nothing; what
// belongs to no message of this centre is forgotten after ten minutes.
func (s *Service) Hear(ctx context.Context, channel, secret, contentType string, body []byte) error {
	c, _ := s.channel(channel)
	h, ok := c.Sender.(Hearer)
	if !ok {
		return errs.E(errs.NotFound, "notice.no_callback", "there is nothing at this address")
	}
	told, err := h.Hear(secret, contentType, body)
	if err != nil {
		return err
	}
	ctx = actor.WithSystem(ctx, "gateway")
	for _, t := range told {
		if t.Ref != "" && (t.Delivered || t.Failed) {
			if err := s.receipt(ctx, channel, t); err != nil {
				return err
			}
		}
		if t.From != "" {
			if err := s.answered(ctx, channel, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// told is the message after a receipt; moved is false when that says nothing new.
func (n Notice) told(t Told, now time.Time) (out Notice, moved bool) {
	switch {
	case t.Delivered:
		return n.reached(Delivered, now)
	case n.State != Sent: // it has arrived, or goes another way already
		return n, false
	}
	n.State, n.SentAt = Queued, nil
	return n.missed("gateway: "+t.State, true, false, now), true
}

// receipt notes that a message has arrived, or goes the next way with one that never will.
func (s *Service) receipt(ctx context.Context, channel string, t Told) error {
	var lasting []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		lasting = nil
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		n, err := s.Store.ByRef(ctx, channel, t.Ref)
		now := s.stamp()
		if errs.KindOf(err) == errs.NotFound {
			return s.Store.KeepEarly(ctx, channel, t, now, now.Add(-earlyKept))
		}
		if err != nil {
			return err
		}
		n, moved := n.told(t, now)
		if !moved {
			return nil
		}
		if n.State == Failed {
			e, err := s.lost(ctx, n)
			if err != nil {
				return err
			}
			lasting = append(lasting, e)
		}
		if err := s.Store.Save(ctx, n); err != nil {
			return err
		}
		return s.Events.Record(ctx, lasting...)
	})
	if err == nil {
		s.publish(ctx, lasting)
		s.wake()
	}
	return err
}

// answered tells whoever a message was about that its person has answered: the newest that went to that address.
func (s *Service) answered(ctx context.Context, channel string, t Told) error {
	list, err := s.Store.SentSince(ctx, channel, s.stamp().Add(-answerable))
	if err != nil {
		return err
	}
	for _, n := range list {
		if n.Way >= len(n.Ways) || !sameNumber(n.Ways[n.Way].Address, t.From) {
			continue
		}
		answer := s.answers[n.Kind]
		if answer == nil {
			continue
		}
		if err := answer(ctx, n, t.Text); err != nil && !slices.Contains([]errs.Kind{errs.Conflict, errs.NotFound, errs.Invalid}, errs.KindOf(err)) {
			return err
		}
		return nil
	}
	return nil
}

// sameNumber compares numbers by what gateways write in front of them: +86, 86, 0086.
func sameNumber(a, b string) bool {
	bare := func(s string) string {
		digits := []byte{}
		for _, c := range []byte(s) {
			if c >= '0' && c <= '9' {
				digits = append(digits, c)
			}
		}
		return string(digits[max(0, len(digits)-11):])
	}
	return bare(a) != "" && bare(a) == bare(b)
}
