package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

const chosen = "Correct-horse-7"

// centre is a whole server on a real port with accounts, audit and the live view.
type centre struct {
	t        *testing.T
	server   *Server
	accounts *account.Service
	bus      *event.Bus
	url      string
	once     string // the first administrator's one-time password
	devices  []device.Device
}

func newCentre(t *testing.T, devices ...device.Device) *centre {
	t.Helper()
	return newCentreWith(t, func(*Server) {}, devices...)
}

// newCentreWith has further routes.
func newCentreWith(t *testing.T, more func(*Server), devices ...device.Device) *centre {
	t.Helper()
	db := storetest.SQLite(t)
	record := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	bus := event.NewBus(record)
	kept := store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	if err != nil {
		t.Fatal(err)
	}
	once, err := accounts.EnsureFirst(actor.WithSystem(t.Context(), "start"), account.First{OrgName: "南通市应急管理局", OrgNameEN: "Nantong", Division: "320600"})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{
		Listen: "127.0.0.1:0", Identity: accounts, About: About{Name: "演示", Version: "1"},
		Console: fstest.MapFS{"index.html": {Data: []byte("<title>烽燧</title>")}, "assets/a-1.js": {Data: []byte("1")}},
		Ready:   map[string]func(context.Context) error{"database": db.Ready},
		Metrics: prometheus.NewRegistry(),
	})
	c := &centre{t: t, server: s, accounts: accounts, bus: bus, once: once, devices: devices}
	RegisterAccounts(s, accounts)
	RegisterAudit(s, record)
	RegisterDuty(s, duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: accounts, Events: bus}))
	RegisterLive(s, LiveSources{
		Events:  bus,
		Windows: func(context.Context) ([]maintenance.Window, error) { return nil, nil },
		Unkept:  func() bool { return false },
		Health: func(context.Context) (telemetry.Health, error) {
			return telemetry.Health{State: telemetry.Healthy, Since: time.Now()}, nil
		},
		Devices: func(ctx context.Context) ([]device.Device, error) {
			a, err := actor.Require(ctx, actor.DeviceRead)
			var out []device.Device
			for _, d := range c.devices {
				if a.Sees(d.Division) {
					out = append(out, d)
				}
			}
			return out, err
		},
		Latest:  func(context.Context) ([]telemetry.Latest, error) { return nil, nil },
		Alarms:  func(context.Context) ([]telemetry.Alarm, error) { return nil, nil },
		Streams: func(context.Context) ([]video.Stream, error) { return nil, nil },
	})
	more(s)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	c.url = "http://" + s.Addr().String()
	return c
}

// browser keeps cookies and sends Origin as browsers do.
type browser struct {
	c      *centre
	client *http.Client
	origin string
	token  string // an API token instead of cookies
}

func (c *centre) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return &browser{c: c, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, origin: c.url}
}

// call sends a request and decodes the answer into out; it returns the status and, of a problem, the code.
func (b *browser) call(method, path string, in, out any) (int, string) {
	b.c.t.Helper()
	status, text := b.raw(method, path, in)
	if status >= 400 {
		var p Problem
		if err := json.Unmarshal(text, &p); err != nil || p.Status != status || p.RequestID == "" {
			b.c.t.Errorf("%s %s: %d with %q, which is no whole problem", method, path, status, text)
		}
		return status, p.Code
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			b.c.t.Fatalf("%s %s: %v in %q", method, path, err, text)
		}
	}
	return status, ""
}

func (b *browser) raw(method, path string, in any) (int, []byte) {
	b.c.t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		b.c.t.Fatal(err)
	}
	if in == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(b.c.t.Context(), method, b.c.url+path, bytes.NewReader(text))
	if err != nil {
		b.c.t.Fatal(err)
	}
	if len(text) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.origin != "" {
		req.Header.Set("Origin", b.origin)
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.c.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		b.c.t.Fatal(err)
	}
	if res.StatusCode >= 400 && res.Header.Get("Content-Type") != problemType {
		b.c.t.Errorf("%s %s: %d is %q, want a problem", method, path, res.StatusCode, res.Header.Get("Content-Type"))
	}
	return res.StatusCode, text
}

