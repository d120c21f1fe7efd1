package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/response"
)

// Responses implements response.Store.
type Responses struct{ db *DB }

// NewResponses keeps what is done about incidents in db.
func NewResponses(db *DB) *Responses { return &Responses{db: db} }

// Lock implements response.Store.
func (s *Responses) Lock(ctx context.Context, incident string) error {
	return s.db.lockAfter(ctx, "response "+incident)
}

// ofResponse narrows rows that hang on a response to those of a world, given as the parameter of that number.
func ofResponse(n int) string {
	return fmt.Sprintf(` and response_id in (select id from responses where exercise = $%d)`, n)
}

// saveBody writes a record that is kept as JSON beside the columns by which it is found; the body is the last
// argument.
func (db *DB) saveBody(ctx context.Context, what string, v any, query string, args ...any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if _, err := db.exec(ctx, query, append(args, string(text))...); err != nil {
		return fmt.Errorf("save %s: %w", what, wrap(err))
	}
	return nil
}

// Response implements response.Responses.
func (s *Responses) Response(ctx context.Context, id string) (response.Response, error) {
	r, err := scanBody[response.Response](s.db.queryRow(ctx, `select body from responses where id = $1 and exercise = $2`, id, exercise(ctx)))
	return missed(r, "response.not_found", "response", err)
}

// Responses implements response.Responses.
func (s *Responses) Responses(ctx context.Context, incident string) ([]response.Response, error) {
	return dutyRows(ctx, s.db, "responses", scanBody[response.Response], `select body from responses where incident_id = $1 and exercise = $2 order by id`, incident, exercise(ctx))
}

// SaveResponse implements response.Responses.
func (s *Responses) SaveResponse(ctx context.Context, r response.Response) error {
	if err := s.db.belongs(ctx, r.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "response", r, `insert into responses (id, incident_id, plan_id, version, hash, division, level, exercise, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set division = excluded.division, level = excluded.level, body = excluded.body`, r.ID, r.IncidentID, r.PlanID, r.Version, r.Hash, r.Division, r.Level, exercise(ctx))
}

// KeepText implements response.Responses.
func (s *Responses) KeepText(ctx context.Context, hash string, text []byte) error {
	if _, err := s.db.exec(ctx, `insert into response_texts (hash, body) values ($1, $2) on conflict (hash) do nothing`, hash, string(text)); err != nil {
		return fmt.Errorf("keep text of plan: %w", wrap(err))
	}
	return nil
}

// Text implements response.Responses.
func (s *Responses) Text(ctx context.Context, hash string) ([]byte, error) {
	var text string
	err := s.db.queryRow(ctx, `select body from response_texts where hash = $1`, hash).Scan(&text)
	return missed([]byte(text), "response.not_found", "text of a plan", err)
}

