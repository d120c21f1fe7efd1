package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// Server is one RTSP server with a path for each camera.
type Server struct {
	Listen   string           // address; port 0 takes a free one
	Cameras  map[string]*Clip // by id, which is the path
	Sounds   map[string]bool  // which of them have a microphone
	Speakers map[string]bool  // which of them have a loudspeaker
	Log      *slog.Logger

	server *gortsplib.Server
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	streams map[string]*gortsplib.ServerStream // those not cut
	clips   map[string]*Clip                   // what they play now
	playing map[*gortsplib.ServerSession]string
	spoken  map[string]int
	keys    map[string]bool // who shall send a key frame next
}

const (
	clockRate = 90_000
	alawRate  = 8000
	// Tone is how many pictures of a clip are heard, from its first on.
	Tone = 10
)

// Start listens and lets the cameras run.
func (s *Server) Start(ctx context.Context) error {
	s.streams, s.playing = map[string]*gortsplib.ServerStream{}, map[*gortsplib.ServerSession]string{}
	s.clips, s.spoken, s.keys = maps.Clone(s.Cameras), map[string]int{}, map[string]bool{}
	s.server = &gortsplib.Server{
		Handler:     s,
		RTSPAddress: s.Listen,
		Listen: func(network, address string) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, network, address)
		},
	}
	if err := s.server.Start(); err != nil {
		return fmt.Errorf("listen for rtsp: %w", err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	for id := range s.Cameras {
		if err := s.Restore(id); err != nil {
			return errors.Join(err, s.Stop(ctx))
		}
		s.done.Go(func() { s.play(run, id) })
	}
	return nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.server.NetListener().Addr().String() }

// URL is the address of one camera.
func (s *Server) URL(id string) string { return "rtsp://" + s.Addr() + "/" + id }

// Stop ends all.
func (s *Server) Stop(context.Context) error {
	s.cancel()
	s.done.Wait()
	for id := range s.Cameras {
		s.Cut(id)
	}
	s.server.Close()
	return nil
}

// Cut makes a camera unreachable: its sessions end and it is not found.
func (s *Server) Cut(id string) {
	s.mu.Lock()
	stream := s.streams[id]
	delete(s.streams, id)
	s.mu.Unlock()
	if stream != nil {
		stream.Close()
	}
}

// Restore brings a camera back.
func (s *Server) Restore(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	clip, ok := s.clips[id]
	if !ok {
		return fmt.Errorf("no camera %s", id)
	}
	if s.streams[id] != nil {
		return nil
	}
	medias := []*description.Media{{
		Type:    description.MediaTypeVideo,
		Formats: []format.Format{&format.H264{PayloadTyp: 96, SPS: clip.SPS, PPS: clip.PPS, PacketizationMode: 1}},
	}}
	if s.Sounds[id] {
		medias = append(medias, &description.Media{
			Type:    description.MediaTypeAudio,
			Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: alawRate, ChannelCount: 1}},
		})
	}
	if s.Speakers[id] {
		medias = append(medias, &description.Media{
			Type: description.MediaTypeAudio, IsBackChannel: true,
			Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}},
		})
	}
	stream := &gortsplib.ServerStream{Server: s.server, Desc: &description.Session{Title: "演示数据 " + id, Medias: medias}}
	if err := stream.Initialize(); err != nil {
		return fmt.Errorf("open camera %s: %w", id, err)
	}
	s.streams[id] = stream
	return nil
}

// Show has a camera go on with another clip from its next picture on, as one whose resolution is changed does: its
// sessions stay and their time runs on.
func (s *Server) Show(id string, clip *Clip) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clips[id] == nil {
		return fmt.Errorf("no camera %s", id)
	}
	s.clips[id] = clip
	return nil
}

// Key has a camera send a key frame next: its clip begins anew.
func (s *Server) Key(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = true
}

// keyed reports whether it shall, once.
func (s *Server) keyed(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.keys[id]
	delete(s.keys, id)
	return is
}

func (s *Server) clip(id string) *Clip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clips[id]
}

func (s *Server) stream(path string) *gortsplib.ServerStream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[strings.Trim(path, "/")]
}

// play writes the pictures for ever; the timestamps follow the number of the picture, not the clock.
func (s *Server) play(ctx context.Context, id string) {
	encoder, err := (&format.H264{PayloadTyp: 96, PacketizationMode: 1}).CreateEncoder()
	if err != nil {
		s.Log.Error("make rtp encoder", "camera", id, "error", err)
		return
	}
	clip, at, heard := s.clip(id), 0, uint32(0)
	due, stamp := time.Now(), rand.Uint32()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ; ; at++ {
		timer.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if next := s.clip(id); next != clip {
			clip, at = next, 0
		}
		if s.keyed(id) {
			at = 0
		}
		packets, err := encoder.Encode(clip.Units[at%len(clip.Units)])
		if err != nil {
			s.Log.Error("packetize picture", "camera", id, "error", err)
			return
		}
		s.write(id, packets, stamp, due)
		s.say(id, at, clip, heard)
		heard++
		due, stamp = due.Add(clip.Step), stamp+uint32(int64(clip.Step)*clockRate/int64(time.Second)) //nolint:gosec // of a picture
	}
}

// write hands a picture to whoever watches.
func (s *Server) write(id string, packets []*rtp.Packet, stamp uint32, due time.Time) {
	stream := s.stream(id)
	if stream == nil {
		return
	}
	for _, p := range packets {
		p.Timestamp = stamp
		if err := stream.WritePacketRTPWithNTP(stream.Desc.Medias[0], p, due); err != nil {
			s.Log.Debug("write picture", "camera", id, "error", err)
		}
	}
}

// say hands over what is heard with a picture; n counts the pictures.
func (s *Server) say(id string, at int, clip *Clip, n uint32) {
	stream := s.stream(id)
	if stream == nil || !s.Sounds[id] {
		return
	}
	samples := int(int64(clip.Step) * alawRate / int64(time.Second))
	one := []byte{0xd5} // silence
	if at%len(clip.Units) < Tone {
		one = []byte{0xaa, 0xaa, 0xaa, 0xaa, 0x2a, 0x2a, 0x2a, 0x2a} // a square wave as loud as it can be
	}
	p := &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(n), Timestamp: n * uint32(samples), SSRC: 7}, //nolint:gosec // wrap around
		Payload: bytes.Repeat(one, samples/len(one)),
	}
	if err := stream.WritePacketRTP(stream.Desc.Medias[1], p); err != nil {
		s.Log.Debug("write sound", "camera", id, "error", err)
	}
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (s *Server) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.find(ctx.Path)
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (s *Server) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.find(ctx.Path)
}

// Readers is how many sessions a camera plays to.
func (s *Server) Readers(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, playing := range s.playing {
		if playing == id {
			n++
		}
	}
	return n
}

// Spoken is how many packets of sound came for a camera's loudspeaker.
func (s *Server) Spoken(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spoken[id]
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (s *Server) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.playing, ctx.Session)
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (s *Server) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	id := strings.Trim(ctx.Path, "/")
	s.mu.Lock()
	s.playing[ctx.Session] = id
	s.mu.Unlock()
	ctx.Session.OnPacketRTPAny(func(_ *description.Media, _ format.Format, p *rtp.Packet) {
		if len(p.Payload) == 0 {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spoken[id]++
	})
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *Server) find(path string) (*base.Response, *gortsplib.ServerStream, error) {
	stream := s.stream(path)
	if stream == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, stream, nil
}
