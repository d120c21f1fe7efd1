// Package config reads central.yml. The centre's main and the command line use it. Rule that must never
// break: a key that is unknown, of a wrong type or points to an unreadable file stops the start with the
// file and the line; nothing is guessed.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

// Config is central.yml. deploy/central.yml shows every key with its default.
type Config struct {
	Name            string    `yaml:"name"`
	NameEN          string    `yaml:"name_en"`
	Division        string    `yaml:"division"`
	DivisionName    string    `yaml:"division_name"`
	Demo            bool      `yaml:"demo"`
	Data            string    `yaml:"data"`
	FirmwareConfigs string    `yaml:"firmware_configs"`
	Deadlines       string    `yaml:"deadlines"`
	Basemap         string    `yaml:"basemap"`
	Fonts           string    `yaml:"fonts"`
	HTTP            HTTP      `yaml:"http"`
	Database        Database  `yaml:"database"`
	MQTT            MQTT      `yaml:"mqtt"`
	Video           Video     `yaml:"video"`
	Recording       Recording `yaml:"recording"`
	Telemetry       Telemetry `yaml:"telemetry"`
	Releases        Releases  `yaml:"releases"`
	Channels        Channels  `yaml:"channels"`
	Metrics         Metrics   `yaml:"metrics"`
	Log             Log       `yaml:"log"`
}

// HTTP is the console, the API, WHIP and WHEP.
type HTTP struct {
	Listen         string   `yaml:"listen"`
	PublicURL      string   `yaml:"public_url"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	Cert           string   `yaml:"cert"`
	Key            string   `yaml:"key"`
}

// Database is where everything but telemetry is kept.
type Database struct {
	Driver  string `yaml:"driver"`
	URLFile string `yaml:"url_file"`
}

// MQTT is the broker.
type MQTT struct {
	Engine   string   `yaml:"engine"`
	External External `yaml:"external"`
	Plain    string   `yaml:"plain"`
	TLS      string   `yaml:"tls"`
	Names    []string `yaml:"names"`
}

// External is an existing broker.
type External struct {
	URL          string `yaml:"url"`
	ClientID     string `yaml:"client_id"`
	CA           string `yaml:"ca"`
	Cert         string `yaml:"cert"`
	Key          string `yaml:"key"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	CRL          string `yaml:"crl"`
}

// Video is the forwarding of pictures.
type Video struct {
	Listen    string   `yaml:"listen"`
	PublicIPs []string `yaml:"public_ips"`
	TURN      string   `yaml:"turn"` // relay for whoever does not reach Listen; empty: none
}

// Recording is where pictures are kept, and how much.
type Recording struct {
	Dir     string `yaml:"dir"`
	Quota   int    `yaml:"quota_gb"`
	Reserve int    `yaml:"reserve_mb"`
}

// Telemetry is where readings are kept.
type Telemetry struct {
	Engine       string `yaml:"engine"`
	Influx       Influx `yaml:"influx"`
	SealAfter    int    `yaml:"seal_after_minutes"`
	KeepReadings int    `yaml:"keep_readings_days"`
	KeepRollups  int    `yaml:"keep_rollups_days"`
	Reserve      int    `yaml:"reserve_mb"`
	ShelveMax    int    `yaml:"shelve_max_hours"`

	MaintenanceMax      int      `yaml:"maintenance_max_hours"`
	MaintenanceRepeat   int      `yaml:"maintenance_repeat_days"`
	MaintenanceBreak    int      `yaml:"maintenance_break_hours"`
	MaintenanceCritical []string `yaml:"maintenance_critical"`
	OverrideMax         int      `yaml:"override_max_hours"`
}

// Influx is an InfluxDB 2.
type Influx struct {
	URL       string `yaml:"url"`
	Org       string `yaml:"org"`
	Bucket    string `yaml:"bucket"`
	TokenFile string `yaml:"token_file"`
	CA        string `yaml:"ca"`
}

// Releases are the programs of terminals.
type Releases struct {
	Key      string `yaml:"key"`
	Unsigned bool   `yaml:"unsigned"`
}

// Channels are the ways to reach people outside the console.
type Channels struct {
	SMS  SMS  `yaml:"sms"`
	Mail Mail `yaml:"mail"`
}

