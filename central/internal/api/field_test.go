package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/event"
	scene "github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
)

// phoneRoom is what phones reach of a centre: links of the room beside, with what they send and their messages.
type phoneRoom struct{ *linkRoom }

// Keep implements field.Positions.
func (phoneRoom) Keep(context.Context, string, []scene.Fix, time.Time) error { return nil }

// Forget implements field.Positions.
func (phoneRoom) Forget(context.Context, []string, time.Time, func(int64) error) (int64, bool, error) {
	return 0, false, nil
}

// Held implements field.Positions.
func (phoneRoom) Held(context.Context) (map[string]bool, error) { return nil, nil }

func newPhoneRoom(t *testing.T) phoneRoom {
	t.Helper()
	r := phoneRoom{newLinkRoom(t)}
	s := api.New(api.Options{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Identity: r.who})
	bus := event.NewBus(r.record)
	api.RegisterVideo(s, r.svc)
	api.RegisterField(s, scene.New(scene.Options{Store: store.NewField(r.db), Tx: r.db, Links: r.svc, Tasks: &response.Service{}, Positions: r, Events: bus}))
	api.RegisterCrew(s, crew.New(crew.Options{Store: store.NewCrews(r.db), Tx: r.db, Devices: r.devices, Phones: r.svc, Events: bus, Log: slog.New(slog.DiscardHandler)}))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.url = "http://" + s.Addr().String()
	return r
}

// asked is one way to ask each route of phones for something that its own link may.
type asked struct{ method, path, kind, body string }

func fieldRoutes(at time.Time) map[string]asked {
	now := at.UTC().Format(time.RFC3339Nano)
	part := []byte("part")
	sum := sha256.Sum256(part)
	return map[string]asked{
		"open-field":          {http.MethodGet, "", "", ""},
		"field-wanted":        {http.MethodGet, "/wanted?was=true", "", ""},
		"enter-field":         {http.MethodPost, "/entries", "application/json", fmt.Sprintf(`{"key":"k","kind":"note","text":"x","at":%q,"sent_at":%q}`, now, now)},
		"keep-field-position": {http.MethodPost, "/positions", "application/json", fmt.Sprintf(`{"fixes":[{"at":%q,"lon":121,"lat":32}]}`, now)},
		"send-field-photo":    {http.MethodPut, fmt.Sprintf("/photos/p?at=0&size=4&sum=%s", hex.EncodeToString(sum[:])), "application/octet-stream", string(part)},
		"list-field-lines":    {http.MethodGet, "/tasks/t/lines", "", ""},
		"list-field-messages": {http.MethodGet, "/messages", "", ""},
		"tell-field-receipt":  {http.MethodPut, "/messages/m/receipt", "application/json", fmt.Sprintf(`{"state":"shown","at":%q,"sent_at":%q}`, now, now)},
		"get-field-picture":   {http.MethodGet, "/messages/m/picture", "", ""},
	}
}

// Every route of phones that the document has is asked with every token that must not open it, and with its own.
func TestOnlyItsOwnLinkOpensARouteOfPhones(t *testing.T) {
	r := newPhoneRoom(t)
	document, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	routes := fieldRoutes(time.Now())
	listed := 0
	for block := range strings.SplitSeq(string(document), "\n  /") {
		if !strings.HasPrefix(block, "api/v1/field/{stream}") {
			continue
		}
		for _, m := range regexp.MustCompile(`\n +operationId: ([a-z-]+)\n`).FindAllStringSubmatch(block, -1) {
			if listed++; routes[m[1]].method == "" {
				t.Errorf("nobody asks %s", m[1])
			}
		}
	}
	if listed != len(routes) {
		t.Fatalf("the document lists %d routes of phones, %d are asked", listed, len(routes))
	}
	own := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	other := r.share(t, "near", map[string]any{"action": "publish", "title": "另一部", "hours": 1})
	watch := r.share(t, "near", map[string]any{"action": "watch", "title": "看", "stream": own.Link.Stream, "hours": 1})
	ended := r.share(t, "near", map[string]any{"action": "publish", "title": "已停用", "stream": own.Link.Stream, "hours": 1})
	if got := r.call(t, http.MethodDelete, "/api/v1/video-links/"+ended.Link.ID, "near", "", ""); got.status != http.StatusNoContent {
		t.Fatalf("end: %d", got.status)
	}
	expired := r.share(t, "near", map[string]any{"action": "publish", "title": "早已到期", "stream": own.Link.Stream, "hours": 1})
	l := expired.Link
	l.ExpiresAt = time.Now().Add(-scene.Grace - time.Hour)
	if _, err := store.NewVideoLinks(r.db).ChangeVideoLink(t.Context(), l, time.Now()); err != nil {
		t.Fatal(err)
	}
	ask := func(a asked, token string) answered {
		t.Helper()
		return r.call(t, a.method, "/api/v1/field/"+own.Link.Stream+a.path, "near", a.kind, a.body, "Fengsui-Link", token)
	}
	for name, a := range routes {
		for which, token := range map[string]string{
			"no": "", "another link's": other.Token, "a watcher's": watch.Token, "an ended link's": ended.Token, "a cut": own.Token[:len(own.Token)-3],
			"a forged": strings.Replace(other.Token, other.Link.ID, own.Link.ID, 1), "a session's": "near", "a long": strings.Repeat("l", 512),
		} {
			if got := ask(a, token); got.status != http.StatusUnauthorized && got.status != http.StatusForbidden {
				t.Errorf("%s with %s token: %d %s", name, which, got.status, got.body)
			}
		}
		// Who has expired is told that and nothing else: the page says so itself, of messages there are none.
		got := ask(a, expired.Token)
		closed := got.status == http.StatusUnauthorized || (name == "get-field-picture" && got.status == http.StatusNotFound)
		if said := name == "open-field" && strings.Contains(got.body, `"tasks":[]`) || name == "list-field-messages" && strings.Contains(got.body, `"items":[]`); !closed && !said {
			t.Errorf("%s long after the end: %d %s", name, got.status, got.body)
		}
		if got := ask(a, own.Token); got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || got.status >= 500 {
			t.Errorf("%s with its own: %d %s", name, got.status, got.body)
		}
	}
}

