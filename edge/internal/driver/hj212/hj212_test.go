package hj212

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
)

// desk is a sink that keeps what it takes, or refuses it.
type desk struct {
	mu     sync.Mutex
	taken  []driver.Message
	faults map[driver.Kind]int
	raw    []byte
	refuse error
}

func (d *desk) Take(_ context.Context, m driver.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.taken = append(d.taken, m)
	return nil
}

func (d *desk) Fault(f *driver.Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.faults == nil {
		d.faults = map[driver.Kind]int{}
	}
	d.faults[f.Kind]++
	d.raw = f.Raw
}

func water() *profile.Profile {
	return &profile.Profile{
		ID: "water", Every: strict.Duration(time.Minute), Timeout: strict.Duration(time.Second),
		HJ212: &profile.HJ212Section{Versions: []int{2005, 2017}, MaxData: hj212.MaxData, Factors: []profile.Factor{
			{Property: "ph", Codes: []string{"w01001", "001"}, Command: hj212.Realtime, Field: "Rtd", Scale: 1},
		}},
	}
}

// listen hears stations on one port.
func listen(t *testing.T, secret string, sinks map[string]*desk) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ports := New()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for station, sink := range sinks {
		d, err := ports.Open(driver.Options{ID: station, Address: address, Station: station, Secret: secret, Profile: water()})
		if err != nil {
			t.Fatal(err)
		}
		done.Go(func() {
			if err := d.(driver.Source).Listen(ctx, sink); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); done.Wait() })
	return address
}

func packet(t *testing.T, p hj212.Packet) string {
	t.Helper()
	raw, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// ask sends text on a new connection until it is answered, as stations do.
func ask(t *testing.T, address, text string) string {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			continue
		}
		_, _ = c.Write([]byte(text))
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		line, err := bufio.NewReader(c).ReadString('\n')
		_ = c.Close()
		if err == nil {
			return line
		}
	}
	t.Fatal("no answer")
	return ""
}

func TestStationsShareAPortAndAreAnsweredByName(t *testing.T) {
	sinks := map[string]*desk{"A1": {}, "B2": {}}
	address := listen(t, "123456", sinks)
	for mn, sink := range sinks {
		p := hj212.Packet{QN: "20260101080000000", ST: "32", CN: hj212.Realtime, PW: "123456", MN: mn, Flag: 5, CP: "DataTime=20260101080000;w01001-Rtd=7.1"}
		if got := ask(t, address, packet(t, p)); !strings.Contains(got, "CN=9014;PW=123456;MN="+mn+";Flag=4") {
			t.Errorf("answered %q", got)
		}
		sink.mu.Lock()
		if len(sink.taken) == 0 || sink.taken[0].Samples[0].Value != 7.1 {
			t.Errorf("%s took %+v", mn, sink.taken)
		}
		sink.mu.Unlock()
	}
}

func TestStationIsNotAnsweredUntilItsDataIsKept(t *testing.T) {
	sink := &desk{refuse: errors.New("disk is full")}
	address := listen(t, "", map[string]*desk{"A1": sink})
	text := packet(t, hj212.Packet{QN: "20260101080000000", CN: hj212.Realtime, MN: "A1", Flag: 5, CP: "DataTime=20260101080000;w01001-Rtd=7.1"})
	var c net.Conn
	for c == nil {
		c, _ = net.Dial("tcp", address)
	}
	defer func() { _ = c.Close() }()
	fmt.Fprint(c, text)
	_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatal("a station was answered whose data is not kept")
	}
	sink.mu.Lock()
	sink.refuse = nil
	sink.mu.Unlock()
	ask(t, address, text)
}

