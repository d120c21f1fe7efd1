package drill

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/shared/strict"
)

// Pack is what a year owes of exercises and what evaluators look at: data with its source.
type Pack struct {
	ID      string   `json:"id" yaml:"id"`
	Name    string   `json:"name" yaml:"name"`
	NameEN  string   `json:"name_en" yaml:"name_en"`
	Source  string   `json:"source" yaml:"source"`
	Read    string   `json:"read" yaml:"read"` // where its text was read
	Quotas  []Quota  `json:"quotas" yaml:"quotas"`
	Aspects []Aspect `json:"aspects" yaml:"aspects"`
}

// The ids of the quotas: by what a plan, or a department, owes exercises.
const (
	QuotaNew        = "new"        // its first version was approved in the year
	QuotaRevised    = "revised"    // a later one was
	QuotaDepartment = "department" // an organisation with a plan of these kinds
	QuotaStanding   = "standing"   // any other plan in force
)

// Quota is how often something is exercised in so many years.
type Quota struct {
	ID         string      `json:"id" yaml:"id"`
	Kinds      []plan.Kind `json:"kinds" yaml:"kinds"`
	Times      int         `json:"times" yaml:"times"`
	Years      int         `json:"years" yaml:"years"`
	Combined   bool        `json:"combined" yaml:"combined"` // only combined exercises pay it
	Name       string      `json:"name" yaml:"name"`
	NameEN     string      `json:"name_en" yaml:"name_en"`
	Clause     string      `json:"clause" yaml:"clause"`
	ClauseEN   string      `json:"clause_en" yaml:"clause_en"` // empty: as in Chinese
	Unverified bool        `json:"unverified" yaml:"unverified"`
}

// Aspect is what evaluators look at.
type Aspect struct {
	ID         string `json:"id" yaml:"id"`
	Name       string `json:"name" yaml:"name"`
	NameEN     string `json:"name_en" yaml:"name_en"`
	Clause     string `json:"clause" yaml:"clause"`
	Unverified bool   `json:"unverified" yaml:"unverified"`
}

// LoadPack reads programme.yml of a folder. Errors name file and line.
func LoadPack(dir string) (Pack, error) {
	name := filepath.Join(dir, "programme.yml")
	text, err := os.ReadFile(name)
	if err != nil {
		return Pack{}, fmt.Errorf("read programme of exercises: %w", err)
	}
	return ParsePack(name, text)
}

// ParsePack reads a pack.
func ParsePack(name string, text []byte) (Pack, error) {
	var p Pack
	f, err := strict.Decode(name, text, &p)
	if err != nil {
		return p, err
	}
	return p, f.Locate(p.check())
}

func (p Pack) check() error {
	if p.ID == "" || p.Name == "" || p.NameEN == "" || p.Source == "" {
		return strict.Bad("id", "a programme has an id, name, name_en and source")
	}
	if len(p.Aspects) == 0 || len(p.Aspects) > 40 {
		return strict.Bad("aspects", "1 to 40 aspects are evaluated")
	}
	seen := map[string]bool{}
	for i, q := range p.Quotas {
		if !slices.Contains([]string{QuotaNew, QuotaRevised, QuotaDepartment, QuotaStanding}, q.ID) || seen[q.ID] || q.Name == "" || q.NameEN == "" || q.Clause == "" {
			return strict.Bad(fmt.Sprintf("quotas.%d.id", i), "a quota is new, revised, department or standing, once, with name, name_en and clause")
		}
		if q.Times < 1 || q.Times > 50 || q.Years < 1 || q.Years > 10 {
			return strict.Bad(fmt.Sprintf("quotas.%d.times", i), "1 to 50 times in 1 to 10 years")
		}
		for _, k := range q.Kinds {
			if !slices.Contains(plan.Kinds(), k) {
				return strict.Bad(fmt.Sprintf("quotas.%d.kinds", i), "%q is no kind of plan", k)
			}
		}
		seen[q.ID] = true
	}
	for i, a := range p.Aspects {
		if a.ID == "" || a.Name == "" || a.NameEN == "" || seen[a.ID] {
			return strict.Bad(fmt.Sprintf("aspects.%d.id", i), "an aspect has an id of its own, name and name_en")
		}
		seen[a.ID] = true
	}
	return nil
}

func (p Pack) quota(id string, k plan.Kind) (Quota, bool) {
	i := slices.IndexFunc(p.Quotas, func(q Quota) bool { return q.ID == id && slices.Contains(q.Kinds, k) })
	if i < 0 {
		return Quota{}, false
	}
	return p.Quotas[i], true
}

