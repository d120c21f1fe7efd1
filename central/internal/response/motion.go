package response

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Motion is a proposal to the owner of a plan that it be started (启动建议), by a desk that may not start it itself, or that
// what runs of it be raised (升级建议).
type Motion struct {
	ID         string     `json:"id"`
	IncidentID string     `json:"incident_id"`
	ResponseID string     `json:"response_id"` // that is to be raised; empty: the plan is to be started
	PlanID     string     `json:"plan_id"`
	PlanName   string     `json:"plan_name"`
	PlanNameEN string     `json:"plan_name_en"`
	Version    int        `json:"version"`
	Level      int        `json:"level"`
	Why        string     `json:"why"`
	OwnerID    string     `json:"owner_id"` // who decides
	OwnerName  string     `json:"owner_name"`
	OrgID      string     `json:"org_id"` // who proposes
	OrgName    string     `json:"org_name"`
	ByName     string     `json:"by_name"`
	At         time.Time  `json:"at"`
	State      string     `json:"state" enum:"open,started,declined"`
	DoneAt     *time.Time `json:"done_at,omitempty"`
	DoneBy     string     `json:"done_by"`
	DoneWhy    string     `json:"done_why"`
	Decides    bool       `json:"decides"` // the actor's desk does
}

// The states.
const (
	MotionOpen     = "open"
	MotionStarted  = "started"
	MotionDeclined = "declined"
)

// maxMotions is how many proposals one incident holds.
const maxMotions = 50

// Move is what somebody proposes.
type Move struct {
	PlanID  string
	Version int
	Level   int
	Why     string
}

// ProposeStart asks the owner of a plan to start it, and tells who is on duty there. The same again by the same desk changes
// nothing.
func (s *Service) ProposeStart(ctx context.Context, id string, m Move) (Motion, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Motion{}, err
	}
	if m.Why = strings.TrimSpace(m.Why); !errs.Reason(m.Why, incident.MaxPlace) {
		return Motion{}, errs.Field("response.reason", "why", "say why it is needed, in 6 to 200 characters on one line")
	}
	var out Motion
	err = s.change(ctx, a, id, func(ctx context.Context, i incident.Incident, note noter) error {
		if err := open(i); err != nil {
			return err
		}
		f, err := s.Plans.Freeze(ctx, m.PlanID, m.Version)
		if err != nil {
			return err
		}
		if err := (Start{PlanID: m.PlanID, Version: m.Version, Level: m.Level}).fits(f, i); err != nil {
			return err
		}
		if reach.Has(f.Plan.OrgID) {
			return errs.E(errs.Conflict, "response.own_plan", "the plan is the own one or that of a desk below; start it")
		}
		old, free, err := s.proposed(ctx, id, func(o Motion) bool {
			return o.ResponseID == "" && o.PlanID == m.PlanID && o.Level == m.Level && o.OrgID == reach.Desk.ID
		})
		if err != nil || !free {
			out = old
			return err
		}
		if err := s.idlePlan(ctx, id, m.PlanID); err != nil {
			return err
		}
		now := stamp()
		out = Motion{
			ID: newID(), IncidentID: id, PlanID: f.Plan.ID, PlanName: f.Plan.Name, PlanNameEN: f.Plan.NameEN, Version: f.Version, Level: m.Level, Why: m.Why, OwnerID: f.Plan.OrgID,
			OwnerName: f.Plan.OrgName, OrgID: reach.Desk.ID, OrgName: reach.Desk.Name, ByName: a.Name, At: now, State: MotionOpen,
		}
		if err := s.Store.SaveMotion(ctx, out); err != nil {
			return err
		}
		if err := s.tellOwner(ctx, i, reach, out, now); err != nil {
			return err
		}
		note(EventProposed, out.ID, Trace{Name: f.Plan.Name, To: fmt.Sprint(m.Level), Version: f.Version})
		return nil
	})
	return out, err
}

// proposed is the open proposal that says the same; free reports that there is none, and room for one.
func (s *Service) proposed(ctx context.Context, id string, same func(Motion) bool) (old Motion, free bool, err error) {
	had, err := s.Store.Motions(ctx, id)
	if err != nil {
		return old, false, err
	}
	if k := slices.IndexFunc(had, func(m Motion) bool { return m.State == MotionOpen && same(m) }); k >= 0 {
		return had[k], false, nil
	}
	if len(had) >= maxMotions {
		return old, false, errs.E(errs.Conflict, "response.motions", "an incident holds at most %d proposals; call the owner of the plan", maxMotions)
	}
	return old, true, nil
}

