package statuspage

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/crew"
	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/shared/wire"
)

func shelf(t *testing.T) *crew.Shelf {
	t.Helper()
	s, err := crew.New(t.Context(), crew.Options{
		Log: slog.New(slog.DiscardHandler), Dir: t.TempDir(), Now: time.Now,
		Get:  func(context.Context, string) ([]byte, error) { return nil, nil },
		Tell: func(context.Context, []wire.Event, map[string][]byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheCrewReadsAndAnswersOnThePage(t *testing.T) {
	s := shelf(t)
	now := time.Now()
	for _, id := range []string{"a", "b"} {
		m, err := json.Marshal(wire.CrewMessage{ID: id, Text: "<b>转移</b> " + id, From: "周岚", Urgent: true, Confirm: true, At: now.UnixMilli(), Until: now.Add(time.Hour).UnixMilli(), Picture: []byte{0xff, 0xd8, 0xff, 0xd9}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Take(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	zone := time.FixedZone("Pacific/Kiritimati", 14*60*60) // no machine that runs this is there
	p := &Page{Edge: "e", Name: "终端", Zone: zone, Log: slog.New(slog.DiscardHandler), Status: func(context.Context) wire.Status { return wire.Status{} }, Link: func() uplink.State { return uplink.State{} }, Crew: s}
	addr, err := p.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Stop(context.Background()) }()
	do := func(r *http.Request, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	get := func(path string) (int, string) { return do(http.NewRequest(http.MethodGet, "http://"+addr+path, nil)) }
	post := func(id, refuse, site string) int {
		r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/messages/"+id, strings.NewReader(url.Values{"refuse": {refuse}}.Encode()))
		if err == nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", site)
		}
		status, _ := do(r, err)
		return status
	}
	states := func() string {
		var out []string
		for _, m := range s.Messages() {
			out = append(out, m.ID+" "+m.State)
		}
		return strings.Join(out, ", ")
	}
	if _, text := get("/"); !strings.Contains(text, "2 条指挥中心消息待回复") || states() != "a delivered, b delivered" {
		t.Errorf("the first page: %s, %s", states(), text)
	}
	if _, text := get("/messages"); !strings.Contains(text, "有效至 "+now.Add(time.Hour).In(zone).Format("2006-01-02 15:04:05")) || !strings.Contains(text, "Pacific/Kiritimati UTC") {
		t.Errorf("the times are not those of the zone: %s", text)
	}
	if _, text := get("/messages?lang=en"); !strings.Contains(text, "&lt;b&gt;转移&lt;/b&gt; a") || !strings.Contains(text, "Understood") || !strings.Contains(text, "no link") || states() != "a shown, b shown" {
		t.Errorf("the page of messages: %s, %s", states(), text)
	}
	if status, text := get("/messages/a/picture"); status != http.StatusOK || text != "\xff\xd8\xff\xd9" {
		t.Errorf("the picture: %d, %q", status, text)
	}
	for _, path := range []string{"/messages/none/picture", "/messages/..%2f..%2foutbox/picture"} {
		if status, _ := get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status := post("a", "", "cross-site"); status != http.StatusForbidden || states() != "a shown, b shown" {
		t.Errorf("the page of somebody else: %d, %s", status, states())
	}
	if status := post("a", "nonsense", "same-origin"); status != http.StatusBadRequest {
		t.Errorf("nonsense: %d", status)
	}
	post("a", "", "same-origin")
	post("b", "blocked", "same-origin")
	if states() != "a confirmed, b refused" {
		t.Errorf("answered %s", states())
	}
}
