package relay

import (
	"testing"

	"github.com/fengsui/fengsui/shared/profile"
)

func TestWhatARelaySaysIsReadByItsProfile(t *testing.T) {
	for _, topics := range []profile.Topics{
		{On: "ON", Off: "OFF"},
		{On: "1", Off: "0", StateOn: "open", StateOff: "shut"},
		{On: `{"a":1}`, Off: `{"a":0}`, At: "/a/state", StateOn: "true", StateOff: "false"},
	} {
		for _, want := range []bool{true, false} {
			text, err := say(&topics, want)
			if err != nil {
				t.Fatal(err)
			}
			if on, err := topics.Read(text); err != nil || on != want {
				t.Errorf("%s is read as %v, %v", text, on, err)
			}
		}
	}
}
