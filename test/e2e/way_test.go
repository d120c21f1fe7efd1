package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// needsRoot passes a test by where an ordinary user runs it, and fails it in CI, where nothing is skipped.
func needsRoot(t *testing.T) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") != "":
		t.Fatal("needs root, and nothing is skipped here")
	default:
		t.Skip("needs root")
	}
}

// inOwnNetwork runs the whole test again in a network namespace of its own, and reports whether this is there.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	needsRoot(t)
	t.Setenv("FENGSUI_BIN", filepath.Dir(harness.Build(t).Central))
	here, err := harness.Alone("-test.run=^"+t.Name()+"$", "-test.v")
	if err != nil {
		t.Error(err)
	}
	return here
}

// farDesk is a centre, and a terminal behind a way of its own of whose camera somebody sees pictures.
func farDesk(t *testing.T) (*harness.Way, *harness.Edge, *harness.Viewer) {
	t.Helper()
	p := harness.Build(t)
	w := harness.NewWay(t, 5*time.Millisecond, 0)
	c := harness.NewCentre(t, p, harness.CentreOptions{Host: harness.NearSide})
	c.Boot(t)
	field := harness.NewField(t, p, station)
	w.Put(field.Process)
	field.Open(t)
	edge := harness.NewEdge(t, c, field, "edge-rudong", c.TLS)
	c.EnrolEdge(t, edge.ID, edge.Config)
	w.Put(edge.Process)
	edge.Start(t)
	harness.WaitFor(t, 2*soon, "the camera is known", func() error {
		device, err := c.Admin.Device("rd-cam-1")
		return errors.Join(err, want(device.State, "online"))
	})
	v := c.Admin.Watch(t, "rd-cam-1")
	flowing(t, v, 20)
	return w, edge, v
}

// A terminal that gets another address goes on in the session that it has (ICE restart).
func TestPictureGoesOnFromAnotherAddress(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	w, edge, v := farDesk(t)
	w.Move(t)
	flowing(t, v, 100)
	if said := edge.Stderr(); strings.Contains(said, "session to the centre ended") || strings.Count(said, "stream connected") != 2 {
		t.Errorf("it is not the same session:\n%s", said)
	}
}

// The centre's port for pictures takes both: a terminal whose network lets no UDP out sends over TCP, by itself, and
// what that takes of its SIM is counted.
func TestPictureComesFromANetworkThatBlocksUDP(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	w, edge, v := farDesk(t)
	w.BlockUDP() // another way of the session is looked for, which is over TCP
	flowing(t, v, 100)
	before, seen := spent(t, w, edge), v.Bytes()
	flowing(t, v, 40)
	came := uint64(v.Bytes() - seen) //nolint:gosec // not negative
	harness.WaitFor(t, soon, "the SIM's count has what came", func() error {
		if n := spent(t, w, edge) - before; n < came {
			return fmt.Errorf("%d of %d bytes", n, came)
		}
		return nil
	})
}

// spent is what pictures have taken of the SIM's data, by the local page of a terminal behind the way.
func spent(t *testing.T, w *harness.Way, e *harness.Edge) uint64 {
	t.Helper()
	ask := w.Within("bash", "-c", "exec 3<>/dev/tcp/"+strings.Replace(e.Status, ":", "/", 1)+"; printf 'GET /status.json HTTP/1.0\r\nHost: "+e.Status+"\r\n\r\n' >&3; cat <&3")
	_, body, _ := strings.Cut(harness.Run(t, ask[0], ask[1:]...), "\r\n\r\n")
	var page struct {
		Status wire.Status `json:"status"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || page.Status.Budget == nil {
		t.Fatalf("no count in %q: %v", body, err)
	}
	return page.Status.Budget.Video
}
