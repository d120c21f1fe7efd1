package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Printer makes files of plans (document.Printer): the same book gives the same bytes.
type Printer interface {
	// PlanPDF answers as well the characters that no font has; errs.Unavailable where there is no font.
	PlanPDF(b Book) (file []byte, missing string, err error)
	PlanDOCX(b Book) ([]byte, error)
	// ChartPDF prints charts, each on a sheet that it can be read on.
	ChartPDF(title string, at time.Time, list []Drawing) (file []byte, missing string, err error)
}

// The forms of a file.
const (
	PDF  = "pdf"
	DOCX = "docx"
)

// Book is papers bound into one document: that of one plan, or the short forms of many.
type Book struct {
	Title    string
	Under    string // below the title
	Running  string // over every page: what it is, and whether it is in force
	Org      string
	At       time.Time // of the newest text in it
	Contents bool      // with a table of contents
	Papers   []Paper
}

// Output is a file that somebody takes away. Missing are the characters that no font of a PDF has.
type Output struct {
	Name    string
	Bytes   []byte
	Missing string
}

// paperName is what people call a paper.
func paperName(kind string) string {
	return map[string]string{PaperFull: "全本", PaperBrief: "简本", PaperBooklet: "一本", PaperTable: "一表"}[kind]
}

// Bind makes a book of a paper.
func Bind(p Paper) Book {
	title := p.Name
	if p.Kind != PaperFull {
		title += "\n（" + paperName(p.Kind) + "）"
	}
	return Book{
		Title: title, Under: p.Org + "　" + p.Mark, Running: p.Name + "　" + p.Mark, Org: p.Org, At: p.Sheet.At,
		Contents: p.Kind == PaperFull || p.Kind == PaperBooklet, Papers: []Paper{p},
	}
}

// maxCollection is how many plans one collection holds.
const maxCollection = 300

// collect binds the short forms of plans, in the order that they are given.
func collect(list []Paper) Book {
	b := Book{Title: "应急预案简本汇编", Contents: true, Papers: list}
	for _, p := range list {
		if p.Sheet.At.After(b.At) {
			b.At = p.Sheet.At
		}
	}
	at := b.At.In(event.China())
	b.Under = fmt.Sprintf("共 %d 件　截至 %d年%d月%d日", len(list), at.Year(), at.Month(), at.Day())
	b.Running = b.Title + "　" + b.Under
	if slices.ContainsFunc(list, func(p Paper) bool { return p.Sheet.Demo }) {
		b.Running += "　含演示数据"
	}
	return b
}

// sheet says what a version is drawn from.
func (s *Service) sheet(ctx context.Context, id string, version int) (Sheet, Body, error) {
	d, err := s.Body(ctx, id, version)
	if err != nil {
		return Sheet{}, Body{}, err
	}
	out := Sheet{Name: d.Plan.Name, NameEN: d.Plan.NameEN, Org: d.Plan.OrgName, Version: version, Demo: d.Plan.Demo, At: d.Plan.ChangedAt}
	if version > 0 {
		v, _, err := s.Store.Version(ctx, id, version)
		if err != nil {
			return out, d.Body, err
		}
		out.Number, out.Hash, out.At = v.Number, v.Hash, v.At
		if v.Head != nil {
			out.Name, out.NameEN, out.Org = v.Head.Name, v.Head.NameEN, v.Head.OrgName
		}
	} else if c := d.Plan.Coming; c != nil {
		out.Name, out.NameEN, out.Org = c.Name, c.NameEN, c.OrgName
	}
	return out, d.Body, nil
}

// Chart is the flow of a level of a version; 0 is the draft.
func (s *Service) Chart(ctx context.Context, id string, version, level int) (Drawing, error) {
	sheet, b, err := s.sheet(ctx, id, version)
	if err != nil {
		return Drawing{}, err
	}
	if !slices.ContainsFunc(b.Levels, func(l Level) bool { return l.Level == level }) {
		return Drawing{}, errs.E(errs.NotFound, "plan.no_level", "the plan has no such response level")
	}
	return Flow(sheet, b, level), nil
}

