package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m.Run) }

// logger gives the journal to the test.
type logger struct{ t *testing.T }

func (l logger) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

// A short run of what make soak does a thousand times.
func TestKillsLoseNothingAndDoubleNothing(t *testing.T) {
	t.Parallel()
	short(t, killPlan{n: 20})
}

// Short runs of what takes something away, without other blows, so that it is told from them.
func TestRestoredBackupLosesNothingOfATerminal(t *testing.T) {
	t.Parallel()
	short(t, killPlan{n: 2, with: []string{"restore"}, only: true})
}

func TestPowerCutTakesOnlyWhatWasNotCommitted(t *testing.T) {
	t.Parallel()
	short(t, killPlan{n: 4, with: []string{"power"}, only: true})
}

func TestFullDisksTakeOnlyWhatIsCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	child, err := harness.OwnMounts(&out, harness.Build(t), "-test.run=^"+t.Name()+"$", "-test.v")
	if child {
		short(t, killPlan{n: 4, with: []string{"full"}, only: true})
	} else if !strings.Contains(out.String(), "--- PASS: "+t.Name()) {
		t.Errorf("on small disks: %v\n%s", err, out.String())
	}
}

func short(t *testing.T, plan killPlan) {
	t.Helper()
	plan.seed = uint64(time.Now().UnixNano()) % 1e9 //nolint:gosec // any number will do; it is in the log
	plan.counters, plan.pause = 2, 600*time.Millisecond
	r := kill(t, harness.Build(t), plan, logger{t})
	for _, w := range r.Wrong {
		t.Error(w)
	}
	if t.Failed() {
		t.Logf("to repeat: %s", r.Repeat)
	}
}
