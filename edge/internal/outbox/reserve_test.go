package outbox

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestAlarmsPassWhenTheDiskIsFull(t *testing.T) {
	b := open(t, Options{MaxFile: 200_000})
	c := collector(b, "boot")
	var said strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&said, nil))
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	noise := 0.1
	for i := 0; b.Trouble() == ""; i++ {
		rs := readings(i*100, 100)
		for j := range rs {
			noise = noise*3.99*(1-noise) + 1e-9
			rs[j].Value = noise
		}
		c.Take(rs, true)
		if err := c.Flush(t.Context()); err != nil && !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		c.Take(readings(i, 3), true)
		e, err := lossEvent("e", int64(i), wire.LossEvent{Why: "test"})
		if err != nil {
			t.Fatal(err)
		}
		e.Kind = wire.EventAlarm
		if err := c.Event(t.Context(), []wire.Event{e}, map[string][]byte{"state": {byte(i)}}); err != nil {
			t.Fatalf("alarm %d: %v", i, err)
		}
	}
	alarms := 0
	for _, block := range held(t, b, wire.LaneAlarm) {
		for _, e := range block.Events {
			if e.Kind == wire.EventAlarm {
				alarms++
			}
		}
	}
	if alarms != 20 {
		t.Errorf("%d alarms are kept", alarms)
	}
	if c.Refused() < 60 {
		t.Errorf("%d readings are counted as refused", c.Refused())
	}
	disk := b.Disk(time.UnixMilli(1_000_000))
	if disk == nil || disk.Kind != wire.DiskFull || disk.Path != filepath.Dir(b.o.File) || disk.Lost < 60 || disk.Since > 1_000_000 || disk.Error == "" {
		t.Errorf("the disk is %+v", disk)
	}
	select {
	case <-b.Troubled():
	default:
		t.Error("nobody is told that the trouble began")
	}
	// An alarm that goes through the reserve alone says nothing of the readings.
	e, err := lossEvent("e", 20, wire.LossEvent{Why: "test"})
	if err != nil {
		t.Fatal(err)
	}
	e.Kind = wire.EventAlarm
	if err := c.Event(t.Context(), []wire.Event{e}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil && !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if strings.Contains(said.String(), "takes readings again") {
		t.Errorf("the log says that readings are taken again:\n%s", said.String())
	}
}

func TestLossOfOneTroubleIsOneThatGrows(t *testing.T) {
	b := open(t, Options{MaxFile: 200_000})
	c := collector(b, "boot")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken := 0
	more := func(n int) {
		t.Helper()
		c.Take(readings(taken, n), true)
		taken += n
		if err := c.Flush(t.Context()); err != nil && !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	for b.Trouble() == "" {
		more(100)
	}
	for range 50 {
		more(10)
	}
	told := losses(t, b)
	if len(told) > 10 {
		t.Errorf("%d events eat the room of the alarms", len(told))
	}
	// The agent is killed: nothing of the amount dies with it.
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := b.o.File
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, Options{File: file})
	c = collector(b, "later")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	more(10)
	if b.Trouble() != "" || b.Disk(time.Now()) != nil {
		t.Error("the disk has room and is called full")
	}
	kept, all := len(count(t, b)), grown(t, b)
	if len(all) != 1 || all[0].Count != uint64(taken-kept) || all[0].Until < all[0].To && all[0].Until == 0 {
		t.Errorf("%d taken, %d kept, lost %+v", taken, kept, all)
	}
}

func TestOutboxWithoutADiskIsInMemory(t *testing.T) {
	dir := t.TempDir()
	// A folder where the file should be cannot be opened, as on a disk that is broken or full.
	file := filepath.Join(dir, "outbox.db")
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	b := open(t, Options{File: file, Telemetry: 1 << 20})
	if d := b.Disk(time.Now()); b.Trouble() == "" || d == nil || d.Kind != wire.DiskMemory || d.Path != dir {
		t.Errorf("it does not say so: %+v", d)
	}
	c := collector(b, "boot")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Take(readings(0, 4), true)
	if err := c.Event(t.Context(), []wire.Event{{ID: "e", Kind: wire.EventAlarm}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := held(t, b, wire.LaneAlarm); len(got) != 1 || len(count(t, b)) != 4 {
		t.Errorf("got %d alarms and %v", len(got), count(t, b))
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("something was written: %v, %v", left, err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
