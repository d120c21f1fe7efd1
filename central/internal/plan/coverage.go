package plan

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Cover is how a unit stands for a category.
type Cover string

// How it may stand, the worst first.
const (
	CoverNone      Cover = "none"      // no plan
	CoverWriting   Cover = "writing"   // one is being written, none is in force
	CoverOverdue   Cover = "overdue"   // in force, and something of it should have been done
	CoverUndrilled Cover = "undrilled" // in force, and nobody has drilled it for a year
	CoverGood      Cover = "good"
)

// Cell is one field of the matrix.
type Cell struct {
	Category string `json:"category"`
	Cover    Cover  `json:"cover"`
	PlanID   string `json:"plan_id"`
	Name     string `json:"name"`
}

// Row is one unit of the matrix.
type Row struct {
	OrgID   string `json:"org_id"`
	OrgName string `json:"org_name"`
	Overall Cell   `json:"overall"`
	Cells   []Cell `json:"cells"`
}

// Matrix is which unit has a plan for which category.
type Matrix struct {
	Categories []Category `json:"categories"`
	Rows       []Row      `json:"rows"`
}

// drilledWithin is how long a drill counts for the matrix.
const drilledWithin = 365 * 24 * time.Hour

func (p Plan) cover(now time.Time) Cover {
	on, err := time.ParseInLocation(time.DateOnly, p.DrilledOn, event.China())
	switch {
	case p.State == Abolished:
		return CoverNone
	case p.Version == 0:
		return CoverWriting
	case p.Overdue(now):
		return CoverOverdue
	case err != nil || now.Sub(on) > drilledWithin:
		return CoverUndrilled
	}
	return CoverGood
}

// rank puts covers in order, the best last.
func rank(c Cover) int {
	return slices.Index([]Cover{CoverNone, CoverWriting, CoverOverdue, CoverUndrilled, CoverGood}, c)
}

// matrix is pure: the best plan of each unit for each category decides.
func matrix(orgs []account.Org, list []Category, plans []Plan, now time.Time) Matrix {
	m := Matrix{Categories: list, Rows: []Row{}}
	best := func(org, category string, overall bool) Cell {
		cell := Cell{Category: category, Cover: CoverNone}
		for _, p := range plans {
			if p.OrgID != org || (overall && p.Kind != Overall) || (!overall && p.Category != category) {
				continue
			}
			if c := p.cover(now); rank(c) > rank(cell.Cover) {
				cell.Cover, cell.PlanID, cell.Name = c, p.ID, p.Name
			}
		}
		return cell
	}
	for _, o := range orgs {
		row := Row{OrgID: o.ID, OrgName: o.Name, Overall: best(o.ID, "", true)}
		for _, c := range list {
			row.Cells = append(row.Cells, best(o.ID, c.Code, false))
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Coverage is the matrix of the units that the actor sees.
func (s *Service) Coverage(ctx context.Context) (Matrix, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return Matrix{}, err
	}
	list, err := s.orgs(ctx)
	if err != nil {
		return Matrix{}, err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(o account.Org) bool { return !a.Covers(o.Division) })
	slices.SortStableFunc(list, func(x, y account.Org) int { return cmp.Compare(x.Division, y.Division) })
	plans, err := s.Store.Plans(ctx)
	if err != nil {
		return Matrix{}, err
	}
	return matrix(list, s.Pack.Categories, plans, time.Now()), nil
}
