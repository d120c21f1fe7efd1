package statuspage

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestPageShowsTheTerminalAndEscapesWhatOthersWrote(t *testing.T) {
	p := &Page{
		Edge: "e", Name: "<script>终端", Zone: time.UTC, Log: slog.New(slog.DiscardHandler),
		Status: func(context.Context) wire.Status {
			return wire.Status{
				State: "online", Synced: true, Backlog: wire.Backlog{Records: 42, Drain: 90}, Lost: 7, Trouble: "disk is full",
				Budget: &wire.BudgetState{Level: wire.BudgetEco, Limit: 1 << 30, Messages: 900 << 20}, Clock: &wire.ClockState{Source: "centre", Jumps: 2},
				Sensors: []wire.SensorState{{ID: "gauge", Error: "no connection", LastFault: &wire.SensorFault{Kind: "checksum", Raw: "0103ff"}}}, Cameras: []wire.CameraState{{ID: "cam", OK: true, Sending: true}},
				Outputs: []wire.OutputState{{Device: "horn", Output: "siren", Name: "警笛", On: new(true)}, {Device: "horn", Output: "lamp", Error: "no answer"}},
			}
		},
		Link: func() uplink.State { return uplink.State{Connected: true} },
		Crew: shelf(t),
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
	for path, wants := range map[string][]string{
		"/":         {"42", "gauge", "no connection", "正在发送", "没有证书", "警笛", "开", "no answer", "&lt;script&gt;终端", "0103ff", "节省", "1m30s", "disk is full"},
		"/?lang=en": {"Not yet at the centre", "sending", "no certificate", "sparing", "set by the centre", "Mobile data"},
	} {
		html := get(path)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	var v struct {
		Status wire.Status
		Link   uplink.State
	}
	if err := json.Unmarshal([]byte(get("/status.json")), &v); err != nil || v.Status.Lost != 7 || !v.Link.Connected {
		t.Errorf("got %+v, %v", v, err)
	}
	if get("/healthz") != "ok\n" {
		t.Error("healthz does not answer")
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// A name that somebody points at this machine makes its browser ask here in that somebody's name.
func TestThePageAnswersByItsAddressOnly(t *testing.T) {
	p := &Page{
		Zone: time.UTC, Log: slog.New(slog.DiscardHandler), Crew: shelf(t),
		Status: func(context.Context) wire.Status { return wire.Status{} }, Link: func() uplink.State { return uplink.State{} },
	}
	addr, err := p.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Stop(context.Background()) }()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		addr: http.StatusOK, "localhost:" + port: http.StatusOK, "LOCALHOST": http.StatusOK, "[::1]:8090": http.StatusOK, "[::1]": http.StatusOK, "192.168.1.10": http.StatusOK,
		"evil.example:" + port: http.StatusMisdirectedRequest, "evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example": http.StatusMisdirectedRequest, "localhost.evil.example:8090": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/messages", "/status.json"} {
			r, err := http.NewRequest(http.MethodGet, "http://"+addr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s%s: %s, want %d", host, path, answer.Status, want)
			}
		}
	}
}
