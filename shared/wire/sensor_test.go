package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestSimpleSensorJSON(t *testing.T) {
	const now = 1795492800000
	for _, c := range []struct {
		name, text string
		want       []Reading
	}{
		{"one object", `{"ts":5,"values":{"level":3.2}}`, []Reading{{Device: "d", Property: "level", At: 5, Value: 3.2}}},
		{"no time means now", ` {"values":{"level":-1e-3}}`, []Reading{{Device: "d", Property: "level", At: now, Value: -0.001}}},
		{"array", `[{"ts":1,"values":{"b":true,"a":2}},{"ts":2,"values":{"a":3}}]`, []Reading{
			{Device: "d", Property: "a", At: 1, Value: 2},
			{Device: "d", Property: "b", At: 1, Value: 1},
			{Device: "d", Property: "a", At: 2, Value: 3},
		}},
	} {
		got, err := DecodeSensor("d", []byte(c.text), now)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestSimpleSensorNonsenseIsRefused(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `3`, `"x"`, `{}`, `{"values":{}}`, `{"values":{"level":"3.2"}}`, `{"values":{"level":null}}`,
		`{"values":{"Level":1}}`, `{"values":{"level":1e999}}`, `{"ts":"now","values":{"level":1}}`, `[{"values":{"a":1}},{}]`, `{"values":{"level":1}} trailing`,
	} {
		if got, err := DecodeSensor("d", []byte(text), 0); err == nil {
			t.Errorf("%s was taken as %+v", text, got)
		}
	}
	many := "[" + strings.Repeat(`{"values":{"a":1}},`, MaxSensor) + `{"values":{"a":1}}]`
	if _, err := DecodeSensor("d", []byte(many), 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many objects: got %v", err)
	}
}

func FuzzDecodeSensor(f *testing.F) {
	f.Add([]byte(`{"ts":1,"values":{"level":3.2}}`))
	f.Add([]byte(`[{"values":{"a":1,"b":false}}]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		out, err := DecodeSensor("d", text, 0)
		if err == nil && (len(out) == 0 || len(out) > MaxSensor*MaxValues) {
			t.Errorf("%d readings without an error", len(out))
		}
	})
}
