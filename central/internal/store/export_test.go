package store

import (
	"context"
	"strings"
)

// Exec writes past the stores.
func (db *DB) Exec(ctx context.Context, query string, args ...any) error {
	_, err := db.exec(ctx, query, args...)
	return err
}

// Plan says how the database answers a question.
func (db *DB) Plan(ctx context.Context, query string, args ...any) (string, error) {
	how := "explain query plan "
	if db.driver == Postgres {
		how = "explain "
	}
	rows, err := db.query(ctx, how+query, args...)
	if err != nil {
		return "", err
	}
	lines, err := collect(rows, func(row scanner) (line string, err error) {
		if db.driver == Postgres {
			return line, row.Scan(&line)
		}
		var x int
		return line, row.Scan(&x, &x, &x, &line)
	})
	return strings.Join(lines, "\n"), err
}

// Question is one that is asked again and again, with arguments that hit little.
type Question struct {
	Text string
	Args []any
}

// RecordingQuestions are those about recordings.
func RecordingQuestions(stream string, now int64) map[string]Question {
	return map[string]Question{
		"segments": {segmentsQuery, []any{stream, now, now - 3_600_000}},
		"open":     {openSegmentsQuery, nil},
		"oldest":   {oldestSegmentsQuery, []any{stream, false, int64(0), now, 32}},
		"near":     {nearSegmentsQuery, []any{now - 86_400_000, 50}},
		"leaving":  {leavingQuery, nil},
		"totals":   {totalsQuery, nil},
	}
}
