package statuspage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestPageShowsTheTerminalAndEscapesWhatOthersWrote(t *testing.T) {
	p := &Page{
		Edge: "e", Name: "<script>终端", Version: "1", Log: slog.New(slog.DiscardHandler),
		Status: func(context.Context) wire.Status {
			return wire.Status{
				State: "online", Backlog: wire.Backlog{Records: 42}, Lost: 7,
				Sensors: []wire.SensorState{{ID: "gauge", Error: "no connection"}}, Cameras: []wire.CameraState{{ID: "cam", OK: true, Sending: true}},
				Outputs: []wire.OutputState{{Device: "horn", Output: "siren", Name: "警笛", On: new(true)}, {Device: "horn", Output: "lamp", Error: "no answer"}},
			}
		},
		Link:        func() any { return map[string]bool{"connected": true} },
		Certificate: func() (from, to time.Time, err error) { return from, to, errors.New("not enrolled yet") },
	}
	addr, err := p.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		t.Helper()
		answer, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, answer.Status, err)
		}
		return string(text)
	}
	html := get("/")
	for _, want := range []string{"42", "gauge", "no connection", "正在发送", "not enrolled yet", "horn / 警笛", "开 on", "未知 not known", "no answer", "&lt;script&gt;终端"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var v struct {
		Status wire.Status
		Link   map[string]bool
	}
	if err := json.Unmarshal([]byte(get("/status.json")), &v); err != nil || v.Status.Lost != 7 || !v.Link["connected"] {
		t.Errorf("got %+v, %v", v, err)
	}
	if get("/healthz") != "ok\n" {
		t.Error("healthz does not answer")
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
