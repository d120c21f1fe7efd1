package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// Topics is how an output is switched over MQTT: an order is published, and done is what the device itself says
// afterwards in the topic of its state. {station} in a topic stands for the station of the sensor.
type Topics struct {
	Command  string `yaml:"command" json:"command"`                         // topic of orders
	On       string `yaml:"on" json:"on"`                                   // what is published there
	Off      string `yaml:"off" json:"off"`                                 // the same
	State    string `yaml:"state" json:"state"`                             // topic in which the device says how it stands, after each order
	At       string `yaml:"at,omitempty" json:"at,omitempty"`               // place in the JSON of that (RFC 6901); left out: it is the whole message
	StateOn  string `yaml:"state_on,omitempty" json:"state_on,omitempty"`   // left out: as on
	StateOff string `yaml:"state_off,omitempty" json:"state_off,omitempty"` // left out: as off
	Ask      string `yaml:"ask,omitempty" json:"ask,omitempty"`             // topic in which the device is asked how it stands; readback needs it
	AskWith  string `yaml:"ask_with,omitempty" json:"ask_with,omitempty"`   // what is published there; left out: nothing
}

// stationMark is what a topic has in place of the station.
const stationMark = "{station}"

// maxTopic bounds topics and what is published: more than any device takes.
const maxTopic = 1024

// Topic is a topic of a station.
func Topic(pattern, station string) string { return strings.ReplaceAll(pattern, stationMark, station) }

// Read is how the output stands by a message of the device.
func (t *Topics) Read(message []byte) (on bool, err error) {
	text := string(message)
	if len(message) > MaxJSON {
		return false, fmt.Errorf("%w: more than %d bytes", errFormat, MaxJSON)
	}
	if t.At != "" {
		dec := json.NewDecoder(bytes.NewReader(message))
		dec.UseNumber()
		var document any
		if err := dec.Decode(&document); err != nil {
			return false, fmt.Errorf("%w: %w", errFormat, err)
		}
		v, ok := point(document, t.At)
		if !ok {
			return false, fmt.Errorf("%w: there is nothing at %s", errFormat, t.At)
		}
		text = fmt.Sprint(v)
	}
	switch text {
	case cmp.Or(t.StateOn, t.On):
		return true, nil
	case cmp.Or(t.StateOff, t.Off):
		return false, nil
	}
	return false, fmt.Errorf("%w: %.40q is neither on nor off", errFormat, text)
}

func (t *Topics) check(readback bool) error {
	for _, c := range []struct{ key, topic string }{{"command", t.Command}, {"state", t.State}, {"ask", t.Ask}} {
		if c.topic == "" && c.key == "ask" {
			continue
		}
		if c.topic == "" || len(c.topic) > maxTopic || strings.ContainsAny(c.topic, "+#\x00") {
			return strict.Bad(c.key, "%q is not one topic", c.topic)
		}
	}
	switch {
	case t.On == "" || len(t.On) > maxTopic:
		return strict.Bad("on", "what is published to switch it on is missing, or longer than %d bytes", maxTopic)
	case t.Off == "" || t.Off == t.On || len(t.Off) > maxTopic:
		return strict.Bad("off", "what is published to switch it off is missing, the same as on, or longer than %d bytes", maxTopic)
	case cmp.Or(t.StateOn, t.On) == cmp.Or(t.StateOff, t.Off):
		return strict.Bad("state_on", "state_on and state_off are the same")
	case t.At != "" && !isPointer(t.At):
		return strict.Bad("at", "%q %w", t.At, errPointer)
	case t.State == t.Command:
		return strict.Bad("state", "an order in its own topic is no answer of the device")
	case readback && t.Ask == "":
		return strict.Bad("ask", "readback asks the device how it stands: name the topic, or leave readback out")
	case t.Ask == "" && t.AskWith != "":
		return strict.Bad("ask_with", "belongs to ask")
	}
	return nil
}
