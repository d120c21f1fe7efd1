package response

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Line is one thing that was done or said about a task; lines are only added.
type Line struct {
	TaskID  string    `json:"task_id"`
	No      int       `json:"no"`
	At      time.Time `json:"at"`
	ByName  string    `json:"by_name"`
	OrgName string    `json:"org_name"`
	Kind    string    `json:"kind"` // accept, start, note, done, needless, void, late, reopen
	Text    string    `json:"text"`
	Lon     *float64  `json:"lon,omitempty"` // WGS 84, degrees
	Lat     *float64  `json:"lat,omitempty"`
	Photos  []string  `json:"photos"` // ids
	// ReceivedAt is when something came that was told after the event.
	ReceivedAt time.Time `json:"received_at,omitzero"`
	// Document is the number of a paper, Signed who signed; Key is that of the request, which given again is the same line.
	Document string `json:"document,omitempty"`
	Signed   string `json:"signed,omitempty"`
	Key      string `json:"key,omitempty"`
}

// Step is something that somebody does with a task.
type Step struct {
	Kind     string // accept, start, note, done, needless, reopen
	Text     string
	Lon, Lat *float64
	Photos   []string
	At       time.Time // of what is told after the event; zero: now
	Document string    // number of a paper
	Signed   string    // who signed
	Key      string    // of the request: given again it does nothing more
}

// do is the task after a step.
func (t Task) do(st Step, by string, proof map[string]bool, now time.Time) (Task, error) {
	over := errs.E(errs.Conflict, "response.task_over", "the task is over already; look at it again")
	switch st.Kind {
	case "accept":
		if t.State != Given {
			return t, errs.E(errs.Conflict, "response.task_taken", "somebody has accepted the task already; look at it again")
		}
		t.State, t.AcceptedAt = Accepted, &now
	case "start":
		if t.State != Given && t.State != Accepted {
			return t, errs.E(errs.Conflict, "response.task_taken", "somebody has begun the task already; look at it again")
		}
		t.State, t.StartedAt = Started, &now
	case "note":
		if t.State == Void {
			return t, over
		}
	case "done":
		if t.State.Over() {
			return t, over
		}
		for _, e := range t.Evidence {
			if !proof[e] {
				return t, errs.Field("response.evidence."+e, "evidence", "the plan asks for proof of this task: "+e)
			}
		}
		t.State, t.EndedAt, t.EndedBy = Done, &now, by
	case "needless":
		if t.State.Over() {
			return t, over
		}
		if t.Condition == "" && t.ActionID != "" {
			return t, errs.E(errs.Conflict, "response.unconditional", "the plan asks for this task without a condition; do it, or let the commander lower the response")
		}
		t.State, t.EndedAt, t.EndedBy = Needless, &now, by
	case "reopen":
		if t.State != Done && t.State != Needless {
			return t, errs.E(errs.Conflict, "response.task_runs", "the task is not over; look at it again")
		}
		t.State, t.EndedAt, t.EndedBy = Started, nil, ""
	default:
		return t, errs.Field("response.step", "kind", "must be accept, start, note, done, needless or reopen")
	}
	if t.State != Given && t.AcceptedAt == nil && t.State != Needless {
		t.AcceptedAt = &now
	}
	if (t.State == Started || t.State == Done) && t.StartedAt == nil {
		t.StartedAt = &now
	}
	return t, nil
}

func (st Step) validate() error {
	switch {
	case !errs.Text(st.Text, maxNote):
		return errs.Field("response.text", "text", "at most 1000 characters")
	case (st.Kind == "note" && st.Text == "" && len(st.Photos) == 0 && st.Lon == nil && st.Document == "" && st.Signed == "") || ((st.Kind == "needless" || st.Kind == "reopen") && st.Text == ""):
		return errs.Field("response.text", "text", "say something, in 1 to 1000 characters")
	case st.Document != "" && !numbered(st.Document):
		return errs.Field("response.document", "document", "give the number of the paper, as 通政办函〔2026〕1号, in at most 120 characters")
	case st.Signed != "" && (!errs.Line(st.Signed, 40) || letters(st.Signed) < 2):
		return errs.Field("response.signed", "signed", "give the name of who signed, in 2 to 40 characters")
	case len(st.Key) > 64:
		return errs.Field("response.key", "key", "at most 64 characters")
	case len(st.Photos) > maxPhotos:
		return errs.Field("response.photos", "photos", "at most 20 pictures")
	}
	return incident.Place(st.Lon, st.Lat)
}

// letters counts the letters and digits of a text.
func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// numbered reports whether a text can be the number of a paper.
func numbered(s string) bool {
	return errs.Line(s, 120) && strings.ContainsFunc(s, unicode.IsDigit) && letters(s) >= 4
}

