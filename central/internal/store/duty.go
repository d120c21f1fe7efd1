package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Duty implements duty.Store.
type Duty struct{ db *DB }

// NewDuty keeps rosters in db.
func NewDuty(db *DB) *Duty { return &Duty{db: db} }

// Lock implements duty.Store.
func (s *Duty) Lock(ctx context.Context, org string) error { return s.db.lock(ctx, "duty "+org) }

// dutyRows reads a list; what names it for the error.
func dutyRows[T any](ctx context.Context, db *DB, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, wrap(err))
	}
	out, err := collect(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	return out, nil
}

// dutyRow reads one thing; one that is not there is NotFound under a code of its own.
func dutyRow[T any](ctx context.Context, db *DB, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(db.queryRow(ctx, query, args...))
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, "duty.not_found", "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

func (s *Duty) write(ctx context.Context, what, query string, args ...any) error {
	if _, err := s.db.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("save %s: %w", what, wrap(err))
	}
	return nil
}

func scanDesk(row scanner) (d duty.Desk, err error) {
	err = row.Scan(&d.OrgID, &d.Zone, &d.Phone, &d.MaxRow, &d.RestHours, &d.PublicNames, &d.PublicPhone)
	return d, err
}

// Desk implements duty.Store.
func (s *Duty) Desk(ctx context.Context, org string) (duty.Desk, error) {
	return dutyRow(ctx, s.db, "desk", scanDesk, `
		select org_id, zone, phone, max_row, rest_hours, public_names, public_phone from duty_desks where org_id = $1`, org)
}

// SaveDesk implements duty.Store.
func (s *Duty) SaveDesk(ctx context.Context, d duty.Desk) error {
	return s.write(ctx, "desk", `
		insert into duty_desks (org_id, zone, phone, max_row, rest_hours, public_names, public_phone) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (org_id) do update set zone = excluded.zone, phone = excluded.phone, max_row = excluded.max_row,
			rest_hours = excluded.rest_hours, public_names = excluded.public_names, public_phone = excluded.public_phone`,
		d.OrgID, d.Zone, d.Phone, d.MaxRow, d.RestHours, d.PublicNames, d.PublicPhone)
}

// Desks implements duty.Store.
func (s *Duty) Desks(ctx context.Context) ([]string, error) {
	return dutyRows(ctx, s.db, "desks", func(row scanner) (org string, err error) { return org, row.Scan(&org) },
		`select distinct org_id from duty_posts order by org_id`)
}

const postColumns = `id, org_id, name, name_en, tier, position, continuous, ended`

func scanPost(row scanner) (p duty.Post, err error) {
	err = row.Scan(&p.ID, &p.OrgID, &p.Name, &p.NameEN, &p.Tier, &p.Position, &p.Continuous, &p.Ended)
	return p, err
}

// Posts implements duty.Store.
func (s *Duty) Posts(ctx context.Context, org string) ([]duty.Post, error) {
	return dutyRows(ctx, s.db, "posts", scanPost, `select `+postColumns+` from duty_posts where org_id = $1 order by position, id`, org)
}

// Post implements duty.Store.
func (s *Duty) Post(ctx context.Context, id string) (duty.Post, error) {
	return dutyRow(ctx, s.db, "post", scanPost, `select `+postColumns+` from duty_posts where id = $1`, id)
}

// SavePost implements duty.Store.
func (s *Duty) SavePost(ctx context.Context, p duty.Post) error {
	return s.write(ctx, "post", `
		insert into duty_posts (id, org_id, name, name_en, tier, position, continuous, ended) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set name = excluded.name, name_en = excluded.name_en, tier = excluded.tier,
			position = excluded.position, continuous = excluded.continuous, ended = excluded.ended`,
		p.ID, p.OrgID, p.Name, p.NameEN, p.Tier, p.Position, p.Continuous, p.Ended)
}

// dutyRuleBody is what of a rule no query asks for.
type dutyRuleBody struct {
	Watches   []duty.Watch       `json:"watches"`
	Heads     map[duty.Class]int `json:"heads"`
	Rotations []duty.Rotation    `json:"rotations"`
}

