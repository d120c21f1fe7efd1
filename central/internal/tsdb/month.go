package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// monthSchema is the shape of telemetry-2006-01.db. meta.mark is the newest inbox row whose readings of
// this month are all here; meta.points counts the readings. Both change with the chunks, in one
// transaction, and so does dirty: the days whose roll-ups are older than their chunks.
const monthSchema = `
create table if not exists chunk (
  id     integer primary key,
  series integer not null,
  t0     integer not null,
  t1     integer not null,
  points integer not null,
  usable integer not null,
  good   integer not null,
  min    real not null,
  max    real not null,
  last   real not null,
  last_t integer not null,
  sum    real not null,
  r0     integer not null,
  r1     integer not null,
  body   blob not null
);
create unique index if not exists chunk_series_t0 on chunk (series, t0);
create table if not exists dirty (
  day    integer not null,
  series integer not null,
  primary key (day, series)
) without rowid;
create table if not exists meta (
  key   text primary key,
  value integer not null
) without rowid;
insert into meta (key, value) values ('mark', 0), ('points', 0) on conflict do nothing;`

// fileVersion is kept in user_version of every month; 0 is a new file or one of the first shape.
const fileVersion = 2

const (
	monthPrefix  = "telemetry-"
	rollupPrefix = "rollup-"
	fileSuffix   = ".db"
)

// month is one open file of chunks.
type month struct {
	db     *sql.DB
	mark   int64
	points int64
	dirty  int64 // days of series that wait for their roll-ups; guarded by DB.view
}

// months are the open files by name ("2026-11"): chunks, and the roll-ups made from them.
type months struct {
	dir     string
	codec   *codec
	mu      sync.RWMutex
	open    map[string]*month
	rollups map[string]*sql.DB
}

func newMonths(dir string, c *codec) *months {
	return &months{dir: dir, codec: c, open: map[string]*month{}, rollups: map[string]*sql.DB{}}
}

// openAll opens the files that are there.
func (m *months) openAll(ctx context.Context) error {
	for _, name := range m.files(monthPrefix) {
		if _, err := m.make(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range m.files(rollupPrefix) {
		if _, err := m.makeRollup(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// files lists the months that have a file of a kind, in order.
func (m *months) files(prefix string) []string {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return nil // Open has just made the folder
	}
	var out []string
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if name, is := strings.CutSuffix(rest, fileSuffix); ok && is {
			if from, to := monthSpan(name); from < to {
				out = append(out, name)
			}
		}
	}
	return out
}

func (m *months) path(prefix, name string) string {
	return filepath.Join(m.dir, prefix+name+fileSuffix)
}

// make opens the file of a month, a new one if need be.
func (m *months) make(ctx context.Context, name string) (*month, error) {
	if f := m.get(name); f != nil {
		return f, nil
	}
	db, err := openFile(ctx, m.path(monthPrefix, name), "")
	if err != nil {
		return nil, err
	}
	f := &month{db: db}
	if err := m.prepare(ctx, f); err != nil {
		return nil, errors.Join(fmt.Errorf("open month %s: %w", name, err), db.Close())
	}
	m.mu.Lock()
	m.open[name] = f
	m.mu.Unlock()
	return f, nil
}

// prepare brings a file to the present shape and reads what is kept of it in memory.
func (m *months) prepare(ctx context.Context, f *month) error {
	var version int
	if err := f.db.QueryRowContext(ctx, `pragma user_version`).Scan(&version); err != nil {
		return err
	}
	if version > fileVersion {
		return fmt.Errorf("it was written by a newer program (shape %d, this one knows %d); install that program again", version, fileVersion)
	}
	if version < fileVersion {
		if err := migrateMonth(ctx, f.db, m.codec); err != nil {
			return fmt.Errorf("bring it to the present shape: %w", err)
		}
	}
	return f.db.QueryRowContext(ctx, `select (select value from meta where key = 'mark'), (select value from meta where key = 'points'),
		(select count(*) from dirty)`).Scan(&f.mark, &f.points, &f.dirty)
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

// between lists the months of chunks or roll-ups that may hold readings of from ≤ time < to, in order.
func (m *months) between(from, to int64) []string {
	all := m.names()
	first, last := monthOf(from), monthOf(to-1)
	return slices.DeleteFunc(all, func(name string) bool { return name < first || name > last })
}

// any reports whether there is a month at all.
func (m *months) any() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.open)+len(m.rollups) > 0
}

// points counts the sealed readings, and the days that wait for their roll-ups.
func (m *months) points() (points, dirty int64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, f := range m.open {
		points += f.points
		dirty += f.dirty
	}
	return points, dirty
}

// names lists the months that have chunks or roll-ups, in order.
func (m *months) names() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := slices.AppendSeq(slices.Collect(maps.Keys(m.open)), maps.Keys(m.rollups))
	slices.Sort(all)
	return slices.Compact(all)
}

func (m *months) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	for _, f := range m.open {
		err = errors.Join(err, f.db.Close())
	}
	for _, db := range m.rollups {
		err = errors.Join(err, db.Close())
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
	rows, err := q.QueryContext(ctx, `select id, t0, t1, points, usable, good, min, max, last, last_t, sum from chunk
		where series = $1 and t0 >= $2 and t0 < $3 order by t0`, series, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []chunk
	for rows.Next() {
		var c chunk
		if err := rows.Scan(&c.id, &c.T0, &c.T1, &c.Points, &c.Usable, &c.Good, &c.Min, &c.Max, &c.Last, &c.LastAt, &c.Sum); err != nil {
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

func (r *reader) points(ctx context.Context, id int64) ([]point, error) {
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
