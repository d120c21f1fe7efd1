package sfu

import (
	"context"
	"fmt"
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
)

// viewer is one session that watches.
type viewer struct {
	*connection
	sfu    *SFU
	src    *source
	user   string
	ctx    context.Context //nolint:containedctx // the life of the session; close cancels it
	cancel context.CancelFunc

	mu     sync.Mutex
	up     bool // connected
	sender *webrtc.RTPSender
	writer webrtc.TrackLocalWriter
	ssrc   uint32
	pt     uint8
	reader *ring.Reader
}

func newViewer(s *SFU, src *source, c *connection, user string) (*viewer, error) {
	v := &viewer{connection: c, sfu: s, src: src, user: user}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	transceiver, err := c.pc.AddTransceiverFromTrack(v, only)
	if err != nil {
		return nil, fmt.Errorf("add track: %w", err)
	}
	v.sender = transceiver.Sender()
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch {
		case state == webrtc.PeerConnectionStateConnected:
			v.mu.Lock()
			v.up = true
			v.begin()
			v.mu.Unlock()
		case dead(state):
			v.close()
		}
	})
	return v, nil
}

// close ends the session; it may be called more than once.
func (v *viewer) close() {
	v.cancel()
	v.connection.close()
	v.sfu.remove(v.id, v.src.name)
}

// begin starts to send once the session is connected and its track is bound, whichever comes last. The
// caller holds the lock.
func (v *viewer) begin() {
	if !v.up || v.writer == nil || v.reader != nil {
		return
	}
	v.reader = ring.NewReader(v.src.log)
	header := &rtp.Header{Version: 2, PayloadType: v.pt, SSRC: v.ssrc}
	go v.forward(v.reader, v.writer, header)
	go v.listen()
}

// forward writes the stream until the session ends.
func (v *viewer) forward(r *ring.Reader, w webrtc.TrackLocalWriter, h *rtp.Header) {
	stop := context.AfterFunc(v.ctx, v.src.log.Wake)
	defer stop()
	if !v.src.log.Playable() {
		v.src.needKey(time.Now())
	}
	together := v.sfu.engine.yard.Add(h.SSRC)
	defer together.End()
	told := timing{ssrc: h.SSRC}
	follow(v.ctx, r, func(packets []ring.Packet, now time.Time) {
		together.Hold()
		for i := range packets {
			write(w, h, packets[i])
		}
		together.Go()
		told.sent(packets, now)
		if due := told.due(now); due != nil {
			_ = v.pc.WriteRTCP([]rtcp.Packet{due})
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

// listen answers what the viewer asks for.
func (v *viewer) listen() {
	buf := make([]byte, packetMax)
	for {
		n, _, err := v.sender.Read(buf)
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
				v.restart(now)
			case *rtcp.TransportLayerNack:
				v.resend(p, now)
			}
		}
	}
}

// restart shows the last key frame again; the source is asked for a new one too, if it can.
func (v *viewer) restart(now time.Time) {
	v.mu.Lock()
	r := v.reader
	v.mu.Unlock()
	if r == nil {
		return
	}
	r.Restart(now)
	v.src.needKey(now)
}

func (v *viewer) resend(n *rtcp.TransportLayerNack, now time.Time) {
	v.mu.Lock()
	r, writer := v.reader, v.writer
	header := &rtp.Header{Version: 2, PayloadType: v.pt, SSRC: v.ssrc}
	v.mu.Unlock()
	if r == nil || n.MediaSSRC != header.SSRC {
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
func (v *viewer) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, c := range t.CodecParameters() {
		if !strings.EqualFold(c.MimeType, webrtc.MimeTypeH264) || !strings.Contains(c.SDPFmtpLine, "packetization-mode=1") {
			continue
		}
		v.mu.Lock()
		v.writer, v.ssrc, v.pt = t.WriteStream(), uint32(t.SSRC()), uint8(c.PayloadType)
		v.begin()
		v.mu.Unlock()
		return c, nil
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind implements webrtc.TrackLocal.
func (v *viewer) Unbind(webrtc.TrackLocalContext) error {
	v.cancel()
	return nil
}

// ID implements webrtc.TrackLocal.
func (v *viewer) ID() string { return "video" }

// RID implements webrtc.TrackLocal.
func (v *viewer) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (v *viewer) StreamID() string { return v.src.name }

// Kind implements webrtc.TrackLocal.
func (v *viewer) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeVideo }
