package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/report"
)

// Reports implements report.Store.
type Reports struct{ db *DB }

// NewReports uses an open database.
func NewReports(db *DB) *Reports { return &Reports{db: db} }

// Lock implements report.Store.
func (s *Reports) Lock(ctx context.Context) error { return s.db.lockAfter(ctx, "reports") }

// bodyOf is a record as JSON.
func bodyOf(what string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", what, err)
	}
	return string(text), nil
}

// among is a list of placeholders and its arguments.
func among(ids []string) (string, []any) {
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for n, id := range ids {
		marks[n], args[n] = fmt.Sprintf("$%d", n+1), id
	}
	return strings.Join(marks, ", "), args
}

// inParts asks for many ids a part at a time; both databases limit the parameters of a statement.
func inParts[T any](ids []string, ask func(marks string, args []any) ([]T, error)) ([]T, error) {
	var out []T
	for len(ids) > 0 {
		part := ids[:min(500, len(ids))]
		ids = ids[len(part):]
		marks, args := among(part)
		list, err := ask(marks, args)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// Report implements report.Reports.
func (s *Reports) Report(ctx context.Context, id string) (report.Report, error) {
	r, err := scanBody[report.Report](s.db.queryRow(ctx, `select body from reports where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(r, "report.not_found", "report", err)
}

// Save implements report.Reports.
func (s *Reports) Save(ctx context.Context, r report.Report, was int) error {
	text, err := bodyOf("report", r)
	if err != nil {
		return err
	}
	if err := s.db.belongs(ctx, r.IncidentID); err != nil {
		return err
	}
	if was == 0 {
		_, err := s.db.exec(ctx, `insert into reports (id, incident_id, org_id, state, version, sent_at, body) values ($1, $2, $3, $4, $5, $6, $7)`,
			r.ID, r.IncidentID, r.OrgID, string(r.State), r.Version, r.SentAt, text)
		if err != nil {
			return fmt.Errorf("add report: %w", wrap(err))
		}
		return s.name(ctx, r)
	}
	const update = `update reports set state = $2, version = $3, sent_at = $4, body = $5 where id = $1 and version = $6 and state = 'draft'`
	if err := s.db.saveVersion(ctx, "report", "report.changed", was, update, update, r.ID, string(r.State), r.Version, r.SentAt, text, was); err != nil {
		return err
	}
	return s.name(ctx, r)
}

// name keeps the pictures of a version from being removed.
func (s *Reports) name(ctx context.Context, r report.Report) error {
	if _, err := s.db.exec(ctx, `delete from report_pictures where report_id = $1`, r.ID); err != nil {
		return fmt.Errorf("let pictures go: %w", wrap(err))
	}
	for _, p := range r.Pictures {
		if _, err := s.db.exec(ctx, `insert into report_pictures (report_id, snapshot_id) values ($1, $2)`, r.ID, p.ID); err != nil {
			return fmt.Errorf("keep picture: %w", wrap(err))
		}
	}
	return nil
}

// Discard implements report.Reports.
func (s *Reports) Discard(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from reports where id = $1 and state = 'draft'`+ofWorld(2), id, exercise(ctx)); err != nil {
		return fmt.Errorf("discard draft: %w", wrap(err))
	}
	return nil
}

// Chain implements report.Reports.
func (s *Reports) Chain(ctx context.Context, incident, org string) ([]report.Report, error) {
	return dutyRows(ctx, s.db, "reports", scanBody[report.Report], `select body from reports where incident_id = $1 and org_id = $2`+ofWorld(3)+` order by id`, incident, org, exercise(ctx))
}

// Of implements report.Reports.
func (s *Reports) Of(ctx context.Context, incidents []string) ([]report.Report, error) {
	return inParts(incidents, func(marks string, args []any) ([]report.Report, error) {
		return dutyRows(ctx, s.db, "reports", scanBody[report.Report], `select body from reports where state = 'sent' and incident_id in (`+marks+`)`+ofWorld(len(args)+1)+` order by sent_at, id`, append(args, exercise(ctx))...)
	})
}

// Drafts implements report.Reports.
func (s *Reports) Drafts(ctx context.Context, org string) ([]report.Report, error) {
	return dutyRows(ctx, s.db, "drafts", scanBody[report.Report], `select body from reports where org_id = $1 and state = 'draft'`+ofWorld(2)+` order by id desc`, org, exercise(ctx))
}

// Hop implements report.Hops.
func (s *Reports) Hop(ctx context.Context, id string) (report.Hop, error) {
	h, err := scanBody[report.Hop](s.db.queryRow(ctx, `select body from report_hops where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(h, "report.not_found", "report", err)
}

// SaveHop implements report.Hops.
func (s *Reports) SaveHop(ctx context.Context, h report.Hop) error {
	if err := s.db.belongs(ctx, h.IncidentID); err != nil {
		return err
	}
	text, err := bodyOf("hop", h)
	if err != nil {
		return err
	}
	_, err = s.db.exec(ctx, `insert into report_hops (id, report_id, incident_id, from_org, to_org, decision, submitted_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set decision = excluded.decision, body = excluded.body`,
		h.ID, filled(h.ReportID), h.IncidentID, h.FromOrg, h.ToOrg, string(h.Decision), h.SubmittedAt, text)
	if err != nil {
		return fmt.Errorf("save hop: %w", wrap(err))
	}
	return nil
}

// HopsOf implements report.Hops.
func (s *Reports) HopsOf(ctx context.Context, incidents []string) ([]report.Hop, error) {
	return inParts(incidents, func(marks string, args []any) ([]report.Hop, error) {
		return dutyRows(ctx, s.db, "hops", scanBody[report.Hop], `select body from report_hops where incident_id in (`+marks+`)`+ofWorld(len(args)+1)+` order by submitted_at, id`, append(args, exercise(ctx))...)
	})
}

// HopsTo implements report.Hops.
func (s *Reports) HopsTo(ctx context.Context, org string, open bool, since time.Time, limit int) ([]report.Hop, error) {
	if limit == 0 {
		limit = math.MaxInt32
	}
	return dutyRows(ctx, s.db, "received reports", scanBody[report.Hop], `select body from report_hops
		where to_org = $1 and submitted_at >= $2 and ($3 = 0 or decision = '')`+ofWorld(5)+` order by submitted_at desc, id desc limit $4`, org, since, flag(open), limit, exercise(ctx))
}

// flag is a condition as a number, which both databases compare alike.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// HopsFrom implements report.Hops.
func (s *Reports) HopsFrom(ctx context.Context, org string, since time.Time, limit int) ([]report.Hop, error) {
	return dutyRows(ctx, s.db, "sent reports", scanBody[report.Hop], `select body from report_hops
		where from_org = $1 and submitted_at >= $2`+ofWorld(4)+` order by submitted_at desc, id desc limit $3`, org, since, limit, exercise(ctx))
}

// AddInstruction implements report.Tasks.
func (s *Reports) AddInstruction(ctx context.Context, n report.Instruction) error {
	if err := s.db.belongs(ctx, n.IncidentID); err != nil {
		return err
	}
	text, err := bodyOf("instruction", n)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `insert into report_instructions (id, incident_id, body) values ($1, $2, $3)`, n.ID, n.IncidentID, text); err != nil {
		return fmt.Errorf("add instruction: %w", wrap(err))
	}
	return nil
}

// InstructionsOf implements report.Tasks.
func (s *Reports) InstructionsOf(ctx context.Context, incident string) ([]report.Instruction, error) {
	return dutyRows(ctx, s.db, "instructions", scanBody[report.Instruction], `select body from report_instructions where incident_id = $1`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// Task implements report.Tasks.
func (s *Reports) Task(ctx context.Context, id string) (report.Task, error) {
	t, err := scanBody[report.Task](s.db.queryRow(ctx, `select body from report_tasks where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(t, "report.not_found", "task", err)
}

// SaveTask implements report.Tasks.
func (s *Reports) SaveTask(ctx context.Context, t report.Task, was int) error {
	if err := s.db.belongs(ctx, t.IncidentID); err != nil {
		return err
	}
	text, err := bodyOf("task", t)
	if err != nil {
		return err
	}
	return s.db.saveVersion(ctx, "task", "report.changed", was,
		`insert into report_tasks (id, incident_id, from_org, to_org, state, due_at, version, body) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		`update report_tasks set state = $5, due_at = $6, version = $7, body = $8 where id = $1 and incident_id = $2 and from_org = $3 and to_org = $4 and version = $7 - 1`,
		t.ID, t.IncidentID, t.FromOrg, t.ToOrg, string(t.State), t.DueAt, t.Version, text)
}

// TasksFor implements report.Tasks.
func (s *Reports) TasksFor(ctx context.Context, org string, open bool, limit int) ([]report.Task, error) {
	return dutyRows(ctx, s.db, "tasks", scanBody[report.Task], `select body from report_tasks
		where (from_org = $1 or to_org = $1) and ($2 = 0 or state <> 'done')`+ofWorld(4)+` order by due_at, id limit $3`, org, flag(open), limit, exercise(ctx))
}

// TasksOf implements report.Tasks.
func (s *Reports) TasksOf(ctx context.Context, incident string) ([]report.Task, error) {
	return dutyRows(ctx, s.db, "tasks", scanBody[report.Task], `select body from report_tasks where incident_id = $1`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// AddJudgement implements report.Judgements.
func (s *Reports) AddJudgement(ctx context.Context, j report.Judgement) error {
	if err := s.db.belongs(ctx, j.IncidentID); err != nil {
		return err
	}
	text, err := bodyOf("judgement", j)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `insert into report_judgements (id, incident_id, body) values ($1, $2, $3)`, j.ID, j.IncidentID, text); err != nil {
		return fmt.Errorf("add judgement: %w", wrap(err))
	}
	return nil
}

// JudgementsOf implements report.Judgements.
func (s *Reports) JudgementsOf(ctx context.Context, incidents []string) ([]report.Judgement, error) {
	return inParts(incidents, func(marks string, args []any) ([]report.Judgement, error) {
		return dutyRows(ctx, s.db, "judgements", scanBody[report.Judgement], `select body from report_judgements where incident_id in (`+marks+`)`+ofWorld(len(args)+1)+` order by id`, append(args, exercise(ctx))...)
	})
}

// Weights implements report.Judgements.
func (s *Reports) Weights(ctx context.Context) (report.Weights, error) {
	w, err := scanBody[report.Weights](s.db.queryRow(ctx, `select body from report_weights where id = 1`))
	return missed(w, "report.not_found", "table of weights", err)
}

// SaveWeights implements report.Judgements.
func (s *Reports) SaveWeights(ctx context.Context, w report.Weights) error {
	text, err := bodyOf("weights", w)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `insert into report_weights (id, body) values (1, $1) on conflict (id) do update set body = excluded.body`, text); err != nil {
		return fmt.Errorf("save weights: %w", wrap(err))
	}
	return nil
}
