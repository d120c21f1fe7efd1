package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/rule"
)

func loaded(t *testing.T, more string) Config {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "edge.yml")
	if err := os.MkdirAll(filepath.Join(dir, secretsDir), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own.password", secretsDir + "/cam.password", "edge.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte(usable(dir)+more), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDocumentStandsInPlaceOfTheFilesParts(t *testing.T) {
	c := loaded(t, "sensors:\n  - {id: old, profile: p, address: 'h:1'}\nbudget:\n  monthly_mb: 7\nlog:\n  level: warn\n")
	got, err := c.With([]byte(`{"sensors":[{"id":"new","profile":"q","address":"h:2","unit":0,"every":"1m30s"}],"outbox":{"grace":"1h"},"rules":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sensors) != 1 || got.Sensors[0].ID != "new" || *got.Sensors[0].Unit != 0 || got.Sensors[0].Every != 90*time.Second {
		t.Errorf("sensors %+v", got.Sensors)
	}
	if got.Budget != Default().Budget || got.Log != Default().Log || got.Outbox.Grace != time.Hour || got.Outbox.TelemetryMB != Default().Outbox.TelemetryMB {
		t.Errorf("what is left out is not the default: %+v %+v %+v", got.Budget, got.Log, got.Outbox)
	}
	if got.ID != c.ID || got.Centre != c.Centre || got.Data != c.Data || got.Given.Rules == nil {
		t.Errorf("got %+v", got)
	}
}

func TestDocumentIsCheckedLikeTheFile(t *testing.T) {
	c := loaded(t, "cameras:\n  - {id: c, rtsp: 'rtsp://h/1', password_file: own.password}\n")
	named := c.Cameras[0].PasswordFile
	camera := func(file string) string {
		return `{"cameras":[{"id":"c","rtsp":"rtsp://h/1","password_file":` + string(must(json.Marshal(file))) + `}]}`
	}
	for _, file := range []string{"", "cam.password", named} {
		if _, err := c.With([]byte(camera(file))); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
	for text, want := range map[string]string{
		camera("../edge.key"):                    "neither a file of the folder secrets",
		camera(filepath.Join(c.Dir, "edge.key")): "neither a file of the folder secrets",
		camera("/etc/shadow"):                    "neither a file of the folder secrets",
		camera("none"):                           "no such file",
		`{"centre":{"url":"http://h"}}`:          "centre is unknown",
		`{"id":"x"}`:                             "id is unknown",
		`{"sensors":[{"id":"a","profile":"p","address":"h:1"},{"id":"a","profile":"p","address":"h:1"}]}`: "a is used twice",
		`{"sensors":[{"id":"e","profile":"p","address":"h:1"}]}`:                                          "e is used twice",
		`{"outbox":{"commit_every":"1h"}}`:                                                                "commit_every",
		`{"rules":[{"id":"r","name":"x"}]}`:                                                               "rules.0.name_en",
	} {
		if _, err := c.With([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOwnDocumentIsTakenBackAndMeansTheSame(t *testing.T) {
	c := loaded(t, "sensors:\n  - {id: s, name: 水位, profile: p, address: 'h:1', unit: 0, every: 90s, place: {lon: 0, lat: 32.5}}\nserial:\n  - {port: /dev/ttyS1, baud: 19200}\ncameras:\n  - {id: c, rtsp: 'rtsp://h/1', password_file: own.password}\n")
	text, err := c.Document()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := desired.New()
	if err != nil {
		t.Fatal(err)
	}
	if text, err = schema.Check(text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got, err := c.With(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got.Given, got.Tree, c.Tree = nil, nil, nil
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got  %+v\nwant %+v", got, c)
	}
}

// The schema names the keys of the types, neither more nor less.
func TestSchemaHasTheKeysOfTheTypes(t *testing.T) {
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var s struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(desired.Text(), &s); err != nil {
		t.Fatal(err)
	}
	part := func(key string) object {
		var o object
		if err := json.Unmarshal(s.Properties[key], &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	for name, c := range map[string]struct {
		of   reflect.Type
		have object
	}{
		"document": {reflect.TypeFor[Given](), s.object},
		"outbox":   {reflect.TypeFor[Outbox](), part("outbox")},
		"budget":   {reflect.TypeFor[Budget](), part("budget")},
		"log":      {reflect.TypeFor[Log](), part("log")},
		"serial":   {reflect.TypeFor[Serial](), s.Defs["serial"]},
		"sensor":   {reflect.TypeFor[Sensor](), s.Defs["sensor"]},
		"camera":   {reflect.TypeFor[Camera](), s.Defs["camera"]},
		"place":    {reflect.TypeFor[Place](), s.Defs["place"]},
		"rule":     {reflect.TypeFor[rule.Rule](), s.Defs["rule"]},
	} {
		var want, got []string
		for f := range c.of.Fields() {
			if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" && key != "-" {
				want = append(want, key)
			}
		}
		for key := range c.have.Properties {
			got = append(got, key)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the type %v", name, got, want)
		}
	}
}
