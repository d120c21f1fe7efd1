package review

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/response"
)

// The most lines of a situation report's tables.
const (
	mostLines  = 40
	mostTasks  = 30
	mostNear   = 12
	mostForces = 30
)

// Situation is how things stand with an incident, as an official document (paper.Maker; ref is its id). It holds until
// the last thing that was written down of it; every figure says who counted and when.
func (s *Service) Situation(ctx context.Context, o account.Org, ref string) (paper.Content, error) {
	r, err := s.record(ctx, ref)
	if err != nil {
		return paper.Content{}, err
	}
	var near []Reading
	if s.Near != nil && r.Lon != nil && r.Lat != nil {
		if near, err = s.Near(ctx, *r.Lon, *r.Lat); err != nil {
			return paper.Content{}, err
		}
	}
	head := headings()
	lines := []string{fmt.Sprintf("截至%s，有关情况如下。", moment(r.newest())), head("基本情况")}
	lines = append(lines, r.basics(s.Categories.Named(r.Category))...)
	lines = append(lines, head("应急响应和指挥"))
	lines = append(lines, r.commanded()...)
	lines = append(lines, head("人员伤亡和损失"))
	lines = append(lines, r.figured()...)
	lines = append(lines, head("任务进展"))
	lines = append(lines, r.progress()...)
	if s.Forces != nil {
		forces, err := s.Forces(ctx, ref)
		if err != nil {
			return paper.Content{}, err
		}
		if len(forces) > 0 {
			lines = append(lines, head("力量物资"))
			lines = append(lines, supplied(forces)...)
		}
	}
	if len(near) > 0 {
		lines = append(lines, head("周边监测"), paper.Row("站点", "距离", "要素", "数值", "时间"))
		for _, n := range near[:min(mostNear, len(near))] {
			lines = append(lines, paper.Row(n.Station, far(n.Metres), n.Name, n.Value, short(n.At)))
		}
		lines = append(lines, "")
	}
	if s.Opinions != nil {
		said, err := s.Opinions.View(ctx, ref)
		if err != nil {
			return paper.Content{}, err
		}
		lines = append(lines, advised(said.Experts, head)...)
		lines = append(lines, answered(said, head)...)
	}
	lines = append(lines, head("处置经过"))
	lines = append(lines, told(r.Steps)...)
	c := paper.Content{Title: named(r.Title) + "\n态势报告", Text: strings.Join(lines, "\n"), From: o.Name}
	if rows := r.listed(); len(rows) > 0 {
		lines, pictures := s.pictures(ctx, r)
		c.Annexes = []paper.Annex{{Title: "现场图片", Text: strings.Join(append(rows, lines...), "\n")}}
		c.Pictures = pictures
	}
	return c, nil
}

func (r Record) basics(category string) []string {
	out := []string{"事件：" + paper.Stop(r.Title), "编号：" + paper.Stop(r.No), "类别：" + paper.Stop(category), "级别：" + paper.Stop(incident.LevelName(r.Level)), "地点：" + paper.Stop(r.Place), "事发时间：" + paper.Stop(moment(r.OccurredAt)), "接报时间：" + paper.Stop(moment(r.KnownAt))}
	if r.Summary != "" {
		out = append(out, paper.Stop(r.Summary))
	}
	return out
}

func (r Record) commanded() []string {
	var out []string
	for _, v := range r.Responses {
		name := "按《" + v.PlanName + "》"
		if v.Version > 0 {
			name += fmt.Sprintf("（第%d版）", v.Version)
		} else {
			name += "（未经批准的稿本，紧急启用）"
		}
		switch last := len(v.Changes) - 1; {
		case v.Level == 0 && v.EndedAt != nil:
			out = append(out, fmt.Sprintf("%s于%s启动响应，%s终止。", name, moment(v.StartedAt), moment(*v.EndedAt)))
		case last >= 0:
			out = append(out, fmt.Sprintf("%s于%s启动响应，现为%s（%s，%s）。", name, moment(v.StartedAt), incident.ResponseName(v.Level), short(v.LevelAt), v.Changes[last].Order))
		}
	}
	if len(out) == 0 {
		out = append(out, "尚未启动预案；响应级别："+paper.Stop(incident.ResponseName(r.Response)))
	}
	out = append(out, r.structure()...)
	if c := r.Command; c != nil && c.HolderID != "" {
		out = append(out, fmt.Sprintf("现场由%s%s%s指挥（%s起）。", c.HolderOrg, c.Post, c.HolderName, short(c.Since)))
	}
	return out
}

