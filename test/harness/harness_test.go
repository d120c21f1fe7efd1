package harness

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestLinkPassesUntilItIsCutAndAgainWhenMended(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	go func() {
		for {
			conn, err := far.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()
	link := NewLink(t, far.Addr().String())
	echo := func(conn net.Conn) error {
		if _, err := conn.Write([]byte("four")); err != nil {
			return err
		}
		_, err := io.ReadFull(conn, make([]byte, 4))
		return err
	}
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", link.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	open := dial()
	if err := echo(open); err != nil {
		t.Fatal(err)
	}
	link.Cut()
	if err := echo(open); err == nil {
		t.Error("an open connection lived on")
	}
	if err := echo(dial()); err == nil {
		t.Error("a new connection went through")
	}
	link.Mend()
	if err := echo(dial()); err != nil {
		t.Errorf("after mending: %v", err)
	}
	if link.Bytes() != 8 {
		t.Errorf("%d bytes counted", link.Bytes())
	}
}

func TestProcessIsKilledAndStartedAgain(t *testing.T) {
	p := &Process{Name: "shell", Path: "/bin/sh", Args: []string{"-c", "echo pid $$; exec sleep 60"}}
	p.Start(t)
	p.WaitLine(t, 5*time.Second, "pid ")
	first := p.PID()
	p.Kill9()
	select {
	case <-p.Ended():
	default:
		t.Error("it lives")
	}
	p.Start(t)
	if p.PID() == first {
		t.Error("the same process")
	}
	WaitFor(t, 30*time.Second, "both lives are in the output", func() error {
		if n := strings.Count(p.Stdout(), "pid "); n != 2 {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	if err := p.Stop(); err == nil {
		t.Error("a program that was ended by a signal ended well")
	}
}

// sink is a server that keeps what it hears.
func sink(t *testing.T) (addr string, heard chan []byte) {
	t.Helper()
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	heard = make(chan []byte, 8)
	go func() {
		for {
			conn, err := far.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				all, _ := io.ReadAll(conn)
				heard <- all
			}()
		}
	}()
	return far.Addr().String(), heard
}

func TestLinkIsTornHeldAndSwallows(t *testing.T) {
	addr, heard := sink(t)
	link := NewLink(t, addr)
	send := func(text string) net.Conn {
		conn, err := net.Dial("tcp", link.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	link.Tear(3)
	conn := send("torn here")
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a torn connection lives on")
	}
	if got := <-heard; len(got) > 3 {
		t.Errorf("%q passed, want at most three bytes", got)
	}
	conn = send("")
	WaitFor(t, 30*time.Second, "the connection passes through", func() error {
		link.mu.Lock()
		defer link.mu.Unlock()
		if len(link.open) != 2 {
			return fmt.Errorf("%d ends are open", len(link.open))
		}
		return nil
	})
	link.Swallow()
	if _, err := conn.Write([]byte("gone")); err != nil {
		t.Fatal(err)
	}
	link.Mend()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived the time in which it lost bytes")
	}
	if got := <-heard; len(got) != 0 {
		t.Errorf("%q passed", got)
	}
	link.Hold()
	conn = send("late")
	link.Mend()
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; string(got) != "late" {
		t.Errorf("%q passed, want what was held", got)
	}
}
