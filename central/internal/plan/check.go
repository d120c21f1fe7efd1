package plan

import (
	"slices"
	"strings"
)

// Directory is who there is to take roles, at the moment of the check.
type Directory struct {
	Orgs   map[string]bool            // ids of organisations
	Tiers  map[string]map[string]bool // of an organisation: which tiers somebody is in turn for
	People map[string]bool            // ids of active duty people
}

// fills reports whether somebody can take a role.
func (d Directory) fills(f Fill) bool {
	switch f.How {
	case "duty":
		return d.Orgs[f.OrgID] && d.Tiers[f.OrgID][f.Tier]
	case "org":
		return d.Orgs[f.OrgID]
	case "person":
		return d.People[f.PersonID]
	}
	return false
}

// Fault is something that does not fit. Grave ones hinder publication. Clause is the chapter that the part
// comes from, with its number; Names are the parts that the fault is about, in words.
type Fault struct {
	Code   string   `json:"code"`
	Grave  bool     `json:"grave"`
	Part   string   `json:"part"` // plan, chapter, level, role, group, report, action
	ID     string   `json:"id"`   // of the part; of a level its number
	Clause string   `json:"clause"`
	Names  []string `json:"names"`
}

// The faults that there are.
const (
	NoLevel       = "level.none"
	LevelTwice    = "level.twice"
	LevelIdle     = "level.no_action"
	LevelAny      = "level.no_condition"
	ActionRole    = "action.no_role"
	ActionIdle    = "action.no_level"
	ActionLevel   = "action.level_missing"
	ActionName    = "action.no_title"
	ActionUnknown = "action.after_missing"
	ActionApart   = "action.after_level"
	ActionEarly   = "action.early"
	ActionLoose   = "action.after_nothing"
	ActionCycle   = "action.cycle"
	ActionClause  = "action.no_clause"
	RoleNobody    = "role.nobody"
	RoleName      = "role.no_name"
	RoleIdle      = "role.unused"
	GroupName     = "group.no_name"
	GroupLead     = "group.no_lead"
	GroupRole     = "group.role_missing"
	GroupUnder    = "group.under"
	ReportNobody  = "report.no_receiver"
	ReportTime    = "report.no_time"
	ReportIdle    = "report.no_level"
	ReportLevel   = "report.level_missing"
	ReportTwice   = "report.twice"
	ReportClause  = "report.no_clause"
	ChapterEmpty  = "chapter.empty"
	NoChapter     = "chapter.none"
)

// Check lists what does not fit in a body, the grave first, each in the order of the plan.
func Check(b Body, d Directory) []Fault {
	c := checker{b: b, clauses: b.clauses(), out: []Fault{}}
	c.levels()
	c.roles(d)
	c.groups()
	c.reports()
	c.actions()
	c.chapters()
	slices.SortStableFunc(c.out, func(x, y Fault) int {
		switch {
		case x.Grave == y.Grave:
			return 0
		case x.Grave:
			return -1
		}
		return 1
	})
	return c.out
}

// Grave reports whether a fault hinders publication.
func Grave(list []Fault) bool {
	return slices.ContainsFunc(list, func(f Fault) bool { return f.Grave })
}

type checker struct {
	b       Body
	clauses map[string]string
	out     []Fault
}

func (c *checker) note(code string, grave bool, part, id, clause string, names ...string) {
	c.out = append(c.out, Fault{code, grave, part, id, c.clauses[clause], append([]string{}, names...)})
}

// Numeral names a level as plans do.
func Numeral(level int) string {
	if level < 1 || level > 4 {
		return "?"
	}
	return []string{"Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"}[level-1]
}

