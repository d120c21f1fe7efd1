package actuator

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// horn is a device whose behaviour a test decides. It writes down when its outputs sounded.
type horn struct {
	mu     sync.Mutex
	on     map[string]bool
	sets   int
	dead   bool
	stuck  bool // takes orders and does nothing
	panics bool
	closed bool
}

func (h *horn) Set(_ context.Context, output string, on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sets++
	switch {
	case h.panics:
		panic("oops")
	case h.dead:
		return driver.ErrTimeout
	case !h.stuck:
		h.on[output] = on
	}
	return nil
}

func (h *horn) Get(_ context.Context, output string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead {
		return false, driver.ErrTimeout
	}
	return h.on[output], nil
}

func (h *horn) Close() error { h.closed = true; return nil }

func (h *horn) sounds(output string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.on[output]
}

func (h *horn) kill(dead bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead = dead
}

// disk keeps values over the life of an agent.
type disk map[string][]byte

// agent is a running actuator with a horn: a siren of a minute with readback, and a valve that is open (on)
// in its safe state, without.
type agent struct {
	*Actuator
	t    *testing.T
	stop func()
}

func run(t *testing.T, h *horn, d disk, allowed ...string) *agent {
	t.Helper()
	a := &Actuator{
		Devices: []Device{{ID: "horn", Switch: h, Own: true, Outputs: []profile.Output{
			{ID: "siren", Name: "笛", NameEN: "Siren", MaxOn: strict.Duration(time.Minute), Safe: profile.Off, Readback: true},
			{ID: "valve", Name: "阀", NameEN: "Valve", MaxOn: strict.Duration(time.Hour), Safe: profile.On},
		}}},
		Keep: func(_ context.Context, values map[string][]byte) error {
			if d == nil {
				return errors.New("disk is full")
			}
			maps.Copy(d, values)
			return nil
		},
		Now:    func() (time.Time, bool) { return time.Now(), false }, // nobody has set it
		Uptime: func() (string, time.Duration) { return "boot", time.Duration(time.Now().UnixNano()) },
		Log:    slog.New(slog.DiscardHandler),
	}
	get := func(_ context.Context, key string) ([]byte, error) { return d[key], nil }
	if err := a.Load(t.Context(), get, func(alarm, _, _ string) bool {
		return slices.Contains(allowed, alarm)
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(ctx) }()
	synctest.Wait()
	return &agent{a, t, func() { cancel(); <-ended }}
}

func (a *agent) siren() rule.Action { return rule.Action{Device: "horn", Output: "siren"} }

// pass lets time of the test's own clock pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSirenSoundsWhileTheAlarmHoldsAndNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &horn{on: map[string]bool{"siren": true}} // howling since who knows when
		a := run(t, h, disk{})
		if h.sounds("siren") || !h.sounds("valve") {
			t.Error("the start did not bring the safe states")
		}
		a.Hold("a", a.siren())
		synctest.Wait()
		if !h.sounds("siren") {
			t.Fatal("silent in an alarm")
		}
		pass(20 * time.Second)
		a.Release("a")
		synctest.Wait()
		if h.sounds("siren") {
			t.Error("sounds after the alarm has ended")
		}
		a.Hold("b", a.siren())
		pass(59 * time.Second)
		if !h.sounds("siren") {
			t.Error("ended before max_on")
		}
		pass(2 * time.Second)
		if h.sounds("siren") {
			t.Error("sounds longer than max_on")
		}
		pass(time.Hour)
		if h.sounds("siren") {
			t.Error("an alarm that goes on began again")
		}
		a.Hold("c", rule.Action{Device: "horn", Output: "siren", For: rule.Duration(5 * time.Second)})
		pass(6 * time.Second)
		if h.sounds("siren") {
			t.Error("sounds longer than the action said")
		}
		a.Hold("d", rule.Action{Device: "of another terminal", Output: "siren"})
		a.stop()
		if !h.closed {
			t.Error("not closed")
		}
	})
}

