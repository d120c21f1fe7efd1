package rule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

type file struct {
	Rules []Rule `yaml:"rules"`
}

// required are the keys without which a rule would mean something else than its author thinks.
var required = []string{"id", "name", "name_en", "property", "condition", "limit", "clear", "level", "source"}

// Load reads every .yml of a folder, in order of name. Errors name the file and the line.
func Load(dir string) ([]Rule, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var out []Rule
	where := map[string]string{}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".yml" {
			continue
		}
		path := filepath.Join(dir, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		rules, lines, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for i, r := range rules {
			here := fmt.Sprintf("%s: line %d", path, lines[i])
			if before, ok := where[r.ID]; ok {
				return nil, fmt.Errorf("%s: id: %s is defined already in %s", here, r.ID, before)
			}
			where[r.ID] = here
			out = append(out, r)
		}
	}
	return out, nil
}

// parse reads one file; lines holds the line of each rule.
func parse(text []byte) (rules []Rule, lines []int, err error) {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, nil
		}
		return nil, nil, readable(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("more than one document in the file")
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, nil, readable(err)
	}
	nodes := items(&root)
	for i := range f.Rules {
		node := nodes[i]
		for _, key := range required {
			if line(node, key) == 0 {
				return nil, nil, fmt.Errorf("line %d: %s: is missing", node.Line, key)
			}
		}
		if err := f.Rules[i].Validate(); err != nil {
			at := node.Line
			field, _, _ := strings.Cut(err.Error(), ":")
			if l := line(node, field); l != 0 {
				at = l
			}
			return nil, nil, fmt.Errorf("line %d: %w", at, err)
		}
		lines = append(lines, node.Line)
	}
	return f.Rules, lines, nil
}

// readable takes the library's name off an error that already has the line.
func readable(err error) error {
	if t, ok := errors.AsType[*yaml.TypeError](err); ok {
		text := strings.ReplaceAll(strings.Join(t.Errors, "; "), " not found in type rule.Rule", " is unknown")
		return errors.New(strings.ReplaceAll(text, " not found in type rule.file", " is unknown"))
	}
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}

// items finds the rules' nodes; the strict decoding before has checked the shape.
func items(root *yaml.Node) []*yaml.Node {
	if len(root.Content) == 0 {
		return nil
	}
	top := resolve(root.Content[0])
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "rules" {
			var out []*yaml.Node
			for _, n := range resolve(top.Content[i+1]).Content {
				out = append(out, resolve(n))
			}
			return out
		}
	}
	return nil
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// line returns the line of a key of a rule, 0 when it is not there.
func line(node *yaml.Node, key string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line
		}
	}
	return 0
}
