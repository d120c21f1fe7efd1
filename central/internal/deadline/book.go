package deadline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
)

// Nature is what a pack is worth.
type Nature string

// The natures.
const (
	Law     Nature = "law"     // a ceiling: nothing local may be longer
	Local   Nature = "local"   // what a government has ordered for its division
	Default Nature = "default" // where nothing else is said
)

// Levels of government, and who reports to them.
const (
	Unit     = "unit"
	Township = "township"
	County   = "county"
	City     = "city"
	Province = "province"
	Nation   = "nation"
)

// Pack is the limits of one document.
type Pack struct {
	ID           string  `json:"id" yaml:"id"`
	Name         string  `json:"name" yaml:"name"`
	NameEN       string  `json:"name_en" yaml:"name_en"`
	Nature       Nature  `json:"nature" yaml:"nature"`
	Jurisdiction string  `json:"jurisdiction" yaml:"jurisdiction"` // GB/T 2260; empty: the whole country
	Source       string  `json:"source" yaml:"source"`             // document and clause
	Read         string  `json:"read" yaml:"read"`                 // where its text was read
	Unverified   bool    `json:"unverified" yaml:"unverified"`
	Note         string  `json:"note" yaml:"note"`
	From         string  `json:"from" yaml:"from"`       // first day on which it holds; empty: unknown
	To           string  `json:"to" yaml:"to"`           // last day; empty: until further notice
	Outward      []int   `json:"outward" yaml:"outward"` // levels that the top desk here reports beyond this centre
	Rules        []Limit `json:"rules" yaml:"rules"`
}

// Limit is one limit of a pack.
type Limit struct {
	ID         string            `json:"id" yaml:"id"`
	Do         string            `json:"do" yaml:"do"`                 // one of Dos
	Sender     string            `json:"sender" yaml:"sender"`         // empty: anybody
	Receiver   string            `json:"receiver" yaml:"receiver"`     // empty: anybody
	Categories []string          `json:"categories" yaml:"categories"` // natural, accident, health, security and parts of them (accident.work_safety); empty: all
	Levels     []int             `json:"levels" yaml:"levels"`         // 1 (I) to 4 (IV); empty: all
	Base       string            `json:"base" yaml:"base"`             // occurred, known, received, ends, day
	Within     strict.Duration   `json:"within" yaml:"within"`
	Warn       []strict.Duration `json:"warn" yaml:"warn"` // before it is due
	Then       []Next            `json:"then" yaml:"then"` // after it has passed
	Clause     string            `json:"clause" yaml:"clause"`
}

// Dos are what limits are for.
func Dos() []string {
	return []string{"phone", "written", "follow_up", "handover", "item", "rollcall", "daily", "task", "check_in", "statement", "briefing", "activation"}
}

// Next is who is asked so long after a limit has passed.
type Next struct {
	After strict.Duration `json:"after" yaml:"after"`
	To    To              `json:"to" yaml:"to"`
}

// Stages are the marks of a clock by this limit.
func (l Limit) Stages() []Stage {
	var out []Stage
	for _, before := range l.Warn {
		out = append(out, Stage{Warned, -before, Officer})
	}
	slices.SortFunc(out, func(a, b Stage) int { return cmp.Compare(a.After, b.After) })
	out = append(out, Stage{Passed, 0, Officer})
	for _, n := range l.Then {
		out = append(out, Stage{Escalated, n.After, n.To})
	}
	return out
}

var (
	packID   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	category = regexp.MustCompile(`^(natural|accident|health|security)(\.[a-z_]+)*$`)
)

const (
	dayForm  = "2006-01-02"
	maxLimit = 31 * 24 * time.Hour
)

