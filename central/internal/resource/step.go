package resource

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/strict"
)

// Step is one thing that was done or said about a dispatch; steps are only added. Kind is the state that it brought, or
// report or missed.
type Step struct {
	DispatchID string    `json:"dispatch_id"`
	No         int       `json:"no"`
	At         time.Time `json:"at"`
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	Kind       string    `json:"kind"`
	Text       string    `json:"text"`
	Lon        *float64  `json:"lon,omitempty"` // WGS 84, degrees
	Lat        *float64  `json:"lat,omitempty"`
	Amount     float64   `json:"amount"` // of stock, that came back
}

// report is the step by which a crew says that it is well.
const report = "report"

func (st Step) validate() error {
	switch {
	case !errs.Text(st.Text, maxText):
		return errs.Field("resource.text", "text", "at most 1000 characters")
	case (st.Kind == string(Refused) || st.Kind == string(Cancelled)) && st.Text == "":
		return errs.Field("resource.why", "text", "say why")
	}
	return incident.Place(st.Lon, st.Lat)
}

// after is the dispatch after a step. Crews go forward, and may skip: who is there has left.
func (d Dispatch) after(st Step, now time.Time) (Dispatch, error) {
	if d.over() {
		return d, errs.E(errs.Conflict, "resource.over", "the dispatch is over already; look at it again")
	}
	to := State(st.Kind)
	late := errs.E(errs.Conflict, "resource.step", "that was told already, or cannot follow; look at it again")
	next := map[State][]State{
		Sent: {Going, There, Released, Refused}, Going: {There, Released}, There: {Released},
		Reserved: {Issued, Cancelled}, Issued: {Returned},
	}[d.State]
	if st.Kind != report && !slices.Contains(next, to) {
		return d, late
	}
	if st.Lon != nil {
		d.Lon, d.Lat, d.LocatedAt = st.Lon, st.Lat, &now
	}
	if st.Kind == report {
		return d, nil
	}
	d.State = to
	if d.GoneAt == nil && (to == Going || to == There || to == Issued) {
		d.GoneAt = &now
	}
	if to == There {
		d.ArrivedAt = &now
	}
	if to == Returned {
		if st.Amount < 0 || st.Amount > d.Amount || exact(st.Amount) != st.Amount {
			return d, errs.Field("resource.back", "amount", "must be 0 to what was issued")
		}
		d.Back = st.Amount
	}
	if d.over() {
		d.EndedAt = &now
	}
	return d, nil
}

// write keeps a step and the dispatch after it, which has been heard of by it.
func (s *Service) write(ctx context.Context, d Dispatch, st Step, now time.Time) (Dispatch, error) {
	d.Steps++
	d.HeardAt, d.MissedAt, d.DueAt = now, nil, nil
	if d.Minutes > 0 && !d.over() {
		due := now.Add(time.Duration(d.Minutes) * time.Minute)
		d.DueAt = &due
	}
	st.DispatchID, st.No, st.At = d.ID, d.Steps, now
	if err := s.Store.SaveDispatch(ctx, d); err != nil {
		return d, err
	}
	return d, s.Store.AddStep(ctx, st)
}

// Do does a step from the console: the desks of the incident and of the team tell what they hear; who may send there
// releases, takes back and recalls.
func (s *Service) Do(ctx context.Context, id string, st Step) (Dispatch, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Dispatch{}, err
	}
	d, err := s.dispatch(ctx, a, id)
	if err != nil {
		return Dispatch{}, err
	}
	if k := State(st.Kind); k == Released || k == Cancelled {
		if !a.Can(actor.ResponseOrder) {
			return Dispatch{}, errs.E(errs.Denied, "auth.denied", "who may send there releases and takes back")
		}
		// What is out comes back whatever the incident has become, also to who does not see where it is.
		i, err := s.Incidents.Get(system(ctx), d.IncidentID)
		if err != nil {
			return Dispatch{}, err
		}
		if err := s.Responses.Directs(ctx, i); err != nil {
			return Dispatch{}, err
		}
	}
	st.ByName, st.OrgName = a.Name, o.Name
	d, err = s.step(ctx, id, st, o)
	d.Phone = masked(a, d.Phone)
	return d, err
}

// dispatch is one that the actor may see: by the incident, or by the team.
func (s *Service) dispatch(ctx context.Context, a actor.Actor, id string) (Dispatch, error) {
	d, err := s.Store.Dispatch(ctx, id)
	if err == nil && !a.Covers(d.Division) && !a.Covers(d.OrgArea) {
		return Dispatch{}, denied("dispatch")
	}
	return d, err
}

// Steps lists what was told of a dispatch, oldest first.
func (s *Service) Steps(ctx context.Context, id string) ([]Step, error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.dispatch(ctx, a, id); err != nil {
		return nil, err
	}
	return s.Store.Steps(ctx, id)
}

