package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
)

const sampleFile = "../../../deploy/edge.yml"

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
		if at := tree.Line(key); !strings.HasPrefix(strings.TrimSpace(strings.Split(string(text), "\n")[at-1]), last+":") {
			t.Errorf("%s lacks %s", sampleFile, key)
		}
	}
	for list, of := range map[string]reflect.Type{"serial": reflect.TypeFor[Serial](), "sensors": reflect.TypeFor[Sensor](), "cameras": reflect.TypeFor[Camera](), "encoders": reflect.TypeFor[Encoder]()} {
		before, _, _ := strings.Cut(string(text), "\n"+list+": []")
		example := before[strings.LastIndex(before, "\n\n"):]
		for field := range of.Fields() {
			if key := field.Tag.Get("yaml"); !strings.Contains(example, " "+key+": ") {
				t.Errorf("the example of %s lacks %s", list, key)
			}
		}
	}
	want := Default()
	want.Serial, want.Sensors, want.Cameras = []Serial{}, []Sensor{}, []Camera{}
	want.Diagnose.SignalCommand, want.Ring.Cameras, want.Speaker.Command, want.Recorder.Command = []string{}, []string{}, []string{}, []string{}
	want.Crew.Show, want.Crew.Speak = []string{}, []string{}
	want.Encoders = []Encoder{}
	if !reflect.DeepEqual(sample, want) {
		t.Errorf("the sample does not show the defaults:\ngot  %+v\nwant %+v", sample, want)
	}
}

func usable(dir string) string {
	return "id: e\nrules: none\nfirmware_configs: " + dir + "\ndata: " + dir + "\ncentre:\n  url: http://127.0.0.1:8080\n"
}

func TestBadFileStopsWithFileAndLine(t *testing.T) {
	dir := t.TempDir()
	base := usable(dir) // six lines
	sensor := base + "sensors:\n  - {id: a, profile: p, address: 127.0.0.1:1}\n"
	for _, c := range []struct{ name, text, want string }{
		{"local camera without an encoder", base + "cameras:\n  - {id: car, rtsp: 'local:'}\n", "edge.yml:8: cameras.0.rtsp: local: is a camera of the terminal itself"},
		{"local camera with a loudspeaker", base + "cameras:\n  - {id: car, rtsp: 'local:', speaker: true}\nencoders:\n  - {camera: car, file: x.h264}\n", "edge.yml:8: cameras.0.speaker: a camera of the terminal itself"},
		{"encoder of two sources", base + "encoders:\n  - {camera: car, device: /dev/video0, file: x.h264}\n", "edge.yml:8: encoders.0.command: one of"},
		{"small picture of another kind", base + "encoders:\n  - {camera: car, file: x.h264, sub: {command: [x]}}\n", "edge.yml:8: encoders.0.sub.file: is a file"},
		{"small picture of a device by a program", base + "encoders:\n  - {camera: car, device: /dev/video0, kbps: [500], sub: {command: [x]}}\n", "edge.yml:8: encoders.0.sub.command: leave it out"},
		{"small picture that is large", base + "encoders:\n  - {camera: car, device: /dev/video0, kbps: [500], sub: {width: 1280, height: 720, kbps: 100}}\n", "edge.yml:8: encoders.0.sub.width: "},
		{"small picture without a rate", base + "encoders:\n  - {camera: car, device: /dev/video0, kbps: [500], sub: {width: 640, height: 360}}\n", "edge.yml:8: encoders.0.sub.kbps: "},
		{"device twice", base + "encoders:\n  - {camera: car, device: /dev/video0, kbps: [500, 200], twice: true}\n", "edge.yml:8: encoders.0.twice: "},
		{"local camera with the address of a small picture", base + "cameras:\n  - {id: car, rtsp: 'local:', rtsp_sub: 'rtsp://x/y'}\nencoders:\n  - {camera: car, file: x.h264}\n", "edge.yml:8: cameras.0.rtsp_sub: a camera of the terminal itself"},
		{"encoder of nothing", base + "encoders:\n  - {camera: car}\n", "edge.yml:8: encoders.0.command: one of"},
		{"encoder with rising rates", base + "encoders:\n  - {camera: car, device: /dev/video0, kbps: [500, 1000]}\n", "edge.yml:8: encoders.0.kbps: are 50 to 20000"},
		{"encoder that cannot follow", base + "encoders:\n  - {camera: car, command: [x], kbps: [500, 100]}\n", "edge.yml:8: encoders.0.command: has no {kbps}"},
		{"device in a folder", base + "encoders:\n  - {camera: car, device: video0, kbps: [500]}\n", "edge.yml:8: encoders.0.device: "},
		{"serial line twice", base + "serial:\n  - {port: /dev/ttyS1}\n  - {port: /dev/ttyS1}\n", "edge.yml:9: serial.1.port: /dev/ttyS1 is set twice"},
		{"parity", base + "serial:\n  - {port: /dev/ttyS1, parity: some}\n", "edge.yml:8: serial.0.parity: "},
		{"secret that is not there", base + "sensors:\n  - {id: a, profile: p, address: ':9001', secret_file: none}\n", "edge.yml:8: sensors.0.secret_file: "},
		{"unknown key", base + "sensor: []\n", "edge.yml:7: key sensor is unknown"},
		{"unknown key of a sensor", sensor + "  - {id: b, profil: p}\n", "edge.yml:9: key profil is unknown"},
		{"wrong type", base + "demo: perhaps\n", "edge.yml:7: cannot unmarshal"},
		{"wrong duration", base + "outbox:\n  grace: long\n", "edge.yml:8: cannot unmarshal"},
		{"not YAML", base + "a: b: c\n", "edge.yml:7: "},
		{"two documents", base + "---\nid: f\n", "more than one document"},
		{"no id", strings.Replace(base, "id: e", "id: E!", 1), "edge.yml:1: id: "},
		{"no centre", strings.Replace(base, "http://", "", 1), "edge.yml:6: centre.url: "},
		{"tokens in the clear", strings.Replace(base, "http://127.0.0.1", "http://10.0.0.1", 1), "edge.yml:6: centre.url: http://10.0.0.1:8080 has no TLS"},
		{"plain MQTT over the network", base + "  mqtt: 10.0.0.1:1883\n  plain: true\n", "edge.yml:8: centre.plain: "},
		{"certificate without key", base + "  cert: /x\n", "edge.yml:7: centre.cert: "},
		{"unreadable certificate", base + "  mqtt: a:1\n  ca: /nonexistent/ca\n  cert: /nonexistent/c\n  key: /nonexistent/k\n", "edge.yml:8: centre.ca: read /nonexistent/ca"},
		{"no profile", sensor + "  - {id: b, address: 127.0.0.1:1}\n", "edge.yml:9: sensors.1.profile: "},
		{"id twice", sensor + "  - {id: a, profile: p, address: 127.0.0.1:1}\n", "edge.yml:9: sensors.1.id: a is used twice"},
		{"no port", sensor + "  - {id: b, profile: p, address: localhost}\n", "edge.yml:9: sensors.1.address: "},
		{"nowhere", base + "place: {lon: 190, lat: 1}\n", "edge.yml:7: place: "},
		{"password in the address", base + "cameras:\n  - {id: c, rtsp: 'rtsp://u:p@h/1'}\n", "edge.yml:8: cameras.0.rtsp: leave user"},
		{"no password file", base + "cameras:\n  - {id: c, rtsp: 'rtsp://h/1', password_file: /nonexistent/p}\n", "edge.yml:8: cameras.0.password_file: open"},
		{"page of no zone", base + "status:\n  zone: Nowhere/There\n", "edge.yml:8: status.zone: "},
		{"page for everybody", base + "status:\n  listen: 0.0.0.0:80\n", "edge.yml:8: status.listen: "},
		{"no folder of profiles", base + "rules: none\n", "already defined"},
		{"no folder of profiles at the usual place", strings.Replace(base, "firmware_configs: "+dir+"\n", "", 1), "edge.yml: firmware_configs is not in the file, and its default cannot be used: open /usr/share/fengsui-edge/firmware-configs"},
		{"no folder of rules beside the profiles", strings.Replace(base, "rules: none\n", "", 1), "edge.yml: rules is not in the file, and its default cannot be used: open " + dir},
		{"quota", base + "outbox:\n  telemetry_mb: 0\n", "edge.yml:8: outbox.telemetry_mb: "},
	} {
		file := filepath.Join(t.TempDir(), "edge.yml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPasswordOfACameraIsNotInTheError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "edge.yml")
	text := usable(t.TempDir()) + "cameras:\n  - {id: c, rtsp: 'rtsp://u:geheim@h:x/1'}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v", err)
	}
}

