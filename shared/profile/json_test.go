package profile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestMessageIsReadByItsPointers(t *testing.T) {
	high := 20.0
	j := &JSON{
		Time: &JSONTime{At: "/t", Form: Beijing}, Urgent: "/state/alarm",
		Fields: []JSONField{
			{Property: "water_level", At: "/data/0/level", Scale: 0.001, Max: &high, Invalid: []float64{-9999}},
			{Property: "temperature", At: "/data/0/a~1b", Scale: 1, Offset: -40},
			{Property: "rain", At: "/open", Scale: 1},
		},
	}
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).UnixMilli()
	for _, c := range []struct {
		name, text string
		want       []Observation
		urgent     bool
	}{
		{"all", `{"t":"2026-11-24 08:00:00","data":[{"level":4120,"a/b":"65"}],"open":true,"state":{"alarm":1}}`, []Observation{{"water_level", 4.12, wire.Good, at}, {"temperature", 25, wire.Good, at}, {"rain", 1, wire.Good, at}}, true},
		{"some", `{"t":"2026-11-24 08:00:00","data":[{"level":null}],"open":false,"state":{"alarm":false}}`, []Observation{{"rain", 0, wire.Good, at}}, false},
		{"no value", `{"t":"2026-11-24 08:00:00","data":[{"level":-9999}],"open":0}`, []Observation{{"rain", 0, wire.Good, at}}, false},
		{"out of range", `[{"t":"2026-11-24 08:00:00","data":[{"level":"25000"}]},{"t":"2026-11-24 08:00:01","open":1}]`, []Observation{{"water_level", 25, wire.Bad, at}, {"rain", 1, wire.Good, at + 1000}}, false},
	} {
		got, urgent, err := j.Decode([]byte(c.text))
		if err != nil || urgent != c.urgent || len(got) != len(c.want) {
			t.Errorf("%s: got %+v, %v, %v", c.name, got, urgent, err)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %+v, want %+v", c.name, got[i], c.want[i])
			}
		}
	}
	for _, text := range []string{
		``, `{}`, `[]`, `7`, `{"t":1,"open":1}`, `{"t":"yesterday","open":1}`, `{"t":"2026-11-24 08:00:00"}`,
		`{"t":"2026-11-24 08:00:00","open":"yes"}`, `{"t":"2026-11-24 08:00:00","open":[1]}`, `{"t":"2026-11-24 08:00:00","open":1e999}`,
		`{"t":"2026-11-24 08:00:00","open":1} x`, `{"t":"2026-11-24 08:00:00","open":1,"state":{"alarm":"?"}}`, `{"t":"2026-11-24 08:00:00","open":"0x1p4"}`,
		strings.Repeat(" ", MaxJSON+1), "[" + strings.Repeat("{},", maxObjects) + "{}]",
	} {
		if got, _, err := j.Decode([]byte(text)); !errors.Is(err, errFormat) || got != nil {
			t.Errorf("%.60q: got %+v, %v", text, got, err)
		}
	}
}

func TestFormsOfTime(t *testing.T) {
	for _, c := range []struct {
		form, text string
		want       int64
	}{
		{UnixMillis, `1795600000123`, 1795600000123},
		{UnixMillis, `"1795600000123"`, 1795600000123},
		{UnixSeconds, `1795600000`, 1795600000000},
		{RFC3339, `"2026-11-24T08:00:00+08:00"`, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).UnixMilli()},
		{UnixSeconds, `0`, 0},
		{UnixSeconds, `1e300`, 0},
		{UnixMillis, `"soon"`, 0},
		{RFC3339, `1795600000`, 0},
	} {
		j := &JSON{Time: &JSONTime{At: "/t", Form: c.form}, Fields: []JSONField{{Property: "x", At: "/x", Scale: 1}}}
		got, _, err := j.Decode([]byte(`{"x":1,"t":` + c.text + `}`))
		if (err == nil) != (c.want != 0) || (err == nil && got[0].At != c.want) {
			t.Errorf("%s %s: got %+v, %v", c.form, c.text, got, err)
		}
	}
}

const head = `api_version: fengsui/v1
id: a
revision: 1.0.0
name: 甲
name_en: A
class: gas
source: test
verified: false
every: 1s
timeout: 1s
series: [{property: x, name: 甲, name_en: X, unit: m, digits: 2}]
`

