package resource

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Fault is one cell of a workbook that does not fit. Row and Col count from 1 as spreadsheets do.
type Fault struct {
	Row  int    `json:"row"`
	Col  int    `json:"col"`
	Name string `json:"name"` // of the column
	Code string `json:"code"` // missing, number, unknown_org, twice, column, or the code of an error of the field
	Cell string `json:"cell"`
}

// Import is what a workbook would make of the register, or has made of it.
type Import struct {
	New     int     `json:"new"`
	Changed int     `json:"changed"`
	Same    int     `json:"same"`
	Faults  []Fault `json:"faults"`
	Done    bool    `json:"done"` // it was kept
}

// TeamColumns are the headings of a workbook of teams, as they are written and read.
func TeamColumns() []string {
	return []string{"名称", "单位", "能力", "人数", "装备", "负责人", "电话", "驻地", "经度", "纬度", "区划", "备注"}
}

// StockColumns are the headings of a workbook of stock.
func StockColumns() []string {
	return []string{"仓库", "单位", "地址", "经度", "纬度", "保管人", "电话", "物资", "计量单位", "数量", "区划"}
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// TeamRow is a team as a row that can be imported again.
func TeamRow(t Team) []any {
	return []any{t.Name, t.OrgName, strings.Join(t.Words, "、"), t.People, t.Equipment, t.Leader, t.Phone, t.Place, number(t.Lon), number(t.Lat), t.Division, t.Note}
}

// StockRow is stock as a row that can be imported again.
func StockRow(v Stock) []any {
	w := v.Warehouse
	return []any{w.Name, w.OrgName, w.Place, number(w.Lon), number(w.Lat), w.Keeper, w.Phone, v.Item, v.Unit, v.Amount, w.Division}
}

// reader reads a table row by row and gathers what does not fit.
type reader struct {
	columns []string
	place   map[string]int // of a column in the table
	orgs    []account.Org
	row     []string
	line    int
	faults  []Fault
}

// maxFaults is how many are told: more are read by nobody.
const maxFaults = 500

func newReader(columns []string, table [][]string, orgs []account.Org) *reader {
	r := &reader{columns: columns, place: map[string]int{}, orgs: orgs, line: 1}
	if len(table) == 0 {
		table = [][]string{{}}
	}
	for i, name := range table[0] {
		if name = strings.TrimSpace(name); slices.Contains(columns, name) {
			r.place[name] = i
		} else if name != "" {
			r.faults = append(r.faults, Fault{1, i + 1, name, "column", name})
		}
	}
	for _, name := range columns[:1] {
		if _, ok := r.place[name]; !ok {
			r.faults = append(r.faults, Fault{1, 1, name, "missing", ""})
		}
	}
	return r
}

func (r *reader) cell(name string) string {
	if i, ok := r.place[name]; ok && i < len(r.row) {
		return strings.TrimSpace(r.row[i])
	}
	return ""
}

func (r *reader) bad(name, code string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, Fault{r.line, r.place[name] + 1, name, code, r.cell(name)})
	}
}

