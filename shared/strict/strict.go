// Package strict reads YAML files in which a mistake stops the program: configurations, device profiles
// and alarm rules. Whoever owns such a file decodes it here and names a bad value by its key. Rule that
// must never break: every refusal names the file and the line, and an unknown key is a refusal.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// File is a decoded file that still knows its lines.
type File struct {
	name string
	root yaml.Node
	env  map[string]string // variables that went over the file, by key
}

var (
	yamlLine    = regexp.MustCompile(`line (\d+): `)
	unknownType = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

// Decode reads the text of a file over what into holds already. An empty file changes nothing.
func Decode(name string, text []byte, into any) (*File, error) {
	f := &File{name: name}
	if err := yaml.Unmarshal(text, &f.root); err != nil {
		return nil, f.readable(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return nil, f.readable(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: more than one document in the file", name)
	}
	return f, nil
}

// readable turns the library's "yaml: line 3: …" into "file:3: …".
func (f *File) readable(err error) error {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:"))
	text, _, _ = strings.Cut(text, "\n")
	text = unknownType.ReplaceAllString(text, "key $1 is unknown")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: %s", f.name, m[1], strings.Replace(text, m[0], "", 1))
	}
	return fmt.Errorf("%s:1: %s", f.name, text) // the library leaves the line out when it is the first
}

// Empty reports whether the file says nothing.
func (f *File) Empty() bool { return len(f.root.Content) == 0 }

// Has reports whether a dotted key is written in the file; sensors.2.address is the address of the third.
func (f *File) Has(key string) bool {
	_, found := f.find(key)
	return found
}

// Line is where a dotted key stands, or what stands around it.
func (f *File) Line(key string) int {
	line, _ := f.find(key)
	return line
}

func (f *File) find(key string) (line int, found bool) {
	if f.Empty() {
		return 1, false
	}
	n, line := f.root.Content[0], 1
	for part := range strings.SplitSeq(key, ".") {
		next, at := child(n, part)
		if next == nil {
			return line, false
		}
		n, line = next, at
	}
	return line, true
}

// child is the value of a key or of an index, and the line where it begins.
func child(n *yaml.Node, part string) (*yaml.Node, int) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				return n.Content[i+1], n.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		for i := range n.Content {
			if fmt.Sprint(i) == part {
				return n.Content[i], n.Content[i].Line
			}
		}
	default:
	}
	return nil, 0
}

// Problem is a value that cannot be used, named by its dotted key.
type Problem struct { //nolint:errname // the word of the people who read it
	Key string
	Err error
}

// Bad makes a problem.
func Bad(key, format string, args ...any) error {
	return &Problem{Key: key, Err: fmt.Errorf(format, args...)}
}

// Below puts a key in front of that of a problem.
func Below(key string, err error) error {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		return err
	}
	return &Problem{Key: key + "." + p.Key, Err: p.Err}
}

func (p *Problem) Error() string { return p.Key + ": " + p.Err.Error() }

// Unwrap implements errors.Is and errors.As.
func (p *Problem) Unwrap() error { return p.Err }

// Locate puts file and line before a problem. A file or folder that cannot be used although nobody wrote it has no line:
// it is named as the default.
func (f *File) Locate(err error) error {
	if err == nil {
		return nil
	}
	line := 1
	if p, ok := errors.AsType[*Problem](err); ok {
		if variable := f.env[p.Key]; variable != "" {
			return fmt.Errorf("environment %s: %w", variable, err)
		}
		at, written := f.find(p.Key)
		if _, path := errors.AsType[*fs.PathError](p.Err); path && !written {
			return fmt.Errorf("%s: %s is not in the file, and its default cannot be used: %w; write %s, or put there what is missing", f.name, p.Key, p.Err, p.Key)
		}
		line = at
	}
	return fmt.Errorf("%s:%d: %w", f.name, line, err)
}

// Duration is a time.Duration that is written "10s" in YAML and JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 10s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler; the error has the line.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	if err := d.UnmarshalText([]byte(node.Value)); err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", node.Line, err)}}
	}
	return nil
}
