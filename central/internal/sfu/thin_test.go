package sfu

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/jitter"
	"github.com/fengsui/fengsui/central/internal/sfu/train"
	"github.com/fengsui/fengsui/central/internal/video"
)

// pictureSize is the bytes of a picture of a stream, whose key frames are eight times as large as the others.
func pictureSize(bits, rate, gop, i int) int {
	size := bits / 8 / rate * gop / (gop + 7)
	if i%gop == 0 {
		size *= 8
	}
	return size
}

// thinCase is a lane, its pulse and its two streams, as they are in the router, on a link of this kind.
type thinCase struct {
	*thinLink
	t       *testing.T
	s       *SFU
	src     *source
	told    []told
	started time.Time
}

type told struct {
	at    time.Time
	layer video.Layer
}

func newThinCase(ctx context.Context, t *testing.T, sub bool) *thinCase {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	s := New(Options{Log: slog.New(slog.DiscardHandler)})
	s.engine = &engine{yard: train.NewYard()}
	c := &thinCase{t: t, s: s, started: time.Now(), src: newSource("cam")}
	s.Notify(func(ch video.Change) {
		if ch.Sent != nil {
			c.told = append(c.told, told{time.Now(), ch.Sent.Layer})
		}
	})
	camera := func(src *source, bits, rate, gop int) {
		p := &publisher{connection: &connection{pc: pc}}
		src.take(p)
		seq := uint16(0)
		write := func(i int, payload []byte, last bool) {
			seq++
			src.write(p, jitter.Packet{Seq: seq, Time: uint32(i * clock / rate), Marker: last, Payload: payload}, false, time.Now())
		}
		go every(ctx, time.Second/time.Duration(rate), func(i int) {
			kind := byte(1)
			if i%gop == 0 {
				kind = 5
				write(i, sets, false)
			}
			begin := byte(0x80)
			for left := pictureSize(bits, rate, gop, i); left > 0; left -= 1100 {
				payload := make([]byte, max(6, min(left, 1100)))
				payload[0], payload[1] = 0x7c, kind|begin
				begin = 0
				write(i, payload, left <= 1100)
			}
		})
		go every(ctx, nackEvery, func(int) { src.log.Nudge() })
	}
	camera(c.src, 2_000_000, 20, 80)
	if sub {
		c.src.sub = newSource(video.SubOf("cam"))
		camera(c.src.sub, 200_000, 20, 20)
	}
	l := &lane{engine: s.engine, sfu: s, pulse: newPulse(), pc: pc, pt: 102, ssrc: 7, extension: 1, choice: choice{wish: large}}
	c.thinLink = &thinLink{
		lane: l, bits: 20_000_000, queue: 300 * time.Millisecond, delay: 30 * time.Millisecond, viewer: twcc.NewRecorder(1),
		random: rand.New(rand.NewPCG(1, 2)),
	}
	l.writer = c.thinLink
	time.Sleep(6 * time.Second) // the streams run
	r := l.show(c.src, "somebody")
	go l.forward(ctx, r)
	go c.run(ctx)
	go every(ctx, stepEvery, func(int) { l.pulse.step(time.Now()) })
	return c
}

// freezes are the waits of more than a second between two pictures from a moment on.
func (c *thinCase) freezes(from time.Time) (waits []time.Duration, longest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, at := range append(c.screen.shown, time.Now()) {
		if i == 0 || at.Before(from) {
			continue
		}
		wait := at.Sub(c.screen.shown[i-1])
		longest = max(longest, wait)
		if wait > time.Second {
			waits = append(waits, wait)
		}
	}
	return waits, longest
}

// shownAfter is how long it took from a moment on until a picture was shown, negative when none was.
func (c *thinCase) shownAfter(from time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range c.screen.shown {
		if at.After(from) {
			return at.Sub(from)
		}
	}
	return -1
}

// became is how long it took from a moment on until a layer came, negative when it did not.
func (c *thinCase) became(layer video.Layer, from time.Time) time.Duration {
	for _, t := range c.told {
		if t.layer == layer && !t.at.Before(from) {
			return t.at.Sub(from)
		}
	}
	return -1
}