// number is a cell that holds one; nil when it is empty.
func (r *reader) number(name string) *float64 {
	text := r.cell(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != n {
		r.bad(name, "number")
		return nil
	}
	return &n
}

// org is the organisation of a row: the own one where the cell is empty.
func (r *reader) org() string {
	name := r.cell("单位")
	if name == "" {
		return ""
	}
	i := slices.IndexFunc(r.orgs, func(o account.Org) bool { return o.Name == name })
	if i < 0 {
		r.bad("单位", "unknown_org")
		return ""
	}
	return r.orgs[i].ID
}

// failed puts what a use case complains of to its cell; an error of another kind comes back.
func (r *reader) failed(err error, columns map[string]string) error {
	var e *errs.Error
	if !errors.As(err, &e) || (e.Kind != errs.Invalid && e.Kind != errs.Conflict) {
		return err
	}
	name := r.columns[0]
	for field := range e.Fields {
		if c, ok := columns[field]; ok {
			name = c
		}
	}
	r.bad(name, e.Code)
	return nil
}

// errDry ends the transaction of a look that keeps nothing, and of an import with faults.
var errDry = errors.New("nothing was kept")

// imported runs fn over the rows of a table in one transaction, and keeps it when keep says so and nothing is wrong.
func (s *Service) imported(ctx context.Context, r *reader, table [][]string, keep bool, fn func(ctx context.Context, out *Import, note noter) error) (Import, error) {
	begun := r.faults
	var out Import
	err := s.change(ctx, func(ctx context.Context, note noter) error {
		out, r.faults = Import{}, slices.Clone(begun)
		if len(r.faults) == 0 {
			for i, row := range table[min(1, len(table)):] {
				r.row, r.line = row, i+2
				if !slices.ContainsFunc(row, func(c string) bool { return strings.TrimSpace(c) != "" }) {
					continue
				}
				if err := fn(ctx, &out, note); err != nil {
					return err
				}
			}
		}
		if !keep || len(r.faults) > 0 {
			return errDry
		}
		out.Done = true
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	out.Faults = append([]Fault{}, r.faults...)
	return out, err
}

// ImportTeams reads a table of teams: a team of the same organisation and name is changed, another is added, what they
// are doing stays. All of it is kept or nothing; without keep it is only looked at.
func (s *Service) ImportTeams(ctx context.Context, keep bool, read func() ([][]string, error)) (Import, error) {
	a, own, err := s.Desks.Own(ctx, actor.ResourceWrite)
	if err != nil {
		return Import{}, err
	}
	table, orgs, err := s.sheet(ctx, read)
	if err != nil {
		return Import{}, err
	}
	r := newReader(TeamColumns(), table, orgs)
	seen := map[string]bool{}
	fields := map[string]string{
		"name": "名称", "org_id": "单位", "words": "能力", "people": "人数", "equipment": "装备", "leader": "负责人", "phone": "电话", "place": "驻地", "lon": "经度", "division": "区划", "note": "备注",
	}
	return s.imported(ctx, r, table, keep, func(ctx context.Context, out *Import, note noter) error {
		if r.line == 2 {
			clear(seen)
		}
		before := len(r.faults)
		t := Team{
			Name: r.cell("名称"), OrgID: r.org(), Words: strings.FieldsFunc(r.cell("能力"), func(c rune) bool { return strings.ContainsRune("、,，;；/", c) }), Equipment: r.cell("装备"),
			Leader: r.cell("负责人"), Phone: r.cell("电话"), Place: r.cell("驻地"), Lon: r.number("经度"), Lat: r.number("纬度"), Division: r.cell("区划"), Note: r.cell("备注"),
		}
		if n := r.number("人数"); n != nil {
			if t.People = int(*n); float64(t.People) != *n {
				r.bad("人数", "number")
			}
		}
		if len(r.faults) > before {
			return nil
		}
		org := t.OrgID
		if org == "" {
			org = own.ID
		}
		if seen[org+" "+t.Name] {
			r.bad("名称", "twice")
			return nil
		}
		seen[org+" "+t.Name] = true
		was, err := s.Store.TeamNamed(ctx, org, t.Name)
		if errs.KindOf(err) == errs.NotFound {
			was, err = Team{Status: Ready, StatusAt: stamp()}, nil
		}
		if err != nil {
			return err
		}
		got, err := s.keepTeam(ctx, a, own, was, t, note)
		if err != nil {
			return r.failed(err, fields)
		}
		count(out, was.ID == "", sameTeam(was, got))
		return nil
	})
}

func count(out *Import, fresh, same bool) {
	switch {
	case fresh:
		out.New++
	case same:
		out.Same++
	default:
		out.Changed++
	}
}

func sameTeam(a, b Team) bool {
	return slices.Equal(TeamRow(a), TeamRow(b))
}

// sheet reads a table, with the organisations that it may name.
func (s *Service) sheet(ctx context.Context, read func() ([][]string, error)) ([][]string, []account.Org, error) {
	table, err := read()
	if err != nil {
		return nil, nil, err
	}
	orgs, err := s.Desks.Tree(ctx)
	return table, orgs, err
}

// ImportStock reads a table of stock: warehouses are added or changed, and an amount that is not what lies there is a
// count. All of it is kept or nothing; without keep it is only looked at.
func (s *Service) ImportStock(ctx context.Context, keep bool, read func() ([][]string, error)) (Import, error) {
	a, own, err := s.Desks.Own(ctx, actor.ResourceWrite)
	if err != nil {
		return Import{}, err
	}
	table, orgs, err := s.sheet(ctx, read)
	if err != nil {
		return Import{}, err
	}
	r := newReader(StockColumns(), table, orgs)
	fields := map[string]string{
		"name": "仓库", "org_id": "单位", "place": "地址", "lon": "经度", "keeper": "保管人", "phone": "电话", "item": "物资", "unit": "计量单位", "amount": "数量", "division": "区划",
	}
	houses, seen := map[string]Warehouse{}, map[[3]string]bool{}
	return s.imported(ctx, r, table, keep, func(ctx context.Context, out *Import, note noter) error {
		if r.line == 2 {
			clear(houses)
			clear(seen)
		}
		before := len(r.faults)
		w := Warehouse{Name: r.cell("仓库"), OrgID: r.org(), Place: r.cell("地址"), Lon: r.number("经度"), Lat: r.number("纬度"), Keeper: r.cell("保管人"), Phone: r.cell("电话"), Division: r.cell("区划")}
		n := r.number("数量")
		if n == nil && r.cell("数量") == "" {
			r.bad("数量", "missing")
		}
		if len(r.faults) > before {
			return nil
		}
		w, err := s.house(ctx, a, own, houses, w, note)
		if err != nil {
			return r.failed(err, fields)
		}
		item, unit := r.cell("物资"), r.cell("计量单位")
		key := [3]string{w.ID, item, unit}
		if seen[key] {
			r.bad("物资", "twice")
			return nil
		}
		seen[key] = true
		v, err := s.stock(ctx, a, Change{WarehouseID: w.ID, Item: item, Unit: unit})
		if err != nil {
			return r.failed(err, fields)
		}
		same := v.Moves > 0 && v.Amount == *n
		if !same {
			if v, err = s.shift(ctx, v, "count", *n, Move{Reason: "导入", ByName: a.Name, OrgName: own.Name}, note); err != nil {
				return r.failed(err, fields)
			}
		}
		count(out, v.Moves == 1 && !same, same)
		return nil
	})
}

// house is the warehouse of a row: once for each table. Cells that are empty leave what is there.
func (s *Service) house(ctx context.Context, a actor.Actor, own account.Org, seen map[string]Warehouse, w Warehouse, note noter) (Warehouse, error) {
	org := w.OrgID
	if org == "" {
		org = own.ID
	}
	if got, ok := seen[org+" "+w.Name]; ok {
		return got, nil
	}
	was, err := s.Store.WarehouseNamed(ctx, org, w.Name)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return w, err
	}
	for _, c := range []struct{ cell, was *string }{{&w.Place, &was.Place}, {&w.Keeper, &was.Keeper}, {&w.Phone, &was.Phone}, {&w.Division, &was.Division}} {
		if *c.cell == "" {
			*c.cell = *c.was
		}
	}
	if w.Lon == nil && w.Lat == nil {
		w.Lon, w.Lat = was.Lon, was.Lat
	}
	got, err := s.keepWarehouse(ctx, a, own, was, w, note)
	if err == nil {
		seen[org+" "+w.Name] = got
	}
	return got, err
}