// Paper composes a paper of a version; 0 is the draft.
func (s *Service) Paper(ctx context.Context, id string, version int, kind string) (Paper, error) {
	sheet, b, err := s.sheet(ctx, id, version)
	if err != nil {
		return Paper{}, err
	}
	if !slices.Contains([]string{PaperFull, PaperBrief, PaperBooklet, PaperTable}, kind) {
		return Paper{}, errs.Field("plan.paper", "kind", "must be full, brief, booklet or table")
	}
	return Compose(kind, sheet, b), nil
}

// Print makes the file of a paper of a version; 0 is the draft.
func (s *Service) Print(ctx context.Context, id string, version int, kind, form string) (Output, error) {
	p, err := s.Paper(ctx, id, version, kind)
	if err != nil {
		return Output{}, err
	}
	return s.output(Bind(p), p.Name+"-"+paperName(kind)+"-"+p.Sheet.edition(), form)
}

func (s *Service) output(b Book, name, form string) (out Output, err error) {
	out.Name = name + "." + form
	switch form {
	case PDF:
		out.Bytes, out.Missing, err = s.Printer.PlanPDF(b)
	case DOCX:
		out.Bytes, err = s.Printer.PlanDOCX(b)
	default:
		err = errs.Field("plan.form", "form", "must be pdf or docx")
	}
	return out, err
}

// PrintCharts makes a PDF of the flow of a level of a version, or of all of them when level is 0.
func (s *Service) PrintCharts(ctx context.Context, id string, version, level int) (Output, error) {
	sheet, b, err := s.sheet(ctx, id, version)
	if err != nil {
		return Output{}, err
	}
	var list []Drawing
	for _, l := range b.sortedLevels() {
		if level == 0 || l.Level == level {
			list = append(list, Flow(sheet, b, l.Level))
		}
	}
	if len(list) == 0 {
		return Output{}, errs.E(errs.NotFound, "plan.no_level", "the plan has no such response level")
	}
	out := Output{Name: sheet.Name + "-一图-" + sheet.edition() + "." + PDF}
	out.Bytes, out.Missing, err = s.Printer.ChartPDF(sheet.Name, sheet.At, list)
	return out, err
}

// Collection binds the short forms of the plans in force that the actor sees, by kind, category and name.
func (s *Service) Collection(ctx context.Context, q Query, form string) (Output, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return Output{}, err
	}
	all, err := s.Store.Plans(ctx)
	if err != nil {
		return Output{}, err
	}
	q.InForce = true
	now := time.Now()
	all = slices.DeleteFunc(all, func(p Plan) bool { return !sees(a, p) || !q.wants(p, now) })
	if len(all) == 0 {
		return Output{}, errs.E(errs.NotFound, "plan.no_collection", "none of these plans is in force; publish one first")
	}
	if len(all) > maxCollection {
		return Output{}, errs.E(errs.Invalid, "plan.collection_size", "a collection holds at most %d plans; choose a kind or a category", maxCollection)
	}
	place := func(p Plan) int {
		return slices.IndexFunc(s.Pack.Categories, func(c Category) bool { return c.Code == p.Category })
	}
	slices.SortFunc(all, func(x, y Plan) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds(), x.Kind), slices.Index(Kinds(), y.Kind)), cmp.Compare(place(x), place(y)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	var list []Paper
	for _, p := range all {
		v, text, err := s.Store.Version(ctx, p.ID, p.Version)
		if err != nil {
			return Output{}, err
		}
		b, err := parse(text)
		if err != nil {
			return Output{}, err
		}
		list = append(list, Compose(PaperBrief, Sheet{Name: p.Name, NameEN: p.NameEN, Org: p.OrgName, Version: v.No, Number: v.Number, Hash: v.Hash, At: v.At, Demo: p.Demo}, b))
	}
	b := collect(list)
	return s.output(b, b.Title+"-"+b.At.In(event.China()).Format("20060102"), form)
}
