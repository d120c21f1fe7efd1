package document

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Limits of a list that somebody uploads.
const (
	RollBytes     = 1<<20 - 1 // a request carries no more
	rollLines     = 10_000    // empty ones included
	rollColumns   = 40        // others are passed over
	rollWidth     = 1000
	rollCellBytes = 500
)

// rollColumn is a column of the list of devices.
type rollColumn struct {
	key      string
	zh, en   string
	required bool
	width    float64
	at       func(*device.Listed) *string
}

func rollColumnsOf() []rollColumn {
	return []rollColumn{
		{"id", "编号", "ID", true, 22, func(r *device.Listed) *string { return &r.ID }},
		{"kind", "类型", "Kind", true, 18, func(r *device.Listed) *string { return &r.Kind }},
		{"name", "名称", "Name", false, 30, func(r *device.Listed) *string { return &r.Name }},
		{"name_en", "英文名称", "English name", false, 30, func(r *device.Listed) *string { return &r.NameEN }},
		{"class", "类别", "Class", false, 26, func(r *device.Listed) *string { return &r.Class }},
		{"division", "行政区划", "Division", false, 26, func(r *device.Listed) *string { return &r.Division }},
		{"lon", "经度", "Longitude", false, 14, func(r *device.Listed) *string { return &r.Lon }},
		{"lat", "纬度", "Latitude", false, 14, func(r *device.Listed) *string { return &r.Lat }},
		{"system", "坐标系", "Coordinates", false, 22, func(r *device.Listed) *string { return &r.System }},
	}
}

func (c rollColumn) heading() string { return c.zh + " " + c.en }

// choices are what a cell of the drop-downs means; other words stay as they are and are found to be wrong.
func choices() map[string]map[string]string {
	return map[string]map[string]string{
		"kind":   {"终端": "edge", "edge": "edge", "传感器": "sensor", "sensor": "sensor"},
		"system": {"wgs84": "wgs84", "cgcs2000": "wgs84", "gcj-02": "gcj02", "gcj02": "gcj02"},
	}
}

// Roll reads a list of devices (XLSX) as the template has it. Columns are found by their Chinese or English
// heading in the first line, in any order; others are passed over. errs.Invalid says what to do.
func Roll(text []byte) (list []device.Listed, err error) {
	defer func() {
		// The library reads files of any origin, and some make it panic.
		if r := recover(); r != nil {
			list, err = nil, unreadable(fmt.Errorf("panic: %v", r))
		}
	}()
	if len(text) > RollBytes {
		return nil, errs.Field("device.bulk_file", "file", "larger than 1 MB; 2000 devices need less")
	}
	file, err := openBook(text)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = file.Close() }()
	names := file.GetSheetList()
	if len(names) == 0 {
		return nil, unreadable(errors.New("there is no sheet"))
	}
	lines, err := file.Rows(names[0])
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = lines.Close() }()
	var columns []*rollColumn
	out := []device.Listed{}
	for n := 1; lines.Next(); n++ {
		if n > rollLines {
			return nil, errs.Field("device.bulk_file", "file", "more than 10000 lines; delete the empty ones at the end")
		}
		cells, err := lines.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, unreadable(err)
		}
		if len(cells) > rollWidth {
			return nil, errs.Field("device.bulk_file", "file", "more than 1000 columns; delete the empty ones at the right")
		}
		cells = cells[:min(len(cells), rollColumns)]
		if columns == nil {
			if columns, err = headings(cells); err != nil {
				return nil, err
			}
			continue
		}
		row, filled := line(columns, cells)
		if !filled {
			continue
		}
		if row.Line = n; len(out) == device.MaxBulk {
			return nil, errs.Field("device.bulk_file", "file", "more than 2000 devices; split the list")
		}
		out = append(out, row)
	}
	if err := lines.Error(); err != nil {
		return nil, unreadable(err)
	}
	if len(out) == 0 {
		return nil, errs.Field("device.bulk_file", "file", "there is no device in the first sheet; fill in the template")
	}
	return out, nil
}

func unreadable(err error) error {
	return errs.Wrap(err, errs.Invalid, "device.bulk_file", "the file is not a readable XLSX workbook; fill in the template and save it as .xlsx")
}

// headings finds the columns of the first line.
func headings(cells []string) ([]*rollColumn, error) {
	known := rollColumnsOf()
	out := make([]*rollColumn, len(cells))
	missing := map[string]bool{}
	for _, c := range known {
		missing[c.key] = c.required
	}
	for i, cell := range cells {
		cell = strings.ToLower(strings.Join(strings.Fields(strings.Trim(strings.TrimSpace(cell), "*")), " "))
		for k := range known {
			c := &known[k]
			if cell == c.zh || cell == strings.ToLower(c.en) || cell == strings.ToLower(c.heading()) || cell == c.key {
				out[i], missing[c.key] = c, false
			}
		}
	}
	for _, c := range known {
		if missing[c.key] {
			return nil, errs.Field("device.bulk_headings", "file", "the first line has no column "+c.heading()+"; take the headings of the template")
		}
	}
	return out, nil
}

