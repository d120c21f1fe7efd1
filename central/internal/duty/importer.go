package duty

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// ImportFault is what is wrong with one cell of a table. Kind is one of no_dates, unknown_column, bad_day,
// same_day, unknown_person, same_name, twice, too_many, begun, no_watch.
type ImportFault struct {
	Row    int    `json:"row"`    // from 1, as the spreadsheet counts
	Column string `json:"column"` // A, B, …
	Kind   string `json:"kind"`
	Text   string `json:"text"` // what stands there
}

// Imported is the outcome: with faults, nothing was changed.
type Imported struct {
	Cells  int           `json:"cells"`
	Faults []ImportFault `json:"faults"`
}

// The headings of the monthly table, in both languages.
const (
	headDay   = "日期"
	headDayEN = "Date"
)

// columnName is how the monthly table heads a watch of a post.
func columnName(p Post, w Watch, alone bool) string {
	if alone {
		return p.Name
	}
	return p.Name + " " + w.Name
}

// Table is the monthly table as it is exported, printed and imported: a heading, then a row for each day.
func (r Roster) Table() [][]string {
	type column struct {
		post  string
		watch int
	}
	var columns []column
	head := []string{headDay, "星期", "类别"}
	for _, p := range r.Posts {
		names := map[int]string{}
		last := -1
		for _, v := range r.Shifts {
			if v.PostID == p.ID {
				names[v.Watch] = v.WatchName
				last = max(last, v.Watch)
			}
		}
		for w := 0; w <= last; w++ {
			if name, ok := names[w]; ok {
				columns = append(columns, column{p.ID, w})
				head = append(head, columnName(p, Watch{Name: name}, last == 0))
			}
		}
	}
	out := [][]string{head}
	for _, d := range r.Days {
		row := []string{string(d.Day), "日一二三四五六"[d.Day.Weekday()*3 : d.Day.Weekday()*3+3], className(d)}
		for _, c := range columns {
			var names []string
			for _, v := range r.Shifts {
				if v.Day == d.Day && v.PostID == c.post && v.Watch == c.watch && v.PersonName != "" {
					names = append(names, v.PersonName)
				}
			}
			row = append(row, strings.Join(names, "、"))
		}
		out = append(out, row)
	}
	return out
}

func className(d DayInfo) string {
	name := map[Class]string{Workday: "工作日", Weekend: "周末", Holiday: "节假日", Makeup: "调休上班", Special: "特殊时段"}[d.Class]
	switch {
	case d.Period != "":
		return name + " " + d.Period
	case d.Name != "":
		return d.Name
	}
	return name
}

// reader turns a table into edits and gathers what is wrong.
type reader struct {
	plan   Plan
	month  string
	cells  map[Key]Shift
	edits  []Edit
	faults []ImportFault
}

func (r *reader) fault(row, column int, kind, text string) {
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	r.faults = append(r.faults, ImportFault{row + 1, columnLetters(column), kind, text})
}

func columnLetters(n int) string {
	out := ""
	for n++; n > 0; n = (n - 1) / 26 {
		out = string(rune('A'+(n-1)%26)) + out
	}
	return out
}

// target is the post and watch that a column speaks of.
type target struct {
	post  string
	watch string // empty: the only one
}

func (r *reader) columns(head []string) (day int, targets map[int]target) {
	day, targets = -1, map[int]target{}
	names := map[string]target{}
	for _, p := range r.plan.Posts {
		if p.Ended {
			continue
		}
		names[p.Name] = target{p.ID, ""}
		for _, rule := range r.plan.Rules {
			if rule.PostID == p.ID {
				for _, w := range rule.Watches {
					names[columnName(p, w, false)] = target{p.ID, w.Name}
				}
			}
		}
		for _, t := range r.plan.Temps {
			if t.PostID == p.ID {
				for _, w := range t.Watches {
					names[columnName(p, w, false)] = target{p.ID, w.Name}
				}
			}
		}
	}
	for i, h := range head {
		h = strings.Join(strings.Fields(h), " ")
		switch {
		case h == "" || slices.Contains([]string{"星期", "类别", "备注", "Weekday", "Class", "Note"}, h):
		case h == headDay || strings.EqualFold(h, headDayEN):
			day = i
		default:
			if t, ok := names[h]; ok {
				targets[i] = t
			} else {
				r.fault(0, i, "unknown_column", h)
			}
		}
	}
	return day, targets
}

var dayForms = []*regexp.Regexp{
	regexp.MustCompile(`^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?$`),
	regexp.MustCompile(`^()([0-9]{1,2})[-/.月]([0-9]{1,2})日?$`),
	regexp.MustCompile(`^()()([0-9]{1,2})日?$`),
}