func TestAlarmsThatFollowOneAnotherDoNotLengthenAStretch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &horn{on: map[string]bool{}}
		a := run(t, h, disk{})
		defer a.stop()
		a.Hold("a", a.siren())
		synctest.Wait()
		for range 50 {
			pass(time.Second)
			a.Release("a")
			a.Hold("a", a.siren()) // before anybody has looked
			a.Hold("b", a.siren())
		}
		pass(11 * time.Second)
		if h.sounds("siren") {
			t.Error("sounds longer than max_on")
		}
	})
}

func TestCentreSwitchesAndSilences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &horn{on: map[string]bool{}}
		a := run(t, h, disk{})
		order := func(output string, on bool, seconds int) error {
			return a.Set(t.Context(), wire.OutputSet{Device: "horn", Output: output, On: on, Seconds: seconds})
		}
		if err := order("siren", true, 10); err != nil || !h.sounds("siren") {
			t.Fatalf("not switched: %v", err)
		}
		s := a.States()[0]
		if s.On == nil || !*s.On || s.Until != time.Now().Add(10*time.Second).UnixMilli() || len(s.Why) != 1 || s.Why[0] != "command" {
			t.Errorf("state is %+v", s)
		}
		pass(11 * time.Second)
		if h.sounds("siren") {
			t.Error("longer than ordered")
		}
		if err := order("valve", false, 0); err != nil || h.sounds("valve") {
			t.Errorf("valve not closed: %v", err)
		}
		pass(time.Hour)
		if !h.sounds("valve") {
			t.Error("valve did not go back to its safe state")
		}
		a.Hold("a", a.siren())
		synctest.Wait()
		if err := order("siren", false, 0); err != nil || h.sounds("siren") {
			t.Errorf("not silenced: %v", err)
		}
		pass(30 * time.Second)
		if h.sounds("siren") {
			t.Error("began again")
		}
		if err := order("lamp", true, 0); !errors.Is(err, driver.ErrNoOutput) {
			t.Errorf("an output that is not there: %v", err)
		}
		h.kill(true)
		if err := order("siren", true, 0); !errors.Is(err, driver.ErrTimeout) {
			t.Errorf("a dead device: %v", err)
		}
		h.kill(false)
		pass(time.Minute)
		if h.sounds("siren") {
			t.Error("an order that failed was done when nobody expected it")
		}
		a.stop()
		if err := order("siren", true, 0); err == nil {
			t.Error("switched after the end")
		}
	})
}

func TestLostDeviceGetsItsSafeStateWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &horn{on: map[string]bool{}}
		a := run(t, h, disk{})
		a.Hold("a", a.siren())
		synctest.Wait()
		h.kill(true)
		pass(30 * time.Second) // within max_on
		if s := a.States()[0]; s.On != nil || s.Error == "" || len(s.Why) != 0 {
			t.Errorf("state is %+v", s)
		}
		if s := a.Sensors()[0]; s.OK || s.Error == "" {
			t.Errorf("sensor state is %+v", s)
		}
		h.kill(false)
		pass(slowest)
		if h.sounds("siren") {
			t.Error("howls on")
		}
		if s := a.Sensors()[0]; !s.OK || s.At == 0 {
			t.Errorf("sensor state is %+v", s)
		}
		h.kill(true)
		a.Hold("b", a.siren()) // raised while the device is away: late is better than never
		pass(20 * time.Second)
		h.kill(false)
		pass(slowestActive)
		if !h.sounds("siren") {
			t.Error("silent though the alarm holds and the device is back")
		}
		a.stop()
		if h.sounds("siren") {
			t.Error("howls after the end of the agent")
		}
	})
}

