package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Plans implements plan.Store.
type Plans struct{ db *DB }

// NewPlans keeps plans in db.
func NewPlans(db *DB) *Plans { return &Plans{db: db} }

// Lock implements plan.Heads.
func (s *Plans) Lock(ctx context.Context, id string) error { return s.db.lock(ctx, "plan "+id) }

// planRow turns what was looked for and is not there into NotFound of this capability.
func planRow[T any](v T, what string, err error) (T, error) {
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, "plan.not_found", "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

// scanJSON reads a row of one text that is JSON.
func scanJSON[T any](row scanner) (v T, err error) {
	var text string
	if err = row.Scan(&text); err == nil {
		err = json.Unmarshal([]byte(text), &v)
	}
	return v, err
}

// Plans implements plan.Heads.
func (s *Plans) Plans(ctx context.Context) ([]plan.Plan, error) {
	return dutyRows(ctx, s.db, "plans", scanJSON[plan.Plan], `select body from plans order by id desc`)
}

// Plan implements plan.Heads.
func (s *Plans) Plan(ctx context.Context, id string) (plan.Plan, error) {
	p, err := scanJSON[plan.Plan](s.db.queryRow(ctx, `select body from plans where id = $1`, id))
	return planRow(p, "plan", err)
}

// SavePlan implements plan.Heads.
func (s *Plans) SavePlan(ctx context.Context, p plan.Plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	if _, err := s.db.exec(ctx, `insert into plans (id, org_id, state, body) values ($1, $2, $3, $4)
		on conflict (id) do update set org_id = excluded.org_id, state = excluded.state, body = excluded.body`, p.ID, p.OrgID, string(p.State), string(text)); err != nil {
		return fmt.Errorf("save plan: %w", wrap(err))
	}
	return nil
}

// AddStep implements plan.Heads.
func (s *Plans) AddStep(ctx context.Context, st plan.Step) error {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from plan_steps where plan_id = $1`, st.PlanID).Scan(&st.No); err != nil {
		return fmt.Errorf("count steps: %w", wrap(err))
	}
	text, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("write step: %w", err)
	}
	if _, err := s.db.exec(ctx, `insert into plan_steps (plan_id, no, body) values ($1, $2, $3)`, st.PlanID, st.No, string(text)); err != nil {
		return fmt.Errorf("add step: %w", wrap(err))
	}
	return nil
}

// Steps implements plan.Heads.
func (s *Plans) Steps(ctx context.Context, id string) ([]plan.Step, error) {
	return dutyRows(ctx, s.db, "steps", scanJSON[plan.Step], `select body from plan_steps where plan_id = $1 order by no`, id)
}

// Draft implements plan.Texts.
func (s *Plans) Draft(ctx context.Context, id string) ([]byte, error) {
	var text string
	err := s.db.queryRow(ctx, `select body from plan_drafts where plan_id = $1`, id).Scan(&text)
	return planRow([]byte(text), "draft", err)
}

// SaveDraft implements plan.Texts.
func (s *Plans) SaveDraft(ctx context.Context, id string, text []byte) error {
	if _, err := s.db.exec(ctx, `insert into plan_drafts (plan_id, body) values ($1, $2)
		on conflict (plan_id) do update set body = excluded.body`, id, string(text)); err != nil {
		return fmt.Errorf("save draft: %w", wrap(err))
	}
	return nil
}

// AddVersion implements plan.Texts.
func (s *Plans) AddVersion(ctx context.Context, v plan.Version, text []byte) error {
	v.Body = nil
	head, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write version: %w", err)
	}
	if _, err := s.db.exec(ctx, `insert into plan_versions (plan_id, no, head, body) values ($1, $2, $3, $4)`, v.PlanID, v.No, string(head), string(text)); err != nil {
		return fmt.Errorf("add version: %w", wrap(err))
	}
	return nil
}

// Versions implements plan.Texts.
func (s *Plans) Versions(ctx context.Context, id string) ([]plan.Version, error) {
	return dutyRows(ctx, s.db, "versions", scanJSON[plan.Version], `select head from plan_versions where plan_id = $1 order by no desc`, id)
}

// Version implements plan.Texts.
func (s *Plans) Version(ctx context.Context, id string, no int) (plan.Version, []byte, error) {
	var head, text string
	var v plan.Version
	err := s.db.queryRow(ctx, `select head, body from plan_versions where plan_id = $1 and no = $2`, id, no).Scan(&head, &text)
	if err == nil {
		err = json.Unmarshal([]byte(head), &v)
	}
	v, err = planRow(v, "version", err)
	return v, []byte(text), err
}

const fileColumns = `id, plan_id, kind, name, type, size, hash, at, by_name`

func scanFile(row scanner) (f plan.File, err error) {
	err = row.Scan(&f.ID, &f.PlanID, &f.Kind, &f.Name, &f.Type, &f.Size, &f.Hash, &f.At, &f.ByName)
	f.At = f.At.UTC()
	return f, err
}

// FilesOf implements plan.Files.
func (s *Plans) FilesOf(ctx context.Context, id string) ([]plan.File, error) {
	return dutyRows(ctx, s.db, "attachments", scanFile, `select `+fileColumns+` from plan_files where plan_id = $1 order by id`, id)
}

// File implements plan.Files.
func (s *Plans) File(ctx context.Context, id, file string) (plan.File, error) {
	var f plan.File
	var text string
	err := s.db.queryRow(ctx, `select `+fileColumns+`, body from plan_files where plan_id = $1 and id = $2`, id, file).
		Scan(&f.ID, &f.PlanID, &f.Kind, &f.Name, &f.Type, &f.Size, &f.Hash, &f.At, &f.ByName, &text)
	if err == nil {
		f.At = f.At.UTC()
		f.Bytes, err = base64.StdEncoding.DecodeString(text)
	}
	return planRow(f, "attachment", err)
}

// AddFile implements plan.Files.
func (s *Plans) AddFile(ctx context.Context, f plan.File) error {
	if _, err := s.db.exec(ctx, `insert into plan_files (`+fileColumns+`, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.ID, f.PlanID, f.Kind, f.Name, f.Type, f.Size, f.Hash, f.At, f.ByName, base64.StdEncoding.EncodeToString(f.Bytes)); err != nil {
		return fmt.Errorf("add attachment: %w", wrap(err))
	}
	return nil
}

// RemoveFile implements plan.Files.
func (s *Plans) RemoveFile(ctx context.Context, id, file string) error {
	if _, err := s.db.exec(ctx, `delete from plan_files where plan_id = $1 and id = $2`, id, file); err != nil {
		return fmt.Errorf("remove attachment: %w", wrap(err))
	}
	return nil
}

// SaveSuggestion implements plan.Store.
func (s *Plans) SaveSuggestion(ctx context.Context, g plan.Suggestion) error {
	return s.db.saveBody(ctx, "suggestion", g, `insert into plan_suggestions (id, plan_id, body) values ($1, $2, $3) on conflict (id) do update set body = excluded.body`, g.ID, g.PlanID)
}

// Suggestions implements plan.Store.
func (s *Plans) Suggestions(ctx context.Context, id string) ([]plan.Suggestion, error) {
	return dutyRows(ctx, s.db, "suggestions", scanJSON[plan.Suggestion], `select body from plan_suggestions where plan_id = $1 order by id desc`, id)
}