// line is a row of the sheet; filled is false when every cell is empty.
func line(columns []*rollColumn, cells []string) (row device.Listed, filled bool) {
	words := choices()
	for i, cell := range cells {
		if i >= len(columns) || columns[i] == nil {
			continue
		}
		if cell = strings.TrimSpace(strings.ToValidUTF8(cell, "�")); cell == "" {
			continue
		}
		for len(cell) > rollCellBytes {
			_, n := utf8.DecodeLastRuneInString(cell)
			cell = cell[:len(cell)-n]
		}
		filled = true
		// A drop-down shows a code with its name: 320623 如东县.
		switch c := columns[i]; c.key {
		case "kind", "system":
			first := strings.ToLower(strings.Fields(cell)[0])
			if word, ok := words[c.key][first]; ok {
				cell = word
			}
			*c.at(&row) = cell
		case "class", "division":
			*c.at(&row) = strings.Fields(cell)[0]
		default:
			*c.at(&row) = cell
		}
	}
	return row, filled
}

// Choice is a word of a drop-down with its name.
type Choice struct{ Code, Name string }

// RollTemplate writes an empty list of devices with its drop-downs and instructions.
func RollTemplate(out io.Writer, classes, divisions []Choice) error {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }()
	const list, how, codes = "登记 Register", "说明 Instructions", "代码 Codes"
	if err := errors.Join(file.SetSheetName("Sheet1", list), second(file.NewSheet(how)), second(file.NewSheet(codes))); err != nil {
		return fmt.Errorf("make sheets: %w", err)
	}
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE7EF"}}})
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	plain, err := file.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}) // 49: text
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	t := template{file: file, list: list, codes: codes}
	for i, c := range rollColumnsOf() {
		column, _ := excelize.ColumnNumberToName(i + 1)
		t.add(file.SetCellStr(list, column+"1", c.heading()+map[bool]string{true: "*"}[c.required]))
		t.add(file.SetColStyle(list, column, plain))
		t.add(file.SetColWidth(list, column, column, c.width))
	}
	t.add(file.SetCellStyle(list, "A1", "I1", bold))
	t.add(file.SetPanes(list, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	t.drop("B", "A", []Choice{{"终端", "edge"}, {"传感器", "sensor"}})
	t.drop("E", "B", classes)
	t.drop("F", "C", divisions)
	t.drop("I", "D", []Choice{{"WGS84", ""}, {"CGCS2000", ""}, {"GCJ-02", "(高德、腾讯 Amap, Tencent)"}})
	t.add(file.SetColWidth(list, "A", "A", 22))
	t.add(file.SetColWidth(how, "A", "A", 110))
	t.add(file.SetColWidth(codes, "A", "D", 30))
	for i, text := range instructions() {
		cell := fmt.Sprintf("A%d", i+1)
		t.add(file.SetCellStr(how, cell, text))
		t.add(file.SetCellStyle(how, cell, cell, plain))
	}
	if t.err != nil {
		return fmt.Errorf("write template: %w", t.err)
	}
	if err := file.Write(out); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return nil
}

// template keeps the first error.
type template struct {
	file        *excelize.File
	list, codes string // names of the sheets
	err         error
}

func (t *template) add(err error) {
	if t.err == nil {
		t.err = err
	}
}

// drop writes the words of a drop-down into a column of the sheet of codes and offers them in the list.
func (t *template) drop(column, from string, words []Choice) {
	if len(words) == 0 {
		return
	}
	for i, w := range words {
		t.add(t.file.SetCellStr(t.codes, fmt.Sprintf("%s%d", from, i+1), strings.TrimSpace(w.Code+" "+w.Name)))
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", column, column, device.MaxBulk+1))
	v.SetSqrefDropList(fmt.Sprintf("'%s'!$%s$1:$%s$%d", t.codes, from, from, len(words)))
	v.ShowErrorMessage = false // a code that is not offered may be right: the centre checks it
	t.add(t.file.AddDataValidation(t.list, v))
}

func second[T any](_ T, err error) error { return err }

func instructions() []string {
	return []string{
		"一行一台设备；终端（edge）后面的传感器和摄像机由终端自己申报，不填在这里。One line for each device. Sensors and cameras behind a terminal (edge) are declared by it and do not belong here.",
		"编号 ID*：1～64 位小写字母、数字、- 或 _，不可重复，登记后不能改。1 to 64 lower-case letters, digits, - or _; unique and for ever.",
		"类型 Kind*：终端 = 带证书的边缘终端，登记后得到一次性命令；传感器 = 直接用 MQTT 上报的简单传感器，登记后得到令牌。An edge gets a one-time command, a simple sensor that speaks MQTT a token.",
		"名称 Name：留空则用编号。Empty: the ID.",
		"英文名称 English name：界面为英文时显示，可留空。Shown where the console speaks English; may be empty.",
		"类别 Class：下拉选择，终端可留空。From the list; may be empty for an edge.",
		"行政区划 Division：6、9 或 12 位代码，留空为登记人的区划。A code of 6, 9 or 12 digits; empty: yours.",
		"经度、纬度 Longitude, Latitude：十进制度，例如 121.18331；可都留空。Decimal degrees; both may be empty.",
		"坐标系 Coordinates：手持 GPS 选 WGS84，测绘成果选 CGCS2000，从高德、腾讯等地图上量取的选 GCJ-02（自动换算）。GPS: WGS84; survey: CGCS2000; read from a Chinese web map: GCJ-02, which is converted.",
		"上传后先预览每一行的检查结果，确认前不写入；要么全部登记，要么一行也不登记。The upload is checked row by row; nothing is written before you confirm, and then all or none.",
		"同一份表可以再次上传：已登记且相同的行不变。The same list may be uploaded again: what is registered just so stays as it is.",
		"最多 2000 行、1 MB。At most 2,000 rows and 1 MB.",
	}
}
