package document

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// filled is the template with lines.
func filled(t testing.TB, lines ...[]any) []byte {
	t.Helper()
	var blank bytes.Buffer
	if err := RollTemplate(&blank, []Choice{{"water_level", "水位"}}, []Choice{{"320623", "如东县"}}); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&blank)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i, cells := range lines {
		cell, _ := excelize.CoordinatesToCellName(1, i+2)
		if err := file.SetSheetRow(file.GetSheetName(0), cell, &cells); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := file.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestListInTheTemplateIsReadWithItsLines(t *testing.T) {
	got, err := Roll(filled(t,
		[]any{"edge-1", "终端 edge", "一号", "No. 1", "", "320623 如东县", 121.18331, 32.31171, "GCJ-02 (高德、腾讯 Amap, Tencent)"},
		[]any{},
		[]any{"s-1", "传感器 sensor", "=1+1", "", "water_level 水位", 320623, "", "", "CGCS2000"},
		[]any{"x", "摄像机"}))
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v %v", got, err)
	}
	for i, want := range []device.Listed{
		{Line: 2, ID: "edge-1", Kind: "edge", Name: "一号", NameEN: "No. 1", Division: "320623", Lon: "121.18331", Lat: "32.31171", System: "gcj02"},
		{Line: 4, ID: "s-1", Kind: "sensor", Name: "=1+1", Class: "water_level", Division: "320623", System: "wgs84"},
		{Line: 5, ID: "x", Kind: "摄像机"},
	} {
		if got[i] != want {
			t.Errorf("line %d: %+v", i, got[i])
		}
	}
}

func TestWhatIsNoListIsRefusedWithWhatToDo(t *testing.T) {
	book := func(fill func(f *excelize.File)) []byte {
		f := excelize.NewFile()
		defer f.Close()
		fill(f)
		var out bytes.Buffer
		if err := f.Write(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	many := make([][]any, device.MaxBulk+1)
	for i := range many {
		many[i] = []any{"a", "edge"}
	}
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":     {nil, "not a readable XLSX"},
		"CSV":         {[]byte("编号,类型\na,edge\n"), "not a readable XLSX"},
		"bomb":        {bomb.Bytes(), "not a readable XLSX"},
		"too large":   {make([]byte, RollBytes+1), "larger than 1 MB"},
		"empty":       {filled(t), "no device"},
		"no headings": {book(func(f *excelize.File) { _ = f.SetCellStr("Sheet1", "A1", "a") }), "编号 ID"},
		"too many":    {filled(t, many...), "more than 2000"},
		"far down": {book(func(f *excelize.File) {
			_ = f.SetSheetRow("Sheet1", "A1", &[]any{"编号", "类型"})
			_ = f.SetCellStr("Sheet1", "A900000", "a")
		}), "10000 lines"},
	} {
		_, err := Roll(c.text)
		if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzRoll(f *testing.F) {
	f.Add(filled(f, []any{"edge-1", "终端 edge", "一号"}))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := Roll(text)
		if err == nil && (len(rows) == 0 || len(rows) > device.MaxBulk) {
			t.Errorf("%d rows", len(rows))
		}
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Errorf("%v is of no kind", err)
		}
	})
}
