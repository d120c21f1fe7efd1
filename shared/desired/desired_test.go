package desired

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const good = `{"sensors": [{"id": "rd-level-1", "profile": "generic-water-level-modbus", "address": "192.168.1.10:502", "unit": 1, "every": "1s"}],
 "cameras": [{"id": "rd-cam-1", "rtsp": "rtsp://192.168.1.20:554/1"}],
 "rules": [{"id": "high", "name": "高", "name_en": "High", "class": "water_level", "property": "water_level", "condition": "above", "limit": 5, "clear": 4.8, "level": 2, "source": "x"}],
 "outbox": {"grace": "72h0m0s"}, "budget": {"monthly_mb": 300}}`

func schema(t testing.TB) *Schema {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSameContentHasTheSameHash(t *testing.T) {
	s := schema(t)
	a, err := s.Check([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Check(a)
	if err != nil || !bytes.Equal(a, b) || Hash(a) != Hash(b) || len(Hash(a)) != 64 {
		t.Errorf("%v\n%s\n%s", err, a, b)
	}
}

func TestBadDocumentsAreNamedByTheirPlace(t *testing.T) {
	s := schema(t)
	for text, want := range map[string]string{
		`[]`:           "not a JSON object",
		`null`:         "not a JSON object",
		`{} {}`:        "more than one",
		`{"sensors":1`: "not a JSON object",
		`{"centre": {"url": "http://elsewhere"}}`:                       "centre",
		`{"id": "other"}`:                                               "id",
		`{"data": "/tmp"}`:                                              "data",
		`{"sensors": [{"id": "a", "profile": "p"}]}`:                    "sensors.0: missing",
		`{"sensors": [{"id": "A!", "profile": "p", "address": "a:1"}]}`: "sensors.0.id: ",
		`{"cameras": [{"id": "a", "rtsp": "http://x"}]}`:                "cameras.0.rtsp: ",
		`{"outbox": {"grace": 5}}`:                                      "outbox.grace: ",
		`{"rules": [{"id": "r"}]}`:                                      "rules.0: missing",
		`{"log": {"level": "loud"}}`:                                    "log.level: ",
		`{"x": "` + strings.Repeat("x", 2*MaxSize) + `"}`:               "larger than",
		strings.Replace(good, `"limit": 5, `, "", 1):                    "rules.0: missing",
	} {
		if _, err := s.Check([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", text, err, want)
		}
	}
}

// Who reads another language is told by place, reason and what would be right, and never by the English sentence.
func TestRefusalsCanBeSaidInAnyLanguage(t *testing.T) {
	s := schema(t)
	for text, want := range map[string]Refusal{
		`[]`: {Why: NoObject},
		`{"centre": {"url": "http://elsewhere"}}`:                                                       {Why: Unknown, Want: "centre"},
		`{"sensors": [{"id": "a", "profile": "p"}]}`:                                                    {Path: "sensors.0", Why: Missing, Want: "address"},
		`{"sensors": [{"id": "A!", "profile": "p", "address": "a:1"}]}`:                                 {Path: "sensors.0.id", Why: Form, Want: "id"},
		`{"sensors": [{"id": "a", "profile": "p", "address": ""}]}`:                                     {Path: "sensors.0.address", Why: Empty},
		`{"sensors": [{"id": "a", "profile": "p", "address": "a:1", "every": "often"}]}`:                {Path: "sensors.0.every", Why: Form, Want: "duration"},
		`{"sensors": [{"id": "a", "profile": "p", "address": "a:1", "unit": 256}]}`:                     {Path: "sensors.0.unit", Why: Most, Want: "255"},
		`{"sensors": [{"id": "a", "profile": "p", "address": "a:1", "place": {"lon": 181, "lat": 1}}]}`: {Path: "sensors.0.place.lon", Why: Most, Want: "180"},
		`{"cameras": [{"id": "a", "rtsp": "http://x"}]}`:                                                {Path: "cameras.0.rtsp", Why: Form, Want: "rtsp"},
		`{"cameras": [{"id": "a", "rtsp": "rtsp://x/1", "onvif": "http://u:p@x"}]}`:                     {Path: "cameras.0.onvif", Why: Password, Want: "username and password_file"},
		`{"cameras": [{"id": "a", "rtsp": "rtsp://x/1", "onvif": "x:80"}]}`:                             {Path: "cameras.0.onvif", Why: Form, Want: "onvif"},
		`{"cameras": [{"id": "a", "rtsp": "rtsp://u:p@x"}]}`:                                            {Path: "cameras.0.rtsp", Why: Password, Want: "username and password_file"},
		`{"outbox": {"telemetry_mb": 0}}`:                                                               {Path: "outbox.telemetry_mb", Why: Least, Want: "1"},
		`{"budget": {"eco": 0}}`:                                                                        {Path: "budget.eco", Why: Above, Want: "0"},
		`{"budget": {"monthly_mb": "300"}}`:                                                             {Path: "budget.monthly_mb", Why: Type, Want: "integer"},
		`{"log": {"level": "loud"}}`:                                                                    {Path: "log.level", Why: Choice, Want: "debug, info, warn, error"},
		`{"serial": [{"port": "COM1"}]}`:                                                                {Path: "serial.0.port", Why: Form, Want: "path"},
		`{"x": "` + strings.Repeat("x", 2*MaxSize) + `"}`:                                               {Why: TooLarge, Want: "192"},
	} {
		_, err := s.Check([]byte(text))
		got, ok := errors.AsType[*Refusal](err)
		if !ok || got.Path != want.Path || got.Why != want.Why || got.Want != want.Want {
			t.Errorf("%.80s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestSharedPartsAreMergedAndNoOthers(t *testing.T) {
	got, err := Merge([]byte(good), []byte(`{"budget": {"monthly_mb": 100}, "outbox": null}`))
	if err != nil || !bytes.Contains(got, []byte(`"budget":{"monthly_mb":100}`)) || bytes.Contains(got, []byte("outbox")) || !bytes.Contains(got, []byte("rd-level-1")) {
		t.Errorf("%v: %s", err, got)
	}
	for _, parts := range []string{`{"sensors": []}`, `{"cameras": []}`, `{"serial": []}`, `{}`, `[]`, `{"centre": {}}`} {
		if got, err := Merge([]byte(good), []byte(parts)); err == nil {
			t.Errorf("%s was taken: %s", parts, got)
		}
	}
}

func FuzzCheck(f *testing.F) {
	s := schema(f)
	for _, text := range []string{good, `{}`, `{"sensors":[{}]}`, `{"budget":{"eco":1e400}}`, `{"rules":[{"condition":"stuck"}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := s.Check(text)
		if err != nil {
			return
		}
		b, err := s.Check(a)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("canonical form is not stable: %v\n%s\n%s", err, a, b)
		}
	})
}

func TestNoPasswordStandsInADocument(t *testing.T) {
	s := schema(t)
	for text, want := range map[string]string{
		`{"cameras":[{"id":"a","rtsp":"rtsp://10.0.0.1/1"},{"id":"c","rtsp":"rtsp://admin:hunter2@10.0.0.2/1"}]}`:      "cameras.1.rtsp: leave user and password out",
		`{"cameras":[{"id":"c","rtsp":"rtsp://admin:hunt/er2@10.0.0.2/1"}]}`:                                           "cameras.0.rtsp: leave user and password out",
		`{"sensors":[{"id":"s","profile":"p","address":"mqtt://u:hunter2@10.0.0.3:1883","secret_file":"s.password"}]}`: "sensors.0.address: leave user and password out",
	} {
		if _, err := s.Check([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := s.Check([]byte(`{"cameras":[{"id":"c","rtsp":"rtsp://10.0.0.2/1","username":"admin","password_file":"c.password"}]}`)); err != nil {
		t.Error(err)
	}
}