// day reads a day of the month: 2026-12-01, 2026年12月1日, 12月1日, 1日 or 1.
func (r *reader) day(text string) (Day, bool) {
	for _, form := range dayForms {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		year, month := r.month[:4], r.month[5:]
		if m[1] != "" {
			year = m[1]
		}
		if m[2] != "" {
			month = pad(m[2])
		}
		d := Day(year + "-" + month + "-" + pad(m[3]))
		return d, d.Valid() && d.Month() == r.month
	}
	return "", false
}

func pad(text string) string {
	n, _ := strconv.Atoi(text)
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// person finds somebody by name, or by name and title where two share a name.
func (r *reader) person(text string) (id, fault string) {
	found := ""
	for _, p := range r.plan.People {
		if !p.Active || (p.Name != text && p.Name+"（"+p.Title+"）" != text && p.Name+"("+p.Title+")" != text) {
			continue
		}
		if found != "" {
			return "", "same_name"
		}
		found = p.ID
	}
	if found == "" {
		return "", "unknown_person"
	}
	return found, ""
}

// read goes through the whole table, so that every fault is found at once.
func (r *reader) read(table [][]string, begun func(Key) bool) {
	if len(table) == 0 {
		r.fault(0, 0, "no_dates", "")
		return
	}
	dayColumn, targets := r.columns(table[0])
	if dayColumn < 0 {
		r.fault(0, 0, "no_dates", "")
		return
	}
	seen := map[Day]bool{}
	for i, row := range table[1:] {
		if dayColumn >= len(row) || strings.TrimSpace(row[dayColumn]) == "" {
			continue
		}
		text := strings.TrimSpace(row[dayColumn])
		d, ok := r.day(text)
		switch {
		case !ok:
			r.fault(i+1, dayColumn, "bad_day", text)
			continue
		case seen[d]:
			r.fault(i+1, dayColumn, "same_day", text)
			continue
		}
		seen[d] = true
		for c, cell := range row {
			if t, ok := targets[c]; ok && strings.TrimSpace(cell) != "" {
				r.cell(i+1, c, d, t, strings.TrimSpace(cell), begun)
			}
		}
	}
}

var between = regexp.MustCompile(`[、，,;；/\n]+|\s{2,}`)

// cell reads the names of one watch. A dash leaves it empty on purpose.
func (r *reader) cell(row, column int, d Day, t target, text string, begun func(Key) bool) {
	watches, _ := r.plan.watches(t.post, d)
	watch := slices.IndexFunc(watches, func(w Watch) bool { return w.Name == t.watch })
	if t.watch == "" && len(watches) == 1 {
		watch = 0
	}
	if watch < 0 {
		r.fault(row, column, "no_watch", text)
		return
	}
	var ids []string
	if !slices.Contains([]string{"-", "—", "——", "无"}, text) {
		for _, name := range between.Split(text, -1) {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			id, fault := r.person(name)
			switch {
			case fault != "":
				r.fault(row, column, fault, name)
			case slices.Contains(ids, id):
				r.fault(row, column, "twice", name)
			default:
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > maxHeads {
		r.fault(row, column, "too_many", text)
		return
	}
	for head := range maxHeads {
		key := Key{t.post, d, watch, head}
		is := r.cells[key]
		want := ""
		if head < len(ids) {
			want = ids[head]
		}
		if is.PersonID == want {
			continue
		}
		if begun(key) {
			r.fault(row, column, "begun", text)
			return
		}
		r.edits = append(r.edits, Edit{Key: key, PersonID: &want, Was: is.PersonID})
	}
}

// Import writes a monthly table, which is read only when the actor may write it. Every fault is answered at once; with one, nothing is changed.
func (s *Service) Import(ctx context.Context, org, month string, read func() ([][]string, error)) (Imported, error) {
	a, o, err := s.org(ctx, org, actor.DutyPlan)
	if err != nil {
		return Imported{}, err
	}
	if _, _, ok := monthDays(month); !ok {
		return Imported{}, errs.Field("duty.month", "month", "is no month like 2026-11")
	}
	table, err := read()
	if err != nil {
		return Imported{}, err
	}
	p, shifts, err := s.standing(ctx, o)
	if err != nil {
		return Imported{}, err
	}
	now := stamp()
	loc := p.Desk.Location()
	r := reader{plan: p, month: month, cells: map[Key]Shift{}}
	for _, v := range shifts {
		r.cells[v.Key] = v
	}
	r.read(table, func(k Key) bool {
		watches, _ := p.watches(k.PostID, k.Day)
		starts, _ := watches[k.Watch].span(k.Day, loc)
		return !starts.After(now)
	})
	out := Imported{Cells: len(r.edits), Faults: append([]ImportFault{}, r.faults...)}
	if len(out.Faults) > 0 || len(r.edits) == 0 {
		return out, nil
	}
	return out, s.edit(ctx, a, o, r.edits, nil, EventImported)
}