// structure is the table of the groups: a group under a command on site stands behind it.
func (r Record) structure() []string {
	rows := []string{}
	for _, v := range r.Responses {
		if v.Level == 0 {
			continue
		}
		held := func(id string) string {
			if k := slices.IndexFunc(v.Seats, func(s response.Seat) bool { return s.ID == id }); k >= 0 {
				return holding(v.Seats[k])
			}
			return "空缺"
		}
		row := func(g response.Group, name string) {
			members := slices.Clone(g.Orgs)
			for _, id := range g.SeatIDs {
				members = append(members, held(id))
			}
			rows = append(rows, paper.Row(name, held(g.LeadID), strings.Join(members, "、")))
		}
		for _, g := range v.Groups {
			if g.Closed || g.UnderID != "" {
				continue
			}
			row(g, g.Name)
			for _, sub := range v.Groups {
				if sub.UnderID == g.ID && !sub.Closed {
					row(sub, g.Name+"—"+sub.Name)
				}
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return append(append([]string{paper.Row("工作组", "组长", "成员")}, rows...), "")
}

// holding is a role with who fills it, or why nobody does.
func holding(s response.Seat) string {
	if names := s.Names(); len(names) > 0 {
		return s.Name + " " + strings.Join(names, "、")
	}
	why := map[string]string{response.OpenUnset: "预案未指定人员", response.OpenOrg: "无此单位", response.OpenRoster: "无人当班", response.OpenPerson: "人员已不在值班名册"}[s.Open]
	switch {
	case why != "":
		return s.Name + " 空缺（" + why + "）"
	case s.OrgName != "":
		return s.Name + " " + s.OrgName
	}
	return s.Name + " 空缺"
}

func (r Record) figured() []string {
	newest := incident.Newest(r.Figures)
	rows := []string{paper.Row("项目", "数量", "统计时间", "来源")}
	for _, kind := range incident.FigureKinds() {
		if f, ok := newest[kind]; ok {
			rows = append(rows, paper.Row(counted(kind), fmt.Sprint(f.Value), short(f.At), f.Source))
		}
	}
	if len(rows) == 1 {
		return []string{"尚无统计。"}
	}
	return append(rows, "")
}

// tally says how many tasks were given and what became of them.
func tally(all int, count map[response.State]int) string {
	var parts []string
	for _, s := range []response.State{response.Done, response.Started, response.Accepted, response.Given, response.Needless, response.Void} {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s%d项", taskState(s), count[s]))
		}
	}
	return fmt.Sprintf("共下达任务%d项：%s", all, strings.Join(parts, "，"))
}

func (r Record) progress() []string {
	if len(r.Tasks) == 0 {
		return []string{"尚未下达任务。"}
	}
	count := map[response.State]int{}
	late := 0
	var open []response.Task
	for _, t := range r.Tasks {
		count[t.State]++
		if t.LateAt != nil && !t.State.Over() {
			late++
		}
		if !t.State.Over() {
			open = append(open, t)
		}
	}
	out := []string{fmt.Sprintf("%s；逾期未完成%d项。", tally(len(r.Tasks), count), late)}
	if len(open) == 0 {
		return out
	}
	slices.SortStableFunc(open, func(a, b response.Task) int { return a.DueAt.Compare(b.DueAt) })
	out = append(out, paper.Row("未完成任务", "承担", "状态", "时限"))
	for _, t := range open[:min(mostTasks, len(open))] {
		state := taskState(t.State)
		if t.LateAt != nil {
			state += "（逾期）"
		}
		out = append(out, paper.Row(t.Title, t.SeatName, state, short(t.DueAt)))
	}
	out = append(out, "")
	if more := len(open) - mostTasks; more > 0 {
		out = append(out, fmt.Sprintf("另有%d项未列。", more))
	}
	return out
}

func told(steps []incident.Step) []string {
	list := highlights(steps)
	var out []string
	if more := len(list) - mostLines; more > 0 {
		out, list = append(out, fmt.Sprintf("此前%d条从略。", more)), list[more:]
	}
	out = append(out, paper.Row("时间", "事项", "内容", "记录"))
	for _, st := range list {
		out = append(out, paper.Row(short(st.At), st.What(), st.Text, st.Who()))
	}
	return append(out, "")
}
