package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// gauge is a simple sensor that speaks MQTT byte by byte: only what it reads as a PUBACK is confirmed, and
// what is not confirmed it sends again. Its value is the number of the reading.
type gauge struct {
	ID, Token, Addr string
	Every           time.Duration

	mu    sync.Mutex
	next  int64
	at    int64               // time of the newest reading
	open  map[int64]int64     // number → time, not confirmed
	times map[int64]int64     // time → number, of all
	sure  map[int64]time.Time // number → when it was confirmed
	ended chan struct{}
	done  sync.WaitGroup
}

const window = 20

func (g *gauge) start() {
	g.open, g.times, g.sure, g.ended = map[int64]int64{}, map[int64]int64{}, map[int64]time.Time{}, make(chan struct{})
	g.done.Go(func() {
		for !g.over() {
			_ = g.session() // the next one goes on
			select {
			case <-g.ended:
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
}

// finish takes no more readings; the sessions go on until everything is confirmed.
func (g *gauge) finish() { close(g.ended) }

func (g *gauge) stopped() bool {
	select {
	case <-g.ended:
		return true
	default:
		return false
	}
}

func (g *gauge) over() bool { return g.stopped() && g.waiting() == 0 }

func (g *gauge) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.open)
}

// sent is how many readings there were and their sum.
func (g *gauge) sent() (n, sum int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.next, g.next * (g.next + 1) / 2
}

// confirmed is when a reading was; zero: not yet.
func (g *gauge) confirmed(n int64) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sure[n]
}

func text(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

func packet(first byte, body []byte) []byte {
	return append(append([]byte{first}, binary.AppendUvarint(nil, uint64(len(body)))...), body...)
}

func (g *gauge) session() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", g.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	login := append(text("MQTT"), 4, 0xC2, 0, 60)
	login = append(append(append(login, text(g.ID)...), text(g.ID)...), text(g.Token)...)
	if err := write(conn, packet(0x10, login)); err != nil {
		return err
	}
	answer := make([]byte, 4)
	if err := read(conn, answer); err != nil {
		return err
	}
	if answer[0] != 0x20 || answer[3] != 0 {
		return fmt.Errorf("connect is answered %x", answer)
	}
	heard := make(chan error, 1)
	go func() { heard <- g.confirmations(conn) }()
	err = g.publish(conn, heard)
	conn.Close()
	return errors.Join(err, <-heard)
}

// publish sends again what is open, then goes on.
func (g *gauge) publish(conn net.Conn, heard chan error) error {
	g.mu.Lock()
	again := maps.Clone(g.open)
	g.mu.Unlock()
	for n, at := range again {
		if err := g.send(conn, n, at); err != nil {
			return err
		}
	}
	tick := time.NewTicker(g.Every)
	defer tick.Stop()
	for !g.over() {
		select {
		case err := <-heard:
			heard <- err
			return err
		case <-tick.C:
		}
		if g.stopped() || g.waiting() >= window {
			continue
		}
		n, at := g.take()
		if err := g.send(conn, n, at); err != nil {
			return err
		}
	}
	return nil
}

func (g *gauge) take() (n, at int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next++
	g.at = max(g.at+1, time.Now().UnixMilli())
	g.open[g.next], g.times[g.at] = g.at, g.next
	return g.next, g.at
}

func (g *gauge) send(conn net.Conn, n, at int64) error {
	id := uint16(n%65535 + 1) //nolint:gosec // within range
	body := append(text(wire.SensorTopic(g.ID)), byte(id>>8), byte(id))
	return write(conn, packet(0x32, fmt.Appendf(body, `{"ts":%d,"values":{"level":%d}}`, at, n)))
}

func (g *gauge) confirmations(conn net.Conn) error {
	answer := make([]byte, 4)
	for {
		if err := read(conn, answer); err != nil {
			return err
		}
		if answer[0] != 0x40 {
			return fmt.Errorf("the broker says %x", answer)
		}
		id := binary.BigEndian.Uint16(answer[2:])
		g.mu.Lock()
		for n := range g.open {
			if uint16(n%65535+1) == id { //nolint:gosec // as above
				delete(g.open, n)
				g.sure[n] = time.Now()
			}
		}
		g.mu.Unlock()
	}
}

// write and read give up after a while: a link may have swallowed everything.
func write(conn net.Conn, b []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	_, err := conn.Write(b)
	return err
}

func read(conn net.Conn, b []byte) error {
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, b)
	return err
}
