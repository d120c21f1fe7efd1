package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// mosquitto finds a client program of Debian's mosquitto-clients.
func mosquitto(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; test/prepare.sh installs it", name)
	}
	t.Skipf("%s is missing; test/prepare.sh installs it", name)
	return ""
}

// publish sends each line of text as one message with the real mosquitto_pub.
func publish(t *testing.T, c *harness.Centre, user, password, topic, text string) error {
	t.Helper()
	host, port, err := net.SplitHostPort(c.Plain)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), mosquitto(t, "mosquitto_pub"), "-h", host, "-p", port, "-i", user, "-u", user, "-P", password,
		"-q", "1", "-t", topic, "-l")
	cmd.Stdin = bytes.NewBufferString(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("mosquitto_pub: %w: %s", err, out)
	}
	return nil
}

func TestRealMosquittoClientFeedsTheJSONTopicAndIsCountedExactly(t *testing.T) {
	t.Parallel()
	mosquitto(t, "mosquitto_pub")
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	token := c.Sensor(t, "gauge-1")
	base := time.Now().Add(-10 * time.Minute).UnixMilli()
	var lines bytes.Buffer
	for i := range int64(300) {
		fmt.Fprintf(&lines, `{"ts":%d,"values":{"level":%.2f,"battery":12.5}}`+"\n", base+i*1000, 3+float64(i)/100)
	}
	fmt.Fprintf(&lines, `[{"ts":%d,"values":{"level":9}},{"ts":%d,"values":{"level":9.5}}]`+"\n", base+400_000, base+401_000)
	topic := wire.SensorTopic("gauge-1")
	if err := publish(t, c, "gauge-1", token, topic, lines.String()); err != nil {
		t.Fatal(err)
	}
	const readings = 300*2 + 2
	counts := func() error { return want(c.Stats(t).Readings, readings) }
	harness.WaitFor(t, soon, "every reading is stored", counts)

	if err := publish(t, c, "gauge-1", token, topic, lines.String()); err != nil {
		t.Fatal(err)
	}
	if err := publish(t, c, "gauge-1", token, topic, `{"values":{"level":1}}`+"\n"); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, soon, "the one reading without time is stored and what came twice is stored once", func() error {
		return want(c.Stats(t).Readings, readings+1)
	})
	if got := counted(t, c.Admin, "gauge-1", "battery", time.UnixMilli(base).Add(-time.Minute)); got != 300 {
		t.Errorf("battery has %d readings", got)
	}
}

func TestSimpleSensorIsHeldToItsTokenAndTopic(t *testing.T) {
	t.Parallel()
	mosquitto(t, "mosquitto_pub")
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	mine, other := c.Sensor(t, "gauge-1"), c.Sensor(t, "gauge-2")
	if err := publish(t, c, "gauge-1", other, wire.SensorTopic("gauge-1"), `{"values":{"level":1}}`+"\n"); err == nil {
		t.Error("a wrong token was taken")
	}
	if err := publish(t, c, "gauge-3", mine, wire.SensorTopic("gauge-3"), `{"values":{"level":1}}`+"\n"); err == nil {
		t.Error("an unknown device was taken")
	}
	// The broker may end the session of one that publishes elsewhere, or only drop it; nothing is stored.
	_ = publish(t, c, "gauge-1", mine, wire.SensorTopic("gauge-2"), `{"values":{"level":1}}`+"\n")
	_ = publish(t, c, "gauge-1", mine, "fs/v1/edge-rudong/up/2", "x\n")
	for _, bad := range []string{"no json", `{"values":{}}`, `{"values":{"level":"high"}}`, `{"values":{"UPPER":1}}`} {
		if err := publish(t, c, "gauge-1", mine, wire.SensorTopic("gauge-1"), bad+"\n"); err != nil {
			t.Errorf("%s ended the session: %v", bad, err)
		}
	}
	if err := publish(t, c, "gauge-1", mine, wire.SensorTopic("gauge-1"), "broken\n{\"values\":{\"level\":2}}\n"); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, soon, "the good message is stored, alone", func() error { return want(c.Stats(t).Readings, 1) })
	harness.WaitFor(t, soon, "what was refused is counted", func() error {
		d, err := c.Admin.Device("gauge-1")
		if err != nil {
			return err
		}
		if d.Refused < 5 {
			return fmt.Errorf("refused %d", d.Refused)
		}
		return nil
	})
}
