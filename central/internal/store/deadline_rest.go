package store

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Rested implements deadline.Rests.
func (s *Deadlines) Rested(ctx context.Context) ([]deadline.Rest, error) {
	scan := func(row scanner) (r deadline.Rest, err error) {
		var over int
		if err = row.Scan(&r.Since, &r.Until, &over); err != nil {
			return r, err
		}
		r.Since, r.Over = r.Since.UTC(), over == 1
		if r.Until != nil {
			*r.Until = r.Until.UTC()
		}
		return r, nil
	}
	return dutyRows(ctx, s.db, "rests of clocks", scan, `select since, until, over from deadline_rests where exercise = $1 order by since`, exercise(ctx))
}

// SaveRest implements deadline.Rests.
func (s *Deadlines) SaveRest(ctx context.Context, r deadline.Rest) error {
	_, err := s.db.exec(ctx, `insert into deadline_rests (exercise, since, until, over) values ($1, $2, $3, $4)
		on conflict (exercise, since) do update set until = excluded.until, over = excluded.over`, exercise(ctx), r.Since, r.Until, flag(r.Over))
	if err != nil {
		return fmt.Errorf("save rest of clocks: %w", wrap(err))
	}
	return nil
}

// OfExercise implements deadline.Rests.
func (s *Deadlines) OfExercise(ctx context.Context) ([]deadline.Clock, error) {
	return dutyRows(ctx, s.db, "clocks of an exercise", scanDeadline, `select `+deadlineColumns+` from deadlines where exercise = $1 and exercise <> '' and state = 'running' order by id`, exercise(ctx))
}

// Hush implements deadline.Rests.
func (s *Deadlines) Hush(ctx context.Context, at time.Time) error {
	_, err := s.db.exec(ctx, `update deadline_firings set told_at = $1 where told_at is null and deadline in (select id from deadlines where exercise = $2 and exercise <> '')`, at, exercise(ctx))
	if err != nil {
		return fmt.Errorf("hush marks of an exercise: %w", wrap(err))
	}
	return nil
}

// moves is errs.Conflict for a world that stands still: an exercise that is paused, or over, takes nothing.
func (db *DB) moves(ctx context.Context) error {
	if exercise(ctx) == "" {
		return nil
	}
	var n int
	if err := db.queryRow(ctx, `select count(*) from deadline_rests where exercise = $1 and until is null`, exercise(ctx)).Scan(&n); err != nil {
		return fmt.Errorf("look whether the exercise rests: %w", wrap(err))
	}
	if n > 0 {
		return errs.E(errs.Conflict, "drill.rests", "the exercise is paused or over; nothing in it moves")
	}
	return nil
}
