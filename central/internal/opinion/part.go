package opinion

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Service is an incident.Part: what is owed or drafted goes on in the incident into which its own was merged, and
// nobody speaks of one that was opened by mistake.

// Running implements incident.Part: nothing that is said keeps an incident open.
func (s *Service) Running(context.Context, incident.Incident) ([]incident.Running, error) {
	return nil, nil
}

// Changed implements incident.Part.
func (s *Service) Changed(ctx context.Context, was, now incident.Incident) error {
	if was.State == now.State || (now.State != incident.Merged && now.State != incident.Void) {
		return nil
	}
	if err := s.Store.Lock(ctx, now.ID); err != nil {
		return err
	}
	tasks, err := s.Store.Tasks(ctx, now.ID)
	if err != nil {
		return err
	}
	var owed []Task
	for _, t := range tasks {
		if t.State == Owed {
			owed = append(owed, t)
		}
	}
	if now.State == incident.Void {
		return s.unask(ctx, owed)
	}
	statements, err := s.Store.Statements(ctx, now.ID)
	if err != nil {
		return err
	}
	open := 0
	for _, st := range statements {
		if st.State == Draft || st.State == Checked || st.State == Signed {
			open++
		}
	}
	if len(owed)+open == 0 {
		return nil
	}
	text := fmt.Sprintf("%s %s：待回应 %d 项，未发布稿 %d 份", now.No, now.Title, len(owed), open)
	return s.Incidents.Record(ctx, now.MergedInto, account.Org{ID: now.OrgID, Name: now.OrgName}, incident.Step{Kind: Public, Act: "came_along", Text: text, Ref: now.ID}, nil)
}

// unask drops what is owed of an incident that was withdrawn, with its clocks.
func (s *Service) unask(ctx context.Context, owed []Task) error {
	a, _ := actor.From(ctx)
	for _, t := range owed {
		if _, err := s.settle(ctx, &change{a: a}, t.ID, Dropped, "事件已撤销", ""); err != nil {
			return err
		}
	}
	return nil
}

// goOn changes what was begun of an incident: in that itself, or in the one into which it was merged since.
func (s *Service) goOn(ctx context.Context, p actor.Permission, id string, fn func(ctx context.Context, c *change) error) error {
	if _, err := actor.Require(ctx, p); err != nil {
		return err
	}
	stands, err := s.standing(ctx, id)
	if err != nil {
		return err
	}
	return s.change(ctx, p, stands, fn)
}

// mostMerged is how often incidents stand merged into one another at most.
const mostMerged = 100

// standing is the incident in which something goes on that was begun of another.
func (s *Service) standing(ctx context.Context, id string) (string, error) {
	for range mostMerged {
		i, err := s.Incidents.Get(actor.WithSystem(ctx, "opinion"), id)
		if err != nil {
			return "", err
		}
		if i.State != incident.Merged {
			return id, nil
		}
		id = i.MergedInto
	}
	return "", errs.E(errs.Conflict, "opinion.not_counted", "the incident was merged or withdrawn; go on in the one that stands")
}

// group are the ids of an incident and of all that stand merged into it.
func (s *Service) group(ctx context.Context, id string) ([]string, error) {
	all, err := s.Incidents.Group(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, i := range all {
		out = append(out, i.ID)
	}
	return out, nil
}
