package profile

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// kinds are the files of firmware-configs and the schema of each; ** is any number of folders.
var kinds = []struct{ pattern, schema string }{
	{"profiles/*/*.yml", "profile"},
	{"terminals/*.yml", "terminal"},
	{"bundles/*.yml", "bundle"},
	{"escalation/*.yml", "escalation"},
	{"deadlines/*.yml", "deadline"},
	{"incidents/categories.yml", "category"},
	{"reports/grading.yml", "grading"},
	{"reports/templates.yml", "template"},
	{"opinion/statements.yml", "statement"},
	{"plans/*.yml", "plan"},
	{"drills/*.yml", "drill"},
	{"rules/*.yml", "rules"},
	{"rules/by-site/*.yml", "rules"},
	{"protocols/*.yml", "protocol"},
	{"protocols/*/*.yml", "table"},
	{"vocabulary/*.yml", "vocabulary"},
	{"testdata/*/*.yml", "case"},
	{"simulators/*.yml", "simulator"},
}

func compileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	s, err := c.Compile(filepath.Join(configs, "schema/v1", name+".schema.json"))
	if err != nil {
		t.Fatalf("schema %s: %v", name, err)
	}
	return s
}

func schemaRoot(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(configs + "/schema/v1/profile.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// document is a YAML file as JSON has it: keys are text.
func document(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return keyed(v)
}

func keyed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			v[k] = keyed(one)
		}
	case map[any]any:
		out := map[string]any{}
		for k, one := range v {
			out[fmt.Sprint(k)] = keyed(one)
		}
		return out
	case []any:
		for i, one := range v {
			v[i] = keyed(one)
		}
	}
	return v
}

func TestEveryShippedFileFitsTheSchemaOfItsKind(t *testing.T) {
	checked := map[string]bool{}
	for _, k := range kinds {
		files, err := filepath.Glob(filepath.Join(configs, k.pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", k.pattern, err)
		}
		schema := compileSchema(t, k.schema)
		for _, file := range files {
			checked[file] = true
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document(t, text)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	err := filepath.WalkDir(configs, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) == ".yml" && !checked[path] {
			t.Errorf("%s is of no kind that a schema describes", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A schema that lets everything through checks nothing.
func TestSchemasRefuseWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ file, from, to, schema string }{
		{"profiles/smoke/calectro-ug-3.yml", "table: discrete", "table: discret", "profile"},
		{"profiles/power/ups-rfc1628.yml", "version: v2c", "version: v1", "profile"},
		{"terminals/raspberry-pi-4.yml", "[arm64]", "[sparc]", "terminal"},
		{"bundles/river-station.yml", "unit: 2", "unit: two", "bundle"},
		{"rules/smoke.yml", "condition: above", "condition: beyond", "rules"},
		{"rules/silence.yml", "    for: 1h\n", "", "rules"},
		{"protocols/snmp.yml", "standard:", "standards:", "protocol"},
		{"protocols/hj212/marks.yml", "quality: good", "quality: fine", "table"},
		{"vocabulary/properties.yml", "unit: m,", "units: m,", "vocabulary"},
		{"testdata/calectro-ug-3/smoke.yml", "want:", "wanted:", "case"},
		{"simulators/river-station.yml", "profile: generic-rain", "profil: generic-rain", "simulator"},
		{"opinion/statements.yml", "name_en: First statement", "names: x", "statement"},
	} {
		text, err := os.ReadFile(filepath.Join(configs, c.file))
		if err != nil || !strings.Contains(string(text), c.from) {
			t.Fatalf("%s lacks %q: %v", c.file, c.from, err)
		}
		if compileSchema(t, c.schema).Validate(document(t, []byte(strings.Replace(string(text), c.from, c.to, 1)))) == nil {
			t.Errorf("%s: %q was let through", c.file, c.to)
		}
	}
}
