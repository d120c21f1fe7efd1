package httppush_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
	"github.com/fengsui/fengsui/edge/internal/driver/httppush"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/testserver"
)

func gauge(every time.Duration) *profile.Profile {
	return &profile.Profile{ID: "g", Every: strict.Duration(every), JSON: &profile.JSON{
		Time: &profile.JSONTime{At: "/ts", Form: profile.UnixMillis}, Urgent: "/alarm",
		Fields: []profile.JSONField{{Property: "water_level", At: "/level", Scale: 1}},
	}}
}

// curl posts as a device would, and returns the status.
func curl(t *testing.T, address, path, token, body string, more ...string) string {
	t.Helper()
	args := append([]string{"-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@-", "-H", "Authorization: Bearer " + token}, more...)
	cmd := exec.Command(testserver.Program(t, "curl"), append(args, "http://"+address+path)...)
	cmd.Stdin = strings.NewReader(body)
	out, err := cmd.Output()
	if err != nil && !strings.HasPrefix(string(out), "000") {
		t.Fatalf("curl: %v %s", err, out)
	}
	return string(out)
}

func TestDeviceIsAnsweredOnlyWhenItsReadingsAreKept(t *testing.T) {
	address, sink, ports := testserver.FreeAddr(t), &drivertest.Sink{}, httppush.New()
	d, err := ports.Open(driver.Options{ID: "g", Address: address, Station: "/g", Secret: "word", Profile: gauge(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	stop := drivertest.Listen(t, d, sink)
	good := `{"ts": 1795600000000, "level": "4.12", "alarm": true}`
	drivertest.Until(t, "the port is open", func() bool { return curl(t, address, "/g", "word", good) == "204" })
	m := sink.Messages()[0]
	if len(m.Samples) != 1 || m.Samples[0].Value != 4.12 || m.Samples[0].At != 1795600000000 || !m.Urgent || m.Key == "" || string(m.Raw) != good {
		t.Errorf("got %+v", m)
	}
	for _, c := range []struct{ name, path, token, body, want string }{
		{"wrong token", "/g", "wort", good, "401"},
		{"no token", "/g", "", good, "401"},
		{"another device", "/h", "word", good, "404"},
		{"no JSON", "/g", "word", "level=4.12", "422"},
		{"no time", "/g", "word", `{"level": 1}`, "422"},
		{"too long", "/g", "word", strings.Repeat(" ", profile.MaxJSON+1), "413"},
	} {
		if got := curl(t, address, c.path, c.token, c.body); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := curl(t, address, "/g", "word", good, "-X", "PUT"); got != "405" {
		t.Errorf("PUT: %s", got)
	}
	want := []driver.Kind{driver.KindDenied, driver.KindDenied, driver.KindUnit, driver.KindMalformed, driver.KindMalformed, driver.KindOversized}
	if got := sink.Faults(); !slices.Equal(got, want) {
		t.Errorf("faults %v, want %v", got, want)
	}
	sink.Refuse(errors.New("disk is full"))
	if got := curl(t, address, "/g", "word", good); got != "503" {
		t.Errorf("not kept: %s", got)
	}
	sink.Refuse(driver.ErrTooFast)
	if got := curl(t, address, "/g", "word", good); got != "429" {
		t.Errorf("too fast: %s", got)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := curl(t, address, "/g", "word", good); got != "000" {
		t.Errorf("the port is still open after its last device: %s", got)
	}
}

func TestDevicesShareAPortAndOneThatEndsDoesNotEndTheOther(t *testing.T) {
	address, ports := testserver.FreeAddr(t), httppush.New()
	var sinks []*drivertest.Sink
	var stops []func() error
	for _, id := range []string{"a", "b"} {
		sink := &drivertest.Sink{}
		d, err := ports.Open(driver.Options{ID: id, Address: address, Station: "/" + id, Secret: id, Profile: gauge(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		sinks, stops = append(sinks, sink), append(stops, drivertest.Listen(t, d, sink))
		post := func() int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/"+id, bytes.NewBufferString(fmt.Sprintf(`{"ts": %d, "level": 1}`, time.Now().UnixMilli())))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+id)
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				return 0
			}
			defer func() { _ = got.Body.Close() }()
			return got.StatusCode
		}
		drivertest.Until(t, "device "+id+" is heard", func() bool { return post() == http.StatusNoContent })
	}
	if err := stops[0](); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := curl(t, address, "/b", "b", `{"ts": 1795600000001, "level": 2}`); got != "204" || len(sinks[0].Messages()) != 1 || len(sinks[1].Messages()) != 2 {
		t.Errorf("got %s, %d and %d messages", got, len(sinks[0].Messages()), len(sinks[1].Messages()))
	}
}

func TestSilentDeviceIsATimeout(t *testing.T) {
	d, err := httppush.New().Open(driver.Options{ID: "g", Address: testserver.FreeAddr(t), Station: "/g", Secret: "w", Profile: gauge(20 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.(driver.Source).Listen(t.Context(), &drivertest.Sink{}); !errors.Is(err, driver.ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestDeviceWithoutPathOrTokenIsRefused(t *testing.T) {
	for _, o := range []driver.Options{{Station: "/g"}, {Secret: "w"}, {Station: "g", Secret: "w"}, {Station: "/g?x", Secret: "w"}} {
		o.Profile, o.Address = gauge(time.Hour), ":0"
		if _, err := httppush.New().Open(o); err == nil {
			t.Errorf("%+v was opened", o)
		}
	}
}
