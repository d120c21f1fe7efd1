package broker

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// accept serves one port until it is closed.
func (b *Broker) accept(l net.Listener, conf *tls.Config) {
	b.mu.Lock()
	b.listeners = append(b.listeners, l)
	b.mu.Unlock()
	b.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				b.opts.Log.Warn("accept mqtt connection", "error", err)
				if !b.wait(100 * time.Millisecond) {
					return
				}
				continue
			}
			select {
			case b.slots <- struct{}{}:
			default:
				b.turnAway("connections", conn, errors.New("too many connections"))
				_ = conn.Close()
				continue
			}
			b.wg.Go(func() {
				defer func() { <-b.slots }()
				b.serve(conn, conf)
			})
		}
	})
}

func (b *Broker) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.ctx.Done():
		return false
	}
}

// serve is the life of one connection.
func (b *Broker) serve(conn net.Conn, conf *tls.Config) {
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(b.ctx, b.opts.LoginTimeout)
	defer cancel()
	raw := conn
	unhook := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer unhook()
	var edge string
	var denied error
	if conf != nil {
		t := tls.Server(conn, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			b.turnAway("tls", conn, err)
			return
		}
		if certs := t.ConnectionState().PeerCertificates; len(certs) > 0 {
			edge, denied = b.opts.Auth.AuthCertificate(ctx, certs[0])
		}
		conn = t
	}
	idle := &idleConn{Conn: conn}
	in := bufio.NewReaderSize(idle, 16<<10)
	c, err := readConnect(in)
	if err != nil {
		if errors.Is(err, errVersion) {
			_, _ = conn.Write(connack(connackVersion))
		}
		b.turnAway("connect", conn, err)
		return
	}
	if denied != nil {
		b.turnAway("certificate", conn, denied)
		_, _ = conn.Write(connack(refusal(denied, connackNotAllowed)))
		return
	}
	s := &session{b: b, id: edge, conn: conn, in: in, since: time.Now()}
	if edge == "" {
		if !wire.ValidID(c.username) {
			denied = errs.E(errs.Unauthenticated, "device.token", "user name %.64q is no device", c.username)
		} else {
			denied = b.opts.Auth.AuthToken(ctx, c.username, c.password)
		}
		if denied != nil {
			b.turnAway("token", conn, denied)
			b.punish(conn, refusal(denied, connackBadLogin))
			return
		}
		s.id = c.username
	}
	unhook()
	idle.limit = 30 * time.Minute
	if c.keepAlive > 0 {
		idle.limit = time.Duration(c.keepAlive) * time.Second * 3 / 2
	}
	if !b.enter(s) {
		return
	}
	defer b.leave(s)
	defer s.close()
	// Revoked between the check and enter: Disconnect did not see this session yet.
	if again := b.recheck(ctx, s, c); again != nil {
		b.turnAway("revoked", conn, again)
		return
	}
	if edge == "" {
		s.sensor()
		return
	}
	s.edge(c)
}

func (b *Broker) recheck(ctx context.Context, s *session, c connect) error {
	if t, ok := s.conn.(*tls.Conn); ok && len(t.ConnectionState().PeerCertificates) > 0 {
		_, err := b.opts.Auth.AuthCertificate(ctx, t.ConnectionState().PeerCertificates[0])
		return err
	}
	return b.opts.Auth.AuthToken(ctx, c.username, c.password)
}

// punish answers a wrong token after a second, so that guessing is slow; it bars no address, because many
// terminals share one behind a carrier's NAT.
func (b *Broker) punish(conn net.Conn, code byte) {
	select {
	case b.slow <- struct{}{}:
		b.wait(time.Second)
		<-b.slow
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write(connack(code))
	default:
	}
}

// refusal is the code for a login that failed: when it was not the client's fault, it may try again.
func refusal(err error, code byte) byte {
	if errs.KindOf(err) == errs.Unauthenticated {
		return code
	}
	return connackUnavailable
}

func connack(code byte) []byte { return []byte{packetConnack << 4, 2, 0, code} }

// ownClientID ties a client id to the edge, so that no session can be taken over by naming another's:
// ':' stands in no id.
func ownClientID(edge, clientID string) string {
	if clientID == "" || clientID == edge {
		return edge
	}
	sum := sha256.Sum256([]byte(clientID))
	return edge + ":" + hex.EncodeToString(sum[:8])
}

// idleConn closes a connection that says nothing for longer than it promised.
type idleConn struct {
	net.Conn
	limit time.Duration
}

func (c *idleConn) Read(p []byte) (int, error) {
	if c.limit > 0 {
		if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

// turnAway counts a connection that nobody got through.
func (b *Broker) turnAway(reason string, conn net.Conn, err error) {
	b.opts.Refused(b.ctx, "", "connection_"+reason, conn.RemoteAddr().String()+": "+err.Error(), 1)
}
