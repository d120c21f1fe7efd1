package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/clock"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// terminal is an uplink on a real outbox.
type terminal struct {
	*Uplink
	t    *testing.T
	box  *outbox.Box
	next int
}

func newTerminal(t *testing.T, b *testserver.Mosquitto, change func(*Options)) *terminal {
	t.Helper()
	box, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(memory(t), "outbox.db"), GraceSize: 1 << 30, Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Log: slog.New(slog.DiscardHandler), Edge: "e", Boot: "boot", KeepAlive: [2]time.Duration{time.Minute, 4 * time.Minute}, Box: box,
		Address: func() string { return b.Addr }, Clock: clock.New(func() bool { return true }),
		Hello:  func() wire.Hello { return wire.Hello{Name: "终端"} },
		Status: func(context.Context) wire.Status { return wire.Status{State: "online"} },
	}
	if change != nil {
		change(&o)
	}
	u := &terminal{Uplink: New(o), t: t, box: box}
	t.Cleanup(func() {
		if u.cancel != nil {
			if err := u.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return u
}

func (u *terminal) start() {
	u.t.Helper()
	if err := u.Start(u.t.Context()); err != nil {
		u.t.Fatal(err)
	}
}

// measure appends n readings, each with a value of its own.
func (u *terminal) measure(n int) {
	u.t.Helper()
	readings := make([]wire.Reading, n)
	for i := range readings {
		readings[i] = wire.Reading{Device: "d", Property: "p", At: time.Now().UnixMilli(), Value: float64(u.next)}
		u.next++
	}
	u.append(true, outbox.Entry{Lane: wire.LaneTelemetry, Readings: readings})
}

func (u *terminal) append(synced bool, e outbox.Entry) {
	u.t.Helper()
	if err := u.box.Append(u.t.Context(), outbox.Batch{Boot: "boot", Synced: synced, Entries: []outbox.Entry{e}}); err != nil {
		u.t.Fatal(err)
	}
}

// settled waits until nothing is left to send, then compares the books.
func (u *terminal) settled(c *centre, within time.Duration) {
	u.t.Helper()
	wait(u.t, within, "everything is acknowledged", func() bool {
		s, err := u.box.Stats(u.t.Context())
		return err == nil && s.Records == 0
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for v := range u.next {
		if n := c.values[float64(v)]; n != 1 {
			u.t.Fatalf("reading %d was stored %d times", v, n)
		}
	}
	if len(c.values) != u.next {
		u.t.Fatalf("%d readings were stored, %d taken", len(c.values), u.next)
	}
}

func TestReadingsArriveOnceThoughAcksAreLostAndDoubled(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	c.muteAcks = func(n int) int { return n % 3 } // lost, once, twice
	u := newTerminal(t, b, nil)
	u.measure(500)
	u.start()
	for range 60 {
		u.measure(3)
	}
	wait(t, 10*time.Second, "all readings have arrived", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		// A lost acknowledgement holds its place in the window until the link is made anew.
		return len(c.values) >= 30
	})
	for range 20 {
		before := u.State().Sessions
		u.Reconnect() // the hello heals what was lost
		wait(t, 10*time.Second, "the next session", func() bool { return u.State().Sessions > before })
		if s, _ := u.box.Stats(t.Context()); s.Records == 0 {
			break
		}
	}
	u.settled(c, 15*time.Second)
}

func TestKilledBrokerHealsWithinTenSeconds(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	u := newTerminal(t, b, nil)
	u.start()
	u.measure(10)
	u.settled(c, 10*time.Second)
	for range 3 {
		b.Kill()
		wait(t, 5*time.Second, "the loss of the link is known", func() bool { return !u.State().Connected })
		for range 20 {
			u.measure(5)
		}
		b.Start(t)
		u.settled(c, 10*time.Second)
	}
	if s := u.State(); !s.Connected || s.Sessions != 4 {
		t.Errorf("got %+v", s)
	}
}

// stuckConn is a connection over which nothing goes any more, though neither end has closed it.
type stuckConn struct {
	net.Conn
	stuck *atomic.Bool
}

func (c *stuckConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.stuck.Load() {
			return n, err
		}
	}
}

func (c *stuckConn) Write(p []byte) (int, error) {
	if c.stuck.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func TestAStuckConnectionIsMadeAnewWhenTheLinkIsBack(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	var first atomic.Bool // the first connection is stuck
	var n atomic.Int32
	u := newTerminal(t, b, func(o *Options) {
		o.Conn = func(nc net.Conn) net.Conn {
			if n.Add(1) == 1 {
				return &stuckConn{nc, &first}
			}
			return nc
		}
	})
	u.start()
	u.measure(1)
	u.settled(c, 10*time.Second)
	statuses := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.statuses)
	}
	// A link that is good stays, and is doubted anew only when a doubt is over.
	for range 2 {
		before := statuses()
		wait(t, 10*time.Second, "the status is told again", func() bool { u.Doubt(); return statuses() > before })
	}
	if got := u.State().Sessions; got != 1 {
		t.Fatalf("%d sessions over a link that is good", got)
	}
	first.Store(true)
	u.measure(1)
	u.Doubt()
	wait(t, 10*time.Second, "a second session", func() bool { return u.State().Sessions == 2 })
	u.settled(c, 10*time.Second)
}

func TestSilentCentreGetsEverythingWhenItAnswers(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	c.deaf = true
	u := newTerminal(t, b, nil)
	u.measure(50)
	u.start()
	wait(t, 10*time.Second, "two hellos", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.hellos) >= 2
	})
	c.mu.Lock()
	if len(c.batches) != 0 {
		t.Errorf("%d batches were sent before the hello was answered", len(c.batches))
	}
	h := c.hellos[0]
	c.deaf = false
	c.mu.Unlock()
	if h.Epoch != u.box.Epoch() || h.Boot != "boot" || h.Name != "终端" || len(h.Lanes) != wire.Lanes || h.Lanes[2].First != 1 || h.Lanes[2].Next != 51 {
		t.Errorf("hello %+v", h)
	}
	u.settled(c, 10*time.Second)
}

