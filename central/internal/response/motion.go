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
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Motion is a proposal to the owner of a plan that it be started (启动建议), by a desk that may not start it itself.
type Motion struct {
	ID         string     `json:"id"`
	IncidentID string     `json:"incident_id"`
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
		had, err := s.Store.Motions(ctx, id)
		if err != nil {
			return err
		}
		if k := slices.IndexFunc(had, func(o Motion) bool {
			return o.State == MotionOpen && o.PlanID == m.PlanID && o.Level == m.Level && o.OrgID == reach.Desk.ID
		}); k >= 0 {
			out = had[k]
			return nil
		}
		if len(had) >= maxMotions {
			return errs.E(errs.Conflict, "response.motions", "an incident holds at most %d proposals; call the owner of the plan", maxMotions)
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
	text := fmt.Sprintf("建议启动%s %s级响应（%s）", m.PlanName, plan.Numeral(m.Level), m.Why)
	if owner, ok := incident.Find(n.tree, m.OwnerID); ok {
		told, err := s.tellDesk(ctx, n, owner, notice.Order{
			Key: "response motion " + m.ID, Kind: "response.motion", About: m.ID, Title: "启动建议", Urgent: true, Until: now.Add(12 * time.Hour),
			Text: fmt.Sprintf("%s就“%s”建议启动“%s”%s级响应，请在指挥室决定。原因：%s", m.OrgName, incident.Cut(i.Title, 60), incident.Cut(m.PlanName, 60), plan.Numeral(m.Level), incident.Cut(m.Why, 120)),
		})
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
		if !reach.Has(m.OwnerID) {
			return errs.E(errs.Denied, "response.not_deciding", "%s and those above it decide on the proposal", m.OwnerName)
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

// granted closes the proposals to start a plan that has begun.
func (s *Service) granted(ctx context.Context, r Response, a actor.Actor, now time.Time) error {
	if r.Level == 0 {
		return nil
	}
	list, err := s.Store.Motions(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.PlanID != r.PlanID || m.State != MotionOpen {
			continue
		}
		if err := s.settle(ctx, &m, MotionStarted, a.Name, "", now); err != nil {
			return err
		}
	}
	return nil
}

// motions are those of an incident as a desk sees them.
func (s *Service) motions(ctx context.Context, reach incident.Reach, id string) ([]Motion, error) {
	list, err := s.Store.Motions(ctx, id)
	out := append([]Motion{}, list...)
	for n := range out {
		out[n].Decides = out[n].State == MotionOpen && reach.Has(out[n].OwnerID)
	}
	return out, err
}
