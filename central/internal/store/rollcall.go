package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/rollcall"
)

// Rollcalls implements rollcall.Store.
type Rollcalls struct{ db *DB }

// NewRollcalls uses an open database.
func NewRollcalls(db *DB) *Rollcalls { return &Rollcalls{db: db} }

// Lock implements rollcall.Store.
func (s *Rollcalls) Lock(ctx context.Context) error { return s.db.lock(ctx, "rollcalls") }

// rollcallBody scans a row whose only column is JSON.
func rollcallBody[T any](row scanner) (v T, err error) {
	var text string
	if err = row.Scan(&text); err == nil {
		err = json.Unmarshal([]byte(text), &v)
	}
	return v, err
}

func oneRollcall[T any](v T, what string, err error) (T, error) {
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, "rollcall.not_found", "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

func (s *Rollcalls) write(ctx context.Context, what, query string, args ...any) error {
	if _, err := s.db.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("save %s: %w", what, wrap(err))
	}
	return nil
}

// AddCall implements rollcall.Store.
func (s *Rollcalls) AddCall(ctx context.Context, c rollcall.Call) error {
	posts := c.Posts
	c.Posts = nil
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write roll-call: %w", err)
	}
	if err := s.write(ctx, "roll-call", `insert into rollcalls (id, org_id, division, at, body) values ($1, $2, $3, $4, $5)`, c.ID, c.OrgID, c.Division, c.At, string(text)); err != nil {
		return err
	}
	for _, p := range posts {
		if err := s.SavePost(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// SavePost implements rollcall.Store.
func (s *Rollcalls) SavePost(ctx context.Context, p rollcall.Post) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write post: %w", err)
	}
	return s.write(ctx, "post", `insert into rollcall_posts (id, call_id, org_id, tier, division, at, due_at, state, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set at = excluded.at, due_at = excluded.due_at, state = excluded.state, body = excluded.body`, p.ID, p.CallID, p.OrgID, string(p.Tier), p.Division, p.At, p.DueAt, string(p.State), string(text))
}

// Call implements rollcall.Store.
func (s *Rollcalls) Call(ctx context.Context, id string) (rollcall.Call, error) {
	c, err := rollcallBody[rollcall.Call](s.db.queryRow(ctx, `select body from rollcalls where id = $1`, id))
	if c, err = oneRollcall(c, "roll-call", err); err != nil {
		return c, err
	}
	return s.filled(ctx, c)
}

func (s *Rollcalls) filled(ctx context.Context, c rollcall.Call) (rollcall.Call, error) {
	var err error
	c.Posts, err = dutyRows(ctx, s.db, "posts", rollcallBody[rollcall.Post], `select body from rollcall_posts where call_id = $1 order by division, tier desc, id`, c.ID)
	return c, err
}

