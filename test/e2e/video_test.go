package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func flowing(t *testing.T, v *harness.Viewer, more int) {
	t.Helper()
	before := v.Pictures()
	harness.WaitFor(t, soon, "pictures come", func() error {
		if n := v.Pictures() - before; n < more {
			return fmt.Errorf("%d pictures", n)
		}
		return nil
	})
}

func TestTerminalSendsOnlyWhileSomebodyWatches(t *testing.T) {
	d := newDesk(t, station)
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the camera is known and idle", func() error {
		return errors.Join(want(live.Device("rd-cam-1").State, "online"), want(live.Stream("rd-cam-1").State, "idle"))
	})
	first := d.centre.Admin.Watch(t, "rd-cam-1")
	flowing(t, first, 40)
	harness.WaitFor(t, soon, "the stream is live on the desk", func() error {
		return errors.Join(want(live.Stream("rd-cam-1").State, "live"), want(live.Stream("rd-cam-1").Viewers, 1))
	})

	second := d.centre.Admin.Watch(t, "rd-cam-1")
	flowing(t, second, 10)
	if after := second.FirstAfter(); after > 2*time.Second {
		t.Errorf("the second viewer waited %s for its first picture", after)
	}
	if n := d.field.State(t).Watching["rd-cam-1"]; n != 1 {
		t.Errorf("the camera has %d readers, want one for all viewers and what the terminal records", n)
	}

	first.Close()
	flowing(t, second, 20)
	second.Close()
	harness.WaitFor(t, 30*time.Second, "the terminal has stopped sending", func() error {
		return errors.Join(want(sending(t, d.edge), 0), want(live.Stream("rd-cam-1").State, "idle"))
	})
}

// sending is how many cameras a terminal sends.
func sending(t *testing.T, e *harness.Edge) (n int) {
	t.Helper()
	for _, c := range e.State(t).Cameras {
		if c.Sending {
			n++
		}
	}
	return n
}

func TestPictureComesBackAfterCentreAndCameraFailed(t *testing.T) {
	d := newDesk(t, station)
	harness.WaitFor(t, soon, "the camera is known", func() error {
		device, err := d.centre.Admin.Device("rd-cam-1")
		return errors.Join(err, want(device.State, "online"))
	})
	v := d.centre.Admin.Watch(t, "rd-cam-1")
	flowing(t, v, 10)
	d.field.Cut(t, "rd-cam-1")
	d.field.Restore(t, "rd-cam-1")
	flowing(t, v, 20)
	d.centre.Kill9()
	d.centre.Restart(t)
	var again *harness.Viewer
	harness.WaitFor(t, soon, "a viewer is let in again", func() error {
		var err error
		again, err = d.centre.Admin.View("rd-cam-1")
		return err
	})
	t.Cleanup(again.Close)
	flowing(t, again, 20)
}

func TestNoPictureWithoutATicket(t *testing.T) {
	d := newDesk(t, station)
	harness.WaitFor(t, soon, "the camera is known", func() error {
		_, err := d.centre.Admin.Device("rd-cam-1")
		return err
	})
	for _, token := range []string{"", "guess"} {
		for _, path := range []string{"/whep/rd-cam-1", "/whip/rd-cam-1"} {
			answer, err := harness.NewClient(t, d.centre.URL).Do(http.MethodPost, path, "application/sdp", token, strings.NewReader("v=0\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s with token %q answers %d", path, token, answer.StatusCode)
			}
		}
	}
	ticket, err := d.centre.Admin.Ticket("rd-cam-1")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := harness.NewClient(t, d.centre.URL).Do(http.MethodPost, "/whip/rd-cam-1", "application/sdp", ticket.Token, strings.NewReader("v=0\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode/100 == 2 {
		t.Errorf("a viewer's ticket published: %d", answer.StatusCode)
	}
}
