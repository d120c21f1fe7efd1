package store

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/drill"
)

// Drills implements drill.Store.
type Drills struct{ db *DB }

// NewDrills keeps exercises in db.
func NewDrills(db *DB) *Drills { return &Drills{db: db} }

// Lock implements drill.Store.
func (s *Drills) Lock(ctx context.Context) error { return s.db.lockAfter(ctx, "drills") }

// Drill implements drill.Store.
func (s *Drills) Drill(ctx context.Context, id string) (drill.Drill, error) {
	d, err := scanBody[drill.Drill](s.db.queryRow(ctx, `select body from drills where id = $1`, id))
	return missed(d, "drill.not_found", "exercise", err)
}

// Save implements drill.Store.
func (s *Drills) Save(ctx context.Context, d drill.Drill, was int) error {
	text, err := bodyOf("exercise", d)
	if err != nil {
		return err
	}
	sealed := flag(d.Sealed)
	err = s.db.saveVersion(ctx, "exercise", "drill.changed", was,
		`insert into drills (id, org_id, division, plan_id, planned_on, state, sealed, version, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		`update drills set division = $3, plan_id = $4, planned_on = $5, state = $6, sealed = $7, version = $8, body = $9 where id = $1 and org_id = $2 and version = $8 - 1`,
		d.ID, d.OrgID, d.Division, d.PlanID, d.PlannedOn, string(d.State), sealed, d.Version, text)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `delete from drill_people where drill_id = $1`, d.ID); err != nil {
		return fmt.Errorf("empty the controllers: %w", wrap(err))
	}
	for _, c := range d.Controllers {
		if _, err := s.db.exec(ctx, `insert into drill_people (drill_id, user_id, part) values ($1, $2, 'controller') on conflict do nothing`, d.ID, c.UserID); err != nil {
			return fmt.Errorf("save controller: %w", wrap(err))
		}
	}
	return nil
}

// Year implements drill.Store.
func (s *Drills) Year(ctx context.Context, scope actor.Scope, viewer, year string) ([]drill.Drill, error) {
	return dutyRows(ctx, s.db, "exercises", scanBody[drill.Drill], `select body from drills
		where division like $1 and ($2 = '' or planned_on like $3) and (sealed = 0 or id in (select drill_id from drill_people where user_id = $4 and part = 'controller'))
		order by planned_on desc, id desc limit 1000`, string(scope), year, year+"-%", viewer)
}

// Running implements drill.Store.
func (s *Drills) Running(ctx context.Context) ([]drill.Drill, error) {
	return dutyRows(ctx, s.db, "running exercises", scanBody[drill.Drill], `select body from drills where state = 'running' order by id`)
}

// AddStep implements drill.Store.
func (s *Drills) AddStep(ctx context.Context, st drill.Step) error {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from drill_steps where drill_id = $1`, st.DrillID).Scan(&st.No); err != nil {
		return fmt.Errorf("count lines of an exercise: %w", wrap(err))
	}
	return s.db.saveBody(ctx, "line of an exercise", st, `insert into drill_steps (drill_id, no, body) values ($1, $2, $3)`, st.DrillID, st.No)
}

// Steps implements drill.Store.
func (s *Drills) Steps(ctx context.Context, id string) ([]drill.Step, error) {
	return dutyRows(ctx, s.db, "lines of an exercise", scanBody[drill.Step], `select body from drill_steps where drill_id = $1 order by no`, id)
}

// Sheets implements drill.Outcomes.
func (s *Drills) Sheets(ctx context.Context, id string) ([]drill.Sheet, error) {
	return dutyRows(ctx, s.db, "sheets", scanBody[drill.Sheet], `select body from drill_sheets where drill_id = $1 order by id`, id)
}

// SheetByHash implements drill.Outcomes.
func (s *Drills) SheetByHash(ctx context.Context, hash string) (drill.Sheet, error) {
	v, err := scanBody[drill.Sheet](s.db.queryRow(ctx, `select body from drill_sheets where hash = $1`, hash))
	v.Hash = hash
	return missed(v, "drill.no_link", "address", err)
}

// SaveSheet implements drill.Outcomes.
func (s *Drills) SaveSheet(ctx context.Context, v drill.Sheet) error {
	return s.db.saveBody(ctx, "sheet", v, `insert into drill_sheets (id, drill_id, hash, body) values ($1, $2, $3, $4)
		on conflict (id) do update set body = excluded.body`, v.ID, v.DrillID, v.Hash)
}

// Items implements drill.Outcomes.
func (s *Drills) Items(ctx context.Context, id string) ([]drill.Item, error) {
	return dutyRows(ctx, s.db, "items", scanBody[drill.Item], `select body from drill_items where $1 = '' or drill_id = $1 order by id`, id)
}

// SaveItem implements drill.Outcomes.
func (s *Drills) SaveItem(ctx context.Context, i drill.Item) error {
	return s.db.saveBody(ctx, "item", i, `insert into drill_items (id, drill_id, state, body) values ($1, $2, $3, $4)
		on conflict (id) do update set state = excluded.state, body = excluded.body`, i.ID, i.DrillID, string(i.State))
}