// since is what came from a moment on.
func (c *thinCase) since(from time.Time) (got []video.Layer) {
	for _, t := range c.told {
		if !t.at.Before(from) {
			got = append(got, t.layer)
		}
	}
	return got
}

// tries are when packets of nothing began to leave after there were none for a second.
func (c *thinCase) tries(from time.Time) (out []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last time.Time
	for _, at := range c.padded {
		if at.After(from) && at.Sub(last) > time.Second {
			out = append(out, at)
		}
		last = at
	}
	return out
}

// say tells what happened.
func (c *thinCase) say() {
	for _, t := range c.told {
		c.t.Logf("%6.2f s: %s", t.at.Sub(c.started).Seconds(), t.layer)
	}
	for _, at := range c.tries(time.Time{}) {
		c.t.Logf("%6.2f s: more is tried", at.Sub(c.started).Seconds())
	}
	for i, at := range c.screen.shown {
		if i > 0 && at.Sub(c.screen.shown[i-1]) > 600*time.Millisecond {
			c.t.Logf("%6.2f s: stood %v", at.Sub(c.started).Seconds(), at.Sub(c.screen.shown[i-1]))
		}
	}
}

func inThin(t *testing.T, sub bool, do func(ctx context.Context, t *testing.T, c *thinCase)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		c := newThinCase(ctx, t, sub)
		defer c.lane.pulse.stop() // a try may be under way
		do(ctx, t, c)
	})
}

// The smaller picture plays on a link that carries it, and the large one is back soon after the link is good again.
func TestOnAThinLinkTheSmallerPictureGoesOn(t *testing.T) {
	for name, way := range map[string]struct {
		other int
		queue time.Duration
		loss  float64
	}{
		"alone":                    {queue: 300 * time.Millisecond},
		"with somebody else":       {queue: 300 * time.Millisecond, other: 160_000},
		"with a queue of a second": {queue: time.Second},
		"with loss":                {queue: 300 * time.Millisecond, loss: 0.01},
	} {
		t.Run(name, func(t *testing.T) {
			inThin(t, true, func(ctx context.Context, t *testing.T, c *thinCase) {
				if way.other > 0 {
					go c.strangers(ctx, way.other, 20, 20)
				}
				time.Sleep(10 * time.Second)
				narrow := time.Now()
				c.set(300_000+way.other*5/4, way.queue, way.loss)
				time.Sleep(63 * time.Second)
				if stood, longest := c.freezes(narrow.Add(3 * time.Second)); len(stood) > 0 {
					t.Errorf("%d freezes, the longest %v", len(stood), longest)
				}
				if got := c.since(narrow); len(got) == 0 || got[len(got)-1] != video.LayerSub || slices.Contains(got, video.LayerMain) {
					t.Errorf("the viewer got %v", got)
				}
				// A try whose first step fails costs nothing, as the pictures have shown; it comes no more often than this.
				tries := c.tries(narrow.Add(3 * time.Second))
				for i := 1; i < len(tries); i++ {
					if gap := tries[i].Sub(tries[i-1]); gap < 8*time.Second {
						t.Errorf("more was tried again after %v", gap)
					}
				}
				good := time.Now()
				c.set(20_000_000, 300*time.Millisecond, 0)
				time.Sleep(40 * time.Second)
				if back := c.became(video.LayerMain, good); back < 0 || back > 15*time.Second {
					t.Errorf("the large picture was back after %v", back)
				}
				if stood, longest := c.freezes(good.Add(time.Second)); len(stood) > 0 {
					t.Errorf("%d freezes on the good link, the longest %v", len(stood), longest)
				}
				if t.Failed() {
					c.say()
				}
			})
		})
	}
}

