package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// Alarms implements telemetry.AlarmStore.
type Alarms struct{ db *DB }

// NewAlarms uses an open database.
func NewAlarms(db *DB) *Alarms { return &Alarms{db: db} }

const alarmColumns = `id, rule, rule_name, rule_name_en, source, device, device_name, property, unit, division, level, state,
	value, peak, limit_value, origin, retrospective, demo, opened_at, received_at, acked_at, acked_by, acked_by_name, ack_note,
	returned_at, cleared_at, updated_at, openings,
	shelved_until, shelved_by, shelved_by_name, shelve_reason, maintenance, escalation, escalate_at, late_at,
	rule_gone`

// alarmTargets takes a row of alarmColumns into an alarm and its extras, which soundAlarm puts together.
func alarmTargets(a *telemetry.Alarm, x *extras) []any {
	return []any{
		&a.ID, &a.Rule, &a.RuleName, &a.RuleNameEN, &a.Source, &a.Device, &a.DeviceName, &a.Property, &a.Unit, &a.Division,
		&a.Level, &a.State, &a.Value, &a.Peak, &a.Limit, &a.Origin, &a.Retrospective, &a.Demo, &a.OpenedAt, &a.ReceivedAt,
		&a.AckedAt, &a.AckedBy, &a.AckedByName, &a.AckNote, &a.ReturnedAt, &a.ClearedAt, &a.UpdatedAt, &a.Openings,
		&x.until, &x.shelf.By, &x.shelf.ByName, &x.shelf.Reason, &x.maintenance, &x.escalation, &a.EscalateAt, &a.LateAt,
		&a.RuleGone,
	}
}

// extras are what an alarm may have, as a row has it: without a time or without text when there is none.
type extras struct {
	until                   *time.Time
	shelf                   telemetry.Shelf
	maintenance, escalation string // JSON
}

func scanAlarm(row scanner) (telemetry.Alarm, error) {
	var a telemetry.Alarm
	var x extras
	return soundAlarm(&a, &x, row.Scan(alarmTargets(&a, &x)...))
}

// soundAlarm brings the times of a scanned alarm to UTC and refuses what no answer could hold.
func soundAlarm(a *telemetry.Alarm, x *extras, err error) (telemetry.Alarm, error) {
	if x.until != nil {
		x.shelf.Until = x.until.UTC()
		a.Shelf = &x.shelf
	}
	if x.maintenance != "" && err == nil {
		err = json.Unmarshal([]byte(x.maintenance), &a.Maintenance)
	}
	if x.escalation != "" && err == nil {
		err = json.Unmarshal([]byte(x.escalation), &a.Escalation)
	}
	for _, t := range []*time.Time{&a.OpenedAt, &a.ReceivedAt, a.AckedAt, a.ReturnedAt, a.ClearedAt, &a.UpdatedAt, a.EscalateAt, a.LateAt} {
		if t == nil {
			continue
		}
		*t = t.UTC()
		if y := t.Year(); err == nil && (y < 0 || y > 9999) {
			err = fmt.Errorf("year %d", y)
		}
	}
	return *a, err
}

// readable is every alarm of the rows that can be read, and the ids of all rows. One that cannot is named
// in the log and left out: neither a list nor the start may hang on a single row.
func (s *Alarms) readable(ctx context.Context, rows *sql.Rows) (out []telemetry.Alarm, ids []string, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		a, err := scanAlarm(rows)
		ids = append(ids, a.ID)
		if err != nil {
			s.db.log.ErrorContext(ctx, "an alarm in the database cannot be read and is left out", "alarm", a.ID, "error", err)
			continue
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, wrap(err)
	}
	return out, ids, nil
}

// Active implements telemetry.AlarmStore.
func (s *Alarms) Active(ctx context.Context) ([]telemetry.Alarm, error) {
	rows, err := s.db.query(ctx, `select `+alarmColumns+` from alarms where state <> 'cleared' order by id`)
	if err != nil {
		return nil, fmt.Errorf("list active alarms: %w", wrap(err))
	}
	out, _, err := s.readable(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("list active alarms: %w", err)
	}
	return out, nil
}

