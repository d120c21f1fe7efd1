package profile

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema checks a document against the part of JSON Schema that profile.schema.json uses.
type schema struct {
	root map[string]any
}

func loadSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile(configs + "/schema/v1/profile.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &schema{}
	if err := json.Unmarshal(text, &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *schema) check(rule map[string]any, v any, path string) []string {
	if ref, ok := rule["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		return s.check(s.root["$defs"].(map[string]any)[name].(map[string]any), v, path)
	}
	var out []string
	bad := func(format string, args ...any) { out = append(out, path+": "+fmt.Sprintf(format, args...)) }
	if want, ok := rule["const"]; ok && v != want {
		bad("%v is not %v", v, want)
	}
	if list, ok := rule["enum"].([]any); ok && !slices.ContainsFunc(list, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(v) }) {
		bad("%v is none of %v", v, list)
	}
	switch rule["type"] {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			return append(out, path+": not an object")
		}
		properties := rule["properties"].(map[string]any)
		required, _ := rule["required"].([]any)
		for _, key := range required {
			if _, ok := m[key.(string)]; !ok {
				bad("%s is missing", key)
			}
		}
		for key, value := range m {
			sub, ok := properties[key].(map[string]any)
			if !ok {
				bad("%s is unknown", key)
				continue
			}
			out = append(out, s.check(sub, value, path+"/"+key)...)
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return append(out, path+": not an array")
		}
		if least, ok := rule["minItems"].(float64); ok && len(list) < int(least) {
			bad("too few items")
		}
		for i, value := range list {
			out = append(out, s.check(rule["items"].(map[string]any), value, fmt.Sprintf("%s/%d", path, i))...)
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			return append(out, path+": not a string")
		}
		if p, ok := rule["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(text) {
			bad("%q does not match %s", text, p)
		}
	case "integer", "number":
		var n float64
		switch v := v.(type) {
		case int:
			n = float64(v)
		case float64:
			n = v
			if rule["type"] == "integer" {
				bad("%v is not whole", v)
			}
		default:
			bad("%v is not a number", v)
		}
		if least, ok := rule["minimum"].(float64); ok && n < least {
			bad("%v is below %v", n, least)
		}
		if most, ok := rule["maximum"].(float64); ok && n > most {
			bad("%v is above %v", n, most)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			bad("%v is not true or false", v)
		}
	}
	return out
}
