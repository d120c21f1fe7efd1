package rule

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/fengsui/fengsui/shared/strict"
)

type file struct {
	Rules []Rule `yaml:"rules"`
}

// required are the keys without which a rule would mean something else than its author thinks.
func (r *Rule) required() []string {
	keys := []string{"id", "name", "name_en", "property", "condition", "level", "source"}
	switch r.Condition {
	case Above, Below, Rise, Fall:
		return append(keys, "limit", "clear")
	case Stuck:
		return append(keys, "limit", "for")
	case Silent:
		return append(keys, "for")
	case Expression:
		return append(keys, "expression")
	}
	return keys
}

// Load reads every .yml of a folder, in order of name. Errors name the file and the line.
func Load(dir string) ([]Rule, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	slices.Sort(files)
	var out []Rule
	where := map[string]string{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		rules, lines, err := parse(path, text)
		if err != nil {
			return nil, err
		}
		for i, r := range rules {
			here := fmt.Sprintf("%s:%d", path, lines[i])
			if before, ok := where[r.ID]; ok {
				return nil, fmt.Errorf("%s: id: %s is defined already at %s", here, r.ID, before)
			}
			where[r.ID] = here
			out = append(out, r)
		}
	}
	return out, nil
}

// parse reads one file; lines holds the line of each rule.
func parse(path string, text []byte) (rules []Rule, lines []int, err error) {
	var f file
	tree, err := strict.Decode(path, text, &f)
	if err != nil {
		return nil, nil, err
	}
	for i := range f.Rules {
		r, at := &f.Rules[i], fmt.Sprintf("rules.%d", i)
		for _, key := range r.required() {
			if !tree.Has(at + "." + key) {
				return nil, nil, tree.Locate(strict.Bad(at+"."+key, "is missing"))
			}
		}
		if err := r.Validate(); err != nil {
			return nil, nil, tree.Locate(strict.Below(at, err))
		}
		lines = append(lines, tree.Line(at))
	}
	return f.Rules, lines, nil
}
