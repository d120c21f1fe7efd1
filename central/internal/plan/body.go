package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Body is what a plan says: the text, and the structure that is carried out. Parts refer to each other by id.
type Body struct {
	Chapters []Chapter   `json:"chapters"`
	Levels   []Level     `json:"levels"`
	Roles    []Role      `json:"roles"`
	Actions  []Action    `json:"actions"`
	Contacts []Contact   `json:"contacts"`
	Groups   []Group     `json:"groups,omitempty"`
	Reports  []Reporting `json:"reports,omitempty"`
}

// Chapter is one heading with its text. Depth 1 to 4 gives the number: 1, 1.1, 1.1.1.
type Chapter struct {
	ID    string `json:"id"`
	Depth int    `json:"depth"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Brief bool   `json:"brief"` // belongs into the short form (简本)
}

// Level is a response level: 1 is the highest.
type Level struct {
	Level      int         `json:"level"`
	Conditions []Condition `json:"conditions"` // one is enough
	Decider    string      `json:"decider"`    // who starts it
	Clause     string      `json:"clause"`     // id of a chapter
}

// Condition is one of those that start a level: in words, and where it can be counted, as a figure.
type Condition struct {
	Text   string  `json:"text"`
	Figure string  `json:"figure"` // deaths, missing, injured, trapped, moved, loss; empty: words alone
	Least  float64 `json:"least"`
}

// Fill says who takes a role.
type Fill struct {
	How      string `json:"how"` // duty: who is on duty there; org: the organisation; person: one person; empty: nobody yet
	OrgID    string `json:"org_id"`
	Tier     string `json:"tier"` // of duty: officer, leader, standby
	PersonID string `json:"person_id"`
	Name     string `json:"name"` // as it reads: 如东县应急管理局 带班领导
}

// Role is a part that somebody plays: a commander, a group.
type Role struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
	Group  string `json:"group"`
	Duty   string `json:"duty"` // what it is there for
	Fill   Fill   `json:"fill"`
	Clause string `json:"clause"`
}

// Action is something that a role does at some levels. It is due Minutes after the response began, or after
// what it follows was due.
type Action struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	TitleEN   string   `json:"title_en"`
	Text      string   `json:"text"`
	Levels    []int    `json:"levels"`
	RoleID    string   `json:"role_id"`
	After     []string `json:"after"` // ids of actions
	From      string   `json:"from"`  // start, or after
	Minutes   int      `json:"minutes"`
	Condition string   `json:"condition"`
	Evidence  []string `json:"evidence"` // text, photo, position, document, signature
	Output    string   `json:"output"`   // the document that comes of it
	Channel   string   `json:"channel"`
	Demands   []Demand `json:"demands"`
	Clause    string   `json:"clause"`
}

// Demand is what an action needs of the registers.
type Demand struct {
	Kind   string  `json:"kind"` // team or material
	What   string  `json:"what"` // a capability, or a name of a material
	Amount float64 `json:"amount"`
	Unit   string  `json:"unit"`
}

// Contact is a line of the table of contacts. Phones are those of offices.
type Contact struct {
	ID    string `json:"id"`
	Org   string `json:"org"`
	Name  string `json:"name"`
	Post  string `json:"post"`
	Phone string `json:"phone"`
	Duty  string `json:"duty"`
}

// The most that a plan holds.
const (
	maxChapters = 600
	maxActions  = 600
	maxRoles    = 200
	maxGroups   = 60
	maxContacts = 600
	maxChapter  = 20_000
	maxTotal    = 500_000
	maxTitle    = 120
	maxList     = 40
	maxMinutes  = 60 * 24 * 60
)

// Starts and follows are the two clocks of an action.
const (
	FromStart = "start"
	FromAfter = "after"
)

var partID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func bad(part string, i int, field, msg string) error {
	return errs.Field("plan.body", fmt.Sprintf("%s.%d.%s", part, i, field), msg)
}

// whole has no nil list.
func (b Body) whole() Body {
	b.Chapters, b.Levels, b.Roles = append([]Chapter{}, b.Chapters...), append([]Level{}, b.Levels...), append([]Role{}, b.Roles...)
	b.Groups = slices.Clone(b.Groups)
	for i := range b.Groups {
		g := &b.Groups[i]
		g.RoleIDs, g.Orgs, g.Levels = append([]string{}, g.RoleIDs...), append([]string{}, g.Orgs...), append([]int{}, g.Levels...)
	}
	b.Reports = slices.Clone(b.Reports)
	for i := range b.Reports {
		b.Reports[i].Levels = append([]int{}, b.Reports[i].Levels...)
	}
	b.Actions, b.Contacts = append([]Action{}, b.Actions...), append([]Contact{}, b.Contacts...)
	for i := range b.Levels {
		b.Levels[i].Conditions = append([]Condition{}, b.Levels[i].Conditions...)
	}
	for i := range b.Actions {
		a := &b.Actions[i]
		a.Levels, a.After = append([]int{}, a.Levels...), append([]string{}, a.After...)
		a.Evidence, a.Demands = append([]string{}, a.Evidence...), append([]Demand{}, a.Demands...)
		if a.From == "" {
			a.From = FromStart
		}
	}
	return b
}

// validate looks at the form alone; whether it makes sense is for Check, which does not hinder the writing.
func (b Body) validate() error {
	if len(b.Chapters) > maxChapters || len(b.Actions) > maxActions || len(b.Roles) > maxRoles || len(b.Contacts) > maxContacts || len(b.Levels) > 4 || len(b.Groups) > maxGroups || len(b.Reports) > maxReports {
		return errs.E(errs.Invalid, "plan.size", "a plan has at most %d chapters, %d actions, %d roles, %d groups, %d reports, %d contacts and 4 levels", maxChapters, maxActions, maxRoles, maxGroups, maxReports, maxContacts)
	}
	total := 0
	ids := map[string]bool{}
	known := func(part string, i int, id string) error {
		if !partID.MatchString(id) || ids[part+id] {
			return bad(part, i, "id", "must be 1 to 40 letters, digits, - or _, and unique")
		}
		ids[part+id] = true
		return nil
	}
	for i, c := range b.Chapters {
		total += len(c.Text)
		if err := known("chapters", i, c.ID); err != nil {
			return err
		}
		switch {
		case c.Depth < 1 || c.Depth > 4:
			return bad("chapters", i, "depth", "must be 1 to 4")
		case !errs.Line(c.Title, maxTitle):
			return bad("chapters", i, "title", "at most 120 characters on one line")
		case !errs.Text(c.Text, maxChapter):
			return bad("chapters", i, "text", "at most 20000 characters")
		}
	}
	for i, r := range b.Roles {
		if err := known("roles", i, r.ID); err != nil {
			return err
		}
		if err := r.validate(i); err != nil {
			return err
		}
	}
	for i, g := range b.Groups {
		if err := known("groups", i, g.ID); err != nil {
			return err
		}
		if err := g.validate(i); err != nil {
			return err
		}
	}
	for i, r := range b.Reports {
		if err := known("reports", i, r.ID); err != nil {
			return err
		}
		if err := r.validate(i); err != nil {
			return err
		}
	}
	for i, a := range b.Actions {
		total += len(a.Text)
		if err := known("actions", i, a.ID); err != nil {
			return err
		}
		if err := a.validate(i); err != nil {
			return err
		}
	}
	for i, l := range b.Levels {
		if err := l.validate(i); err != nil {
			return err
		}
	}
	for i, c := range b.Contacts {
		if err := known("contacts", i, c.ID); err != nil {
			return err
		}
		for field, v := range map[string]string{"org": c.Org, "name": c.Name, "post": c.Post, "phone": c.Phone, "duty": c.Duty} {
			if !errs.Line(v, maxLine) {
				return bad("contacts", i, field, "at most 200 characters on one line")
			}
		}
	}
	if total > maxTotal {
		return errs.E(errs.Invalid, "plan.size", "the text of a plan has at most %d bytes", maxTotal)
	}
	return nil
}

func (r Role) validate(i int) error {
	hows := []string{"", "duty", "org", "person"}
	switch {
	case !errs.Line(r.Name, maxTitle) || !errs.Line(r.NameEN, maxLine) || !errs.Line(r.Group, maxTitle):
		return bad("roles", i, "name", "at most 120 characters on one line")
	case !errs.Text(r.Duty, maxNote):
		return bad("roles", i, "duty", "at most 2000 characters")
	case !slices.Contains(hows, r.Fill.How):
		return bad("roles", i, "fill", "must be duty, org, person or empty")
	case !errs.Line(r.Fill.Name, maxLine) || len(r.Fill.OrgID) > 64 || len(r.Fill.PersonID) > 64 || len(r.Fill.Tier) > 16 || len(r.Clause) > 40:
		return bad("roles", i, "fill", "is too long")
	}
	return nil
}

func (l Level) validate(i int) error {
	switch {
	case l.Level < 1 || l.Level > 4:
		return bad("levels", i, "level", "must be 1 to 4")
	case len(l.Conditions) > maxList:
		return bad("levels", i, "conditions", "at most 40")
	case !errs.Line(l.Decider, maxLine):
		return bad("levels", i, "decider", "at most 200 characters on one line")
	case len(l.Clause) > 40:
		return bad("levels", i, "clause", "is too long")
	}
	for _, c := range l.Conditions {
		if !errs.Line(c.Text, 400) || !slices.Contains([]string{"", "deaths", "missing", "injured", "trapped", "moved", "loss"}, c.Figure) || c.Least < 0 {
			return bad("levels", i, "conditions", "at most 400 characters on one line; a figure is deaths, missing, injured, trapped, moved or loss")
		}
	}
	return nil
}

func (a Action) validate(i int) error {
	switch {
	case !errs.Line(a.Title, maxTitle) || !errs.Line(a.TitleEN, maxLine):
		return bad("actions", i, "title", "at most 120 characters on one line")
	case !errs.Text(a.Text, 4000):
		return bad("actions", i, "text", "at most 4000 characters")
	case len(a.After) > maxList || len(a.Demands) > maxList || len(a.Evidence) > maxList || len(a.Levels) > 4:
		return bad("actions", i, "after", "at most 40 of a kind")
	case a.From != FromStart && a.From != FromAfter:
		return bad("actions", i, "from", "must be start or after")
	case a.Minutes < 0 || a.Minutes > maxMinutes:
		return bad("actions", i, "minutes", "must be 0 to 86400")
	case !errs.Line(a.Condition, 400) || !errs.Line(a.Output, maxLine) || !errs.Line(a.Channel, maxLine):
		return bad("actions", i, "condition", "at most 400 characters on one line")
	case len(a.RoleID) > 40 || len(a.Clause) > 40:
		return bad("actions", i, "role_id", "is too long")
	}
	for n, l := range a.Levels {
		if l < 1 || l > 4 || slices.Index(a.Levels, l) != n {
			return bad("actions", i, "levels", "each of 1 to 4 once")
		}
	}
	for _, e := range a.Evidence {
		if !slices.Contains([]string{"text", "photo", "position", "document", "signature"}, e) {
			return bad("actions", i, "evidence", "must be text, photo, position, document or signature")
		}
	}
	for _, d := range a.Demands {
		if (d.Kind != "team" && d.Kind != "material") || !errs.Name(d.What, maxTitle) || d.Amount < 0 || d.Amount > 1e9 || !errs.Line(d.Unit, 20) {
			return bad("actions", i, "demands", "a team or a material with a name and an amount")
		}
	}
	return nil
}

// Hash is the SHA-256 of a body as it is kept.
func (b Body) Hash() (string, []byte, error) {
	text, err := json.Marshal(b.whole())
	if err != nil {
		return "", nil, fmt.Errorf("write plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), text, nil
}

// Numbers are the numbers of the chapters, in their order: 1, 1.1, 1.1.1. A depth that was left out counts as 0.
func (b Body) Numbers() []string {
	out := make([]string, len(b.Chapters))
	var at [4]int
	for i, c := range b.Chapters {
		d := min(max(c.Depth, 1), 4)
		at[d-1]++
		clear(at[d:])
		parts := make([]string, d)
		for k := range d {
			parts[k] = strconv.Itoa(at[k])
		}
		out[i] = strings.Join(parts, ".")
	}
	return out
}

// clauses names chapters by id: 5.2 响应措施.
func (b Body) clauses() map[string]string {
	out := map[string]string{}
	for i, n := range b.Numbers() {
		out[b.Chapters[i].ID] = strings.TrimSpace(n + " " + b.Chapters[i].Title)
	}
	return out
}

// at lists the actions of a level, in the order of the plan.
func (b Body) at(level int) []Action {
	var out []Action
	for _, a := range b.Actions {
		if slices.Contains(a.Levels, level) {
			out = append(out, a)
		}
	}
	return out
}

func (b Body) role(id string) (Role, bool) {
	i := slices.IndexFunc(b.Roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return b.Roles[i], true
}
