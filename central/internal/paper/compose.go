package paper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Duty knows rosters (duty.Service).
type Duty interface {
	Roster(ctx context.Context, org string, from, to duty.Day) (duty.Roster, error)
}

// Desks know the books of desks (handover.Service).
type Desks interface {
	Record(ctx context.Context, id string) (handover.Record, error)
	Search(ctx context.Context, org string, from time.Time, r page.Request) (page.List[handover.Entry], error)
	Desk(ctx context.Context, org string) (handover.Desk, error)
}

// Maker writes the content of a document from what a room has under a reference, such as a month or an id. It asks
// itself whether the actor may see that; org is theirs. The same facts give the same content. Rooms beside and above
// this one hand theirs in by Options.Makers.
type Maker func(ctx context.Context, org account.Org, ref string) (Content, error)

// maker finds who writes a kind.
func (s *Service) maker(k Kind) (Maker, bool) {
	if m, ok := s.Makers[k]; ok {
		return m, true
	}
	m, ok := map[Kind]Maker{Roster: s.roster, Handover: s.shift, Brief: s.brief}[k]
	return m, ok
}

// Compose makes a draft of something that the centre has: the duty table of a month ("roster", 2026-12), the record
// of a shift ("handover", its id), the log of a day ("brief", 2026-11-26), or what Makers know. Where there is a draft
// of it already, or a signed document that says the same, that is answered. A duty table that differs from the signed
// one takes its place.
func (s *Service) Compose(ctx context.Context, kind Kind, ref string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	made, ok := s.maker(kind)
	if !ok {
		return Paper{}, errs.Field("paper.kind", "kind", "must be roster, handover, brief, report, bulletin, situation or review")
	}
	n := NewPaper{Kind: kind, source: string(kind) + " " + ref}
	if n.Content, err = made(ctx, o, ref); err != nil {
		return Paper{}, err
	}
	if n.facts, err = n.Content.facts(); err != nil {
		return Paper{}, err
	}
	old, err := s.Store.MadeOf(ctx, o.ID, n.source)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return s.create(ctx, a, o, n, "")
	case err != nil:
		return Paper{}, err
	case old.State == Draft || old.Facts == n.facts:
		old.Own, old.Stale = true, old.Facts != "" && old.Facts != n.facts
		return old, nil
	case kind == Roster:
		return s.create(ctx, a, o, n, old.ID)
	}
	return s.create(ctx, a, o, n, "")
}

// Refresh writes title, text and annexes of a draft anew from what it was made from; what was typed into them is lost.
// Version is the one that the author saw.
func (s *Service) Refresh(ctx context.Context, id string, version int) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	p, err := s.draft(ctx, o, id, version)
	if err != nil {
		return Paper{}, err
	}
	kind, ref, _ := strings.Cut(p.Source, " ")
	made, ok := s.maker(Kind(kind))
	if !ok {
		return Paper{}, errs.E(errs.Conflict, "paper.typed", "it was written by hand; there is nothing to write it anew from")
	}
	c, err := made(ctx, o, ref)
	if err != nil {
		return Paper{}, err
	}
	facts, err := c.facts()
	if err != nil {
		return Paper{}, err
	}
	c = c.clean()
	images := c.pictures()
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		if p, err = s.draft(ctx, o, id, p.Version); err != nil {
			return err
		}
		p.Content.Title, p.Content.Text, p.Content.Annexes, p.Content.Pictures, p.Facts = c.Title, c.Text, c.Annexes, c.Pictures, facts
		p.Version, p.UpdatedAt, p.UpdatedBy = p.Version+1, stamp(), a.Name
		if err := p.Content.validate(); err != nil {
			return err
		}
		note(EventChanged, p.ID, p.trace())
		return errors.Join(s.Store.SavePaper(ctx, p), s.Store.SavePictures(ctx, p.ID, images))
	})
}

// facts tells two contents apart.
func (c Content) facts() (string, error) {
	c = c.clean()
	c.Pictures = slices.Clone(c.Pictures)
	for i := range c.Pictures { // which ones there are counts, not what could be read of them today
		c.Pictures[i].Problem = ""
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write content: %w", err)
	}
	return sum(text), nil
}

func (s *Service) roster(ctx context.Context, o account.Org, month string) (Content, error) {
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return Content{}, errs.Field("paper.ref", "ref", "must be a month like 2026-12")
	}
	from := duty.Day(at.Format(time.DateOnly))
	r, err := s.Duty.Roster(ctx, o.ID, from, duty.Day(at.AddDate(0, 1, 0).Format(time.DateOnly)))
	if err != nil {
		return Content{}, err
	}
	return RosterContent(r, at), nil
}

// RosterContent is the duty table of a month.
func RosterContent(r duty.Roster, month time.Time) Content {
	lines := []string{}
	for i, row := range r.Table() {
		row = slices.Clone(row)
		if i > 0 { // the year stands above
			if d, err := time.Parse(time.DateOnly, row[0]); err == nil {
				row[0] = fmt.Sprintf("%d月%d日", d.Month(), d.Day())
			}
		}
		lines = append(lines, Row(row...))
	}
	if r.Phone != "" {
		lines = append(lines, "值班电话："+r.Phone)
	}
	lines = append(lines, "值班人员须按时到岗、严格履行交接班手续；因故不能到岗的，须事先按规定办理调班。")
	return Content{Title: fmt.Sprintf("%s\n%d年%d月值班表", r.OrgName, month.Year(), month.Month()), Text: strings.Join(lines, "\n"), From: r.OrgName}
}

