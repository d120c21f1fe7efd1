package main

import (
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
	seed := uint64(time.Now().UnixNano()) % 1e9 //nolint:gosec // any number will do; it is in the log
	r := kill(t, harness.Build(t), killPlan{n: 20, seed: seed, counters: 2, pause: 600 * time.Millisecond}, logger{t})
	for _, w := range r.Wrong {
		t.Error(w)
	}
	if t.Failed() {
		t.Logf("to repeat: %s", r.Repeat)
	}
}
