package sfu

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/layer"
	"github.com/fengsui/fengsui/central/internal/sfu/rate"
	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	stepEvery  = 200 * time.Millisecond
	probeBeat  = 5 * time.Millisecond
	probeMost  = 4_000_000 // bits a second, the most that a probe tries
	probeLook  = 20 * time.Millisecond
	probeWait  = 5 * time.Second // for a lane that is between two pictures
	probeSteps = 1.6             // times what is known to get through, that each step of a probe tries
	probeFrom  = 100_000         // bits a second, of a first step at least
	probeVain  = 3               // steps that found nothing, as pictures took their time, until the way counts as full
	// probeFor is how long a step lasts: one that fails makes the others wait as long at the most, and it is longer
	// than what a link lets through at once beyond its rate.
	probeFor  = 200 * time.Millisecond
	quietMost = time.Second
	paceBelow = 0.9  // of what the way carries, at which a picture that is larger than the others leaves, but never
	paceOver  = 1.25 // less than so much faster than its stream
	// After a cut a replay leaves so much faster than its stream, for what the way carries beyond that is not known, but
	// it is done after so long: who is further behind waits for a key frame.
	returnOver = 2.0
	returnFor  = 1200 * time.Millisecond
)

// pulse is the way to one viewer: how much it carries, and how much of each picture goes over it.
type pulse struct {
	ctx  context.Context //nolint:containedctx // the life of the connection; stop cancels it
	stop context.CancelFunc

	mu      sync.Mutex
	est     *rate.Estimator
	chooser layer.Chooser
	lanes   []*lane // that show something
	reports bool    // the viewer tells of arrivals
	probing bool
	tokens  float64 // of RTCP packets that are read
	filled  time.Time

	// A reader asks with its own lock held whether it may send again, and pulse asks readers with its lock held: so this has
	// one of its own, under which nothing else is locked.
	againMu sync.Mutex
	again   float64 // bytes that may be sent again
	resent  time.Time

	limit  atomic.Int64 // bits a second that the way carries; 0: none is known
	mended atomic.Int64 // Unix nanoseconds of the end of the last cut
	quiet  atomic.Int64 // Unix nanoseconds until which nothing leaves: what waits on the way comes first
}

func newPulse() *pulse {
	p := &pulse{est: rate.New(time.Now())}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// add takes a lane that begins to show something and says how much of it.
func (p *pulse) add(l *lane) video.Layer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes = append(p.lanes, l)
	bits := p.est.State().Bits
	if bits == 0 {
		bits = 1 << 40
	}
	now := time.Now()
	lanes := p.inputs(now)
	return layer.Share(bits, lanes)[len(lanes)-1]
}

// remove forgets a lane that shows nothing any more.
func (p *pulse) remove(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.lanes {
		if other == l {
			p.lanes = append(p.lanes[:i], p.lanes[i+1:]...)
			return
		}
	}
}

// inputs is what the chooser needs of the lanes. The caller holds the lock.
func (p *pulse) inputs(now time.Time) []layer.Lane {
	out := make([]layer.Lane, len(p.lanes))
	for i, l := range p.lanes {
		out[i] = l.input(now)
	}
	return out
}

// number notes packets that leave now. burst says that they are a replay, which fills the way by itself.
func (p *pulse) number(packets []ring.Packet, seqs []uint16, burst bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if burst {
		p.est.Cut(now)
	}
	for i := range packets {
		seqs[i] = p.est.Sent(len(packets[i].Payload), now)
	}
}

// narrow reports whether a layer is paced: the way carries no more.
func (p *pulse) narrow(l video.Layer) bool { return l != video.LayerMain && p.limit.Load() > 0 }

// rest is how long nothing may leave.
func (p *pulse) rest(now time.Time) time.Duration {
	return time.Duration(p.quiet.Load() - now.UnixNano())
}

// pace is how long the next packets wait after so many bytes of a layer that takes so many bits a second, which are that
// part of what is to be replayed.
func (p *pulse) pace(bytes int, l video.Layer, takes int64, replaying bool, part float64, now time.Time) time.Duration {
	bits := p.limit.Load()
	if bits > 0 && (replaying || l != video.LayerMain) {
		return time.Duration(float64(bytes*8) / max(paceBelow*float64(bits), paceOver*float64(takes)) * float64(time.Second))
	}
	if !replaying {
		return 0
	}
	if rest := returnFor - time.Duration(now.UnixNano()-p.mended.Load()); rest > 0 && takes > 0 {
		return max(pace, time.Duration(min(float64(bytes*8)/(returnOver*float64(takes))*float64(time.Second), part*float64(rest))))
	}
	return pace
}

const (
	// What may be sent again on a way that carries little: this part of it, and no more than this part of a second at
	// once. Without a limit, what was lost in a queue that is full fills the queue, and nothing else gets through.
	againPart = 0.2
	againMost = 0.1
)

// mayResend reports whether so many bytes may be sent again.
func (p *pulse) mayResend(bytes int, now time.Time) bool {
	bits := float64(p.limit.Load())
	if bits == 0 {
		return true
	}
	p.againMu.Lock()
	defer p.againMu.Unlock()
	passed := now.Sub(p.resent).Seconds() // since the beginning of time at first
	p.again = min(p.again+againPart*bits/8*passed, againMost*bits/8)
	p.resent = now
	if p.again < float64(bytes) {
		return false
	}
	p.again -= float64(bytes)
	return true
}

const (
	rtcpRate  = 300 // packets a second that one viewer's reports may have; a browser sends a tenth
	rtcpBurst = 300
)

