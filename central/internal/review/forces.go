package review

import (
	"fmt"
	"strconv"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// supplied is what was needed, sent and is short, and each team and stock that was sent.
func supplied(forces []Force) []string {
	gaps, closed := 0, 0
	needs := []string{paper.Row("需求", "需要", "已调派", "缺口", "单位")}
	sent := []string{paper.Row("队伍、物资", "所属单位", "数量", "用于", "状态", "时间")}
	for _, f := range forces {
		gap := "—"
		switch {
		case f.Closed:
			closed++
			gap = "已结束"
		case f.Short > 0:
			gaps++
			gap = amount(f.Short)
		}
		needs = append(needs, paper.Row(f.What, amount(f.Needed), amount(f.Sent), gap, f.Unit))
		for _, c := range f.Crews {
			sent = append(sent, paper.Row(c.Name, c.Org, amount(c.Amount)+c.Unit, f.What, c.State, short(c.At)))
		}
	}
	first := fmt.Sprintf("需求%d项", len(forces))
	if gaps > 0 {
		first += fmt.Sprintf("，其中%d项尚有缺口", gaps)
	} else {
		first += "，无缺口"
	}
	if closed > 0 {
		first += fmt.Sprintf("，%d项已结束", closed)
	}
	out := []string{first + "。"}
	out = append(out, needs[:min(len(needs), 1+mostForces)]...)
	out = append(out, "")
	if more := len(forces) - mostForces; more > 0 {
		out = append(out, fmt.Sprintf("另有%d项需求未列。", more))
	}
	if len(sent) == 1 {
		return append(out, "尚未调派队伍和物资。")
	}
	out = append(out, sent[:min(len(sent), 1+mostForces)]...)
	out = append(out, "")
	if more := len(sent) - 1 - mostForces; more > 0 {
		out = append(out, fmt.Sprintf("另有%d支队伍、批次物资未列。", more))
	}
	return out
}

func amount(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
