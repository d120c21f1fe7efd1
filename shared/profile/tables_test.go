package profile

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/shared/wire"
)

func table(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(configs + "/protocols/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestMarksOfTheTableHaveTheirQuality(t *testing.T) {
	var marks struct {
		Marks []struct{ Mark, Quality string }
	}
	table(t, "hj212/marks.yml", &marks)
	if len(marks.Marks) < 8 {
		t.Fatalf("%d marks", len(marks.Marks))
	}
	for _, m := range marks.Marks {
		want := map[string]wire.Quality{"good": wire.Good, "uncertain": wire.Uncertain, "bad": wire.Bad}[m.Quality]
		if got := MarkQuality(m.Mark); got != want {
			t.Errorf("mark %s: got %d, the table says %s", m.Mark, got, m.Quality)
		}
	}
	if MarkQuality("?") != wire.Uncertain || MarkQuality("") != wire.Good {
		t.Error("an unknown mark is certain, or a value without one is not")
	}
}

// TestFactorsOfShippedProfilesStandInTheTables holds codes, and units where the value is taken as it comes.
func TestFactorsOfShippedProfilesStandInTheTables(t *testing.T) {
	type factors struct {
		Factors []struct {
			Code, Name, Ucum string
			Code2017         string `yaml:"code_2017"`
		}
	}
	var now, old factors
	table(t, "hj212/factors-2017.yml", &now)
	table(t, "hj212/factors-2005.yml", &old)
	units := map[string]string{}
	for _, f := range now.Factors {
		if _, twice := units[f.Code]; twice || f.Name == "" {
			t.Errorf("factor %s stands twice or has no name", f.Code)
		}
		units[f.Code] = f.Ucum
	}
	former := map[[2]string]bool{}
	for _, f := range old.Factors {
		if _, known := units[f.Code2017]; !known {
			t.Errorf("factor %s of 2005 is %s, which is none", f.Code, f.Code2017)
		}
		former[[2]string{f.Code, f.Code2017}] = true
	}
	profiles, err := LoadDir(configs + "/profiles")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		if p.HJ212 == nil {
			continue
		}
		for _, f := range p.HJ212.Factors {
			unit, known := units[f.Codes[0]]
			if !known {
				t.Errorf("%s: %s is no factor of 2017", p.ID, f.Codes[0])
			}
			if s := p.Series[p.index(f.Property)]; f.Scale == 1 && s.Unit != unit && s.Unit != "[pH]" {
				t.Errorf("%s: %s in %s, the table says %s", p.ID, f.Property, s.Unit, unit)
			}
			for _, code := range f.Codes[1:] {
				if !former[[2]string{code, f.Codes[0]}] {
					t.Errorf("%s: %s was not %s before", p.ID, f.Codes[0], code)
				}
			}
		}
	}
}

func TestElementsOfShippedProfilesStandInTheTable(t *testing.T) {
	var elements struct {
		Elements []struct {
			ID, ASCII, Name, Ucum string
		}
	}
	table(t, "sl651/elements.yml", &elements)
	units := map[string]string{}
	for _, e := range elements.Elements {
		if _, twice := units[e.ID]; twice || e.Name == "" || e.ASCII == "" {
			t.Errorf("element %s stands twice or lacks a name", e.ID)
		}
		units[e.ID] = e.Ucum
	}
	profiles, err := LoadDir(configs + "/profiles")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		if p.SL651 == nil {
			continue
		}
		for _, e := range p.SL651.Elements {
			unit, known := units[e.Element]
			if s := p.Series[p.index(e.Property)]; !known || (unit != "" && e.Scale == 1 && s.Unit != unit) {
				t.Errorf("%s: element %s in %s, the table says %q", p.ID, e.Element, s.Unit, unit)
			}
		}
	}
}

func TestBadSectionsOfStationsAreRefused(t *testing.T) {
	for _, c := range []struct{ file, from, to, want string }{
		{"air-pollution/hj212-stack-gas", "versions: [2005, 2017]", "versions: [2016]", "hj212.versions.0: 2016"},
		{"air-pollution/hj212-stack-gas", "versions: [2005, 2017]", "versions: []", "hj212.versions: at least one"},
		{"air-pollution/hj212-stack-gas", "codes: [a21026, \"02\"], min", "codes: [\"a-1\"], min", "hj212.factors.0.codes: "},
		{"air-pollution/hj212-stack-gas", "codes: [a21002, \"03\"], min", "codes: [a21026], min", "hj212.factors.1.codes: a21026-Rtd of 2011 is taken twice"},
		{"air-pollution/hj212-stack-gas", "field: ZsRtd", "field: Zs", "hj212.factors.3.field: "},
		{"air-pollution/hj212-stack-gas", "command: 2061", "command: 2041", "hj212.factors.8.command: "},
		{"air-pollution/hj212-stack-gas", "  factors:", "  max_data: 10000\n  factors:", "hj212.max_data: "},
		{"water-level/sl651-river", "mode: M2", "mode: M3", "sl651.mode: "},
		{"water-level/sl651-river", "mode: M2", "mode: M4", "sl651.query: "},
		{"water-level/sl651-river", "mode: M2", "mode: M2\n  query: 1m", "sl651.query: "},
		{"water-level/sl651-river", "mode: M2", "mode: M2\n  centre: 256", "sl651.centre: "},
		{"water-level/sl651-river", "element: \"39\"", "element: \"04\"", "sl651.elements.0.element: "},
		{"water-level/sl651-river", "element: \"39\"", "element: \"27\"", "sl651.elements.1.element: 27 is taken twice"},
	} {
		text, err := os.ReadFile(configs + "/profiles/" + c.file + ".yml")
		if err != nil || !strings.Contains(string(text), c.from) {
			t.Fatalf("%s lacks %q: %v", c.file, c.from, err)
		}
		if _, err := Parse("p.yml", []byte(strings.Replace(string(text), c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.to, err, c.want)
		}
	}
}