func (p Pack) check() error {
	switch {
	case !packID.MatchString(p.ID):
		return strict.Bad("id", "is small letters, digits and single hyphens")
	case p.Name == "" || p.NameEN == "":
		return strict.Bad("name", "a pack has a name and name_en")
	case p.Nature != Law && p.Nature != Local && p.Nature != Default:
		return strict.Bad("nature", "must be law, local or default")
	case p.Jurisdiction != "" && !geo.Division(p.Jurisdiction).Valid():
		return strict.Bad("jurisdiction", "is no division code (GB/T 2260)")
	case p.Source == "":
		return strict.Bad("source", "say which document gives the limits")
	case p.From == "" && !p.Unverified && p.Nature != Default:
		return strict.Bad("from", "say since when it holds, or mark the pack unverified")
	case len(p.Rules) == 0 && len(p.Outward) == 0:
		return strict.Bad("rules", "a pack has a rule, or says what is reported beyond this centre")
	}
	for i, n := range p.Outward {
		if n < 1 || n > 4 {
			return strict.Bad(fmt.Sprintf("outward.%d", i), "must be 1 to 4")
		}
	}
	for key, day := range map[string]string{"from": p.From, "to": p.To} {
		if _, err := time.Parse(dayForm, day); day != "" && err != nil {
			return strict.Bad(key, "is no day like 2026-11-26")
		}
	}
	seen := map[string]bool{}
	for i, r := range p.Rules {
		if seen[r.ID] {
			return strict.Bad(fmt.Sprintf("rules.%d.id", i), "stands here twice")
		}
		seen[r.ID] = true
		if err := r.check(); err != nil {
			return strict.Below(fmt.Sprintf("rules.%d", i), err)
		}
	}
	return nil
}

func (l Limit) check() error {
	tiers := []string{"", Unit, Township, County, City, Province, Nation}
	switch {
	case !packID.MatchString(l.ID):
		return strict.Bad("id", "is small letters, digits and single hyphens")
	case !slices.Contains(Dos(), l.Do):
		return strict.Bad("do", "must be one of %s", strings.Join(Dos(), ", "))
	case !slices.Contains(tiers, l.Sender):
		return strict.Bad("sender", "is no level of government")
	case !slices.Contains(tiers, l.Receiver):
		return strict.Bad("receiver", "is no level of government")
	case !slices.Contains([]string{"occurred", "known", "received", "ends", "day"}, l.Base):
		return strict.Bad("base", "must be occurred, known, received, ends or day")
	case l.Within < 0 || time.Duration(l.Within) > maxLimit:
		return strict.Bad("within", "must be 0 to 31 days")
	}
	for _, c := range l.Categories {
		if !category.MatchString(c) {
			return strict.Bad("categories", "%q is no category", c)
		}
	}
	for _, n := range l.Levels {
		if n < 1 || n > 4 {
			return strict.Bad("levels", "must be 1 to 4")
		}
	}
	for _, w := range l.Warn {
		if w <= 0 || time.Duration(w) > maxLimit {
			return strict.Bad("warn", "must be above 0 and at most 31 days")
		}
	}
	for i, n := range l.Then {
		if !slices.Contains([]To{Officer, Leader, Above, AboveLeader}, n.To) {
			return strict.Bad("then", "asks officer, leader, above or above_leader")
		}
		if n.After < 0 || time.Duration(n.After) > maxLimit || (i > 0 && n.After < l.Then[i-1].After) {
			return strict.Bad("then", "stands in the order of time")
		}
	}
	if err := checkStages(l.Stages()); err != nil {
		return strict.Bad("then", "%w", err)
	}
	return nil
}

// ParsePack reads a pack. Errors name the file and the line.
func ParsePack(name string, text []byte) (Pack, error) {
	var p Pack
	f, err := strict.Decode(name, text, &p)
	if err != nil {
		return p, err
	}
	return p, f.Locate(p.check())
}

// Book is the packs that there are.
type Book struct{ packs []Pack }

// LoadBook reads the packs of folders (*.yml). A pack in a later folder takes the place of one with the same
// id in an earlier.
func LoadBook(dirs ...string) (*Book, error) {
	b := &Book{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
		if err != nil {
			return nil, fmt.Errorf("look for packs of limits: %w", err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("read packs of limits: there is none in %s", dir)
		}
		here := map[string]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read pack of limits: %w", err)
			}
			p, err := ParsePack(file, text)
			if err != nil {
				return nil, err
			}
			if other, ok := here[p.ID]; ok {
				return nil, fmt.Errorf("%s:1: the pack %s stands in %s as well", file, p.ID, other)
			}
			here[p.ID] = file
			b.packs = append(slices.DeleteFunc(b.packs, func(o Pack) bool { return o.ID == p.ID }), p)
		}
	}
	slices.SortFunc(b.packs, func(a, c Pack) int { return cmp.Compare(a.ID, c.ID) })
	return b, nil
}

