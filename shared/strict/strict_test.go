package strict

import (
	"strings"
	"testing"
	"time"
)

type house struct {
	Name  string   `yaml:"name"`
	Door  door     `yaml:"door"`
	Rooms []room   `yaml:"rooms"`
	Wait  Duration `yaml:"wait"`
}

type door struct {
	Width int `yaml:"width"`
}

type room struct {
	Name string `yaml:"name"`
}

func TestMistakeIsRefusedWithFileAndLine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"name: a\ncolour: red\n", "f.yml:2: key colour is unknown"},
		{"name: a\ndoor:\n  width: wide\n", "f.yml:3: cannot unmarshal"},
		{"wait: soon\n", "f.yml:1: \"soon\" is not a duration"},
		{"name: a\n---\nname: b\n", "f.yml:1: more than one document"},
		{"a: b: c", "f.yml:1: "},
		{"name: [", "f.yml:1: "},
	} {
		if _, err := Decode("f.yml", []byte(c.text), &house{}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestProblemIsFoundByItsKey(t *testing.T) {
	h := house{Wait: Duration(time.Second)}
	f, err := Decode("f.yml", []byte("name: a\nrooms:\n  - name: b\n  - &k\n    name: c\n  - *k\n"), &h)
	if err != nil || h.Rooms[2].Name != "c" || h.Wait != Duration(time.Second) {
		t.Fatalf("%+v, %v", h, err)
	}
	for key, want := range map[string]string{
		"rooms.1.name": "f.yml:5: ", "rooms.0": "f.yml:3: ", "rooms.9.name": "f.yml:2: ", "door.width": "f.yml:1: ", "rooms.2.name": "f.yml:5: ",
	} {
		if err := f.Locate(Bad(key, "is wrong")); !strings.HasPrefix(err.Error(), want+key+": is wrong") {
			t.Errorf("%s: got %v", key, err)
		}
	}
	if err := f.Locate(Below("rooms.1", Bad("name", "is wrong"))); err.Error() != "f.yml:5: rooms.1.name: is wrong" {
		t.Errorf("got %v", err)
	}
	if !f.Has("name") || f.Has("door") {
		t.Error("keys are found that are not written, or the reverse")
	}
	empty, err := Decode("f.yml", nil, &h)
	if err != nil || !empty.Empty() || empty.Line("name") != 1 {
		t.Errorf("empty file: %v", err)
	}
}

func TestEnvironmentGoesOverTheFile(t *testing.T) {
	h := house{Rooms: []room{{"old"}}}
	env := map[string]string{"X_NAME": "b", "X_DOOR_WIDTH": "7", "X_ROOMS": "[{name: new}]", "X_WAIT": "2s"}
	lookup := func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	f, err := Decode("f.yml", []byte("name: a\n"), &house{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Override(&h, "X_", lookup); err != nil || h.Name != "b" || h.Door.Width != 7 || h.Rooms[0].Name != "new" || h.Wait != Duration(2*time.Second) {
		t.Errorf("%+v, %v", h, err)
	}
	env["X_DOOR_WIDTH"] = "wide"
	if err := f.Locate(Bad("door.width", "is wrong")); err.Error() != "environment X_DOOR_WIDTH: door.width: is wrong" {
		t.Errorf("got %v", err)
	}
	if err := f.Override(&h, "X_", lookup); err == nil || !strings.Contains(err.Error(), "X_DOOR_WIDTH") {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(Keys(&h), " "); got != "name door.width rooms wait" {
		t.Errorf("got %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("name: a\nrooms: [{name: b}]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		var h house
		file, err := Decode("f.yml", []byte(text), &h)
		if err == nil && file.Line("rooms.0.name") < 1 {
			t.Error("no line")
		}
	})
}

func TestTheNearestNameIsTheOneThatWasMeant(t *testing.T) {
	names := []string{"generic-rain-modbus-rtu", "generic-water-level-modbus", "generic-water-level-modbus-rtu", "nmea-gnss"}
	for word, want := range map[string]string{
		"generic-water-level-modbuss": "generic-water-level-modbus", "nmea-gns": "nmea-gnss", "gnss": "", "": "", "generic-rain-modbus": "generic-rain-modbus-rtu",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
