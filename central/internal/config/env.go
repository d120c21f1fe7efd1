package config

import (
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// override sets every key that the environment names: FENGSUI_HTTP_LISTEN is http.listen. Lists are
// written as YAML: FENGSUI_MQTT_NAMES='[a, b]'.
func override(c *Config, lookup func(string) (string, bool)) error {
	return walk(reflect.ValueOf(c).Elem(), "", func(key string, v reflect.Value) error {
		name := "FENGSUI_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		text, ok := lookup(name)
		if !ok {
			return nil
		}
		if v.Kind() == reflect.String {
			v.SetString(text)
			return nil
		}
		if err := yaml.Unmarshal([]byte(text), v.Addr().Interface()); err != nil {
			return fmt.Errorf("environment %s=%q: does not fit %s", name, text, key)
		}
		return nil
	})
}

// Keys lists every key with dots, in the order of the struct.
func Keys() []string {
	var out []string
	c := Default()
	_ = walk(reflect.ValueOf(&c).Elem(), "", func(key string, _ reflect.Value) error {
		out = append(out, key)
		return nil
	})
	return out
}

func walk(v reflect.Value, prefix string, do func(string, reflect.Value) error) error {
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("yaml")
		if v.Field(i).Kind() == reflect.Struct {
			if err := walk(v.Field(i), key+".", do); err != nil {
				return err
			}
			continue
		}
		if err := do(key, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}
