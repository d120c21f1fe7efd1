package document

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Readings writes readings one by one into a file. Close ends the file; what it goes to stays open.
type Readings interface {
	Write(r telemetry.ExportRow) error
	Close() error
}

// CSV writes readings as text with commas (RFC 4180). For spreadsheets it begins with a byte order mark, the
// headings are Chinese and times are in the given zone without its name; else the headings are the names of
// the API and times are RFC 3339. Text that a spreadsheet would take for a formula gets an apostrophe.
func CSV(out io.Writer, forSheets bool, zone *time.Location) (Readings, error) {
	w := &csvReadings{csv: csv.NewWriter(out), sheets: forSheets, zone: zone}
	w.csv.UseCRLF = true
	head := []string{"device", "device_name", "property", "name", "unit", "at", "received_at", "value", "quality", "count"}
	if forSheets {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return nil, fmt.Errorf("write headings: %w", err)
		}
		head = []string{"设备编号", "设备", "监测项编号", "监测项", "单位", "时间", "接收时间", "数值", "质量", "读数个数"}
	}
	if err := w.csv.Write(head); err != nil {
		return nil, fmt.Errorf("write headings: %w", err)
	}
	return w, nil
}

type csvReadings struct {
	csv    *csv.Writer
	sheets bool
	zone   *time.Location
	cells  [10]string
}

func (w *csvReadings) Write(r telemetry.ExportRow) error {
	quality := [...]string{"good", "uncertain", "bad"}
	if w.sheets {
		quality = [...]string{"正常", "存疑", "无效"}
	}
	w.cells = [...]string{
		inert(r.Device), inert(r.DeviceName), inert(r.Property), inert(r.Name), inert(r.Unit), w.time(r.At), w.time(r.ReceivedAt), "", quality[min(r.Quality, wire.Bad)], strconv.FormatUint(uint64(max(r.Count, 1)), 10),
	}
	if !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) {
		w.cells[7] = strconv.FormatFloat(r.Value, 'g', -1, 64)
	}
	if err := w.csv.Write(w.cells[:]); err != nil {
		return fmt.Errorf("write reading: %w", err)
	}
	return nil
}

func (w *csvReadings) time(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case w.sheets:
		return t.In(w.zone).Format("2006-01-02 15:04:05.000")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (w *csvReadings) Close() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write readings: %w", err)
	}
	return nil
}

// inert keeps a spreadsheet from taking text for a formula (OWASP, CSV Injection).
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

// rowGroup is how many readings a part of a Parquet file has; so many are held in memory.
const rowGroup = 50_000

// Parquet writes readings as Apache Parquet, compressed with zstd. Values that are no finite number stay as
// they are; an arrival that was not kept is null.
func Parquet(out io.Writer) Readings {
	w := parquet.NewGenericWriter[parquetReading](out, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("fengsui", "", ""))
	return &parquetReadings{out: w, batch: make([]parquetReading, 0, 1000)}
}

type parquetReading struct {
	Device     string  `parquet:"device,dict"`
	DeviceName string  `parquet:"device_name,dict"`
	Property   string  `parquet:"property,dict"`
	Name       string  `parquet:"name,dict"`
	Unit       string  `parquet:"unit,dict"`
	At         int64   `parquet:"at,timestamp(millisecond)"`
	ReceivedAt int64   `parquet:"received_at,optional,timestamp(millisecond)"` // 0 is written as null
	Value      float64 `parquet:"value"`
	Quality    int32   `parquet:"quality"`
	Count      int32   `parquet:"count"`
}

type parquetReadings struct {
	out   *parquet.GenericWriter[parquetReading]
	batch []parquetReading
	rows  int
}

func (w *parquetReadings) Write(r telemetry.ExportRow) error {
	p := parquetReading{
		Device: r.Device, DeviceName: r.DeviceName, Property: r.Property, Name: r.Name, Unit: r.Unit,
		At: r.At.UnixMilli(), Value: r.Value, Quality: int32(r.Quality), Count: int32(max(r.Count, 1)), //nolint:gosec // at most wire.MaxRecords
	}
	if !r.ReceivedAt.IsZero() {
		p.ReceivedAt = r.ReceivedAt.UnixMilli()
	}
	if w.batch = append(w.batch, p); len(w.batch) == cap(w.batch) {
		return w.flush()
	}
	return nil
}

func (w *parquetReadings) flush() error {
	if _, err := w.out.Write(w.batch); err != nil {
		return fmt.Errorf("write readings: %w", err)
	}
	w.rows += len(w.batch)
	w.batch = w.batch[:0]
	if w.rows >= rowGroup {
		w.rows = 0
		if err := w.out.Flush(); err != nil {
			return fmt.Errorf("write readings: %w", err)
		}
	}
	return nil
}

func (w *parquetReadings) Close() error {
	if err := errors.Join(w.flush(), w.out.Close()); err != nil {
		return fmt.Errorf("end readings: %w", err)
	}
	return nil
}
