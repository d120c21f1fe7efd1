package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

const stepColumns = `s.id, s.alarm, s.kind, s.at, s.recorded_at, s.actor, s.actor_name, s.note, s.value, s.openings, s.until, s.tier, s.desk, s.desk_role`

func stepTargets(v *telemetry.Step, desk *telemetry.Desk) []any {
	return []any{&v.ID, &v.AlarmID, &v.Kind, &v.At, &v.RecordedAt, &v.Actor, &v.ActorName, &v.Note, &v.Value, &v.Openings, &v.Until, &v.Tier, &desk.Division, &desk.Role}
}

func scanStep(row scanner) (v telemetry.Step, err error) {
	var desk telemetry.Desk
	err = row.Scan(stepTargets(&v, &desk)...)
	soundStep(&v, desk)
	return v, err
}

func scanLine(row scanner) (v telemetry.Line, err error) {
	var x extras
	var desk telemetry.Desk
	_, err = soundAlarm(&v.Alarm, &x, row.Scan(append(stepTargets(&v.Step, &desk), alarmTargets(&v.Alarm, &x)...)...))
	soundStep(&v.Step, desk)
	return v, err
}

func soundStep(v *telemetry.Step, desk telemetry.Desk) {
	if v.Tier > 0 {
		v.Desk = &desk
	}
	v.At, v.RecordedAt = v.At.UTC(), v.RecordedAt.UTC()
	if v.Until != nil {
		*v.Until = v.Until.UTC()
	}
}

func (s *Alarms) addSteps(ctx context.Context, a telemetry.Alarm, steps []telemetry.Step) error {
	for _, v := range steps {
		var desk telemetry.Desk
		if v.Desk != nil {
			desk = *v.Desk
		}
		if _, err := s.db.exec(ctx, `insert into alarm_steps (id, alarm, division, kind, at, recorded_at, actor, actor_name, note, value, openings, until, tier, desk, desk_role)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			v.ID, a.ID, a.Division, string(v.Kind), v.At, v.RecordedAt, v.Actor, v.ActorName, v.Note, v.Value, v.Openings, v.Until,
			v.Tier, desk.Division, desk.Role); err != nil {
			return fmt.Errorf("add step %s of alarm %s: %w", v.Kind, a.ID, wrap(err))
		}
	}
	return nil
}

// Steps implements telemetry.AlarmStore.
func (s *Alarms) Steps(ctx context.Context, id string) ([]telemetry.Step, error) {
	rows, err := s.db.query(ctx, `select `+stepColumns+` from alarm_steps s where s.alarm = $1 order by s.id`, id)
	if err != nil {
		return nil, fmt.Errorf("list steps of alarm %s: %w", id, wrap(err))
	}
	return collect(rows, scanStep)
}

// ListSteps implements telemetry.AlarmStore. A step whose alarm cannot be read is named in the log and left
// out, as in the list of alarms.
func (s *Alarms) ListSteps(ctx context.Context, f telemetry.StepFilter) (page.List[telemetry.Line], error) {
	fail := func(err error) (page.List[telemetry.Line], error) {
		return page.List[telemetry.Line]{}, fmt.Errorf("list steps of alarms: %w", wrap(err))
	}
	rows, err := s.db.query(ctx, `select `+stepColumns+`, a.`+strings.Join(strings.Fields(strings.ReplaceAll(alarmColumns, ",", " ")), `, a.`)+`
		from alarm_steps s join alarms a on a.id = s.alarm
		where ($1 = '' or s.id < $1) and (s.division = '' or s.division like $2) order by s.id desc limit $3`,
		f.After, string(f.Scope), f.Size()+1)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = rows.Close() }()
	out := page.List[telemetry.Line]{Items: []telemetry.Line{}}
	last := ""
	for n := 0; rows.Next(); n++ {
		if n == f.Size() {
			out.Next = last
			break
		}
		l, err := scanLine(rows)
		if last = l.ID; err != nil {
			s.db.log.ErrorContext(ctx, "an alarm in the database cannot be read and is left out", "alarm", l.AlarmID, "error", err)
			continue
		}
		out.Items = append(out.Items, l)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
