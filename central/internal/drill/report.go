package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Report is the evaluation report of an exercise as files, and what they are called. Every page carries the mark of
// exercises.
func (s *Service) Report(ctx context.Context, id string) (paper.Files, string, error) {
	v, err := s.Get(ctx, id)
	if err != nil {
		return paper.Files{}, "", err
	}
	if v.State != Ended && v.State != Closed {
		return paper.Files{}, "", errs.E(errs.Conflict, "drill.not_over", "the report is made when the exercise has ended")
	}
	if v.Part != Controls && v.State != Closed {
		return paper.Files{}, "", errs.E(errs.Denied, "drill.not_yours", "until the exercise is closed its report is for its controllers")
	}
	d, err := s.Store.Drill(ctx, id)
	if err != nil {
		return paper.Files{}, "", err
	}
	m, err := s.Measures(ctx, id)
	if err != nil {
		return paper.Files{}, "", err
	}
	sheets, err := s.Store.Sheets(ctx, id)
	if err != nil {
		return paper.Files{}, "", err
	}
	if v.Part != Controls { // who found what is for them alone
		for n := range sheets {
			sheets[n].Name = "评估员"
		}
		d.Injects = slices.DeleteFunc(d.Injects, func(i Inject) bool { return i.State != Given })
		for n := range d.Injects {
			d.Injects[n].Expect = ""
		}
	}
	items, err := s.Store.Items(ctx, id)
	if err != nil {
		return paper.Files{}, "", err
	}
	p := s.Pack.print(d, m, sheets, items)
	out, err := s.Printer.Files(p)
	return out, d.Name + "评估报告", err
}

// print is pure: the report of an exercise.
func (p Pack) print(d Drill, m Measures, sheets []Sheet, items []Item) paper.Print {
	var t strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&t, format+"\n", args...) }
	forms := map[Form]string{Tabletop: "桌面推演", Functional: "功能演练", Full: "实战演练", Blind: "双盲演练"}
	content := map[bool]string{true: "综合演练", false: "单项演练"}
	say("一、演练概况")
	say("%s于%s至%s组织“%s”，形式为%s，内容为%s。", d.OrgName, clock(d.StartedAt), clock(d.EndedAt), d.Name, forms[d.Form], content[d.Combined])
	if d.PlanName != "" {
		say("所检验的预案：%s。", d.PlanName)
	}
	var names []string
	for _, o := range d.Parties {
		names = append(names, o.OrgName)
	}
	if len(names) > 0 {
		say("参演单位：%s。", strings.Join(names, "、"))
	}
	for _, part := range []struct {
		part Part
		word string
	}{{Plays, "参演人员"}, {Evaluates, "评估人员"}, {Observes, "观摩人员"}} {
		var who []string
		for _, p := range d.People {
			if p.Part == part.part {
				who = append(who, p.Name+"（"+p.OrgName+"）")
			}
		}
		if len(who) > 0 {
			say("%s：%s。", part.word, strings.Join(who, "、"))
		}
	}
	if d.Goals != "" {
		say("演练目标：%s", flat(d.Goals))
	}
	if d.Scenario != "" {
		say("情景：%s", flat(d.Scenario))
	}
	say("二、过程")
	say("%s", paper.Row("时间", "情况", "下达", "预期行动"))
	for _, i := range d.Injects {
		what := map[string]string{Waiting: "未下达", Skipped: "跳过：" + i.Reason}[i.State]
		if i.State == Given {
			if what = i.ByName; what == "" {
				what = "按脚本"
			}
		}
		say("%s", paper.Row(clock(i.At), i.Title, what, flat(i.Expect)))
	}
	say("三、自动测量")
	say("自演练开始至第一次信息登记%s，至第一次上报%s，至启动响应%s，至第一项任务签收%s。", took(m.Opened), took(m.Reported), took(m.Activated), took(m.Accepted))
	say("任务共%d项，签收%d项，按预案时限完成%d项，超时%d项，未到期%d项。签收用时的中位数%s。", m.Tasks, m.Taken, m.InTime, m.Late, m.Open, took(m.TakeTime))
	if len(m.LateList) > 0 {
		say("%s", paper.Row("超时任务", "责任岗位", "预案条款", "是否完成"))
		for _, l := range m.LateList {
			say("%s", paper.Row(l.Title, l.Who, l.Clause, map[bool]string{true: "已完成", false: "未完成"}[l.Done]))
		}
	}
	if len(d.Pauses) > 0 {
		say("演练暂停%d次，共%s，已从各项用时中扣除；暂停时任务和时限一并停住。", len(d.Pauses), took(d.Rested))
	}
	if len(d.Left) > 0 {
		say("结束时尚未完成%d项，已随演练收回：", len(d.Left))
		say("%s", paper.Row("事项", "责任岗位或单位", "应完成时间", "是否超时"))
		for _, l := range d.Left {
			say("%s", paper.Row(l.Title, l.Who, clock(&l.DueAt), map[bool]string{true: "已超时", false: "未到期"}[l.Late]))
		}
	}
	say("四、评估意见")
	say("%s", paper.Row("要点", "评分（1至5，均值）", "评估人数"))
	for _, a := range p.Aspects {
		sum, n := 0, 0
		for _, v := range sheets {
			for _, k := range v.Marks {
				if k.ID == a.ID && k.Score > 0 {
					sum, n = sum+k.Score, n+1
				}
			}
		}
		mean := "—"
		if n > 0 {
			mean = fmt.Sprintf("%.1f", float64(sum)/float64(n))
		}
		say("%s", paper.Row(a.Name, mean, fmt.Sprint(n)))
	}
	for _, v := range sheets {
		for _, k := range v.Marks {
			if k.Text != "" {
				say("%s（%s）：%s", v.Name, p.aspect(k.ID), flat(k.Text))
			}
		}
		if v.Advice != "" {
			say("%s（建议）：%s", v.Name, flat(v.Advice))
		}
	}
	if d.Findings != "" {
		say("五、结论")
		say("%s", d.Findings)
	}
	if len(items) > 0 {
		say("六、改进事项")
		say("%s", paper.Row("事项", "责任单位", "期限", "状态"))
		states := map[ItemState]string{ItemOpen: "未完成", ItemDone: "已完成待核", ItemVerified: "已核销"}
		for _, i := range items {
			say("%s", paper.Row(flat(i.Text), i.OrgName, i.DueOn, states[i.State]))
		}
	}
	date := d.CreatedAt
	if d.EndedAt != nil {
		date = *d.EndedAt
	}
	return paper.Print{Content: paper.Content{Title: d.Name + "评估报告", Text: t.String(), From: d.OrgName}, Date: date.In(event.China()), Mark: world.Mark}
}

func (p Pack) aspect(id string) string {
	for _, a := range p.Aspects {
		if a.ID == id {
			return a.Name
		}
	}
	return id
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func clock(t *time.Time) string {
	if t == nil {
		return "—"
	}
	return t.In(event.China()).Format("1月2日15:04")
}

func took(seconds int64) string {
	switch {
	case seconds < 0:
		return "没有发生"
	case seconds < 120:
		return fmt.Sprintf("%d秒", seconds)
	}
	return fmt.Sprintf("%d分钟", seconds/60)
}