func TestCentreRestoredFromABackupIsFilledAgain(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	u := newTerminal(t, b, nil)
	u.start()
	for range 20 {
		u.measure(5)
	}
	u.settled(c, 10*time.Second)
	c.mu.Lock()
	clear(c.ranges)
	clear(c.values)
	c.mu.Unlock()
	u.Reconnect()
	wait(t, 10*time.Second, "all readings are there again", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.values) == u.next
	})
	u.settled(c, 10*time.Second)
}

func TestAlarmsGoBeforeTheNewestValueAndThatBeforeTheBacklog(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	u := newTerminal(t, b, nil)
	for range 40 {
		u.measure(200)
	}
	u.append(true, outbox.Entry{Lane: wire.LaneBulk, Events: []wire.Event{{ID: "b", Kind: wire.EventResult, At: 1}}})
	u.append(true, outbox.Entry{Lane: wire.LaneState, Events: []wire.Event{{ID: "s", Kind: wire.EventResult, At: 1}}})
	u.append(true, outbox.Entry{Lane: wire.LaneAlarm, Events: []wire.Event{{ID: "a", Kind: wire.EventResult, At: 1}}})
	u.start()
	u.settled(c, 20*time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	var lanes []wire.Lane
	for _, batch := range c.batches {
		lanes = append(lanes, batch.Lane)
	}
	if lanes[0] != wire.LaneAlarm || lanes[1] != wire.LaneState || lanes[2] != wire.LaneTelemetry {
		t.Errorf("lanes arrived as %v", lanes)
	}
	newest := c.batches[2]
	if last := newest.Readings[len(newest.Readings)-1].Value; last != float64(u.next-1) || newest.Backfill {
		t.Errorf("first came reading %v, backfill %v", last, newest.Backfill)
	}
	if oldest := c.batches[3]; oldest.SeqFrom != 1 || !oldest.Backfill {
		t.Errorf("then number %d, backfill %v", oldest.SeqFrom, oldest.Backfill)
	}
}

func TestWindowOfTheCentreIsKept(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	c.window = 4
	c.muteAcks = func(int) int { return 0 }
	u := newTerminal(t, b, nil)
	u.start()
	wait(t, 10*time.Second, "the link", func() bool { return u.State().Connected })
	for range 30 {
		u.measure(1)
	}
	wait(t, 10*time.Second, "the window is full", func() bool { return u.State().InFlight == 4 })
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.batches); n > 4 {
		t.Errorf("%d batches are on the way", n)
	}
}

