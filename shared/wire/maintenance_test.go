package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzParseMaintenance(f *testing.F) {
	many := `{"spans":[` + strings.Repeat(`{"from":1,"to":2,"devices":["a"]},`, MaxSpans) + `{"from":1,"to":2,"devices":["a"]}]}`
	for text, sound := range map[string]bool{
		`{"spans":[{"from":1,"to":2,"devices":["a"]}]}`:            true,
		`{"spans":[{"from":1,"to":2,"rule":"r","devices":["a"]}]}`: true,
		`{"spans":[]}`:   true,
		`{}`:             true,
		`{"spans":[{}]}`: false,
		`{"spans":[{"from":2,"to":2,"devices":["a"]}]}`:             false,
		`{"spans":[{"from":1,"to":2,"devices":[]}]}`:                false,
		`{"spans":[{"from":1,"to":2,"devices":["A!"]}]}`:            false,
		`{"spans":[{"from":1,"to":2,"rule":"..","devices":["a"]}]}`: false,
		`[]`: false,
		many: false,
	} {
		if _, err := ParseMaintenance([]byte(text)); (err == nil) != sound {
			f.Errorf("%.70s: %v", text, err)
		}
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseMaintenance(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMaintenance(again)
		if err != nil || back.Hash() != m.Hash() {
			t.Errorf("%s reads back as another: %v", again, err)
		}
	})
}
