package testserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Mosquitto is a real one. Whoever makes it names the plain address that it listens on and its file.
type Mosquitto struct {
	Addr, File string
	process    *exec.Cmd
}

// StartMosquitto starts one that lets everybody in; kept says whether it remembers sessions over its own death.
func StartMosquitto(t testing.TB, kept bool) *Mosquitto {
	t.Helper()
	dir := t.TempDir()
	m := &Mosquitto{Addr: FreeAddr(t), File: filepath.Join(dir, "mosquitto.conf")}
	host, port, err := net.SplitHostPort(m.Addr)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("listener %s %s\nallow_anonymous true\npersistence %t\n", port, host, kept)
	if kept {
		text += "persistence_location " + dir + "/\nautosave_interval 1\n"
	}
	if os.Getuid() == 0 {
		text += "user root\n"
	}
	if err := os.WriteFile(m.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Start(t)
	return m
}

// Start starts it, again on its address if it was killed, and waits until it listens. It ends with the test.
func (m *Mosquitto) Start(t testing.TB) {
	t.Helper()
	m.process = exec.Command(Program(t, "mosquitto"), "-c", m.File) //nolint:noctx // Kill ends it
	run(t, m.process, m.Addr)
	t.Cleanup(m.Kill)
}

// Reload lets it read its files again.
func (m *Mosquitto) Reload(t testing.TB) {
	t.Helper()
	if err := m.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// Kill is kill -9. One that was killed before stays so.
func (m *Mosquitto) Kill() {
	_ = m.process.Process.Kill() // it may have ended
	_ = m.process.Wait()         // it was killed: its error says so
}
