package sfu

import (
	"bytes"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/fengsui/fengsui/central/internal/sfu/h264"
)

// A viewer that asks for everything again and for key frames without end gets little more than the others, and costs
// them nothing.
func TestAFloodOfRequestsCostsNobodyElseThePicture(t *testing.T) {
	s := started(t, Options{})
	c, _ := running(t, s, "cam", 25, 0)
	calm := play(t, s, "cam", nil)
	var mu sync.Mutex
	copies := map[uint16]int{}
	flooder := play(t, s, "cam", func(p *rtp.Packet) bool {
		mu.Lock()
		defer mu.Unlock()
		copies[p.SequenceNumber]++
		return false
	})
	eventually(t, "pictures", func() bool { return calm.count() > 5 && flooder.count() > 5 })
	flooder.mu.Lock()
	ssrc := uint32(flooder.ssrc)
	flooder.mu.Unlock()
	begun := time.Now()
	for range 300 {
		mu.Lock()
		var all []uint16
		for seq := range copies {
			all = append(all, seq)
		}
		mu.Unlock()
		packets := []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}, &rtcp.FullIntraRequest{MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc}}}}
		for len(all) > 0 {
			n := min(len(all), 100)
			packets = append(packets, &rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(all[:n])})
			all = all[n:]
		}
		for _, p := range packets {
			if err := flooder.pc.WriteRTCP([]rtcp.Packet{p}); err != nil {
				t.Fatal(err)
			}
		}
	}
	took := time.Since(begun)
	before := calm.count()
	eventually(t, "the other one goes on", func() bool { return calm.count() > before+25 })
	consecutive(t, calm.seen())
	mu.Lock()
	defer mu.Unlock()
	for seq, n := range copies {
		if n > 4 { // once and three times again
			t.Fatalf("packet %d came %d times", seq, n)
		}
	}
	if n, most := len(c.plis), int(math.Ceil(time.Since(begun).Seconds()/pliGap.Seconds()))+2; n > most {
		t.Errorf("the source was asked %d times in %s, at most %d", n, took, most)
	}
}

// Packets that are cut off anywhere, of any kind, end neither the session nor the picture.
func TestTruncatedPacketsEndNothing(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "cam", 900)
	p := play(t, s, "cam", nil)
	rubbish := [][]byte{nil, {0}, {0x7c}, {0x7c, 0x80}, {0x7c, 0x85}, {0x78}, {0x78, 0}, {0x78, 0xff, 0xff, 0x67}, {0x78, 0, 9, 0x67}, {0x67}, {0x68}, {0x65}, {0xff, 0xff, 0xff}, {0x1d, 0}, bytes.Repeat([]byte{0x7c}, 1200)}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			c.frame(uint32(i), i%10 == 0)
			c.rtp.Timestamp += 10
			c.packet(rubbish[i%len(rubbish)], i%3 == 0)
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	eventually(t, "pictures among the rubbish", func() bool { return p.count() > 10 })
	// What is no RTP at all comes to the port as well.
	stranger, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	for n := range 64 {
		_, _ = stranger.Write(bytes.Repeat([]byte{byte(n * 4)}, n))
	}
	before := p.count()
	eventually(t, "pictures go on", func() bool { return p.count() > before+10 })
	if f := s.Flow("cam"); !f.Publishing {
		t.Error("the publisher is gone")
	}
}

