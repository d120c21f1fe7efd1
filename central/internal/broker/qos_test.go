package broker

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
)

// What a QoS 2 publish without its release leaves behind would fill the store of the embedded server,
// which then lets nobody in.
func TestEdgeThatPublishesWithAnotherQoSThanOneIsEnded(t *testing.T) {
	f := newField(t)
	for n, qos := range []byte{0, 2} {
		c := dial(t, f.edgeOptions("edge-a"))
		c.Publish(wire.UpTopic("edge-a", 2), qos, false, "x")
		until(t, "the session to end", func() bool { return !c.IsConnectionOpen() })
		until(t, "the refusal", func() bool { return f.refused("edge-a", ReasonQoS) == uint64(n+1) })
	}
	c := mqtt.NewClient(f.edgeOptions("edge-b").SetWill(wire.StatusTopic("edge-b"), "{}", 2, true))
	if tok := c.Connect(); tok.WaitTimeout(10*time.Second) && tok.Error() == nil {
		t.Error("a last will of QoS 2 was taken")
	}
	if n := f.refused("edge-b", ReasonQoS); n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
	send(t, dial(t, f.edgeOptions("edge-c")), wire.UpTopic("edge-c", 2), []byte("good"))
}

func TestEdgeMaySubscribeToAFewTopicsOnly(t *testing.T) {
	f := newField(t)
	c := dial(t, f.edgeOptions("edge-a"))
	for range maxFilters {
		if tok := c.Subscribe("fs/v1/edge-a/down/ack", 1, nil); tok.Wait() && tok.Error() != nil {
			t.Fatal(tok.Error())
		}
	}
	c.Subscribe("fs/v1/edge-a/down/cmd", 1, nil)
	until(t, "the session to end", func() bool { return !c.IsConnectionOpen() })
}

func TestBrokerWithoutItsStoreIsNotReady(t *testing.T) {
	f := newField(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := f.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if err := f.engine.srv.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	f.probe.at = time.Time{} // the answer of a moment ago
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := f.Ready(ctx); err == nil {
		t.Error("ready, although no terminal can connect")
	}
}

func TestTroubleOfTheEmbeddedServerIsSaidOnceAMinute(t *testing.T) {
	var out bytes.Buffer
	l := newEngineLog(slog.New(slog.NewTextHandler(&out, nil)))
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return now }
	for range 3 {
		l.Errorf("store %s is full", "x")
		l.Warnf("slow")
		l.Noticef("started")
	}
	if n := strings.Count(out.String(), "level=WARN"); n != 2 {
		t.Errorf("%d warnings, want one of each:\n%s", n, out.String())
	}
	now = now.Add(time.Minute)
	l.Errorf("store %s is full", "x")
	if !strings.Contains(out.String(), "count=3") {
		t.Errorf("the silent ones are not counted:\n%s", out.String())
	}
}