// A link that stays narrow is asked for more ever more seldom, and a viewer whose link becomes good after minutes has the
// large picture soon all the same.
func TestALinkThatStaysNarrowIsTriedMoreSeldom(t *testing.T) {
	inThin(t, true, func(_ context.Context, t *testing.T, c *thinCase) {
		time.Sleep(10 * time.Second)
		narrow := time.Now()
		c.set(300_000, 300*time.Millisecond, 0)
		time.Sleep(10 * time.Minute)
		tries := c.tries(narrow.Add(3 * time.Second))
		early, late := 0, 0 // of the first two minutes, and of the last
		for _, at := range tries {
			switch passed := at.Sub(narrow); {
			case passed < 2*time.Minute:
				early++
			case passed >= 8*time.Minute:
				late++
			}
		}
		if early < 6 || late < 3 || late > 4 {
			t.Errorf("more was tried %d times in the first two minutes and %d times in the last", early, late)
		}
		if stood, longest := c.freezes(narrow.Add(3 * time.Second)); len(stood) > 0 {
			t.Errorf("%d freezes, the longest %v", len(stood), longest)
		}
		good := time.Now()
		c.set(20_000_000, 300*time.Millisecond, 0)
		time.Sleep(time.Minute)
		if back := c.became(video.LayerMain, good); back < 0 || back > 40*time.Second {
			t.Errorf("the large picture was back after %v", back)
		}
		if t.Failed() {
			c.say()
		}
	})
}

// Loss by chance is no sign that the link is narrow.
func TestALinkThatOnlyLosesKeepsTheLargePicture(t *testing.T) {
	inThin(t, true, func(_ context.Context, t *testing.T, c *thinCase) {
		began := time.Now()
		c.mu.Lock()
		c.delay = 50 * time.Millisecond
		c.mu.Unlock()
		c.set(20_000_000, 300*time.Millisecond, 0.03)
		time.Sleep(5 * time.Minute)
		if stood, longest := c.freezes(began.Add(time.Second)); len(stood) > 0 {
			t.Errorf("%d freezes, the longest %v", len(stood), longest)
		}
		if got := c.since(began); len(got) != 1 {
			t.Errorf("the viewer got %v", got)
		}
	})
}

// A link that is good for a while again and again does not make the picture jump to and fro.
func TestALinkThatComesAndGoesIsNotFollowedEachTime(t *testing.T) {
	inThin(t, true, func(_ context.Context, t *testing.T, c *thinCase) {
		time.Sleep(5 * time.Second)
		began := time.Now()
		for range 20 {
			c.set(300_000, 300*time.Millisecond, 0)
			time.Sleep(8 * time.Second)
			c.set(20_000_000, 300*time.Millisecond, 0)
			time.Sleep(7 * time.Second)
		}
		rises := 0
		for _, l := range c.since(began) {
			if l == video.LayerMain {
				rises++
			}
		}
		if rises > 6 { // in five minutes, of twenty times
			t.Errorf("the large picture came %d times", rises)
			c.say()
		}
	})
}

// A camera without a smaller picture shows its key frames, none of them late.
func TestOnAThinLinkKeyFramesAloneGoOn(t *testing.T) {
	inThin(t, false, func(_ context.Context, t *testing.T, c *thinCase) {
		time.Sleep(10 * time.Second)
		narrow := time.Now()
		c.set(500_000, 300*time.Millisecond, 0)
		time.Sleep(time.Minute)
		if _, longest := c.freezes(narrow.Add(10 * time.Second)); longest > 5*time.Second {
			t.Errorf("nothing came for %v, with a key frame every 4 s", longest)
		}
		if got := c.since(narrow); len(got) == 0 || got[len(got)-1] != video.LayerThin {
			t.Errorf("the viewer got %v", got)
		}
		good := time.Now()
		c.set(20_000_000, 300*time.Millisecond, 0)
		time.Sleep(40 * time.Second)
		if back := c.became(video.LayerMain, good); back < 0 || back > 20*time.Second { // nothing is tried while a key frame leaves
			t.Errorf("all of the picture was back after %v", back)
		}
		if t.Failed() {
			c.say()
		}
	})
}
