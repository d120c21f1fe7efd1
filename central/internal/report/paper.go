package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/paper"
)

// Paper is a report of the own desk that was sent, as an official document (paper.Maker; ref is its id).
func (s *Service) Paper(ctx context.Context, o account.Org, ref string) (paper.Content, error) {
	v, err := s.Get(ctx, ref)
	switch {
	case err != nil:
		return paper.Content{}, err
	case v.OrgID != o.ID:
		return paper.Content{}, errs.E(errs.Denied, "paper.not_yours", "only %s makes a document of it", v.OrgName)
	case v.State != Sent:
		return paper.Content{}, errs.E(errs.Conflict, "report.unsent", "the report has not been sent; send it first")
	}
	lines, pictures := s.printed(ctx, v.Pictures)
	c := v.content(s.Templates, lines)
	c.Pictures = pictures
	return c, nil
}

// BulletinPaper is the 通报 of a month (2026-11) or a year (2026) as an official document (paper.Maker).
func (s *Service) BulletinPaper(ctx context.Context, o account.Org, ref string) (paper.Content, error) {
	from, err := time.ParseInLocation("2006-01", ref, event.China())
	to := from.AddDate(0, 1, 0)
	if err != nil {
		if from, err = time.ParseInLocation("2006", ref, event.China()); err != nil {
			return paper.Content{}, errs.Field("paper.ref", "ref", "must be a month like 2026-11 or a year like 2026")
		}
		to = from.AddDate(1, 0, 0)
	}
	st, err := s.Stats(ctx, from, to)
	if err != nil {
		return paper.Content{}, err
	}
	b := st.Bulletin()
	lines := slices.Clone(b.Paragraphs)
	if len(b.Rows) > 0 {
		lines = append(lines, "各单位报告情况见下表。", paper.Row(b.Headings...))
		for _, row := range b.Rows {
			lines = append(lines, paper.Row(row...))
		}
	}
	return paper.Content{Title: b.Title, Text: strings.Join(lines, "\n"), From: o.Name}, nil
}

// longestTitle leaves room for what stands around the name of an incident.
const longestTitle = 80

// content writes a report: what is short first, then each longer element under a heading of its own, then its pictures.
func (v View) content(t *Templates, pictures []string) paper.Content {
	what := []rune(v.IncidentTitle)
	if len(what) > longestTitle {
		what = append(what[:longestTitle-1], '…')
	}
	var short, long []Element
	for _, id := range v.elements(t) {
		e, _ := t.element(id)
		switch {
		case v.Values[id] == "":
		case e.Form == "text":
			long = append(long, e)
		default:
			short = append(short, e)
		}
	}
	no := 0
	heading := func(name string) string {
		no++
		return numeral(no) + "、" + name
	}
	lines := []string{heading("基本情况")}
	for _, e := range short {
		text := v.Values[e.ID]
		if e.Form == "time" {
			text = momentText(v.when(e.ID))
		}
		lines = append(lines, e.Name+"："+paper.Stop(text))
	}
	if v.Level > 0 {
		lines = append(lines, "事件级别："+paper.Stop(incident.LevelName(v.Level)))
	}
	if counted := v.counted(); counted != "" {
		lines = append(lines, heading("人员伤亡和损失"), paper.Stop(counted))
	}
	for _, e := range long {
		lines = append(lines, heading(e.Name))
		for text := range strings.SplitSeq(v.Values[e.ID], "\n") {
			if text = strings.TrimSpace(text); text != "" {
				lines = append(lines, text)
			}
		}
	}
	if len(pictures) > 0 {
		lines = append(append(lines, heading("附图")), pictures...)
	}
	var to []string
	for _, h := range v.Hops {
		if h.Kind == Up && !slices.Contains(to, h.ToName) {
			to = append(to, h.ToName)
		}
	}
	suffix, _ := strings.CutPrefix(v.Title, v.IncidentTitle)
	return paper.Content{
		Upward: true, Title: "关于" + string(what) + "的报告\n" + suffix, To: strings.Join(to, "、"), Text: strings.Join(lines, "\n"), From: v.OrgName,
	}
}

// elements are those that a version has to say, in the order of its template, then what it says besides.
func (r Report) elements(t *Templates) []string {
	one := t.Of(r)
	out := slices.Clone(one.First)
	if r.Kind == Final {
		out = append(out, one.Final...)
	}
	for _, e := range t.Elements {
		out = append(out, e.ID)
	}
	var once []string
	for _, id := range out {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// counted are the figures in words.
func (r Report) counted() string {
	words := map[string]string{"dead": "死亡%d人", "missing": "失联%d人", "trapped": "被困%d人", "serious": "重伤%d人", "injured": "受伤%d人", "evacuated": "转移%d人", "affected": "受灾%d人", "loss": "直接经济损失%d万元"}
	figures, said := r.figures(), []string{}
	for _, kind := range incident.FigureKinds() {
		if n, ok := figures[kind]; ok && words[kind] != "" {
			said = append(said, fmt.Sprintf(words[kind], n))
		}
	}
	return strings.Join(said, "，")
}

func momentText(t time.Time) string { return t.In(event.China()).Format("2006年1月2日15时04分") }
