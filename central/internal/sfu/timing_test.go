package sfu

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
)

func TestTimingTellsTheMomentOfAPicture(t *testing.T) {
	r := timing{ssrc: 7}
	began := time.Date(2026, 11, 26, 4, 0, 0, 500_000_000, time.UTC)
	picture := []ring.Packet{{Time: 9000, Payload: make([]byte, 1000)}, {Time: 9000, Payload: make([]byte, 200)}}
	r.sent(picture, began)
	r.sent(picture, began.Add(5*time.Millisecond)) // the rest of the same picture
	got := r.due(began.Add(100 * time.Millisecond))
	want := rtcp.SenderReport{SSRC: 7, NTPTime: 4004654400<<32 | 0x99999999, RTPTime: 18000, PacketCount: 4, OctetCount: 2400}
	if got == nil || got.SSRC != want.SSRC || got.NTPTime != want.NTPTime || got.RTPTime != want.RTPTime || got.PacketCount != want.PacketCount || got.OctetCount != want.OctetCount {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if again := r.due(began.Add(time.Second)); again != nil {
		t.Errorf("told again after 900 ms: %+v", again)
	}
	if again := r.due(began.Add(1100 * time.Millisecond)); again == nil || again.RTPTime != 108000 {
		t.Errorf("after a second: %+v, want the time 108000", again)
	}
}

func TestViewerIsToldTheTimesOfTheStream(t *testing.T) {
	s := started(t, Options{})
	running(t, s, "cam", 25, 0)
	p := play(t, s, "cam", nil)
	var mu sync.Mutex
	var told []*rtcp.SenderReport
	receiver := p.pc.GetReceivers()[0]
	go func() {
		for {
			packets, _, err := receiver.ReadRTCP()
			if err != nil {
				return
			}
			mu.Lock()
			for _, packet := range packets {
				if sr, ok := packet.(*rtcp.SenderReport); ok {
					told = append(told, sr)
				}
			}
			mu.Unlock()
		}
	}()
	eventually(t, "two reports", func() bool { mu.Lock(); defer mu.Unlock(); return len(told) >= 2 })
	mu.Lock()
	defer mu.Unlock()
	first, last := told[0], told[len(told)-1]
	passed := float64(last.NTPTime-first.NTPTime) / (1 << 32)
	ticks := float64(last.RTPTime-first.RTPTime) / clock
	if d := ticks - passed; d < -0.5 || d > 0.5 {
		t.Errorf("%.3f s of the clock are %.3f s of the stream", passed, ticks)
	}
	if first.PacketCount == 0 || last.PacketCount <= first.PacketCount {
		t.Errorf("counts %d, then %d packets", first.PacketCount, last.PacketCount)
	}
}
