package alarm

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// hooter is a terminal whose siren sounds above 5.2 m.
type hooter struct {
	*Watch
	said  switched
	file  string
	at    time.Time
	set   bool
	close func() error
}

const hooting = "high gauge water_level"

func newHooter(t *testing.T, file string) *hooter {
	t.Helper()
	b, c := box(t, file)
	h := &hooter{file: file, at: time.Unix(100, 0), set: true, close: b.Close}
	h.Watch = watchBy(t, []rule.Rule{{
		ID: "high", Name: "高", NameEN: "High", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: 5.2, Clear: 5.1, Level: 3, Source: "test", Actions: []rule.Action{{Device: "horn", Output: "siren"}},
	}}, b, c)
	h.Now = func() (time.Time, bool) { return h.at, h.set }
	h.Outputs = &h.said
	return h
}

func (h *hooter) measures(t *testing.T, second int64, v float64) {
	t.Helper()
	h.at = time.Unix(second, 0)
	h.Take(t.Context(), level(second, v))
	h.Tick(t.Context())
}

func (h *hooter) heard(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(h.said.said, want) {
		t.Errorf("at %d the outputs were told %q, want %q", h.at.Unix(), h.said.said, want)
	}
	h.said.said = nil
}

func (h *hooter) works(t *testing.T, spans ...wire.MaintenanceSpan) {
	t.Helper()
	if err := h.Maintain(t.Context(), wire.MaintenanceSet{Spans: spans}); err != nil {
		t.Fatal(err)
	}
}

func (h *hooter) restart(t *testing.T) *hooter {
	t.Helper()
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	next := newHooter(t, h.file)
	next.at = h.at
	return next
}

const (
	on  = hooting + " holds horn/siren"
	off = hooting + " has ended"
)

func span(from, to int64) wire.MaintenanceSpan {
	return wire.MaintenanceSpan{From: from * 1000, To: to * 1000, Devices: []string{"gauge"}}
}

func TestOutputsKeepStillUnderMaintenanceAndSoundWhenItIsOver(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	h.works(t, span(110, 200))
	h.measures(t, 101, 5.3)
	h.heard(t, on)
	h.measures(t, 110, 5.4)
	h.heard(t, off)
	if h.Wants(hooting, "horn", "siren") {
		t.Error("an alarm under maintenance wants the siren")
	}
	h.measures(t, 120, 5)
	h.measures(t, 130, 5.3)
	h.heard(t, off) // of the end; the new one is silent
	h = h.restart(t)
	h.measures(t, 199, 5.3)
	h.heard(t)
	h.measures(t, 200, 5.3)
	h.heard(t, on)
	h.measures(t, 201, 5)
	h.heard(t, off)
}

func TestMaintenanceThatEndsWhileTheTerminalIsDownLeavesNoSirenSilent(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	h.works(t, span(100, 200))
	h.measures(t, 110, 5.3)
	h.heard(t)
	h.at = time.Unix(300, 0)
	h = h.restart(t)
	h.Tick(t.Context())
	h.heard(t, on)
}

func TestMaintenanceIsEndedEarlyAndTakesTheRuleThatItNames(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	other := span(100, 200)
	other.Rule = "low"
	h.works(t, other, span(150, 200))
	if h.Maintenance() == "" {
		t.Error("does not say what it holds")
	}
	h.measures(t, 110, 5.3)
	h.heard(t, on)
	h.measures(t, 150, 5.3)
	h.heard(t, off)
	h.works(t)
	h.heard(t, on)
	if h.Maintenance() != "" {
		t.Error("says that it holds something")
	}
}

// Nobody knows the time: the siren is not kept still. And what was measured long ago does not start it.
func TestMaintenanceNeedsAClockAndItsEndANewValue(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	h.works(t, span(100, 2000))
	h.measures(t, 110, 5.3)
	h.heard(t)
	h.set = false
	h.Tick(t.Context())
	h.heard(t, on)
	h.Uptime = func() (string, time.Duration) { return "another boot", time.Minute }
	h.Tick(t.Context())
	h.heard(t)
	h.set = true
	h.Tick(t.Context())
	h.heard(t, off)
	h.at = time.Unix(2000, 0)
	h.Tick(t.Context())
	h.heard(t)
}

// A terminal without a battery and cut off: the time goes on by the uptime of the machine.
func TestMaintenanceHoldsWithinABootWithoutAClock(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	up := 10 * time.Second
	uptime := func() (string, time.Duration) { return "boot", up }
	h.Uptime = uptime
	h.works(t, span(100, 200))
	h.measures(t, 110, 5.3)
	h.heard(t)
	h = h.restart(t)
	h.Uptime, h.set, h.at = uptime, false, time.Unix(5, 0)
	up += 80 * time.Second
	h.Tick(t.Context())
	h.heard(t)
	up += 10 * time.Second
	h.Tick(t.Context())
	h.heard(t, on)
}

func TestMaintenanceThatTheDiskDidNotTakeDoesNotHold(t *testing.T) {
	h := newHooter(t, filepath.Join(t.TempDir(), "outbox.db"))
	h.Outbox = &full{Outbox: h.Outbox, refuse: 1}
	if err := h.Maintain(t.Context(), wire.MaintenanceSet{Spans: []wire.MaintenanceSpan{span(100, 200)}}); err == nil {
		t.Error("it was taken")
	}
	h.measures(t, 110, 5.3)
	h.heard(t, on)
}
