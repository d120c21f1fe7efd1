// Package upgrade brings another version of the program to the terminal and back again. There are two slots
// beside the program of the installed package; the package's program looks into the memory at each start
// and hands over to the slot that is to run. Rule that must never break: whatever is killed or cut off
// whenever, the terminal comes back with a program that was good before, or with one on trial that goes
// back by itself; only Confirm makes a program good, and nothing runs that the key has not signed.
package upgrade

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// Package is the slot of the installed package, which is never written.
const Package = "package"

// maxStarts is how often a program on trial may start, as with a configuration.
const maxStarts = 3

// keptOutcomes is how many outcomes are remembered.
const keptOutcomes = 10

// slot is what lies in one of the two.
type slot struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Floor   string `json:"floor,omitempty"` // of the program in it
}

type trial struct {
	Upgrade wire.Upgrade `json:"upgrade"`
	Slot    string       `json:"slot"`
	Starts  int          `json:"starts"`
	Well    []string     `json:"well,omitempty"` // devices that answered before
	Spent   int64        `json:"spent,omitempty"`
}

// job is an upgrade that is not on trial yet.
type job struct {
	Upgrade wire.Upgrade `json:"upgrade"`
	Spent   int64        `json:"spent,omitempty"`
}

// state is the whole memory; it is written as one file. An older program drops what it does not know of it.
type state struct {
	Slots    map[string]slot       `json:"slots,omitempty"` // a, b
	Good     string                `json:"good"`            // runs when nothing is on trial
	Before   string                `json:"before,omitempty"`
	Floor    string                `json:"floor,omitempty"`
	Job      *job                  `json:"job,omitempty"`
	Trial    *trial                `json:"trial,omitempty"`
	Outcomes []wire.UpgradeOutcome `json:"outcomes,omitempty"` // newest first
}

// Keeper is the memory. It belongs to one goroutine at a time.
type Keeper struct {
	dir string
	own string // version of the package's program
	st  state
}

// Dir is the folder of slots in a data folder.
func Dir(data string) string { return filepath.Join(data, "slots") }

// Open reads the memory of a data folder; own is the version of the package's program. A file that cannot be
// read is set aside, and its error returned with a keeper that knows nothing: the package's program runs.
func Open(data, own string) (*Keeper, error) {
	k, err := Peek(data, own)
	if err != nil {
		err = errors.Join(err, os.Rename(k.memory(), k.memory()+".bad"))
	}
	return k, err
}

// Peek is Open that leaves everything as it is.
func Peek(data, own string) (*Keeper, error) {
	k := &Keeper{dir: Dir(data), own: own, st: state{Good: Package}}
	text, err := os.ReadFile(k.memory())
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &k.st)
	}
	if err == nil && !k.st.sound() {
		err = errors.New("it names a slot that is none")
	}
	if err != nil {
		k.st = state{Good: Package}
		return k, fmt.Errorf("read memory of upgrades: %w", err)
	}
	return k, nil
}

func (s *state) sound() bool {
	known := func(name string) bool { _, ok := s.Slots[name]; return ok || name == Package }
	for name := range s.Slots {
		if name != "a" && name != "b" {
			return false
		}
	}
	return known(s.Good) && (s.Before == "" || known(s.Before)) && (s.Trial == nil || known(s.Trial.Slot))
}

func (k *Keeper) memory() string          { return filepath.Join(k.dir, "slots.json") }
func (k *Keeper) file(name string) string { return filepath.Join(k.dir, name) }

func (k *Keeper) save(next state) error {
	text, err := json.Marshal(next)
	if err == nil {
		err = os.MkdirAll(k.dir, 0o750)
	}
	if err == nil {
		err = run.Replace(k.memory(), text)
	}
	if err != nil {
		return fmt.Errorf("keep memory of upgrades: %w", err)
	}
	k.st = next
	return nil
}

// version is that of the program in a slot.
func (k *Keeper) version(name string) string {
	if name == Package {
		return k.own
	}
	return k.st.Slots[name].Version
}

