package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/opinion"
)

// Opinions implements opinion.Store.
type Opinions struct{ db *DB }

// NewOpinions keeps what is said of incidents in db.
func NewOpinions(db *DB) *Opinions { return &Opinions{db: db} }

// Lock implements opinion.Store.
func (s *Opinions) Lock(ctx context.Context, incident string) error {
	return s.db.lockAfter(ctx, "opinion "+incident)
}

// Entry implements opinion.Store.
func (s *Opinions) Entry(ctx context.Context, id string) (opinion.Entry, error) {
	e, err := scanBody[opinion.Entry](s.db.queryRow(ctx, `select body from opinion_entries where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(e, "opinion.no_entry", "entry of public opinion", err)
}

// Entries implements opinion.Store.
func (s *Opinions) Entries(ctx context.Context, incident string) ([]opinion.Entry, error) {
	return dutyRows(ctx, s.db, "entries of public opinion", scanBody[opinion.Entry], group+`select body from opinion_entries where `+movedTo("opinion", "opinion_entries.id", "opinion_entries.incident_id")+` in (select id from parts)`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// AddEntry implements opinion.Store.
func (s *Opinions) AddEntry(ctx context.Context, e opinion.Entry) error {
	if err := s.db.belongs(ctx, e.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "entry of public opinion", e, `insert into opinion_entries (id, incident_id, body) values ($1, $2, $3)`, e.ID, e.IncidentID)
}

// Lines implements opinion.Store.
func (s *Opinions) Lines(ctx context.Context, incident string) ([]opinion.Line, error) {
	return dutyRows(ctx, s.db, "lines of public opinion", scanBody[opinion.Line], group+`select l.body from opinion_lines l join opinion_entries e on e.id = l.entry_id
		where `+movedTo("opinion", "e.id", "e.incident_id")+` in (select id from parts)`+ofWorld(2)+` order by l.entry_id, l.no`, incident, exercise(ctx))
}

// AddLine implements opinion.Store.
func (s *Opinions) AddLine(ctx context.Context, l opinion.Line) error {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from opinion_lines where entry_id = $1`, l.EntryID).Scan(&l.No); err != nil {
		return fmt.Errorf("count lines of public opinion: %w", wrap(err))
	}
	return s.db.saveBody(ctx, "line of public opinion", l, `insert into opinion_lines (entry_id, no, body) values ($1, $2, $3)`, l.EntryID, l.No)
}

// Task implements opinion.Store.
func (s *Opinions) Task(ctx context.Context, id string) (opinion.Task, error) {
	t, err := scanBody[opinion.Task](s.db.queryRow(ctx, `select body from opinion_tasks where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(t, "opinion.no_task", "task to speak", err)
}

// Tasks implements opinion.Store.
func (s *Opinions) Tasks(ctx context.Context, incident string) ([]opinion.Task, error) {
	return dutyRows(ctx, s.db, "tasks to speak", scanBody[opinion.Task], group+`select body from opinion_tasks where incident_id in (select id from parts)`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// SaveTask implements opinion.Store.
func (s *Opinions) SaveTask(ctx context.Context, t opinion.Task) error {
	if err := s.db.belongs(ctx, t.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "task to speak", t, `insert into opinion_tasks (id, incident_id, org_id, state, due_at, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set state = excluded.state, due_at = excluded.due_at, body = excluded.body`, t.ID, t.IncidentID, t.OrgID, string(t.State), t.DueAt)
}

// scanStatement reads title and text from their own columns, which the database keeps from changing.
func scanStatement(row scanner) (st opinion.Statement, err error) {
	var title, words, text string
	if err = row.Scan(&title, &words, &text); err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	st.Title, st.Text = title, words
	return st, err
}

// Statement implements opinion.Store.
func (s *Opinions) Statement(ctx context.Context, id string) (opinion.Statement, error) {
	st, err := scanStatement(s.db.queryRow(ctx, `select title, words, body from opinion_statements where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(st, "opinion.no_statement", "press statement", err)
}

// Statements implements opinion.Store.
func (s *Opinions) Statements(ctx context.Context, incident string) ([]opinion.Statement, error) {
	return dutyRows(ctx, s.db, "press statements", scanStatement, group+`select title, words, body from opinion_statements where incident_id in (select id from parts)`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// SaveStatement implements opinion.Store.
func (s *Opinions) SaveStatement(ctx context.Context, st opinion.Statement) error {
	if err := s.db.belongs(ctx, st.IncidentID); err != nil {
		return err
	}
	title, words := st.Title, st.Text
	st.Title, st.Text = "", ""
	return s.db.saveBody(ctx, "press statement", st, `insert into opinion_statements (id, incident_id, org_id, state, title, words, body) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (id) do update set state = excluded.state, title = excluded.title, words = excluded.words, body = excluded.body`, st.ID, st.IncidentID, st.OrgID, string(st.State), title, words)
}

// DropStatement implements opinion.Store.
func (s *Opinions) DropStatement(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from opinion_statements where id = $1`+ofWorld(2), id, exercise(ctx)); err != nil {
		return fmt.Errorf("discard press statement: %w", wrap(err))
	}
	return nil
}

// scanExpert reads the words from their own column, which the database keeps from changing.
func scanExpert(row scanner) (e opinion.Expert, err error) {
	var words, text string
	if err = row.Scan(&words, &text); err == nil {
		err = json.Unmarshal([]byte(text), &e)
	}
	e.Text = words
	return e, err
}

// Expert implements opinion.Experts.
func (s *Opinions) Expert(ctx context.Context, id string) (opinion.Expert, error) {
	e, err := scanExpert(s.db.queryRow(ctx, `select words, body from opinion_experts where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(e, "opinion.no_expert", "opinion of an expert", err)
}

// Experts implements opinion.Experts.
func (s *Opinions) Experts(ctx context.Context, incident string) ([]opinion.Expert, error) {
	return dutyRows(ctx, s.db, "opinions of experts", scanExpert, group+`select words, body from opinion_experts where incident_id in (select id from parts)`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// SaveExpert implements opinion.Experts.
func (s *Opinions) SaveExpert(ctx context.Context, e opinion.Expert) error {
	if err := s.db.belongs(ctx, e.IncidentID); err != nil {
		return err
	}
	words := e.Text
	e.Text = ""
	return s.db.saveBody(ctx, "opinion of an expert", e, `insert into opinion_experts (id, incident_id, org_id, state, words, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set state = excluded.state, words = excluded.words, body = excluded.body`, e.ID, e.IncidentID, e.OrgID, string(e.State), words)
}

// DropExpert implements opinion.Experts.
func (s *Opinions) DropExpert(ctx context.Context, id string) error {
	for _, query := range []string{`delete from opinion_files where expert_id in (select id from opinion_experts where id = $1` + ofWorld(2) + `)`, `delete from opinion_experts where id = $1` + ofWorld(2)} {
		if _, err := s.db.exec(ctx, query, id, exercise(ctx)); err != nil {
			return fmt.Errorf("discard opinion of an expert: %w", wrap(err))
		}
	}
	return nil
}

// SaveFile implements opinion.Experts.
func (s *Opinions) SaveFile(ctx context.Context, expert string, f opinion.File) error {
	if _, err := s.db.exec(ctx, `insert into opinion_files (expert_id, body) values ($1, $2) on conflict (expert_id) do update set body = excluded.body`,
		expert, base64.StdEncoding.EncodeToString(f.Bytes)); err != nil {
		return fmt.Errorf("keep file of an opinion: %w", wrap(err))
	}
	return nil
}

// FileOf implements opinion.Experts.
func (s *Opinions) FileOf(ctx context.Context, expert string) ([]byte, error) {
	var text string
	err := s.db.queryRow(ctx, `select f.body from opinion_files f join opinion_experts e on e.id = f.expert_id where e.id = $1`+ofWorld(2), expert, exercise(ctx)).Scan(&text)
	if text, err = missed(text, "opinion.no_file", "file", err); err != nil {
		return nil, err
	}
	out, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read file of an opinion: %w", err)
	}
	return out, nil
}