func TestCommandsAreDoneOnceAndInTime(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	c.ahead = time.Hour // a command's life is measured by the centre's clock
	var done atomic.Int32
	u := newTerminal(t, b, func(o *Options) {
		o.Commands = map[string]Handler{
			"do": func(_ context.Context, body json.RawMessage) error {
				done.Add(1)
				if string(body) != `{"a":1}` {
					return fmt.Errorf("body %s", body)
				}
				return nil
			},
			"fail": func(context.Context, json.RawMessage) error { return errors.New("no such camera") },
		}
	})
	u.start()
	wait(t, 10*time.Second, "the link", func() bool { return u.State().Connected })
	expires := wire.Millis(time.Now().Add(time.Hour + time.Minute))
	c.command(wire.Command{ID: "1", Kind: "do", Expires: expires, Body: json.RawMessage(`{"a":1}`)})
	c.command(wire.Command{ID: "1", Kind: "do", Expires: expires, Body: json.RawMessage(`{"a":1}`)})
	c.command(wire.Command{ID: "2", Kind: "do", Expires: wire.Millis(time.Now().Add(time.Minute))})
	c.command(wire.Command{ID: "3", Kind: "dance", Expires: expires})
	c.command(wire.Command{ID: "4", Kind: "fail", Expires: expires})
	c.connection().Publish(wire.CommandTopic("e"), 1, false, "{")
	wait(t, 10*time.Second, "four results", func() bool { return len(c.results()) == 4 })
	r := c.results()
	if !r["1"].OK || done.Load() != 1 {
		t.Errorf("done %d times, %+v", done.Load(), r["1"])
	}
	for id, want := range map[string]string{"2": "too late", "3": "does not know the command", "4": "no such camera"} {
		if r[id].OK || !strings.Contains(r[id].Error, want) {
			t.Errorf("command %s: %+v, want %q", id, r[id], want)
		}
	}
}

func TestAnAnswerIsMadeAsideAndOneAtATime(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	begun, goOn := make(chan struct{}), make(chan struct{})
	u := newTerminal(t, b, func(o *Options) {
		o.Commands = map[string]Handler{"do": func(context.Context, json.RawMessage) error { return nil }}
		o.Answers = map[string]Answerer{"look": func(context.Context, json.RawMessage) ([]byte, error) {
			begun <- struct{}{}
			<-goOn
			return []byte("seen"), nil
		}}
	})
	u.start()
	wait(t, 10*time.Second, "the link", func() bool { return u.State().Connected })
	expires := wire.Millis(time.Now().Add(time.Minute))
	c.command(wire.Command{ID: "1", Kind: "look", Expires: expires})
	<-begun
	c.command(wire.Command{ID: "2", Kind: "do", Expires: expires})
	c.command(wire.Command{ID: "3", Kind: "look", Expires: expires})
	c.command(wire.Command{ID: "4", Kind: "dance", Expires: expires})
	c.command(wire.Command{ID: "5", Kind: "look", Expires: 1})
	wait(t, 10*time.Second, "what did not wait", func() bool { return len(c.results()) == 4 })
	if r := c.results(); !r["2"].OK || r["3"].Code != wire.CodeBusy || r["4"].Code != wire.CodeUnknown || r["5"].OK {
		t.Errorf("got %+v", r)
	}
	if took, err := u.Ping(t.Context()); err != nil || took <= 0 {
		t.Errorf("ping: %s, %v", took, err)
	}
	close(goOn)
	wait(t, 10*time.Second, "the answer", func() bool { return len(c.results()) == 5 })
	if r := c.results()["1"]; !r.OK || string(r.Answer) != "seen" {
		t.Errorf("got %+v", r)
	}
}

