package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"
)

// candidate is one way to reach an end: what stands before its address, address, port, and the rest.
var candidate = regexp.MustCompile(`(?m)^a=candidate:(\S+ \d+) (\S+) (\d+) (\S+) (\d+) typ host[^\r\n]*\r?\n`)

// WithoutAddresses is an offer that names no address of its end: who gets it waits until it is called.
func WithoutAddresses(offer string) string { return candidate.ReplaceAllString(offer, "") }

// AddressIn is where an answer wants its packets of UDP; empty: nowhere.
func AddressIn(answer string) string {
	for _, c := range candidate.FindAllStringSubmatch(answer, -1) {
		if strings.EqualFold(c[2], "udp") {
			return net.JoinHostPort(c[4], c[5])
		}
	}
	return ""
}

// Through leaves one way in an answer, through a port of this machine.
func Through(answer string, port int) string {
	left := false
	return candidate.ReplaceAllStringFunc(answer, func(c string) string {
		part := candidate.FindStringSubmatch(c)
		if left || !strings.EqualFold(part[2], "udp") {
			return ""
		}
		left = true
		return fmt.Sprintf("a=candidate:%s %s %s 127.0.0.1 %d typ host\r\n", part[1], part[2], part[3], port)
	})
}

// Relay passes packets of UDP on to one address and the answers back. While it is cut it loses them, as a network does.
type Relay struct {
	to  string
	in  net.PacketConn
	mu  sync.Mutex
	cut bool
	far map[string]net.Conn // by address of the near end

	done sync.WaitGroup
}

// quiet is when nobody is expected to say anything more.
const quiet = time.Minute

// NewRelay listens on a free port until the test or the host ends.
func NewRelay(t TB, to string) *Relay {
	t.Helper()
	r, err := newRelay(to)
	must(t, err, "listen for packets")
	t.Cleanup(r.Close)
	return r
}

func newRelay(to string) (*Relay, error) {
	in, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for packets: %w", err)
	}
	r := &Relay{to: to, in: in, far: map[string]net.Conn{}}
	r.done.Go(r.receive)
	return r, nil
}

// Port is that of the near end.
func (r *Relay) Port() int {
	addr, _ := r.in.LocalAddr().(*net.UDPAddr)
	return addr.Port
}

// Cut loses everything until it is mended; neither end is told.
func (r *Relay) Cut() { r.set(true) }

// Mend lets everything through again.
func (r *Relay) Mend() { r.set(false) }

func (r *Relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
}

// Close ends it.
func (r *Relay) Close() {
	r.in.Close()
	r.mu.Lock()
	for _, far := range r.far {
		far.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}

func (r *Relay) receive() {
	buf := make([]byte, 64<<10)
	for {
		n, near, err := r.in.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an end that is gone
		}
		if far := r.open(near); far != nil {
			_, _ = far.Write(buf[:n]) // a packet may be lost
		}
	}
}

// open is the way of a near end to the centre; nil while nothing passes.
func (r *Relay) open(near net.Addr) net.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		return nil
	}
	if far := r.far[near.String()]; far != nil {
		return far
	}
	far, err := (&net.Dialer{}).DialContext(context.Background(), "udp", r.to)
	if err != nil {
		return nil
	}
	r.far[near.String()] = far
	r.done.Go(func() { r.answer(near, far) })
	return far
}

func (r *Relay) answer(near net.Addr, far net.Conn) {
	defer func() {
		r.mu.Lock()
		delete(r.far, near.String())
		r.mu.Unlock()
		far.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		if err := far.SetReadDeadline(time.Now().Add(quiet)); err != nil {
			return
		}
		n, err := far.Read(buf)
		if late := net.Error(nil); errors.Is(err, net.ErrClosed) || errors.As(err, &late) && late.Timeout() {
			return
		}
		r.mu.Lock()
		lost := r.cut
		r.mu.Unlock()
		if err != nil || lost {
			continue // a centre that is not there now
		}
		_, _ = r.in.WriteTo(buf[:n], near) // a packet may be lost
	}
}