// proofs are the kinds of evidence that lines hold together. A document is its number or a picture of it; a signature
// is the name of who signed, in a field of its own: words prove neither.
func proofs(lines []Line) map[string]bool {
	out := map[string]bool{}
	for _, l := range lines {
		said := strings.TrimSpace(l.Text) != "" && l.Kind != "late" && l.Kind != "void"
		out["text"] = out["text"] || said
		out["document"] = out["document"] || l.Document != "" || len(l.Photos) > 0
		out["signature"] = out["signature"] || l.Signed != ""
		out["photo"] = out["photo"] || len(l.Photos) > 0
		out["position"] = out["position"] || l.Lon != nil
	}
	return out
}

// step does a step under the lock and tells of it. The actor was authorised.
func (s *Service) step(ctx context.Context, was Task, st Step, org string) (Task, error) {
	st.Text, st.Document, st.Signed = strings.TrimSpace(st.Text), strings.TrimSpace(st.Document), strings.TrimSpace(st.Signed)
	if err := st.validate(); err != nil {
		return Task{}, err
	}
	a, _ := actor.From(ctx)
	var out Task
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx, was.IncidentID); err != nil {
			return err
		}
		t, err := s.Store.Task(ctx, was.ID)
		if err != nil {
			return err
		}
		r, err := s.Store.Response(ctx, t.ResponseID)
		if err != nil {
			return err
		}
		if st.Kind == "reopen" && r.Level == 0 {
			return errs.E(errs.Conflict, "response.ended", "the response has ended; start the plan again")
		}
		if i, err := s.Incidents.Get(system(ctx), t.IncidentID); err != nil {
			return err
		} else if st.Kind == "reopen" && i.State != incident.Open {
			return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
		}
		now, received := stamp(), time.Time{}
		if !st.At.IsZero() && st.At.Before(now) {
			now, received = late(st.At, t.GivenAt), now
		}
		line := Line{TaskID: t.ID, No: t.Steps + 1, At: now, ReceivedAt: received, ByName: a.Name, OrgName: org, Kind: st.Kind, Text: st.Text, Lon: st.Lon, Lat: st.Lat, Photos: append([]string{}, st.Photos...), Document: st.Document, Signed: st.Signed, Key: st.Key}
		lines, err := s.Store.Lines(ctx, t.ID)
		if err != nil {
			return err
		}
		if st.Key != "" && slices.ContainsFunc(lines, func(l Line) bool { return l.Key == st.Key }) {
			out = t // the answer to it was lost
			return nil
		}
		for _, id := range st.Photos {
			p, err := s.Store.Photo(ctx, id)
			if errs.KindOf(err) == errs.NotFound || (err == nil && p.TaskID != t.ID) {
				return errs.Field("response.photos", "photos", "one of the pictures does not belong to this task")
			}
			if err != nil {
				return err
			}
		}
		from := t.State
		if t, err = t.do(st, a.Name, proofs(append(lines, line)), now); err != nil {
			return err
		}
		t.Steps, t.Edit = line.No, t.Edit+1
		if err := s.Store.AddLine(ctx, line); err != nil {
			return err
		}
		if err := s.Store.SaveTask(ctx, t); err != nil {
			return err
		}
		if err := s.clocked(ctx, t, st.Kind); err != nil {
			return err
		}
		text := t.Title
		if st.Text != "" {
			text += "：" + st.Text
		}
		if err := s.Incidents.Record(ctx, t.IncidentID, account.Org{Name: org}, incident.Step{Kind: Tasked, Act: st.Kind, Text: incident.Cut(text, incident.MaxText), Ref: t.ID, At: now}, nil); err != nil {
			return err
		}
		record(event.New(ctx, EventTask, t.ID, t.Division, Trace{IncidentID: t.IncidentID, Name: t.Title, From: string(from), To: string(t.State)}))
		out = t
		return nil
	})
	return out, err
}

// clocked ends the clock of a task that is over, or starts it again.
func (s *Service) clocked(ctx context.Context, t Task, kind string) error {
	if t.State.Over() && kind != "note" {
		return s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: t.ID}, clockKind, deadline.Met)
	}
	if kind != "reopen" {
		return nil
	}
	i, err := s.Incidents.Get(system(ctx), t.IncidentID)
	if err != nil {
		return err
	}
	_, err = s.Clocks.Set(ctx, t.clock(Seat{OrgID: t.OrgID, OrgArea: t.OrgArea}, i.Title, s.rule(t.OrgArea, t.GivenAt)))
	return err
}

// Detail is a task with everything that was written of it.
type Detail struct {
	Task
	Seat     *Seat    `json:"seat,omitempty"`
	Lines    []Line   `json:"lines"`
	Mine     bool     `json:"mine"` // the actor may act on it
	Response Response `json:"response"`
}