func scanDutyRule(row scanner) (r duty.Rule, err error) {
	var text string
	if err = row.Scan(&r.ID, &r.PostID, &r.From, &text, &r.ByName, &r.CreatedAt); err != nil {
		return r, err
	}
	var b dutyRuleBody
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return r, fmt.Errorf("read rule %s: %w", r.ID, err)
	}
	r.Watches, r.Heads, r.Rotations, r.CreatedAt = b.Watches, b.Heads, b.Rotations, r.CreatedAt.UTC()
	return r, nil
}

// Rules implements duty.Store.
func (s *Duty) Rules(ctx context.Context, org string) ([]duty.Rule, error) {
	return dutyRows(ctx, s.db, "rules", scanDutyRule, `
		select r.id, r.post_id, r.from_day, r.body, r.by_name, r.created_at
		from duty_rules r join duty_posts p on p.id = r.post_id where p.org_id = $1 order by r.from_day, r.id`, org)
}

// SaveRule implements duty.Store.
func (s *Duty) SaveRule(ctx context.Context, r duty.Rule) error {
	text, err := json.Marshal(dutyRuleBody{r.Watches, r.Heads, r.Rotations})
	if err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	return s.write(ctx, "rule", `
		insert into duty_rules (id, post_id, from_day, body, by_name, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (post_id, from_day) do update set id = excluded.id, body = excluded.body, by_name = excluded.by_name, created_at = excluded.created_at`,
		r.ID, r.PostID, r.From, string(text), r.ByName, r.CreatedAt)
}

// DeleteRule implements duty.Store.
func (s *Duty) DeleteRule(ctx context.Context, id string) error {
	return s.write(ctx, "rule", `delete from duty_rules where id = $1`, id)
}

func scanNamedDay(row scanner) (n duty.NamedDay, err error) {
	err = row.Scan(&n.Day, &n.Class, &n.Name, &n.Source, &n.ByName, &n.At)
	n.At, n.Own = n.At.UTC(), true
	return n, err
}

// Days implements duty.Store.
func (s *Duty) Days(ctx context.Context) ([]duty.NamedDay, error) {
	return dutyRows(ctx, s.db, "days", scanNamedDay, `select day, class, name, source, by_name, at from duty_days order by day`)
}

// SaveDay implements duty.Store.
func (s *Duty) SaveDay(ctx context.Context, n duty.NamedDay) error {
	return s.write(ctx, "day", `
		insert into duty_days (day, class, name, source, by_name, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (day) do update set class = excluded.class, name = excluded.name, source = excluded.source, by_name = excluded.by_name, at = excluded.at`,
		n.Day, n.Class, n.Name, n.Source, n.ByName, n.At)
}

// DeleteDay implements duty.Store.
func (s *Duty) DeleteDay(ctx context.Context, d duty.Day) error {
	return s.write(ctx, "day", `delete from duty_days where day = $1`, d)
}

func scanPeriod(row scanner) (p duty.Period, err error) {
	var cancelled sql.NullTime
	err = row.Scan(&p.ID, &p.OrgID, &p.OrgName, &p.Name, &p.Order, &p.From, &p.To, &p.ByName, &p.At, &cancelled)
	p.At, p.CancelledAt = p.At.UTC(), moment(cancelled)
	return p, err
}

// Periods implements duty.Store.
func (s *Duty) Periods(ctx context.Context) ([]duty.Period, error) {
	return dutyRows(ctx, s.db, "special periods", scanPeriod, `
		select p.id, p.org_id, o.name, p.name, p.order_no, p.from_day, p.to_day, p.by_name, p.at, p.cancelled_at
		from duty_periods p join orgs o on o.id = p.org_id order by p.from_day desc, p.id desc`)
}

