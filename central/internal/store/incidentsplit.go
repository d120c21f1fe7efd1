package store

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// movedTo is SQL for the incident to which a thing of a kind belongs now: where its last move went, else where it was
// written. ref and at are columns.
func movedTo(kind, ref, at string) string {
	return fmt.Sprintf(`coalesce((select m.to_id from incident_moves m where m.kind = '%s' and m.ref = %s order by m.no desc limit 1), %s)`, kind, ref, at)
}

// Part implements incident.Store.
func (s *Incidents) Part(ctx context.Context, id, kind, ref string) (bool, error) {
	table, ok := map[string]string{"figure": "incident_figures", "opinion": "opinion_entries", "task": "response_tasks"}[kind]
	if !ok {
		return false, errs.E(errs.Invalid, "incident.parts", "%q is no kind of parts", kind)
	}
	var n int
	if err := s.db.queryRow(ctx, group+`select count(*) from `+table+` t where t.id = $2 and `+movedTo(kind, "t.id", "t.incident_id")+` in (select id from parts)`+ofWorld(3), id, ref, exercise(ctx)).Scan(&n); err != nil {
		return false, fmt.Errorf("look for part of an incident: %w", wrap(err))
	}
	return n > 0, nil
}

// AddMove implements incident.Store.
func (s *Incidents) AddMove(ctx context.Context, m incident.Move) error {
	if err := s.db.belongs(ctx, m.To); err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `insert into incident_moves (no, kind, ref, from_id, to_id, at, by_name) values ((select coalesce(max(no), 0) + 1 from incident_moves), $1, $2, $3, $4, $5, $6)`,
		m.Kind, m.Ref, m.From, m.To, m.At, m.ByName); err != nil {
		return fmt.Errorf("move part of an incident: %w", wrap(err))
	}
	return nil
}
