package run_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/shared/run"
)

func TestLoopWorksWhenWokenAndWhenItIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration // of rounds; negative: woken
		l := run.NewLoop()
		l.Wake() // before the start, and one round for both
		l.Wake()
		l.Start(t.Context(), 10*time.Second, func(_ context.Context, woken bool) time.Duration {
			after := time.Since(begin)
			if woken {
				after = -after - 1
			}
			at = append(at, after)
			return 10 * time.Second
		})
		synctest.Wait()
		time.Sleep(9 * time.Second) // of the test's own clock
		l.Wake()
		synctest.Wait()
		time.Sleep(12 * time.Second)
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Waking at nine seconds has put off neither the round at ten nor that at twenty.
		want := []time.Duration{-1, -9*time.Second - 1, 10 * time.Second, 20 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("rounds at %v, want %v", at, want)
		}
		l.Wake() // nobody is there any more
	})
}

func TestLoopStopsAfterItsRoundAndSaysWhenThatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var never run.Loop
		if err := never.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		goOn := make(chan struct{})
		l := run.NewLoop()
		l.Start(t.Context(), 0, func(context.Context, bool) time.Duration { <-goOn; return time.Hour })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(goOn)
		if err := l.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
