package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/maintenance"
)

// Maintenance implements maintenance.Store.
type Maintenance struct{ db *DB }

// NewMaintenance uses an open database.
func NewMaintenance(db *DB) *Maintenance { return &Maintenance{db: db} }

const windowColumns = `id, target, subject, division, starts_at, ends_at, days, wall, minutes, reason, critical, changed_from, changed_to,
	created_at, created_by, created_by_name, ended_at, ended_by, ended_by_name, updated_at, confirmed_at, confirmed_by_name,
	allowed_break, allowed_hours, allowed_days`

func scanWindow(row scanner) (w maintenance.Window, err error) {
	var days, wall string
	var minutes int
	var from, to *time.Time
	err = row.Scan(&w.ID, &w.Target, &w.Subject, &w.Division, &w.From, &w.To, &days, &wall, &minutes, &w.Reason, &w.Critical, &from, &to,
		&w.CreatedAt, &w.CreatedBy, &w.CreatedByName, &w.EndedAt, &w.EndedBy, &w.EndedByName, &w.UpdatedAt, &w.ConfirmedAt, &w.ConfirmedBy,
		&w.Allowed.BreakHours, &w.Allowed.MaxHours, &w.Allowed.RepeatDays)
	if err != nil {
		return w, err
	}
	for _, t := range []*time.Time{&w.From, &w.To, from, to, &w.CreatedAt, w.EndedAt, &w.UpdatedAt, w.ConfirmedAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	if from != nil && to != nil {
		w.Changed = &maintenance.Span{From: *from, To: *to}
	}
	if days == "" {
		return w, nil
	}
	w.Weekly = &maintenance.Weekly{At: wall, Minutes: minutes}
	for text := range strings.SplitSeq(days, ",") {
		day, err := strconv.Atoi(text)
		if err != nil {
			return w, fmt.Errorf("days %q: %w", days, err)
		}
		w.Weekly.Days = append(w.Weekly.Days, day)
	}
	return w, nil
}

// weekly is the repetition of a window as a row has it.
func weekly(w maintenance.Window) (days, wall string, minutes int) {
	if w.Weekly == nil {
		return "", "", 0
	}
	texts := make([]string, len(w.Weekly.Days))
	for i, d := range w.Weekly.Days {
		texts[i] = strconv.Itoa(d)
	}
	return strings.Join(texts, ","), w.Weekly.At, w.Weekly.Minutes
}

// changed is the time of a window that became another, as a row has it.
func changed(w maintenance.Window) (from, to *time.Time) {
	if w.Changed == nil {
		return nil, nil
	}
	return &w.Changed.From, &w.Changed.To
}

// List implements maintenance.Store.
func (s *Maintenance) List(ctx context.Context, after time.Time) ([]maintenance.Window, error) {
	rows, err := s.db.query(ctx, `select `+windowColumns+` from maintenance where ends_at > $1 order by id`, after)
	if err != nil {
		return nil, fmt.Errorf("list maintenance windows: %w", wrap(err))
	}
	out, err := collect(rows, scanWindow)
	if err != nil {
		return nil, fmt.Errorf("list maintenance windows: %w", err)
	}
	return out, nil
}

// Add implements maintenance.Store.
func (s *Maintenance) Add(ctx context.Context, w maintenance.Window) error {
	days, wall, minutes := weekly(w)
	from, to := changed(w)
	_, err := s.db.exec(ctx, `insert into maintenance (`+windowColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		w.ID, string(w.Target), w.Subject, w.Division, w.From, w.To, days, wall, minutes, w.Reason, w.Critical, from, to,
		w.CreatedAt, w.CreatedBy, w.CreatedByName, w.EndedAt, w.EndedBy, w.EndedByName, w.UpdatedAt, w.ConfirmedAt, w.ConfirmedBy,
		w.Allowed.BreakHours, w.Allowed.MaxHours, w.Allowed.RepeatDays)
	if err != nil {
		return fmt.Errorf("add maintenance window: %w", wrap(err))
	}
	return nil
}

// Save implements maintenance.Store.
func (s *Maintenance) Save(ctx context.Context, w maintenance.Window, was time.Time) error {
	from, to := changed(w)
	res, err := s.db.exec(ctx, `update maintenance set ends_at = $1, changed_from = $2, changed_to = $3, ended_at = $4, ended_by = $5,
		ended_by_name = $6, updated_at = $7, critical = $8, confirmed_at = $9, confirmed_by_name = $10,
		allowed_break = $11, allowed_hours = $12, allowed_days = $13 where id = $14 and updated_at = $15`,
		w.To, from, to, w.EndedAt, w.EndedBy, w.EndedByName, w.UpdatedAt, w.Critical, w.ConfirmedAt, w.ConfirmedBy,
		w.Allowed.BreakHours, w.Allowed.MaxHours, w.Allowed.RepeatDays, w.ID, was)
	if err != nil {
		return fmt.Errorf("save maintenance window %s: %w", w.ID, wrap(err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("save maintenance window %s: %w", w.ID, err)
	}
	if n == 0 {
		return errs.E(errs.Conflict, "maintenance.changed", "the window changed meanwhile")
	}
	return nil
}
