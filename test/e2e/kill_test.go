package e2e

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// counting is a field whose reading is the number of times it was read, so that every loss shows as a
// hole and every doubling as a repetition.
const counting = `
modbus:
  - id: rd-level-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: counter, value: 0.001}
`

// TestKillsAndCutsLoseNothingThatWasHandedIn runs a terminal that keeps books and a simple sensor that
// counts its PUBACKs, while the centre is killed and the link is cut at random moments.
func TestKillsAndCutsLoseNothingThatWasHandedIn(t *testing.T) {
	t.Parallel()
	c := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	link := harness.NewLink(t, c.TLS)
	terminal := harness.EnrolTerminal(t, c, "edge-books", link.Addr(), harness.Declared("s-1/level", "s-2/level", "s-3/level"))
	token := c.Sensor(t, "gauge-1")

	stop := make(chan struct{})
	var senders sync.WaitGroup
	base := time.Now().Add(-time.Hour).UnixMilli()
	senders.Go(func() { sendBatches(t, terminal, base, stop) })
	var acked, tried atomic.Int64
	senders.Go(func() { sendJSON(c.Plain, "gauge-1", token, base, stop, &acked, &tried) })

	rounds := rand.New(rand.NewPCG(2, uint64(kills(t))))
	for round := range kills(t) {
		after := c.Stats(t).Readings
		harness.WaitFor(t, soon, "readings flow before the next blow", func() error {
			if now := c.Stats(t).Readings; now < after+200 {
				return fmt.Errorf("%d readings since", now-after)
			}
			return nil
		})
		waitRandom(rounds)
		if round%3 == 2 {
			link.Cut()
			waitRandom(rounds)
			link.Mend()
			continue
		}
		c.Kill9()
		c.Restart(t)
	}
	close(stop)
	senders.Wait()
	terminal.Settled(t, 2*soon)
	books := terminal.Books()
	for _, s := range []string{"s-1", "s-2", "s-3"} {
		if got := counted(t, c.Admin, s, "level", time.UnixMilli(base).Add(-time.Minute)); got != books.Readings/3 {
			t.Errorf("%s: %d readings stored, %d handed in", s, got, books.Readings/3)
		}
	}
	got := counted(t, c.Admin, "gauge-1", "level", time.UnixMilli(base).Add(-time.Minute))
	if got < acked.Load() || got > tried.Load() {
		t.Errorf("gauge-1: %d stored, %d acknowledged, %d sent", got, acked.Load(), tried.Load())
	}
	if stats := c.Stats(t); stats.Readings != books.Readings+got {
		t.Errorf("%d readings in all, want %d of the terminal and %d of the sensor", stats.Readings, books.Readings, got)
	}
	t.Logf("%d readings of the terminal in %d batches, %d of the sensor", books.Readings, books.Batches, got)
}

// kills is how many blows fall: a few, or as many as FENGSUI_KILLS says for a long run.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FENGSUI_KILLS")
	if text == "" {
		return 6
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("FENGSUI_KILLS: %v", err)
	}
	return n
}

// waitRandom lets some time pass, so that the blow falls anywhere in the life of a batch.
func waitRandom(r *rand.Rand) { <-time.After(time.Duration(r.IntN(300)) * time.Millisecond) }

func sendBatches(t *testing.T, terminal *harness.Terminal, base int64, stop chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		var readings []wire.Reading
		for i := range int64(10) {
			for _, s := range []string{"s-1", "s-2", "s-3"} {
				readings = append(readings, wire.Reading{Device: s, Property: "level", At: base + (n*10+i)*100, Value: float64(n % 7)})
			}
		}
		if err := terminal.Send(readings); err != nil {
			t.Errorf("send: %v", err)
			return
		}
	}
}

// sendJSON publishes one message after the other and counts what was tried and what was acknowledged.
func sendJSON(broker, device, token string, base int64, stop chan struct{}, acked, tried *atomic.Int64) {
	opts := mqtt.NewClientOptions().AddBroker("tcp://" + broker).SetClientID(device).SetUsername(device).SetPassword(token).
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).SetConnectTimeout(5 * time.Second).SetWriteTimeout(5 * time.Second)
	client := mqtt.NewClient(opts)
	defer func() { client.Disconnect(100) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := int64(0); ; {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if !client.IsConnectionOpen() { // one that connects again by itself changes what it has kept while that is being sent
			client = mqtt.NewClient(opts)
			client.Connect().Wait()
			continue
		}
		tried.Add(1)
		p := client.Publish(wire.SensorTopic(device), 1, false, fmt.Appendf(nil, `{"ts":%d,"values":{"level":%d}}`, base+n*100, n%9))
		n++
		if p.WaitTimeout(3*time.Second) && p.Error() == nil {
			acked.Add(1)
		}
	}
}

