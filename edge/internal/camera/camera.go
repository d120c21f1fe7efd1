// Package camera reads pictures from IP cameras over RTSP, or from a source of the terminal itself. The publisher and the
// ring use it. Rules that must never break: a camera is open only while somebody asks for its picture, once for all who
// do, and its password is never logged nor part of an error.
package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
)

// Options describe one camera.
type Options struct {
	ID           string
	URL          string   // rtsp://[user@]host[:554]/path, without the password
	Sub          string   // the same of its smaller picture; empty: it has none
	PasswordFile string   // file that holds the password of the user in URL
	Sound        bool     // its sound is read as well
	Source       Source   // where the picture comes from instead; nil: from URL
	Smaller      Source   // the same of Sub
	KeyFrame     KeyFrame // asks the camera for a key frame; nil: it cannot be asked
	Log          *slog.Logger
}

// KeyFrame asks a camera for a key frame in each of its pictures.
type KeyFrame func(ctx context.Context) error

// Source is a picture that does not come by RTSP (encoder.Encoder). It may be shared by several cameras.
type Source interface {
	// Check says what is missing without opening anything.
	Check() error
	// Read hands over access units until ctx ends or it fails: all units of one picture, at 90 kHz, and when it came.
	Read(ctx context.Context, take func(units [][]byte, at uint32, now time.Time)) error
	// Adapts reports whether the bit rate can follow the link.
	Adapts() bool
	// Estimate tells how many bits a second the link carries and which part of the packets was lost of late.
	Estimate(bits int, lost float64)
}

// The ways a camera fails. The text is what the duty desk reads, so it says what to look at.
var (
	ErrUnreachable = errors.New("camera does not answer")
	ErrPassword    = errors.New("camera refuses the user or password")
	ErrNoPicture   = errors.New("camera does not know the path of the picture")
	ErrCodec       = errors.New("camera sends no H.264 picture")
	ErrBFrames     = errors.New("camera sends B frames; switch them off or use the baseline profile")
	ErrStalled     = errors.New("camera stopped sending")
	ErrSource      = errors.New("camera of the terminal gives no picture")
)

// Frame is one picture as coded by the camera: all NAL units of one access unit, in order. A key frame
// always begins with its parameter sets.
type Frame struct {
	Units [][]byte
	Time  uint32 // 90 kHz clock of the camera; starts anywhere and jumps at a reconnect
	At    time.Time
	Key   bool
	First bool // first of a connection: Time has no relation to the frame before
}

// Camera is one camera.
type Camera struct {
	o Options

	sharing  sync.Mutex // what follows; held while frames are handed over
	readers  []*reader
	open     *opening // nil: nobody reads
	gop      GOP
	watchers []func(error)

	hearing sync.Mutex // held while sound is handed over
	hearers []*hearer

	mu    sync.Mutex
	codec string // of its sound
	has   string // the codec that it has instead of one to pass on
	mute  error  // why there is none
}

// New makes a camera. Nothing is opened.
func New(o Options) *Camera {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("component", "camera", "camera", o.ID)
	return &Camera{o: o}
}

// Check says what is wrong with the options without opening the camera.
func (o *Options) Check() error {
	if o.Source != nil {
		if err := o.Source.Check(); err != nil {
			return fmt.Errorf("camera %s: %w: %w", o.ID, ErrSource, err)
		}
		return nil
	}
	u, err := o.url()
	if err != nil {
		return err
	}
	if u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return fmt.Errorf("camera %s: scheme %q is neither rtsp nor rtsps", o.ID, u.Scheme)
	}
	return nil
}

// url is the address with the password filled in. Its errors never show the address.
func (o *Options) url() (*base.URL, error) {
	u, err := base.ParseURL(o.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("camera %s: address is not like rtsp://user@host/path", o.ID)
	}
	if o.PasswordFile == "" {
		return u, nil
	}
	text, err := os.ReadFile(o.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("camera %s: read password: %w", o.ID, err)
	}
	name := ""
	if u.User != nil {
		name = u.User.Username()
	}
	u.User = url.UserPassword(name, strings.TrimRight(string(text), "\r\n"))
	return u, nil
}

// The waits between attempts.
const (
	backoffFirst = 250 * time.Millisecond
	backoffLast  = 5 * time.Second
	// backoffRefused is the wait once a password was refused: cameras lock out who tries often.
	backoffRefused = time.Minute
	stall          = 5 * time.Second // without a frame the connection is made anew
)

// run opens the camera and hands over its frames until ctx ends; a connection that breaks is made again.
// state is told nil with the first frame of a connection, and the error when it ends. The two functions
// are never called at once.
func (c *Camera) run(ctx context.Context, frame func(Frame), state func(error)) {
	wait, said := backoffFirst, ""
	for {
		started := false
		err := c.once(ctx, func(f Frame) {
			if !started {
				started, wait = true, backoffFirst
				c.o.Log.Info("camera opened")
				state(nil)
			}
			frame(f)
		})
		if ctx.Err() != nil {
			return
		}
		if now := err.Error(); started || now != said { // a dead one is recorded, so it is tried all the time
			said = now
			c.o.Log.Warn("camera lost", "error", err)
		}
		state(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, backoffLast)
		if errors.Is(err, ErrPassword) {
			wait = backoffRefused
		}
	}
}
