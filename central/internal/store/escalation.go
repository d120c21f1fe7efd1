package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// Policies implements telemetry.PolicyStore.
type Policies struct{ db *DB }

// NewPolicies uses an open database.
func NewPolicies(db *DB) *Policies { return &Policies{db: db} }

func scanPolicy(row scanner) (p telemetry.Policy, err error) {
	var number int64
	var text, note, author, name string
	var at time.Time
	if err := row.Scan(&number, &text, &note, &author, &name, &at); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read escalation policy %d: %w", number, err)
	}
	at = at.UTC()
	p.Number, p.Note, p.Author, p.AuthorName, p.CreatedAt = number, note, author, name, &at
	return p, nil
}

// Versions implements telemetry.PolicyStore.
func (s *Policies) Versions(ctx context.Context, limit int) ([]telemetry.Policy, error) {
	rows, err := s.db.query(ctx, `select number, document, note, author, author_name, created_at from escalation_policy order by number desc limit $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list escalation policies: %w", wrap(err))
	}
	out, err := collect(rows, scanPolicy)
	if err != nil {
		return nil, fmt.Errorf("list escalation policies: %w", err)
	}
	return out, nil
}

// Add implements telemetry.PolicyStore.
func (s *Policies) Add(ctx context.Context, p telemetry.Policy) error {
	text, err := json.Marshal(telemetry.Policy{Source: p.Source, Unverified: p.Unverified, Entries: p.Entries})
	if err != nil {
		return fmt.Errorf("write escalation policy: %w", err)
	}
	_, err = s.db.exec(ctx, `insert into escalation_policy (number, document, note, author, author_name, created_at) values ($1, $2, $3, $4, $5, $6)`,
		p.Number, string(text), p.Note, p.Author, p.AuthorName, p.CreatedAt)
	if err != nil {
		return fmt.Errorf("add escalation policy %d: %w", p.Number, wrap(err))
	}
	return nil
}
