package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/shared/strict"
)

const sampleFile = "../../../deploy/central.yml"

func TestSampleHasEveryKeyWithItsDefault(t *testing.T) {
	text, err := os.ReadFile(sampleFile)
	if err != nil {
		t.Fatal(err)
	}
	sample := Default()
	tree, err := strict.Decode(sampleFile, text, &sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range strict.Keys(&sample) {
		last := key[strings.LastIndex(key, ".")+1:]
		if at := tree.Line(key); !strings.Contains(strings.Split(string(text), "\n")[at-1], last+":") {
			t.Errorf("%s lacks %s", sampleFile, key)
		}
	}
	want := Default()
	want.HTTP.TrustedProxies, want.MQTT.Names, want.Video.PublicIPs = []string{}, []string{}, []string{}
	if !reflect.DeepEqual(sample, want) {
		t.Errorf("the sample does not show the defaults:\ngot  %+v\nwant %+v", sample, want)
	}
}

func TestBadFileStopsWithFileAndLine(t *testing.T) {
	dir := t.TempDir()
	usable := "data: " + dir + "\nfirmware_configs: " + dir + "\nbasemap: " + dir + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", usable + "htpp:\n  listen: :1\n", "central.yml:4: key htpp is unknown"},
		{"wrong type", usable + "http:\n  listen: [1]\n", "central.yml:5: cannot unmarshal"},
		{"wrong bool", usable + "demo: maybe\n", "central.yml:4: cannot unmarshal"},
		{"no network", usable + "http:\n  trusted_proxies: [proxy]\n", "central.yml:5: http.trusted_proxies: \"proxy\" is neither"},
		{"not YAML", usable + "a: b: c\n", "central.yml:4: "},
		{"unreadable certificate", usable + "http:\n  key: /nonexistent/key.pem\n  cert: /nonexistent/cert.pem\n", "central.yml:6: http.cert: read /nonexistent/cert.pem"},
		{"no such database", usable + "database:\n  driver: oracle\n", "central.yml:5: database.driver: "},
		{"plain MQTT for everybody", usable + "\nmqtt:\n  tls: ''\n  plain: 0.0.0.0:1883\n", "central.yml:7: mqtt.plain: MQTT without TLS"},
		{"metrics for everybody", usable + "metrics:\n  listen: 0.0.0.0:9090\n", "central.yml:5: metrics.listen: it has no login"},
		{"no port", usable + "http:\n  listen: localhost\n", "central.yml:5: http.listen: "},
		{"negative retention", usable + "telemetry:\n  keep_readings_days: -1\n", "central.yml:5: telemetry.keep_readings_days: must be 0 to 36500"},
		{"roll-ups shorter than readings", usable + "telemetry:\n  keep_readings_days: 9\n  keep_rollups_days: 8\n", "central.yml:6: telemetry.keep_rollups_days: "},
		{"no such broker", usable + "mqtt:\n  engine: emqx\n", "central.yml:5: mqtt.engine: "},
		{"a broker over the network without TLS", usable + "mqtt:\n  engine: external\n  external:\n    url: tcp://10.0.0.5:1883\n", "central.yml:7: mqtt.external.url: MQTT without TLS"},
		{"a broker's password that is not there", usable + "mqtt:\n  engine: external\n  external:\n    url: ssl://b:8883\n    password_file: /nonexistent\n", "central.yml:8: mqtt.external.password_file: open /nonexistent"},
		{"a key of programs, and none needed", usable + "releases:\n  unsigned: true\n  key: VdGykxU1JYmzOBWWYzLzJ7hCVlE9jCHOjqYbLAjlxn8=\n", "central.yml:5: releases.unsigned: leave it out, or the key"},
		{"no such engine", usable + "telemetry:\n  engine: influxdb\n", "central.yml:5: telemetry.engine: "},
		{"an InfluxDB without an address", usable + "telemetry:\n  engine: influx\n  influx:\n    url: influx:8086\n    bucket: b\n", "central.yml:7: telemetry.influx.url: "},
		{"an InfluxDB without a bucket", usable + "telemetry:\n  engine: influx\n  influx:\n    url: http://influx:8086\n    bucket: ''\n", "central.yml:8: telemetry.influx.bucket: "},
		{"no token", usable + "telemetry:\n  engine: influx\n  influx:\n    url: http://i:8086\n    bucket: b\n    token_file: /nonexistent\n", "central.yml:9: telemetry.influx.token_file: open /nonexistent"},
		{"no base map", "data: x\nbasemap: /nonexistent\nfirmware_configs: " + dir, "central.yml:2: basemap: open /nonexistent"},
	} {
		file := filepath.Join(t.TempDir(), "central.yml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestEnvironmentGoesOverTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "central.yml")
	text := "data: " + dir + "\nfirmware_configs: " + dir + "\nbasemap: " + dir + "\nhttp:\n  listen: 127.0.0.1:1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FENGSUI_HTTP_LISTEN", "127.0.0.1:2")
	t.Setenv("FENGSUI_DEMO", "true")
	t.Setenv("FENGSUI_MQTT_NAMES", "[a, b]")
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Listen != "127.0.0.1:2" || !c.Demo || len(c.MQTT.Names) != 2 {
		t.Errorf("got %+v", c)
	}
	t.Setenv("FENGSUI_DEMO", "perhaps")
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "FENGSUI_DEMO") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}
