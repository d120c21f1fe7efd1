package plan

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// actionColumns are the headings of a workbook of actions, as they are written and as they are read.
func actionColumns() []string {
	return []string{"序号", "行动", "英文", "级别", "责任角色", "时限", "起算", "前置行动", "条件", "凭据", "形成文件", "渠道", "资源需求", "条款", "说明"}
}

// The columns by their place.
const (
	colNo = iota
	colTitle
	colEnglish
	colLevels
	colRole
	colMinutes
	colFrom
	colAfter
	colCondition
	colEvidence
	colOutput
	colChannel
	colDemands
	colClause
	colText
	colCount
)

func evidenceWords() map[string]string {
	return map[string]string{"text": "文字", "photo": "照片", "position": "位置", "document": "文件", "signature": "签字"}
}

// ActionTable is the actions of a body as a table that ReadActions reads again.
func ActionTable(b Body) [][]string {
	out := [][]string{actionColumns()}
	clauses := b.clauses()
	place := map[string]string{}
	for i, a := range b.Actions {
		place[a.ID] = strconv.Itoa(i + 1)
	}
	for i, a := range b.Actions {
		row := make([]string, colCount)
		var levels, after, proof, demands []string
		for _, l := range a.Levels {
			levels = append(levels, Numeral(l))
		}
		for _, id := range a.After {
			after = append(after, place[id])
		}
		for _, e := range a.Evidence {
			proof = append(proof, evidenceWords()[e])
		}
		for _, d := range a.Demands {
			kind := map[string]string{"team": "队伍", "material": "物资"}[d.Kind]
			demands = append(demands, strings.TrimSpace(kind+"："+d.What+" "+number(d.Amount)+d.Unit))
		}
		role, _ := b.role(a.RoleID)
		clause, _, _ := strings.Cut(clauses[a.Clause], " ")
		row[colNo], row[colTitle], row[colEnglish], row[colText] = strconv.Itoa(i+1), a.Title, a.TitleEN, a.Text
		row[colLevels], row[colRole], row[colMinutes] = strings.Join(levels, "、"), role.Name, strconv.Itoa(a.Minutes)
		row[colFrom] = map[string]string{FromStart: "启动", FromAfter: "前置"}[a.From]
		row[colAfter], row[colCondition], row[colEvidence] = strings.Join(after, "、"), a.Condition, strings.Join(proof, "、")
		row[colOutput], row[colChannel], row[colDemands], row[colClause] = a.Output, a.Channel, strings.Join(demands, "；"), clause
		out = append(out, row)
	}
	return out
}

// actionReader reads a table into a body.
type actionReader struct {
	b      Body
	fresh  func() string
	at     []int // column of the sheet → place in actionColumns, or -1
	line   int
	row    []string
	faults []CellFault
	notes  []Remark
	roles  map[string]string
	places map[string]string // number or title of a row → id
	ids    map[int]string    // line → id
}

func (r *actionReader) bad(col int, code string) {
	r.faults = append(r.faults, CellFault{r.line, actionColumns()[col], code, excerpt(r.cell(col))})
}

func (r *actionReader) cell(col int) string {
	for i, at := range r.at {
		if at == col && i < len(r.row) {
			return strings.TrimSpace(r.row[i])
		}
	}
	return ""
}

// text is a cell of at most so many characters; only that of 说明 may have several lines.
func (r *actionReader) text(col, most int) string {
	s := r.cell(col)
	if col != colText {
		s = strings.Join(strings.Fields(s), " ")
	}
	if !errs.Text(s, most) {
		r.bad(col, "long")
	}
	return s
}

// ReadActions reads a table whose first line are headings; every fault is told at once. The body comes back with
// the actions in place of its own, or behind them, and with roles that it did not know.
func ReadActions(table [][]string, b Body, mode string, fresh func() string) (Body, []Remark, []CellFault) {
	r := &actionReader{b: b, fresh: fresh, faults: []CellFault{}, notes: []Remark{}, roles: map[string]string{}, places: map[string]string{}, ids: map[int]string{}}
	for _, o := range b.Roles {
		r.roles[o.Name] = o.ID
	}
	b.Roles = slices.Clone(b.Roles)
	r.b.Roles = b.Roles
	if len(table) == 0 || !r.headings(table[0]) {
		return b, r.notes, append(r.faults, CellFault{Line: 1, Code: "headings"})
	}
	var rows []int
	for i, row := range table[1:] {
		if slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			rows = append(rows, i+1)
		}
	}
	if len(rows) == 0 || len(rows) > maxActions {
		return b, r.notes, append(r.faults, CellFault{Line: 2, Code: map[bool]string{true: "no_row", false: "too_many"}[len(rows) == 0]})
	}
	r.name(table, rows, mode)
	var list []Action
	for _, i := range rows {
		r.line, r.row = i+1, table[i]
		list = append(list, r.action())
	}
	if mode == Append {
		list = append(slices.Clone(b.Actions), list...)
	}
	b.Roles, b.Actions = r.b.Roles, list
	return b, r.notes, r.faults
}

