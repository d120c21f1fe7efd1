package sfu

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	batch = 16 // packets that leave together, between looks at the clock
	// pace slows a replay, so that it does not overflow the sockets on the way: 16 packets in two
	// milliseconds are about 75 Mbit/s.
	pace = 2 * time.Millisecond
	// askOften is how soon a viewer asks again that the last key frame has not helped.
	askOften = 5 * time.Second
	// pacedBatch is a batch on a way that carries little.
	pacedBatch = 4
)

// lane is one picture on its way to a viewer: a track of a connection, with numbers and times of its own that run
// on whatever stream is shown on it. It implements webrtc.TrackLocal.
type lane struct {
	engine   *engine
	pc       *webrtc.PeerConnection
	id       string // of the track
	streamID string
	bound    func() // the track may be written to from now on

	sfu   *SFU
	pulse *pulse

	mu        sync.Mutex
	sender    *webrtc.RTPSender
	writer    webrtc.TrackLocalWriter
	ssrc      uint32
	pt        uint8
	extension uint8        // id of the header extension with the number of the way; 0: there is none
	reader    *ring.Reader // nil until something was shown
	src       *source      // shown now
	asked     time.Time    // when its viewer asked for a key frame
	choice
}

// show takes the reader of the lane to a stream. What was shown before has ended.
func (l *lane) show(src *source, session string) *ring.Reader {
	l.mu.Lock()
	l.src, l.session = src, session
	l.on, l.told = nil, ""
	l.mu.Unlock()
	first := l.pulse.add(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(first)
	if l.reader == nil {
		l.reader = ring.NewReader(l.on.log)
	} else {
		l.reader.Move(l.on.log)
	}
	return l.reader
}

// last is the viewer's time of what was sent last; nil when nothing was.
func (l *lane) last() *uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader == nil {
		return nil
	}
	return l.reader.Last()
}

// ready reports whether the track can be written to.
func (l *lane) ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writer != nil
}

// idle reports whether it is between two pictures.
func (l *lane) idle() bool {
	l.mu.Lock()
	r, w := l.reader, l.writer
	l.mu.Unlock()
	return r != nil && w != nil && r.Between()
}

// forward writes the stream that is shown until ctx ends.
func (l *lane) forward(ctx context.Context, r *ring.Reader) {
	l.mu.Lock()
	w, h := l.writer, newHead(l.pt, l.ssrc, l.extension)
	on := l.on
	l.mu.Unlock()
	defer l.end()
	stop := context.AfterFunc(ctx, r.Stir)
	defer stop()
	if !on.log.Playable() {
		on.needKey(time.Now())
	}
	together := l.engine.yard.Add(h.SSRC)
	defer together.End()
	told := timing{ssrc: h.SSRC}
	var numbers [batch]uint16
	var sent video.Layer
	follow(ctx, r, func(now time.Time) int {
		if wait := l.pulse.rest(now); wait > 0 && sleep(ctx, wait) {
			now = now.Add(wait)
		}
		if sent = l.turn(r, now); l.pulse.narrow(sent) {
			return pacedBatch
		}
		return batch
	}, func(packets []ring.Packet, replaying bool, now time.Time) time.Duration {
		l.pulse.number(packets, numbers[:], replaying, now)
		together.Hold()
		bytes := 0
		for i := range packets {
			h.write(w, packets[i], numbers[i])
			bytes += len(packets[i].Payload)
		}
		together.Go()
		told.sent(packets, now)
		if due := told.due(now); due != nil {
			_ = l.pc.WriteRTCP([]rtcp.Packet{due})
		}
		part := 1.0 // that these are of what is to be replayed
		if replaying {
			part = float64(len(packets)) / float64(len(packets)+r.Behind())
		}
		return l.pulse.pace(bytes, sent, l.takes.Load(), replaying, part, now)
	})
}

// follow writes what a reader hands out until ctx ends, which stirs the reader. before says how many packets may leave
// together, out how long the next ones wait.
func follow(ctx context.Context, r *ring.Reader, before func(time.Time) int, out func([]ring.Packet, bool, time.Time) time.Duration) {
	var packets [batch]ring.Packet
	for ctx.Err() == nil {
		now := time.Now()
		n, replaying := r.Read(packets[:before(now)], now)
		if n == 0 {
			if !r.Wait(ctx) {
				return
			}
			continue
		}
		if wait := out(packets[:n], replaying, now); wait > 0 && !sleep(ctx, wait) {
			return
		}
	}
}

