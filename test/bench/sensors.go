package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

const (
	sensors  = 4
	objects  = 20 // of a message, a moment each
	apart    = 10 // milliseconds between two of them
	inFlight = 32
)

// properties are what each object of a message has, in the order of values.
func properties() []string { return []string{"level", "flow", "rain", "temperature", "battery"} }

func values(k int64) []float64 {
	return []float64{math.Round(400+150*math.Sin(float64(k)/300)) / 100, 20 + float64(k%7), 0.2, 18 + float64(k%9)/10, 12.6}
}

// sender is one simple sensor. It sends for a while, or so many messages.
type sender struct {
	broker, device, token string
	base                  int64 // time of its first reading, Unix milliseconds
	until                 time.Time
	messages              int64
}

func (s sender) more(n int64) bool {
	if s.messages > 0 {
		return n < s.messages
	}
	return time.Now().Before(s.until)
}

// publish has all of them send as fast as the acknowledgements allow and says how many messages each has sent.
func publish(t host, all []sender) []int64 {
	sent, errs := make([]int64, len(all)), make([]error, len(all))
	var done sync.WaitGroup
	for i, s := range all {
		done.Go(func() { sent[i], errs[i] = s.blast() })
	}
	done.Wait()
	for _, err := range errs {
		t.must(err)
	}
	return sent
}

// blast ends when every message is acknowledged.
func (s sender) blast() (int64, error) {
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + s.broker).SetClientID(s.device).SetUsername(s.device).
		SetPassword(s.token).SetProtocolVersion(4).SetCleanSession(true).SetOrderMatters(false))
	if connect := client.Connect(); !connect.WaitTimeout(10*time.Second) || connect.Error() != nil {
		return 0, fmt.Errorf("connect %s to the broker: %w", s.device, connect.Error())
	}
	defer client.Disconnect(100)
	slots := make(chan error, inFlight)
	for range inFlight {
		slots <- nil
	}
	var failed error
	n := int64(0)
	for ; failed == nil && s.more(n); n++ {
		if failed = <-slots; failed != nil {
			break
		}
		p := client.Publish(wire.SensorTopic(s.device), 1, false, message(s.base, n))
		go func() {
			<-p.Done()
			slots <- p.Error()
		}()
	}
	for range inFlight {
		if err := <-slots; failed == nil {
			failed = err
		}
	}
	if failed != nil {
		return n, fmt.Errorf("publish for %s: %w", s.device, failed)
	}
	return n, nil
}

// message is an array of objects with five values each.
func message(base, n int64) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range int64(objects) {
		if i > 0 {
			b.WriteByte(',')
		}
		k := n*objects + i
		v := values(k)
		fmt.Fprintf(&b, `{"ts":%d,"values":{"level":%.2f,"flow":%.1f,"rain":%.1f,"temperature":%.1f,"battery":%.1f}}`, base+k*apart, v[0], v[1], v[2], v[3], v[4])
	}
	b.WriteByte(']')
	return b.Bytes()
}

// tally is how many readings of one property there are, and their sum.
type tally struct {
	n   int64
	sum float64
}

// same reports whether every reading is there: sums differ by rounding only.
func (b tally) same(want tally) bool {
	return b.n == want.n && math.Abs(b.sum-want.sum) <= 1e-9*math.Abs(want.sum)+1e-3
}

// tallies are what so many messages make, by property.
func tallies(messages int64) map[string]tally {
	out := map[string]tally{}
	for k := range messages * objects {
		for i, v := range values(k) {
			p := properties()[i]
			out[p] = tally{out[p].n + 1, out[p].sum + v}
		}
	}
	return out
}

// prove ends the part when a sensor's readings are not those that it sent.
func prove(t host, where, device string, messages int64, stored func(property string) tally) {
	for property, want := range tallies(messages) {
		if got := stored(property); !got.same(want) {
			t.Fatalf("%s holds %d readings of %s/%s with the sum %f, sent were %d with %f", where, got.n, device, property, got.sum, want.n, want.sum)
		}
	}
}

// charted adds up the steps of a chart.
func charted(t host, c *harness.Centre, series string, from, to time.Time) (all tally) {
	var chart harness.Series
	q := "?points=500&from=" + from.UTC().Format(time.RFC3339) + "&to=" + to.UTC().Format(time.RFC3339)
	t.must(c.Admin.Call(http.MethodGet, "/telemetry/series/"+series+q, nil, &chart))
	for _, b := range chart.Buckets {
		all.n += b.Count
		all.sum += b.Mean * float64(b.Count)
	}
	return all
}
