package broker

import (
	"io"
	"strings"
	"sync"

	"github.com/fengsui/fengsui/shared/wire"
)

// What a simple sensor may have in the air: messages taken and not yet stored.
const (
	maxPendingMessages = 1024
	maxPendingBytes    = 4 << 20
)

// sensor is the whole conversation with a simple sensor. It is answered here and not by the embedded
// server because the PUBACK has to leave after the commit: the sensor keeps no copy.
func (s *session) sensor() {
	if s.write(connack(connackAccepted)) != nil {
		return
	}
	acks := newAcks(s)
	var wg sync.WaitGroup
	wg.Go(func() {
		acks.run()
	})
	s.listen(acks)
	acks.stop()
	s.close()
	wg.Wait()
}

func (s *session) listen(acks *acks) {
	limit := newThrottle(sensorBytesPerSecond)
	topic := wire.SensorTopic(s.id)
	for {
		h, err := readHead(s.in)
		if err != nil {
			return
		}
		if limit.wait(s.b.ctx, h.length) != nil {
			return
		}
		switch h.kind() {
		case packetPublish:
			err = s.take(acks, topic, h)
		case packetDisconnect:
			return
		default:
			err = s.control(h)
		}
		if err != nil {
			return
		}
	}
}

// take hands one message to ingest, or refuses it.
func (s *session) take(acks *acks, topic string, h head) error {
	p, err := readPublish(s.in, h)
	if err != nil {
		return err
	}
	reason := ""
	if p.topic != topic {
		reason = ReasonTopic
	} else if p.payload > maxPayload {
		reason = ReasonOversized
	}
	if reason != "" {
		s.refuse(reason, p.topic)
		if err := s.skip(p.payload); err != nil {
			return err
		}
		acks.put(h.qos(), p.id, 0)(true)
		return nil
	}
	payload := make([]byte, p.payload)
	if _, err := io.ReadFull(s.in, payload); err != nil {
		return err
	}
	s.b.opts.Sensor(s.id, payload, acks.put(h.qos(), p.id, len(payload)))
	return nil
}

// control answers everything but PUBLISH.
func (s *session) control(h head) error {
	body, err := s.body(h.length)
	if err != nil {
		return err
	}
	switch h.kind() {
	case packetPingreq:
		return s.write([]byte{packetPingresp << 4, 0})
	case packetPubrel:
		if len(body) != 2 {
			return errMalformed
		}
		return s.write(answer(packetPubcomp, uint16(body[0])<<8|uint16(body[1])))
	case packetSubscribe:
		id, topics, err := filters(body)
		if err != nil {
			return err
		}
		s.refuse(ReasonSubscribe, strings.Join(topics, " "))
		out := head{first: packetSuback << 4, length: 2 + len(topics)}.append(nil)
		out = append(out, byte(id>>8), byte(id))
		for range topics {
			out = append(out, 0x80)
		}
		return s.write(out)
	case packetUnsubscribe:
		if len(body) < 2 {
			return errMalformed
		}
		return s.write(answer(packetUnsuback, uint16(body[0])<<8|uint16(body[1])))
	}
	return errProtocol
}

// acks confirms messages in the order in which they came, as MQTT asks, however their commits end.
type acks struct {
	s       *session
	mu      sync.Mutex
	room    *sync.Cond
	queue   []*slot
	bytes   int
	out     []byte
	stopped bool
	wake    chan struct{}
	quit    chan struct{}
}

type slot struct {
	qos  byte
	id   uint16
	size int
	done bool
}

func newAcks(s *session) *acks {
	a := &acks{s: s, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	a.room = sync.NewCond(&a.mu)
	return a
}

// put waits for room and returns the function that settles the message.
func (a *acks) put(qos byte, id uint16, size int) func(ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.stopped && (len(a.queue) >= maxPendingMessages || a.bytes+size > maxPendingBytes && a.bytes > 0) {
		a.room.Wait()
	}
	sl := &slot{qos: qos, id: id, size: size}
	a.queue = append(a.queue, sl)
	a.bytes += size
	return func(ok bool) { a.settle(sl, ok) }
}

// settle is called by whoever commits and must not wait for a client that does not read.
func (a *acks) settle(sl *slot, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return
	}
	if !ok {
		// Without PUBACK the sensor sends it again after it has connected anew.
		a.halt()
		return
	}
	sl.done = true
	for len(a.queue) > 0 && a.queue[0].done {
		head := a.queue[0]
		a.queue = a.queue[1:]
		a.bytes -= head.size
		switch head.qos {
		case 1:
			a.out = append(a.out, answer(packetPuback, head.id)...)
		case 2:
			a.out = append(a.out, answer(packetPubrec, head.id)...)
		}
	}
	a.room.Signal()
	if len(a.out) > 0 {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

// halt stops taking; the lock is held.
func (a *acks) halt() {
	if !a.stopped {
		a.stopped = true
		close(a.quit)
		a.room.Broadcast()
	}
}

func (a *acks) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.halt()
}

func (a *acks) run() {
	defer a.s.close()
	for {
		select {
		case <-a.wake:
		case <-a.quit:
			return
		}
		a.mu.Lock()
		out := a.out
		a.out = nil
		a.mu.Unlock()
		if len(out) > 0 && a.s.write(out) != nil {
			return
		}
	}
}
