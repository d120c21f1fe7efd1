package report

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/strict"
)

// Row is one level and the least figures for it; a figure that is left out says nothing for it. Loss is in 10,000
// yuan.
type Row struct {
	Level   int  `json:"level" yaml:"level"`
	Dead    *int `json:"dead" yaml:"dead"`
	Serious *int `json:"serious" yaml:"serious"`
	Loss    *int `json:"loss" yaml:"loss"`
}

// Table grades incidents of some categories that happened on the days From to To. CorrectDays is how long figures
// that change must be reported again.
type Table struct {
	ID          string   `json:"id" yaml:"id"`
	Name        string   `json:"name" yaml:"name"`
	NameEN      string   `json:"name_en" yaml:"name_en"`
	Source      string   `json:"source" yaml:"source"`
	Clause      string   `json:"clause" yaml:"clause"`
	Read        string   `json:"read" yaml:"read"`
	Unverified  bool     `json:"unverified" yaml:"unverified"`
	Note        string   `json:"note" yaml:"note"`
	From        string   `json:"from" yaml:"from"`
	To          string   `json:"to" yaml:"to"`
	Categories  []string `json:"categories" yaml:"categories"`
	CorrectDays int      `json:"correct_days" yaml:"correct_days"`
	Rows        []Row    `json:"rows" yaml:"rows"`
}

// Grading is all tables.
type Grading struct {
	Tables []Table `json:"tables" yaml:"tables"`
}

// LoadGrading reads the file of tables.
func LoadGrading(file string) (*Grading, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read tables of grading: %w", err)
	}
	return ParseGrading(file, text)
}

// ParseGrading reads tables. Errors name the file and the line.
func ParseGrading(name string, text []byte) (*Grading, error) {
	var g Grading
	f, err := strict.Decode(name, text, &g)
	if err != nil {
		return nil, err
	}
	return &g, f.Locate(g.check())
}

const dayForm = "2006-01-02"

func (g *Grading) check() error {
	for i, t := range g.Tables {
		key := fmt.Sprintf("tables.%d", i)
		switch {
		case t.ID == "" || t.Name == "" || t.NameEN == "" || t.Source == "":
			return strict.Bad(key+".id", "a table has id, name, name_en and source")
		case len(t.Categories) == 0 || len(t.Rows) == 0:
			return strict.Bad(key+".rows", "a table has categories and rows")
		}
		for k, day := range map[string]string{"from": t.From, "to": t.To} {
			if _, err := time.Parse(dayForm, day); day != "" && err != nil {
				return strict.Bad(key+"."+k, "is no day like 2026-11-26")
			}
		}
		for n, r := range t.Rows {
			if r.Level < 1 || r.Level > 4 || (n > 0 && r.Level <= t.Rows[n-1].Level) {
				return strict.Bad(fmt.Sprintf("%s.rows.%d.level", key, n), "levels go from the gravest on, 1 to 4")
			}
		}
	}
	return nil
}

// Proposal is a level and what gave it. Level 0 means that no table says anything.
type Proposal struct {
	Level     int    `json:"level"`
	Criterion string `json:"criterion"` // the figure that decided: dead, serious or loss
	Rule      string `json:"rule"`      // id of the table
	Source    string `json:"source"`
	Days      int    `json:"correct_days"`
}

// Propose grades figures by the table that held when it happened. The gravest level that any figure reaches wins;
// «以上» includes the number.
func (g *Grading) Propose(category string, at time.Time, figures map[string]int) Proposal {
	t, ok := g.table(category, at)
	if !ok {
		return Proposal{}
	}
	p := Proposal{Rule: t.ID, Source: t.Source + " " + t.Clause, Days: t.CorrectDays}
	for _, r := range t.Rows {
		for _, c := range []struct {
			kind  string
			least *int
		}{{"dead", r.Dead}, {"serious", r.Serious}, {"loss", r.Loss}} {
			if n, said := figures[c.kind]; said && c.least != nil && n >= *c.least {
				p.Level, p.Criterion = r.Level, c.kind
				return p
			}
		}
	}
	return p
}

func (g *Grading) table(category string, at time.Time) (Table, bool) {
	day := at.In(event.China()).Format(dayForm)
	i := slices.IndexFunc(g.Tables, func(t Table) bool {
		return (t.From == "" || day >= t.From) && (t.To == "" || day <= t.To) &&
			slices.ContainsFunc(t.Categories, func(c string) bool { return incident.Within(category, c) })
	})
	if i < 0 {
		return Table{}, false
	}
	return g.Tables[i], true
}
