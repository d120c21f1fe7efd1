// Package outbox keeps what the terminal has measured until the centre has stored it: blocks of records
// with a range of sequence numbers, in lanes, in one SQLite file. The collector fills it, the uplink
// empties it. Rules that must never break: nothing is sent before it is on disk; nothing is deleted that
// the centre has not acknowledged, except readings over the quota, and then a loss event in lane 0 says
// how many; lanes 0 and 1 are never evicted.
package outbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/fengsui/fengsui/shared/wire"
)

// Options say where the file is and how much it may hold. Sizes count the coded blocks.
type Options struct {
	Log       *slog.Logger
	File      string
	Telemetry int64         // bytes of readings not yet acknowledged
	Bulk      int64         // the same of lane 3
	GraceSize int64         // bytes of acknowledged blocks that are kept
	Grace     time.Duration // how long they are kept
	MaxFile   int64         // bytes of the file, 0 for no limit but the disk
}

// ErrFull is returned when the disk (or the limit of the file) has no room. The caller keeps measuring
// and counts what was refused.
var ErrFull = errors.New("outbox: disk is full")

// Entry is what is appended to one lane.
type Entry struct {
	Lane     wire.Lane
	Readings []wire.Reading
	Events   []wire.Event
	Unset    bool // taken before the clock was set, even if it is set now
}

// Box is the file.
type Box struct {
	o       Options
	changed chan struct{}
	upset   chan struct{} // the trouble with the disk began or ended

	mu     sync.Mutex
	db     *sql.DB
	st     state
	epoch  uint64
	linked bool

	pace    pace
	reserve reserve
	memory  error // why there is no file; nil when there is one
	trouble trouble

	latest map[series]uint64 // number of the newest reading of each series, of this start
}

type series struct{ device, property string }

// state is what the file holds in sum; a copy is changed along with a transaction and taken over with it.
type state struct {
	next    [wire.Lanes]uint64
	unacked [wire.Lanes]sum
	ring    int64 // bytes acknowledged and still kept
	lost    uint64
	trimmed time.Time

	tolls    [tollKinds]toll
	lostMore bool // tolls are not as the file has them
}

type sum struct {
	blocks, records, bytes int64
}

const schema = `
create table if not exists meta (
  key   text primary key,
  value blob not null
) without rowid;
create table if not exists lane (
  lane integer primary key,
  next integer not null
);
create table if not exists block (
  lane     integer not null,
  seq_from integer not null,
  seq_to   integer not null,
  acked    integer,          -- ms; null: not acknowledged
  oldest   integer not null, -- ms of the oldest record
  newest   integer not null,
  records  integer not null,
  bytes    integer not null,
  synced   integer not null,
  boot     text not null,
  offered  integer not null, -- may have been sent: its range must not change any more
  thin     integer not null, -- minutes to which it was thinned
  payload  blob not null
);
create unique index if not exists block_range on block (lane, seq_from, seq_to);
create index if not exists block_unacked on block (lane, seq_from) where acked is null;
create index if not exists block_acked on block (acked) where acked is not null;`

// Open opens or makes the file. When the disk cannot be used, the outbox is in memory (Trouble). A file that SQLite cannot read is put aside with its reason logged, and
// a new one with a new epoch begun: a terminal that measures again is worth more than one that does not.
func Open(ctx context.Context, o Options) (*Box, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("component", "outbox")
	b := &Box{o: o, changed: make(chan struct{}, 1), upset: make(chan struct{}, 1), latest: map[series]uint64{}}
	err := b.open(ctx)
	if err == nil {
		return b, nil
	}
	if diskless(err) {
		if err := b.openMemory(ctx, err); err != nil {
			return nil, fmt.Errorf("open outbox in memory: %w", err)
		}
		return b, nil
	}
	if code := code(err); code != lib.SQLITE_CORRUPT && code != lib.SQLITE_NOTADB {
		return nil, fmt.Errorf("open outbox %s: %w", o.File, err)
	}
	aside := o.File + ".unreadable-" + time.Now().UTC().Format("20060102T150405")
	if err := errors.Join(os.Rename(o.File, aside), drop(o.File+"-wal"), drop(o.File+"-shm")); err != nil {
		return nil, fmt.Errorf("put unreadable outbox aside: %w", err)
	}
	o.Log.Error("outbox was unreadable and put aside", "file", aside, "error", err)
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("open outbox %s: %w", o.File, err)
	}
	return b, nil
}

