package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
)

// Pack is what one document says about the keeping of plans: limits, triggers of revision, categories. It is
// data with its source.
type Pack struct {
	ID         string            `json:"id" yaml:"id"`
	Name       string            `json:"name" yaml:"name"`
	NameEN     string            `json:"name_en" yaml:"name_en"`
	Source     string            `json:"source" yaml:"source"`
	Read       string            `json:"read" yaml:"read"` // where its text was read
	From       string            `json:"from" yaml:"from"`
	File       WorkdayLimit      `json:"file" yaml:"file"`       // hand a published plan in for filing
	Receipt    WorkdayLimit      `json:"receipt" yaml:"receipt"` // answer a complete filing
	Assess     MonthLimit        `json:"assess" yaml:"assess"`
	Warn       []strict.Duration `json:"warn" yaml:"warn"`       // before any of them is due
	Reports    []ReportLimit     `json:"reports" yaml:"reports"` // what the editor proposes; what holds stands in the plan
	Triggers   []Trigger         `json:"triggers" yaml:"triggers"`
	Categories []Category        `json:"categories" yaml:"categories"`
}

// WorkdayLimit is a limit in working days (调休 counted).
type WorkdayLimit struct {
	Workdays   int    `json:"workdays" yaml:"workdays"`
	Clause     string `json:"clause" yaml:"clause"`
	Unverified bool   `json:"unverified" yaml:"unverified"`
}

// ReportLimit is how long a kind of reports that a response owes takes, by a document of its own.
type ReportLimit struct {
	Kind       string `json:"kind" yaml:"kind"` // first, follow_up, final
	Minutes    int    `json:"minutes" yaml:"minutes"`
	Source     string `json:"source" yaml:"source"`
	From       string `json:"from" yaml:"from"` // first day on which it holds; empty: unknown
	Unverified bool   `json:"unverified" yaml:"unverified"`
}

// MonthLimit is how often plans of some kinds are assessed.
type MonthLimit struct {
	Months     int    `json:"months" yaml:"months"`
	Kinds      []Kind `json:"kinds" yaml:"kinds"`
	Clause     string `json:"clause" yaml:"clause"`
	Unverified bool   `json:"unverified" yaml:"unverified"`
}

// Trigger is a reason for which a plan must be revised.
type Trigger struct {
	ID         string `json:"id" yaml:"id"`
	Name       string `json:"name" yaml:"name"`
	NameEN     string `json:"name_en" yaml:"name_en"`
	Unverified bool   `json:"unverified" yaml:"unverified"`
}

// Category is a kind of incident that plans are made for; a column of the coverage.
type Category struct {
	Code   string `json:"code" yaml:"code"`
	Name   string `json:"name" yaml:"name"`
	NameEN string `json:"name_en" yaml:"name_en"`
}

// LoadPack reads the one pack of a folder (*.yml). Errors name file and line.
func LoadPack(dir string) (Pack, error) {
	var p Pack
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil || len(files) != 1 {
		return p, fmt.Errorf("look for the rules of plans in %s: there must be one file, there are %d: %w", dir, len(files), err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return p, fmt.Errorf("read rules of plans: %w", err)
	}
	return ParsePack(files[0], text)
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
	switch {
	case p.ID == "" || p.Name == "" || p.NameEN == "" || p.Source == "":
		return strict.Bad("id", "a pack has an id, name, name_en and source")
	case p.File.Workdays < 1 || p.File.Workdays > 250:
		return strict.Bad("file.workdays", "must be 1 to 250")
	case p.Receipt.Workdays < 1 || p.Receipt.Workdays > 250:
		return strict.Bad("receipt.workdays", "must be 1 to 250")
	case p.Assess.Months < 1 || p.Assess.Months > 240:
		return strict.Bad("assess.months", "must be 1 to 240")
	case len(p.Triggers) == 0:
		return strict.Bad("triggers", "a pack has a trigger")
	case len(p.Categories) == 0:
		return strict.Bad("categories", "a pack has a category")
	case len(p.Warn) > 6:
		return strict.Bad("warn", "at most 6")
	}
	for _, k := range p.Assess.Kinds {
		if !slices.Contains(Kinds(), k) {
			return strict.Bad("assess.kinds", "%q is no kind of plan", k)
		}
	}
	for _, w := range p.Warn {
		if w <= 0 || time.Duration(w) > 366*24*time.Hour {
			return strict.Bad("warn", "must be above 0 and at most a year")
		}
	}
	seen := map[string]bool{}
	for i, r := range p.Reports {
		if ReportWord(r.Kind) == "" || seen[r.Kind] || r.Minutes < 1 || r.Minutes > maxReportMinutes || r.Source == "" {
			return strict.Bad(fmt.Sprintf("reports.%d.kind", i), "each of first, follow_up and final once, with 1 to %d minutes and a source", maxReportMinutes)
		}
		if r.From == "" && !r.Unverified {
			return strict.Bad(fmt.Sprintf("reports.%d.from", i), "say since when it holds, or mark it unverified")
		}
		seen[r.Kind] = true
	}
	for i, t := range p.Triggers {
		if t.ID == "" || t.Name == "" || t.NameEN == "" || seen[t.ID] {
			return strict.Bad(fmt.Sprintf("triggers.%d.id", i), "a trigger has an id of its own, name and name_en")
		}
		seen[t.ID] = true
	}
	for i, c := range p.Categories {
		if !categories.MatchString(c.Code) || c.Name == "" || c.NameEN == "" || seen[c.Code] {
			return strict.Bad(fmt.Sprintf("categories.%d.code", i), "a category has a code of its own like natural.flood, name and name_en")
		}
		seen[c.Code] = true
	}
	return nil
}

func (p Pack) trigger(id string) bool {
	return slices.ContainsFunc(p.Triggers, func(t Trigger) bool { return t.ID == id })
}

func (p Pack) category(code string) bool {
	return slices.ContainsFunc(p.Categories, func(c Category) bool { return c.Code == code })
}

// Workdays is the day that comes so many working days after another.
func Workdays(from time.Time, n int, works func(day time.Time) bool) time.Time {
	for n > 0 {
		from = from.AddDate(0, 0, 1)
		if works(from) {
			n--
		}
	}
	return from
}
