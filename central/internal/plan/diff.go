package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// Change is one difference between two bodies: a part that came, went or changed, field by field.
type Change struct {
	Part  string `json:"part"` // chapter, level, role, group, report, action, contact
	ID    string `json:"id"`
	Name  string `json:"name"`
	Kind  string `json:"kind"` // added, removed, changed
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// field is one value of a part, as people read it.
type field struct{ name, value string }

// part is a part of a plan. Two organisations may read alike, so what a field means in the registers stands beside it.
type part struct {
	id, name string
	fields   []field
	means    map[string]string // by field
}

// Compare lists what the second body has changed, in the order of the parts.
func Compare(a, b Body) []Change {
	out := []Change{}
	for _, kind := range []struct {
		name     string
		from, to []part
	}{
		{"chapter", a.chapterParts(), b.chapterParts()},
		{"level", a.levelParts(), b.levelParts()},
		{"role", a.roleParts(), b.roleParts()},
		{"group", a.groupParts(), b.groupParts()},
		{"report", a.reportParts(), b.reportParts()},
		{"action", a.actionParts(), b.actionParts()},
		{"contact", a.contactParts(), b.contactParts()},
	} {
		out = append(out, compareParts(kind.name, kind.from, kind.to)...)
	}
	return out
}

func compareParts(kind string, from, to []part) []Change {
	was := map[string]part{}
	for _, p := range from {
		was[p.id] = p
	}
	var out []Change
	is := map[string]bool{}
	for _, p := range to {
		is[p.id] = true
		old, ok := was[p.id]
		if !ok {
			out = append(out, Change{Part: kind, ID: p.id, Name: p.name, Kind: "added"})
			continue
		}
		for i, f := range p.fields {
			if f.value != old.fields[i].value || p.means[f.name] != old.means[f.name] {
				out = append(out, Change{kind, p.id, p.name, "changed", f.name, old.fields[i].value, f.value})
			}
		}
	}
	for _, p := range from {
		if !is[p.id] {
			out = append(out, Change{Part: kind, ID: p.id, Name: p.name, Kind: "removed"})
		}
	}
	return out
}

func (b Body) chapterParts() []part {
	numbers := b.Numbers()
	var out []part
	for i, c := range b.Chapters {
		out = append(out, part{c.ID, strings.TrimSpace(numbers[i] + " " + c.Title), []field{
			{"number", numbers[i]}, {"title", c.Title}, {"text", c.Text}, {"brief", strconv.FormatBool(c.Brief)},
		}, nil})
	}
	return out
}

func (b Body) levelParts() []part {
	clauses := b.clauses()
	var out []part
	for _, l := range b.Levels {
		var lines []string
		for _, c := range l.Conditions {
			line := c.Text
			if c.Figure != "" {
				line = strings.TrimSpace(fmt.Sprintf("%s [%s ≥ %s]", line, c.Figure, number(c.Least)))
			}
			lines = append(lines, line)
		}
		out = append(out, part{strconv.Itoa(l.Level), Numeral(l.Level), []field{
			{"conditions", strings.Join(lines, "\n")}, {"decider", l.Decider}, {"clause", clauses[l.Clause]},
		}, nil})
	}
	return out
}

func (b Body) roleParts() []part {
	clauses := b.clauses()
	var out []part
	for _, r := range b.Roles {
		out = append(out, part{r.ID, r.Name, []field{
			{"name", r.Name},
			{"name_en", r.NameEN},
			{"group", r.Group},
			{"duty", r.Duty},
			{"fill", strings.TrimSpace(r.Fill.How + " " + r.Fill.Name)},
			{"clause", clauses[r.Clause]},
		}, map[string]string{"fill": strings.Join([]string{r.Fill.OrgID, r.Fill.Tier, r.Fill.PersonID}, " ")}})
	}
	return out
}

func (b Body) actionParts() []part {
	clauses := b.clauses()
	titles := map[string]string{}
	for _, a := range b.Actions {
		titles[a.ID] = a.Title
	}
	var out []part
	for _, a := range b.Actions {
		var after, levels, demands, kinds []string
		for _, id := range a.After {
			after = append(after, titles[id])
		}
		for _, l := range a.Levels {
			levels = append(levels, Numeral(l))
		}
		for _, d := range a.Demands {
			demands = append(demands, strings.TrimSpace(d.What+" "+number(d.Amount)+d.Unit))
			kinds = append(kinds, d.Kind)
		}
		role, _ := b.role(a.RoleID)
		out = append(out, part{a.ID, a.Title, []field{
			{"title", a.Title},
			{"title_en", a.TitleEN},
			{"text", a.Text},
			{"levels", strings.Join(levels, " ")},
			{"role", role.Name},
			{"after", strings.Join(after, "；")},
			{"due", a.From + " +" + strconv.Itoa(a.Minutes)},
			{"condition", a.Condition},
			{"evidence", strings.Join(a.Evidence, " ")},
			{"output", a.Output},
			{"channel", a.Channel},
			{"demands", strings.Join(demands, "；")},
			{"clause", clauses[a.Clause]},
		}, map[string]string{"demands": strings.Join(kinds, " ")}})
	}
	return out
}

func (b Body) contactParts() []part {
	var out []part
	for _, c := range b.Contacts {
		out = append(out, part{c.ID, strings.TrimSpace(c.Org + " " + c.Name), []field{
			{"org", c.Org}, {"name", c.Name}, {"post", c.Post}, {"phone", c.Phone}, {"duty", c.Duty},
		}, nil})
	}
	return out
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
