package harness

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

// pictures of two packets, 50 ms apart, the first of every twenty a key frame.
func pictures(n int) []*rtp.Packet {
	var out []*rtp.Packet
	for i := range n {
		kind := byte(1)
		if i%20 == 0 {
			kind = 5
		}
		for part := range 2 {
			out = append(out, &rtp.Packet{
				Header:  rtp.Header{SequenceNumber: uint16(65530 + 2*i + part), Marker: part == 1},
				Payload: []byte{kind, 0},
			})
		}
	}
	return out
}

func TestScreenShowsWhatIsWholeAndCountsWhereItStoodStill(t *testing.T) {
	begin := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	at := func(i int) time.Time { return begin.Add(time.Duration(i/2) * 50 * time.Millisecond) }
	packets := pictures(100)

	t.Run("late packet", func(t *testing.T) {
		s := &Screen{}
		for i, p := range packets {
			switch i {
			case 50: // comes 200 ms later
			case 58:
				s.Push(packets[50], at(i))
				fallthrough
			default:
				if s.Push(p, at(i)) {
					t.Fatalf("asks for a key frame at packet %d", i)
				}
			}
		}
		if s.Shown != 100 || len(s.Freezes) != 0 || s.Longest != 250*time.Millisecond {
			t.Errorf("shown %d, longest %s, frozen %v", s.Shown, s.Longest, s.Freezes)
		}
	})

	t.Run("lost packet", func(t *testing.T) {
		s := &Screen{}
		asked := 0
		for i, p := range packets {
			if i == 50 { // of picture 25; 40 is the next key frame
				continue
			}
			if s.Push(p, at(i)) {
				asked++
			}
		}
		if asked != 1 || s.Skipped != 1 || s.Shown != 25+60 {
			t.Errorf("asked %d times, gave up %d holes, showed %d pictures", asked, s.Skipped, s.Shown)
		}
		if len(s.Freezes) != 0 || s.Longest != 800*time.Millisecond {
			t.Errorf("longest %s, frozen %v", s.Longest, s.Freezes)
		}
	})

	t.Run("cut", func(t *testing.T) {
		s := &Screen{}
		for i, p := range packets {
			if i > 50 && i < 110 {
				continue
			}
			s.Push(p, at(i))
		}
		if len(s.Freezes) != 1 || s.Freezes[0] != 2050*time.Millisecond {
			t.Errorf("frozen %v", s.Freezes)
		}
	})
}
