package geo

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAreasKnowTheDivisionsAndOutlinesOfTheBaseMap(t *testing.T) {
	a, err := LoadAreas("../../deploy/basemap")
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[Division]bool{"320623": true, "320623000000": true, "320600": true, "320612001": true, "320612001002": true, "330100": false, "320699": false, "32": false} {
		if a.Knows(d) != want {
			t.Errorf("Knows(%s) is %t", d, !want)
		}
	}
	if len(a.Named()) != 144 {
		t.Errorf("%d divisions", len(a.Named()))
	}
	for _, c := range []struct {
		division      Division
		lon, lat      float64
		inside, known bool
	}{
		{"320623", 121.1833, 32.3117, true, true}, // the seat of Rudong
		{"320623104", 121.1833, 32.3117, true, true},
		{"320681", 121.1833, 32.3117, false, true},
		{"320600", 121.1833, 32.3117, false, false},
		{"330100", 121.1833, 32.3117, false, false},
	} {
		if inside, known := a.Holds(c.division, c.lon, c.lat); inside != c.inside || known != c.known {
			t.Errorf("%+v: inside %t, known %t", c, inside, known)
		}
	}
}

func TestAreasWithoutABaseMapKnowEveryValidCode(t *testing.T) {
	a, err := LoadAreas(t.TempDir())
	if err != nil || !a.Knows("990000") || a.Knows("x") {
		t.Errorf("%v", err)
	}
	var none *Areas
	if _, known := none.Holds("320623", 1, 1); known || !none.Knows("320623") || none.Named() != nil {
		t.Error("no areas at all")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "divisions.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadAreas(dir); err == nil {
		t.Error("a broken file was taken")
	}
}
