package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

// One camera at the gauge and one a kilometre away, both behind its terminal, and nobody watches.
func TestAlarmTakesAPictureOfTheCameraBesideItThatNobodyWatches(t *testing.T) {
	two := strings.Replace(station, "    - {id: rd-cam-1, clip: sluice.h264}\n", "    - {id: rd-cam-1, clip: sluice.h264}\n    - {id: rd-cam-2, clip: sluice.h264}\n", 1)
	d := linkedDesk(t, two, func(_ *desk, text string) string {
		for id, place := range map[string]string{"rd-level-1": "{lon: 120.9479, lat: 32.5316}", "rd-cam-1": "{lon: 120.9479, lat: 32.5325}", "rd-cam-2": "{lon: 120.9479, lat: 32.5406}"} {
			text = strings.Replace(text, "{id: "+id+",", "{id: "+id+", place: "+place+",", 1)
		}
		text = strings.Replace(text, "{id: rd-level-1,", "{id: rd-level-1, name_en: Yangkou tide gauge,", 1)
		return text + "ring: {quota_mb: 0}\n" // else both are open
	})
	d.known(t)
	harness.WaitFor(t, soon, "both cameras are known", func() error {
		one, err := d.centre.Admin.Device("rd-cam-1")
		two, err2 := d.centre.Admin.Device("rd-cam-2")
		return errors.Join(err, err2, want(one.State, "online"), want(two.State, "online"))
	})
	d.field.Set(t, "rd-level-1", "water_level", 5.6)
	type list struct {
		Items []struct {
			Stream, Alarm, Why string
			Title              string `json:"title"`
			TitleEN            string `json:"title_en"`
			Metres             *int
			Bytes              int
		}
	}
	var kept list
	harness.WaitFor(t, soon, "the camera beside the gauge left a picture", func() error {
		kept = list{}
		if err := d.centre.Admin.Call(http.MethodGet, "/snapshots?origin=alarm", nil, &kept); err != nil {
			return err
		}
		if len(kept.Items) == 0 {
			return errors.New("none")
		}
		return nil
	})
	for _, p := range kept.Items {
		if p.Stream != "rd-cam-1" || p.Metres == nil || *p.Metres != 100 || p.Alarm == "" || p.Bytes == 0 {
			t.Errorf("kept %+v", p)
		}
		if !strings.HasPrefix(p.Title, "演示数据 rd-level-1 ") || !strings.HasPrefix(p.TitleEN, "Yangkou tide gauge ") {
			t.Errorf("its title is %q, in English %q", p.Title, p.TitleEN)
		}
	}
	harness.WaitFor(t, soon, "the camera is closed again", func() error {
		return want(d.field.State(t).Watching["rd-cam-1"], 0)
	})
	if n := d.field.State(t).Watching["rd-cam-2"]; n != 0 {
		t.Errorf("the camera far away has %d readers", n)
	}
	var none list
	if err := d.centre.Admin.Call(http.MethodGet, "/snapshots/missed", nil, &none); err != nil {
		t.Fatal(err)
	}
	for _, m := range none.Items {
		if m.Why != "recent" { // a second alarm of the same tide
			t.Errorf("missed %+v", m)
		}
	}
}