// Packs lists the packs by id.
func (b *Book) Packs() []Pack { return slices.Clone(b.packs) }

// Query asks for a limit. Category and Level may be empty: then only limits for all fit.
type Query struct {
	Division         string // of who reports
	Category         string
	Level            int
	Do               string
	Sender, Receiver string
	At               time.Time // of the event
}

// Found is a limit with its pack.
type Found struct {
	Pack  Pack
	Limit Limit
}

// Name is how a clock names its rule.
func (f Found) Name() string { return f.Pack.ID + "/" + f.Limit.ID }

// Outward is the levels that the top desk of a division reports beyond this centre at a time: what the pack of the
// smallest division around it says.
func (b *Book) Outward(division string, at time.Time) []int {
	var out []int
	best := -1
	for _, p := range b.packs {
		if len(p.Outward) == 0 || !p.holds(division, at) {
			continue
		}
		stem := 0
		if p.Jurisdiction != "" {
			stem = len(geo.Division(p.Jurisdiction).Stem())
		}
		if stem > best {
			best, out = stem, p.Outward
		}
	}
	return out
}

// holds reports whether a pack is in force for a division at a time, by the law's clock.
func (p Pack) holds(division string, at time.Time) bool {
	day := at.In(event.China()).Format(dayForm)
	return (p.From == "" || day >= p.From) && (p.To == "" || day <= p.To) && (p.Jurisdiction == "" || geo.Division(p.Jurisdiction).Covers(geo.Division(division)))
}

// Named is the limit that a clock names as its rule, as the book gives it now.
func (b *Book) Named(rule string) (Found, bool) {
	pack, id, _ := strings.Cut(rule, "/")
	for _, p := range b.packs {
		if i := slices.IndexFunc(p.Rules, func(l Limit) bool { return p.ID == pack && l.ID == id }); i >= 0 {
			return Found{p, p.Rules[i]}, true
		}
	}
	return Found{}, false
}

// Find is the limit that holds: the most local order, else the default; but never more than a law allows.
func (b *Book) Find(q Query) (Found, bool) {
	var best, law *Found
	for _, p := range b.packs {
		if !p.holds(q.Division, q.At) {
			continue
		}
		for _, l := range p.Rules {
			if !l.fits(q) {
				continue
			}
			f := Found{p, l}
			if p.Nature == Law {
				if law == nil || l.Within < law.Limit.Within {
					law = &f
				}
			} else if best == nil || f.over(*best) {
				best = &f
			}
		}
	}
	switch {
	case best == nil && law == nil:
		return Found{}, false
	case best == nil || (law != nil && law.Limit.Within <= best.Limit.Within):
		return *law, true
	}
	return *best, true
}

func (l Limit) fits(q Query) bool {
	return l.Do == q.Do && (l.Sender == "" || l.Sender == q.Sender) && (l.Receiver == "" || l.Receiver == q.Receiver) &&
		(len(l.Levels) == 0 || slices.Contains(l.Levels, q.Level)) &&
		(len(l.Categories) == 0 || slices.ContainsFunc(l.Categories, func(c string) bool { return q.Category == c || strings.HasPrefix(q.Category, c+".") }))
}

// over reports whether f goes before o: the smaller division, then the newer document, then the limit that
// says more of what it is for.
func (f Found) over(o Found) bool {
	rank := func(f Found) []string {
		said := 0
		for _, yes := range []bool{len(f.Limit.Levels) > 0, len(f.Limit.Categories) > 0, f.Limit.Sender != "", f.Limit.Receiver != ""} {
			if yes {
				said++
			}
		}
		stem := ""
		if f.Pack.Jurisdiction != "" {
			stem = geo.Division(f.Pack.Jurisdiction).Stem()
		}
		return []string{fmt.Sprintf("%02d", len(stem)), string(f.Pack.Nature), f.Pack.From, fmt.Sprint(said)}
	}
	return slices.Compare(rank(f), rank(o)) > 0
}
