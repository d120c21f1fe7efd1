package plan

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Paragraph is one of a document that somebody hands in. Depth is that of a heading, 0 of a text. Odd says what
// of it does not fit into a plan: table (a row of one), list, picture, box, footnote, formula or contents.
type Paragraph struct {
	No    int
	Depth int
	Text  string
	Odd   string
}

// Import is what a file would make of the draft; nothing is kept until somebody writes Body. With faults, Body is
// the draft as it was.
type Import struct {
	Revision int         `json:"revision"` // of the draft that it began from
	Body     Body        `json:"body"`
	Changes  []Change    `json:"changes"`
	Notes    []Remark    `json:"notes"`  // what came over otherwise than it stood there, or not at all
	Faults   []CellFault `json:"faults"` // what hinders it, all at once
	Chapters int         `json:"chapters"`
	Actions  int         `json:"actions"`
}

// Remark is about a paragraph, or about the whole document (0). Text is how the paragraph begins.
type Remark struct {
	Paragraph int    `json:"paragraph"`
	Code      string `json:"code"` // as Odd; and before, depth, title, long, numbered, role_new, clause_lost
	Text      string `json:"text"`
}

// CellFault is what is wrong in a cell of a workbook, or with a paragraph; Line counts from 1 as programs show it.
type CellFault struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Text   string `json:"text"` // as it stands there
}

// The ways to take something over.
const (
	Replace = "replace"
	Append  = "append"
)

const (
	maxRemarks = 500
	maxExcerpt = 40
)

func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if rs := []rune(text); len(rs) > maxExcerpt {
		return string(rs[:maxExcerpt]) + "…"
	}
	return text
}

// How Chinese plans number their headings where the document has no styles.
var (
	decimal  = regexp.MustCompile(`^(\d{1,2}(?:[.．]\d{1,2}){0,3})(?:[.．、\s]+|(\p{Han}))`)
	chapterN = regexp.MustCompile(`^第[一二三四五六七八九十百\d]{1,4}章[\s、]*`)
	sectionN = regexp.MustCompile(`^第[一二三四五六七八九十百\d]{1,4}节[\s、]*`)
	firstN   = regexp.MustCompile(`^[一二三四五六七八九十]{1,3}、\s*`)
	secondN  = regexp.MustCompile(`^[（(][一二三四五六七八九十]{1,3}[）)]\s*`)
)

// unnumbered is a title without its number, and the depth that the number tells; 0: it has none.
func unnumbered(title string) (string, int) {
	if m := decimal.FindStringSubmatchIndex(title); m != nil {
		depth := strings.Count(strings.ReplaceAll(title[m[2]:m[3]], "．", "."), ".") + 1
		switch {
		case m[4] < 0:
			return strings.TrimSpace(title[m[1]:]), depth
		case depth > 1: // 1.1总则; a lone number before a word may belong to it: 24小时值班
			return strings.TrimSpace(title[m[3]:]), depth
		}
		return title, depth
	}
	for i, r := range []*regexp.Regexp{chapterN, sectionN, firstN, secondN} {
		if m := r.FindStringIndex(title); m != nil {
			return strings.TrimSpace(title[m[1]:]), []int{1, 2, 1, 2}[i]
		}
	}
	return title, 0
}

// guess makes headings of short numbered lines, for documents without styles.
func guess(list []Paragraph) []Paragraph {
	out := slices.Clone(list)
	for i, p := range out {
		text := strings.TrimSpace(p.Text)
		if p.Odd != "" || utf8.RuneCountInString(text) > maxExcerpt || strings.ContainsAny(text, "\n") || strings.HasSuffix(text, "。") || strings.HasSuffix(text, "；") || strings.HasSuffix(text, "：") || strings.HasSuffix(text, "，") {
			continue
		}
		if title, depth := unnumbered(text); title != "" {
			out[i].Depth = depth
		}
	}
	return out
}

