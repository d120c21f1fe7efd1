package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Audit keeps the record of what has happened.
type Audit struct{ db *DB }

// NewAudit makes the store of the record.
func NewAudit(db *DB) *Audit { return &Audit{db} }

var _ audit.Store = (*Audit)(nil)

// LockHead implements audit.Store: the update holds the row until the transaction ends.
func (s *Audit) LockHead(ctx context.Context) (audit.Head, error) {
	return s.head(ctx, `update audit_head set seq = seq where name = 'audit' returning seq, hash`)
}

// Head implements audit.Store.
func (s *Audit) Head(ctx context.Context) (audit.Head, error) {
	return s.head(ctx, `select seq, hash from audit_head where name = 'audit'`)
}

func (s *Audit) head(ctx context.Context, query string) (audit.Head, error) {
	var h audit.Head
	if err := s.db.queryRow(ctx, query).Scan(&h.Seq, &h.Hash); err != nil {
		return audit.Head{}, fmt.Errorf("load end of audit: %w", wrap(err))
	}
	return h, nil
}

// Append implements audit.Store.
func (s *Audit) Append(ctx context.Context, e audit.Entry) error {
	_, err := s.db.exec(ctx, `
		insert into audit (seq, id, at, actor, actor_name, kind, subject, division, data, prev_hash, hash)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.Seq, e.ID, e.At, e.Actor, e.ActorName, e.Kind, e.Subject, e.Division, string(e.Data), e.PrevHash, e.Hash)
	if err == nil {
		_, err = s.db.exec(ctx, `update audit_head set seq = $1, hash = $2 where name = 'audit'`, e.Seq, e.Hash)
	}
	if err != nil {
		return fmt.Errorf("append audit entry %d: %w", e.Seq, wrap(err))
	}
	return nil
}

const selectAudit = `select seq, id, at, actor, actor_name, kind, subject, division, data, prev_hash, hash from audit `

func scanAudit(r scanner) (audit.Entry, error) {
	var e audit.Entry
	var data string
	err := r.Scan(&e.Seq, &e.ID, &e.At, &e.Actor, &e.ActorName, &e.Kind, &e.Subject, &e.Division, &data, &e.PrevHash, &e.Hash)
	e.Data = json.RawMessage(data)
	return e, err
}

// After implements audit.Store.
func (s *Audit) After(ctx context.Context, after, last int64, limit int) ([]audit.Entry, error) {
	rows, err := s.db.query(ctx, selectAudit+`where seq > $1 and seq <= $2 order by seq limit $3`, after, last, limit)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", wrap(err))
	}
	return collect(rows, scanAudit)
}

// List implements audit.Store.
func (s *Audit) List(ctx context.Context, scope actor.Scope, q audit.Query) (page.List[audit.Entry], error) {
	to := q.To
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, err := s.db.query(ctx, selectAudit+`
		where ($1 = '' or seq < (select seq from audit where id = $1))
			and (division = '' or division like $2)
			and kind like $3 || '%'
			and at >= $4 and at < $5
			and ($6 = '' or lower(actor_name) like $7 escape '\' or lower(kind) like $7 escape '\'
				or lower(subject) like $7 escape '\' or lower(data) like $7 escape '\')
			and (kind not like 'drill.%' or subject not in (select id from drills where sealed = 1)
				or subject in (select drill_id from drill_people where user_id = $9 and part = 'controller'))
		order by seq desc limit $8`,
		q.After, string(scope), q.Kind, q.From, to, q.Search, like(q.Search), q.Size()+1, q.Viewer)
	if err != nil {
		return page.List[audit.Entry]{}, fmt.Errorf("list audit: %w", wrap(err))
	}
	entries, err := collect(rows, scanAudit)
	if err != nil {
		return page.List[audit.Entry]{}, fmt.Errorf("list audit: %w", err)
	}
	return cut(entries, q.Size(), func(e audit.Entry) string { return e.ID }), nil
}