func (r *actionReader) headings(row []string) bool {
	known := actionColumns()
	found := map[int]bool{}
	for _, cell := range row {
		at := slices.Index(known, strings.Trim(strings.Join(strings.Fields(cell), ""), "*＊"))
		if found[at] {
			at = -1
		}
		found[at] = true
		r.at = append(r.at, at)
	}
	return found[colTitle] && found[colLevels] && found[colRole] && found[colMinutes]
}

// name gives every row its id first, so that one may follow another that stands below it. An action whose title
// was there before keeps its id.
func (r *actionReader) name(table [][]string, rows []int, mode string) {
	used := map[string]bool{}
	for n, i := range rows {
		r.line, r.row = i+1, table[i]
		title := strings.Join(strings.Fields(r.cell(colTitle)), " ")
		id := ""
		if mode == Replace {
			if k := slices.IndexFunc(r.b.Actions, func(a Action) bool { return a.Title == title && !used[a.ID] }); k >= 0 && title != "" {
				id = r.b.Actions[k].ID
			}
		}
		if id == "" {
			id = r.fresh()
		}
		used[id] = true
		r.ids[r.line] = id
		no := r.cell(colNo)
		if no == "" {
			no = strconv.Itoa(n + 1)
		}
		if r.places[no] != "" {
			r.bad(colNo, "twice")
		}
		r.places[no] = id
		if r.places[title] == "" && title != "" {
			r.places[title] = id
		}
	}
}

func (r *actionReader) action() Action {
	a := Action{
		ID: r.ids[r.line], Title: r.text(colTitle, maxTitle), TitleEN: r.text(colEnglish, maxLine), Text: r.text(colText, 4000),
		Condition: r.text(colCondition, 400), Output: strings.Trim(r.text(colOutput, maxLine), "《》"), Channel: r.text(colChannel, maxLine),
	}
	if a.Title == "" {
		r.bad(colTitle, "empty")
	}
	a.Levels, a.RoleID, a.After = r.levels(), r.role(), r.after(a.ID)
	var ok bool
	if a.Minutes, ok = minutesOf(r.cell(colMinutes)); !ok {
		r.bad(colMinutes, "minutes")
	}
	switch from := strings.ToLower(r.cell(colFrom)); {
	case from == "" && len(a.After) == 0, strings.HasPrefix(from, "启动"), from == FromStart:
		a.From = FromStart
	case from == "", strings.HasPrefix(from, "前置"), from == FromAfter:
		if a.From = FromAfter; len(a.After) == 0 {
			r.bad(colFrom, "from_nothing")
		}
	default:
		r.bad(colFrom, "from")
	}
	for _, word := range parted(r.cell(colEvidence)) {
		found := ""
		for code, name := range evidenceWords() {
			if word == name || strings.EqualFold(word, code) {
				found = code
			}
		}
		if found == "" {
			r.bad(colEvidence, "evidence")
			continue
		}
		a.Evidence = append(a.Evidence, found)
	}
	a.Demands, a.Clause = r.demands(), r.clause()
	return a
}

// parted are the words of a cell that holds several.
func parted(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("、，,；;/\n\r\t 　", c) })
}