// ChaptersOf makes chapters of the paragraphs of a document. A chapter whose title was there before keeps its
// name and its mark, so that what refers to it still does. fresh makes new ids.
func ChaptersOf(list []Paragraph, was []Chapter, fresh func() string) ([]Chapter, []Remark, []CellFault) {
	out, notes, faults := []Chapter{}, []Remark{}, []CellFault{}
	note := func(p Paragraph, code string) {
		if len(notes) < maxRemarks {
			notes = append(notes, Remark{p.No, code, excerpt(p.Text)})
		}
	}
	heads := func(p Paragraph) bool { return p.Depth > 0 }
	if !slices.ContainsFunc(list, heads) {
		if list = guess(list); slices.ContainsFunc(list, heads) {
			note(Paragraph{}, "numbered")
		}
	}
	used := map[string]bool{}
	for _, p := range list {
		text := strings.TrimSpace(p.Text)
		if p.Odd != "" {
			note(p, p.Odd)
		}
		switch {
		case p.Odd == "contents" || text == "":
			continue
		case p.Depth > 0:
			title, _ := unnumbered(strings.Join(strings.Fields(text), " "))
			if !errs.Name(title, maxTitle) {
				note(p, "title")
				break
			}
			if p.Depth > 4 {
				note(p, "depth")
			}
			c := Chapter{Depth: min(p.Depth, 4), Title: title}
			c.Depth = min(c.Depth, depthAfter(out)+1)
			i := slices.IndexFunc(was, func(o Chapter) bool { return o.Title == title && !used[o.ID] })
			if i >= 0 {
				c.ID, c.Brief = was[i].ID, was[i].Brief
			} else {
				c.ID = fresh()
			}
			used[c.ID] = true
			out = append(out, c)
			continue
		}
		if len(out) == 0 {
			note(p, "before")
			continue
		}
		c := &out[len(out)-1]
		if c.Text != "" {
			c.Text += "\n"
		}
		c.Text += text
	}
	numbers := Body{Chapters: out}.Numbers()
	for i := range out { // 1总则
		if rest, ok := strings.CutPrefix(out[i].Title, numbers[i]); ok && rest != "" && (rest[0] < '0' || rest[0] > '9') {
			out[i].Title = strings.TrimSpace(rest)
		}
	}
	for _, c := range out {
		if !errs.Text(c.Text, maxChapter) {
			faults = append(faults, CellFault{Code: "chapter_long", Text: c.Title})
		}
	}
	if len(out) == 0 {
		faults = append(faults, CellFault{Code: "no_heading"})
	}
	if len(out) > maxChapters {
		faults = append(faults, CellFault{Code: "too_many"})
	}
	return out, notes, faults
}

func depthAfter(list []Chapter) int {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Depth
}

// draftOf reads the draft that a file is to change. The file is read only when the actor may write.
func (s *Service) draftOf(ctx context.Context, id, mode string) (Import, error) {
	a, err := actor.Require(ctx, actor.PlanWrite)
	if err != nil {
		return Import{}, err
	}
	p, err := s.load(ctx, a, id)
	if err != nil {
		return Import{}, err
	}
	switch {
	case !a.Covers(p.Division):
		return Import{}, errs.E(errs.Denied, "plan.above", "the plan belongs to a division above yours; it can only be read")
	case !p.State.written():
		return Import{}, errs.E(errs.Conflict, "plan.closed", "the plan is not being written now")
	case mode != Replace && mode != Append:
		return Import{}, errs.Field("plan.import", "mode", "must be replace or append")
	}
	text, err := s.Store.Draft(ctx, id)
	if err != nil {
		return Import{}, err
	}
	b, err := parse(text)
	return Import{Revision: p.Revision, Body: b, Changes: []Change{}, Notes: []Remark{}, Faults: []CellFault{}}, err
}

// finish compares the draft with what it would become, and refuses what no plan may hold.
func (i Import) finish(next Body) (Import, error) {
	if len(i.Faults) > 0 {
		return i, nil
	}
	next = next.whole()
	if err := next.validate(); err != nil {
		return Import{}, err
	}
	i.Changes = Compare(i.Body, next)
	i.Body = next
	return i, nil
}

// ImportText says what the chapters of a document would make of the draft. Nothing is kept.
func (s *Service) ImportText(ctx context.Context, id, mode string, read func() ([]Paragraph, error)) (Import, error) {
	out, err := s.draftOf(ctx, id, mode)
	if err != nil {
		return out, err
	}
	list, err := read()
	if err != nil {
		return Import{}, err
	}
	next, was := out.Body, out.Body.Chapters
	if mode == Append {
		was = nil
	}
	var chapters []Chapter
	chapters, out.Notes, out.Faults = ChaptersOf(list, was, newID)
	out.Chapters = len(chapters)
	if mode == Append {
		chapters = append(slices.Clone(next.Chapters), chapters...)
	}
	next.Chapters = chapters
	out.Notes = append(out.Notes, out.Body.lost(next)...)
	return out.finish(next)
}

// lost are the actions whose clause is no longer there.
func (b Body) lost(next Body) []Remark {
	was, is := b.clauses(), next.clauses()
	var out []Remark
	for _, a := range b.Actions {
		if was[a.Clause] != "" && is[a.Clause] == "" {
			out = append(out, Remark{Code: "clause_lost", Text: excerpt(a.Title)})
		}
	}
	return out
}