func TestSectionsOfProtocolsAreChecked(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"protocol: http-push\njson: {fields: [{property: x, at: /x}]}\n", ""},
		{"protocol: mqtt-in\njson: {time: {at: /t, form: unix_s}, urgent: /u, fields: [{property: x, at: /x}]}\n", ""},
		{"protocol: mqtt-in\njson: {fields: [{property: x, at: x}]}\n", "json.fields.0.at: "},
		{"protocol: mqtt-in\njson: {fields: [{property: x, at: /x, scale: 0}]}\n", "json.fields.0.scale: "},
		{"protocol: mqtt-in\njson: {time: {at: /t, form: local}, fields: [{property: x, at: /x}]}\n", "json.time.form: "},
		{"protocol: mqtt-in\njson: {time: {at: t, form: unix_s}, fields: [{property: x, at: /x}]}\n", "json.time.at: "},
		{"protocol: mqtt-in\njson: {urgent: u, fields: [{property: x, at: /x}]}\n", "json.urgent: "},
		{"protocol: mqtt-in\njson: {fields: []}\n", "series.0.property: x is read from nowhere"},
		{"protocol: snmp\nsnmp: {version: v2c, objects: [{property: x, oid: 1.3.6.1.2.1.1.3.0}]}\n", ""},
		{"protocol: snmp\nsnmp: {version: v3, auth: sha256, privacy: aes, objects: [{property: x, oid: 1.3.6.1.2.1.1.3.0}]}\n", ""},
		{"protocol: snmp\nsnmp: {version: v1, objects: [{property: x, oid: 1.3.6}]}\n", "snmp.version: "},
		{"protocol: snmp\nsnmp: {version: v2c, auth: sha, objects: [{property: x, oid: 1.3.6}]}\n", "snmp.auth: "},
		{"protocol: snmp\nsnmp: {version: v2c, privacy: aes, objects: [{property: x, oid: 1.3.6}]}\n", "snmp.privacy: "},
		{"protocol: snmp\nsnmp: {version: v3, auth: md5, privacy: aes, objects: [{property: x, oid: 1.3.6}]}\n", "snmp.auth: "},
		{"protocol: snmp\nsnmp: {version: v3, auth: sha, privacy: des, objects: [{property: x, oid: 1.3.6}]}\n", "snmp.privacy: "},
		{"protocol: snmp\nsnmp: {version: v2c, objects: [{property: x, oid: .1.3.6}]}\n", "snmp.objects.0.oid: "},
		{"protocol: snmp\nsnmp: {version: v2c, objects: [{property: y, oid: 1.3.6}]}\n", "snmp.objects.0.property: "},
		{"protocol: gpio\ngpio: {inputs: [{property: x, line: 17}]}\n", ""},
		{"protocol: gpio\ngpio: {inputs: [{property: x, line: 17}]}\noutputs: [{id: o, name: 甲, name_en: O, max_on: 1m, safe_state: \"off\", line: 17}]\n", "gpio.inputs.0.line: 17 is used twice"},
		{"protocol: gpio\noutputs: [{id: o, name: 甲, name_en: O, max_on: 1m, safe_state: \"off\", line: 17}]\n", "protocol: gpio needs the key gpio"},
		{"protocol: recording\nrecording: {loop: true}\n", ""},
		{"protocol: recording\n", "protocol: recording needs the key recording"},
	} {
		file := filepath.Join(t.TempDir(), "p.yml")
		if err := os.WriteFile(file, []byte(head+c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		switch _, err := Load(file); {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"t":1795600000,"data":[{"level":4120}],"state":true}`))
	f.Add([]byte(`[{"t":"1","data":{"0":{"level":"1e3"}}}]`))
	j := &JSON{
		Time: &JSONTime{At: "/t", Form: UnixSeconds}, Urgent: "/state",
		Fields: []JSONField{{Property: "x", At: "/data/0/level", Scale: 0.001}},
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, _, err := j.Decode(text)
		if (err == nil) != (len(got) > 0) {
			t.Errorf("%d observations with the error %v", len(got), err)
		}
		for _, o := range got {
			if !finite(o.Value) || o.At <= 0 {
				t.Errorf("%+v", o)
			}
		}
	})
}
