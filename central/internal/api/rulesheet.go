package api

import (
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/shared/rule"
)

// ruleSheet is the list of rules as people take it away: what is published, and whether a draft waits.
func ruleSheet(lines []rulebook.BookLine) document.Sheet {
	sheet := document.Sheet{Title: "告警规则", Headings: []string{
		"级别", "名称", "英文名称", "状态", "版本", "有未发布修改", "类别", "监测项", "限于设备", "条件", "限值", "解除值", "窗口（秒）", "持续（秒）", "表达式", "各值相差（秒）", "联动输出",
		"限值依据", "依据生效", "未核实", "行政区划", "监测设备", "例外", "30天告警", "更新时间", "编号",
	}}
	for i := range lines {
		sheet.Rows = append(sheet.Rows, ruleRow(&lines[i]))
	}
	return sheet
}

func ruleRow(l *rulebook.BookLine) []any {
	r := &l.Rule
	switched := make([]string, 0, len(r.Actions))
	for _, a := range r.Actions {
		text := a.Device + "/" + a.Output
		if a.For > 0 {
			text += fmt.Sprintf("（%g秒）", time.Duration(a.For).Seconds())
		}
		switched = append(switched, text)
	}
	limit, end := number(r.Condition != rule.Silent && r.Condition != rule.Expression, r.Limit), number(!r.Timed() && r.Condition != rule.Expression, r.Clear)
	return []any{
		Language{}.level(r.Level), r.Name, r.NameEN, ruleState(l.State), l.Version, Language{}.yes(l.Draft != nil && l.Version > 0), r.Class, r.Property, strings.Join(r.Devices, "、"),
		conditionName(r.Condition), limit, end, seconds(r.Window), seconds(r.For), r.Expression, seconds(r.MaxAge), strings.Join(switched, "、"),
		r.Source, r.Effective, Language{}.yes(r.Unverified), l.Division, l.Devices, l.Overrides, l.Fired, l.UpdatedAt, l.ID,
	}
}

// number is an empty cell where the condition does not look at the value.
func number(there bool, v float64) any {
	if !there {
		return nil
	}
	return v
}

func seconds(d rule.Duration) any { return number(d != 0, time.Duration(d).Seconds()) }

func ruleState(s rulebook.State) string {
	switch s {
	case rulebook.Drafted:
		return "草稿"
	case rulebook.Published:
		return "已发布"
	case rulebook.Withdrawn:
		return "已撤回"
	}
	return string(s)
}

func conditionName(c rule.Condition) string {
	switch c {
	case rule.Above:
		return "高于"
	case rule.Below:
		return "低于"
	case rule.Rise:
		return "上升"
	case rule.Fall:
		return "下降"
	case rule.Stuck:
		return "不变"
	case rule.Silent:
		return "无数据"
	case rule.Expression:
		return "表达式"
	}
	return string(c)
}
