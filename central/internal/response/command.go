package response

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Command says who commands an incident. One person holds it; it passes on when that person hands it over and the
// other takes it, or, with the reason written down, when the holder cannot be reached.
type Command struct {
	IncidentID  string     `json:"incident_id"`
	HolderID    string     `json:"holder_id"` // of a user; empty: nobody has taken it yet
	HolderName  string     `json:"holder_name"`
	HolderOrg   string     `json:"holder_org"`
	Post        string     `json:"post"` // 总指挥, 现场指挥
	Since       time.Time  `json:"since"`
	OfferedTo   string     `json:"offered_to"` // id of the user whom the holder wants to take it
	OfferedName string     `json:"offered_name"`
	OfferedAt   *time.Time `json:"offered_at,omitempty"`
	Edit        int        `json:"edit"`
}

// lets reports whether somebody may order: anybody who has the right while nobody commands, afterwards the holder.
func (c Command) lets(a actor.Actor) error {
	if c.HolderID == "" || c.HolderID == a.ID || a.Kind == actor.System {
		return nil
	}
	return errs.E(errs.Conflict, "response.not_in_command", "%s of %s commands here; ask for the command, or take it with the reason", c.HolderName, c.HolderOrg)
}

func (s *Service) command(ctx context.Context, id string) (Command, error) {
	c, err := s.Store.Command(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return Command{IncidentID: id}, nil
	}
	return c, err
}

// Commander is somebody who may take the command of an incident.
type Commander struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	OrgName string `json:"org_name"`
}

// Commanders lists those who may take the command of an incident.
func (s *Service) Commanders(ctx context.Context, id string) ([]Commander, error) {
	a, err := actor.Require(ctx, actor.ResponseOrder)
	if err != nil {
		return nil, err
	}
	i, err := s.incident(ctx, a, id)
	if err != nil {
		return nil, err
	}
	out := []Commander{}
	for r := (page.Request{Limit: page.MaxLimit}); ; {
		list, err := s.People.Users(system(ctx), r)
		if err != nil {
			return nil, err
		}
		for _, u := range list.Items {
			who := actor.Actor{Kind: actor.User, DivisionCode: u.Division, Permissions: account.Permissions(u.Roles)}
			if !u.Disabled && who.Can(actor.ResponseOrder) && who.Covers(i.Division) {
				out = append(out, Commander{u.ID, u.Name, u.OrgName})
			}
		}
		if r.After = list.Next; r.After == "" {
			return out, nil
		}
	}
}

// Act is something that is done with the command.
type Act struct {
	Do   string // take, offer, accept, decline, seize, leave
	To   string // user to whom it is offered
	Post string
	Why  string // for seize and leave
	Edit int    // that was seen
}

// Take does something with the command of an incident.
func (s *Service) Take(ctx context.Context, id string, act Act) (Command, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Command{}, err
	}
	o := reach.Desk
	act.Post, act.Why = strings.TrimSpace(act.Post), strings.TrimSpace(act.Why)
	if !errs.Line(act.Post, 40) || !errs.Line(act.Why, incident.MaxPlace) {
		return Command{}, errs.Field("response.post", "post", "at most 40 characters on one line, the reason at most 200")
	}
	var out Command
	err = s.change(ctx, a, id, func(ctx context.Context, i incident.Incident, note noter) error {
		c, err := s.command(ctx, id)
		if err != nil {
			return err
		}
		if c.Edit != act.Edit {
			return errs.E(errs.Conflict, "response.changed", "somebody has changed it meanwhile; look at it again")
		}
		was, before, now := c.HolderName, c, stamp()
		switch {
		case act.Do == "take" && c.HolderID == "":
			err = s.takes(ctx, reach, i)
		case act.Do == "seize" && c.HolderID != "":
			err = s.seizes(ctx, reach, i, c)
		}
		if err != nil {
			return err
		}
		if act.Do == "offer" {
			u, err := s.Desks.Accounts.User(system(ctx), act.To)
			if errs.KindOf(err) == errs.NotFound {
				return errs.Field("response.offer", "to", "there is no such person")
			}
			if err != nil {
				return err
			}
			c.OfferedName = u.Name
		}
		if c, err = c.act(act, a, o.Name, i.State == incident.Open, now); err != nil {
			return err
		}
		out = c
		if err := s.Store.SaveCommand(ctx, c); err != nil {
			return err
		}
		text := map[string]string{
			"take": a.Name, "offer": was + " → " + c.OfferedName, "accept": was + " → " + a.Name, "decline": a.Name, "seize": was + " → " + a.Name + "：" + act.Why, "leave": was + "：" + act.Why,
		}[act.Do]
		if c.Post != "" && act.Do != "offer" && act.Do != "decline" {
			text = c.Post + " " + text
		}
		if err := s.Incidents.Record(ctx, id, o, incident.Step{Kind: Commanded, Act: act.Do, Text: text}, nil); err != nil {
			return err
		}
		if err := s.tellCommand(ctx, i, o, c, before, act, now); err != nil {
			return err
		}
		note(EventCommand, id, Trace{Name: c.Post, From: was, To: c.HolderName})
		return nil
	})
	return out, err
}

// act is the command after something was done with it.
func (c Command) act(act Act, a actor.Actor, org string, open bool, now time.Time) (Command, error) {
	no := func(code, msg string) (Command, error) { return c, errs.E(errs.Conflict, code, "%s", msg) }
	if !open && act.Do != "leave" {
		return no("incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
	}
	post := act.Post
	hold := func() {
		if post == "" {
			post = c.Post
		}
		c.HolderID, c.HolderName, c.HolderOrg, c.Post, c.Since = a.ID, a.Name, org, post, now
		c.OfferedTo, c.OfferedName, c.OfferedAt = "", "", nil
	}
	switch act.Do {
	case "take":
		if c.HolderID != "" {
			return no("response.held", c.HolderName+" commands here already; ask for the command, or take it with the reason")
		}
		hold()
	case "offer":
		if c.HolderID != a.ID || act.To == a.ID {
			return no("response.not_in_command", "only who commands hands the command to somebody else")
		}
		c.OfferedTo, c.OfferedAt = act.To, &now
	case "accept":
		if c.OfferedTo != a.ID {
			return no("response.not_offered", "the command was not offered to you, or not any more; look at it again")
		}
		hold()
	case "decline":
		if c.OfferedTo != a.ID && c.HolderID != a.ID {
			return no("response.not_offered", "the command was not offered to you, or not any more; look at it again")
		}
		c.OfferedTo, c.OfferedName, c.OfferedAt = "", "", nil
	case "seize":
		if c.HolderID == "" || c.HolderID == a.ID {
			return no("response.not_held", "nobody else commands here; take it")
		}
		if !errs.Reason(act.Why, incident.MaxPlace) {
			return c, errs.Field("response.reason", "why", "say why the holder cannot hand it over, in 6 to 200 characters on one line")
		}
		hold()
	case "leave":
		if c.HolderID != a.ID {
			return no("response.not_in_command", "only who commands gives the command up")
		}
		if act.Why == "" {
			return c, errs.Field("incident.why", "why", "say why, in 1 to 200 characters on one line")
		}
		c.HolderID, c.HolderName, c.HolderOrg, c.OfferedTo, c.OfferedName, c.OfferedAt = "", "", "", "", "", nil
	default:
		return c, errs.Field("response.act", "do", "must be take, offer, accept, decline, seize or leave")
	}
	c.Edit++
	return c, nil
}
