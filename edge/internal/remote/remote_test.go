package remote

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/wire"
)

var at = time.UnixMilli(1795492800123)

func doc(n uint64) wire.Config {
	text := fmt.Appendf(nil, `{"budget":{"monthly_mb":%d}}`, n)
	return wire.Config{ID: fmt.Sprint("c", n), Version: n, Hash: desired.Hash(text), Document: text}
}

func TestAPublishOfRulesPushesOutNothingThatAPersonWrote(t *testing.T) {
	k := open(t, t.TempDir())
	confirm := func(n, mb int) {
		t.Helper()
		text := fmt.Appendf(nil, `{"budget":{"monthly_mb":%d},"rules":[{"limit":%d}]}`, mb, n)
		c := wire.Config{ID: fmt.Sprint("c", n), Version: uint64(n), Hash: desired.Hash(text), Document: text}
		ok(t, k.Try(c))
		ok(t, k.Confirm(c, "own", at))
	}
	for n := range 4 {
		confirm(n+1, n+1)
	}
	for n := range 9 {
		confirm(n+5, 4) // by rules only
	}
	var got []uint64
	for _, c := range k.st.Kept {
		got = append(got, c.Version)
	}
	if fmt.Sprint(got) != "[13 12 3 2 1]" {
		t.Errorf("kept are %v", got)
	}
	ok(t, k.FallBack())
	if k.st.Good == nil || k.st.Good.Version != 12 {
		t.Errorf("falls back to %+v", k.st.Good)
	}
}

func open(t *testing.T, dir string) *Keeper {
	t.Helper()
	k, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// model is what must be true, told without files.
type model struct {
	good   uint64
	trial  uint64
	starts int
	failed map[uint64]bool
}

// Whatever happens in whatever order, with the process killed between any two steps and in the middle of a
// write, what runs is the last good configuration or one on trial that was not tried too often.
func TestKilledAnywhereWhatRunsIsGoodOrOnTrial(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		k, m, next := open(t, dir), model{failed: map[uint64]bool{}}, uint64(1)
		for step := range 60 {
			switch r.IntN(7) {
			case 0: // the centre sends a new one
				ok(t, k.Try(doc(next)))
				m.trial, m.starts, next = next, 0, next+1
			case 1: // one that is refused
				ok(t, k.Refuse(doc(next), "bad", at))
				m.failed[next] = true
				next++
			case 2: // the link answers
				if c, on := k.OnTrial(); on {
					ok(t, k.Confirm(c, "own", at))
					m.good, m.trial = c.Version, 0
				}
			case 3: // it does not
				if m.trial != 0 {
					m.failed[m.trial] = true
				}
				ok(t, k.RollBack("no link", at))
				m.trial = 0
			case 4: // killed in the middle of a write
				ok(t, os.WriteFile(filepath.Join(dir, "config.json.new"), []byte(`{"good":{"ver`), 0o600))
				k = open(t, dir)
			default: // a start, after a kill
				k = open(t, dir)
				text, onTrial, err := k.Run(at)
				ok(t, err)
				if m.trial != 0 && m.starts >= maxStarts {
					m.failed[m.trial] = true
					m.trial = 0
				}
				want := m.good
				if m.trial != 0 {
					m.starts++
					want = m.trial
				}
				if onTrial != (m.trial != 0) || (want == 0) != (text == nil) || (want != 0 && string(text) != string(doc(want).Document)) {
					t.Fatalf("seed %d step %d: runs %s (trial %v), want version %d", seed, step, text, onTrial, want)
				}
				if m.failed[want] {
					t.Fatalf("seed %d step %d: version %d runs again though it failed", seed, step, want)
				}
			}
			if len(k.st.Kept) > desired.Keep || len(k.st.Owed) > desired.Keep+1 {
				t.Fatalf("seed %d: %d kept, %d owed", seed, len(k.st.Kept), len(k.st.Owed))
			}
		}
	}
}

