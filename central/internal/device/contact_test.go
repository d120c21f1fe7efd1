package device_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// contacts are the lines that a division sees, oldest first, as kind:device and how many went along.
func (d *desk) contacts(t *testing.T, division string) (list []device.Contact, text string) {
	t.Helper()
	d.Look(context.Background(), 0)
	part, err := d.Contacts(technician(division), page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, c := range slices.Backward(part.Items) {
		list = append(list, c)
		word := string(c.Kind)
		if c.Device != "" {
			word += ":" + c.Device
		}
		if c.Behind > 0 {
			word += fmt.Sprintf("+%d", c.Behind)
		}
		words = append(words, word)
	}
	return list, strings.Join(words, " ")
}

// report says that the sensor answers and whether the camera does.
func report(t *testing.T, d *desk, camera string) {
	t.Helper()
	st := wire.Status{
		State: "online", Time: time.Now().UnixMilli(), Sensors: []wire.SensorState{{ID: "rd-level-1", OK: true}},
		Cameras: []wire.CameraState{{ID: "rd-cam-1", OK: camera == "", Error: camera}},
	}
	if err := d.Status(context.Background(), "edge-a", st); err != nil {
		t.Fatal(err)
	}
}

func TestFaultOfACameraHasAName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := county(t, db)
		tell := func(c wire.CameraState) *wire.CameraFault {
			t.Helper()
			c.ID = "rd-cam-1"
			if err := d.Status(context.Background(), "edge-a", wire.Status{State: "online", Time: time.Now().UnixMilli(), Cameras: []wire.CameraState{c}}); err != nil {
				t.Fatal(err)
			}
			cam, err := d.Get(technician("320600"), "rd-cam-1")
			if err != nil {
				t.Fatal(err)
			}
			return cam.Fault
		}
		got := tell(wire.CameraState{Error: "camera sends no H.264 picture, but H265", Fault: &wire.CameraFault{Kind: wire.CameraCodec, Has: "H265" + strings.Repeat("x", 500)}})
		if got == nil || got.Kind != "codec" || !strings.HasPrefix(got.Has, "H265") || len(got.Has) > 40 {
			t.Errorf("named %+v", got)
		}
		if got := tell(wire.CameraState{Error: "of an older agent"}); got != nil {
			t.Errorf("without a name it is called %+v", got)
		}
		tell(wire.CameraState{Error: "camera stopped sending", Fault: &wire.CameraFault{Kind: wire.CameraStalled}})
		if got := tell(wire.CameraState{OK: true}); got != nil {
			t.Errorf("well again, it is still called %+v", got)
		}
	})
}

func TestLossOfContactIsOneLineForATerminalAndStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := county(t, db)
		report(t, d, "timeout")
		report(t, d, "other")
		first := "fault:rd-cam-1"
		if _, got := d.contacts(t, "320600"); got != first {
			t.Errorf("not answering: %q, want %q", got, first)
		}
		d.Presence(context.Background(), "edge-a", false)
		d.Presence(context.Background(), "edge-a", false)
		list, got := d.contacts(t, "320600")
		if want := first + " lost:edge-a+2"; got != want {
			t.Fatalf("lost: %q, want %q", got, want)
		}
		lost := list[1]
		d.Presence(context.Background(), "edge-a", true)
		report(t, d, "timeout")
		report(t, d, "")
		list, got = d.contacts(t, "320600")
		if want := first + " lost:edge-a+2 back:edge-a well:rd-cam-1"; got != want {
			t.Fatalf("back: %q, want %q", got, want)
		}
		if back := list[2]; back.Since == nil || !back.Since.Equal(lost.At) || back.At.Before(lost.At) || list[0].Error != "timeout" {
			t.Errorf("back is %+v, lost was %+v, fault %+v", back, lost, list[0])
		}
		if _, got := d.contacts(t, "320681"); got != "" {
			t.Errorf("another county reads %q", got)
		}
		part, err := d.Contacts(technician("320600"), page.Request{Limit: 2})
		if err != nil || len(part.Items) != 2 || part.Next == "" {
			t.Fatalf("got %+v, %v", part, err)
		}
		if rest, err := d.Contacts(technician("320600"), page.Request{Limit: 2, After: part.Next}); err != nil || len(rest.Items) != 2 || rest.Next != "" || rest.Items[0].ID != lost.ID {
			t.Errorf("the rest is %+v, %v", rest, err)
		}
	})
}

// A restart of the centre is a line, and not a loss of everybody: only who does not come back is lost.
func TestRestartOfTheCentreLosesNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := county(t, db)
		d.Presence(context.Background(), "edge-a", false)
		ended, end := context.WithCancel(context.Background())
		end()
		d.Presence(ended, "edge-b", false) // the broker ends with the centre
		before, got := d.contacts(t, "320600")
		if got != "lost:edge-a" {
			t.Fatalf("before: %q", got)
		}
		again := func() *desk {
			d := newDesk(t, db)
			if err := d.Load(context.Background()); err != nil {
				t.Fatal(err)
			}
			d.Begin(context.Background())
			return d
		}
		d.Touch()
		d = again()
		d.Look(context.Background(), 30*time.Second)
		if _, got = d.contacts(t, "320681"); got != "started" {
			t.Errorf("started: %q", got)
		}
		d.Presence(context.Background(), "edge-a", true)
		d.Look(context.Background(), 2*time.Minute)
		list, got := d.contacts(t, "320600")
		if want := "lost:edge-a started back:edge-a lost:edge-b"; got != want {
			t.Fatalf("after the start: %q, want %q", got, want)
		}
		if back := list[2]; back.Since == nil || !back.Since.Equal(before[0].At) {
			t.Errorf("back is %+v, lost was %+v", back, before[0])
		}
		d = again()
		d.Look(context.Background(), 2*time.Minute)
		d.Presence(context.Background(), "edge-b", true)
		if _, got = d.contacts(t, "320600"); got != "lost:edge-a started back:edge-a lost:edge-b started lost:edge-a back:edge-b" {
			t.Errorf("started once more: %q", got)
		}
	})
}

// A line that the database takes in no form keeps no other from being written, and the words of a terminal are
// no such line.
func TestOneBadLineKeepsNoLossOfContactFromBeingWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := county(t, db)
		report(t, d, strings.Repeat("错", 200)+"\x00")
		list, got := d.contacts(t, "320600")
		if want := "fault:rd-cam-1"; got != want || list[0].Error != strings.Repeat("错", 166) {
			t.Fatalf("a long fault: %q, want %q; it says %d bytes", got, want, len(list[0].Error))
		}
		d.Noted(device.Contact{Kind: device.ContactFault, Device: "rd-level-1", Division: "320623", Error: "a"})
		d.Noted(device.Contact{Kind: "no such kind\x00", Device: "rd-level-1", Division: "320623"})
		d.Presence(context.Background(), "edge-a", false)
		_, got = d.contacts(t, "320600")
		if !strings.HasPrefix(got, "fault:rd-cam-1 fault:rd-level-1") || !strings.HasSuffix(got, " lost:edge-a+2") {
			t.Errorf("beside a bad line: %q", got)
		}
	})
}
