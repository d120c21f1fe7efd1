package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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

// set is a clock that is set.
func set() (time.Time, bool) { return time.Now(), true }

func good(context.Context) ([]driver.Sample, error) {
	return []driver.Sample{{Property: "level", Value: 3.2}}, nil
}

// What a device answers while the terminal stops is kept; one that never answers holds the stop up no longer than that.
func TestAnAnswerDuringTheStopIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan struct{})
		answers := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) {
			close(asked)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(100 * time.Millisecond):
				return good(ctx)
			}
		}}
		hangs := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) { <-ctx.Done(); return nil, ctx.Err() }}
		var taken atomic.Int64
		p := &Poller{
			Sensors: []Sensor{{"answers", time.Hour, answers}, {"hangs", time.Hour, hangs}},
			Take: func(ctx context.Context, r Readings) error {
				taken.Add(int64(len(r.List)))
				return ctx.Err()
			},
			Now: set,
			Log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		<-asked
		cancel()
		begun := time.Now()
		<-ended
		if n := taken.Load(); n != 1 {
			t.Errorf("%d readings were kept, want 1", n)
		}
		if took := time.Since(begun); took > hearOut {
			t.Errorf("the stop took %v", took)
		}
	})
}

func TestHangingDeviceDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) { <-ctx.Done(); return nil, ctx.Err() }}
		silent := &gauge{read: func(context.Context) ([]driver.Sample, error) { return nil, driver.ErrTimeout }}
		works := &gauge{read: good}
		var taken atomic.Int64
		p := &Poller{
			Sensors: []Sensor{{"hangs", time.Second, hangs}, {"silent", time.Second, silent}, {"works", time.Second, works}},
			Take:    func(_ context.Context, r Readings) error { taken.Add(int64(len(r.List))); return nil },
			Now:     set,
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
			Sensors: []Sensor{{"g", time.Second, g}}, Take: func(context.Context, Readings) error { return nil },
			Changed: func() { changes.Add(1) }, Now: set, Log: slog.New(slog.DiscardHandler),
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

// caller is a device that speaks by itself.
type caller struct {
	listen func(context.Context, driver.Sink) error
}

func (c *caller) Listen(ctx context.Context, s driver.Sink) error { return c.listen(ctx, s) }
func (c *caller) Close() error                                    { return nil }

func TestSourceIsHeardAgainAfterItsDriverFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		c := &caller{listen: func(ctx context.Context, s driver.Sink) error {
			if calls.Add(1) == 1 {
				var none *caller
				return none.listen(ctx, s)
			}
			if err := s.Take(ctx, driver.Message{Urgent: true, Samples: []driver.Sample{{Property: "level", Value: 3}}}); err != nil {
				t.Errorf("not taken: %v", err)
			}
			s.Fault(driver.NewFault(driver.KindChecksum, []byte{1, 2}, "wrong checksum"))
			<-ctx.Done()
			return ctx.Err()
		}}
		var got Readings
		p := &Poller{
			Sensors: []Sensor{{ID: "c", Device: c}}, Now: set, Log: slog.New(slog.DiscardHandler),
			Take: func(_ context.Context, r Readings) error { got = r; return nil },
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		time.Sleep(10 * time.Second)
		s := p.States()[0]
		if !s.OK || s.Faults["panic"] != 1 || s.Faults["checksum"] != 1 || s.LastFault.Raw != "0102" {
			t.Errorf("state is %+v", s)
		}
		if !got.Keep || !got.Urgent || len(got.List) != 1 || got.List[0].At == 0 {
			t.Errorf("got %+v", got)
		}
		cancel()
		<-ended
	})
}

func TestDeviceTimeOfTheFutureIsKeptAsTheTimeOfReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		p := &Poller{Now: set, Log: slog.New(slog.DiscardHandler)}
		year2059 := time.Date(2059, 10, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		got := p.readings("s", driver.Message{Samples: []driver.Sample{
			{Property: "a", At: year2059}, {Property: "b", At: now.Add(-72 * time.Hour).UnixMilli()}, {Property: "c", At: now.Add(time.Minute).UnixMilli()},
		}})
		if got[0].At != now.UnixMilli() || got[0].Quality != wire.Uncertain {
			t.Errorf("the future: %+v", got[0])
		}
		if got[1].At != now.Add(-72*time.Hour).UnixMilli() || got[2].At != now.Add(time.Minute).UnixMilli() || got[2].Quality != wire.Good {
			t.Errorf("the past and a clock a little ahead: %+v", got[1:])
		}
		if s := p.state("s"); s.Faults["clock"] != 1 {
			t.Errorf("counted %+v", s.Faults)
		}
		p.Now = func() (time.Time, bool) { return time.Unix(0, 0), false }
		if got := p.readings("s", driver.Message{Samples: []driver.Sample{{Property: "a", At: now.UnixMilli()}}}); got[0].At != now.UnixMilli() {
			t.Error("an agent without a clock corrected that of the device")
		}
	})
}