func (s *Service) shift(ctx context.Context, o account.Org, id string) (Content, error) {
	r, err := s.Desks.Record(ctx, id)
	if err != nil {
		return Content{}, err
	}
	if r.OrgID != o.ID {
		return Content{}, errs.E(errs.Denied, "paper.not_yours", "only %s makes a document of it", r.OrgName)
	}
	if r.State != handover.Closed {
		return Content{}, errs.E(errs.Conflict, "paper.shift_open", "the shift has not been handed over; sign the handover first")
	}
	return ShiftContent(r), nil
}

// ShiftContent is the record of a shift that was handed over. Numbers of callers stay out of it: it is shown to
// more people than the log.
func ShiftContent(r handover.Record) Content {
	lines := []string{
		"一、值班情况",
		fmt.Sprintf("值班时间：%s至%s。", clock(r.OpenedAt), clock(*r.ClosedAt)),
		"值班人员：" + orNone(strings.Join(r.Officers, "、")) + "。",
		"二、值班日志", Row("序号", "时间", "类别", "对方", "内容", "记录人"),
	}
	for _, e := range entries(r.Entries) {
		party, said := e.Said()
		lines = append(lines, Row(fmt.Sprint(e.No), hour(e.At), e.Kind.Word(), party, said, e.ByName))
	}
	lines = append(lines, "", "三、移交的未结事项")
	if len(r.Passed) == 0 {
		lines = append(lines, "无。")
	} else {
		lines = append(lines, Row("序号", "事项", "承办人", "期限"))
		for i, it := range r.Passed {
			due := ""
			if it.DueAt != nil {
				due = clock(*it.DueAt)
			}
			lines = append(lines, Row(fmt.Sprint(i+1), it.Title, it.OwnerName, due))
		}
	}
	lines = append(lines, "", "四、交接说明", orNone(r.Note)+"", "五、签字")
	out := "未签字（" + r.Absent + "）"
	if r.Out != nil {
		out = signed(*r.Out)
	}
	lines = append(lines, "交班人："+out, "接班人："+signed(*r.In))
	return Content{Title: fmt.Sprintf("%s\n交接班记录（第%d班）", r.OrgName, r.No), Text: strings.Join(lines, "\n"), From: r.OrgName}
}

func signed(s handover.Signature) string {
	text := s.Name + "，" + clock(s.At)
	if s.Reason != "" {
		text += "（" + s.Reason + "）"
	}
	return text
}

func (s *Service) brief(ctx context.Context, o account.Org, ref string) (Content, error) {
	from, err := time.ParseInLocation(time.DateOnly, ref, event.China())
	if err != nil {
		return Content{}, errs.Field("paper.ref", "ref", "must be a day like 2026-11-26")
	}
	to := from.AddDate(0, 0, 1)
	var all []handover.Entry
	for r := (page.Request{Limit: page.MaxLimit}); ; {
		part, err := s.Desks.Search(ctx, o.ID, from, r)
		if err != nil {
			return Content{}, err
		}
		all = append(all, part.Items...)
		if part.Next == "" {
			break
		}
		r.After = part.Next
	}
	all = slices.DeleteFunc(all, func(e handover.Entry) bool { return e.At.Before(from) || !e.At.Before(to) })
	desk, err := s.Desks.Desk(ctx, o.ID)
	if err != nil {
		return Content{}, err
	}
	return BriefContent(desk.OrgName, from, all, desk.Items), nil
}

// BriefContent is the 值班快报 of a day: what was logged on it, and what is open.
func BriefContent(org string, day time.Time, log []handover.Entry, open []handover.Item) Content {
	log = entries(log)
	lines := []string{fmt.Sprintf("%d月%d日，值班室共处理事项%d件，现将主要情况报告如下。", day.Month(), day.Day(), len(log)), "一、当日要情"}
	for i, e := range log {
		text := fmt.Sprintf("%d. %s，%s", i+1, hour(e.At), e.Kind.Word())
		party, said := e.Said()
		if party != "" {
			text += "（" + party + "）"
		}
		lines = append(lines, text+"："+Stop(oneLine(said)))
	}
	if len(log) == 0 {
		lines = append(lines, "当日无突发事件和重要事项。")
	}
	lines = append(lines, "二、未结事项")
	for i, it := range open {
		lines = append(lines, fmt.Sprintf("%d. %s（承办人：%s）。", i+1, it.Title, orNone(it.OwnerName)))
	}
	if len(open) == 0 {
		lines = append(lines, "无。")
	}
	return Content{Title: fmt.Sprintf("值班快报\n（%d年%d月%d日）", day.Year(), day.Month(), day.Day()), Text: strings.Join(lines, "\n"), From: org}
}

// entries are those that stand, oldest first: what was corrected is left out.
func entries(list []handover.Entry) []handover.Entry {
	list = slices.DeleteFunc(slices.Clone(list), func(e handover.Entry) bool { return e.Corrected != "" })
	slices.SortStableFunc(list, func(a, b handover.Entry) int { return a.At.Compare(b.At) })
	return list
}

func clock(t time.Time) string {
	t = t.In(event.China())
	return fmt.Sprintf("%d年%d月%d日%d时%02d分", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
}

func hour(t time.Time) string { return t.In(event.China()).Format("15:04") }

func orNone(text string) string {
	if strings.TrimSpace(text) == "" {
		return "无"
	}
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Stop ends a sentence that its author has not ended.
func Stop(text string) string {
	if text = strings.TrimSpace(text); strings.HasSuffix(text, "。") || strings.HasSuffix(text, "！") || strings.HasSuffix(text, "？") {
		return text
	}
	return text + "。"
}
