package notice

import (
	"context"
	"errors"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

const (
	// lookEvery is how long a channel rests at most: a message that was queued in a transaction is seen within it.
	lookEvery = time.Second
	// patience is how long a try may take; lease, after which one of which nothing is known is made again, is more.
	patience = 30 * time.Second
	lease    = 2 * time.Minute
	atOnce   = 50
	// probeEvery is how often a dead channel is tried.
	probeEvery = 15 * time.Second
)

// Start sends what waits and goes on until Stop. A channel that is down and not configured any more is forgotten.
func (s *Service) Start(ctx context.Context) error {
	system := actor.WithSystem(ctx, "notices")
	known, err := s.Store.Known(system)
	if err != nil {
		return err
	}
	for _, h := range known {
		if _, ok := s.channel(h.Name); ok {
			continue
		}
		err := s.Tx.Do(system, func(ctx context.Context) error {
			if s.Desk != nil {
				if err := s.Desk.Up(ctx, h.Name); err != nil {
					return err
				}
			}
			return s.Store.DropHealth(ctx, h.Name)
		})
		if err != nil {
			return err
		}
		// What waited for it goes its next way.
		if _, err := s.Turn(system, Channel{Name: h.Name}); err != nil {
			return err
		}
	}
	for _, c := range s.Channels {
		failed := false
		s.loops[c.Name].Start(system, 0, func(ctx context.Context, _ bool) time.Duration {
			wait, err := s.Turn(ctx, c)
			if err != nil && ctx.Err() == nil && !failed {
				s.Log.ErrorContext(ctx, "messages cannot be looked after; trying again every second", "channel", c.Name, "error", err)
			}
			failed = err != nil
			return wait
		})
	}
	return nil
}

// Stop ends what Start began and waits for a message that is being sent.
func (s *Service) Stop(ctx context.Context) error {
	var all []error
	for _, l := range s.loops {
		all = append(all, l.Stop(ctx))
	}
	return errors.Join(all...)
}

// Turn sends what is due over a channel, within its limits. The answer is when to turn again.
func (s *Service) Turn(ctx context.Context, c Channel) (time.Duration, error) {
	for {
		h, err := s.health(ctx, Channel{Name: c.Name, Sender: taker{c.Sender}})
		if err != nil {
			return lookEvery, err
		}
		room, err := s.room(ctx, c)
		if err != nil || room == 0 {
			return lookEvery, err
		}
		if h.DownSince != nil {
			if rest := h.ErrorAt.Add(probeEvery).Sub(s.Now()); rest > 0 {
				return min(rest, lookEvery), nil
			}
			room = 1
		}
		list, err := s.Store.Due(ctx, c.Name, s.stamp(), min(room, atOnce))
		if err != nil || len(list) == 0 {
			return lookEvery, err
		}
		for _, n := range list {
			if err := ctx.Err(); err != nil {
				return lookEvery, err
			}
			down, err := s.one(ctx, c, n)
			if err != nil {
				return lookEvery, err
			}
			if down {
				break // the rest goes its other way, or waits
			}
		}
	}
}

// taker stands for a channel that is not configured any more.
type taker struct{ Sender }

// Takes implements Sender.
func (t taker) Takes() Takes {
	if t.Sender == nil {
		return ""
	}
	return t.Sender.Takes()
}

// room is how many messages a channel may send now, by what it has sent.
func (s *Service) room(ctx context.Context, c Channel) (int, error) {
	room := atOnce
	now := s.stamp()
	for _, limit := range []struct {
		most int
		span time.Duration
	}{{c.PerMinute, time.Minute}, {c.PerDay, 24 * time.Hour}} {
		if limit.most == 0 {
			continue
		}
		n, err := s.Store.CountTries(ctx, c.Name, now.Add(-limit.span))
		if err != nil {
			return 0, err
		}
		room = min(room, max(0, limit.most-n))
	}
	return room, nil
}

// one makes one try. down says that the channel is dead by now.
func (s *Service) one(ctx context.Context, c Channel, n Notice) (down bool, err error) {
	now := s.stamp()
	if c.Sender == nil {
		return false, s.after(ctx, c, n.ID, nil, "", errs.E(errs.Invalid, "notice.no_channel", "the channel is not configured any more"))
	}
	if now.After(n.Until) {
		return false, s.after(ctx, c, n.ID, nil, "", errs.E(errs.Invalid, "notice.expired", "its time was over before it could be sent"))
	}
	way := n.Ways[n.Way]
	var try Try
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		if n, err = s.Store.Notice(ctx, n.ID); err != nil || n.NextAt == nil {
			return err
		}
		n = n.begin(now)
		if try, err = s.Store.AddTry(ctx, Try{NoticeID: n.ID, Channel: c.Name, Address: Mask(way.Address), At: now}); err != nil {
			return err
		}
		return s.Store.Save(ctx, n)
	})
	if err != nil || try.No == 0 {
		return false, err
	}
	text := n.Text
	if n.Link != "" {
		text += " " + n.Link
	}
	sending, cancel := context.WithTimeout(ctx, patience)
	ref, failed := c.Sender.Send(sending, Message{Key: n.ID, To: way.Address, Name: n.Name, Title: n.Title, Text: text})
	cancel()
	if ctx.Err() != nil {
		return false, nil // the centre stops: the lease brings it back
	}
	if err := s.after(ctx, c, n.ID, &try, ref, failed); err != nil {
		return false, err
	}
	h, err := s.health(ctx, c)
	return h.DownSince != nil, err
}