// Choose says which program is to run now: a file, or nothing for the package's own. It counts the start of
// a trial before it begins; when that cannot be written, or was once too often, the good one runs. A newer
// package wins over a slot.
func (k *Keeper) Choose(now time.Time) (file string, err error) {
	err = k.yield(now)
	if t := k.st.Trial; t != nil {
		if t.Starts >= maxStarts {
			err = errors.Join(err, k.RollBack("the program did not stay up", now))
		} else {
			next := k.st
			again := *t
			again.Starts++
			next.Trial = &again
			if saved := k.save(next); saved != nil {
				err = errors.Join(err, saved)
			} else if file, bad := k.whole(t.Slot); bad == nil {
				return file, err
			} else {
				err = errors.Join(err, bad, k.RollBack(bad.Error(), now))
			}
		}
	}
	file, bad := k.whole(k.st.Good)
	if bad == nil {
		return file, err
	}
	return "", errors.Join(err, bad, k.drop())
}

// yield gives way to a package that is not older than what lies in the slots.
func (k *Keeper) yield(now time.Time) error {
	var err error
	if t := k.st.Trial; t != nil && t.Slot != Package && version.Compare(k.own, k.version(t.Slot)) >= 0 {
		err = k.RollBack(fmt.Sprintf("the installed package %s is not older", k.own), now)
	}
	if k.st.Good != Package && version.Compare(k.own, k.version(k.st.Good)) >= 0 {
		next := k.st
		next.Good, next.Before = Package, ""
		err = errors.Join(err, k.save(next))
		k.st = next
	}
	return err
}

// drop takes a good program out that cannot run any more; the package's runs.
func (k *Keeper) drop() error {
	next := k.st
	next.Good, next.Before = Package, ""
	err := k.save(next)
	k.st = next
	return err
}

// Broken is told when a chosen file could not be started.
func (k *Keeper) Broken(why error, now time.Time) error {
	if k.st.Trial != nil {
		return k.RollBack(why.Error(), now)
	}
	return k.drop()
}

// whole finds the file of a slot and whether it is what was once checked.
func (k *Keeper) whole(name string) (string, error) {
	if name == Package {
		return "", nil
	}
	got, err := hashFile(k.file(name))
	if err != nil {
		return "", fmt.Errorf("read program of slot %s: %w", name, err)
	}
	if got != k.st.Slots[name].SHA256 {
		return "", fmt.Errorf("program of slot %s is not what it was", name)
	}
	return k.file(name), nil
}

func hashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, f.Close())
}

// Trial is what is on trial.
func (k *Keeper) Trial() (u wire.Upgrade, slot string, well []string, ok bool) {
	if t := k.st.Trial; t != nil {
		return t.Upgrade, t.Slot, t.Well, true
	}
	return u, "", nil, false
}

// Confirm makes the program on trial the good one.
func (k *Keeper) Confirm(now time.Time) error {
	t := k.st.Trial
	if t == nil {
		return nil
	}
	next := k.st.settle(t.Upgrade, k.version(k.st.Good), k.version(t.Slot), "", t.Spent, now)
	next.Before, next.Good, next.Trial = k.st.Good, t.Slot, nil
	if floor := k.st.Slots[t.Slot].Floor; version.Compare(floor, next.Floor) > 0 {
		next.Floor = floor
	}
	return k.save(next)
}

// RollBack ends the trial; the good program is what Choose gives from now on, also when this cannot be
// written.
func (k *Keeper) RollBack(why string, now time.Time) error {
	t := k.st.Trial
	if t == nil {
		return nil
	}
	good := k.version(k.st.Good)
	next := k.st.settle(t.Upgrade, good, k.version(t.Slot), why+"; "+good+" runs again", t.Spent, now)
	next.Trial = nil
	err := k.save(next)
	k.st = next
	return err
}

// Refuse ends an upgrade that is not tried, or that needs nothing when why is empty.
func (k *Keeper) Refuse(u wire.Upgrade, why string, now time.Time) error {
	spent, job := int64(0), k.st.Job
	if job != nil && job.Upgrade.ID == u.ID {
		spent, job = job.Spent, nil
	}
	next := k.st.settle(u, k.version(k.st.Good), u.Release.Version, why, spent, now)
	next.Job = job
	return k.save(next)
}

