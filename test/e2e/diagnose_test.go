package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

type question struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	State      string `json:"state"`
	Error      string `json:"error"`
	Packed     int    `json:"packed"`
	AuthorName string `json:"author_name"`
	Text       string `json:"text"`
}

// asked asks the terminal and waits for the answer.
func (d *desk) asked(t *testing.T, in map[string]any) question {
	t.Helper()
	var q question
	harness.WaitFor(t, soon, "the question is taken", func() error {
		return d.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/diagnoses", in, &q)
	})
	harness.WaitFor(t, 2*soon, "the terminal answers "+q.Name, func() error {
		if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/diagnoses/"+q.ID, nil, &q); err != nil {
			return err
		}
		if q.State == "asked" {
			return fmt.Errorf("it has not")
		}
		return nil
	})
	return q
}

func TestTechnicianAsksATerminalAboutItself(t *testing.T) {
	t.Parallel()
	d := newDesk(t, counting)
	for _, c := range []struct {
		in    map[string]any
		state string
		parts []string
	}{
		{map[string]any{"name": "status"}, "answered", []string{`"state": "online"`, `"rd-level-1"`}},
		{map[string]any{"name": "log", "lines": 20}, "answered", []string{"level="}},
		{map[string]any{"name": "network"}, "answered", []string{`"name": "lo"`, `"round_trip_ms"`, `"connected": true`}},
		{map[string]any{"name": "clock"}, "answered", []string{`"source"`}},
		{map[string]any{"name": "disk"}, "answered", []string{"outbox.db", `"free"`}},
		{map[string]any{"name": "outbox"}, "answered", []string{`"window"`}},
		{map[string]any{"name": "driver", "device": "rd-level-1"}, "answered", []string{`"way": "sent"`, `"way": "came"`, `"water_level"`, `"quality": "good"`}},
		{map[string]any{"name": "goroutines"}, "answered", []string{"goroutine profile"}},
		{map[string]any{"name": "heap"}, "answered", []string{"heap profile"}},
	} {
		q := d.asked(t, c.in)
		if q.State != c.state || q.Packed > wire.MaxAnswer || q.AuthorName == "" {
			t.Errorf("%v: %+v", c.in, q)
		}
		for _, part := range c.parts {
			if !strings.Contains(q.Text, part) {
				t.Errorf("%v lacks %s:\n%.2000s", c.in, part, q.Text)
			}
		}
		t.Logf("%v: %d bytes of text, %d on the wire", c.in["name"], len(q.Text), q.Packed)
	}
	var list harness.List[question]
	if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/diagnoses", nil, &list); err != nil || len(list.Items) != 9 {
		t.Errorf("%d are kept, %v", len(list.Items), err)
	}
	// Whoever lacks the permission is refused, and so is what is not in the list.
	if err := d.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/diagnoses", map[string]any{"name": "shell"}, nil); err == nil {
		t.Error("a shell was given")
	}
	var trail harness.List[struct {
		Kind      string `json:"kind"`
		ActorName string `json:"actor_name"`
	}]
	if err := d.centre.Admin.Call(http.MethodGet, "/audit?kind=diagnose.asked", nil, &trail); err != nil || len(trail.Items) == 0 || trail.Items[0].ActorName == "" {
		t.Errorf("the trail: %+v, %v", trail, err)
	}
}
