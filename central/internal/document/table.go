package document

import (
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// What a table that somebody hands in may hold.
const (
	tableRows    = 1000
	tableColumns = 200
)

// ReadTable reads the cells of the first sheet of a workbook as they are shown: errs.Invalid when it is none
// or larger than any table that people fill in.
func ReadTable(raw []byte) (table [][]string, err error) {
	defer func() {
		// The library reads files of any origin, and some make it panic.
		if r := recover(); r != nil {
			table, err = nil, errs.Wrap(fmt.Errorf("panic: %v", r), errs.Invalid, "document.table", "the file cannot be read as an XLSX workbook")
		}
	}()
	file, err := openBook(raw)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "document.table", "the file cannot be read as an XLSX workbook")
	}
	defer func() { _ = file.Close() }()
	rows, err := file.Rows(file.GetSheetName(0))
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "document.table", "the workbook has no sheet")
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		row, err := rows.Columns()
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "document.table", "the sheet cannot be read")
		}
		if len(table) == tableRows || len(row) > tableColumns {
			return nil, errs.E(errs.Invalid, "document.table_size", "the table has more than %d rows or %d columns", tableRows, tableColumns)
		}
		table = append(table, row)
	}
	if err := rows.Error(); err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "document.table", "the sheet cannot be read")
	}
	return table, nil
}