// Calls implements rollcall.Store.
func (s *Rollcalls) Calls(ctx context.Context, scope actor.Scope, r page.Request) (page.List[rollcall.Call], error) {
	list, err := dutyRows(ctx, s.db, "roll-calls", rollcallBody[rollcall.Call], `select body from rollcalls c
		where (division like $1 or exists (select 1 from rollcall_posts p where p.call_id = c.id and p.division like $1)) and ($2 = '' or id < $2) and ($3 = '' or lower(body) like $4 escape '\')
		order by id desc limit $5`, string(scope), r.After, r.Search, like(r.Search), r.Size()+1)
	if err != nil {
		return page.List[rollcall.Call]{}, err
	}
	out := cut(list, r.Size(), func(c rollcall.Call) string { return c.ID })
	for i := range out.Items {
		if out.Items[i], err = s.filled(ctx, out.Items[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Post implements rollcall.Store.
func (s *Rollcalls) Post(ctx context.Context, id string) (rollcall.Post, error) {
	p, err := rollcallBody[rollcall.Post](s.db.queryRow(ctx, `select body from rollcall_posts where id = $1`, id))
	return oneRollcall(p, "post", err)
}

// Open implements rollcall.Store.
func (s *Rollcalls) Open(ctx context.Context, org string, since time.Time) ([]rollcall.Post, error) {
	return dutyRows(ctx, s.db, "posts", rollcallBody[rollcall.Post], `select body from rollcall_posts
		where org_id = $1 and (state = 'waiting' or (state = 'missed' and due_at > $2)) order by at, id`, org, since)
}

// Posts implements rollcall.Store.
func (s *Rollcalls) Posts(ctx context.Context, scope actor.Scope, from, to time.Time) ([]rollcall.Post, error) {
	return dutyRows(ctx, s.db, "posts", rollcallBody[rollcall.Post], `select body from rollcall_posts
		where division like $1 and at >= $2 and at < $3 order by at, id limit 100000`, string(scope), from, to)
}

// LastAsked implements rollcall.Store.
func (s *Rollcalls) LastAsked(ctx context.Context, org string) (at time.Time, err error) {
	err = s.db.queryRow(ctx, `select at from rollcall_posts where org_id = $1 order by at desc limit 1`, org).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return at, fmt.Errorf("find last roll-call: %w", wrap(err))
	}
	return at.UTC(), nil
}

// AddLink implements rollcall.Store.
func (s *Rollcalls) AddLink(ctx context.Context, l rollcall.Link) error {
	return s.write(ctx, "link", `insert into rollcall_links (hash, post_id, person_id, name) values ($1, $2, $3, $4)`, l.Hash, l.PostID, l.PersonID, l.Name)
}

// Link implements rollcall.Store.
func (s *Rollcalls) Link(ctx context.Context, hash string) (l rollcall.Link, err error) {
	err = s.db.queryRow(ctx, `select hash, post_id, person_id, name from rollcall_links where hash = $1`, hash).Scan(&l.Hash, &l.PostID, &l.PersonID, &l.Name)
	return oneRollcall(l, "link", err)
}

// Plans implements rollcall.Plans.
func (s *Rollcalls) Plans(ctx context.Context, scope actor.Scope) ([]rollcall.Plan, error) {
	return dutyRows(ctx, s.db, "plans", rollcallBody[rollcall.Plan], `select body from rollcall_plans where division like $1 order by id`, string(scope))
}

// Plan implements rollcall.Plans.
func (s *Rollcalls) Plan(ctx context.Context, id string) (rollcall.Plan, error) {
	p, err := rollcallBody[rollcall.Plan](s.db.queryRow(ctx, `select body from rollcall_plans where id = $1`, id))
	return oneRollcall(p, "plan", err)
}

// SavePlan implements rollcall.Plans.
func (s *Rollcalls) SavePlan(ctx context.Context, p rollcall.Plan, now time.Time) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	if err := s.write(ctx, "plan", `insert into rollcall_plans (id, org_id, division, body) values ($1, $2, $3, $4)
		on conflict (id) do update set body = excluded.body`, p.ID, p.OrgID, p.Division, string(text)); err != nil {
		return err
	}
	if err := s.write(ctx, "draws", `delete from rollcall_draws where plan_id = $1 and done_at is null and at > $2`, p.ID, now); err != nil {
		return err
	}
	return s.write(ctx, "days", `delete from rollcall_days where plan_id = $1`, p.ID)
}

// Drawn implements rollcall.Plans.
func (s *Rollcalls) Drawn(ctx context.Context, plan string, d duty.Day) (bool, error) {
	var n int
	if err := s.db.queryRow(ctx, `select count(*) from rollcall_days where plan_id = $1 and day = $2`, plan, d).Scan(&n); err != nil {
		return false, fmt.Errorf("look for draws: %w", wrap(err))
	}
	return n > 0, nil
}

// SaveDraws implements rollcall.Plans.
func (s *Rollcalls) SaveDraws(ctx context.Context, plan string, d duty.Day, at []time.Time) error {
	if err := s.write(ctx, "day", `insert into rollcall_days (plan_id, day) values ($1, $2)`, plan, d); err != nil {
		return err
	}
	for _, t := range at {
		if err := s.write(ctx, "draw", `insert into rollcall_draws (plan_id, at, done_at, call_id, why) values ($1, $2, null, '', '') on conflict do nothing`, plan, t); err != nil {
			return err
		}
	}
	return nil
}

// Coming implements rollcall.Plans.
func (s *Rollcalls) Coming(ctx context.Context) ([]rollcall.Draw, error) {
	scan := func(row scanner) (d rollcall.Draw, err error) {
		err = row.Scan(&d.PlanID, &d.At)
		d.At = d.At.UTC()
		return d, err
	}
	return dutyRows(ctx, s.db, "draws", scan, `select plan_id, at from rollcall_draws where done_at is null order by at`)
}

// DoneDraw implements rollcall.Plans.
func (s *Rollcalls) DoneDraw(ctx context.Context, d rollcall.Draw, now time.Time, call, why string) error {
	return s.write(ctx, "draw", `update rollcall_draws set done_at = $1, call_id = $2, why = $3 where plan_id = $4 and at = $5`, now, call, why, d.PlanID, d.At)
}
