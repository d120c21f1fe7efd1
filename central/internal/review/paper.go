package review

import (
	"context"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/response"
)

func measureName(what string) string {
	return map[string]string{
		"occurred": "事件发生", "known": "接报", "reported": "首次报出", "started": "启动响应", "accepted": "首个任务被接受", "arrived": "首次到场", "done": "最后一项任务完成", "ended": "终止响应",
	}[what]
}

// Paper is the after-action report of an incident as an official document (paper.Maker; ref is its id).
func (s *Service) Paper(ctx context.Context, o account.Org, ref string) (paper.Content, error) {
	r, err := s.record(ctx, ref)
	if err != nil {
		return paper.Content{}, err
	}
	v, err := s.view(ctx, r)
	if err != nil {
		return paper.Content{}, err
	}
	if v.State == "" {
		return paper.Content{}, errs.E(errs.Conflict, "review.not_begun", "nobody has begun the review; write in it first")
	}
	head := headings()
	lines := append([]string{head("基本情况")}, r.basics(s.Categories.Named(r.Category))...)
	lines = append(lines, head("处置经过"))
	lines = append(lines, paragraphs(v.Course)...)
	lines = append(lines, r.commanded()...)
	lines = append(lines, head("人员伤亡和损失"))
	lines = append(lines, r.figured()...)
	lines = append(lines, head("响应时效"), paper.Row("环节", "时间", "接报后（分钟）", "依据"))
	for _, m := range v.Measures {
		at, since := "无记录", "—"
		if m.At != nil {
			at, since = short(*m.At), fmt.Sprint(*m.Since)
		}
		lines = append(lines, paper.Row(measureName(m.What), at, since, m.From))
	}
	lines = append(lines, "", head("任务执行与预案对照"))
	lines = append(lines, v.against()...)
	lines = append(lines, head("经验做法"))
	lines = append(lines, paragraphs(v.Good)...)
	lines = append(lines, head("问题和原因"))
	lines = append(lines, paragraphs(v.Causes)...)
	lines = append(lines, head("改进事项"))
	lines = append(lines, v.lessons()...)
	return paper.Content{Title: named(r.Title) + "\n总结评估报告", Text: strings.Join(lines, "\n"), From: o.Name}, nil
}

func paragraphs(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return []string{"无。"}
	}
	return out
}

func (v View) against() []string {
	if len(v.Tasks) == 0 {
		return []string{"未按预案下达任务。"}
	}
	count, late := map[response.State]int{}, 0
	var rows []string
	for _, t := range v.Tasks {
		count[t.State]++
		if !t.Late {
			continue
		}
		late++
		ended, why := "未完成", ""
		if t.Ended != nil {
			ended = fmt.Sprint(*t.Ended)
		}
		if t.Reason != nil {
			why = t.Reason.Text + "（" + t.Reason.OrgName + " " + t.Reason.ByName + "）"
		}
		rows = append(rows, paper.Row(t.Title, t.SeatName, t.Clause, fmt.Sprint(t.Planned), ended, why))
	}
	out := []string{fmt.Sprintf("%s；逾期%d项。", tally(len(v.Tasks), count), late)}
	if late > 0 {
		out = append(out, paper.Row("逾期任务", "承担", "预案条款", "规定（下达后分钟）", "实际（分钟）", "原因"))
		out = append(append(out, rows...), "")
	}
	return out
}

func (v View) lessons() []string {
	if len(v.Lessons) == 0 {
		return []string{"无。"}
	}
	out := []string{paper.Row("序号", "事项", "责任单位和责任人", "期限", "落实情况", "预案修订建议")}
	for _, l := range v.Lessons {
		state := "未完成"
		if l.State == Closed {
			state = l.Evidence
		}
		to := ""
		if l.SuggestionID != "" {
			to = "《" + l.PlanName + "》" + l.Clause
		}
		out = append(out, paper.Row(fmt.Sprint(l.No), l.Text, l.OrgName+" "+l.Owner, l.DueAt.In(event.China()).Format("2006年1月2日"), state, to))
	}
	return append(out, "")
}
