package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/wall"
)

// Walls implements wall.Store.
type Walls struct{ db *DB }

// NewWalls keeps walls in db.
func NewWalls(db *DB) *Walls { return &Walls{db: db} }

const selectWall = `select id, division, title, size, cameras, tour, version, author, author_name, created_at, updated_at, removed_at from wall `

func scanWall(row scanner) (w wall.Wall, err error) {
	var cameras string
	var removed sql.NullTime
	err = row.Scan(&w.ID, &w.Division, &w.Title, &w.Size, &cameras, &w.Tour, &w.Version, &w.Author, &w.AuthorName, &w.CreatedAt, &w.UpdatedAt, &removed)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal([]byte(cameras), &w.Cameras); err != nil {
		return w, fmt.Errorf("read cameras of wall %s: %w", w.ID, err)
	}
	w.CreatedAt, w.UpdatedAt, w.RemovedAt = w.CreatedAt.UTC(), w.UpdatedAt.UTC(), moment(removed)
	return w, nil
}

// Walls implements wall.Store.
func (s *Walls) Walls(ctx context.Context, scope actor.Scope) ([]wall.Wall, error) {
	rows, err := s.db.query(ctx, selectWall+`where removed_at is null and division like $1 order by title, id`, string(scope))
	if err != nil {
		return nil, fmt.Errorf("list walls: %w", wrap(err))
	}
	return collect(rows, scanWall)
}

// Wall implements wall.Store.
func (s *Walls) Wall(ctx context.Context, id string) (wall.Wall, error) {
	w, err := scanWall(s.db.queryRow(ctx, selectWall+`where id = $1`, id))
	if err != nil {
		return w, fmt.Errorf("load wall %s: %w", id, wrap(err))
	}
	return w, nil
}

// Add implements wall.Store.
func (s *Walls) Add(ctx context.Context, w wall.Wall) error {
	cameras, err := json.Marshal(w.Cameras)
	if err != nil {
		return fmt.Errorf("write cameras: %w", err)
	}
	_, err = s.db.exec(ctx, `
		insert into wall (id, division, title, size, cameras, tour, version, author, author_name, created_at, updated_at, removed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		w.ID, w.Division, w.Title, w.Size, string(cameras), w.Tour, w.Version, w.Author, w.AuthorName, w.CreatedAt, w.UpdatedAt, w.RemovedAt)
	if err != nil {
		return fmt.Errorf("add wall: %w", wrap(err))
	}
	return nil
}

// Save implements wall.Store.
func (s *Walls) Save(ctx context.Context, w wall.Wall) error {
	cameras, err := json.Marshal(w.Cameras)
	if err != nil {
		return fmt.Errorf("write cameras: %w", err)
	}
	res, err := s.db.exec(ctx, `
		update wall set division = $2, title = $3, size = $4, cameras = $5, tour = $6, version = $7, author = $8, author_name = $9,
			updated_at = $10, removed_at = $11
		where id = $1 and version = $7 - 1`,
		w.ID, w.Division, w.Title, w.Size, string(cameras), w.Tour, w.Version, w.Author, w.AuthorName, w.UpdatedAt, w.RemovedAt)
	if err != nil {
		return fmt.Errorf("save wall %s: %w", w.ID, wrap(err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("save wall %s: %w", w.ID, wrap(err))
	}
	if n == 0 {
		return errs.E(errs.Conflict, "wall.changed", "wall %s has changed meanwhile", w.ID)
	}
	return nil
}
