package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

type crewMessage struct {
	ID          string
	State       string
	DeliveredAt *string `json:"delivered_at"`
	ShownAt     *string `json:"shown_at"`
	EndedAt     *string `json:"ended_at"`
	EndedBy     string  `json:"ended_by"`
	Fault       string
}

// An order to the crew outlives the death of the centre and of the terminal between its sending and its receipts: it is
// shown once, and its receipts are complete.
func TestAnOrderToACrewIsShownOnceWhateverDies(t *testing.T) {
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, station), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-crew", d.link.Addr())
	board := filepath.Join(d.edge.Dir, "board")
	text, err := os.ReadFile(d.edge.Config)
	if err != nil {
		t.Fatal(err)
	}
	show := fmt.Sprintf("\ncrew:\n  show: [sh, -c, 'echo \"$FENGSUI_MESSAGE_ID $(cat)\" >> %s']\n", board)
	if err := os.WriteFile(d.edge.Config, append(text, show...), 0o600); err != nil {
		t.Fatal(err)
	}
	d.centre.EnrolEdge(t, "edge-crew", d.edge.Config)
	d.edge.Start(t)
	d.known(t)

	send := func(key string) string {
		t.Helper()
		var out harness.List[crewMessage]
		body := map[string]any{"key": key, "targets": []string{"edge-crew"}, "text": "转移 " + key, "confirm": true, "minutes": 60}
		if err := d.centre.Admin.Call(http.MethodPost, "/crew-messages", body, &out); err != nil || len(out.Items) != 1 {
			t.Fatalf("send %s: %+v, %v", key, out.Items, err)
		}
		return out.Items[0].ID
	}
	find := func(id string) (crewMessage, error) {
		var out harness.List[crewMessage]
		if err := d.centre.Admin.Call(http.MethodGet, "/crew-messages?target=edge-crew", nil, &out); err != nil {
			return crewMessage{}, err
		}
		for _, m := range out.Items {
			if m.ID == id {
				return m, nil
			}
		}
		return crewMessage{}, errors.New("it is not listed")
	}
	until := func(id, state string) crewMessage {
		t.Helper()
		var got crewMessage
		harness.WaitFor(t, 3*soon, "the message is "+state, func() (err error) {
			if got, err = find(id); err == nil && got.State != state {
				err = fmt.Errorf("it stands %+v", got)
			}
			return err
		})
		return got
	}
	lines := func(id string) int {
		text, err := os.ReadFile(board)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(text), id)
	}

	// The terminal is dead, then the centre dies.
	d.edge.Kill9()
	first := send("first")
	if again := send("first"); again != first {
		t.Errorf("the same key sent %s and %s", first, again)
	}
	d.centre.Kill9()
	d.centre.Restart(t)
	if m, err := find(first); err != nil || m.State != "sent" || m.DeliveredAt != nil {
		t.Fatalf("after the death of the centre: %+v, %v", m, err)
	}
	d.edge.Start(t)
	if m := until(first, "shown"); m.DeliveredAt == nil || m.ShownAt == nil {
		t.Errorf("receipts are missing: %+v", m)
	}

	// The terminal dies at once after the sending, whatever it has done by then.
	second := send("second")
	d.edge.Kill9()
	d.edge.Start(t)
	harness.WaitFor(t, 3*soon, "the second is shown, or said to be in doubt", func() error {
		m, err := find(second)
		if err == nil && m.State != "shown" && m.Fault == "" {
			err = fmt.Errorf("it stands %+v", m)
		}
		return err
	})

	// It is confirmed on the terminal while the link is cut and the terminal dies; the centre dies before it hears of it.
	d.link.Cut()
	answer, err := http.PostForm("http://"+d.edge.Status+"/messages/"+first, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	d.edge.Kill9()
	d.centre.Kill9()
	d.centre.Restart(t)
	d.link.Mend()
	d.edge.Start(t)
	if m := until(first, "confirmed"); m.EndedBy != "page" || m.EndedAt == nil || m.DeliveredAt == nil || m.ShownAt == nil {
		t.Errorf("receipts are missing: %+v", m)
	}
	if n := lines(first); n != 1 {
		t.Errorf("the first was shown %d times", n)
	}
	if m, err := find(second); err != nil || lines(second) > 1 || (lines(second) == 0 && m.Fault == "") {
		t.Errorf("the second was shown %d times: %+v, %v", lines(second), m, err)
	}
}
