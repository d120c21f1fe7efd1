// Package document writes the files that people take away. The export of every list uses it. Rule that
// must never break: text that came from outside is never read as a formula.
package document

import (
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"
)

// Sheet is a table: a title, one row of headings, and rows of text, numbers, times and booleans.
type Sheet struct {
	Title    string
	Headings []string
	Rows     [][]any
}

// MaxRows is what one sheet may hold, headings included.
const MaxRows = 100_000

// widest is how wide a column gets, in characters.
const widest = 60

// Write writes the sheet as XLSX. Times are shown in the given zone.
func (s Sheet) Write(out io.Writer, zone *time.Location) error {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }()
	name := "Sheet1"
	if s.Title != "" {
		if err := file.SetSheetName(name, s.Title); err != nil {
			return fmt.Errorf("name sheet %q: %w", s.Title, err)
		}
		name = s.Title
	}
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	w, err := file.NewStreamWriter(name)
	if err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	for i, width := range s.widths() {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return fmt.Errorf("set width: %w", err)
		}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("freeze headings: %w", err)
	}
	head := make([]any, len(s.Headings))
	for i, h := range s.Headings {
		head[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	if err := w.SetRow("A1", head); err != nil {
		return fmt.Errorf("write headings: %w", err)
	}
	for i, row := range s.Rows {
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), cells(row, zone)); err != nil {
			return fmt.Errorf("write row %d: %w", i+1, err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	if err := file.Write(out); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// cells are the values of a row. A string cell is never a formula: the writer marks it as text.
func cells(row []any, zone *time.Location) []any {
	out := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case time.Time:
			out[i] = clock(v, zone)
		case *time.Time:
			if v != nil {
				out[i] = clock(*v, zone)
			}
		default:
			out[i] = v
		}
	}
	return out
}

func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05")
}

func (s Sheet) widths() []float64 {
	out := make([]float64, len(s.Headings))
	for i, h := range s.Headings {
		out[i] = float64(width(h))
	}
	for _, row := range s.Rows {
		for i, v := range row {
			n := 20 // a time
			if text, ok := v.(string); ok {
				n = width(text)
			}
			if i < len(out) && float64(n) > out[i] {
				out[i] = float64(min(n, widest))
			}
		}
	}
	for i := range out {
		out[i] += 2
	}
	return out
}

// width counts a Chinese character as two.
func width(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0x2E80 {
			n++
		}
	}
	return n
}
