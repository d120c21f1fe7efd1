package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fengsui/fengsui/test/harness"
)

// inNamespace is set in the environment of the second self, which has a network of its own.
const inNamespace = "FENGSUI_SOAK_NAMESPACE"

// alone runs this program again in a network namespace of its own and reports whether it is that one.
func alone() (bool, error) {
	if os.Getenv(inNamespace) != "" {
		return true, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("find myself: %w", err)
	}
	cmd := exec.Command(self, os.Args[1:]...) //nolint:gosec,noctx // it runs as long as we do
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		return false, fmt.Errorf("run in a network of its own (it needs root): %w", err)
	}
	return false, nil
}

// The two ends of the slow way, and of a fast one between terminal and devices.
const (
	centreSide, edgeSide = "10.77.0.1", "10.77.0.2"
	fieldSide, probeSide = "10.78.0.1", "10.78.0.2"
)

// slow is a network namespace behind a slow link: packets of the kernel pass through two tun devices, the
// rate is that of the kernel's token bucket (tc tbf), the delay is kept here, packet by packet, because not
// every kernel has netem.
type slow struct {
	pid int // that keeps the namespace
}

// newSlow makes it. rate is what tc understands; delay is that of one way.
func newSlow(t harness.TB, rate string, delay time.Duration) *slow {
	t.Helper()
	keeper := exec.Command("sleep", "infinity") //nolint:noctx // it is killed below
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	must(t, keeper.Start())
	t.Cleanup(func() { _ = keeper.Process.Kill(); _ = keeper.Wait() })
	s := &slow{keeper.Process.Pid}
	here, there := tun(t, "fs-centre"), tun(t, "fs-edge")
	pid := strconv.Itoa(s.pid)
	commands := [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "set", "fs-edge", "netns", pid},
		{"ip", "link", "add", "fs-field", "type", "veth", "peer", "name", "fs-probe"},
		{"ip", "link", "set", "fs-probe", "netns", pid},
		{"ip", "addr", "add", centreSide + "/30", "dev", "fs-centre"},
		{"ip", "addr", "add", fieldSide + "/30", "dev", "fs-field"},
		{"ip", "link", "set", "fs-centre", "up"},
		{"ip", "link", "set", "fs-field", "up"},
		{"tc", "qdisc", "add", "dev", "fs-centre", "root", "tbf", "rate", rate, "burst", "4kb", "latency", "500ms"},
		s.within("ip", "link", "set", "lo", "up"),
		s.within("ip", "addr", "add", edgeSide+"/30", "dev", "fs-edge"),
		s.within("ip", "addr", "add", probeSide+"/30", "dev", "fs-probe"),
		s.within("ip", "link", "set", "fs-edge", "up"),
		s.within("ip", "link", "set", "fs-probe", "up"),
		s.within("tc", "qdisc", "add", "dev", "fs-edge", "root", "tbf", "rate", rate, "burst", "4kb", "latency", "500ms"),
	}
	for _, c := range commands {
		harness.Run(t, c[0], c[1:]...)
	}
	go carry(here, there, delay)
	go carry(there, here, delay)
	return s
}

// within is a command in the namespace; the process stays the same.
func (s *slow) within(words ...string) []string {
	return append([]string{"nsenter", "--target", strconv.Itoa(s.pid), "--net", "--"}, words...)
}

// round is the time that a connection takes through the link, in an idle moment.
func (s *slow) round(t harness.TB) time.Duration {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", centreSide+":0")
	must(t, err)
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	must(t, err)
	c := s.within("bash", "-c", "a=$EPOCHREALTIME; exec 3<>/dev/tcp/"+centreSide+"/"+port+"; echo $a $EPOCHREALTIME")
	var from, to float64
	_, err = fmt.Sscan(harness.Run(t, c[0], c[1:]...), &from, &to)
	must(t, err)
	return time.Duration((to - from) * float64(time.Second)).Round(100 * time.Microsecond)
}

// tun opens a tun device without headers.
func tun(t harness.TB, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	must(t, err)
	request, err := unix.NewIfreq(name)
	must(t, err)
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	f := os.NewFile(uintptr(fd), filepath.Join("/dev/net/tun", name))
	t.Cleanup(func() { f.Close() })
	return f
}

// carry passes packets on, each so long after it came.
func carry(from, to *os.File, delay time.Duration) {
	type packet struct {
		due  time.Time
		body []byte
	}
	way := make(chan packet, 4096)
	defer close(way)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			_, _ = to.Write(p.body) // a network may lose packets
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		way <- packet{time.Now().Add(delay), append([]byte(nil), buf[:n]...)}
	}
}
