package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

const (
	soon = time.Minute
	// quiet is how long nothing new comes when everything is delivered: the terminal commits every 500 ms.
	quiet = 3 * time.Second
)

// killed is the result of a run.
type killed struct {
	Seed     uint64          `json:"seed"`
	Blows    int             `json:"blows"`
	ByKind   map[string]int  `json:"by_kind"`
	Seconds  float64         `json:"seconds"`
	Series   []balance       `json:"series"`
	Readings int64           `json:"readings"`
	Alarms   int             `json:"alarms"` // times that the limit was passed
	Joined   int             `json:"joined"` // of these, that the centre took for one with the one before
	Lost     int             `json:"lost"`
	Gone     map[cause]int64 `json:"gone"`    // readings that were taken away
	Refused  uint64          `json:"refused"` // by full disks, as the terminal counted
	Doubled  int             `json:"doubled"`
	Unsaved  int             `json:"unsaved"` // readings of the simple sensor that a killed Mosquitto had confirmed and not written yet, or that came after a backup which was restored
	Wrong    []string        `json:"wrong,omitempty"`
	Repeat   string          `json:"repeat"`
}

// arena is everything that blows fall on, and what is known of it.
type arena struct {
	t      harness.TB
	log    *journal
	random *rand.Rand
	field  *harness.Field
	centre *harness.Centre
	broker *harness.Mosquitto // nil: it is within the centre
	edge   *harness.Edge
	link   *harness.Link // terminal to broker
	plain  *harness.Link // simple sensor to broker
	gauge  *gauge
	begun  time.Time

	before map[string]uint64          // reads of each device in earlier lives of the terminal
	taken  map[string]uint64          // what earlier lives said they took, at the least
	cut    map[string]map[uint64]bool // polls that a kill of the terminal may have cut
	kills  int                        // of the terminal
	lapses []span                     // in which what was confirmed to the simple sensor may be lost

	edgeDisk, centreDisk harness.Disk
	gone                 map[string]map[uint64]cause // polls that may have been taken away
	refused              uint64                      // readings that the terminal says it refused on full disks
	blind                []span                      // when alarms may have been raised by polls that are gone
}

func kill(t harness.TB, programs harness.Programs, plan killPlan, out io.Writer) killed {
	t.Helper()
	a := &arena{
		t: t, log: &journal{out, time.Now()}, random: rand.New(rand.NewPCG(plan.seed, 1)), begun: time.Now(),
		before: map[string]uint64{}, taken: map[string]uint64{}, cut: map[string]map[uint64]bool{}, gone: map[string]map[uint64]cause{},
	}
	result := killed{Seed: plan.seed, Blows: plan.n, ByKind: map[string]int{}, Gone: map[cause]int64{}, Repeat: plan.repeat()}
	a.log.say("seed %d, %d blows", plan.seed, plan.n)
	dir := firmware(t)
	a.field = harness.StartField(t, programs, scene(dir, plan.counters))
	full := slices.Contains(plan.with, "full")
	options := harness.CentreOptions{Level: "warn"}
	if full {
		options.Extra = "telemetry:\n  reserve_mb: 24\n"
	}
	a.centre = harness.NewCentre(t, programs, options)
	if full {
		a.centreDisk = harness.Mount(t, filepath.Join(a.centre.Dir, "data"), "256m")
	}
	tls, plain := a.centre.TLS, a.centre.Plain
	falling := blows
	if plan.existing {
		a.broker = harness.ExistingBroker(t, a.centre)
		tls, plain = a.broker.TLS, a.broker.Plain
		falling = slices.Concat(blows, brokerBlows)
	}
	if plan.only {
		falling = nil
	}
	for _, kind := range plan.with {
		falling = slices.Concat(falling, moreBlows()[kind])
	}
	a.centre.Boot(t)
	a.link, a.plain = harness.NewLink(t, tls), harness.NewLink(t, plain)
	a.edge = newEdge(t, a.centre, a.field, dir, "soak-edge", a.link.Addr(), "200ms")
	if full {
		a.edgeDisk = harness.Mount(t, filepath.Join(a.edge.Dir, "data"), "64m")
	}
	a.centre.EnrolEdge(t, a.edge.ID, a.edge.Config)
	a.edge.Start(t)
	a.gauge = &gauge{ID: "soak-gauge", Token: a.centre.Sensor(t, "soak-gauge"), Addr: a.plain.Addr(), Every: 50 * time.Millisecond}
	if a.broker != nil {
		a.broker.Sensor(t, a.gauge.ID, a.gauge.Token)
	}
	a.gauge.start()
	stop := make(chan struct{})
	var episodes sync.WaitGroup
	episodes.Go(func() { a.episodes(stop) })
	end := sync.OnceFunc(func() { close(stop); episodes.Wait(); a.gauge.finish() })
	t.Cleanup(end)
	a.flows()
	for i := range plan.n {
		time.Sleep(time.Duration(a.random.Int64N(int64(plan.pause))))
		b := a.pick(falling)
		what := b.fall(a)
		result.ByKind[b.name]++
		a.log.say("#%d %s: %s", i+1, b.name, what)
		a.alive()
		if i%10 == 9 {
			a.flows()
		}
	}
	end()
	a.settle()
	a.prove(&result)
	result.Seconds = time.Since(a.begun).Seconds()
	a.log.say("%d blows, %d readings in %d series, %d alarms (%d joined); %v gone, %d of the simple sensor unsaved, %d lost, %d doubled", plan.n, result.Readings, len(result.Series), result.Alarms, result.Joined, result.Gone, result.Unsaved, result.Lost, result.Doubled)
	for _, w := range result.Wrong {
		a.log.say("WRONG: %s", w)
	}
	return result
}

