package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Sending is how a draft leaves. Version is the one that was read; Signer signs, How is self or oral; Copies are
// organisations that have it as well; Out names who has it beyond this centre, at the top.
type Sending struct {
	Version int
	Signer  string
	How     string
	Copies  []string
	Out     string
}

// Send signs a draft and sends it to the desk above, and copies to others. From here it never changes.
func (s *Service) Send(ctx context.Context, id string, n Sending) (View, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return View{}, err
	}
	if n.How == "self" {
		if !a.Can(actor.ReportSign) {
			return View{}, errs.E(errs.Denied, "report.sign_denied", "you may not sign reports; name the leader who has agreed")
		}
		n.Signer = a.Name
	}
	n.Signer = strings.TrimSpace(n.Signer)
	if (n.How != "self" && n.How != "oral") || !errs.Name(n.Signer, 64) {
		return View{}, errs.Field("report.signer", "signer", "say who signs, in 1 to 64 characters on one line")
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return View{}, err
	}
	var r Report
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if r, err = s.draft(ctx, o, id); err != nil {
			return err
		}
		if n.Version != r.Version {
			return errs.E(errs.Conflict, "report.changed", "somebody has changed the draft meanwhile; look at it again")
		}
		i, err := s.Incidents.Get(ctx, r.IncidentID)
		if err != nil {
			return err
		}
		prev, against, err := s.against(ctx, r)
		if err != nil {
			return err
		}
		check := r.check(s.Templates.Of(r), s.Grading, against)
		if err := r.mayLeave(check); err != nil {
			return err
		}
		now := against.Now // what was asked and what is judged afterwards is of one moment
		was := r.Version
		r.State, r.SentAt, r.Signer, r.SignedHow, r.Version = Sent, &now, n.Signer, n.How, was+1
		r.Answers = check.kept(r.Answers)
		r.Missing, r.Changed, r.Proposed, r.Rule = check.Missing, check.Changed, check.Proposal.Level, check.Proposal.Rule
		if err := s.Store.Save(ctx, r, was); err != nil {
			return err
		}
		if err := s.tell(ctx, r, prev, i, o); err != nil {
			return err
		}
		return s.send(ctx, note, tree, o, r, n, now)
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, o, r)
}

// mayLeave refuses a draft that lacks what it cannot leave without. Pure.
func (r Report) mayLeave(c Check) error {
	wrong := map[string]string{}
	for _, el := range c.Core {
		wrong[el] = "is missing"
	}
	if r.Kind == Final {
		for _, el := range c.Missing {
			if r.Waived[el] == "" {
				wrong[el] = "is missing; fill it in, or say why it is not known"
			}
		}
	}
	if len(wrong) > 0 {
		return &errs.Error{Kind: errs.Invalid, Code: "report.incomplete", Msg: "elements are missing", Fields: wrong}
	}
	for _, q := range c.unanswered(r.Answers) {
		wrong["answer "+q] = "is not answered"
	}
	if len(wrong) > 0 {
		return &errs.Error{Kind: errs.Invalid, Code: "report.unanswered", Msg: "questions are not answered", Fields: wrong}
	}
	if c.Proposal.Level > 0 && r.Level != c.Proposal.Level && strings.TrimSpace(r.LevelWhy) == "" {
		return errs.Field("report.level_why", "level_why", "say why the level is another than the figures give")
	}
	return nil
}

// tell writes what a report says into its incident: the figures that are new, and the level that was confirmed.
func (s *Service) tell(ctx context.Context, r Report, prev *Report, i incident.Incident, o account.Org) error {
	before := map[string]int{}
	if prev != nil {
		before = prev.figures()
	}
	now := r.figures()
	for _, kind := range slices.Sorted(maps.Keys(now)) {
		if n, same := before[kind]; same && n == now[kind] {
			continue
		}
		if _, err := s.Incidents.Count(ctx, i.ID, incident.Figure{Kind: kind, Value: now[kind], At: *r.SentAt, Source: o.Name + " " + r.Title, Ref: r.ID}); err != nil {
			return err
		}
	}
	if r.Level == i.Level || r.Level == 0 || o.ID != i.OrgID {
		return nil
	}
	why := r.LevelWhy
	if why == "" {
		why = r.Rule
	}
	_, err := s.Incidents.Grade(ctx, i.ID, r.Level, why)
	return err
}