func TestOutcomesAreOwedUntilPaid(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	ok(t, k.Try(doc(1)))
	ok(t, k.Confirm(doc(1), "own", at))
	ok(t, k.Try(doc(2)))
	ok(t, k.RollBack("no link", at))
	k = open(t, dir)
	owed := k.Owed()
	if len(owed) != 2 || !owed[0].Result.OK || owed[1].Result.OK || owed[1].Result.Command != "c2" || !strings.Contains(owed[1].Result.Error, "no link; version 1 runs again") {
		t.Fatalf("owed %+v", owed)
	}
	ok(t, k.Paid())
	if k = open(t, dir); len(k.Owed()) != 0 {
		t.Errorf("owed after they were paid: %+v", k.Owed())
	}
	for _, c := range []wire.Config{doc(2)} {
		if !k.Known(c) {
			t.Errorf("version %d would be tried again", c.Version)
		}
	}
	if !k.Same(wire.Config{Version: 9, Hash: doc(1).Hash}) || k.Known(doc(3)) {
		t.Error("what is the same and what is new is not told apart")
	}
}

func TestEditOfTheFileIsSeen(t *testing.T) {
	k := open(t, t.TempDir())
	if s := k.State("own", false); s.Version != 0 || s.Hash != "own" || s.Edited {
		t.Errorf("state %+v", s)
	}
	ok(t, k.Try(doc(1)))
	if s := k.State("own", true); s.Version != 1 || !s.Trial {
		t.Errorf("state %+v", s)
	}
	ok(t, k.Confirm(doc(1), "own", at))
	if s := k.State("own", false); s.Version != 1 || s.Edited || s.Trial || !s.Last.OK {
		t.Errorf("state %+v", s)
	}
	if s := k.State("other", false); !s.Edited {
		t.Errorf("state %+v", s)
	}
	ok(t, k.Forget())
	if s := k.State("other", false); s.Version != 0 || s.Edited {
		t.Errorf("state %+v", s)
	}
}

func TestDamagedFileIsSetAside(t *testing.T) {
	for _, text := range []string{"", "{", `{"good":{"version":1,"hash":"x","document":{}}}`} {
		dir := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600))
		k, err := Open(dir)
		if err == nil {
			t.Errorf("%q was taken", text)
		}
		if got, _, err := k.Run(at); got != nil || err != nil {
			t.Errorf("%q: runs %s, %v", text, got, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "config.json.bad")); err != nil {
			t.Error(err)
		}
	}
}

func TestTrialThatCannotBeWrittenDoesNotRun(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	ok(t, k.Try(doc(1)))
	ok(t, k.Confirm(doc(1), "own", at))
	ok(t, k.Try(doc(2)))
	ok(t, os.Mkdir(filepath.Join(dir, "config.json.new"), 0o750)) // in the way of every write
	text, onTrial, err := k.Run(at)
	if err == nil || onTrial || string(text) != string(doc(1).Document) {
		t.Errorf("runs %s (trial %v), %v", text, onTrial, err)
	}
	if err := k.Try(doc(3)); err == nil {
		t.Error("a trial that is not written was begun")
	}
	if err := k.RollBack("x", at); err == nil {
		t.Error("no error")
	}
	if _, on := k.OnTrial(); on {
		t.Error("the trial goes on")
	}
}

func TestUnusableGoodFallsBackToTheOneBefore(t *testing.T) {
	k := open(t, t.TempDir())
	for n := range uint64(7) {
		ok(t, k.Confirm(doc(n+1), "own", at))
	}
	for want := uint64(6); want >= 3; want-- {
		ok(t, k.FallBack())
		if text, _, err := k.Run(at); err != nil || string(text) != string(doc(want).Document) {
			t.Fatalf("runs %s, want version %d: %v", text, want, err)
		}
	}
	ok(t, k.FallBack())
	if text, _, _ := k.Run(at); text != nil {
		t.Errorf("runs %s", text)
	}
}

func FuzzParse(f *testing.F) {
	schema, err := desired.New()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{`{"id":"c","version":1,"hash":"` + doc(1).Hash + `","document":{"budget":{"monthly_mb":1}}}`, `{}`, `{"document":null}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := Parse(payload)
		if err == nil && Check(schema, &c) == nil && desired.Hash(c.Document) != c.Hash {
			t.Error("a document with a foreign hash was taken")
		}
	})
}
