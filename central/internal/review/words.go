package review

import (
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/response"
)

func moment(t time.Time) string { return t.In(event.China()).Format("2006年1月2日15时04分") }

func short(t time.Time) string { return t.In(event.China()).Format("1月2日15:04") }

// counted is how a figure is called, with its unit.
func counted(kind string) string {
	return map[string]string{
		"dead": "死亡（人）", "missing": "失联（人）", "trapped": "被困（人）", "serious": "重伤（人）", "injured": "受伤（人）", "evacuated": "转移（人）", "affected": "受灾（人）", "loss": "直接经济损失（万元）",
	}[kind]
}

func taskState(s response.State) string {
	return map[response.State]string{
		response.Given: "待接受", response.Accepted: "已接受", response.Started: "进行中", response.Done: "已完成", response.Void: "已收回", response.Needless: "无需执行",
	}[s]
}

// highlights are the lines of a timeline that a reader from outside needs; tasks only where they ended or were late.
func highlights(steps []incident.Step) []incident.Step {
	var out []incident.Step
	for _, st := range steps {
		switch st.Kind {
		case incident.Counted, incident.Changed, incident.Learned:
		case response.Tasked:
			if st.Act == "done" || st.Act == "late" || st.Act == "needless" {
				out = append(out, st)
			}
		case opinion.Public:
			if st.Act != "found" && st.Act != "scattered" && st.Act != "rising" && st.Act != "hot" {
				out = append(out, st)
			}
		case opinion.Press:
			if st.Act == "published" {
				out = append(out, st)
			}
		case opinion.Expertly: // a part of its own
		default:
			out = append(out, st)
		}
	}
	return out
}

// named cuts a title so that there is room for what stands around it.
func named(title string) string {
	const longest = 80
	return incident.Cut(title, longest)
}

// headings numbers the parts of a document: 一、 二、.
func headings() func(name string) string {
	no := 0
	return func(name string) string {
		no++
		return []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"}[no-1] + "、" + name
	}
}

// far is a distance as people say it.
func far(metres float64) string {
	if metres < 1000 {
		return fmt.Sprintf("%.0f米", metres)
	}
	return fmt.Sprintf("%.1f公里", metres/1000)
}