// pad sends a packet of nothing, where that is possible now: it reports whether it was.
func (l *lane) pad() bool {
	l.mu.Lock()
	r, w, h := l.reader, l.writer, newHead(l.pt, l.ssrc, l.extension)
	l.mu.Unlock()
	if r == nil || w == nil {
		return false
	}
	now := time.Now()
	p, ok := r.Pad(now)
	if ok {
		l.send(w, h, p, now)
	}
	return ok
}

// send writes a packet beside those of forward.
func (l *lane) send(w webrtc.TrackLocalWriter, h *head, p ring.Packet, now time.Time) {
	var number [1]uint16
	l.pulse.number([]ring.Packet{p}, number[:], false, now)
	h.write(w, p, number[0])
}

// listen answers what the viewer asks for, until the connection ends.
func (l *lane) listen() {
	buf := make([]byte, packetMax)
	for {
		n, _, err := l.sender.Read(buf)
		if err != nil {
			return
		}
		l.heard(buf[:n], time.Now())
	}
}

// heard answers one RTCP packet, unless they are a flood.
func (l *lane) heard(b []byte, now time.Time) {
	if l.pulse.due(now) {
		readFeedback(b, l.number(), now, l)
	}
}

func (l *lane) number() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ssrc
}

func (l *lane) arrivals(report []byte, now time.Time) { l.pulse.arrivals(report, now) }

func (l *lane) receipt(r rtcp.ReceptionReport, now time.Time) { l.pulse.receipt(r, now) }

// restart answers a viewer that needs a key frame: the last one is shown again. Where it cannot or that has not helped,
// the source is asked for another: one that sends what it has again takes as much of a SIM as the pictures since its last
// one.
func (l *lane) restart(now time.Time) {
	l.pulse.back(now)
	l.again(now)
}

// resume goes on after a cut: with the last key frame, and nothing of before is sent again.
func (l *lane) resume(now time.Time) {
	l.mu.Lock()
	r := l.reader
	l.mu.Unlock()
	if r != nil {
		r.Forget()
		l.again(now)
	}
}

func (l *lane) again(now time.Time) {
	l.mu.Lock()
	r, src, moved := l.reader, l.on, l.moved
	since := now.Sub(l.asked)
	if since > askOften/5 {
		l.asked = now
	}
	l.mu.Unlock()
	if r == nil || src == nil {
		return
	}
	if bits := l.pulse.limit.Load(); bits > 0 && (now.Sub(moved) < catchUpIn || !src.log.Fresh(past(bits), now)) {
		if now.Sub(moved) >= catchUpIn && since >= askOften {
			src.needKey(now) // all since the last one again would hold up what comes
		}
		return
	}
	if !r.Restart(now) || since > askOften/5 && since < askOften {
		src.needKey(now)
	}
}

func (l *lane) resend(n *rtcp.TransportLayerNack, now time.Time) {
	l.pulse.back(now)
	l.mu.Lock()
	r, writer := l.reader, l.writer
	h := newHead(l.pt, l.ssrc, l.extension)
	l.mu.Unlock()
	if r == nil || writer == nil {
		return
	}
	for i := range n.Nacks {
		n.Nacks[i].Range(func(seq uint16) bool {
			if p, ok := r.Resend(seq, now, l.pulse.mayResend); ok {
				l.send(writer, h, p, now)
			}
			return true
		})
	}
}

// Bind implements webrtc.TrackLocal: it tells where to write and how.
func (l *lane) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, c := range t.CodecParameters() {
		if !strings.EqualFold(c.MimeType, webrtc.MimeTypeH264) || !strings.Contains(c.SDPFmtpLine, "packetization-mode=1") {
			continue
		}
		l.mu.Lock()
		l.writer, l.ssrc, l.pt = t.WriteStream(), uint32(t.SSRC()), uint8(c.PayloadType)
		for _, e := range t.HeaderExtensions() {
			if e.URI == sdp.TransportCCURI {
				l.extension = uint8(e.ID) //nolint:gosec // 1 to 14
			}
		}
		l.mu.Unlock()
		l.bound()
		return c, nil
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind implements webrtc.TrackLocal. The connection ends.
func (l *lane) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID implements webrtc.TrackLocal.
func (l *lane) ID() string { return l.id }

// RID implements webrtc.TrackLocal.
func (l *lane) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (l *lane) StreamID() string { return l.streamID }

// Kind implements webrtc.TrackLocal.
func (l *lane) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeVideo }
