package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Deadlines implements deadline.Store.
type Deadlines struct{ db *DB }

// NewDeadlines uses an open database.
func NewDeadlines(db *DB) *Deadlines { return &Deadlines{db: db} }

// Lock implements deadline.Store.
func (s *Deadlines) Lock(ctx context.Context) error { return s.db.lock(ctx, "deadlines") }

// LockOwners implements deadline.Store.
func (s *Deadlines) LockOwners(ctx context.Context) error { return s.db.lock(ctx, incidentsLock) }

// Line implements deadline.Store.
func (s *Deadlines) Line(ctx context.Context) (deadline.Line, error) {
	var l deadline.Line
	var shift, up int64
	err := s.db.queryRow(ctx, `select shift_us, wall, boot, up_us from deadline_line where id = 1`).Scan(&shift, &l.Last.Wall, &l.Last.Boot, &up)
	if errors.Is(err, sql.ErrNoRows) {
		return deadline.Line{}, nil
	}
	if err != nil {
		return deadline.Line{}, fmt.Errorf("read line of time: %w", wrap(err))
	}
	l.Shift, l.Last.Up, l.Last.Wall = time.Duration(shift)*time.Microsecond, time.Duration(up)*time.Microsecond, l.Last.Wall.UTC()
	return l, nil
}

// SaveLine implements deadline.Store.
func (s *Deadlines) SaveLine(ctx context.Context, l deadline.Line) error {
	_, err := s.db.exec(ctx, `insert into deadline_line (id, shift_us, wall, boot, up_us) values (1, $1, $2, $3, $4)
		on conflict (id) do update set shift_us = excluded.shift_us, wall = excluded.wall, boot = excluded.boot, up_us = excluded.up_us`,
		l.Shift.Microseconds(), l.Last.Wall, l.Last.Boot, l.Last.Up.Microseconds())
	if err != nil {
		return fmt.Errorf("save line of time: %w", wrap(err))
	}
	return nil
}

const deadlineColumns = `id, owner_kind, owner_id, kind, org_id, division, name, rule, scale, base_at, due_at, stages, stage, round,
	state, passed_at, ended_at, ended_by, asked, created_at, exercise, rests_at`

// deadlineRow is where the columns of a clock go; clock puts them together.
type deadlineRow struct {
	c             deadline.Clock
	stages, asked string
}

func (r *deadlineRow) into() []any {
	c := &r.c
	return []any{
		&c.ID, &c.Owner.Kind, &c.Owner.ID, &c.Kind, &c.OrgID, &c.Division, &c.Name, &c.Rule, &c.Scale, &c.BaseAt, &c.DueAt, &r.stages, &c.Stage, &c.Round,
		&c.State, &c.PassedAt, &c.EndedAt, &c.EndedBy, &r.asked, &c.CreatedAt, &c.Exercise, &c.RestsAt,
	}
}

func (r *deadlineRow) clock() (deadline.Clock, error) {
	for _, t := range []*time.Time{&r.c.BaseAt, &r.c.DueAt, r.c.PassedAt, r.c.EndedAt, &r.c.CreatedAt, r.c.RestsAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	if err := json.Unmarshal([]byte(r.stages), &r.c.Stages); err != nil {
		return r.c, fmt.Errorf("read marks of clock %s: %w", r.c.ID, err)
	}
	if r.asked != "" {
		if err := json.Unmarshal([]byte(r.asked), &r.c.Asked); err != nil {
			return r.c, fmt.Errorf("read who is asked by clock %s: %w", r.c.ID, err)
		}
	}
	return r.c, nil
}

func scanDeadline(row scanner) (deadline.Clock, error) {
	var r deadlineRow
	if err := row.Scan(r.into()...); err != nil {
		return r.c, err
	}
	return r.clock()
}

// ByOwner implements deadline.Store.
func (s *Deadlines) ByOwner(ctx context.Context, o deadline.Owner, kind string) (deadline.Clock, error) {
	c, err := scanDeadline(s.db.queryRow(ctx, `select `+deadlineColumns+` from deadlines where owner_kind = $1 and owner_id = $2 and kind = $3 and exercise = $4`, o.Kind, o.ID, kind, exercise(ctx)))
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return c, errs.E(errs.NotFound, "deadline.not_found", "there is no clock %s of %s %s", kind, o.Kind, o.ID)
	}
	if err != nil {
		return c, fmt.Errorf("load clock: %w", err)
	}
	return c, nil
}

// Save implements deadline.Store.
func (s *Deadlines) Save(ctx context.Context, c deadline.Clock, next time.Time) error {
	stages, err := json.Marshal(c.Stages)
	if err != nil {
		return fmt.Errorf("write clock: %w", err)
	}
	asked := ""
	if c.Asked != nil {
		text, err := json.Marshal(c.Asked)
		if err != nil {
			return fmt.Errorf("write clock: %w", err)
		}
		asked = string(text)
	}
	_, err = s.db.exec(ctx, `insert into deadlines (`+deadlineColumns+`, next_at, asked_org)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
		on conflict (id) do update set org_id = excluded.org_id, division = excluded.division, name = excluded.name, rule = excluded.rule,
			scale = excluded.scale, base_at = excluded.base_at, due_at = excluded.due_at, stages = excluded.stages, stage = excluded.stage,
			round = excluded.round, state = excluded.state, passed_at = excluded.passed_at, ended_at = excluded.ended_at,
			ended_by = excluded.ended_by, asked = excluded.asked, rests_at = excluded.rests_at, next_at = excluded.next_at, asked_org = excluded.asked_org
		where deadlines.exercise = excluded.exercise`,
		c.ID, c.Owner.Kind, c.Owner.ID, c.Kind, c.OrgID, c.Division, c.Name, c.Rule, string(c.Scale), c.BaseAt, c.DueAt, string(stages), c.Stage, c.Round,
		string(c.State), c.PassedAt, c.EndedAt, c.EndedBy, asked, c.CreatedAt, exercise(ctx), c.RestsAt, orNull(next), askedOrg(c))
	if err != nil {
		return fmt.Errorf("save clock: %w", wrap(err))
	}
	return nil
}

// Due implements deadline.Store.
func (s *Deadlines) Due(ctx context.Context, fixed, counted time.Time, limit int) ([]deadline.Clock, error) {
	return dutyRows(ctx, s.db, "clocks that are due", scanDeadline, `select `+deadlineColumns+` from deadlines
		where next_at is not null and ((scale = 'fixed' and next_at <= $1) or (scale = 'counted' and next_at <= $2)) order by next_at, id limit $3`, fixed, counted, limit)
}

// Next implements deadline.Store.
func (s *Deadlines) Next(ctx context.Context) (fixed, counted time.Time, err error) {
	for scale, at := range map[deadline.Scale]*time.Time{deadline.Fixed: &fixed, deadline.Counted: &counted} {
		err := s.db.queryRow(ctx, `select next_at from deadlines where scale = $1 and next_at is not null order by next_at limit 1`, string(scale)).Scan(at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fixed, counted, fmt.Errorf("find next clock: %w", wrap(err))
		}
		*at = at.UTC()
	}
	return fixed, counted, nil
}

// Advance implements deadline.Store.
func (s *Deadlines) Advance(ctx context.Context, c deadline.Clock, next time.Time) error {
	asked, err := json.Marshal(c.Asked)
	if err != nil {
		return fmt.Errorf("write clock: %w", err)
	}
	_, err = s.db.exec(ctx, `update deadlines set stage = $1, next_at = $2, passed_at = $3, asked = $4, asked_org = $6 where id = $5`,
		c.Stage, orNull(next), c.PassedAt, string(asked), c.ID, askedOrg(c))
	if err != nil {
		return fmt.Errorf("advance clock: %w", wrap(err))
	}
	return nil
}

// askedOrg is whom a clock asks now, empty before its first mark.
func askedOrg(c deadline.Clock) string {
	if c.Asked == nil {
		return ""
	}
	return c.Asked.OrgID
}

// orNull is nothing for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// firingsAtOnce is how many rows one statement holds; both databases limit its parameters.
const firingsAtOnce = 100

// AddFirings implements deadline.Store.
func (s *Deadlines) AddFirings(ctx context.Context, list []deadline.Firing) error {
	for part := range slices.Chunk(list, firingsAtOnce) {
		var rows []string
		var args []any
		for _, f := range part {
			asked, err := json.Marshal(f.Asked)
			if err != nil {
				return fmt.Errorf("write mark: %w", err)
			}
			n := len(args)
			rows = append(rows, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5, n+6, n+7))
			args = append(args, f.Clock.ID, f.Round, f.Stage, string(f.Mark), f.DueAt, f.At, string(asked))
		}
		_, err := s.db.exec(ctx, `insert into deadline_firings (deadline, round, stage, mark, due_at, at, asked) values `+strings.Join(rows, ", "), args...)
		if err != nil {
			return fmt.Errorf("add marks: %w", wrap(err))
		}
	}
	return nil
}

const firingColumns = `f.round, f.stage, f.mark, f.due_at, f.at, f.asked`

func (f *firingRow) into() []any {
	return []any{&f.f.Round, &f.f.Stage, &f.f.Mark, &f.f.DueAt, &f.f.At, &f.asked}
}

type firingRow struct {
	f     deadline.Firing
	asked string
}

