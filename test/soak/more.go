package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// cause is why a poll may be missing.
type cause string

const (
	fullDisk cause = "full disk"
	powerOff cause = "power cut"
)

// moreBlows fall when they are asked for: they take something away that a kill leaves.
func moreBlows() map[string][]blow {
	return map[string][]blow{
		"restore": {{"centre restored from a backup", 12, (*arena).restore}},
		"full": {
			{"disk of the centre full", 12, (*arena).fillCentre},
			{"disk of the terminal full", 12, (*arena).fillEdge},
		},
		"power": {{"power of the terminal cut", 20, (*arena).powerCut}},
	}
}

// restore goes back to a backup of a moment ago. What terminals sent since they send again; simple sensors keep
// nothing, so what was confirmed to them since is lost.
func (a *arena) restore() string {
	a.centre.Ready(a.t)
	file := filepath.Join(a.t.TempDir(), "backup.tar")
	begun := time.Now()
	harness.Run(a.t, a.centre.Programs.Central, "backup", file, "--config", a.centre.Config)
	away := a.lasts(2500)
	a.centre.Kill9()
	a.lapses = append(a.lapses, span{begun, time.Now()})
	data := filepath.Join(a.centre.Dir, "data")
	entries, err := os.ReadDir(data)
	must(a.t, err)
	for _, e := range entries {
		must(a.t, os.RemoveAll(filepath.Join(data, e.Name())))
	}
	harness.Run(a.t, a.centre.Programs.Central, "restore", file, "--config", a.centre.Config)
	a.centre.Restart(a.t)
	a.centre.Admin.Login(a.t, "admin", a.centre.AdminPassword(), "")
	return "to what it was " + away + " before"
}

// fillCentre leaves so little that readings are refused. They wait with their senders.
func (a *arena) fillCentre() string {
	a.centreDisk.Fill(a.t, 12<<20)
	said := "for " + a.lasts(2500)
	if a.random.IntN(2) == 0 {
		a.centre.Kill9()
		a.centre.Start(a.t)
		said += ", killed, and another " + a.lasts(2500)
	}
	a.centreDisk.Empty(a.t)
	return said
}

// fillEdge leaves nothing until the terminal cannot keep what it reads, ten seconds at the most; the link is cut,
// so that nothing that was sent makes room. What the terminal does not take meanwhile it counts.
func (a *arena) fillEdge() string {
	before, begun := a.delivered()
	refused := a.edge.State(a.t).Refused
	a.link.Cut()
	a.edgeDisk.Fill(a.t, 0)
	// A file that has grown before may have room within for a while.
	for end := time.Now().Add(10 * time.Second); a.edge.State(a.t).Trouble == "" && time.Now().Before(end); {
		a.alive()
		time.Sleep(50 * time.Millisecond)
	}
	said := "for another " + a.lasts(2000)
	if a.random.IntN(2) == 0 {
		a.link.Mend()
		said += ", linked for " + a.lasts(1500)
	}
	a.edgeDisk.Empty(a.t)
	a.link.Mend()
	harness.WaitFor(a.t, soon, "the terminal uses its disk again", func() error {
		a.alive()
		if trouble := a.edge.State(a.t).Trouble; trouble != "" {
			return errors.New(trouble)
		}
		return nil
	})
	n := a.edge.State(a.t).Refused - refused
	a.refused += n
	a.takenAway(fullDisk, before, begun)
	return fmt.Sprintf("%s, %d readings refused", said, n)
}

// powerCut kills the terminal and tears off the end of what it had written without waiting for the disk, as a
// power cut does.
func (a *arena) powerCut() string {
	before, begun := a.delivered()
	a.lasts(1500)
	a.killEdge()
	torn := int64(0)
	for i := range 2 {
		file := filepath.Join(a.edge.Dir, "data", "outbox.db.tail"+strconv.Itoa(i))
		info, err := os.Stat(file)
		must(a.t, err)
		if info.Size() == 0 {
			continue
		}
		left := a.random.Int64N(info.Size())
		must(a.t, os.Truncate(file, left))
		torn += info.Size() - left
	}
	a.edge.Start(a.t)
	a.answers()
	a.takenAway(powerOff, before, begun)
	return fmt.Sprintf("%d bytes torn off", torn)
}

// delivered waits until the centre has what was read by now: it was committed, and none of it may be missing
// whatever happens to what comes after.
func (a *arena) delivered() (before map[string]uint64, begun time.Time) {
	a.answers()
	before, begun = a.reads(), time.Now()
	harness.WaitFor(a.t, soon, "the centre has what was read", func() error {
		a.alive()
		for _, id := range sortedKeys(before) {
			if id == gas {
				continue
			}
			rows, err := a.centre.Admin.Readings(id+"/"+counted[0], begun.Add(-soon), time.Now().Add(soon))
			if err != nil {
				return err
			}
			if len(rows) == 0 || uint64(rows[len(rows)-1].Value) < before[id] {
				return fmt.Errorf("%s is not there up to %d", id, before[id])
			}
		}
		return nil
	})
	return before, begun
}

// answers waits until the terminal's local page is there.
func (a *arena) answers() {
	harness.WaitFor(a.t, soon, "the terminal answers", func() error {
		a.alive()
		_, err := a.edge.Look()
		return err
	})
}

// takenAway notes that polls since then may be missing.
func (a *arena) takenAway(why cause, before map[string]uint64, begun time.Time) {
	for id, n := range a.reads() {
		if a.gone[id] == nil {
			a.gone[id] = map[uint64]cause{}
		}
		for k := before[id] + 1; k <= n+1; k++ {
			a.gone[id][k] = why
		}
	}
	a.blind = append(a.blind, span{begun, time.Now().Add(time.Second)})
}
