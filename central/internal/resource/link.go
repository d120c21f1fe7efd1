package resource

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
)

const (
	linkLasts = 14 * 24 * time.Hour // how long an address holds
	tellLasts = 6 * time.Hour       // how long a message about it makes sense
)

func orderKey(d Dispatch) string { return "resource " + d.ID }

// tell queues the message for who leads the team or keeps the warehouse, with an address of their own.
func (s *Service) tell(ctx context.Context, i incident.Incident, r Request, d Dispatch) error {
	if d.Phone == "" {
		return nil
	}
	place := d.Place
	if long := []rune(place); len(long) > 100 {
		place = string(long[:99]) + "…"
	}
	text := fmt.Sprintf("%s：请%s前往%s，任务：%s。每%d分钟报告一次。", i.Title, d.Name, place, r.What, d.Minutes)
	title := "队伍调派"
	if d.Kind == OfMaterial {
		title, text = "物资调拨", fmt.Sprintf("%s：请备好%s，送%s。", i.Title, d.title(), place)
	}
	to := notice.Person{ID: "dispatch " + d.ID, Name: d.Leader, Ways: s.Notices.Ways([]string{strings.NewReplacer(" ", "", "-", "").Replace(d.Phone)}, nil)}
	if to.Name == "" {
		to.Name = d.Name
	}
	if s.URL != "" {
		token := rand.Text()
		if err := s.Store.AddLink(ctx, account.Digest(token), d.ID, d.SentAt.Add(linkLasts)); err != nil {
			return err
		}
		to.Link = strings.TrimSuffix(s.URL, "/") + "/c/" + token
	}
	return s.Notices.Queue(system(ctx), notice.Order{
		Key: orderKey(d), Kind: "resource.dispatch", About: d.ID, OrgID: d.OrgID, Division: d.OrgArea, Title: title, Text: text, Urgent: true, Until: d.SentAt.Add(tellLasts), To: []notice.Person{to},
	})
}

// alarm tells who commands that a crew is silent. Where nobody commands, or has no number, the desk that sent the crew
// has the clock before it.
func (s *Service) alarm(ctx context.Context, d Dispatch, now time.Time) error {
	c, err := s.Responses.Commander(ctx, d.IncidentID)
	if err != nil || c.HolderID == "" {
		return err
	}
	p, err := s.Roster.PersonOf(ctx, c.HolderID)
	if err == nil {
		p, err = s.Roster.Person(ctx, p.ID)
	}
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Notices.Queue(ctx, notice.Order{
		Key: fmt.Sprintf("resource missed %s %d", d.ID, d.Steps), Kind: "resource.missed", About: d.ID, OrgID: d.DeskID, Division: d.DeskArea, Title: "队伍失联", Urgent: true, Until: now.Add(tellLasts),
		Text: fmt.Sprintf("%s应在%s前报告，至今没有消息。负责人：%s。请立即联系。", d.Name, d.DueAt.In(event.China()).Format("15:04"), d.Leader),
		To:   []notice.Person{{ID: p.ID, Name: p.Name, Ways: s.Notices.Ways(p.Addresses())}},
	})
}

// CrewPage is what the address of a message shows.
type CrewPage struct {
	Incident string    `json:"incident"`
	Dispatch Dispatch  `json:"dispatch"`
	Note     string    `json:"note"`
	Steps    []Step    `json:"steps"`
	At       time.Time `json:"at"`
}

// Shown is a new address of a crew's page.
type Shown struct {
	Name    string    `json:"name"`
	Address string    `json:"address"` // without a host where the centre does not know its own
	Until   time.Time `json:"until"`
}

// Show makes a new address for a crew, to be scanned at the desk; that it was shown is written down, for it lets whoever
// has it tell in the crew's name.
func (s *Service) Show(ctx context.Context, id string) (Shown, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Shown{}, err
	}
	if _, err := s.dispatch(ctx, a, id); err != nil {
		return Shown{}, err
	}
	var out Shown
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		d, err := s.Store.Dispatch(ctx, id)
		if err != nil {
			return err
		}
		if d.over() {
			return errs.E(errs.Conflict, "resource.over", "the dispatch is over already; look at it again")
		}
		token, until := rand.Text(), stamp().Add(linkLasts)
		if err := s.Store.AddLink(ctx, account.Digest(token), d.ID, until); err != nil {
			return err
		}
		if err := s.tellLine(ctx, o, d.IncidentID, "link", d.title(), d.ID); err != nil {
			return err
		}
		note(EventLink, d.ID, d.Division, Trace{IncidentID: d.IncidentID, Name: d.Name})
		out = Shown{d.title(), strings.TrimSuffix(s.URL, "/") + "/c/" + token, until}
		return nil
	})
	return out, err
}

func (s *Service) link(ctx context.Context, token string) (Dispatch, error) {
	id, until, err := s.Store.Link(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && stamp().After(until)) {
		return Dispatch{}, errs.E(errs.NotFound, "resource.no_link", "this address is unknown, or its time is over")
	}
	if err != nil {
		return Dispatch{}, err
	}
	return s.Store.Dispatch(ctx, id)
}

// Open is the page behind an address.
func (s *Service) Open(ctx context.Context, token string) (CrewPage, error) {
	ctx = system(ctx)
	d, err := s.link(ctx, token)
	if err != nil {
		return CrewPage{}, err
	}
	if err := s.Notices.Reached(ctx, orderKey(d), "dispatch "+d.ID, notice.Read); err != nil {
		return CrewPage{}, err
	}
	i, err := s.Incidents.Get(ctx, d.IncidentID)
	if err != nil {
		return CrewPage{}, err
	}
	r, err := s.Store.Request(ctx, d.RequestID)
	if err != nil {
		return CrewPage{}, err
	}
	steps, err := s.Store.Steps(ctx, d.ID)
	return CrewPage{Incident: i.Title, Dispatch: d, Note: r.Note, Steps: append([]Step{}, steps...), At: stamp()}, err
}

// StepByLink does a step as who leads the crew or keeps the warehouse; releasing and taking back are not theirs.
func (s *Service) StepByLink(ctx context.Context, token string, st Step) (Dispatch, error) {
	d, err := s.link(system(ctx), token)
	if err != nil {
		return Dispatch{}, err
	}
	if !slices.Contains([]string{report, string(Going), string(There), string(Refused), string(Issued)}, st.Kind) {
		return Dispatch{}, errs.Field("resource.kind", "kind", "must be report, en_route, on_site, refused or issued")
	}
	name := d.Leader
	if name == "" {
		name = d.Name
	}
	st.ByName, st.OrgName = name, d.OrgName
	return s.step(actor.With(ctx, actor.Actor{Kind: actor.System, ID: "crew " + d.ID, Name: name}), d.ID, st, account.Org{Name: d.OrgName})
}
