package train

import (
	"bytes"
	"encoding/binary"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/pion/transport/v2"
)

const stream = 0x01020304

// rtp is a packet of a stream: its number stands in the header, the rest is that number again and again.
func rtp(ssrc uint32, seq uint16, size int) []byte {
	p := bytes.Repeat([]byte{byte(seq)}, size)
	p[0], p[1] = 0x80, 102
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[8:], ssrc)
	return p
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func open(t *testing.T, y *Yard) transport.UDPConn {
	t.Helper()
	c, err := y.Listen(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// receive takes the next packets; each must be one that was written.
func receive(t *testing.T, c *net.UDPConn, want ...[]byte) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for i, w := range want {
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("packet %d of %d: %v", i, len(want), err)
		}
		if !bytes.Equal(buf[:n], w) {
			t.Fatalf("packet %d of %d: got %d bytes % x…, want %d bytes % x…", i, len(want), n, buf[:min(n, 16)], len(w), w[:min(len(w), 16)])
		}
	}
}

func write(t *testing.T, c transport.UDPConn, to *net.UDPConn, packets ...[]byte) {
	t.Helper()
	for _, p := range packets {
		own := bytes.Clone(p)
		if n, err := c.WriteTo(own, to.LocalAddr()); err != nil || n != len(p) {
			t.Fatalf("wrote %d bytes, %v", n, err)
		}
		clear(own) // the caller uses its buffer again at once
	}
}

// nothing has arrived: a packet written past the train is the next.
func nothing(t *testing.T, c transport.UDPConn, to *net.UDPConn) {
	t.Helper()
	mark := []byte("mark")
	write(t, c, to, mark)
	receive(t, to, mark)
}

func TestPacketsOfATrainArriveApartAndInOrder(t *testing.T) {
	for name, sizes := range map[string][]int{
		"a picture":                 {1200, 1200, 1200, 417},
		"a key frame with its sets": {40, 1200, 1200, 1200, 1200, 33, 900, 900, 100},
		"more than one call takes":  repeated(1200, 70),
		"many small ones":           repeated(20, 200),
		"growing":                   {100, 200, 300, 1400},
		"one":                       {700},
	} {
		t.Run(name, func(t *testing.T) {
			y := NewYard()
			c, viewer := open(t, y), listen(t)
			train := y.Add(stream)
			packets := make([][]byte, len(sizes))
			for i, size := range sizes {
				packets[i] = rtp(stream, uint16(i), size)
			}
			train.Hold()
			write(t, c, viewer, packets...)
			train.Go()
			receive(t, viewer, packets...)
			nothing(t, c, viewer)
		})
	}
}

func repeated(size, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = size
	}
	return out
}

func TestOnlyPacketsOfTheHeldStreamWait(t *testing.T) {
	y := NewYard()
	c, viewer := open(t, y), listen(t)
	if runtime.GOOS != "linux" {
		t.Log("nothing waits on this system")
	}
	train := y.Add(stream)
	one, two := rtp(stream, 1, 500), rtp(stream, 2, 500)
	write(t, c, viewer, one) // not held yet
	receive(t, viewer, one)
	train.Hold()
	write(t, c, viewer, one)
	other, stun := rtp(stream+1, 9, 500), []byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4}
	rtcp := rtp(stream, 0, 28)
	rtcp[1] = 200
	write(t, c, viewer, other, stun, rtcp)
	write(t, c, viewer, two)
	if y.trains[stream].n == 0 { // a system that sends each at once
		receive(t, viewer, one, other, stun, rtcp, two)
		return
	}
	receive(t, viewer, other, stun, rtcp)
	train.Go()
	receive(t, viewer, one, two)
}

func TestTrainToAnotherAddressIsAnotherTrain(t *testing.T) {
	y := NewYard()
	c, before, after := open(t, y), listen(t), listen(t)
	train := y.Add(stream)
	train.Hold()
	packets := [][]byte{rtp(stream, 1, 800), rtp(stream, 2, 800), rtp(stream, 3, 800), rtp(stream, 4, 800)}
	write(t, c, before, packets[:2]...)
	write(t, c, after, packets[2:]...) // the viewer has moved to another network
	train.Go()
	receive(t, before, packets[:2]...)
	receive(t, after, packets[2:]...)
}

func TestPacketsThatTheKernelDoesNotTakeTogetherLeaveOneByOne(t *testing.T) {
	y := NewYard()
	c, viewer := open(t, y), listen(t)
	s, _ := c.(*socket)
	packets := [][]byte{rtp(stream, 1, 600), rtp(stream, 2, 600), rtp(stream, 3, 50)}
	s.together.Store(false)
	s.send(bytes.Join(packets, nil), 600, viewer.LocalAddr().(*net.UDPAddr))
	receive(t, viewer, packets...)
	train := y.Add(stream)
	train.Hold()
	write(t, c, viewer, packets...)
	receive(t, viewer, packets...) // nothing waits for a call that there is not
	train.Go()
	nothing(t, c, viewer)
}

func TestEndedTrainHoldsNothingAndLeavesItsNameToTheNext(t *testing.T) {
	y := NewYard()
	c, viewer := open(t, y), listen(t)
	first := y.Add(stream)
	second := y.Add(stream) // the same number by chance: it works, packet by packet
	second.Hold()
	one, two := rtp(stream, 1, 300), rtp(stream, 2, 300)
	write(t, c, viewer, one)
	receive(t, viewer, one)
	second.End()
	first.Hold()
	write(t, c, viewer, one, two)
	first.End()
	receive(t, viewer, one, two)
	if len(y.trains) != 0 {
		t.Errorf("%d trains are left", len(y.trains))
	}
	third := y.Add(stream)
	third.Hold()
	write(t, c, viewer, two)
	third.Go()
	receive(t, viewer, two)
}

func TestSocketsOfTheWholeNetworkSendTogetherAsWell(t *testing.T) {
	y := NewYard()
	n, err := y.Net()
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if s, ok := c.(*socket); !ok || (runtime.GOOS == "linux" && !s.together.Load()) {
		t.Errorf("%T does not send together", c)
	}
}
