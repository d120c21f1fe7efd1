package incident

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// Category is a kind of incidents. Its id begins with that of the wider one; the limits of reporting use the same.
type Category struct {
	ID     string `json:"id" yaml:"id"`
	Code   string `json:"code" yaml:"code"` // in the code space of the source; empty: not known
	Name   string `json:"name" yaml:"name"`
	NameEN string `json:"name_en" yaml:"name_en"`
}

// Categories are all of them, with the document that gives them.
type Categories struct {
	Source     string     `json:"source" yaml:"source"`
	Unverified bool       `json:"unverified" yaml:"unverified"`
	Note       string     `json:"note" yaml:"note"`
	Items      []Category `json:"items" yaml:"items"`
	Alarms     Proposals  `json:"-" yaml:"alarms"`
}

// Proposals are what an alarm is proposed to be, by what was measured.
type Proposals struct {
	Source     string     `yaml:"source"`
	Unverified bool       `yaml:"unverified"`
	Items      []Proposed `yaml:"items"`
}

// Proposed is a category for some properties. Words end the names of such sensors; a title does without them.
type Proposed struct {
	Category   string   `yaml:"category"`
	Properties []string `yaml:"properties"`
	Words      []string `yaml:"words"`
}

var categoryID = regexp.MustCompile(`^(natural|accident|health|security)(\.[a-z_]+)*$`)

// LoadCategories reads the file of categories.
func LoadCategories(file string) (*Categories, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read categories of incidents: %w", err)
	}
	return ParseCategories(file, text)
}

// ParseCategories reads categories. Errors name the file and the line.
func ParseCategories(name string, text []byte) (*Categories, error) {
	var c Categories
	f, err := strict.Decode(name, text, &c)
	if err != nil {
		return nil, err
	}
	return &c, f.Locate(c.check())
}

func (c *Categories) check() error {
	if c.Source == "" {
		return strict.Bad("source", "say which document gives the categories")
	}
	if len(c.Items) == 0 {
		return strict.Bad("items", "there is none")
	}
	for i, k := range c.Items {
		key := fmt.Sprintf("items.%d", i)
		switch {
		case !categoryID.MatchString(k.ID):
			return strict.Bad(key+".id", "%q begins with natural, accident, health or security", k.ID)
		case k.Name == "" || k.NameEN == "":
			return strict.Bad(key+".name", "a category has a name and name_en")
		case slices.ContainsFunc(c.Items[:i], func(o Category) bool { return o.ID == k.ID }):
			return strict.Bad(key+".id", "stands here twice")
		}
	}
	return c.checkAlarms()
}

func (c *Categories) checkAlarms() error {
	if len(c.Alarms.Items) > 0 && c.Alarms.Source == "" {
		return strict.Bad("alarms.source", "say who proposes the categories of alarms")
	}
	seen := map[string]bool{}
	for i, p := range c.Alarms.Items {
		key := fmt.Sprintf("alarms.items.%d", i)
		if !c.Has(p.Category) {
			return strict.Bad(key+".category", "%q is none of the categories", p.Category)
		}
		for _, name := range p.Properties {
			if seen[name] {
				return strict.Bad(key+".properties", "%q stands here twice", name)
			}
			seen[name] = true
		}
	}
	return nil
}

// OfProperty is the category that is proposed for an alarm of a property; empty when none is.
func (c *Categories) OfProperty(property string) string {
	for _, p := range c.Alarms.Items {
		if slices.Contains(p.Properties, property) {
			return p.Category
		}
	}
	return ""
}

var (
	bracket = regexp.MustCompile(`\s*[（(][^（）()]*[）)]`)
	demoTag = regexp.MustCompile(`\s*[（(]演示[^（）()]*[）)]`)
)

// AlarmTitle proposes a title: where, and what passed which limit, without brackets and demonstration words.
func (c *Categories) AlarmTitle(device, rule string) string {
	where := strings.TrimSpace(demoTag.ReplaceAllString(device, ""))
	what := strings.TrimSpace(bracket.ReplaceAllString(rule, ""))
	for _, p := range c.Alarms.Items {
		for _, w := range p.Words {
			if short := strings.TrimSuffix(where, w); short != "" && short != where {
				return short + what
			}
		}
	}
	return where + what
}

// Has reports whether there is a category of the id.
func (c *Categories) Has(id string) bool {
	return slices.ContainsFunc(c.Items, func(k Category) bool { return k.ID == id })
}

// Named is the Chinese name of a category, for what is printed; the id itself when there is none.
func (c *Categories) Named(id string) string {
	if i := slices.IndexFunc(c.Items, func(k Category) bool { return k.ID == id }); i >= 0 {
		return c.Items[i].Name
	}
	return id
}

// Within reports whether a category is another or a part of it.
func Within(id, wider string) bool { return id == wider || strings.HasPrefix(id, wider+".") }
