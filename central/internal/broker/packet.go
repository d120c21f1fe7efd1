package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Packet types of MQTT 3.1.1: the high half of the first byte.
const (
	packetConnect     = 1
	packetConnack     = 2
	packetPublish     = 3
	packetPuback      = 4
	packetPubrec      = 5
	packetPubrel      = 6
	packetPubcomp     = 7
	packetSubscribe   = 8
	packetSuback      = 9
	packetUnsubscribe = 10
	packetUnsuback    = 11
	packetPingreq     = 12
	packetPingresp    = 13
	packetDisconnect  = 14
)

// Limits of what is read from a stranger or kept in memory.
const (
	maxConnect = 32 << 10 // a CONNECT with its will
	maxControl = 8 << 10  // any packet but CONNECT and PUBLISH
	maxTopic   = 512
)

// Answers to a CONNECT.
const (
	connackAccepted    = 0
	connackVersion     = 1
	connackUnavailable = 3
	connackBadLogin    = 4
	connackNotAllowed  = 5
)

var (
	errMalformed = errors.New("malformed mqtt packet")
	errVersion   = errors.New("not MQTT 3.1.1")
)

// head is the fixed header of a packet.
type head struct {
	first  byte
	length int
}

func (h head) kind() byte { return h.first >> 4 }
func (h head) qos() byte  { return h.first >> 1 & 3 }

// append writes the header.
func (h head) append(out []byte) []byte {
	out = append(out, h.first)
	n := h.length
	for {
		b := byte(n & 0x7F)
		if n >>= 7; n == 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

// readHead reads a fixed header: one byte and a length of at most four.
func readHead(r *bufio.Reader) (head, error) {
	first, err := r.ReadByte()
	if err != nil {
		return head{}, err
	}
	h := head{first: first}
	for shift := 0; shift < 28; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return head{}, err
		}
		h.length |= int(b&0x7F) << shift
		if b < 0x80 {
			return h, nil
		}
	}
	return head{}, errMalformed
}

// connect is the CONNECT packet, all of it that matters.
type connect struct {
	clientID  string
	keepAlive uint16
	username  string
	password  string
	will      *will
}

type will struct {
	topic   string
	message []byte
	qos     byte
	retain  bool
}

// The bits of the connect flags.
const (
	flagReserved   = 0x01
	flagClean      = 0x02
	flagWill       = 0x04
	flagWillQoS    = 0x18
	flagWillRetain = 0x20
	flagPassword   = 0x40
	flagUsername   = 0x80
)

// readConnect reads the first packet of a stranger, which must be a CONNECT of at most maxConnect bytes.
func readConnect(r *bufio.Reader) (connect, error) {
	h, err := readHead(r)
	if err != nil {
		return connect{}, err
	}
	if h.first != packetConnect<<4 || h.length > maxConnect {
		return connect{}, errMalformed
	}
	body := make([]byte, h.length)
	if _, err := io.ReadFull(r, body); err != nil {
		return connect{}, err
	}
	return parseConnect(body)
}

// parseConnect reads the body of a CONNECT. errVersion means another version of MQTT.
func parseConnect(body []byte) (connect, error) {
	f := fields{rest: body}
	name, level := f.text(), f.byte()
	if f.failed {
		return connect{}, errMalformed
	}
	if name != "MQTT" || level != 4 {
		return connect{}, errVersion
	}
	flags := f.byte()
	c := connect{keepAlive: f.uint16(), clientID: f.text()}
	if flags&flagReserved != 0 {
		return connect{}, errMalformed
	}
	switch {
	case flags&flagWill != 0:
		c.will = &will{topic: f.text(), message: f.bytes(), qos: flags & flagWillQoS >> 3, retain: flags&flagWillRetain != 0}
		if c.will.qos > 2 || c.will.topic == "" {
			return connect{}, errMalformed
		}
	case flags&(flagWillQoS|flagWillRetain) != 0:
		return connect{}, errMalformed
	}
	if flags&flagUsername != 0 {
		c.username = f.text()
	}
	if flags&flagPassword != 0 {
		if flags&flagUsername == 0 {
			return connect{}, errMalformed
		}
		c.password = string(f.bytes())
	}
	if f.failed || len(f.rest) != 0 {
		return connect{}, errMalformed
	}
	return c, nil
}