func (b *browser) want(status int, code, method, path string, in, out any) {
	b.c.t.Helper()
	if got, gotCode := b.call(method, path, in, out); got != status || gotCode != code {
		b.c.t.Errorf("%s %s = %d %q, want %d %q", method, path, got, gotCode, status, code)
	}
}

func (b *browser) cookie() string {
	req, err := http.NewRequestWithContext(b.c.t.Context(), http.MethodGet, b.c.url, nil)
	if err != nil {
		b.c.t.Fatal(err)
	}
	for _, k := range b.client.Jar.Cookies(req.URL) {
		if k.Name == sessionCookie {
			return k.Value
		}
	}
	return ""
}

func login(username, password string) map[string]string {
	return map[string]string{"username": username, "password": password}
}

// admin is a browser of the first administrator with a password of their own.
func (c *centre) admin() *browser {
	c.t.Helper()
	b := c.browser()
	b.want(200, "", http.MethodPost, "/api/v1/session", login("admin", c.once), nil)
	b.want(200, "", http.MethodPost, "/api/v1/session/password", map[string]string{"old": c.once, "new": chosen}, nil)
	return b
}

// user makes a user in an organisation of a division and returns their browser.
func (c *centre) user(admin *browser, username, division, role string) (*browser, account.User) {
	c.t.Helper()
	var orgs struct{ Items []account.Org }
	admin.want(200, "", http.MethodGet, "/api/v1/orgs", nil, &orgs)
	org := orgs.Items[0]
	if division != org.Division {
		admin.want(201, "", http.MethodPost, "/api/v1/orgs", map[string]string{"parent_id": org.ID, "name": division, "division": division}, &org)
	}
	var made newUser
	admin.want(201, "", http.MethodPost, "/api/v1/users", map[string]any{"username": username, "name": username, "org_id": org.ID, "roles": []string{role}}, &made)
	b := c.browser()
	b.want(200, "", http.MethodPost, "/api/v1/session", login(username, made.Password), nil)
	b.want(200, "", http.MethodPost, "/api/v1/session/password", map[string]string{"old": made.Password, "new": chosen}, nil)
	return b, made.User
}

func TestFirstAdministratorMustChangeTheOneTimePasswordBeforeAnythingElse(t *testing.T) {
	c := newCentre(t)
	b := c.browser()
	b.want(401, "auth.required", http.MethodGet, "/api/v1/session", nil, nil)
	var s sessionView
	b.want(200, "", http.MethodPost, "/api/v1/session", login("admin", c.once), &s)
	if !s.MustChangePassword || len(s.Permissions) != 0 {
		t.Errorf("after the first login: %+v, want no permission", s)
	}
	b.want(403, "auth.denied", http.MethodGet, "/api/v1/users", nil, nil)
	b.want(422, "account.password_length", http.MethodPost, "/api/v1/session/password", map[string]string{"old": c.once, "new": "Short-1"}, nil)
	b.want(422, "account.password_kinds", http.MethodPost, "/api/v1/session/password", map[string]string{"old": c.once, "new": "allsmallletters"}, nil)
	b.want(422, "account.wrong_old_password", http.MethodPost, "/api/v1/session/password", map[string]string{"old": "x", "new": chosen}, nil)
	before := b.cookie()
	b.want(200, "", http.MethodPost, "/api/v1/session/password", map[string]string{"old": c.once, "new": chosen}, &s)
	if s.MustChangePassword || len(s.Permissions) == 0 || b.cookie() == before {
		t.Errorf("after the change: %+v, same token %v", s, b.cookie() == before)
	}
	b.want(200, "", http.MethodGet, "/api/v1/users", nil, nil)
	b.want(204, "", http.MethodDelete, "/api/v1/session", nil, nil)
	b.want(401, "auth.required", http.MethodGet, "/api/v1/users", nil, nil)
}

