package review

import (
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/paper"
)

// advised is what experts have signed, each with how it came here; nothing without one.
func advised(list []opinion.Expert, head func(string) string) []string {
	var out []string
	for _, e := range list {
		if e.State != opinion.Signed {
			continue
		}
		who := strings.TrimSpace(e.Post + " " + e.Name)
		by := "本人签署"
		if !e.Self {
			by = fmt.Sprintf("%s%s记录，%s", e.Signed.Org, e.Signed.Name, e.How)
		}
		out = append(out, fmt.Sprintf("%s（%s）：%s（%s，%s）", who, e.Field, paper.Stop(oneLine(e.Text)), by, short(e.Signed.At)))
	}
	if len(out) == 0 {
		return nil
	}
	return append([]string{head("专家意见")}, out...)
}

// answered is what is said in public, what of it was found out, and what this house has released; nothing where nobody
// has written anything down.
func answered(v opinion.View, head func(string) string) []string {
	if len(v.Entries)+len(v.Tasks)+len(v.Statements) == 0 {
		return nil
	}
	count := map[opinion.Verdict]int{}
	for _, e := range v.Entries {
		count[e.State]++
	}
	out := []string{head("舆情和信息发布"), fmt.Sprintf("登记舆情信息%d条：属实%d条，不实%d条，待查%d条，未核实%d条。", len(v.Entries), count[opinion.True], count[opinion.False], count[opinion.Unclear], count[opinion.Unchecked])}
	for _, e := range v.Entries {
		if e.Heat == opinion.Hot || e.State == opinion.False {
			word := map[opinion.Verdict]string{opinion.True: "属实", opinion.False: "不实", opinion.Unclear: "待查", opinion.Unchecked: "未核实"}[e.State]
			out = append(out, fmt.Sprintf("%s，%s：“%s”，%s。", short(e.SaidAt), e.Source, incident.Cut(oneLine(e.Text), 120), word))
		}
	}
	for _, t := range v.Tasks {
		if t.State == opinion.Owed {
			late := ""
			if t.LateAt != nil {
				late = "，已超时"
			}
			out = append(out, fmt.Sprintf("待回应：%s，%s，时限%s%s。", t.Title, t.OrgName, short(t.DueAt), late))
		}
	}
	for _, st := range v.Statements {
		if st.State == opinion.Released {
			out = append(out, fmt.Sprintf("%s发布《%s》（%s）。", short(st.Released.At), st.Title, st.Released.Note))
		}
	}
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