func TestAnAddressWithoutTLSIsTakenWhenTheFileSaysSo(t *testing.T) {
	for url, want := range map[string]bool{
		"https://centre.example": true, "http://localhost:8080": true, "http://[::1]:8080": true, "http://127.9.9.9": true,
		"http://localhost.evil.example": false, "http://0.0.0.0": false, "ftp://127.0.0.1": false, "http://": false,
	} {
		if err := (Centre{URL: url}).Safe(); (err == nil) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := (Centre{URL: "http://10.0.0.1:8080", Insecure: true}).Safe(); err != nil {
		t.Error(err)
	}
}

func TestEnvironmentGoesOverTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "edge.yml")
	if err := os.WriteFile(file, []byte(usable(dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FENGSUI_EDGE_CENTRE_URL", "https://centre:1")
	t.Setenv("FENGSUI_EDGE_OUTBOX_GRACE", "1h")
	t.Setenv("FENGSUI_EDGE_PLACE", "{lon: 120.9, lat: 32.5}")
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Centre.URL != "https://centre:1" || c.Outbox.Grace != time.Hour || c.Place == nil || c.Place.Lat != 32.5 {
		t.Errorf("got %+v", c)
	}
	t.Setenv("FENGSUI_EDGE_PLACE", "{lng: 1}")
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "FENGSUI_EDGE_PLACE") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}

func TestRelativePathsAreMeantFromTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "edge.yml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(usable("."), "data: .", "data: d")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil || c.Data != filepath.Join(dir, "d") || c.FirmwareConfigs != dir {
		t.Errorf("got %q, %q, %v", c.Data, c.FirmwareConfigs, err)
	}
}

// A terminal records its cameras unless told otherwise, but runs no encoder day and night for it unasked.
func TestWhichCamerasTheTerminalRecords(t *testing.T) {
	for _, one := range []struct {
		quota            int
		named            []string
		street, own, far bool
	}{
		{Default().Ring.QuotaMB, nil, true, false, true},
		{64, []string{"own", "far"}, false, true, true},
		{0, nil, false, false, false},
		{0, []string{"street"}, false, false, false},
	} {
		c := Config{Ring: Ring{QuotaMB: one.quota, Cameras: one.named}, Encoders: []Encoder{{Camera: "own"}}}
		if c.Records("street") != one.street || c.Records("own") != one.own || c.Records("far") != one.far {
			t.Errorf("%d MB of %v: %v %v %v", one.quota, one.named, c.Records("street"), c.Records("own"), c.Records("far"))
		}
	}
}
