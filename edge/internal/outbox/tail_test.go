package outbox

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func collector(b *Box, boot string) *Collector {
	return &Collector{
		Box: b, Boot: boot, Every: time.Hour, Log: slog.New(slog.DiscardHandler),
		Now: func() (time.Time, bool) { return time.Unix(100, 0), true },
	}
}

// count is how many readings of the telemetry lane are in the file, by value.
func count(t *testing.T, b *Box) map[float64]int {
	t.Helper()
	out := map[float64]int{}
	for _, block := range held(t, b, wire.LaneTelemetry) {
		for _, r := range block.Readings {
			out[r.Value]++
		}
	}
	return out
}

// TestWhatWasTakenSurvivesTheDeathOfTheAgentBeforeItsCommit leaves collectors as a kill would.
func TestWhatWasTakenSurvivesTheDeathOfTheAgentBeforeItsCommit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	next := 0
	for life := range 6 {
		b := open(t, Options{File: file})
		c := collector(b, "boot")
		// Not started: nothing but recover and Flush commits, as if the agent died at that moment.
		c.wake, c.full = make(chan struct{}, 1), make(chan struct{}, 1)
		if err := c.recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := count(t, b)
		for i := range next {
			if got[float64(i)] != 1 {
				t.Fatalf("life %d: reading %d is there %d times", life, i, got[float64(i)])
			}
		}
		for range life + 1 {
			c.Take(readings(next, 3), life%2 == 0)
			next += 3
			if life%3 == 2 {
				if err := c.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				c.Take(readings(next, 2), true)
				next += 2
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLittleIsCommittedAtOnce(t *testing.T) {
	b := open(t, Options{})
	c := collector(b, "boot")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Stop(context.WithoutCancel(t.Context())) }()
	for i := range burstCommits - 1 {
		c.Take(readings(i, 1), true)
		<-b.Changed() // Every is an hour: it did not wait for that
	}
}

func TestTailThatCannotBeOpenedDoesNotStopTheAgent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	if err := os.Mkdir(file+".tail0", 0o700); err != nil {
		t.Fatal(err)
	}
	b := open(t, Options{File: file})
	c := collector(b, "boot")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Take(readings(0, 3), true)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, b); len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

func FuzzFrames(f *testing.F) {
	dir := f.TempDir()
	seed, err := openTail(filepath.Join(dir, "seed"))
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		if err := seed.put(2, "boot", readings(i, 2), true); err != nil {
			f.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "seed.tail0"))
	if err != nil || seed.close() != nil || len(frames(text)) != 3 {
		f.Fatal("the seed cannot be read", err)
	}
	f.Add(text)
	f.Add(text[:len(text)-1])
	f.Add([]byte{})
	f.Add(append([]byte{0xff, 0xff, 0xff, 0xff}, text...))
	f.Fuzz(func(_ *testing.T, text []byte) { frames(text) })
}