func drop(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (b *Box) open(ctx context.Context) error {
	file := ":memory:"
	if b.memory == nil {
		file = b.o.File
		b.reserve.file = file + ".reserve"
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
	}
	// Exclusive: this process alone uses the file, and no shared memory beside it needs room.
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=page_size(1024)&_pragma=synchronous(FULL)&_pragma=cache_size(-2000)&_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_size_limit(4194304)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	b.db = db
	err = b.load(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

func (b *Box) load(ctx context.Context) error {
	// The small page of a new file, a third of the wear on flash memory, only counts before its first write;
	// the driver sorts the pragmas of the address, so this one comes here.
	if _, err := b.db.ExecContext(ctx, `pragma journal_mode(WAL)`); err != nil {
		return err
	}
	if _, err := b.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	if err := b.limit(ctx, 0); err != nil {
		return err
	}
	err := b.write(ctx, func(tx *sql.Tx, st *state) error {
		epoch, err := b.loadEpoch(ctx, tx)
		if err != nil {
			return err
		}
		b.epoch = epoch
		return loadState(ctx, tx, st)
	})
	if err != nil {
		return err
	}
	if err := b.reserve.set(); err != nil {
		b.o.Log.Warn("no room is reserved for alarms", "error", err)
	}
	return nil
}

// loadEpoch reads the number of this file's life, or draws one.
func (b *Box) loadEpoch(ctx context.Context, tx *sql.Tx) (uint64, error) {
	var raw []byte
	err := tx.QueryRowContext(ctx, `select value from meta where key = 'epoch'`).Scan(&raw)
	if err == nil && len(raw) == 8 {
		return binary.BigEndian.Uint64(raw), nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	return newEpoch(ctx, tx)
}

func newEpoch(ctx context.Context, tx *sql.Tx) (uint64, error) {
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		return 0, fmt.Errorf("draw epoch: %w", err)
	}
	return binary.BigEndian.Uint64(raw), put(ctx, tx, "epoch", raw)
}

func put(ctx context.Context, tx *sql.Tx, key string, value []byte) error {
	_, err := tx.ExecContext(ctx, `insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`, key, value)
	return err
}

// loadState counts what the file holds.
func loadState(ctx context.Context, tx *sql.Tx, st *state) error {
	*st = state{trimmed: st.trimmed}
	for lane := range st.next {
		st.next[lane] = 1
		u := &st.unacked[lane]
		if err := tx.QueryRowContext(ctx, `select count(*), coalesce(sum(records), 0), coalesce(sum(bytes), 0) from block where lane = $1 and acked is null`, lane).Scan(&u.blocks, &u.records, &u.bytes); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `select next from lane where lane = $1`, lane).Scan(&st.next[lane]); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	if err := tx.QueryRowContext(ctx, `select coalesce(sum(bytes), 0) from block where acked is not null`).Scan(&st.ring); err != nil {
		return err
	}
	var raw []byte
	if err := tx.QueryRowContext(ctx, `select value from meta where key = 'lost'`).Scan(&raw); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if len(raw) == 8 {
		st.lost = binary.BigEndian.Uint64(raw)
	}
	return loadTolls(ctx, tx, st)
}

// write runs a transaction and takes its state over when it was committed. Call it with the lock held,
// except while opening.
func (b *Box) write(ctx context.Context, do func(*sql.Tx, *state) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return named(err)
	}
	st := b.st
	if err := do(tx, &st); err != nil {
		return errors.Join(named(err), rolledBack(tx))
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(named(err), rolledBack(tx))
	}
	b.st = st
	return nil
}

// rolledBack undoes a transaction; one that SQLite has undone itself is no error.
func rolledBack(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) && code(err) == 0 {
		return err
	}
	return nil
}

func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// named makes a full disk recognisable.
func named(err error) error {
	if code(err) == lib.SQLITE_FULL {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// Close closes the file.
func (b *Box) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.db.Close()
}

// Epoch is the number of this file's life.
func (b *Box) Epoch() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.epoch
}

// Changed gets a value after each append.
func (b *Box) Changed() <-chan struct{} { return b.changed }

// SetLinked says whether blocks go out as soon as they are appended. Those appended without a link are
// joined into larger ones before they are sent.
func (b *Box) SetLinked(linked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.linked = linked
}

// Get reads a value that was kept by Append; nil when there is none.
func (b *Box) Get(ctx context.Context, key string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var raw []byte
	err := b.db.QueryRowContext(ctx, `select value from meta where key = $1`, "keep."+key).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return raw, err
}
