package document

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// ReadCSV reads readings line by line from text with commas (RFC 4180) as CSV writes it: the first line names
// the columns, of which device, property, at (RFC 3339) and value are needed, and quality (good, uncertain, bad)
// and count are taken where they are there. A line without a value is left out. It ends with the first error,
// which names its line.
func ReadCSV(in io.Reader) iter.Seq2[wire.Reading, error] {
	return func(yield func(wire.Reading, error) bool) {
		text := bufio.NewReader(in)
		if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
			if _, err := text.Discard(3); err != nil {
				yield(wire.Reading{}, fmt.Errorf("read readings: %w", err))
				return
			}
		}
		table := csv.NewReader(text)
		table.ReuseRecord = true
		head, err := table.Read()
		if err != nil {
			yield(wire.Reading{}, fmt.Errorf("read the names of the columns: %w", err))
			return
		}
		at := map[string]int{}
		for _, name := range []string{"device", "property", "at", "value", "quality", "count"} {
			at[name] = slices.Index(head, name)
		}
		for _, name := range []string{"device", "property", "at", "value"} {
			if at[name] < 0 {
				yield(wire.Reading{}, fmt.Errorf("line 1: there is no column %s", name))
				return
			}
		}
		for {
			cells, err := table.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil { // names the line
				yield(wire.Reading{}, fmt.Errorf("read readings: %w", err))
				return
			}
			r, ok, err := readingOf(cells, at)
			if err != nil {
				line, _ := table.FieldPos(0)
				yield(wire.Reading{}, fmt.Errorf("line %d: %w", line, err))
				return
			}
			if ok && !yield(r, nil) {
				return
			}
		}
	}
}

// readingOf is the reading of one line; ok is false when it has no value.
func readingOf(cells []string, at map[string]int) (r wire.Reading, ok bool, err error) {
	value := strings.TrimSpace(cells[at["value"]])
	if value == "" {
		return r, false, nil
	}
	r.Device, r.Property = strings.Clone(cells[at["device"]]), strings.Clone(cells[at["property"]])
	if r.Value, err = strconv.ParseFloat(value, 64); err != nil || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return r, false, fmt.Errorf("value %q is no number", value)
	}
	when, err := time.Parse(time.RFC3339, cells[at["at"]])
	if err != nil {
		return r, false, fmt.Errorf("at %q is no time like 2026-11-24T01:02:03Z", cells[at["at"]])
	}
	r.At = when.UnixMilli()
	if i := at["quality"]; i >= 0 && cells[i] != "" {
		q := wire.Good
		for q <= wire.Bad && (Wording{English: true}).quality(q) != cells[i] {
			q++
		}
		if q > wire.Bad {
			return r, false, fmt.Errorf("quality %q is none of good, uncertain, bad", cells[i])
		}
		r.Quality = q
	}
	if i := at["count"]; i >= 0 && cells[i] != "" && cells[i] != "1" {
		n, err := strconv.ParseUint(cells[i], 10, 32)
		if err != nil || n == 0 || n > wire.MaxRecords {
			return r, false, fmt.Errorf("count %q is not 1 to %d", cells[i], wire.MaxRecords)
		}
		r.Count = uint32(n)
	}
	return r, true, nil
}
