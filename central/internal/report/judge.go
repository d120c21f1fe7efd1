package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/incident"
)

// Fault is what can be wrong with how an incident was reported.
type Fault string

// The faults. Concealed and False only a person finds.
const (
	Late          Fault = "late"          // 迟报
	Incomplete    Fault = "incomplete"    // 漏项
	Contradiction Fault = "contradiction" // 数字矛盾
	Omitted       Fault = "omitted"       // 漏报
	Reversed      Fault = "reversed"      // 信息倒流
	SentBackOnce  Fault = "returned"      // 退回
	Backdated     Fault = "backdated"     // 电话补录
	DailyLate     Fault = "daily_late"    // 日报迟报
	DailyMissing  Fault = "daily_missing" // 日报漏报
	Concealed     Fault = "concealed"     // 瞒报
	False         Fault = "false"         // 谎报
)

// Faults are all of them, in the order of the assessment table.
func Faults() []Fault {
	return []Fault{Late, Incomplete, Contradiction, Omitted, Reversed, SentBackOnce, Backdated, DailyLate, DailyMissing, Concealed, False}
}

// Finding is one fault with its evidence: when it shows, what it shows by, and what it was against.
type Finding struct {
	Fault      Fault     `json:"fault"`
	IncidentID string    `json:"incident_id"`
	IncidentNo string    `json:"incident_no"`
	Title      string    `json:"title"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	At         time.Time `json:"at"`
	Ref        string    `json:"ref"`   // report, hop or source
	What       string    `json:"what"`  // field, clock or source
	Was        string    `json:"was"`   // what it had to be
	Found      string    `json:"found"` // what it was
	By         string    `json:"by"`    // who found it; empty: by rule
}

// Due is a limit that held for a desk about an incident. Do is phone, written or follow_up; a zero At means that none
// holds. Only what was told after After meets it.
type Due struct {
	Do    string
	At    time.Time
	Rule  string
	After time.Time
}

// Case is all that an incident is judged by, for one desk that had to report it. Above are the organisations over it.
type Case struct {
	Incident incident.Incident
	OrgID    string
	OrgName  string
	Above    []string
	Learned  time.Time // when the desk first knew
	Known    []incident.Known
	Figures  []incident.Figure
	Reports  []Report // of the desk, sent
	Hops     []Hop    // from the desk
	Due      []Due
	Now      time.Time
}

// Judge finds the faults that a rule can find. Pure, so that a case has one answer.
func (c Case) Judge() []Finding {
	var out []Finding
	add := func(f Fault, at time.Time, ref, what, was, found string) {
		out = append(out, Finding{f, c.Incident.ID, c.Incident.No, c.Incident.Title, c.OrgID, c.OrgName, at, ref, what, was, found, ""})
	}
	up := c.up()
	omitted := false
	if d := latest(c.Due); len(up) == 0 && !d.IsZero() && c.Now.After(d) {
		for _, k := range c.Known {
			if (k.OrgID != c.OrgID || k.Kind != "desk") && !c.denied(k.Ref) {
				add(Omitted, d, k.Ref, k.Kind, d.Format(time.RFC3339), strings.TrimSpace(k.OrgName+" "+k.Text))
				omitted = true
				break
			}
		}
	}
	for _, d := range c.Due {
		way, due := c.way(d), d.At
		if len(way) > 0 && !way[0].Due[d.Do].IsZero() {
			due = way[0].Due[d.Do] // as the clock stood when it was told
		}
		switch {
		case due.IsZero() || c.Now.Before(due) || omitted:
		case len(way) == 0:
			add(Late, due, "", d.Do, due.Format(time.RFC3339), "")
		case way[0].told().After(due):
			add(Late, way[0].told(), way[0].ID, d.Do, due.Format(time.RFC3339), way[0].told().Format(time.RFC3339))
		}
	}
	c.reversed(up, add)
	for _, r := range c.Reports {
		for _, el := range r.Missing {
			add(Incomplete, *r.SentAt, r.ID, el, "", r.Waived[el])
		}
		c.contradicts(r, add)
	}
	for _, h := range c.Hops {
		switch {
		case h.Kind == Copy:
		case h.Decision == Returned:
			add(SentBackOnce, *h.DecidedAt, h.ID, h.Title, "", h.Reason)
		case h.delayed():
			add(Backdated, h.written(), h.ID, h.Title, h.SubmittedAt.Format(time.RFC3339), h.written().Format(time.RFC3339))
		}
	}
	return out
}

// up is what went upward, in the order in which it was told. A call that the receiver knows nothing of was none.
func (c Case) up() []Hop {
	up := slices.DeleteFunc(slices.Clone(c.Hops), func(h Hop) bool { return h.Kind == Copy || (h.Kind == Phone && h.Decision == Returned) })
	slices.SortStableFunc(up, func(a, b Hop) int { return a.told().Compare(b.told()) })
	return up
}

// denied reports whether something is a call of the desk that the receiver knows nothing of.
func (c Case) denied(ref string) bool {
	return slices.ContainsFunc(c.Hops, func(h Hop) bool { return h.ID == ref && h.Kind == Phone && h.Decision == Returned })
}

// way is what may meet a limit, the first one first. What was written was told as well.
func (c Case) way(d Due) []Hop {
	return slices.DeleteFunc(c.up(), func(h Hop) bool {
		return (h.Kind == Phone && d.Do != "phone") || (!d.After.IsZero() && !h.told().After(d.After))
	})
}

// latest is when the last limit of the first report is.
func latest(list []Due) (at time.Time) {
	for _, d := range list {
		if d.After.IsZero() && d.At.After(at) {
			at = d.At
		}
	}
	return at
}

type adder func(f Fault, at time.Time, ref, what, was, found string)

// reversed finds a desk above that knew before it was told.
func (c Case) reversed(up []Hop, add adder) {
	var first *incident.Known
	for n := range c.Known {
		k := &c.Known[n]
		if slices.Contains(c.Above, k.OrgID) && k.Kind != "report" && (first == nil || k.At.Before(first.At)) {
			first = k
		}
	}
	if first == nil || (len(up) > 0 && !first.At.Before(up[0].told())) {
		return
	}
	found := ""
	if len(up) > 0 {
		found = up[0].told().Format(time.RFC3339)
	} else if d := latest(c.Due); d.IsZero() || c.Now.Before(d) {
		return // it may still be told in time
	}
	add(Reversed, first.At, first.Ref, first.Kind, first.At.Format(time.RFC3339), found)
}

// contradicts finds figures that another source counted otherwise at nearly the same time, and ones that shrank without
// an answer.
func (c Case) contradicts(r Report, add adder) {
	now := r.figures()
	at := slices.IndexFunc(c.Reports, func(one Report) bool { return one.ID == r.PrevID })
	own := idsOf(c.Reports)
	for _, kind := range incident.FigureKinds() {
		n, said := now[kind]
		if at >= 0 && grows(kind) {
			if was, before := c.Reports[at].figures()[kind]; before && (!said || n < was) && !r.answered("shrinks", figurePrefix+kind, strconv.Itoa(was), r.Values[figurePrefix+kind]) {
				add(Contradiction, *r.SentAt, r.ID, kind, strconv.Itoa(was), r.Values[figurePrefix+kind])
				continue
			}
		}
		if !said {
			continue
		}
		if other := otherCount(c.Figures, own, kind, *r.SentAt); other != nil && other.Value != n && !r.answered("differs", figurePrefix+kind, counted(*other), strconv.Itoa(n)) {
			add(Contradiction, *r.SentAt, r.ID, kind, strconv.Itoa(other.Value)+" "+other.Source, strconv.Itoa(n))
		}
	}
}

// Judgement is a finding that only a person makes, with the reason. It may also set a finding of a rule aside.
type Judgement struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	Fault      Fault     `json:"fault"`
	Aside      bool      `json:"aside"` // the fault that the rule found does not count
	Reason     string    `json:"reason"`
	Evidence   string    `json:"evidence"` // document, record or person that shows it
	ByName     string    `json:"by_name"`
	At         time.Time `json:"at"`
}

// finding is what a person has found, as the table shows it.
func (j Judgement) finding(i incident.Incident) Finding {
	return Finding{j.Fault, i.ID, i.No, i.Title, j.OrgID, j.OrgName, j.At, j.ID, "", j.Evidence, j.Reason, j.ByName}
}

// Weights are the points that each fault costs in the assessment, and those for a report in time.
type Weights struct {
	Full      float64           `json:"full"`   // where a unit begins
	Points    map[Fault]float64 `json:"points"` // taken off for each
	Source    string            `json:"source"`
	UpdatedBy string            `json:"updated_by"`
}

// DefaultWeights are where nothing else was set: the order is that of the assessments in published rules, the points are
// this project's own.
func DefaultWeights() Weights {
	return Weights{Full: 100, Points: map[Fault]float64{Late: 3, Incomplete: 0.5, Contradiction: 2, Omitted: 10, Reversed: 5, SentBackOnce: 1, Backdated: 0.5, DailyLate: 1, DailyMissing: 3, Concealed: 30, False: 30}, Source: "本项目默认值，无标准依据"}
}

// Score is one line of the assessment table.
type Score struct {
	OrgID     string        `json:"org_id"`
	OrgName   string        `json:"org_name"`
	Incidents int           `json:"incidents"`
	Reports   int           `json:"reports"`
	InTime    int           `json:"in_time"` // incidents whose first report was in time
	Dailies   int           `json:"dailies"` // owed in special periods
	Minutes   float64       `json:"minutes"` // from knowing to the first report, on average; 0 without one
	Faults    map[Fault]int `json:"faults"`
	Points    float64       `json:"points"`
}

// add adds up the cases of one desk.
func (s Score) add(cases []Case, findings []Finding, w Weights) Score {
	s.Faults, s.Points = map[Fault]int{}, w.Full
	told := 0
	for _, c := range cases {
		s.Incidents++
		s.Reports += len(c.Reports)
		if up := c.up(); len(up) > 0 {
			s.Minutes += up[0].told().Sub(c.Learned).Minutes()
			told++
			if !slices.ContainsFunc(findings, func(f Finding) bool { return f.IncidentID == c.Incident.ID && f.Fault == Late }) {
				s.InTime++
			}
		}
	}
	if told > 0 {
		s.Minutes /= float64(told)
	}
	for _, f := range findings {
		s.Faults[f.Fault]++
		s.Points -= w.Points[f.Fault]
	}
	s.Points = max(0, s.Points)
	return s
}

// byPoints puts the best first.
func byPoints(a, b Score) int {
	return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(a.OrgName, b.OrgName))
}