// A camera that changes its resolution sends new parameter sets; who watches gets them in place, who comes later gets
// them and not the old ones.
func TestAChangeOfResolutionReachesEverybody(t *testing.T) {
	other := h264.Join([]byte{0x67, 0x42, 0xc0, 0x28, 0xda, 0x01, 0xe0}, []byte{0x68, 0xce, 0x06, 0xe2})
	s := started(t, Options{})
	c := publish(t, s, "cam", 900)
	var mu sync.Mutex
	seen := map[string][]string{}
	watch := func(name string) *player {
		return play(t, s, "cam", func(p *rtp.Packet) bool {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case bytes.Equal(p.Payload, sets):
				seen[name] = append(seen[name], "small")
			case bytes.Equal(p.Payload, other):
				seen[name] = append(seen[name], "large")
			}
			return false
		})
	}
	early := watch("early")
	for i := range 10 {
		c.frame(uint32(i), i == 0)
	}
	eventually(t, "pictures", func() bool { return early.count() > 5 })
	c.rtp.Timestamp += 3600
	c.packet(other, false)
	c.rtp.Timestamp -= 3600 // frame adds it: the sets are of this picture
	c.keyWithoutSets(10)
	eventually(t, "the new resolution", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen["early"]) > 0 && seen["early"][len(seen["early"])-1] == "large"
	})
	// From then on the camera sends none: what is put in for it must be the new ones.
	for i := range 5 {
		c.keyWithoutSets(uint32(11 + i))
	}
	late := watch("late")
	eventually(t, "the late one sees it", func() bool { return late.count() > 0 })
	mu.Lock()
	defer mu.Unlock()
	for i, size := range seen["late"] {
		if size != "large" {
			t.Errorf("set %d of the late viewer is %s", i, size)
		}
	}
	if len(seen["late"]) == 0 {
		t.Error("the late viewer got no sets")
	}
}

// keyWithoutSets writes a key frame as cameras do that send their sets once.
func (c *camera) keyWithoutSets(number uint32) {
	c.rtp.Timestamp += 3600
	c.packet([]byte{0x7c, 0x85, byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number), 1, 2}, false)
	c.packet([]byte{0x7c, 0x45, 3, 4}, true)
}

// A camera whose clock is set, either way, is a picture that goes on: no viewer waits for the time that was jumped.
func TestAJumpInTimeIsNotPassedOn(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "cam", 900)
	p := play(t, s, "cam", nil)
	number := uint32(0)
	some := func() {
		for range 10 {
			c.frame(number, number%10 == 0)
			number++
		}
		eventually(t, "pictures", func() bool { return p.count() == int(number) })
	}
	some()
	c.rtp.Timestamp += 3600 * clock
	some()
	c.rtp.Timestamp -= 7200 * clock
	some()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 1; i < len(p.times); i++ {
		if d := int32(p.times[i] - p.times[i-1]); d <= 0 || d > 60*clock {
			t.Errorf("picture %d is %d ticks after the one before", i, d)
		}
	}
}

func TestWhatIsAJumpInTime(t *testing.T) {
	for _, c := range []struct {
		name   string
		step   int64
		passed time.Duration
		jump   bool
	}{
		{"the next picture", 3600, 40 * time.Millisecond, false},
		{"one that was sent out of order", -7200, 10 * time.Millisecond, false},
		{"after a pause of the link", 3600, 30 * time.Second, false},
		{"after a pause of the camera", 30 * clock, 30 * time.Second, false},
		{"a clock set ahead", 3600 * clock, 40 * time.Millisecond, true},
		{"a clock set back", -3600 * clock, 40 * time.Millisecond, true},
		{"begun anew", -2 * clock, time.Second, true},
	} {
		if got := jumps(uint32(c.step), c.passed); got != c.jump {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Offers that are never followed by a connection leave one session on the way, whatever their number.
func TestOffersThatNeverConnectDoNotPileUp(t *testing.T) {
	s := started(t, Options{})
	c, _ := running(t, s, "cam", 25, 0)
	text := offer(t, publish(t, s, "other", 900).pc)
	for range 20 {
		if _, err := s.Publish(t.Context(), "cam", text, true); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	n := len(s.peers)
	s.mu.Unlock()
	if n != 3 {
		t.Errorf("%d sessions stand; the two that send and one on the way are expected", n)
	}
	p := play(t, s, "cam", nil)
	eventually(t, "who sends goes on", func() bool { return p.count() > 5 })
	if _, err := s.peer(c.session); err != nil {
		t.Error(err)
	}
}
