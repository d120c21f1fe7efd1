package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

// live opens the live view of a browser.
func (b *browser) live() *websocket.Conn {
	b.c.t.Helper()
	conn, res, err := b.dial()
	if err != nil {
		b.c.t.Fatalf("live: %v (%v)", err, res)
	}
	b.c.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (b *browser) dial() (*websocket.Conn, *http.Response, error) {
	header := http.Header{"Cookie": {sessionCookie + "=" + b.cookie()}, "Origin": {b.origin}}
	return websocket.DefaultDialer.DialContext(b.c.t.Context(), "ws"+strings.TrimPrefix(b.c.url, "http")+"/api/v1/live", header)
}

func next(t *testing.T, conn *websocket.Conn) liveMessage {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var m liveMessage
	if err := conn.ReadJSON(&m); err != nil {
		t.Fatalf("read: %v", err)
	}
	return m
}

// until reads until a message fits.
func until(t *testing.T, conn *websocket.Conn, fits func(liveMessage) bool) liveMessage {
	t.Helper()
	for range 200 {
		if m := next(t, conn); fits(m) {
			return m
		}
	}
	t.Fatal("no such message")
	return liveMessage{}
}

func TestLiveSendsASnapshotThenOnlyWhatTheActorMaySee(t *testing.T) {
	at := time.Now().UTC()
	c := newCentre(t, device.Device{ID: "rd", Division: "320623", UpdatedAt: at}, device.Device{ID: "qd", Division: "320681", UpdatedAt: at})
	admin := c.admin()
	county, _ := c.user(admin, "rudong", "320623", account.RoleDuty)
	conn := county.live()
	_, text, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{`"devices":[`, `"latest":[]`, `"alarms":[]`, `"streams":[]`} {
		if !strings.Contains(string(text), list) {
			t.Errorf("snapshot %s lacks %s", text, list)
		}
	}
	var snapshot liveMessage
	if err := json.Unmarshal(text, &snapshot); err != nil || snapshot.Type != "snapshot" || snapshot.Seq != 1 ||
		len(snapshot.Devices) != 1 || snapshot.Devices[0].ID != "rd" {
		t.Fatalf("snapshot %s, %v", text, err)
	}
	c.bus.Publish(t.Context(),
		event.Event{Kind: "device.changed", Subject: "rd", Data: device.Device{ID: "rd", Division: "320623", Name: "old", UpdatedAt: at.Add(-time.Hour)}},
		event.Event{Kind: "telemetry.latest", Ephemeral: true, Data: []telemetry.Latest{{Device: "rd", Property: "p", Value: 1}, {Device: "qd", Property: "p"}}},
		event.Event{Kind: "telemetry.latest", Ephemeral: true, Data: []telemetry.Latest{{Device: "rd", Property: "p", Value: 2}}},
		event.Event{Kind: "stream.changed", Ephemeral: true, Data: video.Stream{ID: "qd"}},
		event.Event{Kind: "alarm.opened", Data: telemetry.Alarm{ID: "a2", Division: "320681"}},
		event.Event{Kind: "alarm.opened", Data: telemetry.Alarm{ID: "a1", Division: "320623", State: telemetry.Open, UpdatedAt: at}},
		event.Event{Kind: "alarm.acknowledged", Data: telemetry.Alarm{ID: "a1", Division: "320623", State: telemetry.Acknowledged, UpdatedAt: at.Add(time.Second)}})
	var alarms []telemetry.Alarm
	var latest []telemetry.Latest
	seq := uint64(1)
	until(t, conn, func(m liveMessage) bool {
		if m.Seq != seq+1 || len(m.Devices) > 0 || len(m.Streams) > 0 {
			t.Errorf("message after %d: %+v", seq, m)
		}
		seq = m.Seq
		alarms, latest = append(alarms, m.Alarms...), append(latest, m.Latest...)
		return len(alarms) > 0 && alarms[len(alarms)-1].State == telemetry.Acknowledged && len(latest) > 0 && latest[len(latest)-1].Value == 2
	})
	for _, a := range alarms {
		if a.ID != "a1" {
			t.Errorf("alarm %s of another county", a.ID)
		}
	}
	for _, l := range latest {
		if l.Device != "rd" {
			t.Errorf("value of %s", l.Device)
		}
	}
	c.bus.Publish(t.Context(), event.Event{Kind: "device.changed", Subject: "rd", Data: device.Device{ID: "rd", Division: "320681", UpdatedAt: at.Add(time.Hour)}})
	m := until(t, conn, func(m liveMessage) bool { return m.Removed != nil })
	if len(m.Removed.Devices) != 1 || m.Removed.Devices[0] != "rd" || len(m.Devices) != 0 {
		t.Errorf("a device moved away: %+v", m)
	}
}

func TestLiveEndsAtOnceForADisabledUserAndRefusesOtherSites(t *testing.T) {
	c := newCentre(t)
	admin := c.admin()
	duty, u := c.user(admin, "wang", "320600", account.RoleDuty)
	for range livePerUser {
		next(t, duty.live())
	}
	conn := duty.live()
	var closed *websocket.CloseError
	if _, _, err := conn.ReadMessage(); !asClose(err, &closed) || closed.Code != websocket.CloseTryAgainLater {
		t.Errorf("view %d: %v, want it closed", livePerUser+1, err)
	}
	mine := admin.live()
	next(t, mine)
	admin.want(200, "", http.MethodPatch, "/api/v1/users/"+u.ID, map[string]any{"disabled": true}, nil)
	eventually(t, "the views of the disabled user are gone", func() bool { return c.server.live.count() == 1 })
	next(t, mine) // the heartbeat of somebody else goes on
	admin.origin = "https://evil.example"
	if _, res, err := admin.dial(); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %v, %v", res, err)
	}
	anonymous := c.browser()
	if _, res, err := anonymous.dial(); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session: %v, %v", res, err)
	}
}