func TestClockThatIsAheadMovesTheTimesOfOneMessageTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		p := &Poller{Now: set, Log: slog.New(slog.DiscardHandler)}
		sent := now.Add(33 * 365 * 24 * time.Hour)
		got := p.readings("s", driver.Message{Sent: sent.UnixMilli(), Samples: []driver.Sample{
			{Property: "rain", At: sent.Add(-10 * time.Minute).UnixMilli()}, {Property: "rain", At: sent.Add(-5 * time.Minute).UnixMilli()},
		}})
		for i, r := range got {
			if want := now.Add(time.Duration(i-2) * 5 * time.Minute).UnixMilli(); r.At != want || r.Quality != wire.Uncertain {
				t.Errorf("reading %d: %+v, want the time %d", i, r, want)
			}
		}
		if s := p.state("s"); s.Faults["clock"] != 1 {
			t.Errorf("counted %+v", s.Faults)
		}
	})
}

func TestMessageThatIsSentAgainIsTakenOnceAlsoAfterARestart(t *testing.T) {
	kept, taken := map[string][]byte{}, 0
	var refuse error
	start := func() *sink {
		p := &Poller{
			Now: set, Log: slog.New(slog.DiscardHandler),
			Get: func(_ context.Context, key string) ([]byte, error) { return kept[key], nil },
			Take: func(_ context.Context, r Readings) error {
				if refuse != nil {
					return refuse
				}
				taken++
				maps.Copy(kept, r.Values)
				return nil
			},
		}
		return &sink{poller: p, id: "s", allowed: burst, at: time.Now(), recent: &recent{id: "s", get: p.Get}}
	}
	send := func(s *sink, key string) error {
		return s.Take(t.Context(), driver.Message{Key: key, Raw: []byte(key), Samples: []driver.Sample{{Property: "level", Value: 1}}})
	}
	s := start()
	refuse = errors.New("disk is full")
	if err := send(s, "1"); err == nil {
		t.Error("a message that was not kept was taken")
	}
	refuse = nil
	for _, key := range []string{"1", "1", "2", ""} {
		if err := send(s, key); err != nil {
			t.Fatal(err)
		}
	}
	again := start()
	for _, key := range []string{"1", "2", "3", ""} {
		if err := send(again, key); err != nil {
			t.Fatal(err)
		}
	}
	if taken != 5 { // 1, 2, nameless, 3, nameless
		t.Errorf("%d messages were taken, want 5", taken)
	}
	if n := again.poller.state("s").Faults["duplicate"]; n != 2 {
		t.Errorf("%d counted as sent again, want 2", n)
	}
	if f := again.poller.state("s").LastFault; f.Kind != "duplicate" || f.Raw != "32" {
		t.Errorf("the last one sent again is %+v", f)
	}
	for i := range 3 * remembered {
		if err := send(again, fmt.Sprint("more", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(kept["recent.s"]); n != remembered*keySize {
		t.Errorf("%d bytes are remembered", n)
	}
}

func TestRangeAndFutureCarryTheirFrame(t *testing.T) {
	p := &Poller{Now: set, Log: slog.New(slog.DiscardHandler)}
	now, _ := set()
	later := now.Add(time.Hour).UnixMilli()
	for _, c := range []struct {
		what, kind, raw string
		m               driver.Message
	}{
		{"range, of a source", "range", "01", driver.Message{Raw: []byte{1}, Samples: []driver.Sample{{Quality: wire.Bad}}}},
		{"range, of a reader", "range", "02", driver.Message{Samples: []driver.Sample{{Quality: wire.Bad, Raw: []byte{2}}}}},
		{"future, of the message", "clock", "03", driver.Message{Raw: []byte{3}, Sent: later, Samples: []driver.Sample{{}}}},
		{"future, of a value", "clock", "04", driver.Message{Raw: []byte{4}, Samples: []driver.Sample{{At: later}}}},
	} {
		p.readings("s", c.m)
		if f := p.state("s").LastFault; f == nil || f.Kind != c.kind || f.Raw != c.raw {
			t.Errorf("%s: got %+v", c.what, f)
		}
	}
}

func TestWhatAReaderRefusesBesideItsAnswersIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) {
			driver.Refused(ctx)(driver.NewFault(driver.KindDuplicate, []byte{1, 3}, "twice"))
			return good(ctx)
		}}
		p := &Poller{Sensors: []Sensor{{"g", time.Second, g}}, Take: func(context.Context, Readings) error { return nil }, Now: set, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		time.Sleep(3 * time.Second)
		s := p.States()[0]
		if n := s.Faults["duplicate"]; n < 2 || n > 3 || !s.OK || s.LastFault.Raw != "0103" {
			t.Errorf("got %+v", s)
		}
		cancel()
		<-ended
	})
}

func TestSourceThatTalksTooFastIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Poller{Now: set, Log: slog.New(slog.DiscardHandler), Take: func(context.Context, Readings) error { return nil }}
		s := &sink{poller: p, id: "s", allowed: burst, at: time.Now(), recent: &recent{id: "s"}}
		refused := 0
		for range burst + 10 {
			if err := s.Take(t.Context(), driver.Message{Raw: []byte("<>")}); errors.Is(err, driver.ErrTooFast) {
				refused++
			}
		}
		if refused != 10 || p.state("s").Faults["too_fast"] != 10 || p.state("s").LastFault.Raw != "3c3e" {
			t.Errorf("%d refused, counted %v", refused, p.state("s").Faults)
		}
		time.Sleep(time.Second)
		if err := s.Take(t.Context(), driver.Message{}); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

func TestLookIsTakenInTurnAndShowsFramesAndFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads, at atomic.Int64
		g := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) {
			if at.Add(1) > 1 {
				t.Error("two readings of one device at once")
			}
			defer at.Add(-1)
			time.Sleep(100 * time.Millisecond)
			driver.Record(ctx, true, []byte{1, 3})
			driver.Record(ctx, false, []byte{1, 3, 2})
			if reads.Add(1) > 100 {
				return nil, driver.NewFault(driver.KindChecksum, []byte{9}, "wrong checksum")
			}
			return good(ctx)
		}}
		hangs := &gauge{read: func(ctx context.Context) ([]driver.Sample, error) { <-ctx.Done(); return nil, ctx.Err() }}
		var taken atomic.Int64
		p := &Poller{
			Sensors: []Sensor{{"g", time.Second, g}, {"hangs", time.Second, hangs}, {ID: "c", Device: &caller{listen: func(ctx context.Context, _ driver.Sink) error { <-ctx.Done(); return ctx.Err() }}}},
			Take:    func(context.Context, Readings) error { taken.Add(1); return nil }, Now: set, Log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Run(ctx); close(ended) }()
		time.Sleep(3 * time.Second)
		before := taken.Load()
		got, err := p.Look(t.Context(), "g")
		if err != nil || len(got.Values) != 1 || got.Values[0] != (LookValue{Property: "level", Value: 3.2, Quality: "good"}) ||
			len(got.Frames) != 2 || got.Frames[0] != (LookFrame{"sent", "0103", 2}) || got.TookMS < 99 || got.State == nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if taken.Load() == before {
			t.Error("the reading was shown and not taken")
		}
		time.Sleep(10 * time.Second)
		if n := taken.Load() - before; n < 9 || n > 12 {
			t.Errorf("%d readings in 10 s beside the look", n)
		}
		reads.Store(1000)
		if got, err := p.Look(t.Context(), "g"); err != nil || got.Fault != "checksum" || got.Raw != "09" || got.Error == "" {
			t.Errorf("damaged: %+v, %v", got, err)
		}
		if got, err := p.Look(t.Context(), "c"); err != nil || !got.Listens || got.State == nil {
			t.Errorf("one that speaks: %+v, %v", got, err)
		}
		if _, err := p.Look(t.Context(), "none"); !errors.Is(err, ErrNoSensor) {
			t.Errorf("none: %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := p.Look(short, "hangs"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that hangs: %v", err)
		}
		cancel()
		<-ended
	})
}
