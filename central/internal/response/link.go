package response

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Link is the address by which one person reaches their tasks of one response without a login. Hash is all that is
// kept of its token.
type Link struct {
	Hash       string    `json:"-"`
	ResponseID string    `json:"response_id"`
	PersonID   string    `json:"person_id"`
	Name       string    `json:"name"`
	Key        string    `json:"key"` // of the message that carried it; empty: it was shown at the desk
	Until      time.Time `json:"until"`
	Exercise   string    `json:"-"` // of its response
	Stands     Standing  `json:"-"` // the exercise
}

// linkLasts is how long an address holds.
const linkLasts = 14 * 24 * time.Hour

// tell queues one message for each person who was given tasks, with an address of their own.
func (s *Service) tell(ctx context.Context, i incident.Incident, r Response, seats []Seat, tasks []Task) error {
	type part struct {
		member Member
		seat   Seat
		tasks  []Task
	}
	var parts []part
	for _, t := range tasks {
		k := slices.IndexFunc(seats, func(o Seat) bool { return o.ID == t.SeatID })
		for _, m := range seats[k].Members {
			if m.PersonID == "" {
				continue
			}
			n := slices.IndexFunc(parts, func(p part) bool { return p.member.PersonID == m.PersonID })
			if n < 0 {
				parts = append(parts, part{member: m, seat: seats[k]})
				n = len(parts) - 1
			}
			parts[n].tasks = append(parts[n].tasks, t)
		}
	}
	now := stamp()
	for _, p := range parts {
		first := slices.MinFunc(p.tasks, func(a, b Task) int { return a.DueAt.Compare(b.DueAt) })
		text := fmt.Sprintf("%s：您有%d项任务，最早的是“%s”，%s前完成。", incident.Cut(i.Title, 60), len(p.tasks), incident.Cut(first.Title, 60), first.DueAt.In(event.China()).Format("1月2日15:04"))
		o := notice.Order{
			Key: "response " + first.ID, Kind: "response.task", About: r.ID, OrgID: p.seat.OrgID, Division: p.seat.OrgArea, Title: "应急任务", Text: text, Urgent: true,
			Until: late(latest(p.tasks), now).Add(2 * time.Hour), // also of what is overdue: who takes it over must know
		}
		person, err := s.Roster.Person(system(ctx), p.member.PersonID)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		to := notice.Person{ID: person.ID, Name: person.Name, Ways: s.Notices.Ways(person.Addresses())}
		if s.URL != "" {
			token := rand.Text()
			if err := s.Store.AddLink(ctx, Link{Hash: account.Digest(token), ResponseID: r.ID, PersonID: person.ID, Name: person.Name, Key: o.Key, Until: first.GivenAt.Add(linkLasts), Exercise: r.Exercise}); err != nil {
				return err
			}
			to.Link = strings.TrimSuffix(s.URL, "/") + "/t/" + token
		}
		o.To = []notice.Person{to}
		if err := s.Notices.Queue(system(ctx), o); err != nil {
			return err
		}
	}
	return nil
}

