package sl651

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/dialin"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/sl651"
	"github.com/fengsui/fengsui/shared/strict"
)

// desk is a sink that keeps what it takes, or refuses it.
type desk struct {
	mu     sync.Mutex
	taken  []driver.Message
	faults map[driver.Kind]int
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
}

func river(mode string) *profile.Profile {
	s := &profile.SL651Section{Mode: mode, Elements: []profile.Element{
		{Property: "level", Element: "39", Scale: 1}, {Property: "picture", Element: "F3", Scale: 1},
	}}
	if mode == profile.M4 {
		s.Query = strict.Duration(time.Minute)
	}
	return &profile.Profile{ID: "river", Every: strict.Duration(time.Minute), Timeout: strict.Duration(time.Second), SL651: s}
}

// open makes a device and one end of a connection to it.
func open(t *testing.T, mode string) (*device, *dialin.Conn, net.Conn) {
	t.Helper()
	d, err := New().Open(driver.Options{ID: "river", Address: ":0", Station: "11223344", Profile: river(mode)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return d.(*device), &dialin.Conn{Conn: near}, far
}

// answers is what the station hears until the connection is closed.
func answers(t *testing.T, c *dialin.Conn, far net.Conn) []sl651.Frame {
	t.Helper()
	_ = c.Close()
	came, err := io.ReadAll(far)
	if err != nil {
		t.Fatal(err)
	}
	var out []sl651.Frame
	for len(came) > 0 {
		n, raw, err := sl651.Next(came)
		if err != nil || n == 0 {
			t.Fatalf("%X: %v", came, err)
		}
		f, err := sl651.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		out, came = append(out, f), came[n:]
	}
	return out
}

func report(function byte, level float64) *sl651.Frame {
	f := &sl651.Frame{Centre: 5, Station: [5]byte{0, 0x11, 0x22, 0x33, 0x44}, Password: 0x03E8, Function: function, End: sl651.ETX}
	element, _ := sl651.Number(0x39, level, 4, 3)
	now := time.Now()
	f.Text = append(append(sl651.Head(7, now), sl651.Place(f.Station, 'H', now)...), element...)
	return f
}

func TestModeOneIsNeverAnswered(t *testing.T) {
	d, c, far := open(t, profile.M1)
	sink := &desk{}
	d.frame(t.Context(), c, sink, report(sl651.Scheduled, 4.12))
	part := report(sl651.Picture, 1)
	part.Total, part.Number = 2, 2
	d.frame(t.Context(), c, sink, part)
	if got := answers(t, c, far); len(got) > 0 {
		t.Errorf("answered %+v", got)
	}
	if len(sink.taken) != 1 || sink.taken[0].Samples[0].Value != 4.12 || sink.taken[0].Sent == 0 {
		t.Errorf("took %+v", sink.taken)
	}
}

func TestMessageCarriesItsFrameWithoutThePassword(t *testing.T) {
	d, c, _ := open(t, profile.M2)
	sink := &desk{}
	f := report(sl651.Scheduled, 4.12)
	raw, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c.Raw = raw
	d.frame(t.Context(), c, sink, f)
	want := bytes.Clone(raw)
	want[8], want[9] = 0, 0
	if bytes.Equal(raw, want) || len(sink.taken) != 1 || !bytes.Equal(sink.taken[0].Raw, want) {
		t.Errorf("took %+v", sink.taken)
	}
}

func TestStationIsNotConfirmedUntilItsDataIsKept(t *testing.T) {
	d, c, far := open(t, profile.M2)
	sink := &desk{refuse: errors.New("disk is full")}
	d.frame(t.Context(), c, sink, report(sl651.Additional, 5.5))
	sink.refuse = nil
	d.frame(t.Context(), c, sink, report(sl651.Additional, 5.5))
	got := answers(t, c, far)
	if len(got) != 1 || got[0].End != sl651.EOT || !got[0].Down || !bytes.Equal(got[0].Text[:2], []byte{0, 7}) {
		t.Errorf("answered %+v", got)
	}
	if len(sink.taken) != 1 || !sink.taken[0].Urgent {
		t.Errorf("took %+v", sink.taken)
	}
}

func TestSilenceWithinAMessageIsAskedForTwiceAndGivenUp(t *testing.T) {
	d, c, far := open(t, profile.M2)
	sink := &desk{}
	for _, n := range []uint16{1, 3} {
		f := report(sl651.Picture, 1)
		f.Total, f.Number, f.End = 4, n, sl651.ETB
		d.frame(t.Context(), c, sink, f)
	}
	at := time.Now()
	d.idle(c, sink, at) // not yet
	for i := range 6 {
		d.idle(c, sink, at.Add(time.Duration(i+1)*(quiet+time.Second)))
	}
	got := answers(t, c, far)
	var asked []uint16
	for _, f := range got {
		if f.End != sl651.NAK || f.Total != 4 {
			t.Errorf("answered %+v", f)
		}
		asked = append(asked, f.Number)
	}
	if len(asked) != 4 || asked[0] != 2 || asked[1] != 2 || asked[2] != 4 || asked[3] != 4 {
		t.Errorf("asked for %v, want each missing packet twice", asked)
	}
	if sink.faults[driver.KindShort] != 1 || d.parts.texts != nil {
		t.Errorf("counted %v", sink.faults)
	}
}

func TestMessageInPacketsIsBounded(t *testing.T) {
	d, c, _ := open(t, profile.M2)
	sink := &desk{}
	send := func(total, number uint16, size int) {
		f := report(sl651.Picture, 1)
		f.Total, f.Number, f.End, f.Text = total, number, sl651.ETB, make([]byte, size)
		d.frame(t.Context(), c, sink, f)
	}
	send(maxPackets+1, 1, 10)
	for n := range uint16(300) {
		send(maxPackets, n+1, 4000)
	}
	if sink.faults[driver.KindOversized] < 2 || d.parts.size > maxMessage {
		t.Errorf("counted %v, %d bytes are kept", sink.faults, d.parts.size)
	}
	send(3, 1, 10)
	send(2, 2, 10) // another message
	if sink.faults[driver.KindShort] == 0 {
		t.Errorf("counted %v", sink.faults)
	}
}

func TestModeFourAsksAndStaysOnTheLine(t *testing.T) {
	d, c, far := open(t, profile.M4)
	d.wants.Hold = true
	sink := &desk{}
	d.frame(t.Context(), c, sink, report(sl651.Scheduled, 4.1))
	at := time.Now()
	d.idle(c, sink, at)
	d.idle(c, sink, at.Add(time.Second))
	d.frame(t.Context(), c, sink, report(sl651.Query, 4.2))
	d.idle(c, sink, at.Add(61*time.Second))
	got := answers(t, c, far)
	if len(got) != 3 || got[0].End != sl651.ESC || got[1].End != sl651.ENQ || got[2].End != sl651.ENQ {
		t.Fatalf("answered %+v", got)
	}
	if q := got[1]; q.Function != sl651.Query || q.Centre != 5 || q.Password != 0x03E8 || q.Name() != "0011223344" {
		t.Errorf("asked %+v", q)
	}
	if len(sink.taken) != 2 || sink.taken[1].Samples[0].Value != 4.2 {
		t.Errorf("took %+v", sink.taken)
	}
}

func TestOtherCentresAndOtherStationsAreRefused(t *testing.T) {
	d, c, far := open(t, profile.M2)
	d.wants.Centre = 6
	sink := &desk{}
	d.frame(t.Context(), c, sink, report(sl651.Scheduled, 4.1))
	d.wants.Centre = 5
	relayed := report(sl651.Scheduled, 4.2)
	relayed.Text[8+6] = 0x99 // the last digit of the address in the text
	d.frame(t.Context(), c, sink, relayed)
	down := report(sl651.Scheduled, 4.3)
	down.Down = true
	d.frame(t.Context(), c, sink, down)
	if len(sink.taken) != 1 || len(sink.taken[0].Samples) > 0 || sink.faults[driver.KindUnit] != 2 || sink.faults[driver.KindMalformed] != 1 {
		t.Errorf("took %+v, counted %v", sink.taken, sink.faults)
	}
	answers(t, c, far)
}

func TestDeviceIsRefusedWithoutWhatItNeeds(t *testing.T) {
	for _, c := range []struct {
		want string
		o    driver.Options
	}{
		{"not for SL 651", driver.Options{Address: ":9002", Station: "1", Profile: &profile.Profile{}}},
		{"no address", driver.Options{Address: "/dev/ttyS1", Station: "1", Profile: river(profile.M2)}},
		{"ten digits", driver.Options{Address: ":9002", Profile: river(profile.M2)}},
		{"ten digits", driver.Options{Address: ":9002", Station: "12345678901", Profile: river(profile.M2)}},
		{"four hexadecimal", driver.Options{Address: ":9002", Station: "1", Secret: "12345", Profile: river(profile.M2)}},
	} {
		if _, err := New().Open(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
