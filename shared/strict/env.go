package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Override sets every key of a configuration, a pointer to a struct, that the environment names: with the
// prefix FENGSUI_EDGE_ the key centre.url is FENGSUI_EDGE_CENTRE_URL. Lists and maps are written as YAML.
// Locate then names the variable instead of the line.
func (f *File) Override(into any, prefix string, lookup func(string) (string, bool)) error {
	return walk(reflect.ValueOf(into).Elem(), "", func(key string, v reflect.Value) error {
		name := prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		text, ok := lookup(name)
		if !ok {
			return nil
		}
		if f.env == nil {
			f.env = map[string]string{}
		}
		f.env[key] = name
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

// Keys lists every key of a configuration, a pointer to a struct, with dots and in its order; those of
// lists end with the list.
func Keys(of any) []string {
	var out []string
	_ = walk(reflect.ValueOf(of).Elem(), "", func(key string, _ reflect.Value) error {
		out = append(out, key)
		return nil
	})
	return out
}

func walk(v reflect.Value, prefix string, do func(string, reflect.Value) error) error {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("yaml")
		if tag == "-" {
			continue // not a key
		}
		key := prefix + tag
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
