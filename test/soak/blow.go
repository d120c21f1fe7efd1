package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// blow is one thing that may happen.
type blow struct {
	name   string
	weight int
	fall   func(a *arena) string // says what was done
}

var blows = []blow{
	{"terminal killed", 20, func(a *arena) string {
		a.killEdge()
		down := a.lasts(700)
		a.edge.Start(a.t)
		return "down " + down
	}},
	{"centre killed", 20, func(a *arena) string {
		a.centre.Kill9()
		down := a.lasts(700)
		a.centre.Start(a.t)
		return "down " + down
	}},
	{"terminal killed while it starts", 8, func(a *arena) string {
		a.killEdge()
		a.edge.Start(a.t)
		young := a.lasts(500)
		a.killEdge()
		a.edge.Start(a.t)
		return "again after " + young
	}},
	{"centre killed while it starts", 8, func(a *arena) string {
		a.centre.Kill9()
		a.centre.Start(a.t)
		young := a.lasts(1200)
		a.centre.Kill9()
		a.centre.Start(a.t)
		return "again after " + young
	}},
	{"terminal and centre killed at once", 8, func(a *arena) string {
		a.killEdge()
		a.centre.Kill9()
		down := a.lasts(700)
		if a.random.IntN(2) == 0 {
			a.edge.Start(a.t)
			a.lasts(300)
			a.centre.Start(a.t)
			return "down " + down + ", terminal first"
		}
		a.centre.Start(a.t)
		a.lasts(300)
		a.edge.Start(a.t)
		return "down " + down + ", centre first"
	}},
	{"terminal killed while the link is cut", 5, func(a *arena) string {
		a.link.Cut()
		away := a.lasts(1500)
		a.killEdge()
		down := a.lasts(300)
		a.edge.Start(a.t)
		more := a.lasts(1000)
		a.link.Mend()
		return fmt.Sprintf("cut %s, down %s, cut another %s", away, down, more)
	}},
	{"centre killed while the link is held", 5, func(a *arena) string {
		a.links(func(l *harness.Link) { l.Hold() })
		held := a.lasts(800)
		a.centre.Kill9()
		a.centre.Start(a.t)
		a.lasts(500)
		a.links(func(l *harness.Link) { l.Mend() })
		return "held " + held
	}},
	{"link cut", 6, func(a *arena) string { return a.link1((*harness.Link).Cut) }},
	{"link held", 5, func(a *arena) string { return a.link1((*harness.Link).Hold) }},
	{"link half open", 6, func(a *arena) string { return a.link1((*harness.Link).Swallow) }},
	{"link reset", 6, func(a *arena) string {
		a.links((*harness.Link).Reset)
		return "both"
	}},
	{"link torn within a message", 9, func(a *arena) string {
		after := 1 + a.random.IntN(1500)
		a.links(func(l *harness.Link) { l.Tear(after) })
		return fmt.Sprintf("after %d bytes, waited %s", after, a.lasts(1000))
	}},
	{"terminal frozen", 4, func(a *arena) string {
		a.edge.Freeze()
		for2 := a.lasts(2500)
		a.edge.Thaw()
		return "for " + for2
	}},
	{"centre frozen", 4, func(a *arena) string {
		a.centre.Freeze()
		for2 := a.lasts(2500)
		a.centre.Thaw()
		return "for " + for2
	}},
}

// brokerBlows fall besides where the broker is a program of its own.
var brokerBlows = []blow{
	{"broker killed", 25, func(a *arena) string {
		a.killBroker()
		down := a.lasts(700)
		a.broker.Start(a.t)
		return "down " + down
	}},
	{"broker killed while it starts", 8, func(a *arena) string {
		a.killBroker()
		a.broker.Start(a.t)
		young := a.lasts(300)
		a.killBroker()
		a.broker.Start(a.t)
		return "again after " + young
	}},
	{"broker and centre killed at once", 8, func(a *arena) string {
		a.killBroker()
		a.centre.Kill9()
		down := a.lasts(700)
		a.centre.Start(a.t)
		more := a.lasts(700)
		a.broker.Start(a.t)
		return "down " + down + ", the broker another " + more
	}},
	{"broker and terminal killed at once", 8, func(a *arena) string {
		a.killEdge()
		a.killBroker()
		down := a.lasts(700)
		a.edge.Start(a.t)
		more := a.lasts(700)
		a.broker.Start(a.t)
		return "down " + down + ", the broker another " + more
	}},
}

// killBroker keeps in mind when: what a Mosquitto has not written yet is lost with it.
func (a *arena) killBroker() {
	a.lapses = append(a.lapses, span{time.Now().Add(-saves), time.Now().Add(time.Second)})
	a.broker.Kill9()
}

// lasts lets a random time pass and says how long it was.
func (a *arena) lasts(most int) string {
	d := time.Duration(a.random.IntN(most)) * time.Millisecond
	time.Sleep(d)
	return d.String()
}

func (a *arena) links(do func(*harness.Link)) {
	do(a.link)
	do(a.plain)
}

// link1 does something to the link of the terminal, of the simple sensor, or both, for a while.
func (a *arena) link1(do func(*harness.Link)) string {
	var hit []string
	which := a.random.IntN(3)
	if which != 1 {
		do(a.link)
		hit = append(hit, "terminal")
	}
	if which != 0 {
		do(a.plain)
		hit = append(hit, "sensor")
	}
	for2 := a.lasts(2500)
	a.links((*harness.Link).Mend)
	return strings.Join(hit, " and ") + " for " + for2
}
