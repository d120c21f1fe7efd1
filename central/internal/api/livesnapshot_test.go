package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// A snapshot of tens of thousands in one message held the map up, and a slow link never got it whole.
func TestALargeSnapshotComesInPartsTheAlarmsFirst(t *testing.T) {
	const count = 25
	m := liveMessage{Type: "snapshot", Alarms: []telemetry.Alarm{{ID: "x", Device: "d-17"}}}
	for i := range count {
		id := fmt.Sprintf("d-%d", i)
		d := device.Device{ID: id, Place: &wire.Place{Lon: 121 + float64(i)/10, Lat: 32}}
		if i == 3 {
			d.Place = nil
		}
		m.Devices = append(m.Devices, d)
		m.Latest = append(m.Latest, telemetry.Latest{Device: id, Property: "level"}, telemetry.Latest{Device: id, Property: "rain"})
	}
	parts := m.parts(10)
	if len(parts) != 4 {
		t.Fatalf("%d parts, want 4", len(parts))
	}
	if parts[0].Type != "snapshot" || len(parts[0].Alarms) != 1 || len(parts[0].Devices) != 1 || parts[0].Devices[0].ID != "d-17" {
		t.Errorf("the first part is a %q with %d alarms and the devices %v, want d-17 alone", parts[0].Type, len(parts[0].Alarms), parts[0].Devices)
	}
	if c := parts[0].Crowd; c == nil || sum(c.Count) != count-1-1 {
		t.Errorf("the first part tells of %+v, want all others that have a place", c)
	}
	seen := map[string]int{}
	for i, p := range parts {
		if last := i == len(parts)-1; p.More == last {
			t.Errorf("part %d says more: %t", i, p.More)
		}
		here := map[string]bool{}
		for _, d := range p.Devices {
			here[d.ID] = true
			seen[d.ID]++
		}
		for _, l := range p.Latest {
			if !here[l.Device] {
				t.Errorf("a value of %s comes without it", l.Device)
			}
			seen[l.Device]++
		}
	}
	for i := range count {
		if id := fmt.Sprintf("d-%d", i); seen[id] != 3 {
			t.Errorf("%s came with %d of its 3 things", id, seen[id])
		}
	}
	if whole := m.parts(count); len(whole) != 1 || whole[0].More || whole[0].Crowd != nil {
		t.Errorf("a small snapshot has %d parts", len(whole))
	}
}