func late(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func latest(tasks []Task) time.Time {
	return slices.MaxFunc(tasks, func(a, b Task) int { return a.DueAt.Compare(b.DueAt) }).DueAt
}

// above tells the desks above of what was started before they knew: of a plan of theirs every desk up to its owner, of
// one that nobody has approved at least the next. The timeline says who was told, or that nobody was there to be told.
func (s *Service) above(ctx context.Context, o account.Org, i incident.Incident, r Response, now time.Time) error {
	n, err := s.night(ctx, now)
	if err != nil {
		return err
	}
	title, text := "紧急启动未批预案", fmt.Sprintf("%s对“%s”紧急启动了未经批准的预案“%s”，请知悉并补办审批。原因：%s", o.Name, incident.Cut(i.Title, 60), incident.Cut(r.PlanName, 60), incident.Cut(r.Why, 120))
	if r.Approved {
		title, text = "先启动后报告", fmt.Sprintf("%s对“%s”先行启动了%s的预案“%s”，请在指挥室确认、调整或终止。原因：%s", o.Name, incident.Cut(i.Title, 60), r.OwnerName, incident.Cut(r.PlanName, 60), incident.Cut(r.Why, 120))
	}
	for _, to := range upward(n.tree, o, r.OwnerID) {
		told, err := s.tellDesk(ctx, n, to, notice.Order{
			Key: fmt.Sprintf("response emergency %s %d %s", r.ID, r.Edit, to.ID), Kind: "response.emergency", About: r.ID, Title: title, Text: text, Urgent: true, Until: now.Add(24 * time.Hour),
		})
		if err != nil {
			return err
		}
		if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: incident.Answered, Act: "above", Text: incident.Cut(title+"，"+told+"。原因："+r.Why, incident.MaxText), Ref: r.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}

// upward are the desks above one, up to that of a plan's owner; the next alone where the owner is none of them.
func upward(tree []account.Org, o account.Org, owner string) []account.Org {
	var out []account.Org
	for at := o; at.ID != owner; {
		upper, ok := incident.Find(tree, at.ParentID)
		if !ok {
			break
		}
		out = append(out, upper)
		at = upper
	}
	switch next, ok := incident.Find(tree, o.ParentID); {
	case len(out) > 0 && out[len(out)-1].ID == owner:
		return out
	case ok:
		return []account.Org{next}
	}
	return []account.Org{o} // nobody is above: the own desk
}

// tellDesk tells the leader on duty of a desk, else its officers, and says whom, or that nobody was there.
func (s *Service) tellDesk(ctx context.Context, n *night, to account.Org, order notice.Order) (string, error) {
	people, err := n.onDuty(ctx, to.ID, string(duty.Leader))
	if err == nil && len(people) == 0 {
		people, err = n.onDuty(ctx, to.ID, string(duty.Officer))
	}
	if err != nil {
		return "", err
	}
	order.OrgID, order.Division = to.ID, to.Division
	var told []string
	for _, m := range people {
		person, err := s.Roster.Person(system(ctx), m.PersonID)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return "", err
		}
		order.To = append(order.To, notice.Person{ID: person.ID, Name: person.Name, Ways: s.Notices.Ways(person.Addresses())})
		told = append(told, person.Name)
	}
	if len(told) == 0 {
		return fmt.Sprintf("%s此刻无人在班，请电话告知", to.Name), nil
	}
	return fmt.Sprintf("已告知%s：%s", to.Name, strings.Join(told, "、")), s.Notices.Queue(system(ctx), order)
}

// PhonePage is what the address of a message shows: the tasks of one person.
type PhonePage struct {
	Person   string     `json:"person"`
	Incident string     `json:"incident"`
	Place    string     `json:"place"`
	PlanName string     `json:"plan_name"`
	Level    int        `json:"level"`
	Exercise bool       `json:"exercise"`
	RestsAt  *time.Time `json:"rests_at,omitempty"` // since when the exercise is paused
	Over     bool       `json:"over"`               // the exercise has ended
	Tasks    []Task     `json:"tasks"`
	Groups   []Task     `json:"groups"` // of the own groups, that others do
	At       time.Time  `json:"at"`
}

// Shown is a new address of one person's tasks, for whoever stands before the desk or has no telephone number. The
// address is a path where the centre does not know its own.
type Shown struct {
	Name    string    `json:"name"`
	Address string    `json:"address"`
	Until   time.Time `json:"until"`
}

// Show makes a new address for somebody who holds a seat; that it was shown, and to whom, is written down, for it lets
// whoever has it act in that person's name.
func (s *Service) Show(ctx context.Context, response, seat, person string) (Shown, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Shown{}, err
	}
	r, err := s.response(ctx, a, response)
	if err != nil {
		return Shown{}, err
	}
	var out Shown
	err = s.change(ctx, a, r.IncidentID, func(ctx context.Context, i incident.Incident, note noter) error {
		if err := s.ordering(ctx, a, reach, i, r); err != nil {
			return err
		}
		seats, err := s.Store.Seats(ctx, r.ID)
		if err != nil {
			return err
		}
		k := slices.IndexFunc(seats, func(v Seat) bool { return v.ID == seat && v.holds(person) })
		if k < 0 {
			return errs.Field("response.no_holder", "person_id", "this person of the roster does not hold the role; put them into it first")
		}
		m := seats[k].Members[slices.IndexFunc(seats[k].Members, func(m Member) bool { return m.PersonID == person })]
		token, until := rand.Text(), stamp().Add(linkLasts)
		if err := s.Store.AddLink(ctx, Link{Hash: account.Digest(token), ResponseID: r.ID, PersonID: m.PersonID, Name: m.Name, Until: until, Exercise: r.Exercise}); err != nil {
			return err
		}
		if err := s.shown(ctx, i.ID, reach.Desk, incident.Step{Kind: Commanded, Act: "link", Text: seats[k].Name + "：" + m.Name, Ref: seats[k].ID}); err != nil {
			return err
		}
		note(EventLink, seats[k].ID, Trace{Name: seats[k].Name, To: m.Name})
		out = Shown{m.Name, strings.TrimSuffix(s.URL, "/") + "/t/" + token, until}
		return nil
	})
	return out, err
}

// shownAgain is within which an address that is shown once more for the same role and person adds no line.
const shownAgain = 30 * time.Minute

// shown writes that an address was shown into the timeline, unless that stands there from a moment ago. The audit trail
// has every time.
func (s *Service) shown(ctx context.Context, id string, desk account.Org, st incident.Step) error {
	steps, err := s.Incidents.Steps(ctx, id)
	if err != nil {
		return err
	}
	since := stamp().Add(-shownAgain)
	if slices.ContainsFunc(steps, func(o incident.Step) bool {
		return o.Kind == st.Kind && o.Act == st.Act && o.Ref == st.Ref && o.Text == st.Text && o.OrgID == desk.ID && o.At.After(since)
	}) {
		return nil
	}
	return s.Incidents.Record(ctx, id, desk, st, nil)
}

