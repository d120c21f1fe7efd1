// Package e2e is the stories of the product, told by the real programs over the network: what a duty
// officer, a technician and an attacker meet. Rule that must never break: a story uses nothing but what
// the programs offer to everybody, and waits for conditions, never for time. Each has its own centre, terminal
// and field, so they run side by side, but for those that look at a picture in motion.
package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m.Run) }

// soon is how long a story waits for something that takes moments.
const soon = 20 * time.Second

// station is a field with one water-level station and one camera.
const station = `
modbus:
  - id: rd-level-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: constant, value: 4.0}
rtsp:
  listen: 127.0.0.1:0
  cameras:
    - {id: rd-cam-1, clip: sluice.h264}
`

// desk is a centre with one real edge before a simulated station.
type desk struct {
	centre *harness.Centre
	field  *harness.Field
	edge   *harness.Edge
	link   *harness.Link // between edge and broker
}

func newDesk(t *testing.T, field string) *desk {
	t.Helper()
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, field), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.StartEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	d.known(t)
	return d
}

// known waits until the terminal has said what is behind it.
func (d *desk) known(t *testing.T) {
	t.Helper()
	harness.WaitFor(t, soon, "the terminal has said what is behind it", func() error {
		return d.centre.Admin.Call(http.MethodGet, "/devices/rd-level-1", nil, nil)
	})
}

// series are the single readings of a series, oldest first.
func series(t *testing.T, c *harness.Client, device, property string, from time.Time) []harness.Bucket {
	t.Helper()
	q := url.Values{
		"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)},
		"points": {"5000"},
	}
	var s harness.Series
	if err := c.Call(http.MethodGet, "/telemetry/series/"+device+"/"+property+"?"+q.Encode(), nil, &s); err != nil {
		t.Fatalf("ask for %s/%s: %v", device, property, err)
	}
	return s.Buckets
}

// counted is the number of readings in a series.
func counted(t *testing.T, c *harness.Client, device, property string, from time.Time) int64 {
	t.Helper()
	n := int64(0)
	for _, b := range series(t, c, device, property, from) {
		n += b.Count
	}
	return n
}

// problem checks that an error is an answer of this status.
func problem(t *testing.T, err error, status int) {
	t.Helper()
	var p *harness.ProblemError
	if !errors.As(err, &p) || p.Status != status {
		t.Fatalf("got %v, want an answer %d", err, status)
	}
}

func want[T comparable](got, want T) error {
	if got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}
