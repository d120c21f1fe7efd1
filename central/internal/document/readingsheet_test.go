package document

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestAWorkbookOfReadingsHasTimesNumbersAndTheNamesOfItsLanguage(t *testing.T) {
	zone := time.FixedZone("CST", 8*60*60)
	void := row("=1+1", math.NaN(), wire.Bad)
	void.ReceivedAt = time.Time{}
	named := row("洋口闸", 4.25, wire.Good)
	named.DeviceNameEN = "Yangkou sluice"
	for _, c := range []struct {
		english bool
		title   string
		want    [][]string
	}{
		{false, "读数", [][]string{
			{"设备编号", "设备", "监测项编号", "监测项", "单位", "时间", "接收时间", "数值", "质量", "读数个数"},
			{"level", "洋口闸", "water_level", "水位", "m", "2026-11-24 09:02:03.000", "2026-11-24 09:02:04.000", "4.25", "正常", "1"},
			{"level", "=1+1", "water_level", "水位", "m", "2026-11-24 09:02:03.000", "", "", "无效", "1"},
		}},
		{true, "Readings", [][]string{
			{"Device ID", "Device", "Property ID", "Property", "Unit", "Time", "Received", "Value", "Quality", "Readings"},
			{"level", "Yangkou sluice", "water_level", "Water level", "m", "2026-11-24 09:02:03.000", "2026-11-24 09:02:04.000", "4.25", "good", "1"},
			{"level", "=1+1", "water_level", "Water level", "m", "2026-11-24 09:02:03.000", "", "", "bad", "1"},
		}},
	} {
		var out bytes.Buffer
		w, err := XLSX(&out, Wording{English: c.english, Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(named), w.Write(void), w.Close()); err != nil {
			t.Fatal(err)
		}
		file, err := excelize.OpenReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := file.GetRows(c.title)
		if err != nil || !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("got  %q, %v\nwant %q", got, err, c.want)
		}
		if kind, err := file.GetCellType(c.title, "F2"); err != nil || kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
			t.Errorf("a time is a cell of type %v, %v", kind, err)
		}
		// The library shows whole seconds; the cell has the milliseconds.
		raw, err := file.GetCellValue(c.title, "F2", excelize.Options{RawCellValue: true})
		days, _ := strconv.ParseFloat(raw, 64)
		if ms := math.Round(math.Mod(days, 1) * 24 * 60 * 60 * 1000); err != nil || ms != ((9*60+2)*60+3)*1000+4 {
			t.Errorf("the time is %s, %.0f ms of its day, %v", raw, ms, err)
		}
		if formula, err := file.GetCellFormula(c.title, "B3"); err != nil || formula != "" {
			t.Errorf("a name became the formula %q, %v", formula, err)
		}
	}
}

func TestAWorkbookSaysWhatItHasNoRoomFor(t *testing.T) {
	var out bytes.Buffer
	w, err := newSheet(&out, Wording{Zone: time.UTC}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		if err := w.Write(row("洋口闸", 1, wire.Good)); errors.Is(err, ErrFull) != (n >= 2) || (n < 2 && err != nil) {
			t.Fatalf("reading %d: %v", n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := file.GetRows("读数")
	if err != nil || len(rows) != 4 || !strings.HasPrefix(rows[3][0], "后面还有，未导出") {
		t.Errorf("got %q, %v", rows, err)
	}
}

func TestAWorkbookThatIsJustFullSaysNothing(t *testing.T) {
	var out bytes.Buffer
	w, err := newSheet(&out, Wording{Zone: time.UTC}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(row("洋口闸", 1, wire.Good)), w.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := file.GetRows("读数"); err != nil || len(rows) != 2 {
		t.Errorf("got %q, %v", rows, err)
	}
}
