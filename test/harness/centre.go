package harness

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
)

// Centre is a running fengsui-central.
type Centre struct {
	*Process
	Programs Programs
	Dir      string // its own folder; the data is in Dir/data
	Config   string // central.yml
	URL      string
	Plain    string // MQTT without TLS
	TLS      string // MQTT with certificates
	Video    string
	Admin    *Client

	adminPassword string
	public        bool // beyond loopback, without TLS
}

// CentreOptions change what StartCentre does.
type CentreOptions struct {
	Names []string // further addresses in the broker's certificate
	Extra string   // more lines of central.yml
	Level string   // of the log; empty: info
	TLS   string   // where the broker listens for terminals; empty: loopback
	Host  string   // address that all listen on but the broker without TLS; empty: loopback
}

// password is the one that first users get in tests; long enough for every rule.
const password = "Test-2026-南通-fengsui"

// NewCentre writes the configuration; Boot starts it.
func NewCentre(t TB, p Programs, o CentreOptions) *Centre {
	t.Helper()
	dir := t.TempDir()
	c := &Centre{
		Programs: p, Dir: dir, Config: filepath.Join(dir, "central.yml"), URL: "http://" + testserver.FreeAddr(t),
		Plain: testserver.FreeAddr(t), TLS: testserver.FreeAddr(t), Video: testserver.FreeAddr(t),
	}
	c.Process = &Process{Name: "centre", Path: p.Central, Args: []string{"serve", "--config", c.Config}, Dir: dir}
	if o.Host != "" {
		c.public = true
		for _, at := range []*string{&c.URL, &c.TLS, &c.Video} {
			*at = strings.Replace(*at, "127.0.0.1", o.Host, 1)
		}
		o.Names = append(o.Names, o.Host)
	}
	if o.TLS != "" {
		c.TLS = o.TLS
	}
	root, err := Root()
	must(t, err, "find the repository")
	if o.Level == "" {
		o.Level = "info"
	}
	text := fmt.Sprintf(`name: 南通市应急指挥中心（演示）
name_en: Nantong Emergency Command Centre (demo)
division: "320600"
division_name: 南通市
demo: true
data: %s
firmware_configs: %s
basemap: %s
http:
  listen: %s
mqtt:
  plain: %s
  tls: %s
  names: [%s]
video:
  listen: %s
  public_ips: [127.0.0.1]
  turn: ""
log:
  level: %s
%s`, filepath.Join(dir, "data"), filepath.Join(root, "firmware-configs"), basemap(t, root, dir),
		strings.TrimPrefix(c.URL, "http://"), c.Plain, c.TLS,
		strings.Join(append([]string{"localhost", "127.0.0.1"}, o.Names...), ", "), c.Video, o.Level, o.Extra)
	must(t, os.WriteFile(c.Config, []byte(text), 0o600), "write central.yml")
	return c
}

// basemap is the folder of the base map, an empty one where it was not laid out.
func basemap(t TB, root, dir string) string {
	t.Helper()
	at := filepath.Join(root, "deploy", "basemap")
	if _, err := os.Stat(at); err == nil {
		return at
	}
	at = filepath.Join(dir, "basemap")
	must(t, os.MkdirAll(at, 0o750), "make an empty base map")
	return at
}

// StartCentre starts a centre and logs its first administrator in.
func StartCentre(t TB, p Programs, o CentreOptions) *Centre {
	t.Helper()
	c := NewCentre(t, p, o)
	c.Boot(t)
	return c
}

// Boot starts it for the first time: the one-time password is read and changed.
func (c *Centre) Boot(t TB) {
	t.Helper()
	c.Start(t)
	first := c.WaitLine(t, time.Minute, "first administrator: ")
	_, once, ok := strings.Cut(first, "password=")
	if !ok {
		t.Fatalf("no password in %q", first)
	}
	c.Ready(t)
	c.adminPassword = password
	c.Admin = NewClient(t, c.URL)
	c.Admin.Login(t, "admin", strings.TrimSpace(once), password)
}

// Ready waits until it answers.
func (c *Centre) Ready(t TB) {
	t.Helper()
	probe := NewClient(t, c.URL)
	WaitFor(t, time.Minute, "the centre is ready", func() error {
		select {
		case <-c.Ended():
			return fmt.Errorf("it ended: %s", tail(c.Stderr(), 2000))
		default:
		}
		answer, err := probe.Do(http.MethodGet, "/readyz", "", "", nil)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz answers %d", answer.StatusCode)
		}
		return nil
	})
}

// Restart starts it again after Kill9 or Stop and waits until it is ready.
func (c *Centre) Restart(t TB) {
	t.Helper()
	c.Start(t)
	c.Ready(t)
}

// LoginAs makes another client.
func (c *Centre) LoginAs(t TB, user, password string) *Client {
	t.Helper()
	client := NewClient(t, c.URL)
	client.Login(t, user, password, "")
	return client
}

