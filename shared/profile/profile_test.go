package profile

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/shared/wire"
)

const configs = "../../firmware-configs"

const good = `api_version: fengsui/v1
id: a
revision: 1.0.0
name: 甲
name_en: A
class: gas
protocol: modbus-tcp
source: test
verified: false
every: 1s
timeout: 1s
modbus:
  unit: 1
  registers:
    - {property: x, table: holding, address: 0, type: u16}
    - {property: y, table: input, address: 65534, type: f32, order: cdab, scale: 2}
series:
  - {property: x, name: 甲, name_en: X, unit: m, digits: 2}
  - {property: y, name: 乙, name_en: Y, unit: m, digits: 2}
`

func TestBadProfileIsRefusedWithFileAndLine(t *testing.T) {
	change := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("the profile lacks %q", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", good + "colour: red\n", "p.yml:20: key colour is unknown"},
		{"unknown key of a register", change("type: u16}", "type: u16, sclae: 1}"), "p.yml:15: key sclae is unknown"},
		{"wrong type", change("address: 0", "address: zero"), "p.yml:15: cannot unmarshal"},
		{"address beyond", change("address: 0", "address: 65536"), "p.yml:15: cannot unmarshal"},
		{"value beyond the registers", change("address: 65534", "address: 65535"), "p.yml:16: modbus.registers.1.address: "},
		{"scale of nothing", change("scale: 2", "scale: 0"), "p.yml:16: modbus.registers.1.scale: "},
		{"not a number", change("scale: 2", "scale: .nan"), "p.yml:16: modbus.registers.1.scale: "},
		{"order of another width", change("type: u16}", "type: u16, order: abcd}"), "p.yml:15: modbus.registers.0.order: "},
		{"unknown type", change("type: u16}", "type: u64}"), "p.yml:15: modbus.registers.0.type: "},
		{"a coil that is a number", change("table: holding", "table: coil"), "p.yml:15: modbus.registers.0.type: a coil is one bit"},
		{"bits beyond the register", change("type: u16}", "type: bit, bit: 14, width: 3}"), "p.yml:15: modbus.registers.0.bit: "},
		{"bit of a number", change("type: u16}", "type: u16, bit: 1}"), "p.yml:15: modbus.registers.0.bit: "},
		{"an endless gap", change("  unit: 1", "  unit: 1\n  gap: 2s"), "p.yml:14: modbus.gap: "},
		{"series read from nowhere", change("    - {property: y, table: input, address: 65534, type: f32, order: cdab, scale: 2}\n", ""), "p.yml:18: series.1.property: y is read from nowhere"},
		{"register of no series", change("{property: x, table", "{property: z, table"), "p.yml:15: modbus.registers.0.property: "},
		{"no source", change("source: test", "source: ''"), "p.yml:8: source: "},
		{"no duration", change("every: 1s", "every: soon"), "p.yml:10: \"soon\" is not a duration"},
		{"other protocol", change("protocol: modbus-tcp", "protocol: nmea-tcp"), "p.yml:7: protocol: "},
		{"range upside down", change("type: u16}", "type: u16, min: 3, max: 1}"), "p.yml:15: modbus.registers.0.min: "},
		{"two documents", good + "---\n" + good, "more than one document"},
		{"empty", "", "p.yml:1: "},
		{"no YAML", "a: b: c", "p.yml:1: "},
	} {
		file := filepath.Join(t.TempDir(), "p.yml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Parse("p.yml", []byte(good)); err != nil {
		t.Errorf("the good profile was refused: %v", err)
	}
	if _, err := Load("/nonexistent/p.yml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestOneIDInTwoFilesIsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yml", "b.yml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(good), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadDir(dir); err == nil || !strings.Contains(err.Error(), "b.yml: id: a is defined already in") {
		t.Errorf("got %v", err)
	}
}

func TestRegisterDecodesAndEncodes(t *testing.T) {
	low, high := 0.0, 50.0
	for _, c := range []struct {
		name    string
		r       Register
		words   []uint16
		want    float64
		quality wire.Quality
	}{
		{"u16", Register{Type: U16, Scale: 0.01}, []uint16{1261}, 12.61, wire.Good},
		{"u16 swapped", Register{Type: U16, Order: "ba"}, []uint16{0x0100}, 1, wire.Good},
		{"i16 negative", Register{Type: I16, Scale: 0.1}, []uint16{0xFFFB}, -0.5, wire.Good},
		{"u32", Register{Type: U32}, []uint16{0x0001, 0x0002}, 65538, wire.Good},
		{"i32 low word first", Register{Type: I32, Order: "cdab", Scale: 0.001}, []uint16{0xFE0C, 0xFFFF}, -0.5, wire.Good},
		{"i32 all reversed", Register{Type: I32, Order: "dcba"}, []uint16{0x0100, 0x0000}, 1, wire.Good},
		{"i32 bytes swapped", Register{Type: I32, Order: "badc"}, []uint16{0x0000, 0x0100}, 1, wire.Good},
		{"f32", Register{Type: F32}, []uint16{0x4083, 0xD70A}, 4.119999885559082, wire.Good},
		{"offset", Register{Type: U16, Scale: 0.1, Offset: -40}, []uint16{650}, 25, wire.Good},
		{"bit", Register{Type: Bit, Bit: 3}, []uint16{0x0008}, 1, wire.Good},
		{"field of bits", Register{Type: Bit, Bit: 4, Width: 3}, []uint16{0x0050}, 5, wire.Good},
		{"bit of a swapped word", Register{Type: Bit, Bit: 8, Order: "ba"}, []uint16{0x0001}, 1, wire.Good},
		{"out of range", Register{Type: U16, Min: &low, Max: &high}, []uint16{51}, 51, wire.Bad},
	} {
		got, quality, err := c.r.Decode(c.words)
		if err != nil || got != c.want || quality != c.quality {
			t.Errorf("%s: got %v, %d, %v; want %v, %d", c.name, got, quality, err, c.want, c.quality)
		}
		back, err := c.r.Encode(c.want)
		if err != nil || !reflect.DeepEqual(back, c.words) {
			t.Errorf("%s: encoded %04x, %v; want %04x", c.name, back, err, c.words)
		}
	}
}

func TestNoValueIsAnErrorAndNotANumber(t *testing.T) {
	for _, c := range []struct {
		r     Register
		words []uint16
		want  error
	}{
		{Register{Type: I16, Invalid: []int64{32767, -32768}}, []uint16{0x7FFF}, ErrNoValue},
		{Register{Type: I16, Invalid: []int64{32767, -32768}}, []uint16{0x8000}, ErrNoValue},
		{Register{Type: F32}, []uint16{0x7FC0, 0}, ErrNoValue},
		{Register{Type: F32}, []uint16{0x7F80, 0}, ErrNoValue},
		{Register{Type: F32}, []uint16{1}, ErrWords},
		{Register{Type: "u8"}, nil, ErrWords},
	} {
		if _, _, err := c.r.Decode(c.words); !errors.Is(err, c.want) {
			t.Errorf("%+v %04x: got %v, want %v", c.r, c.words, err, c.want)
		}
	}
	for _, v := range []float64{-1, 65536, math.NaN(), math.Inf(1)} {
		if _, err := (&Register{Type: U16}).Encode(v); !errors.Is(err, ErrRange) {
			t.Errorf("%v: got %v", v, err)
		}
	}
}

func TestShippedProfilesFitTheVocabulary(t *testing.T) {
	profiles, err := LoadDir(configs + "/profiles")
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"water_level", "rain", "flow", "gas", "smoke", "weather", "water_quality", "power", "position", "siren", "camera"} {
		if !slices.ContainsFunc(slices.Collect(maps.Values(profiles)), func(p *Profile) bool { return p.Class == class }) {
			t.Errorf("no profile of class %s", class)
		}
	}
	var words struct {
		Properties []struct {
			ID, Name, Unit string
			NameEN         string `yaml:"name_en"`
			Digits         int
		}
		Classes []struct {
			ID, Name string
			NameEN   string `yaml:"name_en"`
		}
	}
	text, err := os.ReadFile(configs + "/vocabulary/properties.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	units, classes := map[string]string{}, map[string]bool{}
	for _, p := range words.Properties {
		if p.Name == "" || p.NameEN == "" || p.Unit == "" {
			t.Errorf("property %s lacks a name or a unit", p.ID)
		}
		units[p.ID] = p.Unit
	}
	for _, c := range words.Classes {
		classes[c.ID] = true
	}
	paths, err := filepath.Glob(configs + "/profiles/*/*.yml")
	if err != nil || len(paths) != len(profiles) {
		t.Fatalf("%d files, %d profiles, %v", len(paths), len(profiles), err)
	}
	for _, path := range paths {
		p, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.ID+".yml" != filepath.Base(path) {
			t.Errorf("%s holds profile %s", path, p.ID)
		}
		if !classes[p.Class] {
			t.Errorf("%s: class %s is not in the vocabulary", path, p.Class)
		}
		for _, s := range p.Series {
			if units[s.Property] != s.Unit {
				t.Errorf("%s: %s has unit %q, the vocabulary %q", path, s.Property, s.Unit, units[s.Property])
			}
		}
		if cases, _ := filepath.Glob(configs + "/testdata/" + p.ID + "/*.yml"); len(cases) == 0 && len(p.Series) > 0 {
			t.Errorf("%s: no test case", p.ID)
		}
		if _, err := json.Marshal(p); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
}

func TestSchemaHasTheKeysOfTheTypes(t *testing.T) {
	root := schemaRoot(t)
	for _, c := range []struct {
		path []string
		of   reflect.Type
	}{
		{nil, reflect.TypeFor[Profile]()},
		{[]string{"properties", "modbus"}, reflect.TypeFor[Modbus]()},
		{[]string{"properties", "modbus", "properties", "registers", "items"}, reflect.TypeFor[Register]()},
		{[]string{"properties", "nmea"}, reflect.TypeFor[NMEA]()},
		{[]string{"properties", "nmea", "properties", "fields", "items"}, reflect.TypeFor[Field]()},
		{[]string{"properties", "hj212"}, reflect.TypeFor[HJ212Section]()},
		{[]string{"properties", "hj212", "properties", "factors", "items"}, reflect.TypeFor[Factor]()},
		{[]string{"properties", "sl651"}, reflect.TypeFor[SL651Section]()},
		{[]string{"properties", "sl651", "properties", "elements", "items"}, reflect.TypeFor[Element]()},
		{[]string{"properties", "snmp"}, reflect.TypeFor[SNMPSection]()},
		{[]string{"properties", "snmp", "properties", "objects", "items"}, reflect.TypeFor[SNMPObject]()},
		{[]string{"properties", "json"}, reflect.TypeFor[JSON]()},
		{[]string{"properties", "json", "properties", "time"}, reflect.TypeFor[JSONTime]()},
		{[]string{"properties", "json", "properties", "fields", "items"}, reflect.TypeFor[JSONField]()},
		{[]string{"properties", "gpio"}, reflect.TypeFor[GPIOSection]()},
		{[]string{"properties", "gpio", "properties", "inputs", "items"}, reflect.TypeFor[GPIOInput]()},
		{[]string{"properties", "recording"}, reflect.TypeFor[RecordingSection]()},
		{[]string{"properties", "series", "items"}, reflect.TypeFor[Series]()},
		{[]string{"properties", "outputs", "items"}, reflect.TypeFor[Output]()},
	} {
		node := root
		for _, step := range c.path {
			node = node[step].(map[string]any)
		}
		got, want := map[string]bool{}, map[string]bool{}
		for key := range node["properties"].(map[string]any) {
			got[key] = true
		}
		for field := range c.of.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			want[key] = true
			if k, _, _ := strings.Cut(field.Tag.Get("json"), ","); k != key {
				t.Errorf("%s.%s: json key %s, yaml key %s", c.of.Name(), field.Name, k, key)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: schema has %v, type has %v", c.of.Name(), got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("modbus: &a {registers: [*a]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := Parse("p.yml", text); err == nil && p.Validate() != nil {
			t.Error("an invalid profile was taken")
		}
	})
}

func FuzzRegister(f *testing.F) {
	f.Add(uint16(1), uint16(2), uint8(0), 0.001)
	f.Fuzz(func(t *testing.T, a, b uint16, kind uint8, scale float64) {
		r := Register{Type: []string{U16, I16, U32, I32, F32}[kind%5], Scale: scale}
		v, _, err := r.Decode([]uint16{a, b}[:r.Words()])
		if err == nil && !math.IsNaN(scale) && !math.IsInf(scale, 0) && math.Abs(scale) < 1e6 && math.IsNaN(v) {
			t.Errorf("%s %04x %04x × %v is not a number", r.Type, a, b, scale)
		}
	})
}

func TestDeadbandsNeedAnIntervalAndADeviceThatWaitsForNothing(t *testing.T) {
	for _, c := range []struct{ file, add, want string }{
		{"water-level/generic-water-level-modbus", "deadband: 0.01", "series.0.max_interval: "},
		{"water-level/generic-water-level-modbus", "max_interval: 5m", "series.0.deadband: "},
		{"water-level/generic-water-level-modbus", "deadband: -1, max_interval: 5m", "series.0.deadband: "},
		{"water-level/generic-water-level-modbus", "deadband: .inf, max_interval: 5m", "series.0.deadband: "},
		{"water-level/generic-water-level-modbus", "deadband: 0.01, max_interval: 1h", "series.0.max_interval: "},
		{"water-level/generic-water-level-modbus", "deadband: 0.01, max_interval: 1s", "series.0.max_interval: "},
		{"water-level/generic-water-level-modbus", "deadband: 0.01, max_interval: 5m", ""},
		{"water-level/sl651-river", "deadband: 0.01, max_interval: 5m", "series.0.deadband: a device that speaks by itself"},
	} {
		text, err := os.ReadFile(configs + "/profiles/" + c.file + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), "unit: m, digits: 2}", "unit: m, digits: 2, "+c.add+"}", 1)
		if changed == string(text) {
			t.Fatalf("%s has no such series", c.file)
		}
		_, err = Parse("p.yml", []byte(changed))
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %s: got %v, want %q", c.file, c.add, err, c.want)
		}
	}
}
