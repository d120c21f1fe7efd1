// Package tsdb is the embedded store of readings, behind telemetry.Store. A commit goes as one row into
// the inbox (inbox.db, fsynced), together with the sequence ranges it covers, and into the head in
// memory. The sealer moves the head into compressed chunks, one SQLite file a month, and then deletes the
// inbox rows; days that changed get their roll-ups anew, in a second file a month; whole months are deleted
// when they are older than what is to be kept. Rule that must never break: a committed reading is in the inbox or in a chunk and is
// counted once, whenever the process dies.
package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver of the files

	"github.com/fengsui/fengsui/shared/disk"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options of the store. Zero values mean the defaults.
type Options struct {
	Dir        string        // folder of the files; made when missing
	SealEvery  time.Duration // the head is sealed at least this often (10 min), or forwarded (1 s)
	SealPoints int64         // and as soon as it holds this many readings (2 million; 5,000)
	Reserve    int64         // readings are refused while less than these bytes of the disk are free (0: never)
	Keep       Keep
	Remote     Remote                // nil: readings are sealed into chunks here
	Retry      Retry                 // of the remote
	HeadPoints int64                 // with a remote: the most readings that memory holds for it (2 million)
	Free       func() (int64, error) // bytes free for an ordinary user (those of the disk of Dir)
	Log        *slog.Logger
}

// DB is the store. Open it, Start the sealer, Stop it, Close it.
type DB struct {
	opt    Options
	log    *slog.Logger
	codec  *codec
	inbox  *sql.DB
	months *months

	sealing sync.Mutex // one seal at a time

	// commit serialises commits and seals' changes of what commits look at.
	commit sync.Mutex
	lanes  map[lane]ranges
	scratch
	lastRow int64 // newest inbox row
	lastID  int64 // newest series
	sealed  int64 // rows up to here are in chunks

	// view is held for reading while a query reads chunks and head together, and for writing while a
	// seal moves readings from one to the other.
	view  sync.RWMutex
	seals int64 // months sealed since the start

	// mu guards the fields below; it is held briefly.
	mu        sync.RWMutex
	names     map[name]*series
	byID      map[int64]*series
	active    *head
	frozen    *head            // being sealed
	moved     map[string]int64 // months of frozen that are in chunks already, with their readings
	frozenRow int64            // newest inbox row of frozen; guarded by commit
	gap       int64            // with a remote: from this row on readings are on the disk only; 0: none. Guarded by commit as well
	room      chan struct{}    // closed when the sealer has made room; guarded by commit
	sealErr   error            // why the last seal failed; guarded by commit

	// retired are the months whose readings retention has deleted, before retiredEnd; guarded by commit.
	retired    map[string]bool
	retiredEnd int64

	space   space
	trouble trouble

	forwarding forwarding
	retrying   sync.Mutex // one retry of what was refused at a time

	hook func(string) // of tests: called between steps that a crash may separate

	seal chan struct{}
	stop context.CancelFunc
	done chan struct{}
}

type name struct{ device, property string }

type lane struct {
	edge  string
	epoch uint64
	lane  wire.Lane
}

// series is one device and property. What changes is guarded by DB.mu.
type series struct {
	name
	id       int64
	saved    bool // the row is in inbox.db
	hasLast  bool // last is set
	last     wire.Point
	received int64 // when last came, Unix milliseconds
	hasChunk bool
	chunkEnd int64 // newest time in a chunk; readings after it cannot be stored yet
	stage    []wire.Point
}

// row is what its row is written from. A commit that is under way may be changing the stage.
func (s *series) row() series {
	return series{name: s.name, id: s.id, hasLast: s.hasLast, last: s.last, received: s.received, hasChunk: s.hasChunk, chunkEnd: s.chunkEnd}
}

// filled sets the defaults.
func (o Options) filled() Options {
	every, points := 10*time.Minute, int64(headMost)
	if o.Remote != nil {
		every, points = time.Second, WriteMost
	}
	if o.SealEvery <= 0 {
		o.SealEvery = every
	}
	if o.SealPoints <= 0 {
		o.SealPoints = points
	}
	if o.HeadPoints <= 0 {
		o.HeadPoints = headMost
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Open opens or makes the store and reads the inbox into memory.
func Open(ctx context.Context, opt Options) (*DB, error) {
	opt = opt.filled()
	if err := os.MkdirAll(opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make telemetry folder: %w", err)
	}
	c, err := newCodec()
	if err != nil {
		return nil, err
	}
	d := &DB{
		opt: opt, log: opt.Log.With("component", "tsdb"), codec: c,
		lanes: map[lane]ranges{}, names: map[name]*series{}, byID: map[int64]*series{},
		active: newHead(), retired: map[string]bool{}, seal: make(chan struct{}, 1), room: make(chan struct{}),
	}
	if opt.Free == nil {
		opt.Free = func() (int64, error) { return disk.Free(opt.Dir) }
	}
	d.space = space{reserve: opt.Reserve, free: opt.Free}
	d.months = newMonths(opt.Dir, c)
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DB) open(ctx context.Context) error {
	var err error
	if d.inbox, err = openFile(ctx, filepath.Join(d.opt.Dir, "inbox.db"), inboxSchema+rejectedSchema); err != nil {
		return err
	}
	if err := d.loadRetired(ctx); err != nil {
		return err
	}
	if err := d.months.openAll(ctx); err != nil {
		return err
	}
	if err := d.load(ctx); err != nil {
		return fmt.Errorf("read inbox: %w", err)
	}
	if d.opt.Remote == nil {
		return nil
	}
	return d.loadForwarding(ctx)
}

// Start begins sealing in the background.
func (d *DB) Start(ctx context.Context) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop, d.done = stop, make(chan struct{})
	if d.opt.Remote != nil {
		go d.runForward(ctx)
	} else {
		go d.run(ctx)
	}
	return nil
}

// Stop ends the background sealing and waits for it. What is not sealed stays in the inbox.
func (d *DB) Stop(ctx context.Context) error {
	if d.stop == nil {
		return nil
	}
	d.stop()
	select {
	case <-d.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop sealer: %w", ctx.Err())
	}
}

// Close stops the sealer, if Stop has not, and closes the files. No commit or query may be running.
func (d *DB) Close() error {
	if d.stop != nil {
		d.stop()
		<-d.done
	}
	var err error
	if d.inbox != nil {
		err = d.inbox.Close()
	}
	err = errors.Join(err, d.months.close())
	d.codec.close()
	return err
}

// step marks a place where a crash must do no harm; tests crash there.
func (d *DB) step(name string) {
	if d.hook != nil {
		d.hook(name)
	}
}

// openFile opens an SQLite file whose commits are on the disk when they return.
func openFile(ctx context.Context, path, schema string) (*sql.DB, error) {
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-8000)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}
