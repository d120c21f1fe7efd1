package ingest_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// childDir tells a re-executed test binary to be a centre in that folder until it is killed.
const (
	childDir  = "FENGSUI_TEST_CENTRE"
	childAddr = "FENGSUI_TEST_LISTEN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		be(dir, os.Getenv(childAddr))
		return
	}
	os.Exit(m.Run())
}

// be is the centre of the child process.
func be(dir, addr string) {
	c, err := startCentre(context.Background(), dir, addr)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	token := ""
	if added, err := c.devices.Create(system(), device.New{ID: "gauge", Kind: device.Sensor}); err == nil {
		token = added.Token
	}
	fmt.Println("ready", c.broker.PlainAddr().String(), token)
	select {}
}

// spawn starts a centre as a process of its own.
func spawn(t *testing.T, dir, addr string) (cmd *exec.Cmd, at, token string) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childAddr+"="+addr)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	part := strings.Split(strings.TrimRight(line, "\n"), " ")
	if err != nil || part[0] != "ready" {
		t.Fatalf("child said %q, %v", line, err)
	}
	return cmd, part[1], part[2]
}

// wireSensor speaks MQTT byte by byte: only what it reads as a PUBACK is confirmed. (paho settles its
// tokens without an error when the connection drops.)
type wireSensor struct {
	conn net.Conn
	sent map[uint16]int64 // packet identifier → time of the reading
	mu   sync.Mutex
}

func text(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

func packet(first byte, body []byte) []byte {
	return append(append([]byte{first}, binary.AppendUvarint(nil, uint64(len(body)))...), body...)
}

func login(t testing.TB, conn net.Conn, token string) *wireSensor {
	t.Helper()
	body := append(text("MQTT"), 4, 0xC2, 0, 60)
	body = append(append(append(body, text("gauge")...), text("gauge")...), text(token)...)
	if _, err := conn.Write(packet(0x10, body)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil || answer[3] != 0 {
		t.Fatalf("connect: %v %v", answer, err)
	}
	return &wireSensor{conn: conn, sent: map[uint16]int64{}}
}

func (w *wireSensor) publish(id uint16, ts int64) error {
	return w.publishText(id, ts, fmt.Sprintf(`{"ts":%d,"values":{"level":1}}`, ts))
}

func (w *wireSensor) publishText(id uint16, ts int64, payload string) error {
	w.mu.Lock()
	w.sent[id] = ts
	w.mu.Unlock()
	body := append(text("v1/devices/gauge/telemetry"), byte(id>>8), byte(id))
	_, err := w.conn.Write(packet(0x32, append(body, payload...)))
	return err
}

// confirmations reads PUBACKs until the connection ends.
func (w *wireSensor) confirmations(each func(ts int64)) {
	answer := make([]byte, 4)
	for {
		if _, err := io.ReadFull(w.conn, answer); err != nil || answer[0] != 0x40 {
			return
		}
		w.mu.Lock()
		ts := w.sent[uint16(answer[2])<<8|uint16(answer[3])]
		w.mu.Unlock()
		each(ts)
	}
}

// A simple sensor keeps no copy: what was PUBACKed has to be there after kill -9, and once only.
func TestKilledCentreHasEverythingItConfirmed(t *testing.T) {
	const start = 1795492800000
	dir, token := t.TempDir(), ""
	next := int64(start)
	var confirmed []int64
	for range 4 {
		child, at, made := spawn(t, dir, "127.0.0.1:0")
		if made != "" {
			token = made
		}
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		w := login(t, conn, token)
		enough, over := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(over)
			n := 0
			w.confirmations(func(ts int64) {
				confirmed = append(confirmed, ts)
				if n++; n == 300 {
					close(enough)
				}
			})
		}()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for id := uint16(1); id < 60000; id++ {
				next++
				if w.publish(id, next) != nil {
					return
				}
			}
		}()
		select {
		case <-enough:
		case <-time.After(20 * time.Second):
			t.Fatal("no confirmations")
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-over
		<-stopped
		_ = w.conn.Close()
		_ = child.Wait()
	}
	c, err := startCentre(t.Context(), dir, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	have := readAll(t, c, start, next)
	lost := 0
	for _, ts := range confirmed {
		if have[ts] != 1 {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d confirmed readings are lost or doubled", lost, len(confirmed))
	}
	t.Logf("%d sent, %d confirmed, %d stored", next-start, len(confirmed), len(have))
}

// readAll reads the series in parts small enough to be shown reading by reading.
func readAll(t *testing.T, c *centre, from, to int64) map[int64]int64 {
	t.Helper()
	out := map[int64]int64{}
	for at := from; at <= to; at += 2000 {
		s, err := c.data.Series(system(), telemetry.Query{Device: "gauge", Property: "level", From: wire.Time(at), To: wire.Time(at + 2000), Points: 5000})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range s.Buckets {
			out[b.At.UnixMilli()] = b.Count
		}
	}
	return out
}

// The port is free again as soon as the process is gone; listening on it anew must work.
func TestPlainPortComesBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	for range 2 {
		child, at, _ := spawn(t, dir, addr)
		if at != addr {
			t.Errorf("listens on %s, want %s", at, addr)
		}
		_ = child.Process.Kill()
		_ = child.Wait()
	}
}
