package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/incident"
)

// Question is what looks wrong and wants an answer before a report leaves. Key is what the answer is kept under: it holds
// what was and what is, so that an answer is none any more when the value changes.
type Question struct {
	Key   string `json:"key"`  // "shrinks figure.dead 3>2"
	Code  string `json:"code"` // shrinks, level_falls, future, after, differs, correction_late
	Field string `json:"field"`
	Was   string `json:"was"`
	Now   string `json:"now"`
}

// Check is what a draft still lacks. Core are missing elements without which it cannot leave, Missing all that it
// should have.
type Check struct {
	Core      []string   `json:"core"`
	Missing   []string   `json:"missing"`
	Questions []Question `json:"questions"`
	Changed   []string   `json:"changed"`
	Proposal  Proposal   `json:"proposal"`
}

// against is what a draft is checked against.
type against struct {
	Prev    *Report // the version before, nil for the first
	Figures []incident.Figure
	Own     []string   // ids of the desk's own versions
	Final   *time.Time // when the final report left
	Now     time.Time
}

// check looks at a draft. Pure.
func (r Report) check(t Template, g *Grading, a against) Check {
	c := Check{Core: []string{}, Missing: []string{}, Questions: []Question{}, Changed: []string{}}
	for _, id := range t.wanted(r.Kind) {
		if strings.TrimSpace(r.Values[id]) == "" {
			c.Missing = append(c.Missing, id)
		}
	}
	for _, id := range t.Core {
		if strings.TrimSpace(r.Values[id]) == "" {
			c.Core = append(c.Core, id)
		}
	}
	ask := func(code, field, was, now string) {
		c.Questions = append(c.Questions, Question{questionKey(code, field, was, now), code, field, was, now})
	}
	for _, field := range []string{"occurred_at", "received_at"} {
		if at := r.when(field); at.After(a.Now.Add(ahead)) {
			ask("future", field, "", r.Values[field])
		}
	}
	if occurred, received := r.when("occurred_at"), r.when("received_at"); !occurred.IsZero() && !received.IsZero() && occurred.After(received) {
		ask("after", "occurred_at", r.Values["received_at"], r.Values["occurred_at"])
	}
	var prev map[string]int
	if a.Prev != nil {
		c.Changed = changed(a.Prev.Values, r.Values)
		prev = a.Prev.figures()
		if a.Prev.Level > 0 && (r.Level == 0 || r.Level > a.Prev.Level) {
			ask("level_falls", "level", strconv.Itoa(a.Prev.Level), strconv.Itoa(r.Level))
		}
	}
	now := r.figures()
	for _, kind := range incident.FigureKinds() {
		n, said := now[kind]
		was, before := prev[kind]
		if before && (!said || n < was) {
			ask("shrinks", figurePrefix+kind, strconv.Itoa(was), r.Values[figurePrefix+kind])
		}
		if f := otherCount(a.Figures, a.Own, kind, a.Now); said && f != nil && f.Value != n {
			ask("differs", figurePrefix+kind, counted(*f), strconv.Itoa(n))
		}
	}
	c.Proposal = g.Propose(r.Category, r.when("occurred_at"), now)
	if r.Kind == Correction && c.Proposal.Days > 0 && a.Now.After(r.when("occurred_at").AddDate(0, 0, c.Proposal.Days)) {
		ask("correction_late", "occurred_at", strconv.Itoa(c.Proposal.Days), "")
	}
	return c
}

// questionKey is what the answer to a question is kept under.
func questionKey(code, field, was, now string) string {
	return code + " " + field + " " + was + ">" + now
}

// answered reports whether a question was answered, also under its name of before, which held no values.
func (r Report) answered(code, field, was, now string) bool {
	return r.Answers[questionKey(code, field, was, now)] != "" || r.Answers[code+" "+field] != ""
}

// grows tells figures that only a correction makes smaller: people who were missing, trapped or seriously hurt are found,
// freed or dead later. That is asked as well, but where another source counts otherwise it is no contradiction.
func grows(kind string) bool {
	return slices.Contains([]string{"dead", "injured", "evacuated", "affected", "loss"}, kind)
}

// near is how close in time two counts must lie to contradict each other.
const near = 2 * time.Hour

// otherCount is what another source counted at nearly the time at which a desk tells its own figure, the newest; nil
// without one. own are the desk's versions. What was not known by then could not be asked, and where a figure falls of
// itself two counts do not contradict each other. The question before a report leaves and the finding afterwards both
// come from here. Pure.
func otherCount(figures []incident.Figure, own []string, kind string, at time.Time) *incident.Figure {
	if !grows(kind) {
		return nil
	}
	var list []incident.Figure
	for _, f := range figures {
		if f.Kind == kind && !slices.Contains(own, f.Ref) && !f.At.After(at) && !f.WrittenAt.After(at) && at.Sub(f.At) <= near {
			list = append(list, f)
		}
	}
	f, ok := incident.Newest(list)[kind]
	if !ok {
		return nil
	}
	return &f
}

// counted is a count with who made it.
func counted(f incident.Figure) string { return strconv.Itoa(f.Value) + "（" + f.Source + "）" }

// asks reports whether a question of that key is asked.
func (c Check) asks(key string) bool {
	return slices.ContainsFunc(c.Questions, func(q Question) bool { return q.Key == key })
}

// kept are the answers to what is asked; those to what is not asked any more are let go.
func (c Check) kept(answers map[string]string) map[string]string {
	out := map[string]string{}
	for _, q := range c.Questions {
		if a := answers[q.Key]; a != "" {
			out[q.Key] = a
		}
	}
	return out
}

// unanswered are the questions without an answer.
func (c Check) unanswered(answers map[string]string) []string {
	var out []string
	for _, q := range c.Questions {
		if strings.TrimSpace(answers[q.Key]) == "" {
			out = append(out, q.Key)
		}
	}
	return out
}