// settle notes what became of an upgrade.
func (s state) settle(u wire.Upgrade, from, to, why string, spent int64, now time.Time) state {
	o := wire.UpgradeOutcome{ID: u.ID, From: from, Version: to, OK: why == "", Error: why[:min(len(why), 500)], Spent: spent, At: wire.Millis(now)}
	s.Outcomes = append([]wire.UpgradeOutcome{o}, s.Outcomes[:min(len(s.Outcomes), keptOutcomes-1)]...)
	return s
}

// Known reports whether an upgrade that comes again needs nothing.
func (k *Keeper) Known(id string) bool {
	return k.st.Trial != nil && k.st.Trial.Upgrade.ID == id || k.st.Job != nil && k.st.Job.Upgrade.ID == id ||
		slices.ContainsFunc(k.st.Outcomes, func(o wire.UpgradeOutcome) bool { return o.ID == id })
}

// Begin notes an upgrade to be worked on in place of one that was.
func (k *Keeper) Begin(u wire.Upgrade) error {
	next := k.st
	next.Job = &job{Upgrade: u}
	return k.save(next)
}

// Job is the upgrade to be worked on.
func (k *Keeper) Job() (u wire.Upgrade, ok bool) {
	if k.st.Job == nil {
		return u, false
	}
	return k.st.Job.Upgrade, true
}

// Spent adds bytes to what the job has cost.
func (k *Keeper) Spent(n int64) error {
	if k.st.Job == nil || n == 0 {
		return nil
	}
	next := k.st
	again := *k.st.Job
	again.Spent += n
	next.Job = &again
	return k.save(next)
}

// free is the slot that may be written: never that of the good program.
func (k *Keeper) free() string {
	if k.st.Good == "a" {
		return "b"
	}
	return "a"
}

// held finds the slot in which a program lies already.
func (k *Keeper) held(r wire.Release) (string, bool) {
	for name, s := range k.st.Slots {
		if s.SHA256 == r.SHA256 && s.Version == r.Version && name != k.st.Good {
			if _, err := k.whole(name); err == nil {
				return name, true
			}
		}
	}
	return "", false
}

// clear forgets what lies in a slot before another program is written there.
func (k *Keeper) clear(name string) error {
	next := k.st
	next.Slots = map[string]slot{}
	for n, s := range k.st.Slots {
		if n != name {
			next.Slots[n] = s
		}
	}
	if next.Before == name {
		next.Before = ""
	}
	return k.save(next)
}

// fill notes what lies in a slot.
func (k *Keeper) fill(name string, s slot) error {
	next := k.st
	next.Slots = map[string]slot{name: s}
	for n, old := range k.st.Slots {
		if n != name {
			next.Slots[n] = old
		}
	}
	return k.save(next)
}

// Try puts a slot on trial; Choose gives it from now on.
func (k *Keeper) Try(u wire.Upgrade, name string, well []string) error {
	next := k.st
	next.Trial = &trial{Upgrade: u, Slot: name, Well: well}
	if j := k.st.Job; j != nil {
		next.Trial.Spent = j.Spent
	}
	next.Job = nil
	return k.save(next)
}

// back is the slot to which there is a way back.
func (k *Keeper) back(floor string) (string, error) {
	name := k.st.Before
	if name == "" {
		return "", errors.New("there is no program to go back to")
	}
	if v := k.version(name); version.Compare(v, floor) < 0 {
		return "", fmt.Errorf("%s is below the oldest version that may run here, %s", v, floor)
	}
	if _, err := k.whole(name); err != nil {
		return "", err
	}
	return name, nil
}

// Floor is the oldest version that may run here; given is that of edge.yml.
func (k *Keeper) Floor(given string) string {
	if version.Compare(k.st.Floor, given) > 0 {
		return k.st.Floor
	}
	return given
}
