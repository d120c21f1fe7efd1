package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// JSON is how the messages of a device that posts or publishes JSON are read: one object, or an array of
// them with one observation each. Places in it are JSON pointers (RFC 6901) such as /data/level.
type JSON struct {
	Time   *JSONTime   `yaml:"time,omitempty" json:"time,omitempty"`     // left out: the message is of now
	Urgent string      `yaml:"urgent,omitempty" json:"urgent,omitempty"` // where the device says that this is an alarm: true, or a number other than 0
	Fields []JSONField `yaml:"fields" json:"fields"`
}

// JSONTime is where and how the device writes its time.
type JSONTime struct {
	At   string `yaml:"at" json:"at"`
	Form string `yaml:"form" json:"form"`
}

// The forms of times.
const (
	UnixMillis  = "unix_ms"
	UnixSeconds = "unix_s"
	RFC3339     = "rfc3339"
	Beijing     = "beijing" // 2026-11-24 08:00:00, UTC+8
)

// JSONField is one number. Its value is the number × scale + offset; true is 1, false is 0, and a number
// may stand in quotes.
type JSONField struct {
	Property string    `yaml:"property" json:"property"`
	At       string    `yaml:"at" json:"at"`
	Scale    float64   `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Offset   float64   `yaml:"offset,omitempty" json:"offset,omitempty"`
	Min      *float64  `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64  `yaml:"max,omitempty" json:"max,omitempty"`
	Invalid  []float64 `yaml:"invalid,omitempty" json:"invalid,omitempty"` // numbers by which the device says that it has no value
}

// Observation is one value of a message.
type Observation struct {
	Property string
	Value    float64
	Quality  wire.Quality
	At       int64 // Unix milliseconds; 0: the device said none
}

// The bounds of a message.
const (
	MaxJSON    = 256 << 10 // bytes
	maxObjects = 1000
)

var (
	errPointer = errors.New("is no JSON pointer such as /data/level")
	errNumber  = errors.New("is no number")
	// errFormat wraps all that is wrong with a message.
	errFormat = errors.New("message is not what the profile says")
	beijing   = time.FixedZone("UTC+8", 8*3600)
)

// check implements section.
func (j *JSON) check(p *Profile) (map[string]bool, error) {
	seen := map[string]bool{}
	if j.Time != nil {
		if !isPointer(j.Time.At) {
			return nil, strict.Bad("time.at", "%q %w", j.Time.At, errPointer)
		}
		if !slices.Contains([]string{UnixMillis, UnixSeconds, RFC3339, Beijing}, j.Time.Form) {
			return nil, strict.Bad("time.form", "%q is none of %s, %s, %s, %s", j.Time.Form, UnixMillis, UnixSeconds, RFC3339, Beijing)
		}
	}
	if j.Urgent != "" && !isPointer(j.Urgent) {
		return nil, strict.Bad("urgent", "%q %w", j.Urgent, errPointer)
	}
	for i := range j.Fields {
		f := &j.Fields[i]
		if !isPointer(f.At) {
			return nil, strict.Bad(item("fields", i, "at"), "%q %w", f.At, errPointer)
		}
		if err := p.number("fields", i, seen, number{f.Property, f.Scale, f.Offset, f.Min, f.Max}); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func isPointer(s string) bool { return strings.HasPrefix(s, "/") && len(s) > 1 && len(s) <= 256 }

// Decode reads one message. What is null or missing is left out; when nothing at all is there, or when
// something is not what the profile says, that is an error and there are no observations.
func (j *JSON) Decode(text []byte) (out []Observation, urgent bool, err error) {
	if len(text) > MaxJSON {
		return nil, false, fmt.Errorf("%w: more than %d bytes", errFormat, MaxJSON)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var document any
	if err := dec.Decode(&document); err != nil {
		return nil, false, fmt.Errorf("%w: %w", errFormat, err)
	}
	if dec.More() {
		return nil, false, fmt.Errorf("%w: something follows the JSON", errFormat)
	}
	objects, ok := document.([]any)
	if !ok {
		objects = []any{document}
	}
	if len(objects) > maxObjects {
		return nil, false, fmt.Errorf("%w: more than %d objects", errFormat, maxObjects)
	}
	for _, o := range objects {
		found, alarm, err := j.object(o)
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", errFormat, err)
		}
		out, urgent = append(out, found...), urgent || alarm
	}
	if len(out) == 0 {
		return nil, false, fmt.Errorf("%w: none of the fields is there", errFormat)
	}
	return out, urgent, nil
}

func (j *JSON) object(o any) (out []Observation, urgent bool, err error) {
	at := int64(0)
	if j.Time != nil {
		v, ok := point(o, j.Time.At)
		if !ok {
			return nil, false, fmt.Errorf("there is no time at %s", j.Time.At)
		}
		if at, err = j.Time.read(v); err != nil {
			return nil, false, fmt.Errorf("time at %s: %w", j.Time.At, err)
		}
	}
	for i := range j.Fields {
		f := &j.Fields[i]
		v, ok := point(o, f.At)
		if !ok || v == nil {
			continue
		}
		raw, err := numeric(v)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", f.At, err)
		}
		if slices.Contains(f.Invalid, raw) {
			continue
		}
		value := Scaled(raw, f.Scale) + f.Offset
		if !finite(value) {
			return nil, false, fmt.Errorf("%s: %w", f.At, errNumber)
		}
		out = append(out, Observation{Property: f.Property, Value: value, Quality: Judge(value, f.Min, f.Max), At: at})
	}
	if j.Urgent != "" {
		if v, ok := point(o, j.Urgent); ok && v != nil {
			n, err := numeric(v)
			if err != nil {
				return nil, false, fmt.Errorf("%s: %w", j.Urgent, err)
			}
			urgent = n != 0
		}
	}
	return out, urgent, nil
}

func (t *JSONTime) read(v any) (int64, error) {
	text, isText := v.(string)
	var at time.Time
	var err error
	switch {
	case t.Form == RFC3339 && isText:
		at, err = time.Parse(time.RFC3339, text)
	case t.Form == Beijing && isText:
		at, err = time.ParseInLocation(time.DateTime, text, beijing)
	case t.Form == RFC3339, t.Form == Beijing:
		return 0, fmt.Errorf("%v is no text", v)
	default:
		n, err := numeric(v)
		if t.Form == UnixSeconds {
			n *= 1000
		}
		if err != nil || n <= 0 || n >= 1<<53 {
			return 0, fmt.Errorf("%v is no time", v)
		}
		return int64(n), nil
	}
	if err != nil || at.UnixMilli() <= 0 {
		return 0, fmt.Errorf("%.40q is no time", text)
	}
	return at.UnixMilli(), nil
}

// point follows a JSON pointer.
func point(v any, pointer string) (any, bool) {
	for step := range strings.SplitSeq(pointer[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[step]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(in) {
				return nil, false
			}
			v = in[n]
		default:
			return nil, false
		}
	}
	return v, true
}

func numeric(v any) (float64, error) {
	text := ""
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(text, "xXpP_") {
		return 0, errNumber
	}
	return n, nil
}
