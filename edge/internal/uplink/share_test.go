package uplink

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

// narrow is a link of which only the order and the bytes count: what is put in comes out in that order, so many
// bytes a second of a clock that the test turns, and is acknowledged a trip later.
type narrow struct {
	rate    int // bytes a second
	free    time.Duration
	onWay   []passage
	arrived map[bool]int // bytes, by whether they are backlog
}

type passage struct {
	block   *outbox.Block
	backlog bool
	at, ack time.Duration
}

// waits are the bytes of backlog that go before what is put in now.
func (n *narrow) waits(now time.Duration) (bytes int) {
	for _, p := range n.onWay {
		if p.backlog && p.at > now {
			bytes += len(p.block.Payload)
		}
	}
	return bytes
}

func (n *narrow) put(b *outbox.Block, backlog bool, now time.Duration) {
	n.free = max(n.free, now) + time.Duration(len(b.Payload))*time.Second/time.Duration(n.rate)
	n.onWay = append(n.onWay, passage{b, backlog, n.free, n.free + 100*time.Millisecond})
}

// take counts what has come out and returns what is acknowledged by now.
func (n *narrow) take(now time.Duration) (acked []passage) {
	rest := n.onWay[:0]
	for _, p := range n.onWay {
		if p.ack > now {
			rest = append(rest, p)
			continue
		}
		n.arrived[p.backlog] += len(p.block.Payload)
		acked = append(acked, p)
	}
	n.onWay = rest
	return acked
}

// putMany appends a block of readings that do not compress.
func putMany(t *testing.T, b *outbox.Box, dice *rand.Rand, at int64) {
	t.Helper()
	e := outbox.Entry{Lane: wire.LaneTelemetry}
	for i := range int64(400) {
		e.Readings = append(e.Readings, wire.Reading{Device: "d", Property: "p", At: at + i, Value: dice.Float64()})
	}
	if err := b.Append(t.Context(), outbox.Batch{Boot: "b", Synced: true, Entries: []outbox.Entry{e}}); err != nil {
		t.Fatal(err)
	}
}

// TestLiveReadingsHaveSeventyPercentOfANarrowLink lets a backlog of several times what is on the way at first
// drain beside live readings, one block a second, and counts the bytes that come out of the link in two minutes.
func TestLiveReadingsHaveSeventyPercentOfANarrowLink(t *testing.T) {
	const seconds = 120
	for _, c := range []struct {
		wanted      float64 // what live readings would fill, of the link
		least, most float64 // what they get of all that comes out
	}{
		{1.5, 0.9, 1},   // more than the link: nearly all of it is theirs
		{0.75, 0.7, 1},  // their share and a little more
		{0.3, 0.28, .4}, // less than their share: the rest is the backlog's
	} {
		t.Run(fmt.Sprintf("live %v of the link", c.wanted), func(t *testing.T) {
			box, err := outbox.Open(t.Context(), outbox.Options{File: filepath.Join(memory(t), "outbox.db")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = box.Close() })
			box.SetLinked(true) // each append stays a block of its own
			dice := rand.New(rand.NewPCG(1, 2))
			for i := range int64(300) {
				putMany(t, box, dice, i*1000)
			}
			f := newFlow(box)
			if err := f.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			first, err := box.Next(t.Context(), wire.LaneTelemetry, 0, 0, true)
			if err != nil {
				t.Fatal(err)
			}
			size := len(first.Payload)
			if backlog := 300 * size; backlog < 8*f.budget {
				t.Fatalf("a backlog of %d bytes proves nothing against %d on the way", backlog, f.budget)
			}
			link := &narrow{rate: int(float64(size) / c.wanted), arrived: map[bool]int{}}
			begin, most := time.Unix(1000, 0), 0
			for now := time.Duration(0); now < seconds*time.Second; now += 50 * time.Millisecond {
				if now%time.Second == 0 {
					putMany(t, box, dice, 1_000_000+now.Milliseconds())
				}
				for _, p := range link.take(now) {
					ack := wire.Ack{Lanes: []wire.LaneRanges{{Lane: p.block.Lane, Ranges: []wire.Range{{p.block.From, p.block.To}}}}}
					f.acked(ack, begin.Add(now))
				}
				for {
					b, err := f.next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if b == nil {
						break
					}
					backlog := b.From < f.liveFrom[wire.LaneTelemetry]
					if !backlog && now > seconds/2*time.Second {
						most = max(most, link.waits(now))
					}
					f.sent(b, begin.Add(now))
					link.put(b, backlog, now)
				}
			}
			live, old := link.arrived[false], link.arrived[true]
			share := float64(live) / float64(live+old)
			t.Logf("%d bytes live, %d of backlog: %.1f %%; at most %d bytes of backlog before a live block in the second minute", live, old, 100*share, most)
			if share < c.least || share > c.most {
				t.Errorf("live readings have %.3f of the link, want %v to %v", share, c.least, c.most)
			}
			if most > leastBytes+size {
				t.Errorf("%d bytes of backlog go before a live block, want at most %d and one block", most, leastBytes)
			}
			if used := float64(live+old) / float64(link.rate*seconds); used < 0.9 {
				t.Errorf("only %.2f of the link is used", used)
			}
			if c.wanted < 1 && old == 0 {
				t.Error("the backlog does not move")
			}
		})
	}
}
