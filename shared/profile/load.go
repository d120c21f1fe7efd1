package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	yamlLine    = regexp.MustCompile(`line (\d+): `)
	unknownType = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

// Load reads one file. The error names file and line.
func Load(file string) (*Profile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	p, err := Parse(file, text)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// LoadDir reads every .yml below a folder; the key is the profile's id.
func LoadDir(dir string) (map[string]*Profile, error) {
	out, files := map[string]*Profile{}, map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		p, err := Load(path)
		if err != nil {
			return err
		}
		if before, ok := files[p.ID]; ok {
			return fmt.Errorf("%s: id: %s is defined already in %s", path, p.ID, before)
		}
		out[p.ID], files[p.ID] = p, path
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	return out, nil
}

// Parse reads the text of a file; the name is for the error.
func Parse(file string, text []byte) (*Profile, error) {
	var p Profile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&p); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:1: the file is empty", file)
		}
		return nil, located(file, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document in the file", file)
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, located(file, err)
	}
	p.fillScales(&tree)
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, lineOf(&tree, err), err)
	}
	return &p, nil
}

// fillScales makes a scale that was left out 1; one that was written as 0 stays and is refused.
func (p *Profile) fillScales(tree *yaml.Node) {
	fill := func(list string, i int, scale *float64) {
		if items := find(tree, list); items != nil && i < len(items.Content) && *scale == 0 && value(items.Content[i], "scale") == nil {
			*scale = 1
		}
	}
	if p.Modbus != nil {
		for i := range p.Modbus.Registers {
			fill("registers", i, &p.Modbus.Registers[i].Scale)
		}
	}
	if p.NMEA != nil {
		for i := range p.NMEA.Fields {
			fill("fields", i, &p.NMEA.Fields[i].Scale)
		}
	}
}

// located turns the library's "line 3: …" into "file:3: …".
func located(file string, err error) error {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:"))
	text, _, _ = strings.Cut(text, "\n")
	text = unknownType.ReplaceAllString(text, "key $1 is unknown")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: %s", file, m[1], strings.Replace(text, m[0], "", 1))
	}
	return fmt.Errorf("%s:1: %s", file, text) // the library leaves the line out when it is the first
}

// lineOf finds where the key of a problem stands, or what stands around it.
func lineOf(tree *yaml.Node, err error) int {
	var p *problem
	if !errors.As(err, &p) || len(tree.Content) == 0 {
		return 1
	}
	node := tree.Content[0]
	if p.item >= 0 {
		items := find(tree, p.list)
		if items == nil || p.item >= len(items.Content) {
			return 1
		}
		node = items.Content[p.item]
	}
	if v := value(node, p.key); v != nil {
		return v.Line
	}
	return node.Line
}

// find is the list of that name, at the top of a profile or in one of its sections.
func find(tree *yaml.Node, list string) *yaml.Node {
	if len(tree.Content) == 0 || tree.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	top := tree.Content[0]
	if v := value(top, list); v != nil {
		return v
	}
	for i := 1; i < len(top.Content); i += 2 {
		if v := value(top.Content[i], list); v != nil {
			return v
		}
	}
	return nil
}

func value(node *yaml.Node, key string) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			if v := node.Content[i+1]; v.Kind != yaml.AliasNode {
				return v
			}
			return node.Content[i+1].Alias
		}
	}
	return nil
}
