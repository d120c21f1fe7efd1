package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sensorObject is what a simple sensor sends: {"ts": ms, "values": {"level": 3.2}}.
type sensorObject struct {
	TS     *int64                     `json:"ts"`
	Values map[string]json.RawMessage `json:"values"`
}

// DecodeSensor reads the JSON of a simple sensor: one object or an array of them. A missing ts means
// now (Unix milliseconds). Numbers and booleans are taken; anything else is an error that names the
// property. The readings of one object are in order of property.
func DecodeSensor(device string, payload []byte, now int64) ([]Reading, error) {
	if len(payload) > MaxPayload {
		return nil, ErrTooLarge
	}
	text := bytes.TrimLeft(payload, " \t\r\n")
	var objects []sensorObject
	if len(text) > 0 && text[0] == '[' {
		if err := json.Unmarshal(text, &objects); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrFormat, err.Error())
		}
	} else {
		objects = make([]sensorObject, 1)
		if err := json.Unmarshal(text, &objects[0]); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrFormat, err.Error())
		}
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("%w: no objects", ErrFormat)
	}
	if len(objects) > MaxSensor {
		return nil, ErrTooLarge
	}
	var out []Reading
	for _, o := range objects {
		if len(o.Values) == 0 {
			return nil, fmt.Errorf("%w: no values", ErrFormat)
		}
		if len(o.Values) > MaxValues {
			return nil, ErrTooLarge
		}
		at := now
		if o.TS != nil {
			at = *o.TS
		}
		first := len(out)
		for property, raw := range o.Values {
			v, err := number(raw)
			if err != nil || !ValidID(property) {
				return nil, fmt.Errorf("%w: property %.64q", ErrFormat, property)
			}
			out = append(out, Reading{Device: device, Property: property, At: at, Value: v})
		}
		slices.SortFunc(out[first:], func(a, b Reading) int { return strings.Compare(a.Property, b.Property) })
	}
	return out, nil
}

// number reads a value of JSON that is known to be well-formed.
func number(raw json.RawMessage) (float64, error) {
	switch string(raw) {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	// A text, a list, an object and null are no number; ParseFloat would take the words of infinity otherwise.
	if !bytes.ContainsAny(raw[:min(1, len(raw))], "-0123456789") {
		return 0, ErrFormat
	}
	return strconv.ParseFloat(string(raw), 64)
}
