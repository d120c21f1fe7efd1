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

// Wording is how people read a file: English names and headings, or Chinese ones, and times in a zone.
type Wording struct {
	English bool
	Zone    *time.Location
}

func (w Wording) headings() []string {
	if w.English {
		return []string{"Device ID", "Device", "Property ID", "Property", "Unit", "Time", "Received", "Value", "Quality", "Readings"}
	}
	return []string{"设备编号", "设备", "监测项编号", "监测项", "单位", "时间", "接收时间", "数值", "质量", "读数个数"}
}

func (w Wording) quality(q wire.Quality) string {
	names := [...]string{"正常", "存疑", "无效"}
	if w.English {
		names = [...]string{"good", "uncertain", "bad"}
	}
	return names[min(q, wire.Bad)]
}

// CSV writes readings as text with commas (RFC 4180). For spreadsheets it begins with a byte order mark, the
// headings are those of the wording and times are in its zone without a name; else the headings are the names of
// the API and times are RFC 3339. Text that a spreadsheet would take for a formula gets an apostrophe.
func CSV(out io.Writer, forSheets bool, wording Wording) (Readings, error) {
	w := &csvReadings{csv: csv.NewWriter(out), sheets: forSheets, wording: wording}
	w.csv.UseCRLF = true
	head := []string{"device", "device_name", "property", "name", "unit", "at", "received_at", "value", "quality", "count"}
	if forSheets {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return nil, fmt.Errorf("write headings: %w", err)
		}
		head = wording.headings()
	}
	if err := w.csv.Write(head); err != nil {
		return nil, fmt.Errorf("write headings: %w", err)
	}
	return w, nil
}

type csvReadings struct {
	csv     *csv.Writer
	sheets  bool
	wording Wording
	cells   [10]string
}

func (w *csvReadings) Write(r telemetry.ExportRow) error {
	device, name := r.Called(w.wording.English)
	quality := Wording{English: true}.quality(r.Quality)
	if w.sheets {
		quality = w.wording.quality(r.Quality)
	}
	w.cells = [...]string{
		inert(r.Device), inert(device), inert(r.Property), inert(name), inert(r.Unit), w.time(r.At), w.time(r.ReceivedAt), "", quality, strconv.FormatUint(uint64(max(r.Count, 1)), 10),
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
		return t.In(w.wording.Zone).Format("2006-01-02 15:04:05.000")
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
// they are; an arrival that was not kept is null. Names are English where they are wanted and there.
func Parquet(out io.Writer, english bool) Readings {
	w := parquet.NewGenericWriter[parquetReading](out, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("fengsui", "", ""))
	return &parquetReadings{out: w, english: english, batch: make([]parquetReading, 0, 1000)}
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
	out     *parquet.GenericWriter[parquetReading]
	english bool
	batch   []parquetReading
	rows    int
}

func (w *parquetReadings) Write(r telemetry.ExportRow) error {
	device, name := r.Called(w.english)
	p := parquetReading{
		Device: r.Device, DeviceName: device, Property: r.Property, Name: name, Unit: r.Unit,
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