func TestLoginGivesANewTokenAndEndsTheOneItCameWith(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	old := b.cookie()
	b.want(200, "", http.MethodPost, "/api/v1/session", login("admin", chosen), nil)
	if b.cookie() == old {
		t.Error("login kept the token")
	}
	if _, err := c.accounts.Check(t.Context(), old); err == nil {
		t.Error("the old session still stands")
	}
	// A token that somebody planted is never taken over.
	planted := c.browser()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	planted.client.Jar.SetCookies(req.URL, []*http.Cookie{{Name: sessionCookie, Value: "planted", Path: "/"}})
	planted.want(200, "", http.MethodPost, "/api/v1/session", login("admin", chosen), nil)
	if planted.cookie() == "planted" {
		t.Error("login took over a planted token")
	}
}

func TestGuessingIsLockedForKnownAndUnknownNamesAlike(t *testing.T) {
	c := newCentre(t)
	c.admin()
	for _, name := range []string{"admin", "nobody"} {
		b := c.browser()
		for range account.LockAfter - 1 {
			b.want(401, "account.wrong_password", http.MethodPost, "/api/v1/session", login(name, "guess"), nil)
		}
		b.want(403, "account.locked", http.MethodPost, "/api/v1/session", login(name, "guess"), nil)
		b.want(403, "account.locked", http.MethodPost, "/api/v1/session", login(name, chosen), nil)
	}
}

func TestFloodOfLoginsFromOneAddressIsSlowed(t *testing.T) {
	g := newGate(time.Second, 3, "", "")
	at := time.Unix(1000, 0)
	for i, want := range []bool{true, true, true, false} {
		if wait, _ := g.pass("a", at); (wait == 0) != want {
			t.Errorf("attempt %d waits %s, want to pass: %v", i, wait, want)
		}
	}
	again := func(addr string, at time.Time) time.Duration {
		wait, _ := g.pass(addr, at)
		return wait
	}
	if again("b", at) > 0 || again("a", at.Add(time.Second)) > 0 {
		t.Error("another address or a second later must pass")
	}
	for range 3 {
		if wait, back := g.pass("2001:db8::1", at); wait > 0 {
			t.Error("a first attempt must pass")
		} else {
			back()
		}
	}
	for i := range 3 {
		again("2001:db8::"+string(rune('2'+i)), at)
	}
	if wait := again("2001:db8::ff", at); wait <= 0 || wait > time.Second {
		t.Errorf("a network of IPv6 is one address, and what was taken back did not count: it waits %s", wait)
	}
}

func TestRequestsFromAnotherSiteAreRefused(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	for _, origin := range []string{"https://evil.example", "null", ""} {
		b.origin = origin
		b.want(403, "auth.origin", http.MethodPost, "/api/v1/orgs", map[string]string{}, nil)
		b.want(200, "", http.MethodGet, "/api/v1/orgs", nil, nil)
	}
	stranger := c.browser()
	stranger.origin = "https://evil.example"
	stranger.want(403, "auth.origin", http.MethodPost, "/api/v1/session", login("admin", chosen), nil)
}

