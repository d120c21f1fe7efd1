package dialin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

var errLine = errors.New("no line")

// lines is a protocol of lines: "name text\n", "!" is refused and "?" makes the driver fail.
func lines() *Hub[string] {
	return &Hub[string]{
		Next: func(came []byte) (int, []byte, error) {
			i := bytes.IndexByte(came, '\n')
			switch {
			case i < 0:
				return 0, nil, nil
			case came[0] == '!':
				return i + 1, nil, errLine
			}
			return i + 1, came[:i], nil
		},
		Decode: func(frame []byte) (string, string, error) {
			name, text, found := strings.Cut(string(frame), " ")
			if !found {
				return "", "", errLine
			}
			return text, name, nil
		},
		Kind: func(error) driver.Kind { return driver.KindMalformed },
		Mask: bytes.Clone, Limit: 100,
	}
}

// ear is a sink and what a station heard.
type ear struct {
	mu     sync.Mutex
	heard  []string
	faults map[driver.Kind]int
}

func (e *ear) Take(context.Context, driver.Message) error { return nil }

func (e *ear) Fault(f *driver.Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.faults == nil {
		e.faults = map[driver.Kind]int{}
	}
	e.faults[f.Kind]++
}

func (e *ear) count(k driver.Kind) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.faults[k]
}

func (e *ear) station(name string) *Station[string] {
	return &Station[string]{Name: name, Sink: e, Silence: time.Hour, Frame: func(_ context.Context, c *Conn, text string) {
		if text == "?" {
			panic("no such thing")
		}
		e.mu.Lock()
		e.heard = append(e.heard, text)
		e.mu.Unlock()
		_ = c.Send([]byte("ok\n"))
	}}
}

// listen starts stations on one port and gives its address.
func listen(t *testing.T, h *Hub[string], stations ...*Station[string]) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for i, s := range stations {
		done.Go(func() {
			if err := h.Listen(ctx, address, s); !errors.Is(err, context.Canceled) {
				t.Errorf("listening ended: %v", err)
			}
		})
		wait(t, "the station is there", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			p := h.ports[address]
			if p == nil {
				return false
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			return len(p.stations) == i+1
		})
	}
	t.Cleanup(func() { cancel(); done.Wait() })
	return address
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !done(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ended reads until the other side closes.
func ended(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the connection was not closed")
	}
	return string(text)
}

func TestStationsOfOnePortAreToldApart(t *testing.T) {
	a, b := &ear{}, &ear{}
	address := listen(t, lines(), a.station("a"), b.station("b"))
	for name, e := range map[string]*ear{"a": a, "b": b} {
		c := dial(t, address)
		fmt.Fprintf(c, "%s 1\n%s 2\n", name, name)
		wait(t, "both lines", func() bool { e.mu.Lock(); defer e.mu.Unlock(); return len(e.heard) == 2 })
	}
	c := dial(t, address)
	fmt.Fprint(c, "c 1\n!\nnothing\na 3\n")
	wait(t, "the stranger is counted at the first station", func() bool {
		return a.count(driver.KindUnit) == 1 && a.count(driver.KindMalformed) == 2
	})
	if len(b.faults) > 0 {
		t.Errorf("the other station has faults: %v", b.faults)
	}
}

func TestFailingDriverEndsItsConnectionOnly(t *testing.T) {
	e := &ear{}
	address := listen(t, lines(), e.station("a"))
	c, other := dial(t, address), dial(t, address)
	fmt.Fprint(c, "a ?\n")
	ended(t, c)
	fmt.Fprint(other, "a 1\n")
	wait(t, "the other goes on", func() bool { e.mu.Lock(); defer e.mu.Unlock(); return len(e.heard) == 1 })
	if e.count(driver.KindPanic) != 1 {
		t.Errorf("counted %v", e.faults)
	}
}

func TestConnectionThatAsksForTooMuchIsClosed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		drip       bool
		kind       driver.Kind
	}{
		{"a frame that never ends", "a " + strings.Repeat("x", 200), false, driver.KindOversized},
		{"a frame that drips", "x", true, driver.KindShort},
		{"no frame at all", "", false, driver.KindTimeout},
		{"rubbish for ever", strings.Repeat("!\n", 2*strikes), false, driver.KindMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, h := &ear{}, lines()
			h.Whole, h.Named = 150*time.Millisecond, 300*time.Millisecond
			conn := dial(t, listen(t, h, e.station("a")))
			stop := make(chan struct{})
			var drips sync.WaitGroup
			drips.Go(func() {
				for range 1000 {
					if _, err := io.WriteString(conn, c.text); err != nil || !c.drip {
						return
					}
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
			ended(t, conn)
			close(stop)
			drips.Wait()
			if e.count(c.kind) == 0 {
				t.Errorf("counted %v, want %s", e.faults, c.kind)
			}
		})
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	e := &ear{}
	address := listen(t, lines(), e.station("a"))
	for range Connections {
		dial(t, address)
	}
	ended(t, dial(t, address))
	if e.count(driver.KindTooFast) != 1 {
		t.Errorf("counted %v", e.faults)
	}
}

func TestSilentStationEndsAndThePortIsFreeAgain(t *testing.T) {
	e, h := &ear{}, lines()
	s := e.station("a")
	s.Silence = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	for range 2 {
		if err := h.Listen(t.Context(), l.Addr().String(), s); !errors.Is(err, driver.ErrTimeout) {
			t.Errorf("got %v", err)
		}
	}
	taken, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	defer taken.Close()
	if err := h.Listen(t.Context(), l.Addr().String(), s); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestStationIsListenedForOnce(t *testing.T) {
	e, h := &ear{}, lines()
	address := listen(t, h, e.station("a"))
	if err := h.Listen(t.Context(), address, e.station("a")); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
}