// What is larger than a route takes is refused before anything is done with it, and times of no calendar in words.
func TestWhatAPhoneSendsIsBoundedInSize(t *testing.T) {
	r := newPhoneRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	routes := fieldRoutes(time.Now())
	note := func(field string, v any) asked {
		a := routes["enter-field"]
		var body map[string]any
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			t.Fatal(err)
		}
		body[field] = v
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(text)
		return a
	}
	photo := func(path, body string) asked { return asked{http.MethodPut, path, "application/octet-stream", body} }
	sum := strings.Repeat("0", 64)
	fixes := func(n int) asked {
		a := routes["keep-field-position"]
		one := strings.TrimSuffix(strings.TrimPrefix(a.body, `{"fixes":[`), `]}`)
		a.body = `{"fixes":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
		return a
	}
	for name, c := range map[string]struct {
		asked
		status int
		code   string
	}{
		"a body above 64 KiB":         {note("text", strings.Repeat("字", 30_000)), http.StatusRequestEntityTooLarge, ""},
		"a long text":                 {note("text", strings.Repeat("字", 1001)), http.StatusUnprocessableEntity, "field.text"},
		"a text just so":              {note("text", strings.Repeat("字", 1000)), http.StatusConflict, "field.no_incident"},
		"eleven pictures":             {note("photos", strings.Split(strings.Repeat("p,", 10)+"p", ",")), http.StatusUnprocessableEntity, ""},
		"a long key":                  {note("key", strings.Repeat("k", 65)), http.StatusUnprocessableEntity, ""},
		"before the calendar":         {note("at", "0000-01-01T00:00:00+23:00"), http.StatusUnprocessableEntity, "field.time"},
		"after the calendar":          {note("at", "9999-12-31T23:59:59-23:00"), http.StatusUnprocessableEntity, "field.time"},
		"sent after it":               {note("sent_at", "9999-12-31T23:59:59-23:00"), http.StatusUnprocessableEntity, "field.time"},
		"a place before the calendar": {asked{http.MethodPost, "/positions", "application/json", `{"fixes":[{"at":"0000-01-01T00:00:00+23:00","lon":121,"lat":32}]}`}, http.StatusOK, `"kept":0`},
		"201 places":                  {fixes(201), http.StatusUnprocessableEntity, ""},
		"200 places":                  {fixes(200), http.StatusOK, `"kept":200`},
		"a part above 64 KiB":         {photo("/photos/p?at=0&size=100000&sum="+sum, strings.Repeat("x", scene.MaxPart+2)), http.StatusRequestEntityTooLarge, ""},
		"a part just so":              {photo("/photos/p?at=0&size=100000&sum="+sum, strings.Repeat("x", scene.MaxPart)), http.StatusOK, `"have":65536`},
		"a picture above 1 MB":        {photo("/photos/q?at=0&size=1000001&sum="+sum, "x"), http.StatusUnprocessableEntity, "field.photo_size"},
		"a long receipt":              {asked{http.MethodPut, "/messages/m/receipt", "application/json", `{"state":"refused","why":"` + strings.Repeat("字", 5000) + `"}`}, http.StatusRequestEntityTooLarge, ""},
	} {
		if got := r.call(t, c.method, "/api/v1/field/"+link.Link.Stream+c.path, "", c.kind, c.body, "Fengsui-Link", link.Token); got.status != c.status || !strings.Contains(got.body, c.code) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// One address that asks without end is told to wait, whatever it says of where it comes from, and keeps nobody else out.
func TestOneAddressAsksOnlySoOften(t *testing.T) {
	r := newPhoneRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	elsewhere := http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}}
	defer elsewhere.CloseIdleConnections()
	for name, path := range map[string]string{"pages": "", "messages": "/messages"} {
		var over atomic.Pointer[answered]
		var sent atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for over.Load() == nil && sent.Add(1) < 20_000 {
					got := r.call(t, http.MethodGet, "/api/v1/field/"+link.Link.Stream+path, "", "", "", "Fengsui-Link", "l-x.y", "X-Forwarded-For", fmt.Sprintf("10.0.0.%d", sent.Load()%200))
					if got.status != http.StatusUnauthorized {
						over.CompareAndSwap(nil, &got)
					}
				}
			})
		}
		wg.Wait()
		got := over.Load()
		if got == nil || got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, "field.too_many") {
			t.Fatalf("%s: after %d: %+v", name, sent.Load(), got)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/api/v1/field/"+link.Link.Stream+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Fengsui-Link", link.Token)
		answer, err := elsewhere.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s, another address: %s", name, answer.Status)
		}
	}
}