func TestCountyAdministratorStaysInTheCountyAndTheLastAdministratorStays(t *testing.T) {
	c := newCentre(t)
	city := c.admin()
	county, rudong := c.user(city, "rudong", "320623", account.RoleAdmin)
	_, qidong := c.user(city, "qidong", "320681", account.RoleDuty)
	var list struct{ Items []account.User }
	county.want(200, "", http.MethodGet, "/api/v1/users", nil, &list)
	if len(list.Items) != 1 || list.Items[0].ID != rudong.ID {
		t.Errorf("county sees %d users", len(list.Items))
	}
	county.want(404, "account.not_found", http.MethodPatch, "/api/v1/users/"+qidong.ID, map[string]any{"disabled": true}, nil)
	county.want(404, "account.not_found", http.MethodPost, "/api/v1/users/"+qidong.ID+"/password", nil, nil)
	county.want(422, "account.org", http.MethodPost, "/api/v1/users",
		map[string]any{"username": "spy", "name": "spy", "org_id": qidong.OrgID, "roles": []string{"duty"}}, nil)
	county.want(409, "account.self", http.MethodPatch, "/api/v1/users/"+rudong.ID, map[string]any{"disabled": true}, nil)

	var me sessionView
	city.want(200, "", http.MethodGet, "/api/v1/session", nil, &me)
	city.want(409, "account.last_admin", http.MethodPatch, "/api/v1/users/"+me.User.ID, map[string]any{"roles": []string{"duty"}}, nil)
	city.want(422, "request.invalid", http.MethodPatch, "/api/v1/users/"+me.User.ID, map[string]any{"hash": "x"}, nil)
	city.want(409, "account.username_taken", http.MethodPost, "/api/v1/users",
		map[string]any{"username": "Rudong", "name": "x", "org_id": me.User.OrgID, "roles": []string{"duty"}}, nil)

	city.want(200, "", http.MethodPatch, "/api/v1/users/"+rudong.ID, map[string]any{"disabled": true}, nil)
	county.want(401, "auth.required", http.MethodGet, "/api/v1/users", nil, nil)
	county.want(401, "account.wrong_password", http.MethodPost, "/api/v1/session", login("rudong", chosen), nil)
}

func TestAPITokenActsAsItsUserUntilItIsRevoked(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	var me sessionView
	b.want(200, "", http.MethodGet, "/api/v1/session", nil, &me)
	var made newToken
	path := "/api/v1/users/" + me.User.ID + "/tokens"
	b.want(201, "", http.MethodPost, path, map[string]string{"name": "backup"}, &made)
	if !strings.HasPrefix(made.Text, account.TokenPrefix) {
		t.Fatalf("token = %q", made.Text)
	}
	script := c.browser()
	script.token, script.origin = made.Text, ""
	script.want(200, "", http.MethodGet, "/api/v1/users", nil, nil)
	script.want(403, "account.needs_session", http.MethodPost, "/api/v1/session/password", map[string]string{"old": chosen, "new": chosen + "x"}, nil)
	b.want(204, "", http.MethodDelete, path+"/"+made.ID, nil, nil)
	script.want(401, "account.session_ended", http.MethodGet, "/api/v1/users", nil, nil)
	status, text := b.raw(http.MethodGet, "/api/v1/audit?limit=500", nil)
	if status != 200 || strings.Contains(string(text), made.Text) || strings.Contains(string(text), chosen) || !strings.Contains(string(text), "account.token_revoked") {
		t.Errorf("audit: %d, %s", status, text)
	}
	var part page.List[auditView]
	if b.want(200, "", http.MethodGet, "/api/v1/audit?limit=1", nil, &part); len(part.Items) != 1 || part.Next == "" {
		t.Errorf("one entry of the audit: %d, next %q", len(part.Items), part.Next)
	}
	var report audit.Report
	if b.want(200, "", http.MethodGet, "/api/v1/audit/verify", nil, &report); !report.Sound || report.Entries == 0 {
		t.Errorf("verify = %+v", report)
	}
}

func TestExportIsAWorkbookWithoutFormulas(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	var me sessionView
	b.want(200, "", http.MethodGet, "/api/v1/session", nil, &me)
	name := `=HYPERLINK("http://evil.example","x")`
	b.want(200, "", http.MethodPatch, "/api/v1/users/"+me.User.ID, map[string]any{"name": name}, nil)
	status, text := b.raw(http.MethodGet, "/api/v1/users/export.xlsx", nil)
	if status != 200 {
		t.Fatalf("export = %d", status)
	}
	book, err := excelize.OpenReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	formula, _ := book.GetCellFormula("用户", "B2")
	value, _ := book.GetCellValue("用户", "B2")
	if formula != "" || value != name {
		t.Errorf("cell B2: formula %q, value %q", formula, value)
	}
}
