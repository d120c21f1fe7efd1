// Package publisher sends cameras to the centre by WebRTC (WHIP, RFC 9725) while the centre asks for
// them. The agent hands it the media commands. Rule that must never break: nothing is sent without a running
// lease, whatever happens to the link or to the centre, and without one it reads cameras in standby alone.
package publisher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/pion/transport/v2"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/whip"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options is what a publisher needs.
type Options struct {
	Log     *slog.Logger
	BaseURL string       // http(s) address of the centre; a path in a command is meant there
	Client  *http.Client // carries the TLS settings; nil for a plain one
	Cameras []camera.Options
	Sounds  map[string]Sound // by camera, in place of its own sound
	Standby []string         // ids of the cameras that stay open while nobody watches
	Net     transport.Net    // carries WebRTC; nil for the system's
	TCP     func(bytes int)  // is told what went over TCP, which passes Net by; nil for none
	Back    func()           // the link was away for seconds and has come back; nil for none
}

// Sound is sound that does not come from a camera (recorder.Recorder).
type Sound interface {
	// Run hands over packets until ctx ends.
	Run(ctx context.Context, fn func(camera.Sound))
	// Sounds is the codec, or why there is no sound; both are empty while nobody has listened.
	Sounds() (codec string, err error)
}

// The errors of MediaStart.
var (
	ErrCamera = errors.New("no such camera")
	ErrBusy   = errors.New("camera is already sent under another stream")
	ErrLayer  = errors.New("camera has no such picture")
	ErrLease  = errors.New("lease is not between 1 and 120 seconds")
	ErrStop   = errors.New("publisher is not running")
)

const (
	leaseMax     = 120 * time.Second
	probeEvery   = time.Minute
	probeTimeout = 5 * time.Second
)

// Publisher runs the leases.
type Publisher struct {
	o      Options
	centre *url.URL

	mu      sync.Mutex
	ctx     context.Context // of the running leases; nil when stopped
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	leases  map[string]*lease // by stream
	cameras map[string]*state // by camera
}

// state is what is known of a camera.
type state struct {
	camera  *camera.Camera
	err     error
	sending bool
	standby bool   // it is open while nobody watches
	sound   bool   // its sound is sent with the picture
	other   Sound  // which comes from elsewhere; nil: from the camera
	small   *small // nil: there is no smaller picture
}

// small is the smaller picture of a camera. It is opened with its lease, and has no sound.
type small struct {
	camera  *camera.Camera
	err     error
	sending bool
}

// New makes a publisher. Nothing is opened.
func New(o Options) *Publisher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	}
	if o.Back == nil {
		o.Back = func() {}
	}
	p := &Publisher{o: o, leases: map[string]*lease{}, cameras: map[string]*state{}}
	p.o.Log = o.Log.With("component", "publisher")
	for _, c := range o.Cameras {
		if c.Log == nil {
			c.Log = o.Log
		}
		other := o.Sounds[c.ID]
		sound := c.Sound || other != nil
		c.Sound = c.Sound && other == nil
		one := &state{camera: camera.New(c), err: c.Check(), sound: sound, other: other, standby: slices.Contains(o.Standby, c.ID)}
		one.camera.Watch(func(err error) { p.note(&one.err, err) })
		p.cameras[c.ID] = one
		if c.Sub != "" || c.Smaller != nil {
			of := camera.Options{ID: c.ID, URL: c.Sub, PasswordFile: c.PasswordFile, Source: c.Smaller, KeyFrame: c.KeyFrame, Log: c.Log}
			one.small = &small{camera: camera.New(of), err: of.Check()}
			one.small.camera.Watch(func(err error) { p.note(&one.small.err, err) })
		}
	}
	return p
}