func (c *checker) levels() {
	if len(c.b.Levels) == 0 {
		c.note(NoLevel, true, "plan", "", "")
	}
	seen := map[int]bool{}
	for _, l := range c.b.Levels {
		n := Numeral(l.Level)
		if seen[l.Level] {
			c.note(LevelTwice, true, "level", n, l.Clause, n)
			continue
		}
		seen[l.Level] = true
		if len(c.b.at(l.Level)) == 0 {
			c.note(LevelIdle, true, "level", n, l.Clause, n)
		}
		if !slices.ContainsFunc(l.Conditions, func(o Condition) bool { return strings.TrimSpace(o.Text) != "" || o.Figure != "" }) {
			c.note(LevelAny, true, "level", n, l.Clause, n)
		}
	}
}

func (c *checker) roles(d Directory) {
	used := map[string]bool{}
	for _, a := range c.b.Actions {
		used[a.RoleID] = true
	}
	for _, g := range c.b.Groups {
		used[g.LeadID] = true
		for _, id := range g.RoleIDs {
			used[id] = true
		}
	}
	for _, r := range c.b.Roles {
		if strings.TrimSpace(r.Name) == "" {
			c.note(RoleName, true, "role", r.ID, r.Clause)
		}
		switch {
		case !used[r.ID]:
			c.note(RoleIdle, false, "role", r.ID, r.Clause, r.Name)
		case !d.fills(r.Fill):
			c.note(RoleNobody, true, "role", r.ID, r.Clause, r.Name)
		}
	}
}

func (c *checker) chapters() {
	if len(c.b.Chapters) == 0 {
		c.note(NoChapter, true, "plan", "", "")
	}
	for i, ch := range c.b.Chapters {
		above := i+1 < len(c.b.Chapters) && c.b.Chapters[i+1].Depth > ch.Depth
		if strings.TrimSpace(ch.Title) == "" || (strings.TrimSpace(ch.Text) == "" && !above) {
			c.note(ChapterEmpty, false, "chapter", ch.ID, ch.ID, ch.Title)
		}
	}
}

func (c *checker) actions() {
	has := map[int]bool{}
	for _, l := range c.b.Levels {
		has[l.Level] = true
	}
	byID := map[string]Action{}
	for _, a := range c.b.Actions {
		byID[a.ID] = a
	}
	loops := c.b.loops()
	for _, loop := range loops {
		var names []string
		for _, id := range loop {
			names = append(names, byID[id].Title)
		}
		c.note(ActionCycle, true, "action", loop[0], byID[loop[0]].Clause, names...)
	}
	due := c.b.due()
	for _, a := range c.b.Actions {
		if strings.TrimSpace(a.Title) == "" {
			c.note(ActionName, true, "action", a.ID, a.Clause)
		}
		if _, ok := c.b.role(a.RoleID); !ok {
			c.note(ActionRole, true, "action", a.ID, a.Clause, a.Title)
		}
		if len(a.Levels) == 0 {
			c.note(ActionIdle, true, "action", a.ID, a.Clause, a.Title)
		}
		for _, l := range a.Levels {
			if !has[l] {
				c.note(ActionLevel, true, "action", a.ID, a.Clause, a.Title, Numeral(l))
			}
		}
		if a.From == FromAfter && len(a.After) == 0 {
			c.note(ActionLoose, true, "action", a.ID, a.Clause, a.Title)
		}
		for _, id := range a.After {
			before, ok := byID[id]
			if !ok {
				c.note(ActionUnknown, true, "action", a.ID, a.Clause, a.Title)
				continue
			}
			for _, l := range a.Levels {
				if !slices.Contains(before.Levels, l) {
					c.note(ActionApart, true, "action", a.ID, a.Clause, a.Title, before.Title, Numeral(l))
				}
			}
			mine, okMine := due[a.ID]
			theirs, okTheirs := due[id]
			if okMine && okTheirs && mine < theirs {
				c.note(ActionEarly, true, "action", a.ID, a.Clause, a.Title, before.Title)
			}
		}
		if c.clauses[a.Clause] == "" {
			c.note(ActionClause, false, "action", a.ID, "", a.Title)
		}
	}
}
