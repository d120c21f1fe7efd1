package bundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/bundle"
	"github.com/fengsui/fengsui/edge/internal/config"
)

const configs = "../../../firmware-configs"

func TestShippedBundlesAreSoundAndMakeAConfiguration(t *testing.T) {
	files, err := filepath.Glob(configs + "/bundles/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d bundles, %v", len(files), err)
	}
	root, err := filepath.Abs(configs)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := bundle.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.ID+".yml" != filepath.Base(file) {
			t.Errorf("%s holds bundle %s", file, b.ID)
		}
		text, err := b.YAML("rd-1")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		secret := filepath.Join(dir, "secret")
		whole := "id: rd-1\ndata: " + dir + "\nfirmware_configs: " + root + "\ncentre: {url: 'http://127.0.0.1:1'}\n" + string(text)
		whole = strings.ReplaceAll(whole, "/etc/fengsui/ups.community", secret)
		main := filepath.Join(dir, "edge.yml")
		for path, text := range map[string]string{secret: "word", main: whole} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := config.Load(main)
		if err != nil {
			t.Fatalf("%s makes a configuration that does not load: %v\n%s", b.ID, err, text)
		}
		if len(c.Sensors) != len(b.Sensors) || len(c.Cameras) != len(b.Cameras) || c.Sensors[0].ID != "rd-1-"+b.Sensors[0].ID {
			t.Errorf("%s: got %+v", b.ID, c.Sensors)
		}
	}
}

func TestBadBundleIsRefusedWithItsLine(t *testing.T) {
	text, err := os.ReadFile(configs + "/bundles/river-station.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, folder := range []string{"profiles", "rules", "terminals"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(configs, folder))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "bundles"), 0o750); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "bundles", "b.yml")
	for _, c := range []struct{ from, to, want string }{
		{"profile: generic-rain-modbus-rtu", "profile: none", `b.yml:10: sensors.1.profile: there is no profile "none"`},
		{"rules: [rain-hour]", "rules: [rain-year]", `there is no rule "rain-year"`},
		{"rules: [rain-hour]", "rules: [gas-ch4-low]", "rule gas-ch4-low is about ch4_lel"},
		{"terminal: linux-generic", "terminal: ../x", "there is no terminal"},
		{"id: rain,", "id: level,", "is used twice"},
		{"unit: 2,", "colour: red,", "key colour is unknown"},
	} {
		if !strings.Contains(string(text), c.from) {
			t.Fatalf("the bundle lacks %q", c.from)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.Load(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.to, err, c.want)
		}
	}
	b, err := bundle.Load(configs + "/bundles/river-station.yml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.YAML("RD 1"); err == nil {
		t.Error("made ids that are none")
	}
}
