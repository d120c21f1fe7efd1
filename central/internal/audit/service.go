package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// writeTimeout is how long one entry may take; the publisher waits for it.
const writeTimeout = 10 * time.Second

// Service writes and reads the record.
type Service struct {
	Store Store
	Tx    Tx
	Log   *slog.Logger
}

// Handle writes an event; give it to event.Bus.Handle. Passing views are not written. A failure cannot
// undo what has happened already, so it is logged as an error with everything but the data.
func (s *Service) Handle(ctx context.Context, e event.Event) {
	if e.Ephemeral {
		return
	}
	// The request may have ended; the record must be written all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := s.write(ctx, e); err != nil {
		s.Log.ErrorContext(ctx, "audit entry not written", "kind", e.Kind, "subject", e.Subject, "actor", e.Actor, "error", err)
	}
}

func (s *Service) write(ctx context.Context, e event.Event) error {
	entry, err := s.entry(ctx, e)
	if err != nil {
		return err
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		head, err := s.Store.LockHead(ctx)
		if err != nil {
			return err
		}
		return s.Store.Append(ctx, entry.chain(head))
	})
}

func (s *Service) entry(ctx context.Context, e event.Event) (Entry, error) {
	if e.Actor == "" {
		a, _ := actor.From(ctx)
		e.Actor, e.ActorName = a.ID, a.Name
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	data, err := text(e.Data)
	if err != nil {
		return Entry{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Entry{}, fmt.Errorf("make id: %w", err)
	}
	return Entry{
		ID: id.String(), At: e.At.UTC().Truncate(time.Microsecond), Actor: e.Actor, ActorName: e.ActorName,
		Kind: e.Kind, Subject: e.Subject, Division: e.Division, Data: data,
	}, nil
}

// Query asks for part of the record, newest first.
type Query struct {
	page.Request
	Kind string // "alarm." matches every kind that begins so
	From time.Time
	To   time.Time
}

// List returns entries of the actor's divisions, newest first.
func (s *Service) List(ctx context.Context, q Query) (page.List[Entry], error) {
	a, err := actor.Require(ctx, actor.AuditRead)
	if err != nil {
		return page.List[Entry]{}, err
	}
	division := a.DivisionCode
	switch {
	case a.Kind == actor.System:
		division = ""
	case division == "":
		division = "none"
	}
	return s.Store.List(ctx, division, q)
}

// verifyStep is how many entries are read at a time.
const verifyStep = 1000

// Verify walks the whole chain. It finds an entry that was changed, removed, put in between or cut off
// the end. It does not find a chain that was computed anew as a whole by somebody who may write the
// database: for that, keep a Head elsewhere, for example with the backups.
func (s *Service) Verify(ctx context.Context) (Report, error) {
	if _, err := actor.Require(ctx, actor.AuditRead); err != nil {
		return Report{}, err
	}
	// What is written meanwhile comes after this end and is not looked at.
	end, err := s.Store.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	var at Head
	for {
		entries, err := s.Store.After(ctx, at.Seq, end.Seq, verifyStep)
		if err != nil {
			return Report{}, err
		}
		for _, e := range entries {
			if problem := e.check(at); problem != "" {
				return Report{Entries: at.Seq, Problem: problem}, nil
			}
			at = Head{Seq: e.Seq, Hash: e.Hash}
		}
		if len(entries) < verifyStep {
			break
		}
	}
	if at != end {
		return Report{Entries: at.Seq, Problem: fmt.Sprintf("the end was cut off after entry %d", at.Seq)}, nil
	}
	return Report{Entries: at.Seq, Sound: true}, nil
}

// Head is the end of the chain, to be kept elsewhere.
func (s *Service) Head(ctx context.Context) (Head, error) {
	if _, err := actor.Require(ctx, actor.AuditRead); err != nil {
		return Head{}, err
	}
	return s.Store.Head(ctx)
}
