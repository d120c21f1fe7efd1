package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Incidents implements incident.Store.
type Incidents struct{ db *DB }

// NewIncidents uses an open database.
func NewIncidents(db *DB) *Incidents { return &Incidents{db: db} }

// Lock implements incident.Store.
func (s *Incidents) Lock(ctx context.Context) error { return s.db.lock(ctx, incidentsLock) }

// scanBody reads a record that is kept as JSON.
func scanBody[T any](row scanner) (v T, err error) {
	var text string
	if err = row.Scan(&text); err == nil {
		err = json.Unmarshal([]byte(text), &v)
	}
	return v, err
}

// missed gives a row that is not there the code of its capability.
func missed[T any](v T, code, what string, err error) (T, error) {
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, code, "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

// saveVersion writes a record over the version that was seen, or adds it for 0.
func (db *DB) saveVersion(ctx context.Context, what, code string, was int, insert, update string, args ...any) error {
	query := insert
	if was > 0 {
		query = update
	}
	res, err := db.exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("save %s: %w", what, wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, code, "somebody has changed it meanwhile; look at it again")
	}
	return nil
}

// Count implements incident.Store.
func (s *Incidents) Count(ctx context.Context, division, year string) (n int, err error) {
	if err := s.db.queryRow(ctx, `select count(*) from incidents where no like $1 and exercise = $2`, year+"-"+division+"-%", exercise(ctx)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count incidents: %w", wrap(err))
	}
	return n, nil
}

// Incident implements incident.Store.
func (s *Incidents) Incident(ctx context.Context, id string) (incident.Incident, error) {
	i, err := scanBody[incident.Incident](s.db.queryRow(ctx, `select body from incidents where id = $1 and exercise = $2`, id, exercise(ctx)))
	return missed(i, "incident.not_found", "incident", err)
}

