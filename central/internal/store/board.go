package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Boards implements board.Store.
type Boards struct{ db *DB }

// NewBoards keeps boards in db.
func NewBoards(db *DB) *Boards { return &Boards{db: db} }

func scanBoard(row scanner) (b board.Board, err error) {
	var tiles string
	var removed sql.NullTime
	err = row.Scan(&b.ID, &b.Division, &b.Title, &b.TitleEN, &tiles, &b.Version, &b.Author, &b.AuthorName, &b.Demo, &b.CreatedAt, &b.UpdatedAt, &removed)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal([]byte(tiles), &b.Tiles); err != nil {
		return b, fmt.Errorf("read tiles of board %s: %w", b.ID, err)
	}
	b.CreatedAt, b.UpdatedAt, b.RemovedAt = b.CreatedAt.UTC(), b.UpdatedAt.UTC(), moment(removed)
	return b, nil
}

// Boards implements board.Store.
func (s *Boards) Boards(ctx context.Context, scope actor.Scope) ([]board.Board, error) {
	rows, err := s.db.query(ctx, `
		select id, division, title, title_en, '[]', version, author, author_name, demo, created_at, updated_at, removed_at
		from board where removed_at is null and division like $1 order by title, id`, string(scope))
	if err != nil {
		return nil, fmt.Errorf("list boards: %w", wrap(err))
	}
	return collect(rows, scanBoard)
}

// Board implements board.Store.
func (s *Boards) Board(ctx context.Context, id string) (board.Board, error) {
	b, err := scanBoard(s.db.queryRow(ctx, `
		select id, division, title, title_en, tiles, version, author, author_name, demo, created_at, updated_at, removed_at
		from board where id = $1`, id))
	if err != nil {
		return b, fmt.Errorf("load board %s: %w", id, wrap(err))
	}
	return b, nil
}

// Add implements board.Store.
func (s *Boards) Add(ctx context.Context, b board.Board) error {
	tiles, err := json.Marshal(b.Tiles)
	if err != nil {
		return fmt.Errorf("write tiles: %w", err)
	}
	_, err = s.db.exec(ctx, `
		insert into board (id, division, title, title_en, tiles, version, author, author_name, demo, created_at, updated_at, removed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		b.ID, b.Division, b.Title, b.TitleEN, string(tiles), b.Version, b.Author, b.AuthorName, b.Demo, b.CreatedAt, b.UpdatedAt, b.RemovedAt)
	if err != nil {
		return fmt.Errorf("add board: %w", wrap(err))
	}
	return nil
}

// Save implements board.Store.
func (s *Boards) Save(ctx context.Context, b board.Board) error {
	tiles, err := json.Marshal(b.Tiles)
	if err != nil {
		return fmt.Errorf("write tiles: %w", err)
	}
	res, err := s.db.exec(ctx, `
		update board set division = $2, title = $3, title_en = $4, tiles = $5, version = $6, author = $7, author_name = $8, demo = $9,
			updated_at = $10, removed_at = $11
		where id = $1 and version = $6 - 1`,
		b.ID, b.Division, b.Title, b.TitleEN, string(tiles), b.Version, b.Author, b.AuthorName, b.Demo, b.UpdatedAt, b.RemovedAt)
	if err != nil {
		return fmt.Errorf("save board %s: %w", b.ID, wrap(err))
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return errs.E(errs.Conflict, "board.changed", "board %s has changed meanwhile", b.ID)
	}
	return nil
}
