package mqttin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
	"github.com/fengsui/fengsui/edge/internal/driver/mqttin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/testserver"
)

const topic = "site/gauge"

// broker is a real mosquitto; g may read with the password, dev may publish.
func broker(t *testing.T) string {
	t.Helper()
	dir, address := t.TempDir(), testserver.FreeAddr(t)
	host, port, _ := net.SplitHostPort(address)
	passwords := filepath.Join(dir, "passwords")
	for i, user := range []string{"g", "dev"} {
		args := []string{"-b", passwords, user, "word"}
		if i == 0 {
			args = append([]string{"-c"}, args...)
		}
		if out, err := exec.Command(testserver.Program(t, "mosquitto_passwd"), args...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	user := "user root\n"
	if os.Getuid() != 0 {
		user = ""
	}
	text := fmt.Sprintf("%slistener %s %s\nallow_anonymous false\npassword_file %s\npersistence false\n", user, port, host, passwords)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testserver.Program(t, "mosquitto"), "-c", conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	drivertest.Until(t, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", address)
		return err == nil && c.Close() == nil
	})
	return address
}

func publish(t *testing.T, address, text string, more ...string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	args := append([]string{"-h", host, "-p", port, "-u", "dev", "-P", "word", "-q", "1", "-t", topic, "-m", text}, more...)
	if out, err := exec.Command(testserver.Program(t, "mosquitto_pub"), args...).CombinedOutput(); err != nil {
		t.Fatalf("publish: %v %s", err, out)
	}
}

func open(t *testing.T, address, password string, every time.Duration) driver.Device {
	t.Helper()
	d, err := mqttin.Open(driver.Options{ID: "g", Address: address, Station: topic, Secret: password, Profile: &profile.Profile{
		ID: "p", Every: strict.Duration(every),
		JSON: &profile.JSON{Fields: []profile.JSONField{{Property: "water_level", At: "/level", Scale: 1}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func count(s *drivertest.Sink) map[float64]int {
	out := map[float64]int{}
	for _, m := range s.Messages() {
		for _, v := range m.Samples {
			out[v.Value]++
		}
	}
	return out
}

func TestWhatIsNotKeptIsDeliveredAgain(t *testing.T) {
	address, sink := broker(t), &drivertest.Sink{}
	publish(t, address, `{"level": 0}`, "-r") // kept for newcomers: no reading of now
	stop := drivertest.Listen(t, open(t, address, "word", time.Hour), sink)
	sent := 0
	drivertest.Until(t, "the first message is heard", func() bool {
		publish(t, address, `{"level": 1}`)
		sent++
		return count(sink)[1] > 0
	})
	if raw := string(sink.Messages()[0].Raw); raw != `{"level": 1}` {
		t.Errorf("the message carries %q", raw)
	}
	publish(t, address, `level 2`)
	drivertest.Until(t, "nonsense is counted", func() bool { return len(sink.Faults()) == 1 })
	sink.Refuse(errors.New("disk is full"))
	publish(t, address, `{"level": 3}`)
	if err := stop(); err == nil {
		t.Error("listened on although a message was not taken")
	}
	publish(t, address, `{"level": 4}`) // while nobody listens: the broker keeps it
	sink.Refuse(nil)
	stop = drivertest.Listen(t, open(t, address, "word", time.Hour), sink)
	drivertest.Until(t, "both are delivered", func() bool { n := count(sink); return n[3] == 1 && n[4] == 1 })
	if n := count(sink); n[0] != 0 || n[1] > sent || len(sink.Faults()) != 1 {
		t.Errorf("got %v, faults %v", n, sink.Faults())
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestBrokerThatRefusesOrIsGone(t *testing.T) {
	address := broker(t)
	f := driver.FaultOf(open(t, address, "wort", time.Hour).(driver.Source).Listen(t.Context(), &drivertest.Sink{}))
	if f == nil || f.Kind != driver.KindDenied {
		t.Errorf("wrong password: %v", f)
	}
	if err := open(t, testserver.FreeAddr(t), "word", time.Hour).(driver.Source).Listen(t.Context(), &drivertest.Sink{}); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("no broker: %v", err)
	}
	if err := open(t, address, "word", 20*time.Millisecond).(driver.Source).Listen(t.Context(), &drivertest.Sink{}); !errors.Is(err, driver.ErrTimeout) {
		t.Errorf("silence: %v", err)
	}
	if _, err := mqttin.Open(driver.Options{ID: "g", Station: "site/+", Profile: &profile.Profile{JSON: &profile.JSON{}}}); err == nil {
		t.Error("a wildcard was taken")
	}
}