// pick draws a blow by weight.
func (a *arena) pick(from []blow) blow {
	sum := 0
	for _, b := range from {
		sum += b.weight
	}
	at := a.random.IntN(sum)
	for _, b := range from {
		if at -= b.weight; at < 0 {
			return b
		}
	}
	return from[0]
}

// alive notices a program that has ended by itself. One whose port was taken meanwhile is started again.
func (a *arena) alive() {
	all := []*harness.Process{a.edge.Process, a.centre.Process, a.field.Process}
	if a.broker != nil {
		all = append(all, a.broker.Process)
	}
	for _, p := range all {
		select {
		case <-p.Ended():
			said := p.Stderr()
			if strings.Contains(strings.ToLower(last(said, 1000)), "address already in use") {
				a.log.say("%s found its port taken and is started again", p.Name)
				p.Start(a.t)
				continue
			}
			a.t.Fatalf("%s has ended by itself: %s", p.Name, last(said, 4000))
		default:
		}
	}
}

func last(s string, n int) string { return s[max(0, len(s)-n):] }

// flows waits until the centre has more readings than before.
func (a *arena) flows() {
	before := int64(-1)
	harness.WaitFor(a.t, soon, "readings flow", func() error {
		a.alive()
		var s harness.Stats
		if err := a.centre.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &s); err != nil {
			return err
		}
		if before < 0 {
			before = s.Readings
		}
		if s.Readings < before+100 {
			return fmt.Errorf("%d more", s.Readings-before)
		}
		return nil
	})
}

// episodes lets the gas rise and fall, each for several polls, and acknowledges now and then.
func (a *arena) episodes(stop chan struct{}) {
	for n := 0; ; n++ {
		for _, value := range []float64{80, 5} {
			if a.hold(value) != nil || !a.polls(stop, 8) {
				return
			}
		}
		if n%3 == 2 {
			if active, err := a.centre.Admin.Alarms("active"); err == nil {
				for _, alarm := range active {
					_ = a.centre.Admin.Call(http.MethodPost, "/alarms/"+alarm.ID+"/ack", map[string]string{"note": ""}, nil) // the next round tries again
				}
			}
		}
	}
}

func (a *arena) hold(value float64) error {
	return a.field.Post("/devices/"+gas+"/values", fmt.Appendf(nil, `{%q:%g}`, methane, value))
}

// polls waits until the gas was read n more times.
func (a *arena) polls(stop chan struct{}, n uint64) bool {
	from := a.field.State(a.t).Reads[gas][methane]
	for a.field.State(a.t).Reads[gas][methane] < from+n {
		select {
		case <-stop:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return true
}

// reads is how often each device was read.
func (a *arena) reads() map[string]uint64 {
	out := map[string]uint64{}
	for id, properties := range a.field.State(a.t).Reads {
		for _, n := range properties {
			out[id] = max(out[id], n)
		}
	}
	return out
}

// killEdge keeps the books: what this life of the terminal says it has taken, and which poll was cut.
func (a *arena) killEdge() {
	known := a.known()
	a.edge.Kill9()
	a.kills++
	for id, n := range a.reads() {
		if a.cut[id] == nil {
			a.cut[id] = map[uint64]bool{}
		}
		a.taken[id] += known[id]
		if a.before[id]+known[id] < n {
			a.cut[id][n] = true
		}
		a.cut[id][n+1] = true // a request may have been on its way to the device
		a.before[id] = n
	}
}

// known is what the terminal says it has taken since its start; nothing when its page is not there yet.
func (a *arena) known() map[string]uint64 {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + a.edge.Status + "/status.json") //nolint:noctx // the client has a timeout
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	var v struct {
		Status wire.Status `json:"status"`
	}
	if json.NewDecoder(answer.Body).Decode(&v) != nil {
		return nil
	}
	out := map[string]uint64{}
	for _, s := range v.Status.Sensors {
		out[s.ID] = s.Taken
	}
	return out
}

// settle lets everything run until nothing waits any more.
func (a *arena) settle() {
	a.log.say("no more blows; draining")
	for id := range a.reads() {
		a.field.Cut(a.t, id)
	}
	stands, since := harness.Stats{}, time.Now()
	harness.WaitFor(a.t, 5*soon, "everything is delivered", func() error {
		a.alive()
		if n := a.gauge.waiting(); n > 0 {
			return fmt.Errorf("%d readings of the simple sensor are not confirmed", n)
		}
		if a.known() == nil {
			return errors.New("the terminal is not there yet")
		}
		if n := a.edge.State(a.t).Backlog.Records; n > 0 {
			return fmt.Errorf("%d records wait in the terminal", n)
		}
		var s harness.Stats
		if err := a.centre.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &s); err != nil {
			return err
		}
		if s.Readings != stands.Readings {
			stands, since = s, time.Now()
		}
		if time.Since(since) < quiet {
			return errors.New("readings still come in")
		}
		return nil
	})
	known := a.known()
	for id, n := range a.reads() {
		a.taken[id] += known[id]
		if a.before[id]+known[id] < n {
			if a.cut[id] == nil {
				a.cut[id] = map[uint64]bool{}
			}
			a.cut[id][n] = true // the device was cut in the middle of an answer
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