// TestKillsOfTheCentreAndCutsLeaveNoHoleInARealTerminal has the agent read a counter.
func TestKillsOfTheCentreAndCutsLeaveNoHoleInARealTerminal(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d := newDesk(t, counting)
	for round := range 3 {
		d.arrived(t, start, 3)
		switch round {
		case 0:
			d.centre.Kill9()
			d.centre.Restart(t)
		case 1:
			d.link.Cut()
			d.read(t, 4)
			d.link.Mend()
		case 2:
			d.centre.Kill9()
			d.read(t, 3)
			d.centre.Restart(t)
		}
	}
	d.arrived(t, start, 3)
	d.complete(t, start, nil)
}

// TestKillsOfTheTerminalLoseNoReadingThatWasTaken kills the agent at any moment between and within its
// polls. Taken is what docs/architecture.md says: only the poll that a kill cuts may be missing, and only
// if the agent had not yet counted it.
func TestKillsOfTheTerminalLoseNoReadingThatWasTaken(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	d := newDesk(t, counting)
	rounds := rand.New(rand.NewPCG(3, uint64(kills(t))))
	cut := map[float64]bool{} // polls that a kill has cut
	before := uint64(0)       // polls answered before this life
	for round := range kills(t) {
		d.read(t, 1+uint64(round%3))
		if round%3 == 1 {
			d.link.Cut() // what is taken now has only the disk of the terminal
			d.read(t, 2)
		}
		waitRandom(rounds)
		known := before + d.edge.Taken(t, "rd-level-1")
		d.edge.Kill9()
		before = d.field.State(t).Reads["rd-level-1"]["water_level"]
		if before < known || before > known+1 {
			t.Fatalf("the terminal has taken %d readings of %d", known, before)
		}
		if before > known {
			cut[float64(before)] = true
		}
		d.link.Mend()
		d.edge.Start(t)
		d.answers(t)
	}
	d.complete(t, start, cut)
}

// answers waits until the terminal's local page is there.
func (d *desk) answers(t *testing.T) {
	t.Helper()
	harness.WaitFor(t, soon, "the terminal is up again", func() error {
		conn, err := net.Dial("tcp", d.edge.Status)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// complete waits until every number up to now is at the centre, and none twice. Those that a kill has cut
// may be missing.
func (d *desk) complete(t *testing.T, start time.Time, cut map[float64]bool) {
	t.Helper()
	d.read(t, 1)
	reads := int(d.field.State(t).Reads["rd-level-1"]["water_level"]) //nolint:gosec // small
	var values []float64
	harness.WaitFor(t, 2*soon, "the terminal has delivered everything", func() error {
		values = d.values(t, start)
		seen := map[float64]int{}
		for _, v := range values {
			seen[v]++
		}
		for n := 1; n <= reads; n++ {
			if v := float64(n); seen[v] == 0 && !cut[v] {
				return fmt.Errorf("reading %d of %d is missing in %v", n, reads, values)
			}
		}
		return nil
	})
	for i := 1; i < len(values); i++ {
		if values[i] <= values[i-1] {
			t.Fatalf("reading %v follows %v: doubled", values[i], values[i-1])
		}
	}
	t.Logf("%d readings of %d polls, %d cut by a kill", len(values), reads, len(cut))
}

// values are what the counter said, in order of time.
func (d *desk) values(t *testing.T, from time.Time) []float64 {
	t.Helper()
	var out []float64
	for _, b := range series(t, d.centre.Admin, "rd-level-1", "water_level", from) {
		if b.Count != 1 {
			t.Fatalf("%d readings in one bucket at %s", b.Count, b.At)
		}
		out = append(out, math.Round(b.Last*1000))
	}
	return out
}

// arrived waits until n more readings are at the centre.
func (d *desk) arrived(t *testing.T, from time.Time, n int) {
	t.Helper()
	before := len(d.values(t, from))
	harness.WaitFor(t, 2*soon, "more readings arrive", func() error {
		if now := len(d.values(t, from)); now < before+n {
			return fmt.Errorf("%d more", now-before)
		}
		return nil
	})
}

// read waits until the device was read n more times.
func (d *desk) read(t *testing.T, n uint64) {
	t.Helper()
	before := d.field.State(t).Reads["rd-level-1"]["water_level"]
	harness.WaitFor(t, 2*soon, "the terminal reads on", func() error {
		if now := d.field.State(t).Reads["rd-level-1"]["water_level"]; now < before+n {
			return fmt.Errorf("%d more", now-before)
		}
		return nil
	})
}

func TestPictureHealsAfterTheFieldDies(t *testing.T) {
	d := newDesk(t, station)
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the level is on the desk", func() error {
		return want(live.Latest("rd-level-1", "water_level").Value, 4.0)
	})
	harness.WaitFor(t, soon, "the camera is known", func() error {
		device, err := d.centre.Admin.Device("rd-cam-1")
		return errors.Join(err, want(device.State, "online"))
	})
	v := d.centre.Admin.Watch(t, "rd-cam-1")
	flowing(t, v, 20)
	d.field.Kill9()
	d.field.Start(t)
	at := time.Now()
	harness.WaitFor(t, 10*time.Second, "fresh readings are on the desk again", func() error {
		if live.Latest("rd-level-1", "water_level").At.After(at) {
			return nil
		}
		return errors.New("only old ones")
	})
	flowing(t, v, 40)
}
