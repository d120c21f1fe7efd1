package broker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one session may send in the long run. Above it the front reads more slowly; nothing is dropped.
const (
	messagesPerSecond    = 20_000
	edgeBytesPerSecond   = 16 << 20
	sensorBytesPerSecond = 64 << 20
)

// writeTimeout ends a session whose client does not read.
const writeTimeout = 30 * time.Second

var errProtocol = errors.New("packet out of place")

// session is one connection after its login.
type session struct {
	b     *Broker
	id    string
	conn  net.Conn
	in    *bufio.Reader
	since time.Time

	filters int // named so far; of an edge

	once  sync.Once
	inner net.Conn // of an edge: to the embedded server
	mu    sync.Mutex
	gone  bool
}

// close ends the session from any goroutine.
func (s *session) close() {
	s.once.Do(func() {
		s.mu.Lock()
		s.gone = true
		inner := s.inner
		s.mu.Unlock()
		_ = s.conn.Close()
		if inner != nil {
			_ = inner.Close()
		}
	})
}

// write sends one whole packet to the client.
func (s *session) write(packet []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return net.ErrClosed
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.conn.Write(packet)
	return err
}

func (s *session) refuse(reason, topic string) { s.b.opts.Refused(s.b.ctx, s.id, reason, topic, 1) }

// throttle holds back a session that sends more than its share.
type throttle struct{ messages, bytes *rate.Limiter }

func newThrottle(bytesPerSecond int) throttle {
	return throttle{
		messages: rate.NewLimiter(messagesPerSecond, messagesPerSecond),
		bytes:    rate.NewLimiter(rate.Limit(bytesPerSecond), bytesPerSecond),
	}
}

func (t throttle) wait(ctx context.Context, n int) error {
	if err := t.messages.Wait(ctx); err != nil {
		return err
	}
	return t.bytes.WaitN(ctx, min(n, t.bytes.Burst()))
}

// skip throws away the rest of a packet.
func (s *session) skip(n int) error {
	_, err := io.CopyN(io.Discard, s.in, int64(n))
	return err
}

// body reads the rest of a small packet.
func (s *session) body(n int) ([]byte, error) {
	if n > maxControl {
		return nil, errProtocol
	}
	out := make([]byte, n)
	_, err := io.ReadFull(s.in, out)
	return out, err
}
