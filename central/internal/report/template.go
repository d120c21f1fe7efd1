package report

import (
	"fmt"
	"os"
	"slices"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/strict"
)

// Element is one thing that a report may have to say. Form is line, text, time or phone.
type Element struct {
	ID     string `json:"id" yaml:"id"`
	Name   string `json:"name" yaml:"name"`
	NameEN string `json:"name_en" yaml:"name_en"`
	Form   string `json:"form" yaml:"form"`
	Source string `json:"source" yaml:"source"`
}

// Template is what reports of some categories must say; without categories it is for all others. Core must be there
// before a report leaves, First in a first report, Final in a final one.
type Template struct {
	ID         string   `json:"id" yaml:"id"`
	Name       string   `json:"name" yaml:"name"`
	NameEN     string   `json:"name_en" yaml:"name_en"`
	Source     string   `json:"source" yaml:"source"`
	Categories []string `json:"categories" yaml:"categories"`
	Core       []string `json:"core" yaml:"core"`
	First      []string `json:"first" yaml:"first"`
	Final      []string `json:"final" yaml:"final"`
	Figures    []string `json:"figures" yaml:"figures"`
}

// Templates are all of them, with the documents that give them.
type Templates struct {
	Source     string     `json:"source" yaml:"source"`
	Read       string     `json:"read" yaml:"read"`
	Unverified bool       `json:"unverified" yaml:"unverified"`
	Note       string     `json:"note" yaml:"note"`
	Elements   []Element  `json:"elements" yaml:"elements"`
	Items      []Template `json:"templates" yaml:"templates"`
}

// LoadTemplates reads the file of templates.
func LoadTemplates(file string) (*Templates, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read templates of reports: %w", err)
	}
	return ParseTemplates(file, text)
}

// ParseTemplates reads templates. Errors name the file and the line.
func ParseTemplates(name string, text []byte) (*Templates, error) {
	var t Templates
	f, err := strict.Decode(name, text, &t)
	if err != nil {
		return nil, err
	}
	return &t, f.Locate(t.check())
}

func (t *Templates) check() error {
	if t.Source == "" {
		return strict.Bad("source", "say which document gives the elements")
	}
	for i, e := range t.Elements {
		if e.ID == "" || e.Name == "" || e.NameEN == "" || !slices.Contains([]string{"line", "text", "time", "phone"}, e.Form) {
			return strict.Bad(fmt.Sprintf("elements.%d", i), "an element has id, name, name_en, and a form: line, text, time or phone")
		}
	}
	general := 0
	for i, one := range t.Items {
		key := fmt.Sprintf("templates.%d", i)
		if one.ID == "" || one.Name == "" || one.NameEN == "" {
			return strict.Bad(key+".id", "a template has id, name and name_en")
		}
		if len(one.Categories) == 0 {
			general++
		}
		for part, list := range map[string][]string{"core": one.Core, "first": one.First, "final": one.Final} {
			for _, id := range list {
				if _, ok := t.element(id); !ok {
					return strict.Bad(key+"."+part, "%q is none of the elements", id)
				}
			}
		}
		for _, kind := range one.Figures {
			if !slices.Contains(incident.FigureKinds(), kind) {
				return strict.Bad(key+".figures", "%q is not counted", kind)
			}
		}
	}
	if general != 1 {
		return strict.Bad("templates", "one template without categories is for all others")
	}
	return nil
}

func (t *Templates) element(id string) (Element, bool) {
	i := slices.IndexFunc(t.Elements, func(e Element) bool { return e.ID == id })
	if i < 0 {
		return Element{}, false
	}
	return t.Elements[i], true
}

// For is the template of a category: the one that names the narrowest part of it.
func (t *Templates) For(category string) Template {
	var best Template
	length := -1
	for _, one := range t.Items {
		if len(one.Categories) == 0 && length < 0 {
			best, length = one, 0
		}
		for _, c := range one.Categories {
			if incident.Within(category, c) && len(c) > length {
				best, length = one, len(c)
			}
		}
	}
	return best
}

// Of is the template that a report was begun by, as its author sees it; that of its category when the file has it no more.
func (t *Templates) Of(r Report) Template {
	if i := slices.IndexFunc(t.Items, func(one Template) bool { return one.ID == r.Template }); i >= 0 {
		return t.Items[i]
	}
	return t.For(r.Category)
}

// wanted are the elements that a version must have.
func (t Template) wanted(k Kind) []string {
	switch k {
	case First:
		return t.First
	case Final:
		return t.Final
	case Follow, Correction:
	}
	return t.Core
}
