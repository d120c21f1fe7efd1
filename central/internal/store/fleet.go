package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/fleet"
)

// Fleet implements fleet.Store.
type Fleet struct{ db *DB }

// NewFleet keeps configurations of terminals in db.
func NewFleet(db *DB) *Fleet { return &Fleet{db: db} }

func scanVersion(row scanner) (v fleet.Version, err error) {
	var settled sql.NullTime
	err = row.Scan(&v.Edge, &v.Number, &v.ID, &v.Hash, &v.State, &v.Error, &v.Note, &v.Author, &v.AuthorName, &v.Rollout, &v.Rules, &v.CreatedAt, &settled)
	v.CreatedAt, v.SettledAt = v.CreatedAt.UTC(), moment(settled)
	return v, err
}

// Versions implements fleet.Store.
func (s *Fleet) Versions(ctx context.Context, edge string) ([]fleet.Version, error) {
	rows, err := s.db.query(ctx, `
		select edge, number, id, hash, state, error, note, author, author_name, rollout, rules, created_at, settled_at
		from fleet_config where edge = $1 order by number desc`, edge)
	if err != nil {
		return nil, fmt.Errorf("list configurations of %s: %w", edge, wrap(err))
	}
	return collect(rows, scanVersion)
}

// Document implements fleet.Store.
func (s *Fleet) Document(ctx context.Context, edge string, number uint64) (json.RawMessage, error) {
	var text string
	err := s.db.queryRow(ctx, `select document from fleet_config where edge = $1 and number = $2`, edge, int64(number)).Scan(&text) //nolint:gosec // the centre counts it
	if err != nil {
		return nil, fmt.Errorf("load configuration %d of %s: %w", number, edge, wrap(err))
	}
	return json.RawMessage(text), nil
}

// Add implements fleet.Store.
func (s *Fleet) Add(ctx context.Context, v fleet.Version) error {
	_, err := s.db.exec(ctx, `
		insert into fleet_config (edge, number, id, hash, document, state, error, note, author, author_name, rollout, rules, created_at, settled_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		v.Edge, int64(v.Number), v.ID, v.Hash, string(v.Document), v.State, v.Error, v.Note, v.Author, v.AuthorName, v.Rollout, v.Rules, v.CreatedAt, v.SettledAt) //nolint:gosec // the centre counts it
	if err != nil {
		return fmt.Errorf("add configuration %d of %s: %w", v.Number, v.Edge, wrap(err))
	}
	return nil
}

// Settle implements fleet.Store.
func (s *Fleet) Settle(ctx context.Context, v fleet.Version) error {
	_, err := s.db.exec(ctx, `update fleet_config set state = $3, error = $4, settled_at = $5 where edge = $1 and number = $2`,
		v.Edge, int64(v.Number), v.State, v.Error, v.SettledAt) //nolint:gosec // the centre counts it
	if err != nil {
		return fmt.Errorf("settle configuration %d of %s: %w", v.Number, v.Edge, wrap(err))
	}
	return nil
}

// Prune implements fleet.Store.
func (s *Fleet) Prune(ctx context.Context, edge string, keep int) error {
	_, err := s.db.exec(ctx, `
		delete from fleet_config where edge = $1 and state not in ('running', 'wanted')
			and number not in (select number from fleet_config where edge = $1 and not rules order by number desc limit $2)
			and number not in (select number from fleet_config where edge = $1 order by number desc limit 1)
			and number not in (select number from fleet_config where edge = $1 and state = 'replaced' order by number desc limit 1)`, edge, keep)
	if err != nil {
		return fmt.Errorf("prune configurations of %s: %w", edge, wrap(err))
	}
	return nil
}

// Pending implements fleet.Store.
func (s *Fleet) Pending(ctx context.Context) ([]string, error) {
	rows, err := s.db.query(ctx, `select distinct edge from fleet_config where state = 'wanted' order by edge`)
	if err != nil {
		return nil, fmt.Errorf("list wanted configurations: %w", wrap(err))
	}
	return collect(rows, func(row scanner) (edge string, err error) { return edge, row.Scan(&edge) })
}

func scanRollout(row scanner) (r fleet.Rollout, err error) {
	var parts, members string
	var ended sql.NullTime
	if err = row.Scan(&r.ID, &r.Note, &parts, &r.Version, &r.Batch, &r.State, &r.Division, &r.Author, &r.AuthorName, &members, &r.CreatedAt, &ended); err != nil {
		return r, err
	}
	r.Parts, r.CreatedAt, r.EndedAt = json.RawMessage(parts), r.CreatedAt.UTC(), moment(ended)
	if err := json.Unmarshal([]byte(members), &r.Members); err != nil {
		return r, fmt.Errorf("read terminals of roll-out %s: %w", r.ID, err)
	}
	return r, nil
}

const selectRollout = `select id, note, parts, version, batch, state, division, author, author_name, members, created_at, ended_at from fleet_rollout`

// AddRollout implements fleet.Store.
func (s *Fleet) AddRollout(ctx context.Context, r fleet.Rollout) error {
	members, err := json.Marshal(r.Members)
	if err != nil {
		return fmt.Errorf("write terminals of roll-out: %w", err)
	}
	_, err = s.db.exec(ctx, `
		insert into fleet_rollout (id, note, parts, version, batch, state, division, author, author_name, members, created_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID, r.Note, string(r.Parts), r.Version, r.Batch, r.State, r.Division, r.Author, r.AuthorName, string(members), r.CreatedAt, r.EndedAt)
	if err != nil {
		return fmt.Errorf("add roll-out: %w", wrap(err))
	}
	return nil
}

// SaveRollout implements fleet.Store.
func (s *Fleet) SaveRollout(ctx context.Context, r fleet.Rollout) error {
	members, err := json.Marshal(r.Members)
	if err != nil {
		return fmt.Errorf("write terminals of roll-out: %w", err)
	}
	if _, err := s.db.exec(ctx, `update fleet_rollout set state = $2, members = $3, ended_at = $4 where id = $1`, r.ID, r.State, string(members), r.EndedAt); err != nil {
		return fmt.Errorf("save roll-out: %w", wrap(err))
	}
	return nil
}

// Rollout implements fleet.Store.
func (s *Fleet) Rollout(ctx context.Context, id string) (fleet.Rollout, error) {
	r, err := scanRollout(s.db.queryRow(ctx, selectRollout+` where id = $1`, id))
	if err != nil {
		return r, fmt.Errorf("load roll-out %s: %w", id, wrap(err))
	}
	return r, nil
}

// Rollouts implements fleet.Store.
func (s *Fleet) Rollouts(ctx context.Context, limit int) ([]fleet.Rollout, error) {
	rows, err := s.db.query(ctx, selectRollout+` order by id desc limit $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list roll-outs: %w", wrap(err))
	}
	return collect(rows, scanRollout)
}
