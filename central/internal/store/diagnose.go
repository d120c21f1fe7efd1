package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/diagnose"
)

// Diagnoses implements diagnose.Store.
type Diagnoses struct{ db *DB }

// NewDiagnoses keeps questions to terminals in db.
func NewDiagnoses(db *DB) *Diagnoses { return &Diagnoses{db: db} }

const diagnosisColumns = `id, edge, name, device, lines, state, error, since, packed, author, author_name, asked_at, answered_at`

func questionOf(q *diagnose.Question, answered *sql.NullTime) []any {
	return []any{&q.ID, &q.Edge, &q.Name, &q.Device, &q.Lines, &q.State, &q.Error, &q.Since, &q.Packed, &q.Author, &q.AuthorName, &q.AskedAt, answered}
}

// Questions implements diagnose.Store.
func (s *Diagnoses) Questions(ctx context.Context, edge string) ([]diagnose.Question, error) {
	rows, err := s.db.query(ctx, `select `+diagnosisColumns+` from diagnosis where edge = $1 order by id desc`, edge)
	if err != nil {
		return nil, fmt.Errorf("list questions to %s: %w", edge, wrap(err))
	}
	return collect(rows, func(row scanner) (q diagnose.Question, err error) {
		var answered sql.NullTime
		err = row.Scan(questionOf(&q, &answered)...)
		q.AskedAt, q.AnsweredAt = q.AskedAt.UTC(), moment(answered)
		return q, err
	})
}

// Question implements diagnose.Store.
func (s *Diagnoses) Question(ctx context.Context, id string) (q diagnose.Question, packed []byte, err error) {
	var answered sql.NullTime
	row := s.db.queryRow(ctx, `select `+diagnosisColumns+`, answer from diagnosis where id = $1`, id)
	if err := row.Scan(append(questionOf(&q, &answered), &packed)...); err != nil {
		return q, nil, fmt.Errorf("load question %.64s: %w", id, wrap(err))
	}
	q.AskedAt, q.AnsweredAt = q.AskedAt.UTC(), moment(answered)
	return q, packed, nil
}

// Add implements diagnose.Store.
func (s *Diagnoses) Add(ctx context.Context, q diagnose.Question) error {
	_, err := s.db.exec(ctx, `
		insert into diagnosis (`+diagnosisColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		q.ID, q.Edge, q.Name, q.Device, q.Lines, q.State, q.Error, q.Since, q.Packed, q.Author, q.AuthorName, q.AskedAt, q.AnsweredAt)
	if err != nil {
		return fmt.Errorf("add question to %s: %w", q.Edge, wrap(err))
	}
	return nil
}

// Settle implements diagnose.Store.
func (s *Diagnoses) Settle(ctx context.Context, q diagnose.Question, packed []byte) error {
	_, err := s.db.exec(ctx, `update diagnosis set state = $2, error = $3, since = $4, packed = $5, answered_at = $6, answer = $7 where id = $1`,
		q.ID, q.State, q.Error, q.Since, q.Packed, q.AnsweredAt, packed)
	if err != nil {
		return fmt.Errorf("settle question to %s: %w", q.Edge, wrap(err))
	}
	return nil
}

// Prune implements diagnose.Store.
func (s *Diagnoses) Prune(ctx context.Context, edge string, keep int) error {
	_, err := s.db.exec(ctx, `
		delete from diagnosis where edge = $1 and id not in (
			select id from diagnosis where edge = $1 order by id desc limit $2)`, edge, keep)
	if err != nil {
		return fmt.Errorf("prune questions to %s: %w", edge, wrap(err))
	}
	return nil
}
