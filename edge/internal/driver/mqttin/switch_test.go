package mqttin_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
	"github.com/fengsui/fengsui/edge/internal/driver/mqttin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/testserver"
)

// siren is what a device at the broker does with orders.
type siren struct {
	mood atomic.Int32
	on   atomic.Bool
}

const (
	obeys = iota
	silent
	stuck // it answers and stays as it is
	babbles
)

func (s *siren) take(c mqtt.Client, m mqtt.Message) {
	mood := s.mood.Load()
	if mood == silent {
		return
	}
	if m.Topic() == topic+"/set" && mood == obeys {
		s.on.Store(string(m.Payload()) == "ON")
	}
	text := map[bool]string{true: "ON", false: "OFF"}[s.on.Load()]
	if mood == babbles {
		text = "maybe"
	}
	c.Publish(topic+"/state", 1, false, text)
}

func join(t *testing.T, address, id string, on mqtt.MessageHandler) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID(id).SetUsername("dev").SetPassword("word").
		SetOrderMatters(false).SetAutoReconnect(false))
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal("connect: ", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	if on != nil {
		if tok := c.SubscribeMultiple(map[string]byte{topic + "/set": 1, topic + "/get": 1}, on); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
			t.Fatal("subscribe: ", tok.Error())
		}
	}
	return c
}

func switchAt(t *testing.T, address, password string, within time.Duration) driver.Switch {
	t.Helper()
	d, err := mqttin.Open(driver.Options{ID: "g", Address: address, Station: topic, Secret: password, Profile: &profile.Profile{
		ID: "p", Every: strict.Duration(time.Second), Timeout: strict.Duration(within), Outputs: []profile.Output{{ID: "siren", Readback: true, Topics: &profile.Topics{
			Command: "{station}/set", On: "ON", Off: "OFF", State: "{station}/state", Ask: "{station}/get",
		}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.(driver.Switch)
}

func TestAnOrderIsDoneWhenTheDeviceSaysSoAndNotBefore(t *testing.T) {
	address := broker(t)
	s := &siren{}
	join(t, address, "siren", s.take)
	publish(t, address, "x") // nothing to do with it
	sw, hasty := switchAt(t, address, "word", 20*time.Second), switchAt(t, address, "word", 300*time.Millisecond)
	for _, want := range []bool{true, false, true} {
		if err := sw.Set(t.Context(), "siren", want); err != nil || s.on.Load() != want {
			t.Errorf("switched to %v: %v, it is %v", want, err, s.on.Load())
		}
		if on, err := sw.Get(t.Context(), "siren"); err != nil || on != want {
			t.Errorf("asked: %v, %v, want %v", on, err, want)
		}
	}
	for _, c := range []struct {
		mood int32
		is   error
		kind driver.Kind
	}{
		{silent, driver.ErrTimeout, driver.KindTimeout},
		{stuck, driver.ErrException, driver.KindException},
		{babbles, driver.ErrMalformed, driver.KindMalformed},
	} {
		s.mood.Store(c.mood)
		if err := hasty.Set(t.Context(), "siren", false); !errors.Is(err, c.is) || driver.FaultOf(err).Kind != c.kind {
			t.Errorf("mood %d: got %v", c.mood, err)
		}
	}
	s.mood.Store(obeys)
	if on, err := sw.Get(t.Context(), "siren"); err != nil || !on {
		t.Errorf("it still sounds: %v, %v", on, err)
	}
	if err := sw.Set(t.Context(), "lamp", true); !errors.Is(err, driver.ErrNoOutput) {
		t.Errorf("no such output: %v", err)
	}
}

func TestOrdersFindTheirWayBackToTheBroker(t *testing.T) {
	address := broker(t)
	s := &siren{}
	join(t, address, "siren", s.take)
	sw := switchAt(t, address, "word", 20*time.Second)
	if err := sw.Set(t.Context(), "siren", true); err != nil {
		t.Fatal(err)
	}
	join(t, address, "fengsui-edge-g-orders", nil) // the broker ends the session of that name
	drivertest.Until(t, "it is switched again", func() bool { return sw.Set(t.Context(), "siren", false) == nil })
	if s.on.Load() {
		t.Error("it still sounds")
	}
	if f := driver.FaultOf(switchAt(t, address, "wort", time.Second).Set(t.Context(), "siren", true)); f == nil || f.Kind != driver.KindDenied {
		t.Errorf("wrong password: %v", f)
	}
	if err := switchAt(t, testserver.FreeAddr(t), "word", time.Second).Set(t.Context(), "siren", true); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("no broker: %v", err)
	}
}

func TestWhatTheBrokerKeepsOfAStateIsNoAnswer(t *testing.T) {
	address := broker(t)
	c := join(t, address, "siren", nil)
	if tok := c.Publish(topic+"/state", 1, true, "ON"); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	sw := switchAt(t, address, "word", 500*time.Millisecond)
	if err := sw.Set(t.Context(), "siren", true); !errors.Is(err, driver.ErrTimeout) {
		t.Errorf("a device that is gone was taken as switched: %v", err)
	}
}