// Officer makes a user on duty by command line and logs in as them.
func (c *Centre) Officer(t TB, user string) *Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte(password+"\n"), 0o600), "write password")
	Run(t, c.Programs.Central, "user", "add", user, "--name", "演示 "+user, "--role", "duty", "--password-file", file, "--config", c.Config)
	client := NewClient(t, c.URL)
	client.Login(t, user, password, password+"-2")
	return client
}

// County makes the county Rudong below the city and logs its officer on duty in.
func (c *Centre) County(t TB) (id string, officer *Client) {
	t.Helper()
	var orgs List[struct {
		ID string `json:"id"`
	}]
	must(t, c.Admin.Call(http.MethodGet, "/orgs", nil, &orgs), "list organisations")
	var made struct {
		ID string `json:"id"`
	}
	must(t, c.Admin.Call(http.MethodPost, "/orgs", map[string]string{"parent_id": orgs.Items[0].ID, "name": "如东县", "name_en": "Rudong", "division": "320623"}, &made), "make a county")
	var user struct {
		Password string `json:"password"`
	}
	must(t, c.Admin.Call(http.MethodPost, "/users", map[string]any{"username": "rudong", "name": "县值班员", "org_id": made.ID, "roles": []string{"duty"}}, &user), "make its officer")
	officer = NewClient(t, c.URL)
	officer.Login(t, "rudong", user.Password, "County-2026-fengsui")
	return made.ID, officer
}

// AdminPassword is that of the first administrator.
func (c *Centre) AdminPassword() string { return c.adminPassword }

// Stats are the counts of the telemetry store.
func (c *Centre) Stats(t TB) Stats {
	t.Helper()
	var s Stats
	must(t, c.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &s), "ask for stats")
	return s
}

// Sensor registers a simple sensor and gives its token.
func (c *Centre) Sensor(t TB, id string) string {
	t.Helper()
	var made Created
	must(t, c.Admin.Call(http.MethodPost, "/devices", map[string]any{"id": id, "kind": "sensor", "name": "演示数据 " + id, "division": "320600"}, &made), "register sensor "+id)
	if made.Token == "" {
		t.Fatalf("no token for sensor %s", id)
	}
	return made.Token
}

// EnrolFlags registers an edge by command line and gives the flags of the command that it prints.
func (c *Centre) EnrolFlags(t TB, id string) []string {
	t.Helper()
	words := strings.Fields(Run(t, c.Programs.Central, "device", "add", id, "--kind", "edge", "--config", c.Config))
	at := slices.Index(words, "enrol")
	if at < 0 || len(words) < at+5 {
		t.Fatalf("no command that enrols %s in %q", id, words)
	}
	return words[at+1:]
}

// EnrolToken registers an edge by command line and gives its one-time token.
func (c *Centre) EnrolToken(t TB, id string) string {
	t.Helper()
	flags := c.EnrolFlags(t, id)
	return flags[len(flags)-1]
}

// EnrolEdge registers an edge and has the agent with this configuration enrol.
func (c *Centre) EnrolEdge(t TB, id, config string) {
	t.Helper()
	args := []string{"enrol", "--config", config, "--server", c.URL}
	if c.public {
		args = append(args, "--insecure")
	}
	Run(t, c.Programs.Edge, append(args, c.EnrolFlags(t, id)...)...)
}

// Alarms asks for the active alarms, or all of them.
func (c *Client) Alarms(state string) ([]Alarm, error) {
	var list List[Alarm]
	err := c.Call(http.MethodGet, "/alarms?state="+state, nil, &list)
	return list.Items, err
}

// AllAlarms asks for every alarm there was, part by part.
func (c *Client) AllAlarms() ([]Alarm, error) { return all[Alarm](c, "/alarms?state=all&limit=500") }

// Steps are what happened to an alarm.
func (c *Client) Steps(alarm string) ([]Step, error) {
	var steps List[Step]
	err := c.Call(http.MethodGet, "/alarms/"+alarm+"/events", nil, &steps)
	return steps.Items, err
}

// Readings asks for every reading of a series in order of time, part by part.
func (c *Client) Readings(series string, from, to time.Time) ([]Row, error) {
	q := url.Values{"series": {series}, "limit": {"5000"}, "quality": {"all"}, "from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	return all[Row](c, "/telemetry/readings?"+q.Encode())
}

func all[T any](c *Client, path string) ([]T, error) {
	var out []T
	for after := ""; ; {
		var list List[T]
		if err := c.Call(http.MethodGet, path+"&after="+url.QueryEscape(after), nil, &list); err != nil {
			return nil, err
		}
		out = append(out, list.Items...)
		if after = list.Next; after == "" {
			return out, nil
		}
	}
}

// Device asks for one device.
func (c *Client) Device(id string) (Device, error) {
	var d Device
	err := c.Call(http.MethodGet, "/devices/"+id, nil, &d)
	return d, err
}
