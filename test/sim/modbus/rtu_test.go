package modbus

import (
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"
)

func TestSerialServerAnswersFrames(t *testing.T) {
	whole := func(v float64) ([]uint16, error) { return []uint16{uint16(v)}, nil }
	s := &Serial{Device: &Device{
		Listen: "127.0.0.1:0", Unit: 1, Log: slog.New(slog.DiscardHandler),
		Held: map[uint16]Held{16: {Name: "lamp", On: 1}},
		Points: []Point{
			{Table: "holding", Address: 0, Words: 1, Encode: whole, Value: func(time.Time) float64 { return 412 }},
			{Table: "discrete", Address: 2, Words: 1, Encode: whole, Value: func(time.Time) float64 { return 1 }},
		},
	}}
	for range 2 { // a device that was cut comes back where it was
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		// A frame for unit 2 and one with a wrong checksum stay without an answer.
		for _, x := range []struct{ ask, want string }{
			{"020300000001" + "8439" + "010300000001" + "0000" + "010300000001" + "840a", "010302019cb9bd"},
			{"010200020001" + "180a", "010201016048"},
			{"010300010001" + "d5ca", "018302c0f1"},
			{"010600100001" + "49cf", "01060010000149cf"}, // the lamp goes on, and reads so
			{"010300100001" + "85cf", "0103020001" + "7984"},
			{"010600100007" + "c9cd", "018603" + "0261"}, // neither on nor off
		} {
			ask, _ := hex.DecodeString(x.ask)
			if _, err := c.Write(ask); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(x.want)/2)
			if _, err := io.ReadFull(c, got); err != nil || hex.EncodeToString(got) != x.want {
				t.Errorf("%s: got %x, %v, want %s", x.ask, got, err, x.want)
			}
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
}
