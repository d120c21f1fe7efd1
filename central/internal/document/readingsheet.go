package document

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// MostReadings is how many readings a workbook holds: the format ends at 1,048,576 rows, and the whole is packed in
// memory at its end.
const MostReadings = 500_000

// ErrFull means that a file takes no more readings. Close it: it says so itself.
var ErrFull = errors.New("the file is full")

// XLSX writes readings as a workbook: times are times, values are numbers, and one that is no finite number is empty.
// Beyond MostReadings Write returns ErrFull, and a last row says that there are more. Nothing reaches out before Close.
func XLSX(out io.Writer, wording Wording) (Readings, error) {
	return newSheet(out, wording, MostReadings)
}

func newSheet(out io.Writer, wording Wording, most int) (*sheetReadings, error) {
	w := &sheetReadings{out: out, wording: wording, most: most, file: excelize.NewFile()}
	if err := w.begin(); err != nil {
		_ = w.file.Close()
		return nil, fmt.Errorf("begin readings: %w", err)
	}
	return w, nil
}

type sheetReadings struct {
	out     io.Writer
	wording Wording
	most    int
	file    *excelize.File
	sheet   *excelize.StreamWriter
	moment  int  // style of a time
	rows    int  // readings written
	more    bool // and there is another
}

func (w *sheetReadings) begin() error {
	title := "读数"
	if w.wording.English {
		title = "Readings"
	}
	if err := w.file.SetSheetName("Sheet1", title); err != nil {
		return err
	}
	bold, err := w.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	format := "yyyy-mm-dd hh:mm:ss.000"
	if w.moment, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return err
	}
	if w.sheet, err = w.file.NewStreamWriter(title); err != nil {
		return err
	}
	for i, width := range []float64{18, 26, 18, 18, 10, 26, 26, 14, 12, 10} {
		if err := w.sheet.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := w.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	var head []any
	for _, h := range w.wording.headings() {
		head = append(head, excelize.Cell{StyleID: bold, Value: h})
	}
	return w.sheet.SetRow("A1", head)
}

func (w *sheetReadings) Write(r telemetry.ExportRow) error {
	if w.rows == w.most {
		w.more = true
		return ErrFull
	}
	w.rows++
	device, name := r.Called(w.wording.English)
	var value any
	if !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) {
		value = r.Value
	}
	row := []any{r.Device, device, r.Property, name, r.Unit, w.time(r.At), w.time(r.ReceivedAt), value, w.wording.quality(r.Quality), max(r.Count, 1)}
	if err := w.sheet.SetRow(fmt.Sprintf("A%d", w.rows+1), row); err != nil {
		return fmt.Errorf("write reading: %w", err)
	}
	return nil
}

func (w *sheetReadings) time(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return excelize.Cell{StyleID: w.moment, Value: t.In(w.wording.Zone)}
}

func (w *sheetReadings) Close() error {
	defer func() { _ = w.file.Close() }()
	if w.more {
		text := fmt.Sprintf("后面还有，未导出：工作簿最多 %d 条，其余请缩短时段，或导出 CSV、Parquet", w.most)
		if w.wording.English {
			text = fmt.Sprintf("There are more, not exported: a workbook holds %d; choose a shorter time, or export CSV or Parquet", w.most)
		}
		if err := w.sheet.SetRow(fmt.Sprintf("A%d", w.most+2), []any{text}); err != nil {
			return fmt.Errorf("end readings: %w", err)
		}
	}
	if err := w.sheet.Flush(); err != nil {
		return fmt.Errorf("end readings: %w", err)
	}
	if err := w.file.Write(w.out); err != nil {
		return fmt.Errorf("end readings: %w", err)
	}
	return nil
}