// SavePeriod implements duty.Store.
func (s *Duty) SavePeriod(ctx context.Context, p duty.Period) error {
	return s.write(ctx, "special period", `
		insert into duty_periods (id, org_id, name, order_no, from_day, to_day, by_name, at, cancelled_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set name = excluded.name, order_no = excluded.order_no, from_day = excluded.from_day, to_day = excluded.to_day,
			cancelled_at = excluded.cancelled_at`,
		p.ID, p.OrgID, p.Name, p.Order, p.From, p.To, p.ByName, p.At, p.CancelledAt)
}

func scanPerson(row scanner) (p duty.Person, err error) {
	var user sql.NullString
	var phones string
	if err = row.Scan(&p.ID, &p.OrgID, &user, &p.Name, &p.Title, &phones, &p.Active, &p.At); err != nil {
		return p, err
	}
	p.UserID, p.At = user.String, p.At.UTC()
	if err := json.Unmarshal([]byte(phones), &p.Phones); err != nil {
		return p, fmt.Errorf("read numbers of %s: %w", p.ID, err)
	}
	return p, nil
}

const personColumns = `id, org_id, user_id, name, title, phones, active, updated_at`

// People implements duty.Store.
func (s *Duty) People(ctx context.Context, org string) ([]duty.Person, error) {
	return dutyRows(ctx, s.db, "people", scanPerson, `select `+personColumns+` from duty_people where org_id = $1 order by id`, org)
}

// Person implements duty.Store.
func (s *Duty) Person(ctx context.Context, id string) (duty.Person, error) {
	return dutyRow(ctx, s.db, "person", scanPerson, `select `+personColumns+` from duty_people where id = $1`, id)
}

// PersonOf implements duty.Store.
func (s *Duty) PersonOf(ctx context.Context, user string) (duty.Person, error) {
	return dutyRow(ctx, s.db, "person", scanPerson, `select `+personColumns+` from duty_people where user_id = $1`, user)
}

// SavePerson implements duty.Store.
func (s *Duty) SavePerson(ctx context.Context, p duty.Person) error {
	phones, err := json.Marshal(append([]duty.Phone{}, p.Phones...))
	if err != nil {
		return fmt.Errorf("write numbers: %w", err)
	}
	return s.write(ctx, "person", `
		insert into duty_people (id, org_id, user_id, name, title, phones, active, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set user_id = excluded.user_id, name = excluded.name, title = excluded.title, phones = excluded.phones,
			active = excluded.active, updated_at = excluded.updated_at`,
		p.ID, p.OrgID, sql.NullString{String: p.UserID, Valid: p.UserID != ""}, p.Name, p.Title, string(phones), p.Active, p.At)
}

func scanLeave(row scanner) (l duty.Leave, err error) {
	err = row.Scan(&l.ID, &l.OrgID, &l.PersonID, &l.From, &l.To, &l.Note, &l.ByName, &l.At)
	l.At = l.At.UTC()
	return l, err
}

const leaveColumns = `id, org_id, person_id, from_day, to_day, note, by_name, at`

// Leaves implements duty.Store.
func (s *Duty) Leaves(ctx context.Context, org string, from duty.Day) ([]duty.Leave, error) {
	return dutyRows(ctx, s.db, "leaves", scanLeave, `select `+leaveColumns+` from duty_leaves where org_id = $1 and to_day >= $2 order by from_day, id`, org, from)
}

// Leave implements duty.Store.
func (s *Duty) Leave(ctx context.Context, id string) (duty.Leave, error) {
	return dutyRow(ctx, s.db, "leave", scanLeave, `select `+leaveColumns+` from duty_leaves where id = $1`, id)
}

// AddLeave implements duty.Store.
func (s *Duty) AddLeave(ctx context.Context, l duty.Leave) error {
	return s.write(ctx, "leave", `
		insert into duty_leaves (id, org_id, person_id, from_day, to_day, note, by_name, at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.ID, l.OrgID, l.PersonID, l.From, l.To, l.Note, l.ByName, l.At)
}

// DeleteLeave implements duty.Store.
func (s *Duty) DeleteLeave(ctx context.Context, id string) error {
	return s.write(ctx, "leave", `delete from duty_leaves where id = $1`, id)
}