// extrasOf is what an alarm has as a row has it.
func extrasOf(a telemetry.Alarm) (x extras, err error) {
	if a.Shelf != nil {
		x.until, x.shelf = &a.Shelf.Until, *a.Shelf
	}
	text := func(v any) string {
		out, failed := json.Marshal(v)
		err = errors.Join(err, failed)
		return string(out)
	}
	if a.Maintenance != nil {
		x.maintenance = text(a.Maintenance)
	}
	if a.Escalation != nil {
		x.escalation = text(a.Escalation)
	}
	return x, err
}

// Shelved implements telemetry.AlarmStore.
func (s *Alarms) Shelved(ctx context.Context, after time.Time) ([]telemetry.Alarm, error) {
	rows, err := s.db.query(ctx, `select `+alarmColumns+` from alarms where shelved_until > $1 order by id`, after)
	if err != nil {
		return nil, fmt.Errorf("list shelved alarms: %w", wrap(err))
	}
	out, _, err := s.readable(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("list shelved alarms: %w", err)
	}
	return out, nil
}

// List implements telemetry.AlarmStore.
func (s *Alarms) List(ctx context.Context, f telemetry.Filter) (page.List[telemetry.Alarm], error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if f.Active {
		add(`state <> 'cleared'`)
	}
	if f.Shelved {
		add(`shelved_until is not null`)
	}
	if f.Maintained {
		add(`maintenance <> ''`)
	}
	if f.Escalated {
		add(`escalation <> ''`)
	}
	if f.Level != 0 {
		add(`level = ?`, f.Level)
	}
	add(`(division = '' or division like ?)`, string(f.Scope))
	if q := strings.TrimSpace(f.Search); q != "" {
		p := like(q)
		add(`(lower(rule_name) like ? escape '\' or lower(rule_name_en) like ? escape '\' or lower(device) like ? escape '\'
			or lower(device_name) like ? escape '\' or lower(acked_by_name) like ? escape '\')`, p, p, p, p, p)
	}
	if f.After != "" {
		add(`id < ?`, f.After)
	}
	query := `select ` + alarmColumns + ` from alarms`
	if len(where) > 0 {
		query += ` where ` + strings.Join(where, ` and `)
	}
	size := f.Size()
	args = append(args, size+1)
	rows, err := s.db.query(ctx, query+fmt.Sprintf(` order by id desc limit $%d`, len(args)), args...)
	if err != nil {
		return page.List[telemetry.Alarm]{}, fmt.Errorf("list alarms: %w", wrap(err))
	}
	items, ids, err := s.readable(ctx, rows)
	if err != nil {
		return page.List[telemetry.Alarm]{}, fmt.Errorf("list alarms: %w", err)
	}
	out := page.List[telemetry.Alarm]{Items: items}
	if len(ids) > size {
		out.Next = ids[size-1]
		out.Items = slices.DeleteFunc(items, func(a telemetry.Alarm) bool { return a.ID < out.Next })
	}
	if out.Items == nil {
		out.Items = []telemetry.Alarm{}
	}
	return out, nil
}

// Get implements telemetry.AlarmStore.
func (s *Alarms) Get(ctx context.Context, id string) (telemetry.Alarm, error) {
	a, err := scanAlarm(s.db.queryRow(ctx, `select `+alarmColumns+` from alarms where id = $1`, id))
	if err := wrap(err); errs.KindOf(err) == errs.NotFound {
		return a, errs.E(errs.NotFound, "alarm.not_found", "alarm %s", id)
	} else if err != nil {
		return a, fmt.Errorf("get alarm %s: %w", id, err)
	}
	return a, nil
}

// Add implements telemetry.AlarmStore.
func (s *Alarms) Add(ctx context.Context, a telemetry.Alarm, steps ...telemetry.Step) error {
	return s.db.Do(ctx, func(ctx context.Context) error {
		if err := s.add(ctx, a); err != nil {
			return err
		}
		return s.addSteps(ctx, a, steps)
	})
}

