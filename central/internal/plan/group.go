package plan

import (
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Group is a working group (工作组) of the command, or a command on site (现场指挥部) under which groups work. Its leader
// (组长) is a role of the plan, as are its members; what is given to the leader is given to the group.
type Group struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind" enum:"group,site"`
	Name    string   `json:"name"`
	NameEN  string   `json:"name_en"`
	UnderID string   `json:"under_id"` // site command of the plan; empty: the command itself
	LeadID  string   `json:"lead_id"`  // role
	RoleIDs []string `json:"role_ids"` // of members
	Orgs    []string `json:"orgs"`     // member organisations, as the text names them
	Duty    string   `json:"duty"`
	Levels  []int    `json:"levels"` // at which it is set up; empty: at each
	Clause  string   `json:"clause"`
}

// The kinds of groups.
const (
	WorkGroup   = "group"
	SiteCommand = "site"
)

// At reports whether a group is set up at a level.
func (g Group) At(level int) bool { return len(g.Levels) == 0 || slices.Contains(g.Levels, level) }

func (g Group) validate(i int) error {
	switch {
	case g.Kind != WorkGroup && g.Kind != SiteCommand:
		return bad("groups", i, "kind", "must be group or site")
	case !errs.Line(g.Name, maxTitle) || !errs.Line(g.NameEN, maxLine):
		return bad("groups", i, "name", "at most 120 characters on one line")
	case !errs.Text(g.Duty, maxNote):
		return bad("groups", i, "duty", "at most 2000 characters")
	case len(g.RoleIDs) > maxList || len(g.Orgs) > maxList || len(g.Levels) > 4:
		return bad("groups", i, "role_ids", "at most 40 of a kind")
	case len(g.UnderID) > 40 || len(g.LeadID) > 40 || len(g.Clause) > 40:
		return bad("groups", i, "lead_id", "is too long")
	}
	for _, o := range g.Orgs {
		if !errs.Name(o, maxTitle) {
			return bad("groups", i, "orgs", "1 to 120 characters on one line")
		}
	}
	for n, id := range g.RoleIDs {
		if len(id) > 40 || slices.Index(g.RoleIDs, id) != n {
			return bad("groups", i, "role_ids", "each once")
		}
	}
	for n, l := range g.Levels {
		if l < 1 || l > 4 || slices.Index(g.Levels, l) != n {
			return bad("groups", i, "levels", "each of 1 to 4 once")
		}
	}
	return nil
}

// groups notes what does not fit among the groups. One without a leader gets nothing done.
func (c *checker) groups() {
	sites := map[string]bool{}
	for _, g := range c.b.Groups {
		sites[g.ID] = g.Kind == SiteCommand
	}
	for _, g := range c.b.Groups {
		if strings.TrimSpace(g.Name) == "" {
			c.note(GroupName, true, "group", g.ID, g.Clause)
		}
		if _, ok := c.b.role(g.LeadID); !ok {
			c.note(GroupLead, true, "group", g.ID, g.Clause, g.Name)
		}
		if slices.ContainsFunc(g.RoleIDs, func(id string) bool { _, ok := c.b.role(id); return !ok }) {
			c.note(GroupRole, true, "group", g.ID, g.Clause, g.Name)
		}
		if g.UnderID != "" && (!sites[g.UnderID] || g.Kind == SiteCommand) {
			c.note(GroupUnder, true, "group", g.ID, g.Clause, g.Name)
		}
	}
}

func (b Body) groupParts() []part {
	clauses, names := b.clauses(), map[string]string{}
	for _, g := range b.Groups {
		names[g.ID] = g.Name
	}
	var out []part
	for _, g := range b.Groups {
		var roles, levels []string
		for _, id := range g.RoleIDs {
			r, _ := b.role(id)
			roles = append(roles, r.Name)
		}
		for _, l := range g.Levels {
			levels = append(levels, Numeral(l))
		}
		lead, _ := b.role(g.LeadID)
		out = append(out, part{g.ID, g.Name, []field{
			{"name", g.Name},
			{"name_en", g.NameEN},
			{"kind", g.Kind},
			{"under", names[g.UnderID]},
			{"lead", lead.Name},
			{"roles", strings.Join(roles, "；")},
			{"orgs", strings.Join(g.Orgs, "；")},
			{"duty", g.Duty},
			{"levels", strings.Join(levels, " ")},
			{"clause", clauses[g.Clause]},
		}, map[string]string{"lead": g.LeadID, "roles": strings.Join(g.RoleIDs, " ")}})
	}
	return out
}
