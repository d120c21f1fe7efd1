package harness

import (
	"context"
	"net"
	"sync"
	"time"
)

// narrow is the room before a throttled link.
const narrow = 4 << 10

// Link is a TCP connection between two programs that can be cut, held and torn, and mended.
type Link struct {
	To string

	ln      net.Listener
	mu      sync.Mutex
	change  sync.Cond
	cut     bool
	held    bool
	swallow bool
	tear    int // bytes in the direction of To until it is reset; 0: never
	rate    int // bytes a second in the direction of To; 0: as fast as it can
	open    map[net.Conn]bool
	sent    int64
	got     int64
	back    int // bytes a second from To; 0: as fast as it goes
	done    sync.WaitGroup
}

// NewLink listens on a free port and passes everything on.
func NewLink(t TB, to string) *Link {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	must(t, err, "listen for a link")
	l := &Link{To: to, ln: ln, open: map[net.Conn]bool{}}
	l.change.L = &l.mu
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
	l.drop(false)
}

// Reset ends all connections with a reset, in the middle of whatever they carry. New ones pass.
func (l *Link) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(true)
}

// Hold passes nothing on, and loses nothing, until it is mended.
func (l *Link) Hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = true
}

// Swallow loses everything without telling either end, as a network does that has forgotten the
// connection. When it is mended the connections of that time are gone.
func (l *Link) Swallow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.swallow = true
}

// Tear resets all connections when so many more bytes, at least one, have gone in the direction of To.
func (l *Link) Tear(after int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tear = max(1, after)
}

// Throttle lets so many bytes a second through in the direction of To, until it is mended. What is dialled from
// then on has little room before it, so that what was sent first is not all on its way already.
func (l *Link) Throttle(rate int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate = rate
}

// Mend lets everything through again.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.swallow {
		l.drop(true)
	}
	l.cut, l.held, l.swallow, l.tear, l.rate = false, false, false, 0, 0
	l.change.Broadcast()
}

// drop is called with the lock held.
func (l *Link) drop(reset bool) {
	for c := range l.open {
		if t, ok := c.(*net.TCPConn); ok && reset {
			_ = t.SetLinger(0) // it is closed all the same
		}
		c.Close()
		delete(l.open, c)
	}
	l.change.Broadcast()
}

// Bytes is how much went through, in the direction of To.
func (l *Link) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// Received is how much came from To.
func (l *Link) Received() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got
}

// Slow makes the way from To a thin one, of so many bytes a second together.
func (l *Link) Slow(rate int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.back = rate
}

// thin counts what comes from To and makes it wait on a thin way.
func (l *Link) thin(n int) {
	l.mu.Lock()
	l.got += int64(n)
	rate := l.back
	l.mu.Unlock()
	if rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
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
	if t, ok := near.(*net.TCPConn); ok && l.slow() > 0 {
		_ = t.SetReadBuffer(narrow) // without it the order is the same, only sooner
	}
	both.Go(func() { l.copy(far, near, true) })
	both.Go(func() { l.copy(near, far, false) })
	both.Wait()
}

func (l *Link) copy(to, from net.Conn, up bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		rate := l.slow()
		if !up {
			rate = 0
		}
		part := buf
		if rate > 0 {
			part = buf[:max(1, min(len(buf), rate/20))]
		}
		n, err := from.Read(part)
		if rate > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
		}
		n, torn := l.let(to, n, up)
		if n > 0 {
			if !up {
				l.thin(n)
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if torn {
			l.Reset()
		}
		if err != nil {
			return
		}
	}
}

// let says how many of n bytes pass, and whether the link is torn behind them. It waits while the link is
// held.
func (l *Link) let(to net.Conn, n int, up bool) (pass int, torn bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.held && l.open[to] {
		l.change.Wait()
	}
	if l.swallow {
		return 0, false
	}
	if !up {
		return n, false
	}
	if l.tear > 0 {
		torn = n >= l.tear
		n = min(n, l.tear)
		l.tear -= n
	}
	l.sent += int64(n)
	return n, torn
}

// slow is the rate at which it lets through.
func (l *Link) slow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate
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
