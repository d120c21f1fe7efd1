package deadline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
)

const packs = "../../../firmware-configs/deadlines"

func TestShippedPacksGiveTheLimitsOfTheirDocuments(t *testing.T) {
	book, err := deadline.LoadBook(packs)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	q := func(division, category string, level int, do, sender, receiver string) deadline.Query {
		return deadline.Query{Division: division, Category: category, Level: level, Do: do, Sender: sender, Receiver: receiver, At: day}
	}
	for _, c := range []struct {
		what string
		q    deadline.Query
		want string
		in   time.Duration
	}{
		{"nothing local: the default by phone", q("320623", "natural", 3, "phone", "county", "city"), "default/phone", 30 * time.Minute},
		{"nothing local: the default in writing", q("320623", "natural", 0, "written", "county", "city"), "default/written", time.Hour},
		{"a unit after an accident at work", q("320623", "accident.work_safety", 4, "phone", "unit", "county"), "default/phone", 30 * time.Minute},
		{"a local limit may not be longer than a law", q("360121", "accident.work_safety", 3, "written", "city", "province"), "cn-work-safety-2007/city-province", 2 * time.Hour},
		{"the law is no local rule where that is shorter", q("220201", "accident.work_safety", 3, "written", "county", "city"), "cn-220200-jilin/county-city", time.Hour},
		{"Changzi: the leader by phone", q("140428", "natural", 0, "phone", "county", "county"), "cn-140428-changzi-2025/warning-leader", 10 * time.Minute},
		{"the county of 20 minutes", q("999901", "natural", 4, "phone", "township", "county"), "cn-county-20-40-2018/phone", 20 * time.Minute},
		{"and 40 in writing", q("999901", "natural", 4, "written", "township", "county"), "cn-county-20-40-2018/written", 40 * time.Minute},
		{"Lanzhou, grave", q("620102", "natural", 2, "written", "county", "city"), "cn-620100-lanzhou/grave", time.Hour},
		{"Lanzhou, larger", q("620102", "natural", 3, "written", "county", "city"), "cn-620100-lanzhou/larger", 2 * time.Hour},
		{"Lanzhou says nothing of level IV", q("620102", "natural", 4, "written", "county", "city"), "default/written", time.Hour},
		{"Jilin City", q("220203", "natural", 4, "written", "county", "city"), "cn-220200-jilin/county-city", time.Hour},
		{"Jiangxi, county to city", q("360121", "natural", 1, "written", "county", "city"), "cn-360000-jiangxi-2013/county-city", 2 * time.Hour},
		{"Jiangxi, city to province", q("360100", "natural", 3, "written", "city", "province"), "cn-360000-jiangxi-2013/city-province", 3 * time.Hour},
		{"Anhui", q("340100", "natural", 3, "written", "city", "province"), "cn-340000-anhui/province", 2 * time.Hour},
		{"health, province to the State Council", q("320000", "health.epidemic", 1, "written", "province", "nation"), "cn-public-health-2003/province-nation", time.Hour},
		{"a handover", q("320600", "", 0, "handover", "", ""), "duty/handover", 0},
	} {
		got, ok := book.Find(c.q)
		if !ok || got.Name() != c.want || time.Duration(got.Limit.Within) != c.in {
			t.Errorf("%s: got %s within %s, want %s within %s", c.what, got.Name(), time.Duration(got.Limit.Within), c.want, c.in)
		}
	}
	for _, p := range book.Packs() {
		if p.Source == "" || (p.From == "" && !p.Unverified) {
			t.Errorf("pack %s says neither source nor since when", p.ID)
		}
	}
}

const pack = `id: mine
name: 本市
name_en: Ours
nature: local
jurisdiction: "320600"
source: 通政办发〔2026〕1号
unverified: false
from: "2026-06-01"
to: "2026-12-31"
rules:
  - {id: phone, do: phone, base: received, within: 15m, warn: [5m], then: [{after: 0s, to: leader}]}
`

