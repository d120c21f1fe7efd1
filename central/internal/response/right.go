package response

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Who may order. A plan is started by the organisation whose it is and by those above it; a desk below proposes it, or in
// an emergency starts first, with the reason, and the owner is told. What runs is directed by who commands; while nobody
// does, by the plan's owner, the desk that started it, and those above them.

// open complains when nothing is ordered in an incident any more.
func open(i incident.Incident) error {
	if i.State != incident.Open {
		return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
	}
	return nil
}

// commands complains when somebody else commands an incident.
func (s *Service) commands(ctx context.Context, a actor.Actor, id string) error {
	c, err := s.command(ctx, id)
	if err != nil {
		return err
	}
	return c.lets(a)
}

// heads are the organisations that direct a response.
func (r Response) heads() []string {
	if r.OwnerID == "" {
		return []string{r.OrgID}
	}
	return []string{r.OwnerID, r.OrgID}
}

// directs complains when the actor may not give orders in a response now.
func (s *Service) directs(ctx context.Context, a actor.Actor, reach incident.Reach, r Response) error {
	c, err := s.command(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	return c.directs(a, reach, r)
}

func (c Command) directs(a actor.Actor, reach incident.Reach, r Response) error {
	if err := c.lets(a); err != nil {
		return err
	}
	if c.HolderID == a.ID || slices.ContainsFunc(r.heads(), reach.Has) {
		return nil
	}
	return errs.E(errs.Denied, "response.not_directing", "the response is directed by %s and those above it, or by who commands; propose it there", r.OrgName)
}

// ordering complains when the actor may not give orders in a response of an open incident now.
func (s *Service) ordering(ctx context.Context, a actor.Actor, reach incident.Reach, i incident.Incident, r Response) error {
	if err := open(i); err != nil {
		return err
	}
	return s.directs(ctx, a, reach, r)
}

// What a desk may do about a plan that is not carried out yet.
const (
	MayStart     = "start"
	MayEmergency = "emergency" // propose it, or start it in an emergency: it is that of a desk above
	MayPropose   = "propose"
)

func may(tree []account.Org, reach incident.Reach, owner string) string {
	switch {
	case reach.Has(owner):
		return MayStart
	case account.Under(tree, reach.Desk.ID, owner):
		return MayEmergency
	}
	return MayPropose
}

// starts complains when a desk may not start a plan; first reports that it does so before who decides it knows.
func (s *Service) starts(ctx context.Context, reach incident.Reach, p plan.Plan, st Start) (first bool, err error) {
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return false, err
	}
	switch may(tree, reach, p.OrgID) {
	case MayStart:
		return st.Version == 0, nil
	case MayEmergency:
		if st.Emergency {
			return true, nil
		}
		return false, errs.E(errs.Denied, "response.plan_above", "the plan is that of %s; propose it there, or start it in an emergency with the reason", p.OrgName)
	}
	return false, errs.E(errs.Denied, "response.plan_others", "the plan is that of %s; propose it there", p.OrgName)
}

// heads are the organisations that direct what runs in an incident; while nothing does, the desk that keeps it.
func (s *Service) heads(ctx context.Context, i incident.Incident) ([]string, error) {
	all, err := s.Store.Responses(ctx, i.ID)
	heads := []string{}
	for _, r := range all {
		if r.Level > 0 {
			heads = append(heads, r.heads()...)
		}
	}
	if len(heads) == 0 {
		heads = []string{i.OrgID}
	}
	return heads, err
}

// takes complains when a desk may not take a command that nobody holds: it belongs to those who direct.
func (s *Service) takes(ctx context.Context, reach incident.Reach, i incident.Incident) error {
	heads, err := s.heads(ctx, i)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(heads, reach.Has) {
		return nil
	}
	return errs.E(errs.Denied, "response.not_taking", "the command belongs to those who direct the response or keep the incident; have it handed to you")
}

// seizes complains when a desk may not take the command from who holds it: only the own organisation and those above it
// pass over somebody who cannot be asked.
func (s *Service) seizes(ctx context.Context, reach incident.Reach, i incident.Incident, c Command) error {
	u, err := s.Desks.Accounts.User(system(ctx), c.HolderID)
	if errs.KindOf(err) == errs.NotFound { // the account is gone
		return s.takes(ctx, reach, i)
	}
	if err != nil {
		return err
	}
	if reach.Has(u.OrgID) {
		return nil
	}
	return errs.E(errs.Denied, "response.not_superior", "%s of %s commands here; only that organisation and those above it take the command without consent. Ask for it", c.HolderName, c.HolderOrg)
}

// takeable says in a view what of the command the actor may take.
func (s *Service) takeable(ctx context.Context, a actor.Actor, reach incident.Reach, i incident.Incident, c Command, v *View) error {
	if !v.Open || !a.Can(actor.ResponseOrder) || c.HolderID == a.ID {
		return nil
	}
	err := s.takes(ctx, reach, i)
	if c.HolderID != "" {
		err = s.seizes(ctx, reach, i, c)
	}
	if err != nil && errs.KindOf(err) != errs.Denied {
		return err
	}
	v.Takes, v.Seizes = err == nil && c.HolderID == "", err == nil && c.HolderID != ""
	return nil
}
