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

	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/wire"
)

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
	if c.Recording.Preroll < 0 || c.Recording.Preroll > 600 {
		return strict.Bad("recording.preroll_seconds", "must be 0 to 600")
	}
	if c.Field.PlaceDays < 0 || c.Field.PlaceDays > 36_500 {
		return strict.Bad("field.place_days", "must be 0 to 36500")
	}
	if c.Recording.ClipDays < 1 || c.Recording.ClipDays > 365 {
		return strict.Bad("recording.clip_days", "must be 1 to 365")
	}
	if c.Recording.Incidents != "opening" && c.Recording.Incidents != "response" {
		return strict.Bad("recording.incidents", "must be opening or response")
	}
	if !(c.Recording.Near >= 0 && c.Recording.Near <= 50) {
		return strict.Bad("recording.near_km", "must be 0 to 50")
	}
	if c.Recording.NearMost < 1 || c.Recording.NearMost > 16 {
		return strict.Bad("recording.near_most", "must be 1 to 16")
	}
	if !(c.Recording.AlarmNear >= 0 && c.Recording.AlarmNear <= 50_000) {
		return strict.Bad("recording.alarm_near_m", "must be 0 to 50000")
	}
	if c.Recording.AlarmPictures < 0 || c.Recording.AlarmPictures > 16 {
		return strict.Bad("recording.alarm_pictures", "must be 0 to 16")
	}
	if len(c.Recording.Watermark) > 200 {
		return strict.Bad("recording.watermark", "at most 200 bytes")
	}
	if err := c.Recording.Bucket.check(); err != nil {
		return err
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
