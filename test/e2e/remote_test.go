package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

type version struct {
	Number     int             `json:"number"`
	State      string          `json:"state"`
	Error      string          `json:"error"`
	AuthorName string          `json:"author_name"`
	Document   json.RawMessage `json:"document"`
}

type settings struct {
	Applied *struct {
		Version int  `json:"version"`
		Trial   bool `json:"trial"`
		Edited  bool `json:"edited"`
	} `json:"applied"`
	Versions []version `json:"versions"`
}

// remoteDesk is a desk whose terminal tries configurations for a few seconds only.
func remoteDesk(t *testing.T) *desk {
	t.Helper()
	return linkedDesk(t, station, func(_ *desk, text string) string {
		return strings.Replace(text, "centre:\n", "centre:\n  confirm: 5s\n", 1)
	})
}

// linkedDesk is a desk whose terminal, with its edge.yml changed, is behind a link that can be cut.
func linkedDesk(t *testing.T, field string, change func(d *desk, text string) string) *desk {
	t.Helper()
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, field), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	text, err := os.ReadFile(d.edge.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.edge.Config, []byte(change(d, string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	d.centre.EnrolEdge(t, d.edge.ID, d.edge.Config)
	d.edge.Start(t)
	return d
}

func (d *desk) settings(t *testing.T) settings {
	t.Helper()
	var s settings
	if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/config", nil, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (d *desk) want(t *testing.T, document string, base int) {
	t.Helper()
	in := map[string]any{"document": json.RawMessage(document), "note": "e2e", "base": base}
	if err := d.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/config", in, nil); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) becomes(t *testing.T, number int, state string) version {
	t.Helper()
	var found version
	harness.WaitFor(t, 3*soon, fmt.Sprintf("version %d is %s", number, state), func() error {
		for _, v := range d.settings(t).Versions {
			if v.Number == number {
				found = v
				return want(v.State, state)
			}
		}
		return fmt.Errorf("there is none")
	})
	return found
}

// The centre finds what a terminal runs, gives it something else, and gets it back by itself when that was
// a mistake; no reading is lost meanwhile, whatever is killed.
func TestConfigurationFromTheCentreHoldsOrGoesBackByItself(t *testing.T) {
	t.Parallel()
	d := remoteDesk(t)
	d.becomes(t, 1, "running")
	var shown version
	if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/config/1", nil, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.AuthorName != "" || !strings.Contains(string(shown.Document), `"rd-level-1"`) {
		t.Fatalf("the terminal told %+v", shown)
	}

	// A good change: the gauge gets another name and a second one is added behind the same device.
	sensor := func(id, profile string) string {
		return fmt.Sprintf(`{"id":%q,"name":"改名 %s","profile":%q,"address":%q,"every":"1s"}`, id, id, profile, d.field.Addresses.Devices["rd-level-1"])
	}
	good := `{"sensors":[` + sensor("rd-level-1", "generic-water-level-modbus") + `,` + sensor("rd-level-2", "generic-water-level-modbus") + `]}`
	d.want(t, good, 1)
	d.becomes(t, 2, "running")
	harness.WaitFor(t, soon, "the new sensor measures", func() error {
		dev, err := d.centre.Admin.Device("rd-level-2")
		if err != nil {
			return err
		}
		return want(dev.State, "online")
	})

	// The address of the centre cannot be taken away.
	in := map[string]any{"document": map[string]any{"centre": map[string]any{"url": "http://nowhere"}}, "base": 2}
	problem(t, d.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/config", in, nil), http.StatusUnprocessableEntity)

	// A profile that the terminal does not have is refused there, and version 2 goes on.
	d.want(t, `{"sensors":[`+sensor("rd-level-1", "no-such-profile")+`]}`, 2)
	if v := d.becomes(t, 3, "failed"); !strings.Contains(v.Error, "no-such-profile") {
		t.Errorf("refused with %q", v.Error)
	}

	// A change after which the link is gone goes back by itself, also when the agent is killed in between.
	d.want(t, `{"sensors":[`+sensor("rd-level-1", "generic-water-level-modbus")+`],"budget":{"monthly_mb":1}}`, 3)
	said := func(words string) func() error {
		return func() error {
			if !strings.Contains(d.edge.Stderr(), words) {
				return fmt.Errorf("not yet")
			}
			return nil
		}
	}
	harness.WaitFor(t, soon, "version 4 is tried", said(`"configuration is tried" version=4`))
	d.link.Cut()
	d.edge.Kill9()
	d.edge.Start(t)
	harness.WaitFor(t, 3*soon, "it is rolled back", said("configuration is rolled back"))
	d.link.Mend()
	if v := d.becomes(t, 4, "failed"); !strings.Contains(v.Error, "version 2 runs again") {
		t.Errorf("rolled back with %q", v.Error)
	}

	// Somebody edits edge.yml: that is seen, and has no effect.
	f, err := os.OpenFile(d.edge.Config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("# edited on the spot\n")
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if err := d.edge.Stop(); err != nil {
		t.Fatal(err)
	}
	d.edge.Start(t)
	harness.WaitFor(t, soon, "the terminal is back with what the centre gave", func() error {
		s := d.settings(t)
		return want(fmt.Sprint(s.Applied.Version, s.Applied.Trial), "2 false")
	})

	// One click back to what the terminal had at the beginning.
	if err := d.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/config/1/restore", map[string]string{"note": "回到原来"}, nil); err != nil {
		t.Fatal(err)
	}
	d.becomes(t, 5, "running")

	if lost := d.edge.State(t).Lost; lost != 0 {
		t.Errorf("%d readings lost", lost)
	}
}
