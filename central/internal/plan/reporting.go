package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Reporting is a report that a response owes at some levels, and until when: the first one after the level was ordered,
// the next ones while it stands, the last one after the response has ended. Minutes count from the order or the end, of
// the next ones from the one before.
type Reporting struct {
	ID      string `json:"id"`
	Kind    string `json:"kind" enum:"first,follow_up,final"`
	Levels  []int  `json:"levels"`
	Minutes int    `json:"minutes"`
	To      string `json:"to"`   // whom, as the text names it
	What    string `json:"what"` // what it has to say
	Clause  string `json:"clause"`
}

// The kinds of reports that are owed.
const (
	ReportFirst  = "first"
	ReportFollow = "follow_up"
	ReportFinal  = "final"
)

// maxReports is how many of them a plan has; limits are at most as long as those of clocks.
const (
	maxReports       = 40
	maxReportMinutes = 31 * 24 * 60
)

// At reports whether it is owed at a level.
func (r Reporting) At(level int) bool { return slices.Contains(r.Levels, level) }

// ReportWord is what people call a kind of reports.
func ReportWord(kind string) string {
	return map[string]string{ReportFirst: "启动报告", ReportFollow: "续报", ReportFinal: "终报"}[kind]
}

func (r Reporting) validate(i int) error {
	switch {
	case r.Kind != ReportFirst && r.Kind != ReportFollow && r.Kind != ReportFinal:
		return bad("reports", i, "kind", "must be first, follow_up or final")
	case r.Minutes < 0 || r.Minutes > maxReportMinutes:
		return bad("reports", i, "minutes", "must be 0 to 44640")
	case !errs.Line(r.To, maxTitle):
		return bad("reports", i, "to", "at most 120 characters on one line")
	case !errs.Line(r.What, maxLine):
		return bad("reports", i, "what", "at most 200 characters on one line")
	case len(r.Clause) > 40 || len(r.Levels) > 4:
		return bad("reports", i, "clause", "is too long")
	}
	for n, l := range r.Levels {
		if l < 1 || l > 4 || slices.Index(r.Levels, l) != n {
			return bad("reports", i, "levels", "each of 1 to 4 once")
		}
	}
	return nil
}

// reports notes what does not fit among the reports: one without a receiver, a time or a level is never asked for.
func (c *checker) reports() {
	has, seen := map[int]bool{}, map[string]bool{}
	for _, l := range c.b.Levels {
		has[l.Level] = true
	}
	for _, r := range c.b.Reports {
		name := ReportWord(r.Kind)
		if strings.TrimSpace(r.To) == "" {
			c.note(ReportNobody, true, "report", r.ID, r.Clause, name)
		} else {
			name += " → " + r.To
		}
		if r.Minutes == 0 {
			c.note(ReportTime, true, "report", r.ID, r.Clause, name)
		}
		if len(r.Levels) == 0 {
			c.note(ReportIdle, true, "report", r.ID, r.Clause, name)
		}
		for _, l := range r.Levels {
			if !has[l] {
				c.note(ReportLevel, true, "report", r.ID, r.Clause, name, Numeral(l))
			}
			if key := r.Kind + strconv.Itoa(l) + r.To; seen[key] {
				c.note(ReportTwice, true, "report", r.ID, r.Clause, name, Numeral(l))
			} else {
				seen[key] = true
			}
		}
		if c.clauses[r.Clause] == "" {
			c.note(ReportClause, false, "report", r.ID, "", name)
		}
	}
}

func (b Body) reportParts() []part {
	clauses := b.clauses()
	var out []part
	for _, r := range b.Reports {
		out = append(out, part{r.ID, strings.TrimSpace(ReportWord(r.Kind) + " " + r.To), []field{
			{"kind", r.Kind}, {"levels", numerals(r.Levels)}, {"due", "+" + strconv.Itoa(r.Minutes)}, {"to", r.To}, {"what", r.What}, {"clause", clauses[r.Clause]},
		}, nil})
	}
	return out
}

func numerals(levels []int) string {
	var out []string
	for _, l := range levels {
		out = append(out, Numeral(l))
	}
	return strings.Join(out, " ")
}

// lasts says minutes as people do.
func lasts(minutes int) string {
	switch {
	case minutes >= 24*60 && minutes%(24*60) == 0:
		return fmt.Sprintf("%d 天", minutes/24/60)
	case minutes >= 60 && minutes%60 == 0:
		return fmt.Sprintf("%d 小时", minutes/60)
	}
	return fmt.Sprintf("%d 分钟", minutes)
}

// reportBlocks are a heading and the table of the reports that are owed; nothing where a plan asks for none.
func (b Body) reportBlocks(title string) []Block {
	if len(b.Reports) == 0 {
		return nil
	}
	t := Block{Kind: "table", Head: []string{"报告", "级别", "时限", "报给", "内容", "条款"}}
	clauses := b.clauses()
	for _, r := range b.Reports {
		clause, _, _ := strings.Cut(clauses[r.Clause], " ")
		when := map[string]string{ReportFirst: "启动后 ", ReportFollow: "响应期间每隔 ", ReportFinal: "终止后 "}[r.Kind] + lasts(r.Minutes)
		t.Rows = append(t.Rows, []string{ReportWord(r.Kind), numerals(r.Levels), when, r.To, r.What, clause})
	}
	return []Block{heading(title), t}
}
