package rate

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

// reportOf is a report of n packets that came a millisecond apart.
func reportOf(t testing.TB, first uint16, n int) []byte {
	t.Helper()
	r := twcc.NewRecorder(1)
	for i := range n {
		r.Record(1, first+uint16(i), int64(1_000_000+1000*i)) //nolint:gosec // a test's numbers
	}
	packets := r.BuildFeedbackPacket()
	if len(packets) != 1 {
		t.Fatalf("%d reports", len(packets))
	}
	raw, err := packets[0].Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

type one struct {
	seq      uint16
	received bool
	at       time.Duration
}

func all(b []byte) (out []one, err error) {
	err = readTWCC(b, func(seq uint16, received bool, at time.Duration) { out = append(out, one{seq, received, at}) })
	return out, err
}

// Reports as another program writes them are read as they were meant, over the end of the numbers as well.
func TestReportsOfAnotherProgram(t *testing.T) {
	r := twcc.NewRecorder(1)
	came := map[uint16]int64{65500: 0, 65501: 250, 65503: 40_000, 65535: 41_000, 0: 300_000, 9: 300_250, 8: 300_500}
	for _, seq := range []uint16{65500, 65501, 65503, 65535, 0, 9, 8} {
		r.Record(1, seq, 64_000_000+came[seq])
	}
	got := map[uint16]time.Duration{}
	lost := 0
	var first time.Duration
	for _, p := range r.BuildFeedbackPacket() {
		raw, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		packets, err := all(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range packets {
			if !p.received {
				lost++
				continue
			}
			if len(got) == 0 {
				first = p.at
			}
			got[p.seq] = p.at - first
		}
	}
	for seq, at := range came {
		if d := got[seq] - time.Duration(at)*time.Microsecond; d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("packet %d came %v after the first, want %d µs", seq, got[seq], at)
		}
	}
	if len(got) != len(came) || lost != 46-len(came) {
		t.Errorf("%d came, %d lost", len(got), lost)
	}
}

func TestBrokenReportsAreRefused(t *testing.T) {
	good := reportOf(t, 100, 30)
	if got, err := all(good); err != nil || len(got) != 30 {
		t.Fatal(got, err)
	}
	for n := range len(good) - 4 {
		if _, err := all(good[:n]); err == nil {
			t.Errorf("%d bytes of it were taken", n)
		}
	}
	for name, change := range map[string]func([]byte){
		"more packets than are remembered": func(b []byte) { binary.BigEndian.PutUint16(b[14:], maxCovered+1) },
		"no packets":                       func(b []byte) { binary.BigEndian.PutUint16(b[14:], 0) },
		"an empty run":                     func(b []byte) { binary.BigEndian.PutUint16(b[20:], 0x2000) },
		"another kind":                     func(b []byte) { b[0] = 0x8e },
		"too much padding":                 func(b []byte) { b[0] |= 0x20; b[len(b)-1] = 250 },
		"a reserved symbol":                func(b []byte) { binary.BigEndian.PutUint16(b[20:], 0x6000|30) },
	} {
		b := slices.Clone(good)
		change(b)
		if _, err := all(b); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// FuzzReport: whatever a viewer sends neither ends the program nor costs more than what is remembered, and what two
// programs take for whole they read alike.
func FuzzReport(f *testing.F) {
	f.Add(reportOf(f, 100, 30))
	f.Add(reportOf(f, 65530, 300))
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 7, 0, 0, 1, 0, 0xd9, 0x55, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := all(b)
		if len(got) > maxCovered {
			t.Fatalf("%d packets", len(got))
		}
		e := New(noon)
		for range 300 {
			e.Sent(1000, noon)
		}
		_ = e.Arrivals(b, noon.Add(time.Second))
		_ = e.Arrivals(b, noon.Add(2*time.Second))
		if st := e.State(); st.Bits < 0 || st.Loss < 0 || st.Loss > 1 {
			t.Fatalf("%+v", st)
		}
		var other rtcp.TransportLayerCC
		if err != nil || len(b)%4 != 0 || int(binary.BigEndian.Uint16(b[2:])) != len(b)/4-1 || b[0]&0x20 != 0 || other.Unmarshal(b) != nil {
			return
		}
		received := 0
		for _, p := range got {
			if p.received {
				received++
			}
		}
		if received != len(other.RecvDeltas) {
			t.Errorf("%d received, another program reads %d", received, len(other.RecvDeltas))
		}
	})
}
