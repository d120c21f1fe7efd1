package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func devices(t *testing.T, db *store.DB, bus event.Publisher) *device.Service {
	t.Helper()
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca}
}

const killedAt = "FENGSUI_TEST_KILLED_AT"

// The program is killed between the commit and everything that follows it.
func TestWhatWasCommittedHasItsTraceAfterAKill(t *testing.T) {
	if path := os.Getenv(killedAt); path != "" {
		db := storetest.Open(t, store.Options{Driver: store.SQLite, DSN: path})
		_, bus := service(db)
		bus.Handle(func(context.Context, event.Event) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		_, err := devices(t, db, bus).Create(actor.WithSystem(t.Context(), "test"), device.New{ID: "gauge", Kind: device.Sensor, Division: "320600"})
		t.Fatal("not killed", err)
	}
	path := filepath.Join(t.TempDir(), "central.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWhatWasCommittedHasItsTraceAfterAKill$") //nolint:gosec // this test again
	cmd.Env = append(os.Environ(), killedAt+"="+path)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the other program was not killed: %v\n%s", err, out)
	}
	db := storetest.Open(t, store.Options{Driver: store.SQLite, DSN: path})
	s, bus := service(db)
	if _, err := devices(t, db, bus).Get(actor.WithSystem(t.Context(), "test"), "gauge"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(list(reader("320600"), t, s, audit.Query{}), ","); got != "gauge" {
		t.Errorf("recorded: %q, want gauge", got)
	}
}

func TestNothingIsDoneThatCannotBeRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		_, bus := service(db)
		d := devices(t, db, broken{bus})
		ctx := actor.WithSystem(t.Context(), "test")
		if _, err := d.Create(ctx, device.New{ID: "gauge", Kind: device.Sensor, Division: "320600"}); !errors.Is(err, errBroken) {
			t.Errorf("create = %v, want %v", err, errBroken)
		}
		if _, err := d.Get(ctx, "gauge"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("get = %v, want not found", err)
		}
	})
}

var errBroken = errors.New("the record is broken")

// broken is a bus whose record takes nothing.
type broken struct{ *event.Bus }

func (broken) Record(context.Context, ...*event.Event) error { return errBroken }

func TestPublisherNeverWaitsForTheDatabase(t *testing.T) {
	db := storetest.SQLite(t)
	s, bus := service(db)
	const many, room = 10_500, 10_000
	// Nobody writes yet: the database stands still.
	for range many {
		bus.Publish(t.Context(), event.Event{Kind: "device.online", Subject: "d", Division: "320600"})
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Verify(reader("320600"), audit.Head{}); err != nil || !r.Sound || r.Entries != room+1 {
		t.Errorf("verify = %+v, %v; want %d sound entries", r, err, room+1)
	}
	gaps, err := s.List(reader("320600"), audit.Query{Request: page.Request{Limit: 2}, Kind: audit.EventGap})
	if err != nil || len(gaps.Items) != 1 || string(gaps.Items[0].Data) != `{"missing":500}` {
		t.Errorf("gaps %+v, %v", gaps.Items, err)
	}
}
