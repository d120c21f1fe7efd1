// Package cameratest is a real RTSP camera on loopback that plays a clip. The tests of camera and
// publisher use it.
package cameratest

import (
	"bytes"
	_ "embed"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"
)

//go:embed testdata/clip.h264
var clip []byte

// Interval is the time between two pictures of the clip.
const Interval = 80 * time.Millisecond

// Camera is the server. It plays whether anybody looks or not, as a camera does.
type Camera struct {
	URL string // without password

	server   *gortsplib.Server
	stream   *gortsplib.ServerStream
	media    *description.Media
	sound    *description.Media // nil: none
	horn     *description.Media // nil: none
	user     string
	password string

	mu      sync.Mutex
	playing map[*gortsplib.ServerSession]bool
	opened  int
	silent  bool
	scatter bool
	said    []rtp.Packet
}

// Start runs a camera until the test ends. With a password, the user is "viewer".
func Start(t testing.TB, password string) *Camera { return StartSound(t, password, nil) }

// StartSound is Start of a camera that also hears: it says "flood", in packets of the format.
func StartSound(t testing.TB, password string, sound format.Format) *Camera {
	t.Helper()
	return start(t, password, sound, nil)
}

// StartHorn is Start of a camera with a loudspeaker that takes these formats over its back channel. Of none, it refuses
// to be asked for one, as cameras without do.
func StartHorn(t testing.TB, password string, formats ...format.Format) *Camera {
	t.Helper()
	return start(t, password, nil, &description.Media{Type: description.MediaTypeAudio, IsBackChannel: true, Formats: formats})
}

func start(t testing.TB, password string, sound format.Format, horn *description.Media) *Camera {
	t.Helper()
	c := &Camera{playing: map[*gortsplib.ServerSession]bool{}, user: "viewer", password: password, horn: horn}
	if sound != nil {
		c.sound = &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{sound}}
	}
	units, sps, pps := pictures()
	h264 := &format.H264{PayloadTyp: 96, SPS: sps, PPS: pps, PacketizationMode: 1}
	c.media = &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{h264}}
	address := c.listen(t)
	medias := []*description.Media{c.media}
	if c.sound != nil {
		medias = append(medias, c.sound)
	}
	if c.horn != nil && len(c.horn.Formats) > 0 {
		medias = append(medias, c.horn)
	}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: medias}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { c.play(h264, units, stop) })
	t.Cleanup(func() {
		close(stop)
		wg.Wait()
		c.stream.Close()
	})
	c.URL = fmt.Sprintf("rtsp://%s/main", address)
	if password != "" {
		c.URL = fmt.Sprintf("rtsp://%s@%s/main", c.user, address)
	}
	return c
}

// listen starts the server, until the test ends, and says where.
func (c *Camera) listen(t testing.TB) (address string) {
	t.Helper()
	// The library cannot listen on port 0 and say which it got.
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	_ = free.Close()
	c.server = &gortsplib.Server{RTSPAddress: address, Handler: c}
	if err := c.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.server.Close)
	return address
}

// play sends the clip over and over. Parameter sets are in the description only.
func (c *Camera) play(h264 *format.H264, units [][][]byte, stop <-chan struct{}) {
	encoder, err := h264.CreateEncoder()
	if err != nil {
		panic(err) // the format is a literal
	}
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for i := uint32(0); ; i++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		silent, scatter := c.silent, c.scatter
		c.mu.Unlock()
		packets, err := encoder.Encode(units[i%uint32(len(units))])
		if silent || err != nil {
			continue
		}
		at := i * 7200
		if scatter && i%3 == 1 {
			at += 3 * 7200 // shown after the two pictures that follow, as with B frames
		}
		for _, p := range packets {
			p.Timestamp = at
			_ = c.stream.WritePacketRTP(c.media, p)
		}
		if c.sound != nil {
			f := c.sound.Formats[0]
			_ = c.stream.WritePacketRTP(c.sound, &rtp.Packet{
				Header:  rtp.Header{Version: 2, PayloadType: f.PayloadType(), SequenceNumber: uint16(i), Timestamp: i * uint32(f.ClockRate()) / 1000 * uint32(Interval.Milliseconds()), SSRC: 7},
				Payload: []byte("flood"),
			})
		}
	}
}

// pictures cuts the clip at its delimiters.
func pictures() (units [][][]byte, sps, pps []byte) {
	for part := range bytes.SplitSeq(clip, []byte{0, 0, 1}) {
		part = bytes.TrimRight(part, "\x00")
		if len(part) == 0 {
			continue
		}
		switch part[0] & 0x1f {
		case 9:
			units = append(units, nil)
		case 7:
			sps = part
		case 8:
			pps = part
		case 1, 5:
			units[len(units)-1] = append(units[len(units)-1], part)
		}
	}
	return units, sps, pps
}

// Viewers is how many sessions play.
func (c *Camera) Viewers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.playing)
}

// Opened is how often it was played.
func (c *Camera) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Said is what came for its loudspeaker.
func (c *Camera) Said() []rtp.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

// Silence makes it send nothing, or go on.
func (c *Camera) Silence(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = on
}

// Scatter makes it show pictures in another order than it sends them.
func (c *Camera) Scatter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scatter = true
}

// Cut breaks all connections.
func (c *Camera) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.playing {
		go s.Close()
	}
}

func (c *Camera) allowed(conn *gortsplib.ServerConn, req *base.Request) bool {
	return c.password == "" || conn.VerifyCredentials(req, c.user, c.password)
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (c *Camera) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !c.allowed(ctx.Conn, ctx.Request) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if ctx.Path != "/main" {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	if c.horn != nil && len(c.horn.Formats) == 0 && len(ctx.Request.Header["Require"]) > 0 {
		return &base.Response{StatusCode: base.StatusOptionNotSupported}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (c *Camera) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (c *Camera) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.playing[ctx.Session] = true
	c.opened++
	ctx.Session.OnPacketRTPAny(func(_ *description.Media, _ format.Format, p *rtp.Packet) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.said = append(c.said, *p.Clone())
	})
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (c *Camera) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.playing, ctx.Session)
}
