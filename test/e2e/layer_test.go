package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

// twoSizes is a field with a camera that has a smaller picture.
var twoSizes = strings.Replace(station, "    - {id: rd-cam-1, clip: sluice.h264}\n",
	"    - {id: rd-cam-1, clip: sluice.h264}\n    - {id: rd-sub-1, clip: sluice-small.h264}\n", 1)

// newLayers is a desk whose terminal sends that camera: rd-sub-1 of the field is the smaller picture of rd-cam-1.
func newLayers(t *testing.T) *desk {
	t.Helper()
	d := linkedDesk(t, twoSizes, func(d *desk, text string) string {
		text = regexp.MustCompile(`(?m)^  - \{id: rd-sub-1,.*\n`).ReplaceAllString(text, "")
		text = strings.Replace(text, fmt.Sprintf("rtsp: %q", d.field.Addresses.Cameras["rd-cam-1"]),
			fmt.Sprintf("rtsp: %q, rtsp_sub: %q", d.field.Addresses.Cameras["rd-cam-1"], d.field.Addresses.Cameras["rd-sub-1"]), 1)
		return text + "ring: {quota_mb: 0}\n" // what is read is what is sent
	})
	d.known(t)
	harness.WaitFor(t, soon, "the camera is known", func() error {
		device, err := d.centre.Admin.Device("rd-cam-1")
		return errors.Join(err, want(device.State, "online"))
	})
	return d
}

// sends waits until the terminal reads and sends so many of the two pictures, and no more.
func (d *desk) sends(t *testing.T, large, small int) {
	t.Helper()
	harness.WaitFor(t, 40*time.Second, fmt.Sprintf("the terminal reads %d large and %d small pictures", large, small), func() error {
		watching := d.field.State(t).Watching
		return errors.Join(want(watching["rd-cam-1"], large), want(watching["rd-sub-1"], small))
	})
	for _, c := range d.edge.State(t).Cameras {
		if c.ID == "rd-cam-1" && c.Sub == nil {
			t.Error("the terminal knows of no smaller picture")
		}
	}
}

// gets waits until a viewer gets a layer.
func gets(t *testing.T, v *harness.Viewer, layer string) {
	t.Helper()
	harness.WaitFor(t, 2*time.Minute, "the viewer gets "+layer, func() error {
		got, err := v.Layer()
		return errors.Join(err, want(got, layer))
	})
}

// The 4G link carries of a camera what is watched and recorded, and nothing else.
func TestATerminalSendsOfACameraWhatItsViewersCanTake(t *testing.T) {
	d := newLayers(t)
	link := testserver.NewNarrow(t, 20_000_000)
	v := d.centre.Admin.WatchOver(t, "rd-cam-1", link)
	flowing(t, v, 20)
	gets(t, v, "main")
	d.sends(t, 1, 0)

	link.Carry(300_000)
	gets(t, v, "sub")
	d.sends(t, 0, 1)
	flowing(t, v, 40)

	link.Carry(20_000_000)
	gets(t, v, "main")
	d.sends(t, 1, 0)
	flowing(t, v, 40)

	// Key frames alone are those of the smaller picture.
	if err := v.Choose("thin", true); err != nil {
		t.Fatal(err)
	}
	gets(t, v, "thin")
	d.sends(t, 0, 1)
	harness.WaitFor(t, soon, "nothing but key frames comes", func() error {
		pictures, keys := v.Pictures(), v.Keys()
		flowing(t, v, 3)
		return want(v.Pictures()-pictures, v.Keys()-keys)
	})

	// Whoever records has the large one sent, also while the viewer gets the smaller one.
	if err := v.Choose("sub", true); err != nil {
		t.Fatal(err)
	}
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	gets(t, v, "sub")
	d.sends(t, 1, 1)
	if err := d.centre.Admin.Record("rd-cam-1", "off"); err != nil {
		t.Fatal(err)
	}
	d.sends(t, 0, 1)
	v.Close()
	d.sends(t, 0, 0)
}

// A viewer whose link carries nothing keeps its session, and the picture comes back by itself.
func TestALinkThatCarriesNothingPausesThePicture(t *testing.T) {
	d := newLayers(t)
	d.field.Show(t, "rd-sub-1", "harbour.h264") // not even its key frames get through
	link := testserver.NewNarrow(t, 20_000_000)
	v := d.centre.Admin.WatchOver(t, "rd-cam-1", link)
	flowing(t, v, 20)
	gets(t, v, "main")
	link.Carry(60_000)
	gets(t, v, "pause")
	link.Carry(20_000_000)
	gets(t, v, "main")
	flowing(t, v, 40)
	d.sends(t, 1, 0)
}

// A camera that changes its resolution in the middle, and its smaller picture too, is shown and recorded on: every
// picture that comes can be decoded.
func TestACameraThatChangesItsResolutionIsShownAndRecordedOn(t *testing.T) {
	d := newLayers(t)
	begun := time.Now()
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	v := d.centre.Admin.Watch(t, "rd-cam-1")
	v.Keep()
	sizes := func(what string, list ...string) {
		t.Helper()
		flowing(t, v, 30)
		harness.WaitFor(t, soon, what, func() error {
			if _, got := v.Film(); !slices.Equal(got, list) {
				return fmt.Errorf("the viewer got %v, want %v", got, list)
			}
			return nil
		})
		flowing(t, v, 30)
	}
	const large, small = "960x540", "480x270"
	sizes("the large picture", large)
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	d.field.Show(t, "rd-cam-1", "harbour-small.h264")
	sizes("the large one became small", large, small)
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	d.field.Show(t, "rd-cam-1", "harbour.h264")
	sizes("it is large again", large, small, large)
	recordedFor(t, d, "rd-cam-1", 2*time.Second)

	if err := v.Choose("sub", true); err != nil {
		t.Fatal(err)
	}
	gets(t, v, "sub")
	sizes("the smaller picture", large, small, large, small)
	d.field.Show(t, "rd-sub-1", "sluice.h264")
	sizes("the smaller one became large", large, small, large, small, large)
	d.field.Show(t, "rd-sub-1", "harbour-small.h264")
	sizes("it is small again", large, small, large, small, large, small)
	if err := v.Choose("main", false); err != nil {
		t.Fatal(err)
	}
	gets(t, v, "main")
	sizes("the large picture", large, small, large, small, large, small, large)
	text, _ := v.Film()
	decodes(t, "what the viewer got", text)

	films, err := d.centre.Admin.Films("rd-cam-1", begun.Add(-time.Minute), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	for i, f := range films {
		plays(t, f)
		recorded = append(recorded, fmt.Sprintf("%dx%d", f.Film.Width, f.Film.Height))
		if i > 0 && f.From.Sub(films[i-1].To) > time.Second {
			t.Errorf("nothing is recorded from %s to %s", films[i-1].To, f.From)
		}
	}
	if want := []string{large, small, large}; !slices.Equal(slices.Compact(recorded), want) {
		t.Errorf("recorded are %v, want %v", recorded, want)
	}
}
