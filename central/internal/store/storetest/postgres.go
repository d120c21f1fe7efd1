package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"github.com/fengsui/fengsui/central/internal/store"
)

// server is the cluster of this test binary.
type server struct {
	socket string
	count  atomic.Int64
	alive  io.Closer // its end is the end of the cluster

	blank    sync.Once // makes the database that migrated ones are copied from
	blankErr error
}

var shared struct {
	once sync.Once
	s    *server
	err  error
}

func cluster(bin string) (*server, error) {
	shared.once.Do(func() { shared.s, shared.err = start(bin) })
	return shared.s, shared.err
}

// programs finds the folder with initdb and postgres, the newest first.
func programs() (string, bool) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(dirs)
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, dir := range append(dirs, "/usr/local/bin", "/usr/local/pgsql/bin") {
		_, e1 := os.Stat(filepath.Join(dir, "initdb"))
		_, e2 := os.Stat(filepath.Join(dir, "postgres"))
		if e1 == nil && e2 == nil {
			return dir, true
		}
	}
	return "", false
}

// watch keeps the cluster for as long as its standard input is open, so it ends with the test binary,
// however that ends, and takes its folder along.
const watch = `"$1"/postgres -D "$2"/data -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
  -c synchronous_commit=off -c max_connections=200 -c shared_buffers=16MB >"$2"/log 2>&1 </dev/null &
pid=$!
read -r end
kill -QUIT $pid
wait $pid
rm -rf "$2"`

func start(bin string) (*server, error) {
	ctx := context.Background() // the cluster outlives the test that asks first
	dir, err := os.MkdirTemp("", "fspg")
	if err != nil {
		return nil, err
	}
	as, err := owner(dir)
	if err != nil {
		return nil, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	run := exec.CommandContext(ctx, "/bin/sh", "-c", watch, "watch", bin, dir)
	run.SysProcAttr, run.Dir = as, dir
	in, err := run.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := run.Start(); err != nil {
		return nil, err
	}
	go func() { _ = run.Wait() }()
	s := &server{socket: dir, alive: in}
	if err := s.ready(); err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "log"))
		_ = in.Close()
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return s, nil
}

// owner picks who runs the cluster: PostgreSQL refuses to run as root.
func owner(dir string) (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Setpgid: true} // Ctrl-C at the test must not hit it before the watch does
	if os.Geteuid() != 0 {
		return as, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // ids of the system
	return as, os.Chown(dir, uid, gid)
}

func (s *server) url(database string) string {
	return "postgres://postgres@/" + database + "?" + url.Values{"host": {s.socket}}.Encode()
}

func (s *server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// blankName is the database that is migrated once and then copied.
const blankName = "blank"

// migrated makes one migrated database, dropped after the test. Migrating is most of what a short test
// would do, so it is done once and copied.
func (s *server) migrated(t testing.TB) string {
	t.Helper()
	s.blank.Do(func() {
		if s.blankErr = s.run("create database " + blankName); s.blankErr == nil {
			s.blankErr = migrate(store.Options{Driver: store.Postgres, DSN: s.url(blankName)})
		}
	})
	if s.blankErr != nil {
		t.Fatalf("migrate a database: %v", s.blankErr)
	}
	return s.database(t, blankName)
}

// database makes one database as a copy of another, dropped after the test.
func (s *server) database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", s.count.Add(1))
	if err := s.run("create database " + name + " template " + template); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.run("drop database " + name + " with (force)"); err != nil && !strings.Contains(err.Error(), "not exist") {
			t.Logf("drop database: %v", err)
		}
	})
	return s.url(name)
}

// run has the server do one statement that belongs to no database.
func (s *server) run(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}