func TestPasswordIsNotShownWithAFault(t *testing.T) {
	sink := &desk{}
	address := listen(t, "right0", map[string]*desk{"A1": sink})
	good := hj212.Packet{QN: "20260101080000000", CN: hj212.Heartbeat, PW: "right0", MN: "A1", Flag: 5}
	ask(t, address, packet(t, good))
	bad := good
	bad.PW = "geheim"
	for kind, text := range map[driver.Kind]string{
		driver.KindChecksum: strings.Replace(packet(t, good), "MN=A1", "MN=A2", 1), driver.KindDenied: packet(t, bad),
	} {
		ask(t, address, packet(t, good)+strings.TrimSuffix(text, "\r\n"))
		for counted := false; !counted; <-time.After(5 * time.Millisecond) {
			sink.mu.Lock()
			counted = sink.faults[kind] > 0
			if raw := string(sink.raw); counted && (strings.Contains(raw, "geheim") || strings.Contains(raw, "right0") || !strings.Contains(raw, "PW=******")) {
				t.Errorf("shown: %s", raw)
			}
			sink.mu.Unlock()
		}
	}
	good.CN, good.CP = hj212.Realtime, "DataTime=20260101080000;w01001-Rtd=7.2"
	ask(t, address, packet(t, good))
	sink.mu.Lock()
	defer sink.mu.Unlock()
	for _, m := range sink.taken { // what follows from a message, such as a value out of range, shows its frame
		if raw := string(m.Raw); !strings.Contains(raw, "PW=******") {
			t.Errorf("the message carries %s", raw)
		}
	}
	if last := sink.taken[len(sink.taken)-1]; len(last.Samples) != 1 || !strings.Contains(string(last.Raw), "w01001-Rtd=7.2") {
		t.Errorf("took %+v", last)
	}
}

func TestPacketsOfADividedMessageWaitForTheirFirstWithinBounds(t *testing.T) {
	var m parts
	at := time.Date(2026, 1, 1, 8, 0, 0, 0, hj212.China())
	add := func(qn string, pno, pnum int, said bool) (int, int) {
		_, _, ready, lost := m.add(part{packet: hj212.Packet{QN: qn, CN: hj212.Hour, PNUM: pnum, PNO: pno}}, at, said)
		return len(ready), lost
	}
	for _, c := range []struct {
		qn          string
		pno, pnum   int
		said        bool
		ready, lost int
	}{
		{"1", 2, 3, false, 0, 0}, {"1", 3, 3, false, 0, 0}, {"1", 3, 3, false, 0, 0}, {"1", 1, 3, true, 3, 0}, {"1", 2, 3, false, 1, 0}, // sent again
		{"2", 2, 3, false, 0, 0}, {"3", 2, 3, false, 0, 1}, // another message begins: the part before has no first
		{"4", 1, 2, false, 0, 1}, {"4", 2, 2, false, 2, 0}, // none of them has a time
	} {
		if ready, lost := add(c.qn, c.pno, c.pnum, c.said); ready != c.ready || lost != c.lost {
			t.Errorf("%+v: %d ready, %d lost", c, ready, lost)
		}
	}
	for i := range 9998 {
		add("5", i+2, 9999, false)
	}
	if len(m.waiting) != maxWaiting {
		t.Errorf("%d parts wait", len(m.waiting))
	}
}

func TestLateDataIsTakenAndCounted(t *testing.T) {
	sink := &desk{}
	address := listen(t, "", map[string]*desk{"A1": sink})
	for _, at := range []string{"20260101080000", "20260101090000", "20260101083000"} {
		ask(t, address, packet(t, hj212.Packet{QN: at + "000", CN: hj212.Realtime, MN: "A1", Flag: 5, CP: "DataTime=" + at + ";w01001-Rtd=7.1"}))
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if len(sink.taken) < 3 || sink.faults[driver.KindReordered] != 1 {
		t.Errorf("%d taken, counted %v", len(sink.taken), sink.faults)
	}
}

func TestDeviceIsRefusedWithoutWhatItNeeds(t *testing.T) {
	for _, o := range []driver.Options{
		{Address: ":9001", Station: "A1", Profile: &profile.Profile{}},
		{Address: "/dev/ttyS1", Station: "A1", Profile: water()},
		{Address: ":9001", Profile: water()},
	} {
		if _, err := New().Open(o); err == nil {
			t.Errorf("%+v was opened", o)
		}
	}
}
