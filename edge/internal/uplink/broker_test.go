package uplink

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// memory is a folder whose files are in memory where there is one: a terminal commits more often than a
// disk that others use has time for.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "uplink") //nolint:usetesting // it knows no other folder
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func wait(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// centre is the other end: it stores batches once, and answers as the test wants it to.
type centre struct {
	t      *testing.T
	window int

	mu       sync.Mutex
	client   mqtt.Client     // of the newest connection
	deaf     bool            // answers nothing
	muteAcks func(n int) int // how often the nth batch is acknowledged; nil: once
	ahead    time.Duration   // its clock
	batches  []*wire.Batch   // in order of arrival, with repetitions
	values   map[float64]int // readings stored, by value
	ranges   map[wire.Lane]map[wire.Range]bool
	events   []wire.Event
	hellos   []wire.Hello
	statuses []wire.Status
}

func startCentre(t *testing.T, b *testserver.Mosquitto) *centre {
	t.Helper()
	c := &centre{t: t, window: 8, values: map[float64]int{}, ranges: map[wire.Lane]map[wire.Range]bool{}}
	stop, up := make(chan struct{}), make(chan struct{})
	var dialling sync.WaitGroup
	dialling.Go(func() { c.dial(b, stop, sync.OnceFunc(func() { close(up) })) })
	t.Cleanup(func() { close(stop); dialling.Wait() })
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		t.Fatal("the centre does not reach the broker")
	}
	return c
}

// dial keeps a connection up. Each is a client of its own: one that connects again by itself changes what it
// has kept while that is being sent.
func (c *centre) dial(b *testserver.Mosquitto, stop chan struct{}, up func()) {
	for {
		lost := make(chan struct{})
		client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + b.Addr).SetClientID("centre").SetProtocolVersion(4).
			SetAutoReconnect(false).SetConnectTimeout(5 * time.Second).SetWriteTimeout(2 * time.Second).
			SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) }))
		if token := client.Connect(); token.Wait() && token.Error() == nil {
			c.mu.Lock()
			c.client = client
			c.mu.Unlock()
			client.Subscribe("fs/v1/+/up/#", 1, c.take)
			up()
			select {
			case <-stop:
				client.Disconnect(0)
				return
			case <-lost:
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *centre) connection() mqtt.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client
}

func (c *centre) take(_ mqtt.Client, m mqtt.Message) {
	up, err := wire.ParseUp(m.Topic())
	if err != nil {
		c.t.Errorf("topic %s", m.Topic())
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch up.Kind {
	case "status":
		var s wire.Status
		if err := json.Unmarshal(m.Payload(), &s); err != nil {
			c.t.Error(err)
		}
		c.statuses = append(c.statuses, s)
	case "hello":
		var h wire.Hello
		if err := json.Unmarshal(m.Payload(), &h); err != nil {
			c.t.Error(err)
		}
		c.hellos = append(c.hellos, h)
		a := wire.Ack{Epoch: h.Epoch, Hello: true}
		for lane, ranges := range c.ranges {
			l := wire.LaneRanges{Lane: lane}
			for r := range ranges {
				l.Ranges = append(l.Ranges, r)
			}
			a.Lanes = append(a.Lanes, l)
		}
		c.answer(up.Edge, a)
	case "lane":
		c.store(up, m.Payload())
	}
}

func (c *centre) store(up wire.Up, payload []byte) {
	b, err := wire.Decode(payload)
	if err != nil || b.Lane != up.Lane {
		c.t.Errorf("batch in lane %d: %v", up.Lane, err)
		return
	}
	c.batches = append(c.batches, b)
	r := wire.Range{b.SeqFrom, b.SeqTo}
	if c.ranges[b.Lane] == nil {
		c.ranges[b.Lane] = map[wire.Range]bool{}
	}
	if c.deaf {
		return
	}
	if !c.ranges[b.Lane][r] {
		c.ranges[b.Lane][r] = true
		for _, x := range b.Readings {
			c.values[x.Value]++
		}
		c.events = append(c.events, b.Events...)
	}
	times := 1
	if c.muteAcks != nil {
		times = c.muteAcks(len(c.batches))
	}
	for range times {
		c.answer(up.Edge, wire.Ack{Epoch: b.Epoch, Lanes: []wire.LaneRanges{{Lane: b.Lane, Ranges: []wire.Range{r}}}})
	}
}

func (c *centre) answer(edge string, a wire.Ack) {
	if c.deaf {
		return
	}
	a.Time, a.Window = wire.Millis(time.Now().Add(c.ahead)), c.window
	text, err := json.Marshal(a)
	if err != nil {
		c.t.Error(err)
		return
	}
	c.client.Publish(wire.AckTopic(edge), 1, false, text)
}

func (c *centre) command(cmd wire.Command) {
	c.t.Helper()
	text, err := json.Marshal(cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	if token := c.connection().Publish(wire.CommandTopic("e"), 1, false, text); !token.WaitTimeout(5*time.Second) || token.Error() != nil {
		c.t.Fatal("the command is not published")
	}
}

// results are the outcomes of commands so far.
func (c *centre) results() map[string]wire.CommandResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]wire.CommandResult{}
	for _, e := range c.events {
		if e.Kind != wire.EventResult {
			continue
		}
		var r wire.CommandResult
		if err := json.Unmarshal(e.Data, &r); err != nil {
			c.t.Error(err)
		}
		if _, twice := out[r.Command]; twice {
			c.t.Errorf("command %s has two results", r.Command)
		}
		out[r.Command] = r
	}
	return out
}

// retained asks mosquitto with a client of its own what it keeps as the terminal's status.
func retained(b *testserver.Mosquitto) string {
	host, port, _ := net.SplitHostPort(b.Addr)
	out, err := exec.Command("mosquitto_sub", "-h", host, "-p", port, "-t", wire.StatusTopic("e"), "-C", "1", "-W", "2").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