func (f *firingRow) firing() (deadline.Firing, error) {
	f.f.DueAt, f.f.At = f.f.DueAt.UTC(), f.f.At.UTC()
	if err := json.Unmarshal([]byte(f.asked), &f.f.Asked); err != nil {
		return f.f, fmt.Errorf("read who was asked: %w", err)
	}
	return f.f, nil
}

// Untold implements deadline.Store.
func (s *Deadlines) Untold(ctx context.Context, now time.Time, limit int) ([]deadline.Firing, error) {
	scan := func(row scanner) (deadline.Firing, error) {
		var c deadlineRow
		var f firingRow
		if err := row.Scan(append(f.into(), c.into()...)...); err != nil {
			return f.f, err
		}
		out, err := f.firing()
		if err != nil {
			return out, err
		}
		out.Clock, err = c.clock()
		return out, err
	}
	return dutyRows(ctx, s.db, "untold marks", scan, `select `+firingColumns+`, d.id, owner_kind, owner_id, kind, org_id, division, name, rule, scale, base_at, d.due_at, stages, d.stage, d.round,
		state, passed_at, ended_at, ended_by, d.asked, created_at, exercise, rests_at
		from deadline_firings f join deadlines d on d.id = f.deadline
		where f.told_at is null and (f.rests_until is null or f.rests_until <= $1)
			and not exists (select 1 from deadline_rests r where r.exercise = d.exercise and r.until is null) order by f.at, f.deadline, f.round, f.stage limit $2`, now, limit)
}

// Told implements deadline.Store.
func (s *Deadlines) Told(ctx context.Context, f deadline.Firing, at time.Time) error {
	res, err := s.db.exec(ctx, `update deadline_firings set told_at = $1 where deadline = $2 and round = $3 and stage = $4 and told_at is null`, at, f.Clock.ID, f.Round, f.Stage)
	if err != nil {
		return fmt.Errorf("mark as told: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, "deadline.told", "the owner was told by another")
	}
	return nil
}

// Postpone implements deadline.Store.
func (s *Deadlines) Postpone(ctx context.Context, f deadline.Firing, until time.Time) error {
	_, err := s.db.exec(ctx, `update deadline_firings set rests_until = $1 where deadline = $2 and round = $3 and stage = $4`, until, f.Clock.ID, f.Round, f.Stage)
	if err != nil {
		return fmt.Errorf("postpone mark: %w", wrap(err))
	}
	return nil
}

// Running implements deadline.Lists.
func (s *Deadlines) Running(ctx context.Context, scope actor.Scope, asked string, r page.Request) (page.List[deadline.Clock], error) {
	var from time.Time
	id := ""
	if r.After != "" {
		at, after, _ := strings.Cut(r.After, " ")
		micro, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return page.List[deadline.Clock]{}, errs.Field("deadline.after", "after", "is no place in this list; begin again")
		}
		from, id = time.UnixMicro(micro).UTC(), after
	}
	list, err := dutyRows(ctx, s.db, "running clocks", scanDeadline, `select `+deadlineColumns+` from deadlines
		where state = 'running' and division like $1 and ($2 = '' or asked_org = $2) and (due_at > $3 or (due_at = $3 and id > $4)) and exercise = $6 order by due_at, id limit $5`,
		string(scope), asked, from, id, r.Size()+1, exercise(ctx))
	return cut(list, r.Size(), func(c deadline.Clock) string { return fmt.Sprintf("%d %s", c.DueAt.UnixMicro(), c.ID) }), err
}

// Breaches implements deadline.Lists.
func (s *Deadlines) Breaches(ctx context.Context, scope actor.Scope, from time.Time, r page.Request) (page.List[deadline.Clock], error) {
	list, err := dutyRows(ctx, s.db, "breaches", scanDeadline, `select `+deadlineColumns+` from deadlines
		where passed_at is not null and passed_at >= $1 and division like $2 and ($3 = '' or id < $3) and ($4 = '' or lower(name) like $5 escape '\') and exercise = $7
		order by id desc limit $6`, from, string(scope), r.After, r.Search, like(r.Search), r.Size()+1, exercise(ctx))
	return cut(list, r.Size(), func(c deadline.Clock) string { return c.ID }), err
}

// Firings implements deadline.Lists.
func (s *Deadlines) Firings(ctx context.Context, clock string) ([]deadline.Firing, error) {
	scan := func(row scanner) (deadline.Firing, error) {
		var f firingRow
		if err := row.Scan(f.into()...); err != nil {
			return f.f, err
		}
		return f.firing()
	}
	return dutyRows(ctx, s.db, "marks", scan, `select `+firingColumns+` from deadline_firings f where f.deadline = $1 order by f.at, f.round, f.stage`, clock)
}