// after keeps what became of a try, and how the channel does.
func (s *Service) after(ctx context.Context, c Channel, id string, try *Try, ref string, failed error) error {
	var lasting []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		lasting = nil
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		n, err := s.Store.Notice(ctx, id)
		if err != nil {
			return err
		}
		now := s.stamp()
		refused := errs.KindOf(failed) == errs.Invalid
		reason := ""
		if failed != nil {
			reason = cut(failed.Error())
		}
		down := false
		if try != nil {
			if down, lasting, err = s.note(ctx, c, reason, refused, now); err != nil {
				return err
			}
			try.EndedAt, try.Reason, try.Ref = &now, reason, ref
			try.Outcome = map[bool]string{true: "refused", false: "failed"}[refused]
			if failed == nil {
				try.Outcome = "sent"
			}
			if err := s.Store.EndTry(ctx, *try); err != nil {
				return err
			}
		}
		if failed == nil {
			n = n.sent(ref, now)
			early, err := s.Store.TakeEarly(ctx, c.Name, ref)
			if err != nil {
				return err
			}
			for _, t := range early {
				n, _ = n.told(t, now)
			}
		} else {
			n = n.missed(reason, refused, down, now)
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
	if err != nil {
		return err
	}
	if failed != nil {
		s.Log.WarnContext(ctx, "a message was not sent", "channel", c.Name, "message", id, "error", cut(failed.Error()))
	}
	s.publish(ctx, lasting)
	s.wake()
	return nil
}

// note keeps how a channel does after a try. A refused address says that the gateway lives.
func (s *Service) note(ctx context.Context, c Channel, reason string, refused bool, now time.Time) (down bool, events []*event.Event, err error) {
	h, err := s.health(ctx, c)
	if err != nil {
		return false, nil, err
	}
	if refused {
		reason = ""
	}
	h, turned := h.after(reason, now)
	if err := s.Store.SaveHealth(ctx, h); err != nil {
		return false, nil, err
	}
	if !turned {
		return h.DownSince != nil, nil, nil
	}
	kind := EventUp
	if h.DownSince != nil {
		kind = EventDown
	}
	if h.DownSince == nil {
		if err := s.Store.Hurry(ctx, c.Name, now); err != nil {
			return false, nil, err
		}
	}
	if s.Desk != nil {
		if h.DownSince != nil {
			err = s.Desk.Down(ctx, h)
		} else {
			err = s.Desk.Up(ctx, h.Name)
		}
	}
	e := event.New(ctx, kind, h.Name, "", trace{Name: h.Name, Reason: reason})
	return h.DownSince != nil, []*event.Event{&e}, err
}

// cut keeps an error short.
func cut(text string) string {
	r := []rune(text)
	return string(r[:min(len(r), 300)])
}
