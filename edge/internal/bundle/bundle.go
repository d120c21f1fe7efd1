// Package bundle makes the part of edge.yml for a set of devices that belong together, such as a river
// station. "fengsui-edge bundle" uses it. Rule that must never break: it names only profiles and rules that
// are there, and the rules that it promises watch the devices that it lists.
package bundle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// Bundle is one file of firmware-configs/bundles.
type Bundle struct {
	ID       string   `yaml:"bundle"`
	Name     string   `yaml:"name"`
	NameEN   string   `yaml:"name_en"`
	Terminal string   `yaml:"terminal"` // file of firmware-configs/terminals
	Serial   []Serial `yaml:"serial"`
	Sensors  []Sensor `yaml:"sensors"`
	Cameras  []Camera `yaml:"cameras"`
}

// Serial is a line, as in edge.yml.
type Serial struct {
	Port     string `yaml:"port"`
	Baud     int    `yaml:"baud,omitempty"`
	DataBits int    `yaml:"data_bits,omitempty"`
	Parity   string `yaml:"parity,omitempty"`
	StopBits int    `yaml:"stop_bits,omitempty"`
}

// Sensor is a device, as in edge.yml; Rules are the shipped rules that watch it.
type Sensor struct {
	ID         string   `yaml:"id"`
	Name       string   `yaml:"name"`
	NameEN     string   `yaml:"name_en"`
	Profile    string   `yaml:"profile"`
	Address    string   `yaml:"address"`
	Unit       uint8    `yaml:"unit,omitempty"`
	Station    string   `yaml:"station,omitempty"`
	SecretFile string   `yaml:"secret_file,omitempty"`
	Rules      []string `yaml:"rules,omitempty"`
}

// Camera is a camera, as in edge.yml.
type Camera struct {
	ID     string `yaml:"id"`
	Name   string `yaml:"name"`
	NameEN string `yaml:"name_en,omitempty"`
	RTSP   string `yaml:"rtsp"`
}

// Load reads one file and checks it against the profiles, rules and terminals beside it. The error names
// file and line.
func Load(file string) (*Bundle, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	var b Bundle
	tree, err := strict.Decode(file, text, &b)
	if err != nil {
		return nil, err
	}
	root := filepath.Join(filepath.Dir(file), "..")
	profiles, err := profile.LoadDir(filepath.Join(root, "profiles"))
	if err != nil {
		return nil, err
	}
	rules, err := rule.Load(filepath.Join(root, "rules"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "terminals", b.Terminal+".yml")); err != nil || !wire.ValidID(b.Terminal) {
		return nil, tree.Locate(strict.Bad("terminal", "there is no terminal %q in %s", b.Terminal, filepath.Join(root, "terminals")))
	}
	return &b, tree.Locate(b.check(profiles, rules))
}

func (b *Bundle) check(profiles map[string]*profile.Profile, rules []rule.Rule) error {
	if !wire.ValidID(b.ID) {
		return strict.Bad("bundle", "%q is not a name of a bundle", b.ID)
	}
	seen := map[string]bool{}
	for i, s := range b.Sensors {
		key := func(k string) string { return fmt.Sprintf("sensors.%d.%s", i, k) }
		p := profiles[s.Profile]
		switch {
		case !wire.ValidID(s.ID) || seen[s.ID]:
			return strict.Bad(key("id"), "%q is not an id, or is used twice", s.ID)
		case s.Name == "" || s.NameEN == "":
			return strict.Bad(key("name"), "a Chinese and an English name are needed")
		case p == nil:
			return strict.Bad(key("profile"), "there is no profile %q", s.Profile)
		case s.Address == "":
			return strict.Bad(key("address"), "is missing")
		}
		seen[s.ID] = true
		for _, id := range s.Rules {
			n := slices.IndexFunc(rules, func(r rule.Rule) bool { return r.ID == id })
			if n < 0 {
				return strict.Bad(key("rules"), "there is no rule %q", id)
			}
			if !watches(rules[n], p) {
				return strict.Bad(key("rules"), "rule %s is about %s of class %s, which %s has not", id, rules[n].Property, rules[n].Class, p.ID)
			}
		}
	}
	for i, c := range b.Cameras {
		if !wire.ValidID(c.ID) || seen[c.ID] || c.RTSP == "" {
			return strict.Bad(fmt.Sprintf("cameras.%d.id", i), "%q is not an id, is used twice, or has no rtsp", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

func watches(r rule.Rule, p *profile.Profile) bool {
	return r.Class == p.Class && slices.ContainsFunc(p.Series, func(s profile.Series) bool { return s.Property == r.Property })
}

// YAML is the part of edge.yml. The ids begin with that of the terminal, so that the same bundle may stand
// at many places; they are shortened by nothing, so an id that becomes too long is an error.
func (b *Bundle) YAML(terminal string) ([]byte, error) {
	out := struct {
		Serial  []Serial `yaml:"serial,omitempty"`
		Sensors []Sensor `yaml:"sensors"`
		Cameras []Camera `yaml:"cameras,omitempty"`
	}{Serial: b.Serial, Sensors: slices.Clone(b.Sensors), Cameras: slices.Clone(b.Cameras)}
	for i := range out.Sensors {
		s := &out.Sensors[i]
		s.ID, s.Rules = terminal+"-"+s.ID, nil // rules are the folder's; edge.yml names none
		if !wire.ValidID(s.ID) {
			return nil, fmt.Errorf("make sensors: %q is not an id: lower-case letters, digits, - and _, at most %d", s.ID, wire.MaxIDLength)
		}
	}
	for i := range out.Cameras {
		c := &out.Cameras[i]
		c.ID = terminal + "-" + c.ID
		if !wire.ValidID(c.ID) {
			return nil, fmt.Errorf("make cameras: %q is not an id", c.ID)
		}
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %s %s (%s). Set the addresses to those on site.\n", b.Name, b.NameEN, b.ID)
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write sensors: %w", err)
	}
	return text.Bytes(), nil
}
