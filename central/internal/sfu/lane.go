package sfu

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
)

const (
	batch = 16 // packets that leave together, between looks at the clock
	// pace slows a replay, so that it does not overflow the sockets on the way: 16 packets in two
	// milliseconds are about 75 Mbit/s.
	pace = 2 * time.Millisecond
	// askOften is how soon a viewer asks again that the last key frame has not helped.
	askOften = 5 * time.Second
)

// lane is one picture on its way to a viewer: a track of a connection, with numbers and times of its own that run
// on whatever stream is shown on it. It implements webrtc.TrackLocal.
type lane struct {
	engine   *engine
	pc       *webrtc.PeerConnection
	id       string // of the track
	streamID string
	bound    func() // the track may be written to from now on

	mu     sync.Mutex
	sender *webrtc.RTPSender
	writer webrtc.TrackLocalWriter
	ssrc   uint32
	pt     uint8
	reader *ring.Reader // nil until something was shown
	src    *source      // shown now
	asked  time.Time    // when its viewer asked for a key frame
}

// show takes the reader of the lane to a stream. What was shown before has ended.
func (l *lane) show(src *source) *ring.Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.src = src
	if l.reader == nil {
		l.reader = ring.NewReader(src.log)
	} else {
		l.reader.Move(src.log)
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

// forward writes the stream that is shown until ctx ends.
func (l *lane) forward(ctx context.Context, r *ring.Reader, src *source) {
	l.mu.Lock()
	w, h := l.writer, &rtp.Header{Version: 2, PayloadType: l.pt, SSRC: l.ssrc}
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, src.log.Wake)
	defer stop()
	if !src.log.Playable() {
		src.needKey(time.Now())
	}
	together := l.engine.yard.Add(h.SSRC)
	defer together.End()
	told := timing{ssrc: h.SSRC}
	follow(ctx, r, func(packets []ring.Packet, now time.Time) {
		together.Hold()
		for i := range packets {
			write(w, h, packets[i])
		}
		together.Go()
		told.sent(packets, now)
		if due := told.due(now); due != nil {
			_ = l.pc.WriteRTCP([]rtcp.Packet{due})
		}
	})
}

// follow writes what a reader hands out until ctx ends.
func follow(ctx context.Context, r *ring.Reader, out func([]ring.Packet, time.Time)) {
	var packets [batch]ring.Packet
	for ctx.Err() == nil {
		now := time.Now()
		n, replaying := r.Read(packets[:], now)
		if n == 0 {
			if !r.Wait(ctx) {
				return
			}
			continue
		}
		out(packets[:n], now)
		if replaying {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pace):
			}
		}
	}
}

// write sends one packet with a header that only the caller uses. An error is of the session, which ends by
// itself.
func write(w webrtc.TrackLocalWriter, h *rtp.Header, p ring.Packet) {
	h.SequenceNumber, h.Timestamp, h.Marker = p.Seq, p.Time, p.Marker
	_, _ = w.WriteRTP(h, p.Payload)
}

// listen answers what the viewer asks for, until the connection ends.
func (l *lane) listen() {
	buf := make([]byte, packetMax)
	for {
		n, _, err := l.sender.Read(buf)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			continue // rubbish
		}
		now := time.Now()
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				l.restart(now)
			case *rtcp.TransportLayerNack:
				l.resend(p, now)
			}
		}
	}
}

// restart shows the last key frame again. Where it cannot or that has not helped, the source is asked for another: one that sends what it has
// again takes as much of a SIM as the pictures since its last one.
func (l *lane) restart(now time.Time) {
	l.mu.Lock()
	r, src := l.reader, l.src
	since := now.Sub(l.asked)
	if since > askOften/5 {
		l.asked = now
	}
	l.mu.Unlock()
	if r == nil || src == nil {
		return
	}
	if !r.Restart(now) || since > askOften/5 && since < askOften {
		src.needKey(now)
	}
}

func (l *lane) resend(n *rtcp.TransportLayerNack, now time.Time) {
	l.mu.Lock()
	r, writer := l.reader, l.writer
	header := &rtp.Header{Version: 2, PayloadType: l.pt, SSRC: l.ssrc}
	l.mu.Unlock()
	if r == nil || writer == nil || n.MediaSSRC != header.SSRC {
		return
	}
	for i := range n.Nacks {
		n.Nacks[i].Range(func(seq uint16) bool {
			if p, ok := r.Resend(seq, now); ok {
				write(writer, header, p)
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