// SMS is a gateway for text messages that is asked over HTTP.
type SMS struct {
	URL        string            `yaml:"url"`
	Method     string            `yaml:"method"`
	Headers    map[string]string `yaml:"headers"`
	Body       string            `yaml:"body"`
	SecretFile string            `yaml:"secret_file"`
	CA         string            `yaml:"ca"`
	Accepted   string            `yaml:"accepted"`
	Refused    string            `yaml:"refused"`
	Ref        string            `yaml:"ref"`
	PerMinute  int               `yaml:"per_minute"`
	PerDay     int               `yaml:"per_day"`
}

// Mail is a mail server.
type Mail struct {
	Server       string `yaml:"server"`
	TLS          string `yaml:"tls"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`
	CA           string `yaml:"ca"`
	PerMinute    int    `yaml:"per_minute"`
	PerDay       int    `yaml:"per_day"`
}

// Metrics is where Prometheus reads without a token.
type Metrics struct {
	Listen string `yaml:"listen"`
}

// Log is what goes to standard error.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Name:            "应急指挥中心",
		NameEN:          "Emergency Command Centre",
		Division:        "320600",
		DivisionName:    "南通市",
		Data:            "/var/lib/fengsui",
		FirmwareConfigs: "/usr/share/fengsui/firmware-configs",
		Basemap:         "/usr/share/fengsui/basemap",
		HTTP:            HTTP{Listen: ":8080"},
		Database:        Database{Driver: "sqlite"},
		MQTT:            MQTT{Engine: "embedded", External: External{ClientID: "fengsui-centre"}, Plain: "127.0.0.1:1883", TLS: ":8883"},
		Video:           Video{Listen: ":8189", TURN: ":3478"},
		Recording:       Recording{Quota: 200, Reserve: 2048},
		Telemetry:       Telemetry{Engine: "embedded", SealAfter: 10, Reserve: 256, ShelveMax: 24, MaintenanceMax: 72, MaintenanceRepeat: 366, MaintenanceBreak: 12, MaintenanceCritical: []string{"gas", "smoke"}, OverrideMax: 168},
		Channels: Channels{
			SMS:  SMS{Method: "POST", Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"mobile":{{json .To}},"content":{{json .Text}},"id":{{json .Key}}}`, PerMinute: 60, PerDay: 2000},
			Mail: Mail{TLS: "starttls", PerMinute: 60, PerDay: 2000},
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// Load reads a file over the defaults; FENGSUI_<KEY> in the environment (dots as underscores) goes over
// both. The error names file and line.
func Load(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c := Default()
	tree, err := strict.Decode(file, text, &c)
	if err != nil {
		return Config{}, err
	}
	if err := tree.Override(&c, "FENGSUI_", os.LookupEnv); err != nil {
		return Config{}, err
	}
	if err := tree.Locate(c.check()); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (c *Config) check() error {
	for _, a := range []struct {
		key, value string
		may        bool // may be empty
	}{
		{"http.listen", c.HTTP.Listen, false},
		{"mqtt.plain", c.MQTT.Plain, true},
		{"mqtt.tls", c.MQTT.TLS, true},
		{"video.listen", c.Video.Listen, true},
		{"video.turn", c.Video.TURN, true},
		{"metrics.listen", c.Metrics.Listen, true},
	} {
		if a.value == "" && a.may {
			continue
		}
		if err := address(a.value); err != nil {
			return &strict.Problem{Key: a.key, Err: err}
		}
	}
	if err := c.HTTP.checkPublic(); err != nil {
		return &strict.Problem{Key: "http.public_url", Err: err}
	}
	if host, _, _ := net.SplitHostPort(c.MQTT.Plain); c.MQTT.Plain != "" && !loopback(host) {
		return &strict.Problem{Key: "mqtt.plain", Err: errors.New("MQTT without TLS is allowed on loopback only, for example 127.0.0.1:1883")}
	}
	if host, _, _ := net.SplitHostPort(c.Metrics.Listen); c.Metrics.Listen != "" && !loopback(host) {
		return &strict.Problem{Key: "metrics.listen", Err: errors.New("it has no login and is allowed on loopback only, for example 127.0.0.1:9090; from elsewhere read /metrics of http.listen with an API token")}
	}
	switch c.MQTT.Engine {
	case "embedded":
	case "external":
		if err := c.MQTT.External.check(); err != nil {
			return err
		}
	default:
		return &strict.Problem{Key: "mqtt.engine", Err: fmt.Errorf("%q is neither embedded nor external", c.MQTT.Engine)}
	}
	if c.Releases.Key != "" {
		if _, err := wire.ReleaseKey(c.Releases.Key); err != nil {
			return &strict.Problem{Key: "releases.key", Err: err}
		}
		if c.Releases.Unsigned {
			return strict.Bad("releases.unsigned", "leave it out, or the key")
		}
	}
	if _, err := c.HTTP.Proxies(); err != nil {
		return &strict.Problem{Key: "http.trusted_proxies", Err: err}
	}
	for _, ip := range c.Video.PublicIPs {
		if net.ParseIP(ip) == nil {
			return &strict.Problem{Key: "video.public_ips", Err: fmt.Errorf("%q is not an IP address", ip)}
		}
	}
	if c.Recording.Quota < 1 || c.Recording.Quota > 1_000_000 {
		return strict.Bad("recording.quota_gb", "must be 1 to 1000000")
	}
	if c.Recording.Reserve < 0 || c.Recording.Reserve > 1_000_000 {
		return strict.Bad("recording.reserve_mb", "must be 0 to 1000000")
	}
	if c.Data == "" {
		return &strict.Problem{Key: "data", Err: errors.New("a folder is needed")}
	}
	if !geo.Division(c.Division).Valid() {
		return &strict.Problem{Key: "division", Err: fmt.Errorf("%q is not a division code (GB/T 2260)", c.Division)}
	}
	if err := c.Telemetry.check(); err != nil {
		return err
	}
	if err := c.Channels.check(); err != nil {
		return err
	}
	return c.checkFiles()
}

func (e *External) check() error {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || (u.Scheme != "tcp" && u.Scheme != "ssl") {
		return &strict.Problem{Key: "mqtt.external.url", Err: fmt.Errorf("%q is not an address like ssl://broker:8883", e.URL)}
	}
	if u.Scheme == "tcp" && !loopback(u.Hostname()) {
		return &strict.Problem{Key: "mqtt.external.url", Err: errors.New("MQTT without TLS is allowed on loopback only; use ssl://")}
	}
	if e.ClientID == "" {
		return &strict.Problem{Key: "mqtt.external.client_id", Err: errors.New("a name is needed: the broker keeps messages under it")}
	}
	if e.CRL != "" {
		if at, err := os.Stat(filepath.Dir(e.CRL)); err != nil || !at.IsDir() {
			return &strict.Problem{Key: "mqtt.external.crl", Err: fmt.Errorf("there is no folder %s", filepath.Dir(e.CRL))}
		}
	}
	if (e.Cert == "") != (e.Key == "") {
		return &strict.Problem{Key: "mqtt.external.cert", Err: errors.New("cert and key are given together or not at all")}
	}
	for _, f := range []struct{ key, file string }{{"ca", e.CA}, {"cert", e.Cert}, {"key", e.Key}, {"password_file", e.PasswordFile}} {
		if f.file == "" {
			continue
		}
		if _, err := os.ReadFile(f.file); err != nil {
			return &strict.Problem{Key: "mqtt.external." + f.key, Err: err}
		}
	}
	return nil
}

func (t *Telemetry) check() error {
	for _, n := range []struct {
		key                string
		value, least, most int
	}{
		{"seal_after_minutes", t.SealAfter, 1, 1440},
		{"keep_readings_days", t.KeepReadings, 0, 36_500},
		{"keep_rollups_days", t.KeepRollups, 0, 36_500},
		{"reserve_mb", t.Reserve, 0, 1 << 20},
		{"shelve_max_hours", t.ShelveMax, 1, 8760},
		{"maintenance_max_hours", t.MaintenanceMax, 1, 8760},
		{"maintenance_repeat_days", t.MaintenanceRepeat, 1, 3660},
		{"maintenance_break_hours", t.MaintenanceBreak, 1, 167},
		{"override_max_hours", t.OverrideMax, 1, 8760},
	} {
		if n.value < n.least || n.value > n.most {
			return &strict.Problem{Key: "telemetry." + n.key, Err: fmt.Errorf("must be %d to %d", n.least, n.most)}
		}
	}
	if t.KeepRollups > 0 && (t.KeepReadings == 0 || t.KeepRollups < t.KeepReadings) {
		return &strict.Problem{Key: "telemetry.keep_rollups_days", Err: errors.New("must be 0 or no less than keep_readings_days")}
	}
	switch t.Engine {
	case "embedded":
		return nil
	case "influx":
		return t.Influx.check()
	}
	return &strict.Problem{Key: "telemetry.engine", Err: fmt.Errorf("%q is neither embedded nor influx", t.Engine)}
}

func (i *Influx) check() error {
	if u, err := url.Parse(i.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return &strict.Problem{Key: "telemetry.influx.url", Err: fmt.Errorf("%q is not an address like https://influx:8086", i.URL)}
	}
	if i.Bucket == "" {
		return &strict.Problem{Key: "telemetry.influx.bucket", Err: errors.New("a bucket is needed")}
	}
	for _, f := range []struct{ key, file string }{{"token_file", i.TokenFile}, {"ca", i.CA}} {
		if f.file == "" {
			continue
		}
		if _, err := os.ReadFile(f.file); err != nil {
			return &strict.Problem{Key: "telemetry.influx." + f.key, Err: err}
		}
	}
	return nil
}

func (c *Config) checkFiles() error {
	switch c.Database.Driver {
	case "sqlite":
	case "postgres":
		if _, err := os.ReadFile(c.Database.URLFile); err != nil {
			return &strict.Problem{Key: "database.url_file", Err: err}
		}
	default:
		return &strict.Problem{Key: "database.driver", Err: fmt.Errorf("%q is neither sqlite nor postgres", c.Database.Driver)}
	}
	if (c.HTTP.Cert == "") != (c.HTTP.Key == "") {
		return &strict.Problem{Key: "http.cert", Err: errors.New("cert and key are given together or not at all")}
	}
	if c.HTTP.Cert != "" {
		if _, err := tlsconf.Pair(c.HTTP.Cert, c.HTTP.Key); err != nil {
			return &strict.Problem{Key: "http.cert", Err: err}
		}
	}
	for _, d := range []struct{ key, dir string }{{"firmware_configs", c.FirmwareConfigs}, {"basemap", c.Basemap}, {"deadlines", c.Deadlines}, {"fonts", c.Fonts}} {
		if d.dir == "" && (d.key == "deadlines" || d.key == "fonts") {
			continue
		}
		if _, err := os.ReadDir(d.dir); err != nil {
			return &strict.Problem{Key: d.key, Err: err}
		}
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return &strict.Problem{Key: "log.level", Err: fmt.Errorf("%q is none of debug, info, warn, error", c.Log.Level)}
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return &strict.Problem{Key: "log.format", Err: fmt.Errorf("%q is neither text nor json", c.Log.Format)}
	}
	return nil
}

// publicURL keeps anything but an origin out of a command that a person pastes into a shell.
var publicURL = regexp.MustCompile(`^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?$`)

func (h HTTP) checkPublic() error {
	if h.PublicURL != "" && !publicURL.MatchString(h.PublicURL) {
		return fmt.Errorf("%q is not an address like https://centre.example:8080, without a path", h.PublicURL)
	}
	return nil
}

// Proxies are the networks whose X-Forwarded-For is believed.
func (h HTTP) Proxies() ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(h.TrustedProxies))
	for _, one := range h.TrustedProxies {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			ip, bad := netip.ParseAddr(one)
			if bad != nil {
				return nil, fmt.Errorf("%q is neither an address like 10.0.0.5 nor a network like 10.0.0.0/24", one)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func address(a string) error {
	_, port, err := net.SplitHostPort(a)
	if err != nil {
		return fmt.Errorf("%q is not an address like 127.0.0.1:8080", a)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("port %q is not between 0 and 65535", port)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// DatabaseDSN is what store.Open takes: the file in the data folder, or the URL of PostgreSQL.
func (c *Config) DatabaseDSN() (string, error) {
	if c.Database.Driver == "sqlite" {
		return filepath.Join(c.Data, "central.db"), nil
	}
	text, err := os.ReadFile(c.Database.URLFile)
	if err != nil {
		return "", fmt.Errorf("read database url: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
