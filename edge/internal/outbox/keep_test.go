package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestKeptReadingsAreDurableInTheirLaneWhenKeepReturns(t *testing.T) {
	b := open(t, Options{File: filepath.Join(t.TempDir(), "outbox.db")})
	c := &Collector{Box: b, Boot: "b", Every: time.Hour, Now: func() (time.Time, bool) { return time.Unix(100, 0), true }, Log: slog.New(slog.DiscardHandler)}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Stop(context.WithoutCancel(t.Context())) }()
	c.Take(readings(1, 5), true)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			lane := wire.LaneTelemetry
			if i%2 == 0 {
				lane = wire.LaneAlarm
			}
			if err := c.Keep(t.Context(), readings(10+i, 1), lane, i%3 != 0, map[string][]byte{fmt.Sprint(i): {byte(i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for lane, want := range map[wire.Lane]int{wire.LaneAlarm: 10, wire.LaneTelemetry: 15} {
		n := 0
		for _, block := range held(t, b, lane) {
			n += len(block.Readings)
		}
		if n != want {
			t.Errorf("lane %d holds %d readings, want %d", lane, n, want)
		}
	}
	for i := range 20 {
		if v, err := b.Get(t.Context(), fmt.Sprint(i)); err != nil || len(v) != 1 || v[0] != byte(i) {
			t.Errorf("value %d is %x, %v", i, v, err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Keep(t.Context(), readings(99, 1), wire.LaneTelemetry, true, nil); err == nil {
		t.Error("readings were kept on a closed disk")
	}
	if c.Refused() != 0 {
		t.Errorf("%d counted as refused, though the device has them still", c.Refused())
	}
}
