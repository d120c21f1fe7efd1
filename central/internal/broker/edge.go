package broker

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/fengsui/fengsui/shared/wire"
)

// retainBit of a PUBLISH asks the broker to keep the message.
const retainBit = 1

// maxFilters is how many topic filters an edge may name in one session; it needs three.
const maxFilters = 16

// edge passes the packets of an edge on to the embedded server, which keeps the session, the retained
// status and the last will. A PUBLISH on a foreign topic or of too many bytes stops here: it is counted
// and confirmed, so that the client does not send it for ever, and the session lives. Another QoS than 1
// ends the session: QoS 0 is lost without a word, and what QoS 2 leaves in the store of the embedded server
// until its release would, from one terminal, fill it for all.
func (s *session) edge(c connect) {
	if c.will != nil {
		if up, err := wire.ParseUp(c.will.topic); err != nil || up.Edge != s.id {
			s.refuse(ReasonTopic, c.will.topic)
			c.will = nil
		}
	}
	if c.will != nil && c.will.qos == 2 {
		s.refuse(ReasonQoS, c.will.topic)
		_ = s.write(connack(connackNotAllowed))
		return
	}
	c.clientID = ownClientID(s.id, c.clientID)
	c.username, c.password = s.id, s.b.engine.secret
	hello, err := c.packet()
	if err != nil {
		return
	}
	var d net.Dialer
	inner, err := d.DialContext(s.b.ctx, "tcp", s.b.engine.addr)
	if err != nil {
		s.b.opts.Log.Error("reach embedded server", "error", err)
		return
	}
	s.mu.Lock()
	s.inner = inner
	gone := s.gone
	s.mu.Unlock()
	defer func() { _ = inner.Close() }()
	if gone {
		return
	}
	if _, err := inner.Write(hello); err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer s.close()
		s.down(inner)
	})
	s.up(bufio.NewWriterSize(inner, 64<<10))
	s.close()
	wg.Wait()
}

// down carries whole packets from the embedded server to the edge, so that an answer of the front can
// never fall into the middle of one.
func (s *session) down(inner net.Conn) {
	in := bufio.NewReaderSize(inner, 32<<10)
	for {
		h, err := readHead(in)
		if err != nil {
			return
		}
		packet := h.append(make([]byte, 0, h.length+5))
		start := len(packet)
		packet = packet[:start+h.length]
		if _, err := io.ReadFull(in, packet[start:]); err != nil {
			return
		}
		if s.write(packet) != nil {
			return
		}
	}
}

// up carries packets from the edge to the embedded server.
func (s *session) up(out *bufio.Writer) {
	limit := newThrottle(edgeBytesPerSecond)
	for {
		h, err := readHead(s.in)
		if err != nil {
			return
		}
		if err := limit.wait(s.b.ctx, h.length); err != nil {
			return
		}
		switch h.kind() {
		case packetPublish:
			err = s.pass(out, h)
		case packetConnect, packetConnack, packetSuback, packetUnsuback, packetPingresp, packetPubrec, packetPubrel, packetPubcomp:
			err = errProtocol
		default:
			var body []byte
			if body, err = s.body(h.length); err == nil {
				if err = s.watch(h, body); err == nil {
					_, err = out.Write(append(h.append(nil), body...))
				}
			}
		}
		if err != nil {
			return
		}
		if s.in.Buffered() == 0 || h.kind() == packetDisconnect {
			if out.Flush() != nil {
				return
			}
		}
		if h.kind() == packetDisconnect {
			return
		}
	}
}

// watch counts a subscription to what is not the edge's own; the embedded server refuses it. Each filter
// costs that server memory, so there are maxFilters in a session at most.
func (s *session) watch(h head, body []byte) error {
	if h.kind() != packetSubscribe {
		return nil
	}
	_, topics, err := filters(body)
	if err != nil {
		return nil //nolint:nilerr // the embedded server answers it
	}
	for _, t := range topics {
		if own := "fs/v1/" + s.id + "/down"; t != own && !strings.HasPrefix(t, own+"/") {
			s.refuse(ReasonSubscribe, t)
		}
	}
	if s.filters += len(topics); s.filters > maxFilters {
		s.refuse(ReasonSubscribe, "more than 16 filters")
		return errProtocol
	}
	return nil
}

// pass hands on a PUBLISH, or refuses it.
func (s *session) pass(out *bufio.Writer, h head) error {
	p, err := readPublish(s.in, h)
	if err != nil {
		return err
	}
	if h.qos() != 1 {
		s.refuse(ReasonQoS, p.topic)
		return errProtocol
	}
	reason := ""
	up, err := wire.ParseUp(p.topic)
	if err != nil || up.Edge != s.id {
		reason = ReasonTopic
	} else if p.payload > maxPayload {
		reason = ReasonOversized
	}
	if reason == "" {
		if up.Kind != "status" {
			h.first &^= retainBit // only the status is kept for later
		}
		if _, err := out.Write(append(h.append(make([]byte, 0, 5+len(p.start))), p.start...)); err != nil {
			return err
		}
		_, err = io.CopyN(out, s.in, int64(p.payload))
		return err
	}
	s.refuse(reason, p.topic)
	if err := s.skip(p.payload); err != nil {
		return err
	}
	return s.write(answer(packetPuback, p.id))
}
