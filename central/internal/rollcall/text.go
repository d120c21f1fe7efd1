package rollcall

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// here reports whether a text message says that somebody is there; whatever else it says is written down and answers
// nothing. Pure.
func here(text string) bool {
	text = strings.Trim(strings.TrimSpace(text), "。.!！ ")
	switch text {
	case "1", "到", "在", "在岗", "收到", "已到", "已在岗":
		return true
	}
	return false
}

// AnswerByText is told of an answer by text message to the message of a roll-call (notice.Answer). It comes from the
// number of the person whom the message went to.
func (s *Service) AnswerByText(ctx context.Context, n notice.Notice, text string) error {
	if !here(text) {
		return s.heard(ctx, n, text)
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: n.PersonID, Name: n.Name})
	_, err := s.settle(ctx, n.About, EventAnswered, func(p Post, c Call, now time.Time) (Post, error) {
		return p.answer(Text, Who{n.PersonID, n.Name}, c.Marks, now)
	})
	return err
}

// heard writes down what a text message said that is no answer.
func (s *Service) heard(ctx context.Context, n notice.Notice, text string) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		p, err := s.Store.Post(ctx, n.About)
		if err != nil {
			return err
		}
		said := " " + n.Name + "短信：" + text
		if strings.Contains(p.Note+"；", said+"；") {
			return nil // a gateway tells again what it is not sure to have told
		}
		note := s.stamp().In(event.China()).Format("15:04") + said
		if p.Note != "" {
			note = p.Note + "；" + note
		}
		if !errs.Text(note, 1000) {
			return errs.E(errs.Conflict, "rollcall.note", "more was written about it than is kept")
		}
		p.Note = note
		return s.Store.SavePost(ctx, p)
	})
	if err == nil {
		e := event.New(ctx, EventSeen, n.About, "", nil)
		e.Ephemeral = true
		s.Events.Publish(ctx, e)
	}
	return err
}
