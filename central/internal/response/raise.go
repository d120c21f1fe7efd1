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

// ProposeRaise asks those who direct a response to raise it (升级建议): the plan's owner is told, and who commands. The same
// again by the same desk changes nothing.
func (s *Service) ProposeRaise(ctx context.Context, id string, level int, why string) (Motion, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Motion{}, err
	}
	if why = strings.TrimSpace(why); !errs.Reason(why, incident.MaxPlace) {
		return Motion{}, errs.Field("response.reason", "why", "say why it is needed, in 6 to 200 characters on one line")
	}
	was, err := s.response(ctx, a, id)
	if err != nil {
		return Motion{}, err
	}
	var out Motion
	err = s.change(ctx, a, was.IncidentID, func(ctx context.Context, i incident.Incident, note noter) error {
		r, err := s.Store.Response(ctx, id)
		if err != nil {
			return err
		}
		if err := s.higher(ctx, i, r, level); err != nil {
			return err
		}
		c, err := s.command(ctx, i.ID)
		if err != nil {
			return err
		}
		if c.directs(a, reach, r) == nil {
			return errs.E(errs.Conflict, "response.own_raise", "you direct the response; raise it")
		}
		old, free, err := s.proposed(ctx, i.ID, func(m Motion) bool { return m.ResponseID == id && m.Level == level && m.OrgID == reach.Desk.ID })
		if err != nil || !free {
			out = old
			return err
		}
		now := stamp()
		out = Motion{
			ID: newID(), IncidentID: i.ID, ResponseID: id, PlanID: r.PlanID, PlanName: r.PlanName, PlanNameEN: r.PlanNameEN, Version: r.Version, Level: level, Why: why,
			OwnerID: r.OwnerID, OwnerName: r.OwnerName, OrgID: reach.Desk.ID, OrgName: reach.Desk.Name, ByName: a.Name, At: now, State: MotionOpen,
		}
		if out.OwnerID == "" {
			out.OwnerID, out.OwnerName = r.OrgID, r.OrgName
		}
		if err := s.Store.SaveMotion(ctx, out); err != nil {
			return err
		}
		if err := s.tellOwner(ctx, i, reach, out, now); err != nil {
			return err
		}
		if c.HolderID != "" {
			order := out.order(i, now)
			order.Key, order.OrgID, order.Division = order.Key+" holder", reach.Desk.ID, reach.Desk.Division
			if err := s.tellUser(ctx, c.HolderID, order, now); err != nil {
				return err
			}
		}
		note(EventProposed, out.ID, Trace{Name: r.PlanName, From: fmt.Sprint(r.Level), To: fmt.Sprint(level), Version: r.Version})
		return nil
	})
	return out, err
}

// higher complains when a response cannot be raised to a level.
func (s *Service) higher(ctx context.Context, i incident.Incident, r Response, level int) error {
	if err := open(i); err != nil {
		return err
	}
	if r.Level == 0 {
		return errs.E(errs.Conflict, "response.ended", "the response has ended; start the plan again")
	}
	if level >= r.Level {
		return errs.Field("response.not_higher", "level", "the response runs at this level or a higher one already")
	}
	f, err := s.frozen(ctx, r)
	if err == nil && !slices.ContainsFunc(f.Body.Levels, func(l plan.Level) bool { return l.Level == level }) {
		err = errs.Field("response.level", "level", "the plan has no such level")
	}
	return err
}

// order is the message about a proposal.
func (m Motion) order(i incident.Incident, now time.Time) notice.Order {
	act, title := "启动", "启动建议"
	if m.ResponseID != "" {
		act, title = "升级", "升级建议"
	}
	return notice.Order{
		Key: "response motion " + m.ID, Kind: "response.motion", About: m.ID, Title: title, Urgent: true, Until: now.Add(12 * time.Hour),
		Text: fmt.Sprintf("%s就“%s”建议%s“%s”%s级响应，请在指挥室决定。原因：%s", m.OrgName, incident.Cut(i.Title, 60), act, incident.Cut(m.PlanName, 60), plan.Numeral(m.Level), incident.Cut(m.Why, 120)),
	}
}

// decides reports whether somebody decides on a proposal: to start a plan its owner does, to raise what runs who directs it.
func (m Motion) decides(a actor.Actor, reach incident.Reach, c Command, all []Response) bool {
	if m.State != MotionOpen {
		return false
	}
	if m.ResponseID == "" {
		return reach.Has(m.OwnerID)
	}
	k := slices.IndexFunc(all, func(r Response) bool { return r.ID == m.ResponseID })
	return k >= 0 && a.Can(actor.ResponseOrder) && c.directs(a, reach, all[k]) == nil
}
