// Package desired is the document by which the centre configures a terminal: sensors, cameras, serial
// lines, rules, outbox, data budget and log. The centre checks it before it is kept, the terminal before it
// is tried. What the terminal is and how it reaches its centre (id, name, division, place, data,
// firmware_configs, centre, status) is not in it. Rule that must never break: no document can take a
// terminal away from its centre, so the keys of identity, address and certificate are unknown here.
package desired

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// MaxSize is the most bytes of a canonical document: with its envelope it fits one message.
const MaxSize = 192 << 10

// Keep is how many versions both ends keep, beside those that a publish of rules made.
const Keep = 5

//go:embed schema.json
var schemaText []byte

// Schema checks documents.
type Schema struct{ compiled *jsonschema.Schema }

// Text is the JSON Schema (draft 2020-12), for whoever edits documents elsewhere.
func Text() []byte { return bytes.Clone(schemaText) }

// New compiles the schema.
func New() (*Schema, error) {
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		return nil, fmt.Errorf("read schema of configurations: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", tree); err != nil {
		return nil, fmt.Errorf("read schema of configurations: %w", err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("read schema of configurations: %w", err)
	}
	return &Schema{compiled: s}, nil
}

// Check takes the text of a document and gives it in its canonical form: one object, keys in order, no
// space. What is wrong with it is a *Refusal.
func (s *Schema) Check(text []byte) ([]byte, error) {
	if len(text) > 2*MaxSize {
		return nil, tooLarge()
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree map[string]any
	if err := dec.Decode(&tree); err != nil {
		return nil, refuse("", NoObject, "", "the document is not a JSON object: %s", err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, refuse("", NoObject, "", "the document is more than one JSON object")
	}
	if tree == nil {
		return nil, refuse("", NoObject, "", "the document is not a JSON object")
	}
	if err := s.compiled.Validate(tree); err != nil {
		return nil, readable(err)
	}
	if err := noPassword(tree); err != nil {
		return nil, err
	}
	out, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	if len(out) > MaxSize {
		return nil, tooLarge()
	}
	return out, nil
}

// noPassword refuses addresses with a user in them: a document is kept, shown and compared at the centre, and
// passwords lie in files of the terminal. What stands there is not part of the error.
func noPassword(tree map[string]any) error {
	for _, list := range []struct{ key, address, instead string }{{"sensors", "address", "secret_file"}, {"cameras", "rtsp", "username and password_file"}, {"cameras", "rtsp_sub", "username and password_file"}, {"cameras", "onvif", "username and password_file"}} {
		entries, _ := tree[list.key].([]any)
		for i, entry := range entries {
			one, _ := entry.(map[string]any)
			if text, _ := one[list.address].(string); strings.Contains(text, "@") {
				where := fmt.Sprintf("%s.%d.%s", list.key, i, list.address)
				return refuse(where, Password, list.instead, "%s: leave user and password out of the address; %s is for them", where, list.instead)
			}
		}
	}
	return nil
}

// Hash is the SHA-256 of a canonical document in hexadecimal.
func Hash(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// Apart is the document without its rules: what a publish of rules does not touch.
func Apart(document []byte) ([]byte, error) { return Merge(document, []byte(`{"rules":null}`)) }

// Shared are the parts that may be the same at many terminals.
func Shared() []string { return []string{"budget", "log", "outbox", "rules"} }

// Merge puts shared parts into a document in place of its own; a part that is null is taken out, so that
// its default holds. The result is not checked.
func Merge(document, parts []byte) ([]byte, error) {
	var whole, over map[string]json.RawMessage
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if err := json.Unmarshal(parts, &over); err != nil {
		return nil, fmt.Errorf("read parts: %w", err)
	}
	if len(over) == 0 {
		return nil, errors.New("there is no part to change")
	}
	if whole == nil {
		whole = map[string]json.RawMessage{}
	}
	for key, value := range over {
		switch {
		case !slices.Contains(Shared(), key):
			return nil, fmt.Errorf("%s: belongs to one terminal; only %s can be given to many", key, strings.Join(Shared(), ", "))
		case string(value) == "null":
			delete(whole, key)
		default:
			whole[key] = value
		}
	}
	out, err := json.Marshal(whole)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return out, nil
}