func TestRestartContinuesTheTimeOfAnAlarmAndEndsOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, d := &horn{on: map[string]bool{}}, disk{}
		a := run(t, h, d)
		a.Hold("a", a.siren())
		if err := a.Set(t.Context(), wire.OutputSet{Device: "horn", Output: "valve"}); err != nil {
			t.Fatal(err)
		}
		pass(20 * time.Second)
		saved := disk{StateKey: d[StateKey]} // as kill -9 leaves it
		a.stop()
		h.on["siren"], h.on["valve"] = true, false // kill -9 says no good-bye
		pass(10 * time.Second)
		a = run(t, h, saved, "a")
		if !h.sounds("siren") || !h.sounds("valve") {
			t.Errorf("after the restart: %v, want the alarm to go on and the order to have ended", h.on)
		}
		pass(29 * time.Second)
		if !h.sounds("siren") {
			t.Error("the rest of the time is lost")
		}
		pass(2 * time.Second)
		if h.sounds("siren") {
			t.Error("the time began anew")
		}
		a.stop()
		a = run(t, h, saved) // the alarm has ended meanwhile
		if h.sounds("siren") {
			t.Error("sounds for an alarm that has ended")
		}
		a.stop()
	})
}

func TestTimeThatNobodyKnowsIsOver(t *testing.T) {
	now := time.Now()
	k := kept{At: moment{Wall: 1_000_000, Set: true, Boot: "b", Up: 5_000}, End: 60_000, Left: map[string]int64{"a": 60_000}}
	all := func(string) bool { return true }
	for _, c := range []struct {
		name string
		at   moment
		want int
	}{
		{"the same boot, whatever the clock says", moment{Wall: 1, Boot: "b", Up: 64_000}, 1},
		{"the same boot, too late", moment{Wall: 1_010_000, Set: true, Boot: "b", Up: 66_000}, 0},
		{"another boot, ten seconds later", moment{Wall: 1_010_000, Set: true, Boot: "c"}, 1},
		{"another boot, much later", moment{Wall: 2_000_000, Set: true, Boot: "c"}, 0},
		{"another boot, the clock was set back", moment{Wall: 900_000, Set: true, Boot: "c"}, 0},
		{"another boot without a clock", moment{Wall: 1_010_000, Boot: "c"}, 0},
		{"a machine that cannot say", moment{Wall: 1_010_000}, 0},
	} {
		h := k.restore(now, c.at, all)
		if len(h.until) != c.want {
			t.Errorf("%s: %d are held, want %d", c.name, len(h.until), c.want)
		}
	}
}

func TestOutputThatDoesNotFollowIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &horn{on: map[string]bool{}}
		a := run(t, h, nil) // the disk is full: the siren sounds all the same
		defer a.stop()
		a.Hold("a", a.siren())
		synctest.Wait()
		if !h.sounds("siren") {
			t.Error("a full disk silenced a siren")
		}
		h.mu.Lock()
		h.on["siren"] = false // somebody at the device
		h.mu.Unlock()
		pass(verifyEvery)
		if !h.sounds("siren") {
			t.Error("what was moved was not set right")
		}
		h.mu.Lock()
		h.stuck = true
		h.mu.Unlock()
		if err := a.Set(t.Context(), wire.OutputSet{Device: "horn", Output: "siren"}); err == nil {
			t.Error("a stuck relay was taken as switched")
		}
		h.mu.Lock()
		h.stuck, h.panics = false, true
		h.mu.Unlock()
		if err := a.Set(t.Context(), wire.OutputSet{Device: "horn", Output: "siren"}); err == nil {
			t.Error("a driver that panics was taken as done")
		}
		h.mu.Lock()
		h.panics = false
		h.mu.Unlock()
	})
}

func TestKeptFormIsStable(t *testing.T) {
	text, err := json.Marshal(map[string]map[string]kept{"horn": {"siren": {At: moment{1, true, "b", 3}, End: 2, Left: map[string]int64{"a": 2}}}})
	if err != nil || string(text) != `{"horn":{"siren":{"at":{"wall":1,"set":true,"boot":"b","up":3},"left":{"a":2},"end":2}}}` {
		t.Errorf("got %s, %v", text, err)
	}
}
