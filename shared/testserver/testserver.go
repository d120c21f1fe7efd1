// Package testserver gives tests what they need of the machine: free addresses, the programs that
// test/prepare.sh installs, and a real MQTT broker that dies and comes back. Only tests import it.
package testserver

import (
	"context"
	"fmt"
	"go/build"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TB is what FreeAddr needs of a test; the benchmarks bring their own.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// The ports that FreeAddr hands out lie below those that Linux gives to whoever asks for any (32768 and up):
// neither a connection nor a listener on port 0 takes one while its program starts, or is dead for a while.
const (
	firstPort = 15000
	lastPort  = 31999
)

// ports counts through them, from another place in each test binary.
var ports = sync.OnceValue(func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(lastPort - firstPort))
	return &n
})

// FreeAddr is a loopback address that nobody listens on, for TCP and UDP, and that this process hands out once.
func FreeAddr(t TB) string {
	t.Helper()
	for range 500 {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+ports().Add(1)%(lastPort-firstPort+1))
		ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
		if err != nil {
			continue
		}
		udp, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", addr)
		ln.Close()
		if err == nil {
			udp.Close()
			return addr
		}
	}
	t.Fatalf("no free port in 500 tries")
	return ""
}

// Missing ends a test that needs what test/prepare.sh installs and is not there: it is skipped, and fails in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	missing := what + " is not installed: make prepare"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// Program finds a server that test/prepare.sh installs or builds, also where only root has it in its path. Where it
// is missing the test is skipped, and fails in CI.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name, filepath.Join(build.Default.GOPATH, "bin", name)} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	Missing(t, name)
	return ""
}

// run starts another program and waits until it listens on an address. The kernel ends it with the test's own process.
func run(t testing.TB, c *exec.Cmd, addr string) {
	t.Helper()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			_ = c.Process.Kill()
			t.Fatalf("%s does not listen within 30 s: %v", filepath.Base(c.Path), err)
		}
	}
}
