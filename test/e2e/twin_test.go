package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// TestCopiedTerminalLosesNoReadingOfEither copies the card of a terminal and runs both: every number that either
// of them has read is at the centre, once, and the desk is told of two.
func TestCopiedTerminalLosesNoReadingOfEither(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d := newDesk(t, counting)
	d.arrived(t, start, 3)
	cut := map[float64]bool{} // polls that the end of the program may have cut
	if err := d.edge.Stop(); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(3) {
		cut[float64(d.field.State(t).Reads["rd-level-1"]["water_level"]-n)] = true
	}
	copied := harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	if err := errors.Join(os.RemoveAll(filepath.Join(copied.Dir, "data")), os.CopyFS(filepath.Join(copied.Dir, "data"), os.DirFS(filepath.Join(d.edge.Dir, "data")))); err != nil {
		t.Fatal(err)
	}
	d.link.Cut() // both measure first, the copy more
	copied.Start(t)
	d.read(t, 4)
	d.edge.Start(t)
	d.read(t, 4)
	d.link.Mend()
	harness.WaitFor(t, 4*soon, "the desk is told of two terminals", func() error {
		all, err := d.centre.Admin.Alarms("active")
		for _, a := range all {
			if a.Rule == "terminal-twin" && a.Device == "edge-rudong" {
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("%d other alarms", len(all)))
	})
	d.read(t, 6) // they take turns at the link, so neither is stopped: what it holds then would stay with it
	reads := d.field.State(t).Reads["rd-level-1"]["water_level"]
	harness.WaitFor(t, 4*soon, "both have delivered everything", func() error {
		seen := map[float64]int{}
		for _, v := range d.values(t, start) {
			seen[v]++
		}
		for n := 1; n <= int(reads); n++ { //nolint:gosec // small
			if v := float64(n); seen[v] != 1 && !(seen[v] == 0 && cut[v]) {
				return fmt.Errorf("reading %d of %d is there %d times", n, reads, seen[v])
			}
		}
		return nil
	})
}
