package profile

import (
	"os"
	"testing"

	"gopkg.in/yaml.v3"

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
