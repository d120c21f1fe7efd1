package harness

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// inNamespace is set in the environment of the second self, which has a network of its own.
const inNamespace = "FENGSUI_NAMESPACE"

// Alone runs this program again in a network namespace of its own and reports whether it is that one.
func Alone(args ...string) (bool, error) {
	if os.Getenv(inNamespace) != "" {
		return true, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("find myself: %w", err)
	}
	cmd := exec.Command(self, args...) //nolint:gosec,noctx // it runs as long as we do
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("run in a network of its own (it needs root): %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return false, fmt.Errorf("run in a network of its own: %w", err)
	}
	return false, nil
}

// The addresses of the two ends of a way.
const (
	NearSide   = "10.77.0.1"
	FarSide    = "10.77.0.2"
	MovedSide  = "10.77.0.6" // of the far end once it has moved
	NearDevice = "fs-near"
	FarDevice  = "fs-far"
	// queue is the room for packets before the link: what it loses is lost by chance, not for want of room.
	queue = "5000"
)

// Way is a network namespace behind a link that can be slow, lossy and cut: whole packets of the kernel, whatever
// they carry, pass through two tun devices and this program, which keeps the delay and loses some, because not
// every kernel has netem. It needs root and a network namespace of its own (Alone).
type Way struct {
	delay time.Duration // of one way
	loss  float64       // part of the packets that is lost in each direction
	cut   atomic.Bool
	tcp   atomic.Bool // nothing passes but it
	pid   int         // that keeps the namespace
	lost  atomic.Int64
	went  atomic.Int64
}

// NewWay makes the namespace and the link to it.
func NewWay(t TB, delay time.Duration, loss float64) *Way {
	t.Helper()
	keeper := exec.Command("sleep", "infinity") //nolint:noctx // it is killed below
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	must(t, keeper.Start(), "make a network namespace (it needs root)")
	t.Cleanup(func() { _ = keeper.Process.Kill(); _ = keeper.Wait() })
	w := &Way{delay: delay, loss: loss, pid: keeper.Process.Pid}
	here, there := tun(t, NearDevice), tun(t, FarDevice)
	for _, c := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "set", FarDevice, "netns", strconv.Itoa(w.pid)},
		{"ip", "addr", "add", NearSide + "/30", "dev", NearDevice},
		{"ip", "link", "set", NearDevice, "txqueuelen", queue, "up"},
		w.Within("ip", "link", "set", "lo", "up"),
		w.Within("ip", "addr", "add", FarSide+"/30", "dev", FarDevice),
		w.Within("ip", "link", "set", FarDevice, "txqueuelen", queue, "up"),
	} {
		Run(t, c[0], c[1:]...)
	}
	go w.carry(here, there)
	go w.carry(there, here)
	return w
}

// Within is a command in the namespace; the process stays the same.
func (w *Way) Within(words ...string) []string {
	return append([]string{"nsenter", "--target", strconv.Itoa(w.pid), "--net", "--"}, words...)
}

// PID is the process that keeps the namespace.
func (w *Way) PID() int { return w.pid }

// Put has a program that has not started run in the namespace.
func (w *Way) Put(p *Process) {
	inside := w.Within(append([]string{p.Path}, p.Args...)...)
	p.Path, p.Args = inside[0], inside[1:]
}

// Cut loses everything until it is mended; neither end is told.
func (w *Way) Cut() { w.cut.Store(true) }

// Mend lets everything through again.
func (w *Way) Mend() { w.cut.Store(false) }

// BlockUDP loses whatever goes over UDP from now on, as many networks of offices do; neither end is told.
func (w *Way) BlockUDP() { w.tcp.Store(true) }

// Move gives the far end another address in place of its own, as a SIM that changes its cell may; neither end is told.
func (w *Way) Move(t TB) {
	t.Helper()
	for _, c := range [][]string{
		{"ip", "route", "add", MovedSide + "/32", "dev", NearDevice},
		w.Within("ip", "addr", "add", MovedSide+"/32", "dev", FarDevice),
		w.Within("ip", "addr", "del", FarSide+"/30", "dev", FarDevice),
		w.Within("ip", "route", "add", NearSide+"/32", "dev", FarDevice),
	} {
		Run(t, c[0], c[1:]...)
	}
}

// overUDP says so of a packet of IPv4 or IPv6.
func overUDP(packet []byte) bool {
	at := 9
	if packet[0]>>4 == 6 {
		at = 6
	}
	return len(packet) > at && packet[at] == unix.IPPROTO_UDP
}

// Lost is the part of the packets that was lost so far, without those of a cut.
func (w *Way) Lost() float64 { return float64(w.lost.Load()) / float64(max(1, w.went.Load())) }

// tun opens a tun device without headers.
func tun(t TB, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	must(t, err, "open /dev/net/tun (it needs root and the tun driver)")
	request, err := unix.NewIfreq(name)
	must(t, err, "name a tun device")
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, request), "make a tun device (it needs root)")
	f := os.NewFile(uintptr(fd), filepath.Join("/dev/net/tun", name))
	t.Cleanup(func() { f.Close() })
	return f
}

// carry passes packets on, each so long after it came.
func (w *Way) carry(from, to *os.File) {
	type packet struct {
		due  time.Time
		body []byte
	}
	way := make(chan packet, 4096)
	defer close(way)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			if !w.cut.Load() {
				_, _ = to.Write(p.body) // a network may lose packets
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if n == 0 || w.cut.Load() || w.tcp.Load() && overUDP(buf[:n]) {
			continue
		}
		w.went.Add(1)
		if w.loss > 0 && rand.Float64() < w.loss { //nolint:gosec // weather, not a secret
			w.lost.Add(1)
			continue
		}
		way <- packet{time.Now().Add(w.delay), append([]byte(nil), buf[:n]...)}
	}
}
