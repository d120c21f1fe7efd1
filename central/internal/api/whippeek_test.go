package api_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestACameraIsOpenedForOnePictureAndClosedAgain(t *testing.T) {
	r := videoRoom(t)
	over, why := r.svc.Peek(t.Context(), "cam-1")
	if over == nil {
		t.Fatalf("not opened: %s", why)
	}
	until(t, "the terminal is asked", func() bool { return len(r.field.told(wire.CommandMediaStart)) == 1 })
	if n := len(r.field.told(wire.CommandMediaStop)); n != 0 {
		t.Errorf("stopped %d times before its end", n)
	}
	if why := over(); why != "" {
		t.Errorf("nothing is known, got %q", why)
	}
	until(t, "the terminal is stopped", func() bool { return len(r.field.told(wire.CommandMediaStop)) == 1 })
}

func TestNothingIsOpenedOfATerminalThatSparesItsDataOrIsAway(t *testing.T) {
	r := videoRoom(t)
	stands := func(state device.State, budget wire.BudgetLevel) {
		r.field.mu.Lock()
		defer r.field.mu.Unlock()
		r.field.edge, r.field.budget = state, budget
	}
	for _, c := range []struct {
		name   string
		state  device.State
		budget wire.BudgetLevel
		id     string
		want   string
	}{
		{"sparing", device.Online, wire.BudgetEco, "cam-1", video.LackBudget},
		{"used up", device.Online, wire.BudgetAlarms, "cam-1", video.LackBudget},
		{"away", device.Offline, wire.BudgetNormal, "cam-1", video.FaultOffline},
		{"no camera", device.Online, wire.BudgetNormal, "cam-9", video.FaultOffline},
	} {
		stands(c.state, c.budget)
		if over, why := r.svc.Peek(t.Context(), c.id); over != nil || why != c.want {
			t.Errorf("%s: %q, opened %v", c.name, why, over != nil)
		}
	}
	stands(device.Online, wire.BudgetEco)
	r.ticket(t, "near") // somebody watches: its picture comes anyway
	over, why := r.svc.Peek(t.Context(), "cam-1")
	if over == nil {
		t.Fatalf("what is sent anyway is not used: %s", why)
	}
	m := r.field.told(wire.CommandMediaStart)
	r.svc.Result("edge-1", wire.CommandResult{Command: m[len(m)-1].ID, Error: wire.RefusedBudget})
	if why := over(); why != video.LackBudget {
		t.Errorf("it refused for its budget, told %q", why)
	}
}