// task is one that the actor may see, and whether they may act on it: those who hold the seat, the desk that looks
// after it, and whoever may order in its response.
func (s *Service) task(ctx context.Context, id string, need actor.Permission) (o account.Org, t Task, seat Seat, mine bool, err error) {
	a, reach, err := s.Desks.Reach(ctx, need)
	if err != nil {
		return o, t, seat, false, err
	}
	o = reach.Desk
	if t, err = s.Store.Task(ctx, id); err != nil {
		return o, t, seat, false, err
	}
	seats, err := s.Store.Seats(ctx, t.ResponseID)
	if err != nil {
		return o, t, seat, false, err
	}
	if i := slices.IndexFunc(seats, func(v Seat) bool { return v.ID == t.SeatID }); i >= 0 {
		seat = seats[i]
	}
	me, err := s.me(ctx, a)
	if err != nil {
		return o, t, seat, false, err
	}
	mine = seat.holds(me) || o.ID == t.OrgID
	if !mine && !a.Covers(t.Division) && me != "" {
		r, err := s.Store.Response(ctx, t.ResponseID)
		if err != nil {
			return o, t, seat, false, err
		}
		seen, err := s.theirs(ctx, r, me, seats, []Task{t})
		if err != nil || len(seen) > 0 {
			return o, t, seat, false, err
		}
	}
	if !mine && !a.Covers(t.Division) {
		return o, Task{}, seat, false, errs.E(errs.NotFound, "response.no_task", "there is no such task among those that you see")
	}
	if !mine && a.Can(actor.ResponseOrder) {
		c, err := s.command(ctx, t.IncidentID)
		if err != nil {
			return o, t, seat, false, err
		}
		r, err := s.Store.Response(ctx, t.ResponseID)
		if err != nil {
			return o, t, seat, false, err
		}
		mine = c.directs(a, reach, r) == nil
	}
	return o, t, seat, mine, nil
}

// me is the duty person whose account the actor has; empty when there is none.
func (s *Service) me(ctx context.Context, a actor.Actor) (string, error) {
	p, err := s.Roster.PersonOf(system(ctx), a.ID)
	if errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	return p.ID, err
}

// Task shows a task whole, with the clause of the plan that asks for it.
func (s *Service) Task(ctx context.Context, id string) (Detail, error) {
	_, t, seat, mine, err := s.task(ctx, id, actor.IncidentRead)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Task: t, Mine: mine}
	if seat.ID != "" {
		d.Seat = &seat
	}
	if d.Response, err = s.Store.Response(ctx, t.ResponseID); err != nil {
		return d, err
	}
	lines, err := s.Store.Lines(ctx, id)
	d.Lines = append([]Line{}, lines...)
	return d, err
}

// Do does a step of a task from the console.
func (s *Service) Do(ctx context.Context, id string, st Step) (Task, error) {
	o, t, _, mine, err := s.task(ctx, id, actor.IncidentWrite)
	if err != nil {
		return Task{}, err
	}
	if !mine {
		return Task{}, errs.E(errs.Denied, "response.not_yours", "the task is done by those who hold its role, or by their desk")
	}
	return s.step(ctx, t, st, o.Name)
}

// Written lists what was written of all tasks of an incident.
func (s *Service) Written(ctx context.Context, id string) ([]Line, error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.incident(ctx, a, id); err != nil {
		return nil, err
	}
	return s.Store.LinesOf(ctx, id)
}

// lately is how long what was done stays on the own list.
const lately = 24 * time.Hour

// Mine are the tasks of the actor's seats and desk, the next due first.
func (s *Service) Mine(ctx context.Context) ([]Task, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.Store.Held(ctx, o.ID, me, stamp().Add(-lately))
}

// OnClock is told of the marks of a task's clock: when it has passed, the task is late.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	t, err := s.Store.Task(ctx, f.Clock.Owner.ID)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.Store.Lock(ctx, t.IncidentID); err != nil {
		return nil, err
	}
	if t, err = s.Store.Task(ctx, t.ID); err != nil || t.State.Over() || t.LateAt != nil {
		return nil, err
	}
	now := stamp()
	t.LateAt = &now
	t.Edit++
	t.Steps++
	if err := s.Store.AddLine(ctx, Line{TaskID: t.ID, No: t.Steps, At: now, Kind: "late", Photos: []string{}}); err != nil {
		return nil, err
	}
	if err := s.Store.SaveTask(ctx, t); err != nil {
		return nil, err
	}
	ctx = system(ctx)
	if err := s.Incidents.Record(ctx, t.IncidentID, account.Org{}, incident.Step{Kind: Tasked, Act: "late", Text: t.Title + "（" + t.SeatName + "）", Ref: t.ID}, nil); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventLate, t.ID, t.Division, Trace{IncidentID: t.IncidentID, Name: t.Title, To: string(t.State)})
	return []*event.Event{&e}, nil
}
