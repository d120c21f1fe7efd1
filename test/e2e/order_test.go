package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// many is a field with enough stations for a backlog of many blocks.
func many(n int) string {
	var b strings.Builder
	b.WriteString("modbus:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: rd-level-%d, listen: 127.0.0.1:0, unit: 1, profile: generic-water-level-modbus, values: {water_level: {shape: tide, mean: 3, amplitude: 0.5, period: 37s}}}\n", i+1)
	}
	return b.String()
}

// arrivals is what comes to the broker from a terminal, in order.
type arrivals struct {
	mu      sync.Mutex
	batches []*wire.Batch
}

// overhear listens at the broker by the centre's name.
func overhear(t *testing.T, m *harness.Mosquitto, edge string) *arrivals {
	t.Helper()
	a := &arrivals{}
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + m.Plain).SetClientID("overhear").SetUsername(harness.MosquittoCentre).
		SetPassword(harness.MosquittoPassword).SetProtocolVersion(4))
	if tok := c.Connect(); !tok.WaitTimeout(soon) || tok.Error() != nil {
		t.Fatal("listen at the broker: ", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	tok := c.Subscribe("fs/v1/+/up/+", 1, func(_ mqtt.Client, msg mqtt.Message) {
		up, err := wire.ParseUp(msg.Topic())
		if err != nil || up.Edge != edge {
			return
		}
		if b, err := wire.Decode(msg.Payload()); err == nil {
			a.mu.Lock()
			a.batches = append(a.batches, b)
			a.mu.Unlock()
		}
	})
	if !tok.WaitTimeout(soon) || tok.Error() != nil {
		t.Fatal("listen at the broker: ", tok.Error())
	}
	return a
}

func (a *arrivals) list() []*wire.Batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*wire.Batch(nil), a.batches...)
}

// TestAlarmsThenNewestValuesThenTheBacklogInOrder loses everything that a terminal sends for a while, raises an
// alarm meanwhile and then gives it a slow link. What is proven is the order in which its batches reach the
// broker, whatever time that takes.
func TestAlarmsThenNewestValuesThenTheBacklogInOrder(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d, broker := existing(t, many(6))
	d.arrived(t, start, 2)
	heard := overhear(t, broker, "edge-rudong")
	d.link.Swallow()
	d.read(t, 6)
	d.field.Set(t, "rd-level-2", "water_level", 6)
	d.read(t, 8)
	before := len(heard.list())
	d.link.Mend()
	d.link.Throttle(3000)
	var got []*wire.Batch
	harness.WaitFor(t, 3*soon, "the backlog has arrived", func() error {
		got = heard.list()[before:]
		if next, last := edges(got); next == 0 || last+1 != next {
			return fmt.Errorf("of what was lost all up to %d is here, and what is new from %d on: %s", last, next, orderOf(got))
		}
		return nil
	})
	t.Log(orderOf(got))
	// What live readings have of a narrow link beside a long backlog is counted by the byte in
	// edge/internal/uplink/share_test.go.
	var live, old uint64
	readings, backlog := 0, 0
	for _, b := range got {
		switch {
		case b.Lane == wire.LaneAlarm && readings > 0:
			t.Error("an alarm comes after readings")
		case b.Lane != wire.LaneTelemetry:
		case b.Backfill:
			if readings == 0 {
				t.Error("the backlog comes before the newest values")
			}
			if b.SeqFrom <= old {
				t.Errorf("%d of the backlog comes after %d", b.SeqFrom, old)
			}
			old = b.SeqTo
			backlog++
			readings++
		default:
			// Before the backlog come the blocks that hold the newest value of each series, in any order.
			if backlog > 0 && b.SeqFrom <= live {
				t.Errorf("%d of the live readings comes after %d", b.SeqFrom, live)
			}
			live = max(live, b.SeqTo)
			readings++
		}
	}
	if backlog < 8 {
		t.Errorf("%d batches of backlog prove nothing", backlog)
	}
}

// edges are where the live readings begin, 0 when none has come, and up to where the backlog has come.
func edges(list []*wire.Batch) (live, old uint64) {
	for _, b := range list {
		switch {
		case b.Lane != wire.LaneTelemetry:
		case b.Backfill:
			old = max(old, b.SeqTo)
		case live == 0 || b.SeqFrom < live:
			live = b.SeqFrom
		}
	}
	return live, old
}

func orderOf(list []*wire.Batch) string {
	var b strings.Builder
	for _, one := range list {
		fmt.Fprintf(&b, " %d:%d-%d", one.Lane, one.SeqFrom, one.SeqTo)
		if one.Backfill {
			b.WriteString("b")
		}
	}
	return b.String()
}