func TestReaderThatNeverReadsIsDroppedAndOthersGoOn(t *testing.T) {
	c := newCentre(t)
	admin := c.admin()
	quick := admin.live()
	next(t, quick)
	_ = admin.live() // never read
	eventually(t, "both views are open", func() bool { return c.server.live.count() == 2 })
	got := make(chan error, 1)
	go func() {
		for {
			var m liveMessage
			if err := quick.ReadJSON(&m); err != nil {
				got <- err
				return
			}
			for _, d := range m.Devices {
				if d.ID == "end" {
					got <- nil
					return
				}
			}
		}
	}()
	if err := quick.SetReadDeadline(time.Now().Add(60 * time.Second)); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 256<<10)
	eventually(t, "the slow view is gone", func() bool {
		c.bus.Publish(t.Context(), event.Event{Kind: "device.changed", Ephemeral: true, Data: device.Device{ID: "big", Name: big}})
		return c.server.live.count() == 1
	})
	c.bus.Publish(t.Context(), event.Event{Kind: "device.changed", Ephemeral: true, Data: device.Device{ID: "end"}})
	if err := <-got; err != nil {
		t.Errorf("the quick reader: %v", err)
	}
}

func asClose(err error, target **websocket.CloseError) bool {
	e, ok := err.(*websocket.CloseError) //nolint:errorlint // the library returns it bare
	*target = e
	return ok
}

// count is how many views are open.
func (l *live) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(60 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestLiveEndsWithAReasonWhenAMessageCannotBeWritten(t *testing.T) {
	c := newCentre(t, device.Device{ID: "rd", Division: "320623"})
	conn := c.admin().live()
	next(t, conn)
	c.bus.Publish(t.Context(), event.Event{Kind: "alarm.opened", Data: telemetry.Alarm{ID: "a", Division: "320623", OpenedAt: time.Date(287178, 1, 1, 0, 0, 0, 0, time.UTC)}})
	var closed *websocket.CloseError
	for range 200 {
		_, text, err := conn.ReadMessage()
		if err == nil && len(text) > 0 {
			continue
		}
		if !asClose(err, &closed) || closed.Code != websocket.CloseInternalServerErr {
			t.Errorf("got %q, %v; want the view to end with an error of the centre", text, err)
		}
		return
	}
	t.Error("the view goes on")
}

func TestLiveSaysWhenTheStoreRefusesReadings(t *testing.T) {
	c := newCentre(t)
	admin := c.admin()
	conn := admin.live()
	if m := next(t, conn); m.Health == nil || m.Health.State != telemetry.Healthy {
		t.Errorf("the snapshot has health %+v", m.Health)
	}
	full := telemetry.Health{State: telemetry.DiskFull, Since: time.Now().Add(time.Second)}
	c.bus.Publish(t.Context(), event.Event{Kind: telemetry.HealthChanged, Data: full})
	m := until(t, conn, func(m liveMessage) bool { return m.Health != nil })
	if m.Health.State != telemetry.DiskFull {
		t.Errorf("got %+v", m.Health)
	}
}

func TestLiveSaysWhenNothingIsRecorded(t *testing.T) {
	c := newCentre(t)
	admin := c.admin()
	conn := admin.live()
	if m := next(t, conn); m.Unkept == nil || *m.Unkept {
		t.Errorf("the snapshot says %v", m.Unkept)
	}
	for _, kind := range []string{recording.EventFull, recording.EventRoom} {
		c.bus.Publish(t.Context(), event.Event{Kind: kind, Data: recording.Usage{}})
		if m := until(t, conn, func(m liveMessage) bool { return m.Unkept != nil }); *m.Unkept != (kind == recording.EventFull) {
			t.Errorf("%s: %v", kind, *m.Unkept)
		}
	}
}
