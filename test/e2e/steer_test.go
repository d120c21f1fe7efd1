package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
	"github.com/fengsui/fengsui/test/sim"
)

const gate = `
domes:
  - {id: gate-head, listen: 127.0.0.1:0, user: viewer, password: s3cret, cameras: [gate], films: {"2": harbour-small.h264}}
rtsp:
  listen: 127.0.0.1:0
  cameras:
    - {id: gate, clip: sluice.h264}
`

// Somebody at the centre turns a camera, another must not meanwhile, and when the link is cut in the middle of a
// movement the terminal stops the camera by itself.
func TestACameraIsTurnedFromTheCentreAndStopsWithTheLink(t *testing.T) {
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, gate), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-gate", d.link.Addr())
	secret := d.edge.Dir + "/gate.password"
	text, err := os.ReadFile(d.edge.Config)
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("{onvif: %q, username: viewer, password_file: %s, id: gate,", d.field.Addresses.Domes["gate-head"], secret)
	for file, text := range map[string]string{secret: "s3cret\n", d.edge.Config: strings.Replace(string(text), "{id: gate,", head, 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.centre.EnrolEdge(t, "edge-gate", d.edge.Config)
	d.edge.Start(t)
	look := func() sim.Look { return d.field.State(t).Domes["gate-head"] }
	var list struct {
		Items []struct {
			Camera  string
			Presets []struct{ Token, Name string }
			Online  bool
			Error   string
			By      *struct{ Name string }
		}
	}
	harness.WaitFor(t, soon, "the centre knows the camera that turns, and its presets", func() error {
		if err := d.centre.Admin.Call(http.MethodGet, "/steering", nil, &list); err != nil {
			return err
		}
		if len(list.Items) != 1 || !list.Items[0].Online || len(list.Items[0].Presets) != 2 {
			return fmt.Errorf("got %+v", list.Items)
		}
		return nil
	})
	order := func(body map[string]any) {
		t.Helper()
		var out struct {
			OK    bool
			Error string
		}
		if err := d.centre.Admin.Call(http.MethodPost, "/steering/gate", body, &out); err != nil || !out.OK {
			t.Fatalf("%v: %+v, %v", body, out, err)
		}
	}
	v := d.centre.Admin.Watch(t, "gate")
	v.Keep()
	flowing(t, v, 5)
	order(map[string]any{"act": "go", "preset": "2"})
	if v := look(); v.Pan != -40 {
		t.Errorf("it looks at %+v", v)
	}
	harness.WaitFor(t, soon, "whoever watches sees what is there", func() error {
		if _, sizes := v.Film(); !slices.Equal(sizes, []string{"960x540", "480x270"}) {
			return fmt.Errorf("the pictures are %v", sizes)
		}
		return nil
	})
	order(map[string]any{"act": "move", "pan": 1})
	order(map[string]any{"act": "stop"})
	if v := look(); v.Moving || v.Pan <= -40 {
		t.Errorf("it looks at %+v", v)
	}
	if err := d.centre.Admin.Call(http.MethodGet, "/steering", nil, &list); err != nil || list.Items[0].By == nil {
		t.Errorf("who turns it: %+v, %v", list.Items, err)
	}
	stops := func() int {
		return len(slices.DeleteFunc(look().Asked, func(what string) bool { return what != "stop" }))
	}
	before := stops()
	order(map[string]any{"act": "move", "tilt": 1})
	d.link.Cut()
	harness.WaitFor(t, soon, "the terminal stops the camera although nobody tells it to", func() error {
		if stops() == before {
			return errors.New("it was not stopped")
		}
		return nil
	})
	if look().Moving {
		t.Error("it moves")
	}
}