// Behind the parts of a large snapshot an alarm would come seconds late, and a value that came between them would be
// taken back by the older one of a later part.
func TestAnAlarmDoesNotWaitBehindASnapshotAndNothingGoesBack(t *testing.T) {
	at := time.Now().UTC()
	var devices []device.Device
	for i := range 2*livePart + 10 {
		devices = append(devices, device.Device{ID: fmt.Sprintf("d-%d", i), Division: "320600", State: device.Online, UpdatedAt: at})
	}
	c := newCentre(t, devices...)
	last, gone := devices[len(devices)-1], devices[len(devices)-2]
	conn := c.admin().live()
	first := next(t, conn)
	if first.Type != "snapshot" || !first.More || first.Crowd == nil {
		t.Fatalf("first a %s with %d devices", first.Type, len(first.Devices))
	}
	last.State, last.UpdatedAt = device.Offline, at.Add(time.Minute)
	c.bus.Publish(t.Context(),
		event.Event{Kind: "device.changed", Subject: last.ID, Data: last},
		event.Event{Kind: device.EventRemoved, Subject: gone.ID, Data: gone},
		event.Event{Kind: "alarm.opened", Data: telemetry.Alarm{ID: "x", Device: last.ID, Division: "320600", State: telemetry.Open, UpdatedAt: at}})
	m := next(t, conn)
	for ; len(m.Alarms) == 0; m = next(t, conn) {
		if m.Type != "update" || len(m.Devices) > 0 {
			t.Fatalf("before the alarm came a %s with %d devices", m.Type, len(m.Devices))
		}
	}
	if m.Type != "update" || len(m.Devices) != 1 || m.Devices[0].ID != last.ID {
		t.Errorf("the alarm came in a %s with the devices %v, want its own", m.Type, m.Devices)
	}
	state := map[string]device.State{}
	ask := func() {
		if err := conn.WriteMessage(websocket.TextMessage, []byte("more")); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	until(t, conn, func(m liveMessage) bool {
		for i := range m.Devices {
			state[m.Devices[i].ID] = m.Devices[i].State
		}
		if m.More {
			ask()
		}
		return m.Type == "update" && len(m.Devices) > 0
	})
	if len(state) != len(devices)-1 || state[last.ID] != device.Offline {
		t.Errorf("%d of %d devices came; the one that went offline meanwhile is %s", len(state), len(devices), state[last.ID])
	}
	if s, told := state[gone.ID]; told {
		t.Errorf("a device removed meanwhile was told as %s", s)
	}
}

// A browser that leaves while its snapshot is made is no fault of the centre.
func TestABrowserThatLeavesEarlyIsNoFailure(t *testing.T) {
	var log lines
	began := make(chan struct{})
	c := newCentreWith(t, func(s *Server) {
		s.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
		s.live.src.Windows = func(ctx context.Context) ([]maintenance.Window, error) {
			close(began)
			<-ctx.Done()
			return nil, fmt.Errorf("list maintenance windows: %w", ctx.Err())
		}
	})
	conn := c.admin().live()
	<-began
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the view is gone", func() bool { return c.server.live.count() == 0 })
	if text := log.String(); strings.Contains(text, "snapshot failed") {
		t.Errorf("the log says %s", text)
	}
}

// lines is a log that several write.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The parts of a snapshot are lists of much the same, and somebody's line is slow.
func TestASnapshotIsCompressedForABrowserThatCan(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	dialer := websocket.Dialer{EnableCompression: true}
	conn, res, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(c.url, "http")+"/api/v1/live",
		http.Header{"Cookie": {sessionCookie + "=" + b.cookie()}, "Origin": {b.origin}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got := res.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(got, "permessage-deflate") {
		t.Errorf("the centre answers with the extensions %q", got)
	}
	if m := next(t, conn); m.Type != "snapshot" {
		t.Errorf("first a %s", m.Type)
	}
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

func TestMoreDevicesInAlarmThanAPartHoldsComeAllTheSame(t *testing.T) {
	m := liveMessage{Type: "snapshot"}
	for i := range 30 {
		id := fmt.Sprintf("d-%d", i)
		m.Devices = append(m.Devices, device.Device{ID: id, Place: &wire.Place{Lon: 121, Lat: 32}})
		m.Alarms = append(m.Alarms, telemetry.Alarm{ID: id, Device: id})
	}
	parts := m.parts(10)
	if len(parts) != 3 || len(parts[0].Devices) != 10 || sum(parts[0].Crowd.Count) != 20 {
		t.Errorf("%d parts, the first with %d devices", len(parts), len(parts[0].Devices))
	}
}

func TestCrowdTellsWhereThingsStandInFewCells(t *testing.T) {
	at := func(lon, lat float64) *wire.Place { return &wire.Place{Lon: lon, Lat: lat} }
	c := crowdOf([]device.Device{
		{ID: "a", Place: at(121.0001, 32.0001)},
		{ID: "b", Place: at(121.0003, 32.0003)},
		{ID: "gone", Place: at(121, 32), State: device.Revoked},
		{ID: "nowhere"},
		{ID: "boat", Place: at(121, 32)},
		{ID: "half", Place: at(-70.5, -33.25)},
		{ID: "absurd", Place: at(121, 32)},
		{ID: "infinite", Place: at(math.Inf(1), 32)},
	}, []telemetry.Latest{
		{Device: "absurd", Property: "lon", Value: 1e305},
		{Device: "absurd", Property: "lat", Value: 1},
		{Device: "boat", Property: "lon", Value: 122},
		{Device: "boat", Property: "lat", Value: 33},
		{Device: "half", Property: "lon", Value: 5},
		{Device: "a", Property: "level", Value: 9},
	})
	want := liveCrowd{Lon: []float64{-70.5, 121.0002, 122}, Lat: []float64{-33.25, 32.0002, 33}, Count: []int{1, 2, 1}}
	if !reflect.DeepEqual(*c, want) {
		t.Errorf("got %+v, want %+v", *c, want)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Errorf("a crowd that cannot be written: %v", err)
	}
	var county []device.Device
	for i := range 20_000 {
		county = append(county, device.Device{ID: fmt.Sprint(i), Place: at(120+float64(i%200)/100, 31+float64(i/200)/100)})
	}
	if c := crowdOf(county, nil); len(c.Count) > crowdCells || len(c.Count) < crowdCells/8 || sum(c.Count) != len(county) {
		t.Errorf("%d devices stand in %d cells that tell of %d", len(county), len(c.Count), sum(c.Count))
	}
}