// packet writes the CONNECT anew, always with a clean session: what must outlive a session is kept by the
// application, not by the broker.
func (c connect) packet() ([]byte, error) {
	flags := byte(flagClean | flagUsername | flagPassword)
	body := appendText(nil, "MQTT")
	body = append(body, 4, 0)
	body = binary.BigEndian.AppendUint16(body, c.keepAlive)
	body = appendText(body, c.clientID)
	if w := c.will; w != nil {
		flags |= flagWill | w.qos<<3
		if w.retain {
			flags |= flagWillRetain
		}
		body = appendText(body, w.topic)
		body = appendText(body, string(w.message))
	}
	body = appendText(body, c.username)
	body = appendText(body, c.password)
	body[7] = flags
	if len(body) > maxConnect+1024 {
		return nil, fmt.Errorf("connect of %q: %w", c.clientID, errMalformed)
	}
	return append(head{first: packetConnect << 4, length: len(body)}.append(nil), body...), nil
}

func appendText(out []byte, s string) []byte {
	out = binary.BigEndian.AppendUint16(out, uint16(len(s)))
	return append(out, s...)
}

// fields reads the parts of a packet; after the first that does not fit, failed is set and the rest are
// empty.
type fields struct {
	rest   []byte
	failed bool
}

func (f *fields) take(n int) []byte {
	if f.failed || len(f.rest) < n {
		f.failed, f.rest = true, nil
		return nil
	}
	out := f.rest[:n]
	f.rest = f.rest[n:]
	return out
}

func (f *fields) byte() byte {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) uint16() uint16 {
	if b := f.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (f *fields) bytes() []byte { return f.take(int(f.uint16())) }

func (f *fields) text() string {
	b := f.bytes()
	if !utf8.Valid(b) {
		f.failed = true
		return ""
	}
	if slices.Contains(b, 0) {
		f.failed = true
		return ""
	}
	return string(b)
}

// publish is the start of a PUBLISH: everything before the payload.
type publish struct {
	topic   string
	id      uint16 // packet identifier, 0 with QoS 0
	start   []byte // the bytes read, to be passed on
	payload int    // bytes that follow
}

// readPublish reads the topic and the packet identifier and leaves the payload.
func readPublish(r *bufio.Reader, h head) (publish, error) {
	p := publish{start: make([]byte, 2, 64)}
	if h.length < 2 || h.qos() > 2 {
		return p, errMalformed
	}
	if _, err := io.ReadFull(r, p.start); err != nil {
		return p, err
	}
	size := int(binary.BigEndian.Uint16(p.start))
	more := size
	if h.qos() > 0 {
		more += 2
	}
	if size == 0 || size > maxTopic || 2+more > h.length {
		return p, errMalformed
	}
	p.start = append(p.start, make([]byte, more)...)
	if _, err := io.ReadFull(r, p.start[2:]); err != nil {
		return p, err
	}
	p.topic = string(p.start[2 : 2+size])
	if h.qos() > 0 {
		if p.id = binary.BigEndian.Uint16(p.start[2+size:]); p.id == 0 {
			return p, errMalformed
		}
	}
	p.payload = h.length - len(p.start)
	return p, nil
}

// answer is a packet that carries nothing but a packet identifier.
func answer(kind byte, id uint16) []byte {
	return []byte{kind << 4, 2, byte(id >> 8), byte(id)}
}

// filters reads the packet identifier and the topic filters of a SUBSCRIBE.
func filters(body []byte) (id uint16, topics []string, err error) {
	f := fields{rest: body}
	id = f.uint16()
	for !f.failed && len(f.rest) > 0 {
		topics = append(topics, f.text())
		f.byte()
	}
	if f.failed || len(topics) == 0 || id == 0 {
		return 0, nil, errMalformed
	}
	return id, topics, nil
}
