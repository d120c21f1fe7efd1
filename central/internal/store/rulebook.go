package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/shared/rule"
)

// Rulebook implements rulebook.Store.
type Rulebook struct{ db *DB }

// NewRulebook keeps alarm rules in db.
func NewRulebook(db *DB) *Rulebook { return &Rulebook{db: db} }

// optional reads and writes JSON that is empty for nil.
func optional[T any](text string) (*T, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	v := new(T)
	err := json.Unmarshal([]byte(text), v)
	return v, err
}

func textOf[T any](v *T) (string, error) {
	if v == nil {
		return "", nil
	}
	out, err := json.Marshal(v)
	return string(out), err
}

func scanRule(row scanner) (e rulebook.Kept, err error) {
	var body, draft, shipped, seen string
	if err := row.Scan(&e.ID, &e.Division, &e.State, &e.Version, &e.Revision, &e.Touched, &body, &draft, &shipped, &seen, &e.UpdatedAt); err != nil {
		return e, err
	}
	e.UpdatedAt = e.UpdatedAt.UTC()
	err = json.Unmarshal([]byte(body), &e.Rule)
	if err == nil {
		e.Draft, err = optional[rulebook.Draft](draft)
	}
	if err == nil {
		e.Shipped, err = optional[rule.Rule](shipped)
	}
	if err == nil {
		e.Seen, err = optional[rule.Rule](seen)
	}
	if err != nil {
		return e, fmt.Errorf("read rule %s: %w", e.ID, err)
	}
	return e, nil
}

// Entries implements rulebook.Store.
func (s *Rulebook) Entries(ctx context.Context) ([]rulebook.Kept, error) {
	rows, err := s.db.query(ctx, `select id, division, state, version, revision, touched, body, draft, shipped, seen, updated_at from rules order by id`)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", wrap(err))
	}
	out, err := collect(rows, scanRule)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return out, nil
}

