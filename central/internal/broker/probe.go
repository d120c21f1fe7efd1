package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Ready's own session. No device can have its user name or its client id: '.' and ':' stand in no id.
const (
	prober     = "fengsui.probe" // and the subject that it publishes to
	probeID    = ":probe"
	probeTopic = "fengsui/probe"
	probeEvery = time.Second // answers in between repeat the last one
)

// probe is the last answer of Ready.
type probe struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready reports whether a terminal could connect and be heard: it does so itself. The embedded server may
// answer its in-process client while it can keep no session any more.
func (b *Broker) Ready(ctx context.Context) error {
	if len(b.slots) == cap(b.slots) {
		return errors.New("ask broker: there is no room for another connection")
	}
	p := &b.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < probeEvery {
		return p.err
	}
	p.err = b.engine.hearItself(ctx)
	p.at = time.Now()
	return p.err
}

// hearItself connects by MQTT, publishes and waits for the message to come out at the centre.
func (e *engine) hearItself(ctx context.Context) error {
	heard := make(chan *nats.Msg, 1)
	sub, err := e.nc.ChanSubscribe(prober, heard)
	if err != nil {
		return fmt.Errorf("subscribe to probe of the broker: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := e.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("ask embedded server: %w", err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", e.addr)
	if err != nil {
		return fmt.Errorf("reach embedded server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := e.publishProbe(conn); err != nil {
		return fmt.Errorf("probe broker: %w", errors.Join(err, ctx.Err()))
	}
	select {
	case <-heard:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("probe broker: what was published is not heard: %w", ctx.Err())
	}
}

// publishProbe is a whole session of a client: CONNECT, PUBLISH at QoS 1, PUBACK, DISCONNECT.
func (e *engine) publishProbe(conn net.Conn) error {
	hello, err := connect{clientID: probeID, keepAlive: 30, username: prober, password: e.secret}.packet()
	if err != nil {
		return err
	}
	if _, err := conn.Write(hello); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	answer := func(kind byte) ([]byte, error) {
		h, err := readHead(in)
		if err != nil {
			return nil, err
		}
		if h.kind() != kind || h.length != 2 {
			return nil, errProtocol
		}
		body := make([]byte, 2)
		_, err = io.ReadFull(in, body)
		return body, err
	}
	body, err := answer(packetConnack)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if body[1] != connackAccepted {
		return fmt.Errorf("connect: refused with code %d", body[1])
	}
	publish := append(appendText(nil, probeTopic), 0, 1)
	if _, err := conn.Write(append(head{first: packetPublish<<4 | 1<<1, length: len(publish)}.append(nil), publish...)); err != nil {
		return err
	}
	if _, err := answer(packetPuback); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	_, err = conn.Write([]byte{packetDisconnect << 4, 0})
	return err
}
