package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// override sets every key that the environment names: FENGSUI_EDGE_CENTRE_URL is centre.url. Lists and
// places are written as YAML: FENGSUI_EDGE_PLACE='{lon: 120.9, lat: 32.5}'.
func override(c *Config, lookup func(string) (string, bool)) error {
	return walk(reflect.ValueOf(c).Elem(), "", func(key string, v reflect.Value) error {
		name := "FENGSUI_EDGE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		text, ok := lookup(name)
		if !ok {
			return nil
		}
		if v.Kind() == reflect.String {
			v.SetString(text)
			return nil
		}
		fresh := reflect.New(v.Type())
		dec := yaml.NewDecoder(bytes.NewReader([]byte(text)))
		dec.KnownFields(true)
		if err := dec.Decode(fresh.Interface()); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("environment %s=%q: does not fit %s", name, text, key)
		}
		v.Set(fresh.Elem())
		return nil
	})
}

// Keys lists every key with dots, in the order of the struct; those of lists end with the list.
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
