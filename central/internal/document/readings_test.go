package document

import (
	"bytes"
	"encoding/csv"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

var at = time.Date(2026, 11, 24, 1, 2, 3, 4_000_000, time.UTC)

func row(name string, value float64, quality wire.Quality) telemetry.ExportRow {
	return telemetry.ExportRow{
		Sample:     telemetry.Sample{Device: "level", Property: "water_level", At: at, ReceivedAt: at.Add(time.Second), Value: value, Quality: quality},
		DeviceName: name, Name: "水位", NameEN: "Water level", Unit: "m",
	}
}

func TestCSVIsExactAndNoCellIsAFormula(t *testing.T) {
	zone := time.FixedZone("CST", 8*60*60)
	for _, c := range []struct {
		sheets bool
		want   string
	}{
		{false, "device,device_name,property,name,unit,at,received_at,value,quality,count\r\n" +
			"level,\"洋口, 闸\",water_level,水位,m,2026-11-24T01:02:03.004Z,2026-11-24T01:02:04.004Z,-0.1,good,1\r\n" +
			"level,\"'=HYPERLINK(\"\"x\"\")\",water_level,水位,m,2026-11-24T01:02:03.004Z,,,bad,1\r\n"},
		{true, "\ufeff设备编号,设备,监测项编号,监测项,单位,时间,接收时间,数值,质量,读数个数\r\n" +
			"level,\"洋口, 闸\",water_level,水位,m,2026-11-24 09:02:03.004,2026-11-24 09:02:04.004,-0.1,正常,1\r\n" +
			"level,\"'=HYPERLINK(\"\"x\"\")\",water_level,水位,m,2026-11-24 09:02:03.004,,,无效,1\r\n"},
	} {
		var out bytes.Buffer
		w, err := CSV(&out, c.sheets, Wording{Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		void := row(`=HYPERLINK("x")`, math.NaN(), 9)
		void.ReceivedAt = time.Time{}
		if err := errors.Join(w.Write(row("洋口, 闸", -0.1, wire.Good)), w.Write(void), w.Close()); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("got  %q\nwant %q", out.String(), c.want)
		}
	}
}

func FuzzNoTextIsAFormula(f *testing.F) {
	for _, text := range []string{"=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "水位", "a\"b,c\nd", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		w, err := CSV(&out, false, Wording{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(row(text, 1, wire.Good)), w.Close()); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 10 {
			t.Fatalf("%q makes %d rows, %v", text, len(rows), err)
		}
		if cell := rows[1][1]; cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
			t.Errorf("%q stays %q", text, cell)
		}
	})
}

func TestParquetGivesBackWhatWasWritten(t *testing.T) {
	var out bytes.Buffer
	w := Parquet(&out, false)
	const n = 120_001
	for i := range n {
		r := row("洋口", float64(i)/10, wire.Quality(i%3))
		r.At = at.Add(time.Duration(i) * time.Second)
		if i == 7 {
			r.ReceivedAt, r.Value = time.Time{}, math.Inf(1)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := parquet.Read[parquetReading](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || len(got) != n {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range got {
		value := r.Value == float64(i)/10 || (i == 7 && math.IsInf(r.Value, 1))
		if r.Device != "level" || r.DeviceName != "洋口" || r.At != at.Add(time.Duration(i)*time.Second).UnixMilli() || !value || r.Quality != int32(i%3) || (r.ReceivedAt == 0) != (i == 7) {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
	t.Logf("%.1f bytes a row", float64(out.Len())/n)
}

// counter counts what goes by.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestExportOfMillionsStaysSmall writes two million readings and looks at the heap on the way.
func TestExportOfMillionsStaysSmall(t *testing.T) {
	var n counter
	w := Parquet(&n, false)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	for i := range 2_000_000 {
		r := row("洋口", math.Sin(float64(i)), wire.Good)
		r.At = at.Add(time.Duration(i) * time.Millisecond)
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		if i%400_000 == 399_999 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if most > 96<<20 {
		t.Errorf("the heap grew by %d MB", most>>20)
	}
	t.Logf("%d MB written, the heap grew by %d MB", n>>20, most>>20)
}
