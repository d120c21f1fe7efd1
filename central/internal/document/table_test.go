package document

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
)

func workbook(t interface {
	Helper()
	Fatal(...any)
}, s Sheet,
) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := s.Write(&out, time.UTC); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTableIsReadAsItWasWritten(t *testing.T) {
	raw := workbook(t, Sheet{Title: "值班表", Headings: []string{"日期", "值班员"}, Rows: [][]any{{"2026-12-01", "甲、乙"}, {"2026-12-02", "=1+1"}, {"", "丙"}}})
	got, err := ReadTable(raw)
	want := [][]string{{"日期", "值班员"}, {"2026-12-01", "甲、乙"}, {"2026-12-02", "=1+1"}, {"", "丙"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, []byte("PK"), []byte("日期,值班员\n"), raw[:len(raw)/2]} {
		if _, err := ReadTable(bad); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	long := Sheet{Headings: []string{"日期"}}
	for range tableRows {
		long.Rows = append(long.Rows, []any{"x"})
	}
	if _, err := ReadTable(workbook(t, long)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a long one: %v", err)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(workbook(f, Sheet{Headings: []string{"日期", "值班员"}, Rows: [][]any{{"1", "甲"}}}))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if table, err := ReadTable(raw); err != nil && (errs.KindOf(err) != errs.Invalid || table != nil) {
			t.Errorf("%v with %d rows", err, len(table))
		}
	})
}

func TestCalendarIsOneThatProgramsRead(t *testing.T) {
	from := time.Date(2026, 11, 26, 0, 30, 0, 0, time.UTC)
	text := string(Calendar("如东县", from, []duty.Appointment{{ID: "a@fengsui", Summary: "值班员 全天, 甲", From: from, To: from.Add(24 * time.Hour)}}))
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:如东县", "UID:a@fengsui", `SUMMARY:值班员 全天\, 甲`, "DTSTART:20261126T003000Z", "DTEND:20261127T003000Z", "DTSTAMP:20261126T003000Z", "END:VCALENDAR",
	} {
		if !strings.Contains(text, line+"\r\n") {
			t.Errorf("%q is missing in\n%s", line, text)
		}
	}
}
