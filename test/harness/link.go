package harness

import (
	"context"
	"net"
	"sync"
)

// Link is a TCP connection between two programs that can be cut and mended.
type Link struct {
	To string

	ln   net.Listener
	mu   sync.Mutex
	cut  bool
	open map[net.Conn]bool
	sent int64
	done sync.WaitGroup
}

// NewLink listens on a free port and passes everything on.
func NewLink(t TB, to string) *Link {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	must(t, err, "listen for a link")
	l := &Link{To: to, ln: ln, open: map[net.Conn]bool{}}
	l.done.Go(l.accept)
	t.Cleanup(func() {
		ln.Close()
		l.Cut()
		l.done.Wait()
	})
	return l
}

// Addr is the near end.
func (l *Link) Addr() string { return l.ln.Addr().String() }

// Cut drops all connections and takes no new ones.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.open {
		c.Close()
	}
}

// Mend lets new connections through.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// Bytes is how much went through, in the direction of To.
func (l *Link) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

func (l *Link) accept() {
	for {
		near, err := l.ln.Accept()
		if err != nil {
			return
		}
		l.done.Go(func() { l.pass(near) })
	}
}

func (l *Link) pass(near net.Conn) {
	defer near.Close()
	if !l.add(near) {
		return
	}
	defer l.remove(near)
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.To)
	if err != nil {
		return
	}
	defer far.Close()
	if !l.add(far) {
		return
	}
	defer l.remove(far)
	var both sync.WaitGroup
	both.Go(func() { l.copy(far, near, true) })
	both.Go(func() { l.copy(near, far, false) })
	both.Wait()
}

func (l *Link) copy(to, from net.Conn, up bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if up {
				l.mu.Lock()
				l.sent += int64(n)
				l.mu.Unlock()
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *Link) add(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return false
	}
	l.open[c] = true
	return true
}

func (l *Link) remove(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}
