package api

import (
	"fmt"
	"testing"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// A snapshot of tens of thousands in one message held the map up, and a slow link never got it whole.
func TestALargeSnapshotComesInPartsTheAlarmsFirst(t *testing.T) {
	const count = 25
	m := liveMessage{Type: "snapshot", Alarms: []telemetry.Alarm{{ID: "x", Device: "d-17"}}}
	for i := range count {
		id := fmt.Sprintf("d-%d", i)
		m.Devices = append(m.Devices, device.Device{ID: id})
		m.Latest = append(m.Latest, telemetry.Latest{Device: id, Property: "level"}, telemetry.Latest{Device: id, Property: "rain"})
	}
	parts := m.parts(10)
	if len(parts) != 3 {
		t.Fatalf("%d parts, want 3", len(parts))
	}
	if parts[0].Type != "snapshot" || len(parts[0].Alarms) != 1 || parts[0].Devices[0].ID != "d-17" {
		t.Errorf("the first part is a %q with %d alarms and begins with %s", parts[0].Type, len(parts[0].Alarms), parts[0].Devices[0].ID)
	}
	seen := map[string]int{}
	for i, p := range parts {
		if last := i == len(parts)-1; p.More == last {
			t.Errorf("part %d says more: %t", i, p.More)
		}
		here := map[string]bool{}
		for _, d := range p.Devices {
			here[d.ID] = true
			seen[d.ID]++
		}
		for _, l := range p.Latest {
			if !here[l.Device] {
				t.Errorf("a value of %s comes without it", l.Device)
			}
			seen[l.Device]++
		}
	}
	for i := range count {
		if id := fmt.Sprintf("d-%d", i); seen[id] != 3 {
			t.Errorf("%s came with %d of its 3 things", id, seen[id])
		}
	}
	if whole := m.parts(count); len(whole) != 1 || whole[0].More {
		t.Errorf("a small snapshot has %d parts", len(whole))
	}
}
