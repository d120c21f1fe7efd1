package resource_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// grid is a table as text: a line is a row, a tab is between cells.
func grid(columns []string, text string) [][]string {
	table := [][]string{columns}
	if rest, own := strings.CutPrefix(text, "#"); own { // a table with headings of its own
		table, text = nil, rest
	}
	for line := range strings.SplitSeq(text, "\n") {
		table = append(table, strings.Split(line, "\t"))
	}
	return table
}

// whole complains of an import that is neither kept whole nor points at a cell of its table.
func whole(t *testing.T, table [][]string, got resource.Import, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("no cell is to blame: %v", err)
	}
	if got.Done == (len(got.Faults) > 0) {
		t.Fatalf("kept %v with %d faults", got.Done, len(got.Faults))
	}
	for _, f := range got.Faults {
		if f.Row < 1 || f.Row > max(1, len(table)) || f.Col < 1 || f.Code == "" || f.Name == "" {
			t.Fatalf("a fault that nobody finds: %+v", f)
		}
	}
}

// FuzzImport reads tables of teams and of stock: whatever stands in the cells, either all of it is kept, and the same
// table changes nothing when it is read again, or nothing is and every fault names its cell. What was kept is text that
// both databases take.
func FuzzImport(f *testing.F) {
	h := newHouse(f, storetest.SQLite(f))
	for _, seed := range []string{
		"一队\t如东县\t排涝、抢险\t20\t泵车\t王\t13800000001\t洋口\t121.1\t32.5\t320623\t备注",
		"洋口库\t如东县\t洋口\t121\t32.5\t王\t13800000001\t编织袋\t条\t3000\t320623",
		"一队\t\t排涝\t1e3\n\n一队\t\t排涝\t1",
		"二队\t没有的单位\t、，/\t+Inf\t\t\tx\t\tNaN\t91\t1\t",
		"库\t\t\t1e400\t-1\t\t\t沙 袋\t袋\t0x1p-2\t",
		"库\t\t\t\t\t\t\t沙 袋\t条\t1\n库\t\t\t\t\t\t\t沙\t袋 条\t2",
		"库\t\t\t\t\t\t\t沙\t袋\t-0",
		"a\x00b\t\t\xff\xfe\t3\t\t\t\t\x1b[2J",
		"#名称\t能力\t名称\t别的\n一队\t排涝",
		"#",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		teams, stock := grid(resource.TeamColumns(), text), grid(resource.StockColumns(), text)
		for _, again := range []bool{false, true} {
			got, err := h.ImportTeams(h.chief, true, func() ([][]string, error) { return teams, nil })
			whole(t, teams, got, err)
			if again && got.Done && got.New+got.Changed > 0 {
				t.Fatalf("teams read again: %+v", got)
			}
			got, err = h.ImportStock(h.chief, true, func() ([][]string, error) { return stock, nil })
			whole(t, stock, got, err)
			if again && got.Done && got.New+got.Changed > 0 {
				t.Fatalf("stock read again: %+v", got)
			}
		}
		list, err := h.ListTeams(h.chief, resource.TeamFilter{}, page.Request{Limit: page.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		held, err := h.ListStock(h.chief, resource.StockFilter{}, page.Request{Limit: page.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := json.Marshal([]any{list.Items, held.Items})
		if err != nil || !utf8.Valid(kept) || strings.Contains(string(kept), `\u0000`) || strings.Contains(string(kept), `\ufffd`) {
			t.Fatalf("what no database takes was kept: %v, %q", err, kept)
		}
	})
}