func (s *Alarms) add(ctx context.Context, a telemetry.Alarm) error {
	x, err := extrasOf(a)
	if err != nil {
		return fmt.Errorf("add alarm of rule %s on %s: %w", a.Rule, a.Device, err)
	}
	_, err = s.db.exec(ctx, `insert into alarms (`+alarmColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
		$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)`,
		a.ID, a.Rule, a.RuleName, a.RuleNameEN, a.Source, a.Device, a.DeviceName, a.Property, a.Unit, a.Division, a.Level,
		string(a.State), a.Value, a.Peak, a.Limit, a.Origin, a.Retrospective, a.Demo, a.OpenedAt, a.ReceivedAt, a.AckedAt,
		a.AckedBy, a.AckedByName, a.AckNote, a.ReturnedAt, a.ClearedAt, a.UpdatedAt, a.Openings,
		x.until, x.shelf.By, x.shelf.ByName, x.shelf.Reason, x.maintenance, x.escalation, a.EscalateAt, a.LateAt, a.RuleGone)
	if err != nil {
		return fmt.Errorf("add alarm of rule %s on %s: %w", a.Rule, a.Device, wrap(err))
	}
	return nil
}

// Save implements telemetry.AlarmStore.
func (s *Alarms) Save(ctx context.Context, a telemetry.Alarm, was time.Time, steps ...telemetry.Step) error {
	if len(steps) == 0 {
		return s.save(ctx, a, was)
	}
	return s.db.Do(ctx, func(ctx context.Context) error {
		if err := s.save(ctx, a, was); err != nil {
			return err
		}
		return s.addSteps(ctx, a, steps)
	})
}

func (s *Alarms) save(ctx context.Context, a telemetry.Alarm, was time.Time) error {
	x, err := extrasOf(a)
	if err != nil {
		return fmt.Errorf("save alarm %s: %w", a.ID, err)
	}
	res, err := s.db.exec(ctx, `update alarms set state = $1, peak = $2, retrospective = $3, acked_at = $4, acked_by = $5,
		acked_by_name = $6, ack_note = $7, returned_at = $8, cleared_at = $9, updated_at = $10, openings = $11,
		shelved_until = $12, shelved_by = $13, shelved_by_name = $14, shelve_reason = $15,
		maintenance = $16, escalation = $17, escalate_at = $18, late_at = $19,
		rule_gone = $20 where id = $21 and updated_at = $22`,
		string(a.State), a.Peak, a.Retrospective, a.AckedAt, a.AckedBy, a.AckedByName, a.AckNote, a.ReturnedAt, a.ClearedAt,
		a.UpdatedAt, a.Openings, x.until, x.shelf.By, x.shelf.ByName, x.shelf.Reason, x.maintenance, x.escalation, a.EscalateAt,
		a.LateAt, a.RuleGone, a.ID, was)
	if err != nil {
		return fmt.Errorf("save alarm %s: %w", a.ID, wrap(err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("save alarm %s: %w", a.ID, err)
	}
	if n == 0 {
		return errs.E(errs.Conflict, "alarm.changed", "alarm %s changed meanwhile", a.ID)
	}
	return nil
}

// Overlaps implements telemetry.AlarmStore.
func (s *Alarms) Overlaps(ctx context.Context, k telemetry.Key, from, to time.Time) (telemetry.Alarm, bool, error) {
	fail := func(err error) (telemetry.Alarm, bool, error) {
		return telemetry.Alarm{}, false, fmt.Errorf("find alarm of rule %s on %s: %w", k.Rule, k.Device, wrap(err))
	}
	// A few, because the newest may be unreadable.
	rows, err := s.db.query(ctx, `select `+alarmColumns+` from alarms where rule = $1 and device = $2 and property = $3
		and opened_at <= $4 and (returned_at is null or returned_at >= $5) order by opened_at desc limit 8`,
		k.Rule, k.Device, k.Property, to, from)
	if err != nil {
		return fail(err)
	}
	all, _, err := s.readable(ctx, rows)
	if err != nil {
		return fail(err)
	}
	if len(all) == 0 {
		return telemetry.Alarm{}, false, nil
	}
	return all[0], true, nil
}
