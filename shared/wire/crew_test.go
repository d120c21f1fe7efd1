package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAMessageToACrewIsBounded(t *testing.T) {
	good := CrewMessage{ID: "m", Text: "转移群众", At: 1, Until: 2, Picture: []byte{0xff, 0xd8, 0xff, 0xd9}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*CrewMessage){
		"no id": func(m *CrewMessage) { m.ID = "" }, "a path as id": func(m *CrewMessage) { m.ID = "../x" }, "no text": func(m *CrewMessage) { m.Text = "" },
		"a long text": func(m *CrewMessage) { m.Text = strings.Repeat("字", MaxCrewText+1) }, "no UTF-8": func(m *CrewMessage) { m.Text = "\xff" },
		"a long name": func(m *CrewMessage) { m.From = strings.Repeat("a", maxCrewName+1) }, "a PNG": func(m *CrewMessage) { m.Picture = []byte("\x89PNG....") },
		"a large picture": func(m *CrewMessage) { m.Picture = append([]byte{0xff, 0xd8}, make([]byte, MaxCrewPicture)...) },
		"no end":          func(m *CrewMessage) { m.Until = 0 }, "an end before it begins": func(m *CrewMessage) { m.Until = 0; m.At = 1 },
	} {
		m := good
		change(&m)
		if m.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	largest := good
	largest.Text, largest.Picture = strings.Repeat("字", MaxCrewText), append([]byte{0xff, 0xd8}, make([]byte, MaxCrewPicture-2)...)
	body, err := json.Marshal(largest)
	if err != nil || largest.Check() != nil {
		t.Fatal(err, largest.Check())
	}
	if text, err := json.Marshal(Command{ID: strings.Repeat("i", 64), Kind: CommandCrew, Expires: 1 << 50, Body: body}); err != nil || len(text) > MaxPayload {
		t.Errorf("the largest message has %d bytes on the wire, %v", len(text), err)
	}
}

func FuzzCrewMessage(f *testing.F) {
	f.Add([]byte(`{"id":"m","text":"转移","from":"周岚","urgent":true,"confirm":true,"at":1,"until":2,"picture":"/9j/2Q=="}`))
	f.Add([]byte(`{"id":"m","text":"\ud800","at":1,"until":-2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var m CrewMessage
		if json.Unmarshal(text, &m) != nil || m.Check() != nil {
			return
		}
		if !ValidID(m.ID) || !utf8.ValidString(m.Text) || m.Text == "" || len(m.Picture) > MaxCrewPicture || m.Until < m.At {
			t.Errorf("taken: %+v", m)
		}
	})
}

func FuzzCrewReceipt(f *testing.F) {
	f.Add([]byte(`{"message":"m","state":"confirmed","at":1,"by":"input"}`))
	f.Add([]byte(`{"message":"../m","state":"eaten","at":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r CrewReceipt
		if json.Unmarshal(text, &r) == nil && r.Check() == nil && !ValidID(r.Message) {
			t.Errorf("taken: %+v", r)
		}
	})
}
