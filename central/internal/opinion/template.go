package opinion

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/strict"
)

// Template is the beginning of a press statement. {place} and the like become facts of the incident.
type Template struct {
	ID     string `json:"id" yaml:"id"`
	Name   string `json:"name" yaml:"name"`
	NameEN string `json:"name_en" yaml:"name_en"`
	Title  string `json:"title" yaml:"title"`
	Text   string `json:"text" yaml:"text"`
}

// Templates are all of them, and where they come from.
type Templates struct {
	Source     string     `json:"source" yaml:"source"`
	Unverified bool       `json:"unverified" yaml:"unverified"`
	Items      []Template `json:"templates" yaml:"templates"`
}

// gap stands where a person writes what no fact gives.
const gap = "〔待填〕"

var placeholder = regexp.MustCompile(`\{[^{}\n]*\}`)

// words are what templates may ask for.
func words() []string {
	return []string{"{title}", "{place}", "{occurred}", "{category}", "{level}", "{response}", "{figures}", "{org}", "{now}", "{gap}", "{old}", "{said}"}
}

// LoadTemplates reads the file of templates.
func LoadTemplates(file string) (*Templates, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read templates of statements: %w", err)
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
		return strict.Bad("source", "say where the templates come from")
	}
	seen := map[string]bool{}
	for i, one := range t.Items {
		at := fmt.Sprintf("templates.%d", i)
		if one.ID == "" || one.Name == "" || one.NameEN == "" || one.Title == "" || one.Text == "" || seen[one.ID] {
			return strict.Bad(at, "a template has an id of its own, name, name_en, title and text")
		}
		seen[one.ID] = true
		// Each by itself: a word that begins in the title and ends in the text is filled in neither.
		for _, text := range []string{one.Title, one.Text} {
			rest := strings.NewReplacer(pairs(map[string]string{})...).Replace(text)
			if odd := placeholder.FindString(rest); odd != "" {
				return strict.Bad(at, "%s is none of %s", odd, strings.Join(words(), " "))
			}
		}
	}
	return nil
}

// pairs are the words of templates beside what stands for them; what is not known is a gap.
func pairs(known map[string]string) []string {
	var out []string
	for _, w := range words() {
		to := known[w]
		if to == "" {
			to = gap
		}
		out = append(out, w, to)
	}
	return out
}

// find is a template by its id.
func (t *Templates) find(id string) (Template, bool) {
	for _, one := range t.Items {
		if one.ID == id {
			return one, true
		}
	}
	return Template{}, false
}

// Facts are what a statement begins with.
type Facts struct {
	Incident incident.Incident
	Category string
	Figures  map[string]incident.Figure
	Org      string
	Said     string // what is answered
	Old      string // title of the statement that is corrected
	Now      time.Time
}

// fill writes a statement from a template. A fact is text, never a template: what it says in braces stays as it is.
func (t Template) fill(f Facts) (title, text string) {
	r := strings.NewReplacer(pairs(map[string]string{
		"{title}": f.Incident.Title, "{place}": f.Incident.Place, "{occurred}": moment(f.Incident.OccurredAt), "{category}": f.Category, "{org}": f.Org,
		"{level}": []string{"", "特别重大（Ⅰ级）", "重大（Ⅱ级）", "较大（Ⅲ级）", "一般（Ⅳ级）"}[f.Incident.Level], "{response}": []string{"", "一级响应", "二级响应", "三级响应", "四级响应"}[f.Incident.Response],
		"{figures}": counted(f.Figures), "{now}": moment(f.Now), "{said}": f.Said, "{old}": f.Old,
	})...)
	return r.Replace(t.Title), r.Replace(t.Text)
}

func moment(t time.Time) string { return t.In(event.China()).Format("1月2日15时04分") }

// counted are the figures of people as a sentence; zero is said as well, for somebody has counted.
func counted(newest map[string]incident.Figure) string {
	var out []string
	for _, k := range []struct{ kind, word string }{{"dead", "死亡"}, {"missing", "失联"}, {"trapped", "被困"}, {"serious", "重伤"}, {"injured", "受伤"}, {"evacuated", "转移群众"}} {
		if f, ok := newest[k.kind]; ok {
			out = append(out, fmt.Sprintf("%s%d人", k.word, f.Value))
		}
	}
	return strings.Join(out, "，")
}