// send makes the hops of a report, and meets the clocks that wait for it.
func (s *Service) send(ctx context.Context, note noter, tree []account.Org, o account.Org, r Report, n Sending, now time.Time) error {
	a, _ := actor.From(ctx)
	hop := Hop{
		ReportID: r.ID, IncidentID: r.IncidentID, IncidentNo: r.IncidentNo, IncidentTitle: r.IncidentTitle, Title: r.Title, Level: r.Level,
		FromOrg: o.ID, FromName: o.Name, FromDivision: o.Division, SubmittedAt: now, WrittenAt: now, SubmittedBy: a.Name,
	}
	var err error
	if hop.Due, err = s.due(ctx, r.IncidentID, o.ID); err != nil {
		return err
	}
	above, ok := incident.Find(tree, o.ParentID)
	var hops []Hop
	switch {
	case ok:
		hops = append(hops, hop.to(Up, above, now))
	case n.Out != "":
		if !errs.Name(n.Out, maxLine) {
			return errs.Field("report.out", "out", "say who has it, in 1 to 200 characters on one line")
		}
		out := hop
		out.Kind, out.ToName = Out, strings.TrimSpace(n.Out)
		hops = append(hops, out)
	case len(n.Copies) == 0:
		return errs.Field("report.out", "out", "nobody stands above this desk here; say who has the report, or choose copies")
	}
	for _, id := range n.Copies {
		to, ok := incident.Find(tree, id)
		if !ok || to.ID == o.ID || slices.ContainsFunc(hops, func(h Hop) bool { return h.ToOrg == to.ID }) {
			return errs.Field("report.copies", "copies", "is no other organisation of this centre, or stands here twice")
		}
		hops = append(hops, hop.to(Copy, to, now))
	}
	for _, h := range hops {
		h.ID = newID()
		if err := s.Store.SaveHop(ctx, h); err != nil {
			return err
		}
		var known *incident.Known
		if h.ToOrg != "" {
			known = &incident.Known{OrgID: h.ToOrg, OrgName: h.ToName, At: now, Kind: "report", Ref: r.ID, Text: r.Title}
		}
		if err := s.Incidents.Record(ctx, r.IncidentID, o, incident.Step{Kind: incident.Reported, Act: "sent", Text: r.Title + " → " + h.ToName, Ref: r.ID, To: []string{h.ToOrg}}, known); err != nil {
			return err
		}
		note(ctx, EventSent, h.ID, h.ToDivision, Trace{Name: r.Title, From: o.Name, To: h.ToName})
	}
	note(ctx, EventSent, r.ID, o.Division, Trace{Name: r.Title, From: o.Name, To: hops[0].ToName})
	if r.FromHop != "" {
		from, err := s.Store.Hop(ctx, r.FromHop)
		if err != nil {
			return err
		}
		if from.ForwardedBy == "" {
			from.ForwardedBy = r.ID
			if err := s.Store.SaveHop(ctx, from); err != nil {
				return err
			}
		}
	}
	return s.met(ctx, r, o, tree, hops[0].Kind != Copy)
}

func (h Hop) to(kind HopKind, o account.Org, now time.Time) Hop {
	h.Kind, h.ToOrg, h.ToName, h.ToDivision, h.DeliveredAt = kind, o.ID, o.Name, o.Division, &now
	return h
}

// Call is a report by phone: who told whom, before anything is written. A zero At means now.
type Call struct {
	At   time.Time
	Text string
}

// Phoned writes down that the desk above was told on the phone, which meets the clock of the phone report. The desk
// above hears it too.
func (s *Service) Phoned(ctx context.Context, incidentID string, c Call) (Hop, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return Hop{}, err
	}
	now := stamp()
	if c.At.IsZero() {
		c.At = now
	}
	if strings.TrimSpace(c.Text) == "" || !errs.Text(c.Text, incident.MaxText) {
		return Hop{}, errs.Field("report.text", "text", "say who told whom what")
	}
	i, err := s.Incidents.Get(ctx, incidentID)
	if err != nil {
		return Hop{}, err
	}
	if c.At.After(now.Add(ahead)) || c.At.Before(i.OccurredAt.Add(-ahead)) {
		return Hop{}, errs.Field("report.called_at", "at", "must lie between the event and now")
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Hop{}, err
	}
	h := Hop{
		ID: newID(), IncidentID: i.ID, IncidentNo: i.No, IncidentTitle: i.Title, Title: i.Title + "（电话报告）", Level: i.Level, Kind: Phone, FromOrg: o.ID, FromName: o.Name,
		FromDivision: o.Division, Text: strings.TrimSpace(c.Text), SubmittedAt: event.Stamp(c.At), WrittenAt: now, SubmittedBy: a.Name,
	}
	if above, ok := incident.Find(tree, o.ParentID); ok {
		h.ToOrg, h.ToName, h.ToDivision, h.DeliveredAt = above.ID, above.Name, above.Division, &now
	}
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if h.Due, err = s.due(ctx, i.ID, o.ID); err != nil {
			return err
		}
		if err := s.Store.SaveHop(ctx, h); err != nil {
			return err
		}
		var known *incident.Known
		if h.ToOrg != "" {
			known = &incident.Known{OrgID: h.ToOrg, OrgName: h.ToName, At: now, Kind: "report", Ref: h.ID, Text: h.Title}
		}
		if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: incident.Reported, Act: "phoned", Text: h.Text, Ref: h.ID, To: []string{h.ToOrg}}, known); err != nil {
			return err
		}
		note(ctx, EventPhoned, h.ID, h.ToDivision, Trace{Name: h.Title, From: o.Name, To: h.ToName})
		return s.Clocks.End(ctx, owner(i.ID, o.ID), ClockPhone, deadline.Met)
	})
	return h, err
}

