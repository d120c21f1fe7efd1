package sfu

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/jitter"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	// reorder is how long a lost packet is waited for: six round trips of a 4G link. Only a hole costs the wait; one
	// that is given up costs the picture until the next key frame.
	reorder   = 650 * time.Millisecond
	nackEvery = 20 * time.Millisecond
	packetMax = 1500
)

// publisher is the session that a stream comes from.
type publisher struct {
	*connection
	sfu    *SFU
	src    *source
	ctx    context.Context //nolint:containedctx // the life of the session; close cancels it
	cancel context.CancelFunc
	ssrc   atomic.Uint32
	taken  atomic.Bool
	sounds atomic.Bool
	start  sync.Once
	back   *voice // nil: no sound was offered

	mu  sync.Mutex
	buf *jitter.Buffer
}

func newPublisher(s *SFU, src *source, c *connection, d description) (*publisher, error) {
	p := &publisher{connection: c, sfu: s, src: src, buf: jitter.New(reorder)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if d.sounds > 0 {
		// What is spoken to the scene goes back in the same session, when it takes sound at all.
		p.back = &voice{pc: c.pc, id: "back", streamID: src.name, bound: func() { go p.back.follow(p.ctx, &src.back) }}
		if err := p.back.add(webrtc.RTPTransceiverDirectionSendrecv); err != nil {
			p.cancel()
			return nil, fmt.Errorf("add track: %w", err)
		}
	}
	c.pc.OnTrack(p.track)
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if dead(state) {
			p.close()
		}
	})
	return p, nil
}

// track begins to take a picture or sound. Everything else is read and thrown away, as the library wants.
func (p *publisher) track(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	go drain(receiver.Read)
	switch {
	case t.Kind() == webrtc.RTPCodecTypeAudio && p.sounds.CompareAndSwap(false, true):
		p.begin()
		takeSound(p, t, &p.src.sound)
	case t.Kind() == webrtc.RTPCodecTypeVideo && p.taken.CompareAndSwap(false, true):
		p.picture(t)
	default:
		drain(t.Read)
	}
}

// begin makes the session the one that the stream comes from, with its first track.
func (p *publisher) begin() {
	p.start.Do(p.replace)
}

func (p *publisher) replace() {
	if before := p.src.take(p); before != nil {
		p.sfu.log.Info("publisher was replaced", "stream", p.src.name)
		before.close()
	}
	p.sfu.log.Info("publisher connected", "stream", p.src.name)
	p.sfu.changed(video.Change{Stream: p.src.name})
}

// picture takes a picture until it ends.
func (p *publisher) picture(t *webrtc.TrackRemote) {
	p.ssrc.Store(uint32(t.SSRC()))
	p.begin()
	done := make(chan struct{})
	go func() {
		p.mend()
		close(done)
	}()
	p.read(t)
	p.cancel()
	<-done
}

func drain[A any](read func([]byte) (int, A, error)) {
	buf := make([]byte, packetMax)
	for {
		if _, _, err := read(buf); err != nil {
			return
		}
	}
}

// read takes packets until the track ends.
func (p *publisher) read(t *webrtc.TrackRemote) {
	buf := make([]byte, packetMax)
	var packet rtp.Packet
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		if packet.Unmarshal(buf[:n]) != nil {
			continue // rubbish
		}
		now := time.Now()
		payload := make([]byte, len(packet.Payload)) // kept in the ring; the header and its extensions are not
		copy(payload, packet.Payload)
		p.mu.Lock()
		p.buf.Push(jitter.Packet{
			Seq: packet.SequenceNumber, Time: packet.Timestamp, Marker: packet.Marker, Payload: payload,
		}, now)
		p.mu.Unlock()
		p.pump(now)
	}
}

// pump moves what is in order into the ring.
func (p *publisher) pump(now time.Time) {
	p.mu.Lock()
	first, hole := false, false
	for {
		packet, gap, ok := p.buf.Pop(now)
		if !ok {
			break
		}
		hole = hole || gap
		first = p.src.write(p, packet, gap, now) || first
	}
	p.mu.Unlock()
	if first {
		p.sfu.changed(video.Change{Stream: p.src.name})
	}
	if hole {
		p.src.needKey(now)
	}
}

// mend asks for lost packets and gives up on those that do not come.
func (p *publisher) mend() {
	tick := time.NewTicker(nackEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case now := <-tick.C:
			p.pump(now)
			p.src.log.Nudge()
			p.mu.Lock()
			missing := p.buf.Missing(now)
			p.mu.Unlock()
			p.src.mend(p, now)
			if len(missing) == 0 {
				continue
			}
			ssrc := p.ssrc.Load()
			_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
				SenderSSRC: ssrc, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(missing),
			}})
		}
	}
}

// needKey asks for a key frame.
func (p *publisher) needKey() {
	_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: p.ssrc.Load()}})
}

// close ends the session; it may be called more than once.
func (p *publisher) close() {
	p.cancel()
	p.src.drop(p)
	p.connection.close()
	if p.sfu.remove(p.id, p.src.name) {
		p.sfu.log.Info("publisher left", "stream", p.src.name)
	}
}