// step does a step under the lock and tells of it. The actor was authorised.
func (s *Service) step(ctx context.Context, id string, st Step, o account.Org) (Dispatch, error) {
	st.Text = strings.TrimSpace(st.Text)
	if err := st.validate(); err != nil {
		return Dispatch{}, err
	}
	var out Dispatch
	err := s.change(ctx, func(ctx context.Context, note noter) error {
		d, err := s.Store.Dispatch(ctx, id)
		if err != nil {
			return err
		}
		now := stamp()
		from := d.State
		if d, err = d.after(st, now); err != nil {
			return err
		}
		d.Edit++
		if d, err = s.write(ctx, d, st, now); err != nil {
			return err
		}
		if err := s.follow(ctx, d, from, st, o, note); err != nil {
			return err
		}
		if err := s.clock(ctx, d, now); err != nil {
			return err
		}
		text := d.title()
		if st.Text != "" {
			text += "：" + st.Text
		}
		if err := s.tellLine(ctx, o, d.IncidentID, st.Kind, text, d.ID); err != nil {
			return err
		}
		note(EventStep, d.ID, d.Division, Trace{IncidentID: d.IncidentID, Name: d.Name, From: string(from), To: st.Kind, Amount: d.Back, Unit: d.Unit})
		out = d
		return nil
	})
	return out, err
}

// follow brings the team or the stock along. A crew that is released rests until somebody says that it is ready.
func (s *Service) follow(ctx context.Context, d Dispatch, from State, st Step, o account.Org, note noter) error {
	if d.Kind == OfTeam {
		return s.followTeam(ctx, d, from, st, note)
	}
	if d.State == from {
		return nil
	}
	v, err := s.Store.Stock(ctx, d.SubjectID)
	if err != nil {
		return err
	}
	kind, n := map[State]string{Issued: "issue", Cancelled: "free", Returned: "return"}[d.State], d.Amount
	if d.State == Returned {
		if n = d.Back; n == 0 {
			return nil
		}
	}
	_, err = s.shift(ctx, v, kind, n, Move{Reason: d.What + " → " + d.Place, ByName: st.ByName, OrgName: o.Name, DispatchID: d.ID}, note)
	return err
}

func (s *Service) followTeam(ctx context.Context, d Dispatch, from State, st Step, note noter) error {
	t, err := s.Store.Team(ctx, d.SubjectID)
	if err != nil || t.DispatchID != d.ID || (d.State == from && st.Lon == nil) {
		return err
	}
	if st.Lon != nil {
		t.Seen = &Seen{*st.Lon, *st.Lat, d.HeardAt}
	}
	if d.State == from {
		t.Edit++
		return s.Store.SaveTeam(ctx, t)
	}
	if d.over() {
		t.DispatchID, t.Seen = "", nil
	}
	to := map[State]Status{Going: EnRoute, There: OnSite, Released: Resting, Refused: Ready}[d.State]
	_, err = s.put(ctx, t, to, st.Text, st.ByName, note)
	return err
}

// OwnerKind is the owner of the clocks by which crews report; its id is that of the incident and of the dispatch.
const OwnerKind = "resource-crew"

func ownerOf(d Dispatch) deadline.Owner {
	return deadline.Owner{Kind: OwnerKind, ID: d.IncidentID + " " + d.ID}
}

const clockKind = "check_in"

// usual is within what time crews report where no limit says it.
const usual = 30 * time.Minute

// rule is the limit by which crews of a division report.
func (s *Service) rule(division string, at time.Time) deadline.Found {
	f, ok := s.Book.Find(deadline.Query{Division: division, Do: "check_in", At: at})
	if !ok {
		f.Limit.Then = []deadline.Next{{To: deadline.Leader}}
	}
	if f.Limit.Within == 0 {
		f.Limit.Within = strict.Duration(usual)
	}
	return f
}

// clock sets the clock of a crew anew, or ends it.
func (s *Service) clock(ctx context.Context, d Dispatch, now time.Time) error {
	if d.Minutes == 0 {
		return nil
	}
	if d.DueAt == nil {
		return s.Clocks.End(ctx, ownerOf(d), clockKind, deadline.Met)
	}
	l := s.rule(d.Division, now)
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: ownerOf(d), Kind: clockKind, OrgID: d.DeskID, Division: d.DeskArea, Name: d.Name + " · " + d.What, Rule: l.Name(), Scale: deadline.Counted, BaseAt: now, DueAt: *d.DueAt, Stages: l.Limit.Stages(),
	})
	return err
}

// OnClock is told of the marks of a crew's clock: when it has passed, who commands is told that the crew is silent.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	if err := s.Store.Lock(ctx); err != nil {
		return nil, err
	}
	_, id, _ := strings.Cut(f.Clock.Owner.ID, " ")
	d, err := s.Store.Dispatch(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil || d.over() || d.MissedAt != nil || d.DueAt == nil {
		return nil, err
	}
	ctx, now := system(ctx), stamp()
	d.MissedAt = &now
	d.Edit++
	d.Steps++
	if err := s.Store.SaveDispatch(ctx, d); err != nil {
		return nil, err
	}
	if err := s.Store.AddStep(ctx, Step{DispatchID: d.ID, No: d.Steps, At: now, Kind: "missed"}); err != nil {
		return nil, err
	}
	if err := s.tellLine(ctx, account.Org{}, d.IncidentID, "missed", d.title(), d.ID); err != nil {
		return nil, err
	}
	if err := s.alarm(ctx, d, now); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventMissed, d.ID, d.Division, Trace{IncidentID: d.IncidentID, Name: d.Name})
	return []*event.Event{&e}, nil
}