// AddChange implements response.Responses.
func (s *Responses) AddChange(ctx context.Context, c response.Change) (response.Change, error) {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from response_changes where response_id = $1`, c.ResponseID).Scan(&c.No); err != nil {
		return c, fmt.Errorf("count orders: %w", wrap(err))
	}
	return c, s.db.saveBody(ctx, "order", c, `insert into response_changes (response_id, no, body) values ($1, $2, $3)`, c.ResponseID, c.No)
}

// Changes implements response.Responses.
func (s *Responses) Changes(ctx context.Context, id string) ([]response.Change, error) {
	return dutyRows(ctx, s.db, "orders", scanBody[response.Change], `select body from response_changes where response_id = $1`+ofResponse(2)+` order by no`, id, exercise(ctx))
}

// SaveSeat implements response.Responses.
func (s *Responses) SaveSeat(ctx context.Context, v response.Seat) error {
	if err := s.db.saveBody(ctx, "seat", v, `insert into response_seats (id, response_id, role_id, no, body) values ($1, $2, $3, $4, $5)
		on conflict (id) do update set body = excluded.body`, v.ID, v.ResponseID, v.RoleID, v.No); err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `delete from response_seat_people where seat_id = $1`, v.ID); err != nil {
		return fmt.Errorf("empty seat: %w", wrap(err))
	}
	for _, m := range v.Members {
		if m.PersonID == "" {
			continue
		}
		if _, err := s.db.exec(ctx, `insert into response_seat_people (seat_id, person_id) values ($1, $2) on conflict do nothing`, v.ID, m.PersonID); err != nil {
			return fmt.Errorf("fill seat: %w", wrap(err))
		}
	}
	return nil
}

// Seats implements response.Responses.
func (s *Responses) Seats(ctx context.Context, id string) ([]response.Seat, error) {
	return dutyRows(ctx, s.db, "seats", scanBody[response.Seat], `select body from response_seats where response_id = $1`+ofResponse(2)+` order by no, id`, id, exercise(ctx))
}

// Task implements response.Tasks.
func (s *Responses) Task(ctx context.Context, id string) (response.Task, error) {
	t, err := scanBody[response.Task](s.db.queryRow(ctx, `select body from response_tasks where id = $1 and exercise = $2`, id, exercise(ctx)))
	return missed(t, "response.no_task", "task", err)
}

// SaveTask implements response.Tasks.
func (s *Responses) SaveTask(ctx context.Context, t response.Task) error {
	if err := s.db.belongs(ctx, t.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "task", t, `insert into response_tasks (id, response_id, incident_id, seat_id, org_id, action_id, state, due_at, ended_at, exercise, group_id, body)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (id) do update set seat_id = excluded.seat_id, org_id = excluded.org_id, state = excluded.state, due_at = excluded.due_at, ended_at = excluded.ended_at, group_id = excluded.group_id, body = excluded.body`,
		t.ID, t.ResponseID, t.IncidentID, t.SeatID, t.OrgID, t.ActionID, string(t.State), t.DueAt, t.EndedAt, exercise(ctx), t.GroupID)
}

// TasksOf implements response.Tasks.
func (s *Responses) TasksOf(ctx context.Context, incident string) ([]response.Task, error) {
	return dutyRows(ctx, s.db, "tasks", scanBody[response.Task], `select body from response_tasks where incident_id = $1 and exercise = $2 order by due_at, id`, incident, exercise(ctx))
}

// Handed implements response.Tasks.
func (s *Responses) Handed(ctx context.Context, incident string) ([]response.Task, error) {
	return dutyRows(ctx, s.db, "tasks that came over", scanBody[response.Task], `select body from response_tasks
		where incident_id <> $1 and `+movedTo("task", "response_tasks.id", "response_tasks.incident_id")+` = $1 and exercise = $2 order by due_at, id`, incident, exercise(ctx))
}

// Held implements response.Tasks.
func (s *Responses) Held(ctx context.Context, org, person string, since time.Time) ([]response.Task, error) {
	return dutyRows(ctx, s.db, "tasks", scanBody[response.Task], `select body from response_tasks
		where (org_id = $1 or seat_id in (select seat_id from response_seat_people where person_id = $2)
				or (group_id <> '' and group_id in (select g.group_id from response_group_seats g join response_seat_people p on p.seat_id = g.seat_id where p.person_id = $2)))
			and (state in ('given', 'accepted', 'started') or (state in ('done', 'needless') and ended_at >= $3)) and exercise = $4
		order by due_at, id limit 500`, org, person, since, exercise(ctx))
}

// AddLine implements response.Tasks.
func (s *Responses) AddLine(ctx context.Context, l response.Line) error {
	return s.db.saveBody(ctx, "line of task", l, `insert into response_lines (task_id, no, body) values ($1, $2, $3)`, l.TaskID, l.No)
}

// Lines implements response.Tasks.
func (s *Responses) Lines(ctx context.Context, task string) ([]response.Line, error) {
	return dutyRows(ctx, s.db, "lines of task", scanBody[response.Line], `select body from response_lines where task_id = $1 and task_id in (select id from response_tasks where exercise = $2) order by no`, task, exercise(ctx))
}

// LinesOf implements response.Tasks.
func (s *Responses) LinesOf(ctx context.Context, incident string) ([]response.Line, error) {
	return dutyRows(ctx, s.db, "lines of tasks", scanBody[response.Line], `select l.body from response_lines l join response_tasks t on t.id = l.task_id
		where t.incident_id = $1 and t.exercise = $2 order by l.task_id, l.no`, incident, exercise(ctx))
}

// AddPhoto implements response.Tasks.
func (s *Responses) AddPhoto(ctx context.Context, p response.Photo) error {
	if _, err := s.db.exec(ctx, `insert into response_photos (id, task_id, type, size, at, by_name, body) values ($1, $2, $3, $4, $5, $6, $7)`,
		p.ID, p.TaskID, p.Type, p.Size, p.At, p.ByName, base64.StdEncoding.EncodeToString(p.Bytes)); err != nil {
		return fmt.Errorf("add picture: %w", wrap(err))
	}
	return nil
}

// Photo implements response.Tasks.
func (s *Responses) Photo(ctx context.Context, id string) (p response.Photo, err error) {
	var text string
	err = s.db.queryRow(ctx, `select id, task_id, type, size, at, by_name, body from response_photos where id = $1 and task_id in (select id from response_tasks where exercise = $2)`, id, exercise(ctx)).
		Scan(&p.ID, &p.TaskID, &p.Type, &p.Size, &p.At, &p.ByName, &text)
	if p, err = missed(p, "response.no_photo", "picture", err); err != nil {
		return p, err
	}
	p.At = p.At.UTC()
	if p.Bytes, err = base64.StdEncoding.DecodeString(text); err != nil {
		return p, fmt.Errorf("read picture: %w", err)
	}
	return p, nil
}

// CountPhotos implements response.Tasks.
func (s *Responses) CountPhotos(ctx context.Context, task string) (n int, err error) {
	if err := s.db.queryRow(ctx, `select count(*) from response_photos where task_id = $1`, task).Scan(&n); err != nil {
		return 0, fmt.Errorf("count pictures: %w", wrap(err))
	}
	return n, nil
}

// DropPhotos implements response.Tasks.
func (s *Responses) DropPhotos(ctx context.Context, task string, most int) (int, error) {
	lines, err := s.Lines(ctx, task)
	if err != nil {
		return 0, err
	}
	held := map[string]bool{}
	for _, l := range lines {
		for _, id := range l.Photos {
			held[id] = true
		}
	}
	ids, err := dutyRows(ctx, s.db, "pictures", func(row scanner) (id string, err error) { return id, row.Scan(&id) }, `select id from response_photos where task_id = $1 order by at, id`, task)
	if err != nil {
		return 0, err
	}
	left := len(ids)
	for _, id := range ids {
		if held[id] || most == 0 {
			continue
		}
		if _, err := s.db.exec(ctx, `delete from response_photos where id = $1`, id); err != nil {
			return 0, fmt.Errorf("drop picture: %w", wrap(err))
		}
		left, most = left-1, most-1
	}
	return left, nil
}

// AddLink implements response.Tasks.
func (s *Responses) AddLink(ctx context.Context, l response.Link) error {
	return s.db.saveBody(ctx, "link", l, `insert into response_links (hash, response_id, until, body) values ($1, $2, $3, $4)`, l.Hash, l.ResponseID, l.Until)
}

// LinkByHash implements response.Tasks. Nobody says in which world an address was made, so it is looked up.
func (s *Responses) LinkByHash(ctx context.Context, hash string) (response.Link, error) {
	var of string
	scan := func(row scanner) (l response.Link, err error) {
		var text string
		if err = row.Scan(&text, &of); err == nil {
			err = json.Unmarshal([]byte(text), &l)
		}
		return l, err
	}
	l, err := scan(s.db.queryRow(ctx, `select l.body, r.exercise from response_links l join responses r on r.id = l.response_id where l.hash = $1`, hash))
	l.Hash, l.Exercise = hash, of
	return missed(l, "response.no_link", "address", err)
}

// Command implements response.Commands.
func (s *Responses) Command(ctx context.Context, incident string) (response.Command, error) {
	c, err := scanBody[response.Command](s.db.queryRow(ctx, `select body from response_commands where incident_id = $1`+ofWorld(2), incident, exercise(ctx)))
	return missed(c, "response.no_command", "command", err)
}

// SaveCommand implements response.Commands.
func (s *Responses) SaveCommand(ctx context.Context, c response.Command) error {
	if err := s.db.belongs(ctx, c.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "command", c, `insert into response_commands (incident_id, body) values ($1, $2)
		on conflict (incident_id) do update set body = excluded.body`, c.IncidentID)
}
