package budget

import (
	"net"
	"testing"
	"time"

	"github.com/pion/transport/v2/stdnet"

	"github.com/fengsui/fengsui/shared/wire"
)

func day(month time.Month, d int) time.Time {
	return time.Date(2026, month, d, 12, 0, 0, 0, time.Local)
}

func meter(t *testing.T, o Options, kept []byte) *Meter {
	t.Helper()
	m, err := New(o, kept)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLevelsFollowTheShareAndANewMonthBeginsAnew(t *testing.T) {
	o := Options{Limit: 1000, ResetDay: 15, Eco: 0.8, Alarms: 0.95}
	m := meter(t, o, nil)
	for _, c := range []struct {
		add  int
		now  time.Time
		want wire.BudgetLevel
	}{
		{700, day(3, 20), wire.BudgetNormal},
		{100, day(3, 21), wire.BudgetEco},
		{149, day(4, 1), wire.BudgetEco},
		{1, day(4, 14), wire.BudgetAlarms},
		{10, day(4, 15), wire.BudgetNormal},
	} {
		m.Count(Messages, c.add)
		if got := m.Level(c.now, true); got != c.want {
			t.Errorf("%v: level %s, want %s", c.now, got, c.want)
		}
	}
	if got := m.State(day(4, 20), true); got.Messages != 0 || wire.Time(got.Until).Local().Month() != 5 || wire.Time(got.Until).Local().Day() != 15 {
		t.Errorf("got %+v", got)
	}
}

// The provider counts by its own midnight: a terminal in UTC begins the month with it.
func TestMonthBeginsAtTheProvidersMidnight(t *testing.T) {
	shanghai := time.FixedZone("UTC+8", 8*3600)
	m := meter(t, Options{Zone: shanghai}, nil)
	s := m.State(time.Date(2026, 11, 30, 15, 59, 0, 0, time.UTC), true)
	if want := time.Date(2026, 12, 1, 0, 0, 0, 0, shanghai); s.Until != want.UnixMilli() {
		t.Errorf("until %s, want %s", wire.Time(s.Until).In(shanghai), want)
	}
	m.Count(Messages, 7)
	if s = m.State(time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC), true); s.Messages != 0 {
		t.Errorf("at midnight %d bytes are counted", s.Messages)
	}
}

func TestCountIsKeptOverARestartAndAnUnsetClockBeginsNoMonth(t *testing.T) {
	o := Options{Limit: 1000, Eco: 0.5, Alarms: 0.9}
	m := meter(t, o, nil)
	m.State(day(3, 20), true)
	m.Count(Video, 600)
	text, err := m.Save()
	if err != nil || text == nil {
		t.Fatal(text, err)
	}
	if again, err := m.Save(); again != nil || err != nil {
		t.Errorf("saved again: %s, %v", again, err)
	}
	m = meter(t, o, text)
	if got := m.State(day(9, 1), false); got.Level != wire.BudgetEco || got.Video != 600 {
		t.Errorf("got %+v", got)
	}
	if got := m.State(day(4, 1), true); got.Level != wire.BudgetNormal || got.Video != 0 {
		t.Errorf("got %+v", got)
	}
	if _, err := New(o, []byte("{")); err == nil {
		t.Error("a damaged count was taken")
	}
}

func TestBytesAreCountedInBothDirections(t *testing.T) {
	m := meter(t, Options{}, nil)
	a, b := net.Pipe()
	c := m.Conn(Messages, a)
	go func() {
		buf := make([]byte, 5)
		_, _ = b.Read(buf)
		_, _ = b.Write([]byte("123"))
	}()
	buf := make([]byte, 8)
	if _, err := c.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(buf); err != nil {
		t.Fatal(err)
	}
	std, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	n := m.Net(std)
	near, err := n.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := n.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if _, err := near.WriteTo([]byte("1234567"), far.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := far.ReadFrom(buf); err != nil {
		t.Fatal(err)
	}
	if s := m.State(time.Now(), true); s.Messages != 8 || s.Video != 14 || s.Level != wire.BudgetNormal {
		t.Errorf("got %+v", s)
	}
}
