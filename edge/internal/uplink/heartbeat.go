package uplink

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	heartbeatAnswer = 10 * time.Second // an answer that takes longer is none
	echo            = 45 * time.Second // as long as a large block on a poor link may take until something comes back
	heartbeatGood   = 3                // answers after a whole silence before a longer one is tried
)

// heartbeat finds out how long the way to the centre (the NAT of a mobile network above all) keeps a silent
// connection: it tries longer silences as long as they are answered, and after a silent loss goes back to
// the shortest and stays below what was lost. It outlives sessions.
type heartbeat struct {
	least, most time.Duration

	mu      sync.Mutex
	every   time.Duration
	ceiling time.Duration // of what is tried; 0: most
	good    int
}

// current is how long a connection may be silent before it is probed.
func (h *heartbeat) current() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.every == 0 {
		h.every = h.least
	}
	return h.every
}

// answered says that a probe after a silence of at least current was answered.
func (h *heartbeat) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.good++; h.good < heartbeatGood {
		return
	}
	h.good = 0
	top := h.most
	if h.ceiling != 0 {
		top = min(top, h.ceiling)
	}
	h.every = max(h.least, min(h.every*5/4, top))
}

// lost says that a connection was dead when it was probed after a silence.
func (h *heartbeat) lost(silence time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ceiling = max(h.least, silence*4/5)
	h.every, h.good = h.least, 0
}

// heardConn notes when something last came, and since when something that was sent had no echo.
type heardConn struct {
	net.Conn
	at    *atomic.Int64 // Unix nanoseconds
	quiet *atomic.Int64 // 0: nothing waits
}

func (c *heardConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.at.Store(time.Now().UnixNano())
		c.quiet.Store(0)
	}
	return n, err
}

func (c *heardConn) Write(p []byte) (int, error) {
	c.quiet.CompareAndSwap(0, time.Now().UnixNano())
	return c.Conn.Write(p)
}
