package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Intake implements intake.Store.
type Intake struct{ db *DB }

// NewIntake uses an open database.
func NewIntake(db *DB) *Intake { return &Intake{db: db} }

// Lock implements intake.Store.
func (s *Intake) Lock(ctx context.Context) error { return s.db.lockAfter(ctx, "intake") }

func intakeWords(i intake.Item) string {
	return strings.ToLower(strings.Join([]string{i.Text, i.Place, i.Unit, i.Caller, i.Phone, i.Source}, " "))
}

// Add implements intake.Store.
func (s *Intake) Add(ctx context.Context, i intake.Item) (intake.Item, error) {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from intake_items where org_id = $1`, i.OrgID).Scan(&i.No); err != nil {
		return i, fmt.Errorf("number item: %w", wrap(err))
	}
	text, err := json.Marshal(i)
	if err != nil {
		return i, fmt.Errorf("write item: %w", err)
	}
	source := ""
	if i.Kind == intake.Alarm {
		source = i.Source
	}
	_, err = s.db.exec(ctx, `insert into intake_items (id, org_id, no, division, state, kind, received_at, incident_id, source, words, version, body)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		i.ID, i.OrgID, i.No, i.Division, string(i.State), string(i.Kind), i.ReceivedAt, filled(i.IncidentID), filled(source), intakeWords(i), i.Version, string(text))
	if err != nil {
		return i, fmt.Errorf("add item: %w", wrap(err))
	}
	return i, nil
}

// Item implements intake.Store.
func (s *Intake) Item(ctx context.Context, id string) (intake.Item, error) {
	i, err := scanBody[intake.Item](s.db.queryRow(ctx, `select body from intake_items where id = $1`, id))
	return missed(i, "intake.not_found", "item", err)
}

// BySource implements intake.Store.
func (s *Intake) BySource(ctx context.Context, org, source string) (intake.Item, error) {
	i, err := scanBody[intake.Item](s.db.queryRow(ctx, `select body from intake_items where org_id = $1 and source = $2`, org, source))
	return missed(i, "intake.not_found", "item", err)
}

// Save implements intake.Store.
func (s *Intake) Save(ctx context.Context, i intake.Item, was int) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write item: %w", err)
	}
	const update = `update intake_items set state = $2, incident_id = $3, words = $4, version = $5, body = $6 where id = $1 and version = $7`
	return s.db.saveVersion(ctx, "item", "intake.changed", was, update, update, i.ID, string(i.State), filled(i.IncidentID), intakeWords(i), i.Version, string(text), was)
}

// List implements intake.Store.
func (s *Intake) List(ctx context.Context, orgs []string, f intake.Filter, r page.Request) (page.List[intake.Item], error) {
	list, err := dutyRows(ctx, s.db, "inbox", scanBody[intake.Item], `select body from intake_items
		where ($1 = '' or $1 like '%' || org_id || '%') and ($2 = '' or state = $2) and ($3 = '' or kind = $3) and ($4 = '' or incident_id = $4)
			and ($5 = '' or id < $5) and ($6 = '' or words like $7 escape '\')
		order by id desc limit $8`,
		strings.Join(orgs, " "), string(f.State), string(f.Kind), f.Incident, r.After, r.Search, like(r.Search), r.Size()+1)
	return cut(list, r.Size(), func(i intake.Item) string { return i.ID }), err
}
