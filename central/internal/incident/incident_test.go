package incident

import (
	"os"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func at(hour, minute int) time.Time { return time.Date(2026, 11, 26, hour, minute, 0, 0, time.UTC) }

func TestWhatIsAlike(t *testing.T) {
	base := Sketch{At: at(2, 10), Division: "320623", Place: "洋口镇化工园区三路8号仓库", Category: "accident.fire", Text: "仓库起火，有浓烟，两人被困"}
	for _, c := range []struct {
		name string
		b    Sketch
		same bool
	}{
		{"another caller of the same fire", Sketch{At: at(2, 16), Division: "320623", Place: "洋口化工园区三路仓库", Text: "化工园那边仓库着火了，烟很大"}, true},
		{"a vague place in a township of the county, the same words", Sketch{At: at(2, 30), Division: "320623104", Place: "园区", Lon: new(121.0), Lat: new(32.5), Category: "accident", Text: "起火 浓烟"}, true},
		{"a fire a day later elsewhere in the county", Sketch{At: at(2, 10).Add(26 * time.Hour), Division: "320623", Place: "掘港街道人民路", Category: "accident.fire", Text: "居民楼厨房起火"}, false},
		{"another county at the same time", Sketch{At: at(2, 12), Division: "320681", Place: "洋口镇化工园区三路8号仓库", Category: "accident.fire", Text: "仓库起火，有浓烟，两人被困"}, false},
		{"something else at the same place", Sketch{At: at(9, 0), Division: "320623", Place: "洋口镇化工园区三路8号仓库", Category: "natural.flood", Text: "积水半米"}, false},
	} {
		score, why := Alike(base, c.b)
		if (score >= Likely) != c.same {
			t.Errorf("%s: %.2f because of %v, want the same %v", c.name, score, why, c.same)
		}
		if back, _ := Alike(c.b, base); back != score {
			t.Errorf("%s: %.2f one way, %.2f the other", c.name, score, back)
		}
	}
	near := base
	near.Lon, near.Lat = new(121.0), new(32.5)
	far := near
	far.Lon = new(121.5)
	if score, _ := Alike(near, far); score != 0 {
		t.Errorf("47 km apart: %.2f", score)
	}
	far.Lon = new(121.004)
	if score, _ := Alike(near, far); score < 0.9 {
		t.Errorf("370 m apart: %.2f", score)
	}
}

func TestTheNewestFigureIsThatOfTheLatestCount(t *testing.T) {
	got := Newest([]Figure{
		{Kind: "dead", Value: 2, At: at(5, 0), WrittenAt: at(5, 1)},
		{Kind: "dead", Value: 1, At: at(3, 0), WrittenAt: at(6, 0)}, // an older count that came late
		{Kind: "missing", Value: 4, At: at(3, 0), WrittenAt: at(3, 0)},
		{Kind: "missing", Value: 3, At: at(3, 0), WrittenAt: at(3, 5)}, // the same moment, corrected
	})
	if got["dead"].Value != 2 || got["missing"].Value != 3 || len(got) != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestTheShippedCategoriesCanBeRead(t *testing.T) {
	c, err := LoadCategories("../../../firmware-configs/incidents/categories.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !c.Has("accident.work_safety") || c.Named("natural.weather") != "气象灾害" || c.Has("accident.nothing") {
		t.Errorf("got %+v", c)
	}
	var vocabulary struct {
		Properties []struct {
			ID string `yaml:"id"`
		} `yaml:"properties"`
	}
	text, err := os.ReadFile("../../../firmware-configs/vocabulary/properties.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &vocabulary); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range vocabulary.Properties {
		known[p.ID] = true
	}
	if !c.Alarms.Unverified || len(c.Alarms.Items) == 0 {
		t.Errorf("proposals of alarms: %+v", c.Alarms)
	}
	for _, p := range c.Alarms.Items {
		for _, name := range p.Properties {
			if !known[name] {
				t.Errorf("%s is proposed for %q, which no profile measures", p.Category, name)
			}
		}
	}
}

func FuzzCategories(f *testing.F) {
	for _, s := range []string{
		"source: x\nitems: [{id: natural, code: '', name: 自然, name_en: N}]", "items: []", "source: x\nitems: [{id: other, name: a, name_en: b}]", "{", "source: 1\nitems: 2",
		"source: x\nitems: [{id: natural, code: '', name: 自然, name_en: N}]\nalarms: {source: x, items: [{category: natural, properties: [rain, rain]}]}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCategories("categories.yml", text)
		if err == nil && (c.Source == "" || len(c.Items) == 0) {
			t.Errorf("took %q", text)
		}
		if err == nil && slices.ContainsFunc(c.Alarms.Items, func(p Proposed) bool { return !c.Has(p.Category) }) {
			t.Errorf("took a proposal of no category: %q", text)
		}
	})
}