func TestAPackOfOnesOwnHoldsInItsTimeAndPlace(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.yml"), []byte(pack), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := deadline.LoadBook(packs, dir)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-05-31T23:59:59+08:00": "default/phone", "2026-06-01T00:00:00+08:00": "mine/phone",
		"2026-12-31T23:59:59+08:00": "mine/phone", "2027-01-01T00:00:00+08:00": "default/phone",
	} {
		when, _ := time.Parse(time.RFC3339, at)
		if got, _ := book.Find(deadline.Query{Division: "320623", Do: "phone", At: when}); got.Name() != want {
			t.Errorf("at %s: %s, want %s", at, got.Name(), want)
		}
	}
	if got, _ := book.Find(deadline.Query{Division: "321000", Do: "phone", At: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}); got.Name() != "default/phone" {
		t.Errorf("in another city: %s", got.Name())
	}
}

func TestAWrongPackNamesFileAndLine(t *testing.T) {
	for want, text := range map[string]string{
		"x.yml:4: nature":            strings.Replace(pack, "nature: local", "nature: order", 1),
		"x.yml:5: jurisdiction":      strings.Replace(pack, "320600", "3206", 1),
		"x.yml:8: from":              strings.Replace(pack, "2026-06-01", "June", 1),
		"x.yml:11: rules.0.within":   strings.Replace(pack, "within: 15m", "within: 800h", 1),
		"x.yml:11: rules.0.then":     strings.Replace(pack, "to: leader", "to: mayor", 1),
		"x.yml:11: \"soon\"":         strings.Replace(pack, "within: 15m", "within: soon", 1),
		"x.yml:11: key whithin":      strings.Replace(pack, "within: 15m", "whithin: 15m", 1),
		"x.yml:11: rules.0.do":       strings.Replace(pack, "do: phone", "do: shout", 1),
		"x.yml:6: source":            strings.Replace(pack, "source: 通政办发〔2026〕1号", "source: ''", 1),
		"x.yml:11: rules.0.warn":     strings.Replace(pack, "warn: [5m]", "warn: [0s]", 1),
		"x.yml:11: rules.0.levels":   strings.Replace(pack, "base:", "levels: [5], base:", 1),
		"x.yml:11: rules.0.base":     strings.Replace(pack, "base: received", "base: heard", 1),
		"x.yml:11: rules.0.receiver": strings.Replace(pack, "base:", "receiver: town, base:", 1),
	} {
		_, err := deadline.ParsePack("x.yml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := deadline.LoadBook(t.TempDir()); err == nil {
		t.Error("a folder without packs is taken")
	}
}

func FuzzParsePack(f *testing.F) {
	files, _ := filepath.Glob(packs + "/*.yml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := deadline.ParsePack("x.yml", text)
		if err != nil {
			return
		}
		for _, r := range p.Rules {
			if len(r.Stages()) == 0 {
				t.Errorf("rule %s gives a clock without marks", r.ID)
			}
		}
	})
}

// What the top desk reports beyond the centre is said by the pack of the smallest division around it.
func TestThePacksSayWhatLeavesTheCentre(t *testing.T) {
	dir := t.TempDir()
	text := `id: county
name: 县
name_en: County
nature: local
jurisdiction: "320623"
source: 测试
from: "2026-01-01"
to: "2026-12-31"
outward: [1, 2]
rules: []
`
	if err := os.WriteFile(filepath.Join(dir, "county.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := deadline.LoadBook(packs, dir)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for division, want := range map[string][]int{"320623": {1, 2}, "320600": {1, 2, 3}, "110000": {1, 2, 3}} {
		if got := book.Outward(division, day); !slices.Equal(got, want) {
			t.Errorf("%s reports %v, want %v", division, got, want)
		}
	}
	if got := book.Outward("320623", day.AddDate(1, 0, 0)); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("after its last day the pack still says %v", got)
	}
	for _, bad := range []string{"outward: [5]\nrules: []", "outward: []\nrules: []"} {
		if _, err := deadline.ParsePack("x.yml", []byte("id: x\nname: x\nname_en: x\nnature: default\nsource: x\n"+bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