// idlePlan complains when a plan is carried out for an incident already.
func (s *Service) idlePlan(ctx context.Context, id, plan string) error {
	all, err := s.Store.Responses(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.PlanID == plan && r.Level > 0 {
			return errs.E(errs.Conflict, "response.other_level", "the plan is carried out at level %d already; raise or lower it", r.Level)
		}
	}
	return nil
}

func (s *Service) tellOwner(ctx context.Context, i incident.Incident, reach incident.Reach, m Motion, now time.Time) error {
	n, err := s.night(ctx, now)
	if err != nil {
		return err
	}
	act := "启动"
	if m.ResponseID != "" {
		act = "升级"
	}
	text := fmt.Sprintf("建议%s%s %s级响应（%s）", act, m.PlanName, plan.Numeral(m.Level), m.Why)
	if owner, ok := incident.Find(n.tree, m.OwnerID); ok {
		told, err := s.tellDesk(ctx, n, owner, m.order(i, now))
		if err != nil {
			return err
		}
		text += "，" + told
	}
	return s.Incidents.Record(ctx, i.ID, reach.Desk, incident.Step{Kind: incident.Answered, Act: "proposed", Text: incident.Cut(text, incident.MaxText), Ref: m.ID}, nil)
}

// Decline refuses a proposal, with the reason.
func (s *Service) Decline(ctx context.Context, id, why string) (Motion, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Motion{}, err
	}
	if why = strings.TrimSpace(why); !errs.Reason(why, incident.MaxPlace) {
		return Motion{}, errs.Field("response.reason", "why", "say why not, in 6 to 200 characters on one line")
	}
	m, err := s.Store.Motion(ctx, id)
	if err != nil {
		return Motion{}, err
	}
	err = s.change(ctx, a, m.IncidentID, func(ctx context.Context, _ incident.Incident, note noter) error {
		if m, err = s.Store.Motion(ctx, id); err != nil {
			return err
		}
		c, err := s.command(ctx, m.IncidentID)
		if err != nil {
			return err
		}
		all, err := s.Store.Responses(ctx, m.IncidentID)
		if err != nil {
			return err
		}
		asked := m
		if asked.State = MotionOpen; !asked.decides(a, reach, c, all) {
			return errs.E(errs.Denied, "response.not_deciding", "%s and those above it decide on the proposal, or who commands", m.OwnerName)
		}
		if m.State != MotionOpen {
			return errs.E(errs.Conflict, "response.decided", "the proposal was decided already; look at it again")
		}
		if err := s.settle(ctx, &m, MotionDeclined, a.Name, why, stamp()); err != nil {
			return err
		}
		note(EventDeclined, m.ID, Trace{Name: m.PlanName, To: fmt.Sprint(m.Level), Version: m.Version})
		return s.Incidents.Record(ctx, m.IncidentID, reach.Desk, incident.Step{Kind: incident.Answered, Act: "declined", Text: m.PlanName + "（" + m.OrgName + "）：" + why, Ref: m.ID}, nil)
	})
	return m, err
}

func (s *Service) settle(ctx context.Context, m *Motion, to, by, why string, now time.Time) error {
	m.State, m.DoneAt, m.DoneBy, m.DoneWhy = to, &now, by, why
	return s.Store.SaveMotion(ctx, *m)
}

// granted closes the proposals that a new level of a response answers: to start a plan that has begun, to raise what was
// raised as far, and to raise what has ended.
func (s *Service) granted(ctx context.Context, r Response, a actor.Actor, now time.Time) error {
	list, err := s.Store.Motions(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	for _, m := range list {
		to, why := MotionStarted, ""
		if r.Level == 0 {
			to, why = MotionDeclined, "响应已终止"
		}
		switch {
		case m.State != MotionOpen || m.PlanID != r.PlanID || (m.ResponseID != "" && m.ResponseID != r.ID):
			continue
		case m.ResponseID == "" && r.Level == 0, m.ResponseID != "" && r.Level > m.Level:
			continue
		}
		if err := s.settle(ctx, &m, to, a.Name, why, now); err != nil {
			return err
		}
	}
	return nil
}

// motions are those of an incident as a desk sees them.
func (s *Service) motions(ctx context.Context, a actor.Actor, reach incident.Reach, c Command, all []Response, id string) ([]Motion, error) {
	list, err := s.Store.Motions(ctx, id)
	out := append([]Motion{}, list...)
	for n := range out {
		out[n].Decides = out[n].decides(a, reach, c, all)
	}
	return out, err
}