func (r *actionReader) levels() []int {
	var out []int
	text := strings.ToUpper(strings.NewReplacer("级响应", " ", "级", " ").Replace(r.cell(colLevels)))
	words := parted(text)
	if len(words) == 0 {
		r.bad(colLevels, "empty")
	}
	known := map[string]int{"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "I": 1, "II": 2, "III": 3, "IV": 4, "1": 1, "2": 2, "3": 3, "4": 4, "一": 1, "二": 2, "三": 3, "四": 4}
	for _, w := range words {
		switch l := known[w]; {
		case l == 0:
			r.bad(colLevels, "level")
		case !slices.Contains(out, l):
			out = append(out, l)
		}
	}
	return out
}

func (r *actionReader) role() string {
	name := r.text(colRole, maxTitle)
	if name == "" {
		r.bad(colRole, "empty")
		return ""
	}
	if r.roles[name] == "" {
		id := r.fresh()
		r.roles[name] = id
		r.b.Roles = append(r.b.Roles, Role{ID: id, Name: name})
		r.notes = append(r.notes, Remark{Code: "role_new", Text: name})
	}
	return r.roles[name]
}

func (r *actionReader) after(own string) []string {
	var out []string
	cell := r.cell(colAfter)
	words := parted(cell)
	if r.places[cell] != "" { // a title may have blanks
		words = []string{cell}
	}
	for _, w := range words {
		switch id := r.places[w]; {
		case id == "":
			r.bad(colAfter, "after")
		case id == own:
			r.bad(colAfter, "after_self")
		case !slices.Contains(out, id):
			out = append(out, id)
		}
	}
	if len(out) > maxList {
		r.bad(colAfter, "long")
	}
	return out
}

var span = regexp.MustCompile(`^(?:(\d{1,3})(?:天|日|d))?(?:(\d{1,4})(?:小时|时|h))?(?:(\d{1,5})(?:分钟|分|min|m|′|')?)?$`)

// minutesOf reads 30, 30分钟, 2小时, 1小时30分, 1天, T+1 h 30′, 立即.
func minutesOf(text string) (int, bool) {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	text = strings.TrimPrefix(text, "t+")
	if text == "立即" || text == "即时" {
		return 0, true
	}
	m := span.FindStringSubmatch(text)
	if m == nil || text == "" {
		return 0, false
	}
	sum := 0
	for i, unit := range []int{24 * 60, 60, 1} {
		if m[i+1] != "" {
			n, err := strconv.Atoi(m[i+1])
			if err != nil {
				return 0, false
			}
			sum += n * unit
		}
	}
	return sum, sum <= maxMinutes
}

var demand = regexp.MustCompile(`^(?:(队伍|物资|team|material)[:：]\s*)?(.*?)(?:[\s×x*]*(\d{1,9}(?:\.\d{1,3})?)\s*([^\d\s]*))?$`)

// demands reads 队伍：排涝 2支；物资：编织袋 5000条.
func (r *actionReader) demands() []Demand {
	var out []Demand
	for _, part := range strings.FieldsFunc(r.cell(colDemands), func(c rune) bool { return strings.ContainsRune("；;\n\r", c) }) {
		m := demand.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			r.bad(colDemands, "demand")
			continue
		}
		d := Demand{Kind: "material", What: strings.TrimSpace(m[2]), Unit: m[4]}
		if m[1] == "队伍" || m[1] == "team" {
			d.Kind = "team"
		}
		d.Amount, _ = strconv.ParseFloat(m[3], 64) // none is 0
		if !errs.Name(d.What, maxTitle) || !errs.Line(d.Unit, 20) {
			r.bad(colDemands, "demand")
			continue
		}
		out = append(out, d)
	}
	if len(out) > maxList {
		r.bad(colDemands, "long")
	}
	return out
}

// clause finds a chapter by its number or its title.
func (r *actionReader) clause() string {
	cell := strings.Join(strings.Fields(r.cell(colClause)), " ")
	if cell == "" {
		return ""
	}
	for i, n := range r.b.Numbers() {
		if c := r.b.Chapters[i]; cell == n || cell == c.Title || cell == n+" "+c.Title {
			return c.ID
		}
	}
	r.bad(colClause, "clause")
	return ""
}

// ImportActions says what a workbook of actions would make of the draft. Nothing is kept.
func (s *Service) ImportActions(ctx context.Context, id, mode string, read func() ([][]string, error)) (Import, error) {
	out, err := s.draftOf(ctx, id, mode)
	if err != nil {
		return out, err
	}
	table, err := read()
	if err != nil {
		return Import{}, err
	}
	next, notes, faults := ReadActions(table, out.Body, mode, newID)
	out.Notes, out.Faults = notes, faults
	out.Actions = max(len(next.Actions)-map[bool]int{true: len(out.Body.Actions)}[mode == Append], 0)
	if len(faults) > 0 {
		out.Actions = 0
	}
	return out.finish(next)
}
