package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fengsui/fengsui/shared/wire"
)

// monthSchema is the shape of telemetry-2006-01.db. meta.mark is the newest inbox row whose readings of
// this month are all here; meta.points counts the readings. Both change with the chunks, in one
// transaction.
const monthSchema = `
create table if not exists chunk (
  id     integer primary key,
  series integer not null,
  t0     integer not null,
  t1     integer not null,
  points integer not null,
  usable integer not null,
  min    real not null,
  max    real not null,
  last   real not null,
  sum    real not null,
  body   blob not null
);
create unique index if not exists chunk_series_t0 on chunk (series, t0);
create table if not exists meta (
  key   text primary key,
  value integer not null
) without rowid;
insert into meta (key, value) values ('mark', 0), ('points', 0) on conflict do nothing;`

const (
	monthPrefix = "telemetry-"
	monthSuffix = ".db"
)

// month is one open file.
type month struct {
	db     *sql.DB
	mark   int64
	points int64
}

// months are the open files by name ("2026-11").
type months struct {
	dir  string
	mu   sync.RWMutex
	open map[string]*month
}

func newMonths(dir string) *months { return &months{dir: dir, open: map[string]*month{}} }

// openAll opens the files that are there.
func (m *months) openAll(ctx context.Context) error {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return fmt.Errorf("read telemetry folder: %w", err)
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), monthPrefix)
		if !ok {
			continue
		}
		if name, ok := strings.CutSuffix(rest, monthSuffix); ok {
			if _, err := m.make(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// make opens the file of a month, a new one if need be.
func (m *months) make(ctx context.Context, name string) (*month, error) {
	if f := m.get(name); f != nil {
		return f, nil
	}
	db, err := openFile(ctx, filepath.Join(m.dir, monthPrefix+name+monthSuffix), monthSchema)
	if err != nil {
		return nil, err
	}
	f := &month{db: db}
	err = db.QueryRowContext(ctx, `select (select value from meta where key = 'mark'), (select value from meta where key = 'points')`).Scan(&f.mark, &f.points)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open month %s: %w", name, err), db.Close())
	}
	m.mu.Lock()
	m.open[name] = f
	m.mu.Unlock()
	return f, nil
}

func (m *months) get(name string) *month {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.open[name]
}

// mark is the newest inbox row that is sealed into a month.
func (m *months) mark(name string) int64 {
	if f := m.get(name); f != nil {
		return f.mark
	}
	return 0
}

// newer are the months with a mark above a row.
func (m *months) newer(row int64) []*month {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []*month
	for _, f := range m.open {
		if f.mark > row {
			out = append(out, f)
		}
	}
	return out
}

// between lists the open months that may hold readings of from ≤ time < to, in order.
func (m *months) between(from, to int64) []*month {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var names []string
	for name := range m.open {
		if name >= monthOf(from) && name <= monthOf(to) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := make([]*month, len(names))
	for i, name := range names {
		out[i] = m.open[name]
	}
	return out
}

// points counts the sealed readings.
func (m *months) points() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var n int64
	for _, f := range m.open {
		n += f.points
	}
	return n
}

func (m *months) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	for _, f := range m.open {
		err = errors.Join(err, f.db.Close())
	}
	return err
}

// ends are the newest times of all series of the month.
func (f *month) ends(ctx context.Context) (map[int64]int64, error) {
	rows, err := f.db.QueryContext(ctx, `select series, max(t1) from chunk group by series`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]int64{}
	for rows.Next() {
		var id, end int64
		if err := rows.Scan(&id, &end); err != nil {
			return nil, err
		}
		out[id] = end
	}
	return out, rows.Err()
}

// chunk is a stored chunk without its readings.
type chunk struct {
	id int64
	summary
}

// chunks lists the chunks of a series that start in from ≤ t0 < to, without their readings.
func chunks(ctx context.Context, q querier, series, from, to int64) ([]chunk, error) {
	rows, err := q.QueryContext(ctx, `select id, t0, t1, points, usable, min, max, last, sum from chunk
		where series = $1 and t0 >= $2 and t0 < $3 order by t0`, series, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []chunk
	for rows.Next() {
		var c chunk
		if err := rows.Scan(&c.id, &c.T0, &c.T1, &c.Points, &c.Usable, &c.Min, &c.Max, &c.Last, &c.Sum); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// reader decodes chunks of one file.
type reader struct {
	codec *codec
	stmt  *sql.Stmt
}

// preparer is a database or a transaction.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func (d *DB) reader(ctx context.Context, p preparer) (*reader, error) {
	stmt, err := p.PrepareContext(ctx, `select body from chunk where id = $1`)
	if err != nil {
		return nil, err
	}
	return &reader{codec: d.codec, stmt: stmt}, nil
}

func (r *reader) close() { _ = r.stmt.Close() }

func (r *reader) points(ctx context.Context, id int64) ([]wire.Point, error) {
	var body []byte
	if err := r.stmt.QueryRowContext(ctx, id).Scan(&body); err != nil {
		return nil, fmt.Errorf("read chunk %d: %w", id, err)
	}
	points, err := r.codec.decode(body)
	if err != nil {
		return nil, fmt.Errorf("read chunk %d: %w", id, err)
	}
	return points, nil
}

// bytes is the size of all files with their logs.
func (d *DB) bytes() int64 {
	entries, err := os.ReadDir(d.opt.Dir)
	if err != nil {
		return 0
	}
	var n int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			n += info.Size()
		}
	}
	return n
}