// hop is a hop to the actor's own desk.
func (s *Service) hop(ctx context.Context, o account.Org, id string) (Hop, error) {
	h, err := s.Store.Hop(ctx, id)
	if err != nil {
		return h, err
	}
	if h.ToOrg != o.ID {
		return Hop{}, errUnseen("report")
	}
	return h, nil
}

// Open says that the receiver has seen a report. A second one changes nothing. A phone call needs no more than that,
// unless it was written down long after: then the receiver accepts the time that is said, or returns it.
func (s *Service) Open(ctx context.Context, id string) (Hop, error) {
	return s.receive(ctx, id, func(h *Hop, a actor.Actor, now time.Time) (string, string, error) {
		if h.OpenedAt != nil {
			return "", "", nil
		}
		h.OpenedAt, h.OpenedBy = &now, a.Name
		if h.Kind == Phone && !h.delayed() {
			h.Decision, h.DecidedAt, h.DecidedBy = Accepted, &now, a.Name
		}
		return EventOpened, "opened", nil
	})
}

// Accept takes a report over, and a phone call with the time that is said.
func (s *Service) Accept(ctx context.Context, id string) (Hop, error) {
	return s.decide(ctx, id, Accepted, "")
}

// Return sends a report back to be done again, for a reason. A call that is returned was never made.
func (s *Service) Return(ctx context.Context, id, reason string) (Hop, error) {
	if !errs.Name(reason, maxLine) {
		return Hop{}, errs.Field("report.reason", "reason", "say what is to be done better, in 1 to 200 characters on one line")
	}
	return s.decide(ctx, id, Returned, strings.TrimSpace(reason))
}

func (s *Service) decide(ctx context.Context, id string, d Decision, reason string) (Hop, error) {
	return s.receive(ctx, id, func(h *Hop, a actor.Actor, now time.Time) (string, string, error) {
		if h.Decision != "" {
			return "", "", errs.E(errs.Conflict, "report.decided", "somebody has accepted or returned it already; look at it again")
		}
		if h.Kind != Up && h.Kind != Phone && d == Returned {
			return "", "", errs.E(errs.Conflict, "report.copy", "a copy is not returned; call the desk that sent it")
		}
		if h.OpenedAt == nil {
			h.OpenedAt, h.OpenedBy = &now, a.Name
		}
		h.Decision, h.DecidedAt, h.DecidedBy, h.Reason = d, &now, a.Name, reason
		return map[Decision]string{Accepted: EventAccepted, Returned: EventReturned}[d], string(d), nil
	})
}

// receive changes a hop at the receiving end; fn gives the event and the act, or nothing when nothing changed.
func (s *Service) receive(ctx context.Context, id string, fn func(h *Hop, a actor.Actor, now time.Time) (string, string, error)) (Hop, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return Hop{}, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Hop{}, err
	}
	var h Hop
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if h, err = s.hop(ctx, o, id); err != nil {
			return err
		}
		kind, act, err := fn(&h, a, stamp())
		if err != nil || kind == "" {
			return err
		}
		if err := s.Store.SaveHop(ctx, h); err != nil {
			return err
		}
		text := h.Title
		if h.Reason != "" {
			text = fmt.Sprintf("%s：%s", h.Title, h.Reason)
		}
		if err := s.Incidents.Record(ctx, h.IncidentID, o, incident.Step{Kind: incident.Reported, Act: act, Text: text, Ref: h.ReportID, To: []string{h.FromOrg}}, nil); err != nil {
			return err
		}
		note(ctx, kind, h.ID, h.FromDivision, Trace{Name: h.Title, From: h.FromName, To: h.ToName})
		return s.received(ctx, h, o, tree)
	})
	return h, err
}

// Forward begins the own desk's report from one that came from below.
func (s *Service) Forward(ctx context.Context, id string) (View, error) {
	_, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return View{}, err
	}
	h, err := s.hop(ctx, o, id)
	if err != nil {
		return View{}, err
	}
	if h.Decision == Returned {
		return View{}, errs.E(errs.Conflict, "report.decided", "it was returned; wait for the next version")
	}
	i, err := s.Incidents.Get(ctx, h.IncidentID)
	if errs.KindOf(err) == errs.NotFound {
		return View{}, errs.E(errs.Conflict, "report.outside", "it happened outside your division and is reported by %s; call there", h.FromName)
	}
	if err != nil {
		return View{}, err
	}
	return s.begin(ctx, i, "", &h)
}
