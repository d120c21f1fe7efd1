package profile

import (
	"strings"
	"testing"
)

func TestTopicsOfAnOutput(t *testing.T) {
	good := Topics{Command: "{station}/set", On: "ON", Off: "OFF", State: "{station}/state", Ask: "{station}/get"}
	if err := good.check(true); err != nil {
		t.Fatal(err)
	}
	if got := Topic(good.Command, "a/b"); got != "a/b/set" {
		t.Errorf("got %s", got)
	}
	for want, change := range map[string]func(*Topics){
		"command":  func(o *Topics) { o.Command = "a/#" },
		"state:":   func(o *Topics) { o.State = o.Command },
		"ask:":     func(o *Topics) { o.Ask = "" },
		"on:":      func(o *Topics) { o.On = "" },
		"off:":     func(o *Topics) { o.Off = "ON" },
		"state_on": func(o *Topics) { o.StateOff = "ON" },
		"at:":      func(o *Topics) { o.At = "state" },
	} {
		o := good
		change(&o)
		if err := o.check(true); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestStateOfAnOutputIsReadOrRefused(t *testing.T) {
	plain := Topics{On: "ON", Off: "OFF"}
	inside := Topics{On: "1", Off: "0", At: "/relays/0", StateOn: "true", StateOff: "false"}
	for _, c := range []struct {
		t         *Topics
		text      string
		on, sound bool
	}{
		{&plain, "ON", true, true},
		{&plain, "OFF", false, true},
		{&plain, "on", false, false},
		{&plain, "", false, false},
		{&inside, `{"relays":[true]}`, true, true},
		{&inside, `{"relays":["false"]}`, false, true},
		{&inside, `{"relays":[]}`, false, false},
		{&inside, `{"relays":[null]}`, false, false},
		{&inside, `true`, false, false},
		{&inside, `{`, false, false},
	} {
		if on, err := c.t.Read([]byte(c.text)); on != c.on || (err == nil) != c.sound {
			t.Errorf("%q: got %v, %v", c.text, on, err)
		}
	}
}

func FuzzTopicsRead(f *testing.F) {
	for _, text := range []string{"ON", `{"a":{"b":"ON"}}`, `{"a":{"b":true}}`, `[]`, ``, `{"a":1e999}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, topics := range []Topics{{On: "ON", Off: "OFF"}, {On: "ON", Off: "OFF", At: "/a/b"}} {
			if on, err := topics.Read(text); err != nil && on {
				t.Errorf("%q is on and an error", text)
			}
		}
	})
}
