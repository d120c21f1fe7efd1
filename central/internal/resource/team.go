package resource

import (
	"context"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

// ListTeams lists teams of what the actor may see.
func (s *Service) ListTeams(ctx context.Context, f TeamFilter, r page.Request) (page.List[Team], error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return page.List[Team]{}, err
	}
	f.Word, r.Search = Key(f.Word), strings.TrimSpace(r.Search)
	list, err := s.Store.ListTeams(ctx, a.Scope(), f, r)
	for i := range list.Items {
		list.Items[i].Phone = masked(a, list.Items[i].Phone)
	}
	return list, err
}

// Vocabulary lists the capabilities, or the items, that stand in the registers.
func (s *Service) Vocabulary(ctx context.Context, kind string) ([]string, error) {
	if _, err := actor.Require(ctx, actor.ResourceRead); err != nil {
		return nil, err
	}
	known, err := s.Store.Words(ctx, kind)
	return sorted(known), err
}

// SaveTeam adds a team, or changes it when it has an id. Edit is the one that was seen.
func (s *Service) SaveTeam(ctx context.Context, t Team) (Team, error) {
	a, own, err := s.Desks.Own(ctx, actor.ResourceWrite)
	if err != nil {
		return Team{}, err
	}
	var out Team
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		was := Team{Status: Ready, StatusAt: stamp()}
		if t.ID != "" {
			if was, err = s.Store.Team(ctx, t.ID); err != nil {
				return err
			}
			if !a.Covers(was.Division) {
				return denied("team")
			}
			if was.Edit != t.Edit {
				return changed()
			}
		}
		out, err = s.keepTeam(ctx, a, own, was, t, note)
		return err
	})
	out.Phone = masked(a, out.Phone)
	return out, err
}

// keepTeam writes a team down over what it was; what it is doing stays.
func (s *Service) keepTeam(ctx context.Context, a actor.Actor, own account.Org, was, t Team, note noter) (Team, error) {
	if t.OrgID == "" { // of a new one: the own organisation
		t.OrgID = was.OrgID
	}
	o, err := s.owner(ctx, a, own, t.OrgID)
	if err != nil {
		return t, err
	}
	t.ID, t.OrgID, t.OrgName = was.ID, o.ID, o.Name
	t.Name, t.Place, t.Leader, t.Phone = strings.TrimSpace(t.Name), strings.TrimSpace(t.Place), strings.TrimSpace(t.Leader), unmasked(strings.TrimSpace(t.Phone), was.Phone)
	t.Equipment, t.Note, t.Words = strings.TrimSpace(t.Equipment), strings.TrimSpace(t.Note), words(t.Words)
	t.Status, t.StatusAt, t.StatusNote, t.DispatchID, t.Seen, t.Edit = was.Status, was.StatusAt, was.StatusNote, was.DispatchID, was.Seen, was.Edit+1
	if t.ID == "" {
		t.ID = newID()
	}
	if t.Division, err = divisionOf(t.Division, o.Division); err != nil {
		return t, err
	}
	if !a.Covers(t.Division) {
		return t, errs.Field("resource.org", "org_id", "is none of the organisations that you see")
	}
	if err := t.validate(); err != nil {
		return t, err
	}
	named, err := s.Store.TeamNamed(ctx, t.OrgID, t.Name)
	if err == nil && named.ID != t.ID {
		return t, errs.Field("resource.twice", "name", "the organisation has a team of this name already")
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return t, err
	}
	if err := s.Store.SaveTeam(ctx, t); err != nil {
		return t, err
	}
	note(EventTeam, t.ID, t.Division, Trace{Name: t.Name, Count: t.People})
	return t, nil
}

// SetStatus says whether a team that is not sent anywhere is ready, rests or is out of service.
func (s *Service) SetStatus(ctx context.Context, id string, to Status, why string) (Team, error) {
	a, err := actor.Require(ctx, actor.ResourceWrite)
	if err != nil {
		return Team{}, err
	}
	why = strings.TrimSpace(why)
	switch {
	case to != Ready && to != Resting && to != Out:
		return Team{}, errs.Field("resource.status", "status", "must be ready, resting or out; the rest comes from a dispatch")
	case !errs.Line(why, 200) || (to == Out && why == ""):
		return Team{}, errs.Field("resource.why", "why", "say why, in at most 200 characters on one line")
	}
	var out Team
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		t, err := s.Store.Team(ctx, id)
		if err != nil {
			return err
		}
		if !a.Covers(t.Division) {
			return denied("team")
		}
		if t.DispatchID != "" {
			return errs.E(errs.Conflict, "resource.away", "the team was sent to an incident; release it there first")
		}
		out, err = s.put(ctx, t, to, why, a.Name, note)
		return err
	})
	out.Phone = masked(a, out.Phone)
	return out, err
}

// put gives a team another status.
func (s *Service) put(ctx context.Context, t Team, to Status, why, by string, note noter) (Team, error) {
	from := t.Status
	t.Status, t.StatusAt, t.StatusNote, t.Edit = to, stamp(), why, t.Edit+1
	if err := s.Store.SaveTeam(ctx, t); err != nil {
		return t, err
	}
	if err := s.Store.AddStatus(ctx, t, by); err != nil {
		return t, err
	}
	note(EventStatus, t.ID, t.Division, Trace{Name: t.Name, From: string(from), To: string(to)})
	return t, nil
}
