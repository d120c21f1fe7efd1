package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
)

// secretsDir is where files with passwords lie that a document of the centre may name, beside edge.yml.
const secretsDir = "secrets"

// Given is what the centre configures (shared/desired). Everything else of edge.yml – who the terminal is,
// where its data and its centre are – belongs to the file alone.
type Given struct {
	Rules   []rule.Rule `yaml:"rules,omitempty"` // nil: those of the folder
	Serial  []Serial    `yaml:"serial"`
	Sensors []Sensor    `yaml:"sensors"`
	Cameras []Camera    `yaml:"cameras"`
	Outbox  Outbox      `yaml:"outbox"`
	Budget  Budget      `yaml:"budget"`
	Log     Log         `yaml:"log"`
}

// With is the configuration with a document of the centre in place of the file's own parts. What the
// document leaves out has its default, not the file's value. The error names the line of the document.
func (c Config) With(document []byte) (Config, error) {
	d := Default()
	g := Given{Outbox: d.Outbox, Budget: d.Budget, Log: d.Log}
	tree, err := strict.Decode("configuration", document, &g)
	if err != nil {
		return Config{}, err
	}
	if err := tree.Locate(c.findSecrets(&g)); err != nil {
		return Config{}, err
	}
	seen := map[string]bool{}
	for i, r := range g.Rules {
		at := fmt.Sprintf("rules.%d", i)
		if seen[r.ID] {
			return Config{}, tree.Locate(strict.Bad(at+".id", "%s is defined twice", r.ID))
		}
		seen[r.ID] = true
		if err := g.Rules[i].Validate(); err != nil {
			return Config{}, tree.Locate(strict.Below(at, err))
		}
	}
	c.Given = &g
	c.Serial, c.Sensors, c.Cameras, c.Outbox, c.Budget, c.Log = g.Serial, g.Sensors, g.Cameras, g.Outbox, g.Budget, g.Log
	if err := tree.Locate(c.check()); err != nil {
		return Config{}, err
	}
	c.Tree = tree
	return c, nil
}

// findSecrets finds the files that a document names. The centre must not make the agent read whatever it
// likes and show it to a device: only what somebody on the spot has laid out for that.
func (c Config) findSecrets(g *Given) error {
	var named []string
	for _, s := range c.Sensors {
		named = append(named, s.SecretFile)
	}
	for _, cam := range c.Cameras {
		named = append(named, cam.PasswordFile)
	}
	find := func(key string, file *string) error {
		switch {
		case *file == "" || (filepath.IsAbs(*file) && slices.Contains(named, *file)):
			return nil
		case strings.ContainsAny(*file, `/\`) || strings.HasPrefix(*file, "."):
			return strict.Bad(key, "%q is neither a file of the folder %s beside edge.yml nor named in edge.yml", *file, secretsDir)
		}
		*file = filepath.Join(c.Dir, secretsDir, *file)
		return nil
	}
	for i := range g.Sensors {
		if err := find(fmt.Sprintf("sensors.%d.secret_file", i), &g.Sensors[i].SecretFile); err != nil {
			return err
		}
	}
	for i := range g.Cameras {
		if err := find(fmt.Sprintf("cameras.%d.password_file", i), &g.Cameras[i].PasswordFile); err != nil {
			return err
		}
	}
	return nil
}

// Document is what the file says of the parts that the centre configures, as a document.
func (c Config) Document() ([]byte, error) {
	text, err := yaml.Marshal(Given{Serial: c.Serial, Sensors: c.Sensors, Cameras: c.Cameras, Outbox: c.Outbox, Budget: c.Budget, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	for _, list := range []string{"serial", "sensors", "cameras"} {
		items, _ := tree[list].([]any)
		for _, item := range items {
			if m, ok := item.(map[string]any); ok {
				bare(m)
			}
		}
	}
	out, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return out, nil
}

// bare takes out what says nothing.
func bare(m map[string]any) {
	for key, v := range m {
		if v == nil || v == "" || v == "0s" || (v == 0 && key != "unit") {
			delete(m, key)
		}
	}
}
