package response

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/shared/geo"
)

// Reason is why a plan or a level is proposed. Text is what of the plan or the incident it rests on.
type Reason struct {
	Code string `json:"code"` // category, wider, overall, area, above, figure, gravity, lowest
	Text string `json:"text"`
}

// LevelView is a level of a plan, as somebody sees it who has to choose.
type LevelView struct {
	Level      int              `json:"level"`
	Decider    string           `json:"decider"`
	Clause     string           `json:"clause"`
	Conditions []plan.Condition `json:"conditions"`
	Met        []int            `json:"met"` // which of the conditions the figures meet
	Tasks      int              `json:"tasks"`
}

// Proposal is a plan that fits an incident.
type Proposal struct {
	PlanID     string      `json:"plan_id"`
	Name       string      `json:"name"`
	NameEN     string      `json:"name_en"`
	Kind       plan.Kind   `json:"kind"`
	State      plan.State  `json:"state"`
	OrgName    string      `json:"org_name"`
	Version    int         `json:"version"` // 0: only a draft, which nobody has approved
	Number     string      `json:"number"`
	Level      int         `json:"level"` // that is proposed
	Why        []Reason    `json:"why"`
	Levels     []LevelView `json:"levels"`
	Roles      int         `json:"roles"`
	ResponseID string      `json:"response_id"`                        // it is carried out already
	May        string      `json:"may" enum:"start,emergency,propose"` // what the actor's desk does about it; in an emergency it starts what is not its own
	score      int
}

// counted are the kinds of figures of an incident that a condition of a plan counts; those that grow out of one
// another are added.
func counted(figure string) []string {
	switch figure {
	case "deaths":
		return []string{"dead"}
	case "injured":
		return []string{"serious", "injured"}
	case "moved":
		return []string{"evacuated"}
	case "missing", "trapped", "loss":
		return []string{figure}
	}
	return nil
}

// met reports whether a condition is met by the newest figures.
func met(c plan.Condition, figures map[string]incident.Figure) bool {
	kinds := counted(c.Figure)
	sum, known := 0, false
	for _, k := range kinds {
		if f, ok := figures[k]; ok {
			sum, known = sum+f.Value, true
		}
	}
	return known && c.Least > 0 && float64(sum) >= c.Least
}

// propose judges one plan; ok is false when it does not fit the incident.
func propose(i incident.Incident, figures map[string]incident.Figure, f plan.Frozen) (p Proposal, ok bool) {
	o := f.Plan
	p = Proposal{
		PlanID: o.ID, Name: o.Name, NameEN: o.NameEN, Kind: o.Kind, State: o.State, OrgName: o.OrgName, Version: f.Version, Number: o.Number,
		Why: []Reason{}, Levels: []LevelView{}, Roles: len(f.Body.Roles),
	}
	switch {
	case o.Category == "" && o.Kind == plan.Overall:
		p.Why, p.score = append(p.Why, Reason{"overall", ""}), 1
	case o.Category == i.Category:
		p.Why, p.score = append(p.Why, Reason{"category", o.Category}), 60
	case incident.Within(i.Category, o.Category):
		p.Why, p.score = append(p.Why, Reason{"wider", o.Category}), 30+5*strings.Count(o.Category, ".")
	default:
		return p, false
	}
	switch {
	case o.Division == i.Division:
		p.Why, p.score = append(p.Why, Reason{"area", o.OrgName}), p.score+20
	case geo.Division(o.Division).Covers(geo.Division(i.Division)):
		p.Why, p.score = append(p.Why, Reason{"above", o.OrgName}), p.score+len(geo.Division(o.Division).Stem())
	default:
		return p, false
	}
	if o.Kind == plan.Special {
		p.score += 5
	}
	if f.Version == 0 {
		p.score -= 50
	}
	p.level(i, figures, f)
	return p, len(p.Levels) > 0
}

// level chooses the level: the highest of which a figure meets a condition; else the gravity of the incident; else
// the lowest that the plan has.
func (p *Proposal) level(i incident.Incident, figures map[string]incident.Figure, f plan.Frozen) {
	levels := slices.Clone(f.Body.Levels)
	slices.SortStableFunc(levels, func(a, b plan.Level) int { return cmp.Compare(a.Level, b.Level) })
	var why Reason
	for _, l := range levels {
		v := LevelView{Level: l.Level, Decider: l.Decider, Clause: f.Clauses[l.Clause], Conditions: append([]plan.Condition{}, l.Conditions...), Met: []int{}, Tasks: len(f.Body.At(l.Level))}
		for n, c := range l.Conditions {
			if met(c, figures) {
				v.Met = append(v.Met, n)
			}
		}
		if len(v.Met) > 0 && p.Level == 0 {
			p.Level, why = l.Level, Reason{"figure", l.Conditions[v.Met[0]].Text}
		}
		p.Levels = append(p.Levels, v)
	}
	if len(levels) == 0 {
		return
	}
	if p.Level == 0 && i.Level > 0 && slices.ContainsFunc(levels, func(l plan.Level) bool { return l.Level == i.Level }) {
		p.Level, why = i.Level, Reason{"gravity", fmt.Sprint(i.Level)}
	}
	if p.Level == 0 {
		p.Level, why = levels[len(levels)-1].Level, Reason{"lowest", ""}
	}
	p.Why = append(p.Why, why)
}

// Propose lists the plans that fit an incident, the best first, with the reasons.
func (s *Service) Propose(ctx context.Context, id string) ([]Proposal, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return nil, err
	}
	i, err := s.incident(ctx, a, id)
	if err != nil {
		return nil, err
	}
	list, err := s.Incidents.Figures(ctx, id)
	if err != nil {
		return nil, err
	}
	running, err := s.Store.Responses(ctx, id)
	if err != nil {
		return nil, err
	}
	plans, err := s.Plans.Alive(ctx)
	if err != nil {
		return nil, err
	}
	figures := incident.Newest(list)
	out := []Proposal{}
	for _, o := range plans {
		if !geo.Division(o.Division).Covers(geo.Division(i.Division)) || (o.Category != "" && !incident.Within(i.Category, o.Category)) {
			continue
		}
		f, err := s.Plans.Freeze(ctx, o.ID, o.Version)
		if err != nil {
			return nil, err
		}
		p, ok := propose(i, figures, f)
		if !ok {
			continue
		}
		p.May = may(tree, reach, o.OrgID)
		for _, r := range running {
			if r.PlanID == o.ID && r.Level > 0 {
				p.ResponseID = r.ID
			}
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return cmp.Compare(b.score, a.score) })
	return out, nil
}