// link finds the person behind an address, with their tasks, and goes into the world of those.
func (s *Service) link(ctx context.Context, token string) (context.Context, Link, []Task, error) {
	l, err := s.Store.LinkByHash(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && stamp().After(l.Until)) {
		return ctx, l, nil, errs.E(errs.NotFound, "response.no_link", "this address is unknown, or its time is over")
	}
	if err != nil {
		return ctx, l, nil, err
	}
	unknown := errs.E(errs.NotFound, "response.no_link", "this address is unknown, or its time is over")
	if l.Exercise != "" && s.Live != nil {
		if l.Stands, err = s.Live(ctx, l.Exercise); err != nil {
			return ctx, l, nil, err
		}
		if !l.Stands.Live {
			return ctx, l, nil, unknown
		}
	}
	p, err := s.Roster.Person(system(ctx), l.PersonID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !p.Active) {
		return ctx, l, nil, unknown // who has left acts no more
	}
	if err != nil {
		return ctx, l, nil, err
	}
	ctx = world.Into(ctx, world.World(l.Exercise))
	r, err := s.Store.Response(ctx, l.ResponseID)
	if err != nil {
		return ctx, l, nil, err
	}
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return ctx, l, nil, err
	}
	all, err := s.Store.TasksOf(ctx, r.IncidentID)
	tasks := []Task{}
	for _, t := range all {
		if slices.ContainsFunc(seats, func(o Seat) bool { return o.ID == t.SeatID && o.holds(l.PersonID) }) {
			tasks = append(tasks, t)
		}
	}
	return ctx, l, tasks, err
}

func (o Seat) holds(person string) bool {
	return person != "" && slices.ContainsFunc(o.Members, func(m Member) bool { return m.PersonID == person })
}

// Open is the page behind an address.
func (s *Service) Open(ctx context.Context, token string) (PhonePage, error) {
	ctx, l, tasks, err := s.link(system(ctx), token)
	if err != nil {
		return PhonePage{}, err
	}
	r, err := s.Store.Response(ctx, l.ResponseID)
	if err != nil {
		return PhonePage{}, err
	}
	i, err := s.Incidents.Get(ctx, r.IncidentID)
	if err != nil {
		return PhonePage{}, err
	}
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return PhonePage{}, err
	}
	all, err := s.Store.TasksOf(ctx, r.IncidentID)
	if err != nil {
		return PhonePage{}, err
	}
	groups, err := s.theirs(ctx, r, l.PersonID, seats, all)
	return PhonePage{l.Name, i.Title, i.Place, r.PlanName, r.Level, r.Exercise != "", l.Stands.RestsAt, l.Stands.Over, tasks, groups, stamp()}, err
}

// Seen notes that somebody has looked at the page of an address: a robot that makes a preview of it opens it as well.
func (s *Service) Seen(ctx context.Context, token string) error {
	ctx, l, _, err := s.link(system(ctx), token)
	if err != nil || l.Key == "" {
		return err
	}
	return s.Notices.Reached(ctx, l.Key, l.PersonID, notice.Read)
}

// linked is the context and the task of somebody who came by an address.
func (s *Service) linked(ctx context.Context, token, task string) (context.Context, Task, error) {
	ctx, l, tasks, err := s.link(system(ctx), token)
	if err != nil {
		return ctx, Task{}, err
	}
	i := slices.IndexFunc(tasks, func(t Task) bool { return t.ID == task })
	if i < 0 {
		return ctx, Task{}, errs.E(errs.NotFound, "response.no_task", "there is no such task among yours")
	}
	return actor.With(ctx, actor.Actor{Kind: actor.System, ID: l.PersonID, Name: l.Name}), tasks[i], nil
}

// StepByLink does a step of a task as the person whose address it is.
func (s *Service) StepByLink(ctx context.Context, token, task string, st Step) (Task, error) {
	ctx, t, err := s.linked(ctx, token, task)
	if err != nil {
		return Task{}, err
	}
	if st.Kind == "reopen" {
		return Task{}, errs.E(errs.Conflict, "response.task_over", "the task is over; only the desk opens it again, call there")
	}
	if err := s.running(ctx, t); err != nil {
		return Task{}, err
	}
	if err := s.Seen(ctx, token); err != nil {
		return Task{}, err
	}
	return s.step(ctx, t, st, "")
}

// running refuses what is told of a task, without a login, once its incident is over.
func (s *Service) running(ctx context.Context, t Task) error {
	i, err := s.Incidents.Get(ctx, t.IncidentID)
	if err == nil && i.State != incident.Open {
		err = errs.E(errs.Conflict, "incident.not_open", "the incident is over; tell your desk what is left to say")
	}
	return err
}

// LinesByLink are what was written of a task of the person whose address it is.
func (s *Service) LinesByLink(ctx context.Context, token, task string) ([]Line, error) {
	ctx, t, err := s.linked(ctx, token, task)
	if err != nil {
		return nil, err
	}
	return s.Store.Lines(ctx, t.ID)
}

// PhotoByLink keeps a picture for the next step of a task.
func (s *Service) PhotoByLink(ctx context.Context, token, task string, bytes []byte) (Photo, error) {
	ctx, t, err := s.linked(ctx, token, task)
	if err != nil {
		return Photo{}, err
	}
	return s.photo(ctx, t, bytes)
}