// due reports whether another RTCP packet is read: a flood is thrown away unread.
func (p *pulse) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = min(rtcpBurst, p.tokens+now.Sub(p.filled).Seconds()*rtcpRate)
	if p.filled.IsZero() {
		p.tokens = rtcpBurst
	}
	p.filled = now
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	return true
}

// back notes that something has come from the viewer, before that is answered.
func (p *pulse) back(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoke(now)
}

// spoke begins all pictures again when something comes from the viewer after a cut: the last key frame and what follows
// is less than all that was lost, and that, sent again at once, would look like a way that is full. The caller holds the lock.
func (p *pulse) spoke(now time.Time) {
	if !p.est.Back(now) {
		return
	}
	p.mended.Store(now.UnixNano())
	for _, l := range p.lanes {
		l.resume(now)
	}
}

// arrivals takes a report of arrivals.
func (p *pulse) arrivals(report []byte, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = true
	p.spoke(now)
	_ = p.est.Arrivals(report, now) // of one that is malformed, what came before the fault counts
}

// receipt takes a report of losses about one stream.
func (p *pulse) receipt(r rtcp.ReceptionReport, now time.Time) {
	trip := time.Duration(0)
	if r.LastSenderReport != 0 {
		middle := uint32(ntp(now) >> 16) //nolint:gosec // the middle 32 bits, as the standard has it
		if d := middle - r.LastSenderReport - r.Delay; d < 60<<16 {
			trip = time.Duration(d) * time.Second >> 16
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.est.Receipt(float64(r.FractionLost)/256, trip, now)
}

// step decides what each lane sends.
func (p *pulse) step(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lanes) == 0 {
		return
	}
	st := p.est.State()
	lanes := p.inputs(now)
	out := p.chooser.Step(now, layer.Way{Bits: st.Bits, Bad: st.Bad, Probes: p.reports}, lanes)
	if out.Fell {
		p.est.Cut(now)
		p.quiet.Store(now.Add(min(st.Delay, quietMost)).UnixNano())
	}
	if out.Free {
		p.est.Free()
	}
	p.limit.Store(int64(p.est.State().Bits))
	for i, l := range p.lanes {
		l.choose(out.Layers[i], lanes[i].Takes(out.Layers[i]))
	}
	if out.Probe == 0 || p.probing {
		return
	}
	if out.Probe > probeMost {
		out.Probe = probeMost
	}
	p.probing = true
	go p.probe(out.Probe)
}

// probe finds out whether the way carries so many bits a second, in steps of which each is tried only after the one
// before has passed: a way that carries no more is never asked for much more than it carries. A step of which pictures
// took the time has found less than it tried, or nothing, and is tried again.
func (p *pulse) probe(bits int) {
	passed := true
	for known, vain := max(int(p.limit.Load()), probeFrom), 0; passed; {
		at := min(int(probeSteps*float64(known)), bits)
		passed = p.burst(at)
		found := p.carries()
		if at == bits && found >= bits*9/10 {
			break
		}
		if found <= known {
			vain++
			passed = passed && vain < probeVain
		}
		known = max(known, found)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probing = false
	p.chooser.Probed(passed, time.Now())
}

// carries is how many bits a second the way carries; without a limit as many as anybody asks for.
func (p *pulse) carries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bits := p.est.State().Bits; bits > 0 {
		return bits
	}
	return probeMost
}

// burst sends packets of nothing, as fast as the rate that is to be tried, and waits for what the viewer says.
func (p *pulse) burst(bits int) bool {
	began := time.Now()
	l := p.padded()
	for ; l == nil && time.Since(began) < probeWait; l = p.padded() { // a key frame takes seconds on a way that carries little
		if !sleep(p.ctx, probeBeat) {
			return false
		}
	}
	if l == nil {
		return false
	}
	began = time.Now()
	p.mu.Lock()
	p.est.Probe(bits, began)
	p.mu.Unlock()
	for passed := time.Duration(0); passed < probeFor; passed = time.Since(began) {
		// As many as are due by now beside the pictures: a machine that is busy sleeps longer than it was asked to.
		due := int(float64(bits) / 8 * min(passed+probeBeat, probeFor).Seconds())
		for more := true; more && p.beside()+ring.Padding <= due; {
			more = l.pad()
		}
		if !sleep(p.ctx, probeBeat) {
			return false
		}
	}
	p.mu.Lock()
	p.est.ProbeSent(time.Now())
	p.mu.Unlock()
	for {
		p.mu.Lock()
		done, passed := p.est.Probed(time.Now())
		p.mu.Unlock()
		if done {
			return passed
		}
		if !sleep(p.ctx, probeLook) {
			return false
		}
	}
}

// beside is how many bytes of the probe have left.
func (p *pulse) beside() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.est.Probing()
}

// padded is a lane that can carry packets of nothing now; nil: there is none.
func (p *pulse) padded() *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		if l.idle() {
			return l
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// head is the header of a lane's packets with room for the number of the way.
type head struct {
	rtp.Header
	number [2]byte
}

// newHead makes one; extension 0: the viewer takes no numbers.
func newHead(pt uint8, ssrc uint32, extension uint8) *head {
	h := &head{Header: rtp.Header{Version: 2, PayloadType: pt, SSRC: ssrc}}
	if extension > 0 {
		_ = h.SetExtension(extension, h.number[:]) // fails on a number that no negotiation gives
	}
	return h
}

// write sends one packet. An error is of the session, which ends by itself.
func (h *head) write(w webrtc.TrackLocalWriter, p ring.Packet, number uint16) {
	h.SequenceNumber, h.Timestamp, h.Marker, h.Padding = p.Seq, p.Time, p.Marker, p.Padding
	binary.BigEndian.PutUint16(h.number[:], number)
	_, _ = w.WriteRTP(&h.Header, p.Payload)
}