// Start lets leases run until Stop, and asks the cameras now and then whether they answer.
func (p *Publisher) Start(ctx context.Context) error {
	centre, err := url.Parse(p.o.BaseURL)
	if err != nil || centre.Host == "" || (centre.Scheme != "http" && centre.Scheme != "https") {
		return fmt.Errorf("start publisher: centre %q is not an http(s) address", p.o.BaseURL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.centre = centre
	p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.look(p.ctx) //nolint:contextcheck // what looks after the cameras outlives the start
	return nil
}

// look opens the cameras in standby and asks the others.
func (p *Publisher) look(ctx context.Context) {
	for id, s := range p.cameras {
		if s.standby {
			stop := s.camera.Read(nil, func(camera.Frame) {}) //nolint:contextcheck // open as long as somebody reads it
			p.wg.Go(func() { <-ctx.Done(); stop() })
			continue
		}
		p.wg.Go(func() { p.probe(ctx, id, s.camera) })
	}
}

// Camera is a camera for who reads its picture beside what is sent; nil: there is none.
func (p *Publisher) Camera(id string) *camera.Camera {
	if s := p.cameras[id]; s != nil { // the map does not change
		return s.camera
	}
	return nil
}

// Stop ends all leases and waits for them.
func (p *Publisher) Stop(ctx context.Context) error {
	p.mu.Lock()
	if p.cancel != nil {
		p.cancel()
	}
	p.ctx = nil
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop publisher: %w", ctx.Err())
	}
}

// Look opens a camera beside its stream until its first key frame, for somebody who asks.
func (p *Publisher) Look(ctx context.Context, id string) (camera.Look, error) {
	s := p.cameras[id] // the map does not change
	if s == nil {
		return camera.Look{}, fmt.Errorf("%w: %.64q", ErrCamera, id)
	}
	return s.camera.Look(ctx), nil
}

// MediaStart starts a stream or renews its lease. It returns at once; States tells how it goes.
func (p *Publisher) MediaStart(m wire.MediaStart) error {
	length := time.Duration(m.LeaseSeconds) * time.Second
	if length < time.Second || length > leaseMax {
		return fmt.Errorf("start stream %s: %w", m.Stream, ErrLease)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil {
		return fmt.Errorf("start stream %s: %w", m.Stream, ErrStop)
	}
	target, err := whip.Target(p.centre, m.WHIP)
	if err != nil {
		return fmt.Errorf("start stream %s: %w", m.Stream, err)
	}
	s, ok := p.cameras[m.Camera]
	if !ok {
		return fmt.Errorf("start stream %s: camera %s: %w", m.Stream, m.Camera, ErrCamera)
	}
	if m.Layer != "" && (m.Layer != wire.LayerSub || s.small == nil) {
		return fmt.Errorf("start stream %s: camera %s: %w", m.Stream, m.Camera, ErrLayer)
	}
	sub := m.Layer == wire.LayerSub
	for stream, l := range p.leases {
		if l.camera == m.Camera && (stream != m.Stream) == (l.sub == sub) { // another name for it, or its name for another
			return fmt.Errorf("start stream %s: camera %s: %w", m.Stream, m.Camera, ErrBusy)
		}
	}
	if l, ok := p.leases[m.Stream]; ok && l.camera == m.Camera {
		l.renew(length, target, m.Token)
		return nil
	}
	l, err := newLease(p.ctx, p, m.Stream, m.Camera, sub, length, target, m.Token)
	if err != nil {
		return fmt.Errorf("start stream %s: %w", m.Stream, err)
	}
	p.leases[m.Stream] = l
	p.wg.Go(func() {
		l.run()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.leases[m.Stream] == l {
			delete(p.leases, m.Stream)
		}
	})
	return nil
}

// MediaStop ends a lease at once; a stream that does not run is no error.
func (p *Publisher) MediaStop(stream string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.leases[stream]; ok {
		l.end()
		delete(p.leases, stream)
	}
	return nil
}

// States tells of every camera whether it answers and whether it is being sent.
func (p *Publisher) States() []wire.CameraState {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]wire.CameraState, 0, len(p.cameras))
	for id, s := range p.cameras {
		c := wire.CameraState{ID: id, OK: s.err == nil, Sending: s.sending}
		if s.err != nil {
			c.Error, c.Fault = s.err.Error(), camera.FaultOf(s.err)
		}
		if s.small != nil {
			c.Sub = &wire.SubState{Sending: s.small.sending}
			if s.small.err != nil {
				c.Sub.Error = s.small.err.Error()
			}
		}
		if s.sound {
			codec, has, err := s.sounds()
			c.Sound = &wire.SoundState{Codec: codec, Has: has}
			if err != nil {
				c.Sound.Error = err.Error()
			}
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// sounds is the codec of what is heard with the camera's picture, what the camera has instead, or why there is none.
func (s *state) sounds() (codec, has string, err error) {
	if s.other != nil {
		codec, err = s.other.Sounds()
		return codec, "", err
	}
	return s.camera.Sounds()
}

// probe looks after a camera that nobody reads, so that a dead one is known before it is needed.
func (p *Publisher) probe(ctx context.Context, id string, c *camera.Camera) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		if !c.IsOpen() {
			one, cancel := context.WithTimeout(ctx, probeTimeout)
			err := c.Probe(one)
			cancel()
			if ctx.Err() != nil {
				return
			}
			if !c.IsOpen() {
				p.note(&p.cameras[id].err, err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// note says how a picture does.
func (p *Publisher) note(of *error, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*of = err
}

// sends notes whether the lease's picture is on its way.
func (l *lease) sends(sending bool) {
	l.pub.mu.Lock()
	defer l.pub.mu.Unlock()
	if s := l.pub.cameras[l.camera]; l.sub {
		s.small.sending = sending
	} else {
		s.sending = sending
	}
}