// Save implements rulebook.Store.
func (s *Rulebook) Save(ctx context.Context, e rulebook.Kept, was int64) error {
	body, err := json.Marshal(e.Rule)
	if err != nil {
		return fmt.Errorf("write rule %s: %w", e.ID, err)
	}
	draft, err := textOf(e.Draft)
	if err != nil {
		return fmt.Errorf("write draft of rule %s: %w", e.ID, err)
	}
	shipped, err := textOf(e.Shipped)
	if err != nil {
		return fmt.Errorf("write rule %s: %w", e.ID, err)
	}
	seen, err := textOf(e.Seen)
	if err != nil {
		return fmt.Errorf("write rule %s: %w", e.ID, err)
	}
	args := []any{e.ID, e.Division, e.State, e.Version, e.Revision, e.Touched, string(body), draft, shipped, seen, e.UpdatedAt}
	if was == 0 {
		if _, err := s.db.exec(ctx, `
			insert into rules (id, division, state, version, revision, touched, body, draft, shipped, seen, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, args...); err != nil {
			return fmt.Errorf("add rule %s: %w", e.ID, wrap(err))
		}
		return nil
	}
	res, err := s.db.exec(ctx, `
		update rules set division = $2, state = $3, version = $4, revision = $5, touched = $6, body = $7, draft = $8, shipped = $9, seen = $10, updated_at = $11
		where id = $1 and revision = $12`, append(args, was)...)
	return s.changed(res, err, e.ID)
}

// Remove implements rulebook.Store.
func (s *Rulebook) Remove(ctx context.Context, id string, was int64) error {
	res, err := s.db.exec(ctx, `delete from rules where id = $1 and revision = $2 and version = 0`, id, was)
	return s.changed(res, err, id)
}

func (s *Rulebook) changed(res sql.Result, err error, id string) error {
	if err != nil {
		return fmt.Errorf("save rule %s: %w", id, wrap(err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("save rule %s: %w", id, err)
	}
	if n == 0 {
		return errs.E(errs.Conflict, "store.changed", "rule %s has changed meanwhile", id)
	}
	return nil
}

// AddVersion implements rulebook.Store.
func (s *Rulebook) AddVersion(ctx context.Context, v rulebook.RuleVersion) error {
	body, err := json.Marshal(v.Body)
	if err != nil {
		return fmt.Errorf("write version %d of rule %s: %w", v.Number, v.Rule, err)
	}
	if _, err := s.db.exec(ctx, `
		insert into rule_versions (rule, number, body, origin, author, author_name, reason, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.Rule, v.Number, string(body), v.Origin, v.Author, v.AuthorName, v.Reason, v.CreatedAt); err != nil {
		return fmt.Errorf("add version %d of rule %s: %w", v.Number, v.Rule, wrap(err))
	}
	return nil
}

// Versions implements rulebook.Store.
func (s *Rulebook) Versions(ctx context.Context, id string) ([]rulebook.RuleVersion, error) {
	rows, err := s.db.query(ctx, `
		select rule, number, body, origin, author, author_name, reason, created_at from rule_versions where rule = $1 order by number desc`, id)
	if err != nil {
		return nil, fmt.Errorf("list versions of rule %s: %w", id, wrap(err))
	}
	out, err := collect(rows, func(row scanner) (v rulebook.RuleVersion, err error) {
		var body string
		if err := row.Scan(&v.Rule, &v.Number, &body, &v.Origin, &v.Author, &v.AuthorName, &v.Reason, &v.CreatedAt); err != nil {
			return v, err
		}
		v.CreatedAt = v.CreatedAt.UTC()
		err = json.Unmarshal([]byte(body), &v.Body)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("list versions of rule %s: %w", id, err)
	}
	return out, nil
}

// Overrides implements rulebook.Store.
func (s *Rulebook) Overrides(ctx context.Context) ([]rulebook.RuleOverride, error) {
	rows, err := s.db.query(ctx, `
		select id, rule, device, division, exception, reason, author, author_name, created_at, decide_by from rule_overrides where ended_at is null order by id desc`)
	if err != nil {
		return nil, fmt.Errorf("list overrides: %w", wrap(err))
	}
	out, err := collect(rows, func(row scanner) (o rulebook.RuleOverride, err error) {
		var exception string
		if err := row.Scan(&o.ID, &o.Rule, &o.Device, &o.Division, &exception, &o.Reason, &o.Author, &o.AuthorName, &o.CreatedAt, &o.DecideBy); err != nil {
			return o, err
		}
		if o.DecideBy != nil {
			by := o.DecideBy.UTC()
			o.DecideBy = &by
		}
		o.CreatedAt = o.CreatedAt.UTC()
		err = json.Unmarshal([]byte(exception), &o.Exception)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("list overrides: %w", err)
	}
	return out, nil
}

// AddOverride implements rulebook.Store.
func (s *Rulebook) AddOverride(ctx context.Context, o rulebook.RuleOverride) error {
	exception, err := json.Marshal(o.Exception)
	if err != nil {
		return fmt.Errorf("write override of rule %s: %w", o.Rule, err)
	}
	if _, err := s.db.exec(ctx, `
		insert into rule_overrides (id, rule, device, division, exception, reason, author, author_name, created_at, ended_by, ended_by_name)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '')`,
		o.ID, o.Rule, o.Device, o.Division, string(exception), o.Reason, o.Author, o.AuthorName, o.CreatedAt); err != nil {
		return fmt.Errorf("add override of rule %s: %w", o.Rule, wrap(err))
	}
	return nil
}

// EndOverride implements rulebook.Store.
func (s *Rulebook) EndOverride(ctx context.Context, o rulebook.RuleOverride) error {
	res, err := s.db.exec(ctx, `update rule_overrides set ended_at = $2, ended_by = $3, ended_by_name = $4 where id = $1 and ended_at is null`,
		o.ID, o.EndedAt, o.EndedBy, o.EndedByName)
	return s.changed(res, err, o.Rule)
}

// SetDecideBy implements rulebook.Store.
func (s *Rulebook) SetDecideBy(ctx context.Context, id string, by time.Time) error {
	res, err := s.db.exec(ctx, `update rule_overrides set decide_by = $2 where id = $1 and ended_at is null`, id, by)
	return s.changed(res, err, id)
}

// Fired implements rulebook.Store.
func (s *Rulebook) Fired(ctx context.Context, since time.Time, scope actor.Scope) (map[string]int, error) {
	rows, err := s.db.query(ctx, `
		select rule, count(*) from alarms where opened_at >= $1 and (division = '' or division like $2) group by rule`, since, string(scope))
	if err != nil {
		return nil, fmt.Errorf("count alarms by rule: %w", wrap(err))
	}
	type count struct {
		rule string
		n    int
	}
	list, err := collect(rows, func(row scanner) (c count, err error) {
		err = row.Scan(&c.rule, &c.n)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("count alarms by rule: %w", err)
	}
	out := map[string]int{}
	for _, c := range list {
		out[c.rule] = c.n
	}
	return out, nil
}

// Given implements rulebook.Store.
func (s *Rulebook) Given(ctx context.Context) ([]rulebook.Given, error) {
	rows, err := s.db.query(ctx, `select edge, number, hash from rule_given order by edge`)
	if err != nil {
		return nil, fmt.Errorf("list rules of terminals: %w", wrap(err))
	}
	out, err := collect(rows, func(row scanner) (g rulebook.Given, err error) {
		err = row.Scan(&g.Edge, &g.Number, &g.Hash)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("list rules of terminals: %w", err)
	}
	return out, nil
}

// SaveGiven implements rulebook.Store.
func (s *Rulebook) SaveGiven(ctx context.Context, g rulebook.Given) error {
	if _, err := s.db.exec(ctx, `
		insert into rule_given (edge, number, hash) values ($1, $2, $3)
		on conflict (edge) do update set number = excluded.number, hash = excluded.hash`, g.Edge, int64(g.Number), g.Hash); err != nil { //nolint:gosec // the centre counts it
		return fmt.Errorf("save rules of terminal %s: %w", g.Edge, wrap(err))
	}
	return nil
}
