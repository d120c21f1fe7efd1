package document

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// packed is a workbook of one sheet, written by hand.
func packed(t testing.TB, sheet, texts, styles string) []byte {
	t.Helper()
	const main = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + main + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + main + `worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="` + main + `sharedStrings+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + rel + `"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="` + rel + `/sharedStrings" Target="sharedStrings.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + sheet + `</sheetData></worksheet>`},
		{"xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + texts + `</sst>`},
		{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>` + styles + `</cellXfs></styleSheet>`},
	} {
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(part[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// noise is text that does not pack well.
func noise(n int) string {
	var s strings.Builder
	for r := rand.New(rand.NewPCG(1, 2)); s.Len() < n; {
		fmt.Fprintf(&s, "%x", r.Uint64())
	}
	return s.String()
}

func TestSmallFileTakesNoMemoryOfTheCentre(t *testing.T) {
	row := func(cells string) string { return `<row r="1">` + cells + `</row>` }
	for what, raw := range map[string][]byte{
		"texts":                  packed(t, row(`<c t="s"><v>0</v></c>`), strings.Repeat("<si/>", 3_000_000), ""),
		"cells":                  packed(t, row(strings.Repeat("<c/>", 2_400_000)), "<si><t>a</t></si>", ""),
		"texts packed less":      packed(t, row(`<c t="s"><v>0</v></c>`), strings.Repeat("<si/>", 600_000)+"<!--"+noise(60_000)+"-->", ""),
		"ends in plain text":     packed(t, row(`<c t="s"><v>0</v></c>`), "<si><t><![CDATA["+strings.Repeat("</", 500_000)+"]]></t></si>"+strings.Repeat("<si/>", 300_000)+"<!--"+noise(60_000)+"-->", ""),
		"styles packed less":     packed(t, row(`<c/>`), "", strings.Repeat("<xf/>", 600_000)+"<!--"+noise(60_000)+"-->"),
		"attributes":             packed(t, row(`<c `+strings.Repeat(`a="" `, 600_000)+"/>")+"<!--"+noise(60_000)+"-->", "", ""),
		"more than 4 MB":         packed(t, row(`<c/>`)+"<!--"+strings.Repeat(noise(16_000)+"-->\n<!--", 300)+"-->", "", ""),
		"cells far to the right": packed(t, strings.Repeat(`<row><c r="XFD1"/></row>`, 9_000)+"<!--"+noise(60_000)+"-->", "", ""),
	} {
		for reader, read := range map[string]func([]byte) error{
			"table": func(b []byte) error { _, err := ReadTable(b); return err },
			"roll":  func(b []byte) error { _, err := Roll(b); return err },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read(raw)
			runtime.ReadMemStats(&after)
			if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; errs.KindOf(err) != errs.Invalid || grown > 40 {
				t.Errorf("%s of %s, %d KB: %d MB were taken, %v", reader, what, len(raw)>>10, grown, err)
			}
		}
	}
}

func TestLargestListThatMayBeIsRead(t *testing.T) {
	lines := make([][]any, device.MaxBulk)
	for i := range lines {
		lines[i] = []any{fmt.Sprintf("water-level-%04d", i), "传感器 sensor", fmt.Sprintf("第 %d 号水位站", i), "water_level 水位", "320623 如东县", 121.18331 + float64(i)/1e4, 32.31171, "CGCS2000"}
	}
	if got, err := Roll(filled(t, lines...)); err != nil || len(got) != device.MaxBulk {
		t.Errorf("%d lines, %v", len(got), err)
	}
}
