package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/release"
)

// Releases implements release.Store.
type Releases struct{ db *DB }

// NewReleases keeps programs of terminals in db.
func NewReleases(db *DB) *Releases { return &Releases{db: db} }

const selectRelease = `select id, version, arch, size, sha256, signature, packed, note, note_en, author, author_name, created_at from agent_release`

func scanRelease(row scanner) (r release.Release, err error) {
	err = row.Scan(&r.ID, &r.Version, &r.Arch, &r.Size, &r.SHA256, &r.Signature, &r.Packed, &r.Note, &r.NoteEN, &r.Author, &r.AuthorName, &r.CreatedAt)
	r.CreatedAt = r.CreatedAt.UTC()
	return r, err
}

// Releases implements release.Store.
func (s *Releases) Releases(ctx context.Context) ([]release.Release, error) {
	rows, err := s.db.query(ctx, selectRelease+` order by id`)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", wrap(err))
	}
	return collect(rows, scanRelease)
}

// Release implements release.Store.
func (s *Releases) Release(ctx context.Context, id string) (release.Release, error) {
	r, err := scanRelease(s.db.queryRow(ctx, selectRelease+` where id = $1`, id))
	if err != nil {
		return r, fmt.Errorf("load release %.64s: %w", id, wrap(err))
	}
	return r, nil
}

// AddRelease implements release.Store.
func (s *Releases) AddRelease(ctx context.Context, r release.Release) error {
	_, err := s.db.exec(ctx, `
		insert into agent_release (id, version, arch, size, sha256, signature, packed, note, note_en, author, author_name, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID, r.Version, r.Arch, r.Size, r.SHA256, r.Signature, r.Packed, r.Note, r.NoteEN, r.Author, r.AuthorName, r.CreatedAt)
	if err != nil {
		return fmt.Errorf("add release %s: %w", r.ID, wrap(err))
	}
	return nil
}

// Packed implements release.Store.
func (s *Releases) Packed(ctx context.Context, id string, size int64) error {
	if _, err := s.db.exec(ctx, `update agent_release set packed = $2 where id = $1`, id, size); err != nil {
		return fmt.Errorf("finish release %s: %w", id, wrap(err))
	}
	return nil
}

// RemoveRelease implements release.Store.
func (s *Releases) RemoveRelease(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from agent_release where id = $1`, id); err != nil {
		return fmt.Errorf("remove release %s: %w", id, wrap(err))
	}
	return nil
}

const selectUpgrade = `select id, edge, release, version, state, error, note, author, author_name, rollout, ticket, spent, created_at, settled_at from agent_upgrade`

func scanUpgrade(row scanner) (u release.Upgrade, err error) {
	var settled sql.NullTime
	err = row.Scan(&u.ID, &u.Edge, &u.Release, &u.Version, &u.State, &u.Error, &u.Note, &u.Author, &u.AuthorName, &u.Rollout, &u.Ticket, &u.Spent, &u.CreatedAt, &settled)
	u.CreatedAt, u.SettledAt = u.CreatedAt.UTC(), moment(settled)
	return u, err
}

// Upgrades implements release.Store.
func (s *Releases) Upgrades(ctx context.Context, edge string) ([]release.Upgrade, error) {
	rows, err := s.db.query(ctx, selectUpgrade+` where edge = $1 order by id desc`, edge)
	if err != nil {
		return nil, fmt.Errorf("list upgrades of %s: %w", edge, wrap(err))
	}
	return collect(rows, scanUpgrade)
}

// Open implements release.Store.
func (s *Releases) Open(ctx context.Context) ([]release.Upgrade, error) {
	rows, err := s.db.query(ctx, selectUpgrade+` where state = 'wanted' order by id`)
	if err != nil {
		return nil, fmt.Errorf("list wanted upgrades: %w", wrap(err))
	}
	return collect(rows, scanUpgrade)
}

// Upgrade implements release.Store.
func (s *Releases) Upgrade(ctx context.Context, id string) (release.Upgrade, error) {
	u, err := scanUpgrade(s.db.queryRow(ctx, selectUpgrade+` where id = $1`, id))
	if err != nil {
		return u, fmt.Errorf("load upgrade %.64s: %w", id, wrap(err))
	}
	return u, nil
}

// AddUpgrade implements release.Store.
func (s *Releases) AddUpgrade(ctx context.Context, u release.Upgrade) error {
	_, err := s.db.exec(ctx, `
		insert into agent_upgrade (id, edge, release, version, state, error, note, author, author_name, rollout, ticket, spent, created_at, settled_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		u.ID, u.Edge, u.Release, u.Version, u.State, u.Error, u.Note, u.Author, u.AuthorName, u.Rollout, u.Ticket, u.Spent, u.CreatedAt, u.SettledAt)
	if err != nil {
		return fmt.Errorf("add upgrade of %s: %w", u.Edge, wrap(err))
	}
	return nil
}

// SettleUpgrade implements release.Store.
func (s *Releases) SettleUpgrade(ctx context.Context, u release.Upgrade) error {
	_, err := s.db.exec(ctx, `update agent_upgrade set state = $2, error = $3, version = $4, spent = $5, settled_at = $6 where id = $1`,
		u.ID, u.State, u.Error, u.Version, u.Spent, u.SettledAt)
	if err != nil {
		return fmt.Errorf("settle upgrade of %s: %w", u.Edge, wrap(err))
	}
	return nil
}

// PruneUpgrades implements release.Store.
func (s *Releases) PruneUpgrades(ctx context.Context, edge string, keep int) error {
	_, err := s.db.exec(ctx, `
		delete from agent_upgrade where edge = $1 and state <> 'wanted' and id not in (
			select id from agent_upgrade where edge = $1 order by id desc limit $2)`, edge, keep)
	if err != nil {
		return fmt.Errorf("prune upgrades of %s: %w", edge, wrap(err))
	}
	return nil
}