// Owed is what a plan or a department owes, and what has paid it.
type Owed struct {
	Quota    string `json:"quota"` // id
	PlanID   string `json:"plan_id"`
	PlanName string `json:"plan_name"`
	OrgID    string `json:"org_id"`
	OrgName  string `json:"org_name"`
	Times    int    `json:"times"`
	Years    int    `json:"years"`
	Paid     int    `json:"paid"`    // closed exercises that count
	Planned  int    `json:"planned"` // those that are planned or run
}

// Programme is what a year owes.
type Programme struct {
	Year int    `json:"year"`
	Pack Pack   `json:"pack"`
	Rows []Owed `json:"rows"`
	Owed int    `json:"owed"` // exercises that are neither held nor planned
}

// programme is pure: what plans owe in a year, and what exercises pay of it.
func programme(p Pack, year int, plans []plan.Plan, orgs []account.Org, drills []Drill) Programme {
	out := Programme{Year: year, Pack: p, Rows: []Owed{}}
	add := func(q Quota, o Owed, counts func(d Drill) bool) {
		o.Quota, o.Times, o.Years = q.ID, q.Times, q.Years
		for _, d := range drills {
			held, err := strconv.Atoi(d.PlannedOn[:4])
			if err != nil || held > year || held <= year-q.Years || (q.Combined && !d.Combined) || !counts(d) {
				continue
			}
			switch d.State {
			case Closed:
				if d.Unpaid == "" || (o.PlanID == "" && d.Unpaid != UnpaidIdle) { // a department has practised with any plan
					o.Paid++
				}
			case Planned, Running, Paused, Ended:
				o.Planned++
			case Cancelled:
			}
		}
		out.Owed += max(0, o.Times-o.Paid-o.Planned)
		out.Rows = append(out.Rows, o)
	}
	for _, one := range plans {
		if one.Version == 0 || one.Published == nil {
			continue
		}
		id := QuotaStanding
		switch published := one.Published.In(event.China()).Year(); {
		case published > year:
			continue
		case published == year && one.Version == 1:
			id = QuotaNew
		case published == year:
			id = QuotaRevised
		}
		q, ok := p.quota(id, one.Kind)
		if !ok {
			if q, ok = p.quota(QuotaStanding, one.Kind); !ok {
				continue
			}
		}
		add(q, Owed{PlanID: one.ID, PlanName: one.Name, OrgID: one.OrgID, OrgName: one.OrgName}, func(d Drill) bool { return d.PlanID == one.ID })
	}
	for _, o := range orgs {
		i := slices.IndexFunc(plans, func(one plan.Plan) bool { return one.OrgID == o.ID && one.Version > 0 })
		if i < 0 {
			continue
		}
		for _, one := range plans {
			if q, ok := p.quota(QuotaDepartment, one.Kind); ok && one.OrgID == o.ID && one.Version > 0 {
				add(q, Owed{OrgID: o.ID, OrgName: o.Name}, func(d Drill) bool { return d.OrgID == o.ID || d.takes(o.ID) })
				break
			}
		}
	}
	return out
}

// Programme is what the organisations that the actor sees owe in a year. Exercises that the actor must not know of
// count for nothing.
func (s *Service) Programme(ctx context.Context, year int) (Programme, error) {
	a, err := actor.Require(ctx, actor.DrillRead)
	if err != nil {
		return Programme{}, err
	}
	if year < 2000 || year > 2999 {
		return Programme{}, errs.Field("drill.year", "year", "is no year like "+strconv.Itoa(s.stamp().Year()))
	}
	plans, err := s.Plans.Alive(ctx)
	if err != nil {
		return Programme{}, err
	}
	plans = slices.DeleteFunc(plans, func(p plan.Plan) bool { return !a.Covers(p.Division) })
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Programme{}, err
	}
	orgs := slices.DeleteFunc(slices.Clone(tree), func(o account.Org) bool { return !a.Covers(o.Division) })
	drills, err := s.List(ctx, "")
	if err != nil {
		return Programme{}, err
	}
	out := programme(s.Pack, year, plans, orgs, drills)
	slices.SortStableFunc(out.Rows, func(x, y Owed) int {
		return strings.Compare(x.OrgName+x.PlanName, y.OrgName+y.PlanName)
	})
	return out, nil
}
