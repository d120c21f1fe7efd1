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
	"github.com/fengsui/fengsui/central/internal/world"
)

// Service writes and reads the record. Make it with New.
type Service struct {
	store Store
	tx    Tx
	log   *slog.Logger
	queue queue
}

var _ event.Recorder = (*Service)(nil)

// New makes the service; Start begins to write what is queued.
func New(store Store, tx Tx, log *slog.Logger) *Service {
	return &Service{store: store, tx: tx, log: log.With("component", "audit"), queue: queue{c: make(chan Entry, queueLength)}}
}

// Record implements event.Recorder: the entries stand and fall with the transaction of the context.
func (s *Service) Record(ctx context.Context, events ...event.Event) error {
	entries := make([]Entry, 0, len(events))
	for _, e := range events {
		entry, err := s.entry(ctx, e)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	return s.write(ctx, entries)
}

// write chains entries to the end.
func (s *Service) write(ctx context.Context, entries []Entry) error {
	return s.tx.Do(ctx, func(ctx context.Context) error {
		head, err := s.store.LockHead(ctx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			e = e.chain(head)
			if err := s.store.Append(ctx, e); err != nil {
				return err
			}
			head = Head{Seq: e.Seq, Hash: e.Hash}
		}
		return nil
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
	if e.World != world.Real {
		if data, err = exercised(data, string(e.World)); err != nil {
			return Entry{}, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Entry{}, fmt.Errorf("make id: %w", err)
	}
	return Entry{
		ID: id.String(), At: event.Stamp(e.At), Actor: e.Actor, ActorName: e.ActorName,
		Kind: e.Kind, Subject: e.Subject, Division: e.Division, Data: data,
	}, nil
}

// Query asks for part of the record, newest first.
type Query struct {
	page.Request
	Kind string // "alarm." matches every kind that begins so
	From time.Time
	To   time.Time
	// Viewer is the user who looks: of an exercise that is still hidden nobody else than its controllers sees a trace.
	Viewer string
}

// List returns entries of the actor's divisions, newest first.
func (s *Service) List(ctx context.Context, q Query) (page.List[Entry], error) {
	a, err := actor.Require(ctx, actor.AuditRead)
	if err != nil {
		return page.List[Entry]{}, err
	}
	q.Viewer = a.ID
	return s.store.List(ctx, a.Scope(), q)
}

// verifyStep is how many entries are read at a time.
const verifyStep = 1000

// Verify walks the whole chain. It finds an entry that was changed, removed, put in between or cut off
// the end. A chain that somebody who may write the database has computed anew as a whole differs from a
// Head that was kept elsewhere, for example with the backups; the zero Head is none.
func (s *Service) Verify(ctx context.Context, kept Head) (Report, error) {
	if _, err := actor.Require(ctx, actor.AuditRead); err != nil {
		return Report{}, err
	}
	// What is written meanwhile comes after this end and is not looked at.
	end, err := s.store.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	var at Head
	for {
		entries, err := s.store.After(ctx, at.Seq, end.Seq, verifyStep)
		if err != nil {
			return Report{}, err
		}
		for _, e := range entries {
			problem := e.check(at)
			if problem == "" && e.Seq == kept.Seq && e.Hash != kept.Hash {
				problem = fmt.Sprintf("entry %d is not the one that was kept: the chain was written anew", e.Seq)
			}
			if problem != "" {
				return Report{Entries: at.Seq, Problem: problem}, nil
			}
			at = Head{Seq: e.Seq, Hash: e.Hash}
		}
		if len(entries) < verifyStep {
			break
		}
	}
	if at != end || at.Seq < kept.Seq {
		return Report{Entries: at.Seq, Problem: fmt.Sprintf("the end was cut off after entry %d", at.Seq)}, nil
	}
	return Report{Entries: at.Seq, Sound: true}, nil
}

// Head is the end of the chain, to be kept elsewhere.
func (s *Service) Head(ctx context.Context) (Head, error) {
	if _, err := actor.Require(ctx, actor.AuditRead); err != nil {
		return Head{}, err
	}
	return s.store.Head(ctx)
}
