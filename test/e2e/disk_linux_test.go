package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// onSmallDisks runs the whole test again in a child process that may give its programs disks of their own,
// and reports whether this is the child.
func onSmallDisks(t *testing.T) bool {
	t.Helper()
	var out bytes.Buffer
	child, err := harness.OwnMounts(&out, harness.Build(t), "-test.run=^"+t.Name()+"$", "-test.v")
	if !child && (err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name())) {
		t.Errorf("on small disks: %v\n%s", err, out.String())
	}
	return child
}

const countingAndGas = counting + `  - id: rd-gas-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-gas-ch4-modbus
    values:
      ch4_lel: {shape: constant, value: 1}
      temperature: {shape: constant, value: 20}
`

// rings raises the gas and waits for its alarm at the centre.
func (d *desk) rings(t *testing.T, what string) {
	t.Helper()
	d.field.Set(t, "rd-gas-1", "ch4_lel", 80)
	harness.WaitFor(t, 2*soon, what, func() error {
		active, err := d.centre.Admin.Alarms("active")
		for _, a := range active {
			if a.Rule == "gas-ch4-high" {
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("%d other alarms", len(active)))
	})
}

func (d *desk) health(t *testing.T, state string) {
	t.Helper()
	harness.WaitFor(t, 2*soon, "the centre says "+state, func() error {
		var h struct {
			State string `json:"state"`
		}
		if err := d.centre.Admin.Call(http.MethodGet, "/telemetry/health", nil, &h); err != nil {
			return err
		}
		return want(h.State, state)
	})
}

func TestFullDiskOfTheCentreKeepsAlarmsAndLosesNoReading(t *testing.T) {
	t.Parallel()
	if !onSmallDisks(t) {
		return
	}
	start, p := time.Now().Add(-time.Minute), harness.Build(t)
	d := &desk{field: harness.StartField(t, p, countingAndGas), centre: harness.NewCentre(t, p, harness.CentreOptions{Extra: "telemetry:\n  reserve_mb: 24\n"})}
	small := harness.Mount(t, filepath.Join(d.centre.Dir, "data"), "192m")
	d.centre.Boot(t)
	d.edge = harness.StartEdge(t, d.centre, d.field, "edge-rudong", d.centre.TLS)
	d.known(t)
	d.arrived(t, start, 3)
	small.Fill(t, 12<<20)
	d.health(t, "disk_full")
	d.rings(t, "an alarm passes while readings are refused")
	harness.WaitFor(t, 2*soon, "the terminal keeps what is refused", func() error {
		if n := d.edge.State(t).Backlog.Records; n < 5 {
			return fmt.Errorf("%d records", n)
		}
		return nil
	})
	small.Empty(t)
	d.health(t, "ok")
	d.complete(t, start, nil)
}

func TestAFullDiskStopsTheRecordingOfAConsultationAndNotTheRoom(t *testing.T) {
	t.Parallel()
	if !onSmallDisks(t) {
		return
	}
	d := &desk{centre: harness.NewCentre(t, harness.Build(t), harness.CentreOptions{Extra: "recording:\n  reserve_mb: 8\n"})}
	small := harness.Mount(t, filepath.Join(d.centre.Dir, "data", "recordings"), "64m")
	d.centre.Boot(t)
	room, seats := meeting(t, d.centre, 2)
	allFlow(t, seats, "both see and hear each other")
	if err := d.centre.Admin.RecordRoom(room, true); err != nil {
		t.Fatal(err)
	}
	stream := harness.SeatStream(room, seats[0].Own())
	recordedFor(t, d, stream, 2*time.Second)
	small.Fill(t, 1<<20)
	recordsFull(t, d, stream, true)
	unkept(t, seats, true)
	allFlow(t, seats, "the room goes on")
	if scene, err := seats[1].Scene(); err != nil || len(scene.People) != len(seats) {
		t.Errorf("in the room are %+v: %v", scene.People, err)
	}
	small.Empty(t)
	recordsFull(t, d, stream, false)
	unkept(t, seats, false)
	recordedFor(t, d, stream, 2*time.Second)
}

// unkept waits until everybody in a recorded room is told whether nothing is written.
func unkept(t *testing.T, seats []*harness.Seat, is bool) {
	t.Helper()
	harness.WaitFor(t, 2*soon, fmt.Sprintf("everybody is told that nothing is written: %v", is), func() error {
		for _, s := range seats {
			scene, err := s.Scene()
			if err := errors.Join(err, want(scene.Room.Recording, true), want(scene.Unkept, is)); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordsFull waits until the recordings say whether their disk is full, and so that a stream is not recorded, or that it is.
func recordsFull(t *testing.T, d *desk, stream string, is bool) {
	t.Helper()
	harness.WaitFor(t, 4*soon, fmt.Sprintf("the recordings say that the disk is full: %v", is), func() error {
		var o struct {
			Usage struct {
				Full bool `json:"full"`
			} `json:"usage"`
		}
		if err := d.centre.Admin.Call(http.MethodGet, "/recordings", nil, &o); err != nil {
			return err
		}
		got, err := d.centre.Admin.Recorded(stream)
		return errors.Join(err, want(o.Usage.Full, is), want(got.Recording, !is))
	})
}

// On a full disk of recordings what is old goes and what is held stays, as it was; nothing more is recorded, the desk says
// why, and it goes on by itself when there is room.
func TestFullDiskOfRecordingsKeepsWhatIsHeld(t *testing.T) {
	t.Parallel()
	if !onSmallDisks(t) {
		return
	}
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, station), centre: harness.NewCentre(t, p, harness.CentreOptions{Extra: "recording:\n  reserve_mb: 8\n"})}
	small := harness.Mount(t, filepath.Join(d.centre.Dir, "data", "recordings"), "64m")
	d.centre.Boot(t)
	d.edge = harness.StartEdge(t, d.centre, d.field, "edge-rudong", d.centre.TLS)
	d.known(t)
	begun := time.Now()
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a kill ends a file: two that are closed and one that is written
		recordedFor(t, d, "rd-cam-1", 2*time.Second)
		d.centre.Kill9()
		d.centre.Restart(t)
	}
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	kept := func() []harness.Film {
		t.Helper()
		films, err := d.centre.Admin.Films("rd-cam-1", begun, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return films
	}
	films := kept()
	if len(films) < 3 {
		t.Fatalf("%d films", len(films))
	}
	held := films[0]
	if err := d.centre.Admin.Call(http.MethodPost, "/recordings/holds", map[string]any{"stream": "rd-cam-1", "from": held.From, "to": held.To, "reference": "2026-0001"}, nil); err != nil {
		t.Fatal(err)
	}
	small.Fill(t, 1<<20)
	recordsFull(t, d, "rd-cam-1", true)
	harness.WaitFor(t, 4*soon, "all that is not held has gone", func() error {
		spans, err := d.centre.Admin.Timeline("rd-cam-1", begun, time.Now())
		return errors.Join(err, want(len(spans), 1))
	})
	recordsFull(t, d, "rd-cam-1", true)
	small.Empty(t)
	recordsFull(t, d, "rd-cam-1", false)
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	if now := kept(); len(now) < 2 || now[0].ID != held.ID || !bytes.Equal(now[0].Text, held.Text) {
		t.Errorf("of %d films the first is not what was held", len(now))
	}
	plays(t, held)
}

func TestFullDiskOfTheTerminalKeepsAlarms(t *testing.T) {
	t.Parallel()
	if !onSmallDisks(t) {
		return
	}
	start, p := time.Now().Add(-time.Minute), harness.Build(t)
	d := &desk{field: harness.StartField(t, p, countingAndGas), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	small := harness.Mount(t, filepath.Join(d.edge.Dir, "data"), "64m")
	d.centre.EnrolEdge(t, d.edge.ID, d.edge.Config)
	d.edge.Start(t)
	d.known(t)
	d.arrived(t, start, 3)
	d.link.Cut()
	small.Fill(t, 0)
	harness.WaitFor(t, 4*soon, "the terminal says that its disk is full", func() error {
		if s := d.edge.State(t); s.Trouble == "" {
			return fmt.Errorf("%d refused", s.Refused)
		}
		return nil
	})
	d.field.Set(t, "rd-gas-1", "ch4_lel", 80)
	d.read(t, 3)
	d.link.Mend()
	d.rings(t, "the alarm of the time without link arrives from the full disk")
	d.disk(t, "open")
	var r struct {
		Status wire.Status `json:"status"`
	}
	if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/status", nil, &r); err != nil {
		t.Fatal(err)
	}
	if s := r.Status.Disk; s == nil || s.Kind != wire.DiskFull || s.Path != filepath.Join(d.edge.Dir, "data") || s.Since < start.UnixMilli() || s.Error == "" {
		t.Errorf("the terminal says of its disk: %+v", s)
	}
	small.Empty(t)
	harness.WaitFor(t, 4*soon, "what has room again is used again", func() error { return want(d.edge.State(t).Trouble, "") })
	d.disk(t, "returned")
	d.arrived(t, start, 3)
	d.accounted(t, start)
	// A disk that fills up while the link stands is told at once as well, and once.
	small.Fill(t, 0)
	harness.WaitFor(t, 4*soon, "it is full again", func() error { return want(d.edge.State(t).Trouble != "", true) })
	d.disk(t, "open")
	small.Empty(t)
	d.disk(t, "returned")
	d.arrived(t, start, 3)
	d.accounted(t, start)
}

// disk waits for the alarm about the disk of the terminal to be so. It follows the terminal's word at once.
func (d *desk) disk(t *testing.T, state string) {
	t.Helper()
	harness.WaitFor(t, 4*soon, "the alarm about the disk is "+state, func() error {
		all, err := d.centre.Admin.AllAlarms()
		for _, a := range all {
			if a.Rule == "terminal-disk-full" {
				return want(a.Device+" "+a.State, "edge-rudong "+state)
			}
		}
		return errors.Join(err, fmt.Errorf("%d other alarms", len(all)))
	})
}

// accounted waits until each number is either at the centre or in the one record of what the full disk cost.
func (d *desk) accounted(t *testing.T, start time.Time) {
	t.Helper()
	harness.WaitFor(t, 4*soon, "the books balance", func() error {
		var lost struct {
			Items []wire.LossEvent `json:"items"`
		}
		if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/losses", nil, &lost); err != nil {
			return err
		}
		if len(lost.Items) != 1 || lost.Items[0].Until == 0 {
			return fmt.Errorf("losses %+v", lost.Items)
		}
		values := d.values(t, start)
		newest := 0.0
		for _, v := range values {
			newest = max(newest, v)
		}
		missing, told, refused := uint64(newest)-uint64(len(values)), lost.Items[0].Count, d.edge.State(t).Refused
		if missing == 0 || told != refused || told < missing { // the gas of the same time is among them
			return fmt.Errorf("%d are told, %d the terminal did not take, %d of the counter are missing", told, refused, missing)
		}
		return nil
	})
}
