package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

func connected(t *testing.T, m *harness.Terminal) {
	t.Helper()
	harness.WaitFor(t, soon, "terminal "+m.ID+" is greeted", func() error {
		if !m.Connected() {
			return errors.New("not yet")
		}
		return nil
	})
}

func one(device string, at int64) []wire.Reading {
	return []wire.Reading{{Device: device, Property: "level", At: at, Value: 1}}
}

func TestBadInputIsRefusedAndCountedWhileTheSessionLives(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	m := harness.EnrolTerminal(t, c, "edge-a", c.TLS, harness.Declared("s-1/level"))
	connected(t, m)
	now := time.Now().UnixMilli()
	good, err := (&wire.Batch{Epoch: 99, Lane: wire.LaneTelemetry, SeqFrom: 1, SeqTo: 1, Readings: one("s-1", now)}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(good)
	broken[len(broken)-1] ^= 1
	own := wire.UpTopic("edge-a", wire.LaneTelemetry)
	for _, bad := range []struct {
		name    string
		payload []byte
	}{
		{"rubbish", []byte("rubbish")},
		{"a wrong checksum", broken},
		{"too many bytes", make([]byte, wire.MaxPayload+1)},
		{"a version of tomorrow", append([]byte{'F', 'S', 9}, good[3:]...)},
	} {
		if err := m.Raw(own, bad.payload); err != nil {
			t.Errorf("%s ended the session: %v", bad.name, err)
		}
	}
	if err := m.Send(append(one("s-1", now), one("not-declared", now)...)); err != nil {
		t.Fatal(err)
	}
	m.Settled(t, soon)
	if got := c.Stats(t).Readings; got != 1 {
		t.Errorf("%d readings stored, want the good one", got)
	}
	if !m.Connected() {
		t.Error("the session ended")
	}
	harness.WaitFor(t, soon, "five refusals are counted", func() error {
		d, err := c.Admin.Device("edge-a")
		if err != nil {
			return err
		}
		if d.Refused < 5 {
			return fmt.Errorf("refused %d", d.Refused)
		}
		return nil
	})
}

func TestTerminalCannotSpeakOrListenForAnother(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	a := harness.EnrolTerminal(t, c, "edge-a", c.TLS, harness.Declared("s-a/level"))
	b := harness.EnrolTerminal(t, c, "edge-b", c.TLS, harness.Declared("s-b/level"))
	connected(t, a)
	connected(t, b)
	forged, err := (&wire.Batch{Epoch: b.Epoch, Lane: wire.LaneTelemetry, SeqFrom: 1, SeqTo: 1, Readings: one("s-b", time.Now().UnixMilli())}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	// The broker may drop the message or end the session of the forger; both keep b's books clean.
	_ = a.Raw(wire.UpTopic("edge-b", wire.LaneTelemetry), forged)
	ack, err := json.Marshal(wire.Ack{Epoch: b.Epoch, Lanes: []wire.LaneRanges{{Lane: wire.LaneTelemetry, Ranges: []wire.Range{{1, 99}}}}})
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Raw(wire.AckTopic("edge-b"), ack)
	// A series of another terminal's device under the own name is refused as well.
	connected(t, a)
	if err := a.Send(one("s-b", time.Now().UnixMilli())); err != nil {
		t.Fatal(err)
	}
	a.Settled(t, soon)
	if err := b.Send(one("s-b", time.Now().UnixMilli())); err != nil {
		t.Fatal(err)
	}
	b.Settled(t, soon)
	if got := c.Stats(t).Readings; got != 1 {
		t.Errorf("%d readings stored, want the one of b", got)
	}
}

func TestRevokedTerminalIsCutAtOnceAndStaysOut(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	m := harness.EnrolTerminal(t, c, "edge-a", c.TLS, harness.Declared("s-1/level"))
	connected(t, m)
	if err := m.Send(one("s-1", time.Now().UnixMilli())); err != nil {
		t.Fatal(err)
	}
	m.Settled(t, soon)
	if err := c.Admin.Call(http.MethodPost, "/devices/edge-a/revoke", nil, nil); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, 2*time.Second, "the session ends", func() error {
		if m.Connected() {
			return errors.New("it lives")
		}
		return nil
	})
	if err := m.Send(one("s-1", time.Now().UnixMilli()+1)); err != nil {
		t.Fatal(err)
	}
	<-time.After(3 * time.Second) // three reconnects of the terminal, all of which must fail
	if m.Connected() || m.Books().Unacked != 1 {
		t.Errorf("the revoked terminal came back: connected %v, unacked %d", m.Connected(), m.Books().Unacked)
	}
	if got := c.Stats(t).Readings; got != 1 {
		t.Errorf("%d readings stored", got)
	}
	d, err := c.Admin.Device("edge-a")
	if err != nil || d.State != "revoked" {
		t.Errorf("device %+v, %v", d, err)
	}
}

func TestEnrolTokenWorksOnce(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	token := c.EnrolToken(t, "edge-a")
	if err := c.Enrol("edge-a", token); err != nil {
		t.Fatal(err)
	}
	if err := c.Enrol("edge-a", token); err == nil {
		t.Error("the token worked twice")
	}
	if err := c.Enrol("edge-a", "guess"); err == nil {
		t.Error("a guessed token worked")
	}
}

func TestNobodyWithoutLoginSeesAnything(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	nobody := harness.NewClient(t, c.URL)
	for _, path := range []string{"/session", "/devices", "/alarms", "/users", "/audit", "/telemetry/latest", "/telemetry/stats", "/streams", "/devices/export.xlsx"} {
		problem(t, nobody.Call(http.MethodGet, path, nil, nil), http.StatusUnauthorized)
	}
	if err := nobody.Call(http.MethodGet, "/about", nil, nil); err != nil {
		t.Errorf("about: %v", err)
	}
	if _, err := nobody.DialLive(); err == nil {
		t.Error("the live view opened without a login")
	}
}
