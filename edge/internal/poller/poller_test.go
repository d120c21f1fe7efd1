package poller

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/wire"
)

// gauge is a device whose behaviour a test decides.
type gauge struct {
	read   func(context.Context) ([]driver.Sample, error)
	closed atomic.Bool
}

func (g *gauge) Read(ctx context.Context) ([]driver.Sample, error) { return g.read(ctx) }
func (g *gauge) Close() error                                      { g.closed.Store(true); return nil }

func good(context.Context) ([]driver.Sample, error) {
	return []driver.Sample{{Property: "level", Value: 3.2}}, nil
}

func TestHangingDeviceDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) { <-ctx.Done(); return nil, ctx.Err() }}
		silent := &gauge{read: func(context.Context) ([]driver.Sample, error) { return nil, driver.ErrTimeout }}
		works := &gauge{read: good}
		var taken atomic.Int64
		p := &Poller{
			Sensors: []Sensor{{"hangs", time.Second, hangs}, {"silent", time.Second, silent}, {"works", time.Second, works}},
			Take:    func(_ context.Context, r []wire.Reading) { taken.Add(int64(len(r))) },
			Now:     time.Now,
			Log:     slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		time.Sleep(60*time.Second + time.Millisecond) // of the test's own clock
		if n := taken.Load(); n < 59 || n > 61 {
			t.Errorf("%d readings in 60 s, want 60", n)
		}
		states := p.States()
		if states[1].OK || states[1].Error == "" || !states[2].OK || states[2].At == 0 {
			t.Errorf("states are %+v", states)
		}
		cancel()
		<-ended
		if !hangs.closed.Load() || !silent.closed.Load() || !works.closed.Load() {
			t.Error("a device was left open")
		}
	})
}

func TestSilentDeviceIsAskedLessAndTellsWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads, changes atomic.Int64
		var back atomic.Bool
		g := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) {
			reads.Add(1)
			if back.Load() {
				return good(ctx)
			}
			return nil, driver.ErrUnreachable
		}}
		p := &Poller{
			Sensors: []Sensor{{"g", time.Second, g}}, Take: func(context.Context, []wire.Reading) {},
			Changed: func() { changes.Add(1) }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		time.Sleep(2 * time.Minute)
		if n := reads.Load(); n < 6 || n > 12 {
			t.Errorf("asked %d times in two minutes of silence", n)
		}
		back.Store(true)
		time.Sleep(slowest + time.Second)
		if s := p.States()[0]; !s.OK {
			t.Errorf("state is %+v, want it back", s)
		}
		if changes.Load() != 2 {
			t.Errorf("%d changes were told, want 2 (silent, back)", changes.Load())
		}
		cancel()
		<-ended
	})
}
