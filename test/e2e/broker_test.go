package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// existing is a desk whose terminal and centre meet at a Mosquitto.
func existing(t *testing.T, field string) (*desk, *harness.Mosquitto) {
	t.Helper()
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, field), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	m := harness.ExistingBroker(t, d.centre)
	d.centre.Boot(t)
	d.link = harness.NewLink(t, m.TLS)
	d.edge = harness.StartEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	harness.WaitFor(t, soon, "the terminal has said what is behind it", func() error {
		return d.centre.Admin.Call(http.MethodGet, "/devices/rd-level-1", nil, nil)
	})
	return d, m
}

// TestKillsAroundAnExistingBrokerLoseAndDoubleNothing kills broker, centre and terminal in turn and cuts the
// link, while the terminal reads a counter.
func TestKillsAroundAnExistingBrokerLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d, broker := existing(t, counting)
	cut := map[float64]bool{} // polls that a kill of the terminal has cut
	blows := []func(){
		func() {
			broker.Kill9()
			d.read(t, 2)
			broker.Again(t)
		},
		func() {
			d.centre.Kill9()
			d.read(t, 2)
			d.centre.Restart(t)
		},
		func() {
			d.link.Cut()
			d.read(t, 2)
			d.link.Mend()
		},
		func() {
			d.edge.Kill9()
			cut[float64(d.field.State(t).Reads["rd-level-1"]["water_level"])] = true
			d.edge.Start(t)
			d.answers(t)
		},
		func() { // all at once
			d.link.Cut()
			broker.Kill9()
			d.centre.Kill9()
			d.read(t, 2)
			broker.Again(t)
			d.centre.Restart(t)
			d.link.Mend()
		},
	}
	for _, blow := range blows {
		d.arrived(t, start, 2)
		blow()
	}
	d.arrived(t, start, 2)
	d.complete(t, start, cut)
}