func TestStatusIsRetainedAndOfflineAtTheEnd(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	var backlog atomic.Uint64
	u := newTerminal(t, b, func(o *Options) {
		o.Status = func(context.Context) wire.Status {
			return wire.Status{State: "online", Backlog: wire.Backlog{Records: backlog.Load()}}
		}
	})
	u.start()
	wait(t, 10*time.Second, "the link", func() bool { return u.State().Connected })
	backlog.Store(42)
	u.Changed()
	wait(t, 3*time.Second, "the change is told", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.statuses) > 0 && c.statuses[len(c.statuses)-1].Backlog.Records == 42
	})
	wait(t, 5*time.Second, "the broker keeps it", func() bool { return strings.Contains(retained(b), `"online"`) })
	if err := u.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := retained(b); !strings.Contains(got, `"offline"`) {
		t.Errorf("the broker keeps %q", got)
	}
}

func TestFirstSetTimeIsHandedOnBeforeAnythingIsSent(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	c.ahead = time.Hour
	var u *terminal
	u = newTerminal(t, b, func(o *Options) {
		o.Clock = clock.New(func() bool { return false })
		o.ClockSet = func(ctx context.Context, behind time.Duration) {
			if err := u.box.Rebase(ctx, "boot", behind); err != nil {
				t.Error(err)
			}
		}
	})
	taken := time.Now().UnixMilli()
	u.append(false, outbox.Entry{Lane: wire.LaneTelemetry, Readings: []wire.Reading{{Device: "d", Property: "p", At: taken, Value: 0, Quality: wire.Uncertain}}})
	u.next = 1
	u.start()
	u.settled(c, 10*time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.batches[0].Readings[0]
	if d := time.Duration(got.At-taken)*time.Millisecond - time.Hour; d.Abs() > 5*time.Second || got.Quality != wire.Good || !c.batches[0].Synced {
		t.Errorf("the reading is %+v, %v off", got, d)
	}
}

func TestASlowCommandIsTakenInOrderAndWaitedForAside(t *testing.T) {
	b := testserver.StartMosquitto(t, false)
	c := startCentre(t, b)
	var mu sync.Mutex
	var taken []string
	goOn := make(chan struct{})
	u := newTerminal(t, b, func(o *Options) {
		o.Commands = map[string]Handler{"do": func(context.Context, json.RawMessage) error { return nil }}
		o.Slow = map[string]Slow{"turn": func(body json.RawMessage) (func(context.Context) error, error) {
			mu.Lock()
			defer mu.Unlock()
			if taken = append(taken, string(body)); len(taken) == 3 {
				return nil, errors.New("no such camera")
			}
			return func(context.Context) error { <-goOn; return nil }, nil
		}}
	})
	u.start()
	wait(t, 10*time.Second, "the link", func() bool { return u.State().Connected })
	expires := wire.Millis(time.Now().Add(time.Minute))
	for _, id := range []string{"1", "2", "3"} {
		c.command(wire.Command{ID: id, Kind: "turn", Expires: expires, Body: json.RawMessage(id)})
	}
	c.command(wire.Command{ID: "4", Kind: "do", Expires: expires})
	c.command(wire.Command{ID: "5", Kind: "turn", Expires: 1})
	wait(t, 10*time.Second, "what did not wait", func() bool { return len(c.results()) == 3 })
	if r := c.results(); r["3"].Error != "no such camera" || !r["4"].OK || r["5"].OK {
		t.Errorf("got %+v", r)
	}
	close(goOn)
	wait(t, 10*time.Second, "the others", func() bool { return len(c.results()) == 5 })
	mu.Lock()
	defer mu.Unlock()
	if r := c.results(); !r["1"].OK || !r["2"].OK || strings.Join(taken, " ") != "1 2 3" {
		t.Errorf("got %+v, taken %v", r, taken)
	}
}
