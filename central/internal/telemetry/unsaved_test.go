package telemetry_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// What a terminal says is kept as text that every database takes, and not more of it than a line holds.
func TestNoWordOfATerminalStopsTheStoringOfAlarms(t *testing.T) {
	for name, at := range map[string]func(*testing.T) store.Options{
		"sqlite": func(*testing.T) store.Options { return store.Options{} },
		"postgres": func(t *testing.T) store.Options {
			return store.Options{Driver: store.Postgres, DSN: storetest.PostgresURL(t)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			d := &desk{t: t, dir: t.TempDir(), reg: newField(now), at: at(t)}
			d.start()
			t.Cleanup(d.kill)
			d.Twins(t.Context(), "edge", []device.Life{{Boot: "a", Address: "1.2.3.4\x00"}, {Boot: "b\xe9", Address: strings.Repeat("错", 2000)[:5000]}}, now)
			d.Disk(t.Context(), "edge", &wire.DiskState{Kind: wire.DiskFull, Path: strings.Repeat("p", 200_000), Error: "no\x00space"}, 0, now)
			d.Tick(t, now)
			list, _ := d.all()
			if len(list) != 2 {
				t.Fatalf("%d alarms are stored, want 2", len(list))
			}
			for _, a := range list {
				steps, err := d.Alarms.Steps(t.Context(), a.ID)
				if err != nil || len(steps) == 0 || steps[0].Note == "" || len(steps[0].Note) > 1000 {
					t.Errorf("steps of %s: %d, %v", a.Rule, len(steps), err)
				}
				if a.Rule == "terminal-disk-full" && !strings.HasSuffix(steps[0].Note, ": no space") {
					t.Errorf("the note of the disk does not say what failed: %q", steps[0].Note)
				}
			}
		})
	}
}

// A change that the database takes in no form does not keep those behind it; one that it could not take for a
// while waits.
func TestAChangeThatIsRefusedForItsContentKeepsNoneBehindIt(t *testing.T) {
	bad := water()
	bad.ID, bad.Name = "bad", "水\x00位"
	url := storetest.PostgresURL(t)
	d := &desk{t: t, dir: t.TempDir(), gone: register{}, at: store.Options{Driver: store.Postgres, DSN: url}}
	d.start(bad, water())
	t.Cleanup(d.kill)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	change := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	change("alter table alarms rename to away")
	d.read(now, now, 5.3)
	change("alter table away rename to alarms")
	d.Tick(t, now)
	if list, _ := d.all(); len(list) != 1 || list[0].Rule != water().ID {
		t.Errorf("stored after the database came back: %+v", list)
	}
}
