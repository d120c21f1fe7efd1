package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// The two ends of the fast way between terminal and devices.
const fieldSide, probeSide = "10.78.0.1", "10.78.0.2"

// slow is a network namespace behind a slow link, whose rate is that of the kernel's token bucket (tc tbf).
type slow struct{ *harness.Way }

// newSlow makes it. rate is what tc understands; delay is that of one way.
func newSlow(t harness.TB, rate string, delay time.Duration) *slow {
	t.Helper()
	s := &slow{harness.NewWay(t, delay, 0)}
	commands := [][]string{
		{"ip", "link", "add", "fs-field", "type", "veth", "peer", "name", "fs-probe"},
		{"ip", "link", "set", "fs-probe", "netns", strconv.Itoa(s.PID())},
		{"ip", "addr", "add", fieldSide + "/30", "dev", "fs-field"},
		{"ip", "link", "set", "fs-field", "up"},
		{"tc", "qdisc", "add", "dev", harness.NearDevice, "root", "tbf", "rate", rate, "burst", "4kb", "latency", "500ms"},
		s.Within("ip", "addr", "add", probeSide+"/30", "dev", "fs-probe"),
		s.Within("ip", "link", "set", "fs-probe", "up"),
		s.Within("tc", "qdisc", "add", "dev", harness.FarDevice, "root", "tbf", "rate", rate, "burst", "4kb", "latency", "500ms"),
	}
	for _, c := range commands {
		harness.Run(t, c[0], c[1:]...)
	}
	return s
}

// round is the time that a connection takes through the link, in an idle moment.
func (s *slow) round(t harness.TB) time.Duration {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", harness.NearSide+":0")
	must(t, err)
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	must(t, err)
	c := s.Within("bash", "-c", "a=$EPOCHREALTIME; exec 3<>/dev/tcp/"+harness.NearSide+"/"+port+"; echo $a $EPOCHREALTIME")
	var from, to float64
	_, err = fmt.Sscan(harness.Run(t, c[0], c[1:]...), &from, &to)
	must(t, err)
	return time.Duration((to - from) * float64(time.Second)).Round(100 * time.Microsecond)
}