// Save implements incident.Store.
func (s *Incidents) Save(ctx context.Context, i incident.Incident, was int) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write incident: %w", err)
	}
	if err := s.db.moves(ctx); err != nil {
		return err
	}
	year, _, _ := strings.Cut(i.No, "-")
	words := strings.ToLower(strings.Join([]string{i.No, i.Title, i.Place, i.Summary, i.OrgName}, " "))
	return s.db.saveVersion(ctx, "incident", "incident.changed", was,
		`insert into incidents (id, org_id, no, year, division, state, category, occurred_at, words, version, body, merged_into, exercise) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		`update incidents set division = $5, state = $6, category = $7, occurred_at = $8, words = $9, version = $10, body = $11, merged_into = $12
			where id = $1 and org_id = $2 and no = $3 and year = $4 and version = $10 - 1 and exercise = $13`,
		i.ID, i.OrgID, i.No, year, i.Division, string(i.State), i.Category, i.OccurredAt, words, i.Version, string(text), filled(i.MergedInto), exercise(ctx))
}

// end is a time after all others, for a list without an end.
func end(t time.Time) time.Time {
	if t.IsZero() {
		return time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

// List implements incident.Store.
func (s *Incidents) List(ctx context.Context, scope actor.Scope, f incident.Filter, r page.Request) (page.List[incident.Incident], error) {
	list, err := dutyRows(ctx, s.db, "incidents", scanBody[incident.Incident], `select body from incidents
		where division like $1 and ($2 = '' or state = $2) and ($3 = '' or category = $3 or category like $4) and occurred_at >= $5 and occurred_at < $6
			and ($7 = '' or id < $7) and ($8 = '' or words like $9 escape '\') and exercise = $11
		order by id desc limit $10`,
		string(scope), string(f.State), f.Category, f.Category+".%", f.From, end(f.To), r.After, r.Search, like(r.Search), r.Size()+1, exercise(ctx))
	return cut(list, r.Size(), func(i incident.Incident) string { return i.ID }), err
}

// Add implements incident.Store.
func (s *Incidents) Add(ctx context.Context, st incident.Step) error {
	if err := s.db.belongs(ctx, st.IncidentID); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `insert into incident_steps (incident_id, no, at, by_name, org_name, kind, act, text, ref, org_id, told, received_at)
		values ($1, (select count(*) + 1 from incident_steps where incident_id = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		st.IncidentID, st.At, st.ByName, st.OrgName, string(st.Kind), st.Act, st.Text, st.Ref, st.OrgID, strings.Join(st.To, " "), sql.NullTime{Time: st.ReceivedAt, Valid: !st.ReceivedAt.IsZero()})
	if err != nil {
		return fmt.Errorf("add line to timeline: %w", wrap(err))
	}
	return nil
}

// Steps implements incident.Store.
func (s *Incidents) Steps(ctx context.Context, id string) ([]incident.Step, error) {
	scan := func(row scanner) (st incident.Step, err error) {
		var told string
		var received sql.NullTime
		err = row.Scan(&st.IncidentID, &st.No, &st.At, &st.ByName, &st.OrgName, &st.Kind, &st.Act, &st.Text, &st.Ref, &st.OrgID, &told, &received)
		st.At, st.To = st.At.UTC(), strings.Fields(told)
		st.ReceivedAt = received.Time.UTC()
		if !received.Valid {
			st.ReceivedAt = time.Time{}
		}
		return st, err
	}
	return dutyRows(ctx, s.db, "timeline", scan, `select incident_id, no, at, by_name, org_name, kind, act, text, ref, org_id, told, received_at from incident_steps
		where (incident_id = $1 or incident_id || '/' || no in (select ref from incident_moves where kind = 'line' and to_id = $1))`+ofWorld(2)+` order by case when incident_id = $1 then 1 else 0 end, no`, id, exercise(ctx))
}

// AddFigure implements incident.Store.
func (s *Incidents) AddFigure(ctx context.Context, f incident.Figure) error {
	if err := s.db.belongs(ctx, f.IncidentID); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `insert into incident_figures (id, incident_id, kind, value, at, source, ref, by_name, org_name, written_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.ID, f.IncidentID, f.Kind, f.Value, f.At, f.Source, f.Ref, f.ByName, f.OrgName, f.WrittenAt)
	if err != nil {
		return fmt.Errorf("add figure: %w", wrap(err))
	}
	return nil
}

// group is an incident and all that stand merged into it, one after another.
const group = `with recursive parts (id) as (select $1 union select i.id from incidents i join parts p on i.merged_into = p.id) `

// Group implements incident.Store.
func (s *Incidents) Group(ctx context.Context, id string) ([]incident.Incident, error) {
	return dutyRows(ctx, s.db, "merged incidents", scanBody[incident.Incident], group+`select body from incidents where id in (select id from parts) and exercise = $2 order by id`, id, exercise(ctx))
}

// Figures implements incident.Store.
func (s *Incidents) Figures(ctx context.Context, id string) ([]incident.Figure, error) {
	scan := func(row scanner) (f incident.Figure, err error) {
		err = row.Scan(&f.ID, &f.IncidentID, &f.Kind, &f.Value, &f.At, &f.Source, &f.Ref, &f.ByName, &f.OrgName, &f.WrittenAt)
		f.At, f.WrittenAt = f.At.UTC(), f.WrittenAt.UTC()
		return f, err
	}
	return dutyRows(ctx, s.db, "figures", scan, group+`select id, incident_id, kind, value, at, source, ref, by_name, org_name, written_at
		from incident_figures where `+movedTo("figure", "incident_figures.id", "incident_figures.incident_id")+` in (select id from parts)`+ofWorld(2)+` order by at, id`, id, exercise(ctx))
}

// AddKnown implements incident.Store.
func (s *Incidents) AddKnown(ctx context.Context, k incident.Known) error {
	if err := s.db.belongs(ctx, k.IncidentID); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `insert into incident_known (id, incident_id, org_id, org_name, at, kind, ref, text) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
		k.ID, k.IncidentID, k.OrgID, k.OrgName, k.At, k.Kind, k.Ref, k.Text)
	if err != nil {
		return fmt.Errorf("add who knew: %w", wrap(err))
	}
	return nil
}

// Known implements incident.Store.
func (s *Incidents) Known(ctx context.Context, id string) ([]incident.Known, error) {
	scan := func(row scanner) (k incident.Known, err error) {
		err = row.Scan(&k.ID, &k.IncidentID, &k.OrgID, &k.OrgName, &k.At, &k.Kind, &k.Ref, &k.Text)
		k.At = k.At.UTC()
		return k, err
	}
	return dutyRows(ctx, s.db, "who knew", scan, group+`select id, incident_id, org_id, org_name, at, kind, ref, text from incident_known where incident_id in (select id from parts)`+ofWorld(2)+` order by at, id`, id, exercise(ctx))
}
