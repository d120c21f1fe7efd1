package camera

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"
)

// Probe asks the camera to describe its picture without opening it.
func (c *Camera) Probe(ctx context.Context) error {
	if c.o.Source != nil {
		return c.o.Check()
	}
	client, _, _, _, err := c.describe(ctx)
	if err != nil {
		return err
	}
	client.Close()
	return nil
}

// describe connects and finds the H.264 picture. The caller closes the client.
func (c *Camera) describe(ctx context.Context) (*gortsplib.Client, *description.Session, *description.Media, *format.H264, error) {
	client, desc, err := c.connect(ctx, false)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	var h264 *format.H264
	media := desc.FindFormat(&h264)
	if media == nil {
		client.Close()
		err := ErrCodec
		if has := codecs(desc); has != "" {
			err = &codecError{has}
		}
		return nil, nil, nil, nil, fmt.Errorf("camera %s: %w", c.o.ID, err)
	}
	return client, desc, media, h264, nil
}

// connect connects and has the camera describe itself, with its loudspeaker when that is asked for. The caller closes
// the client.
func (c *Camera) connect(ctx context.Context, horn bool) (*gortsplib.Client, *description.Session, error) {
	u, err := c.o.url()
	if err != nil {
		return nil, nil, err
	}
	tcp := gortsplib.ProtocolTCP
	client := &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Protocol: &tcp, UserAgent: "fengsui-edge", RequestBackChannels: horn,
		ReadTimeout: stall, WriteTimeout: stall,
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			// The library's own context has no deadline; ours ends with the lease.
			dial, cancel := context.WithTimeout(ctx, stall)
			defer cancel()
			return (&net.Dialer{}).DialContext(dial, network, address)
		},
		OnPacketsLost: func(uint64) {}, OnDecodeError: func(error) {}, OnTransportSwitch: func(error) {},
	}
	if err := client.Start(); err != nil {
		return nil, nil, c.failure(u, err)
	}
	// Ends a describe that hangs when the lease ends.
	stop := context.AfterFunc(ctx, client.Close)
	defer stop()
	desc, _, err := client.Describe(u)
	if err != nil {
		client.Close()
		return nil, nil, c.failure(u, err)
	}
	return client, desc, nil
}

// once reads one connection to its end.
func (c *Camera) once(ctx context.Context, out func(Frame)) error {
	if c.o.Source != nil {
		return c.local(ctx, out)
	}
	client, desc, media, h264, err := c.describe(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	stop := context.AfterFunc(ctx, client.Close) // ends a request that hangs when the lease ends
	defer stop()
	decoder, err := h264.CreateDecoder()
	if err != nil {
		return fmt.Errorf("camera %s: %w: %w", c.o.ID, ErrCodec, err)
	}
	address := desc.BaseURL
	if _, err := client.Setup(address, media, 0, 0); err != nil {
		return c.failure(address, err)
	}
	if err := c.listen(client, desc); err != nil {
		return c.failure(address, err)
	}
	a := assembler{sps: h264.SPS, pps: h264.PPS, first: true}
	fail := make(chan error, 1)
	beat := make(chan struct{}, 1)
	began := make(chan struct{})
	begin := sync.OnceFunc(func() { close(began) })
	client.OnPacketRTP(media, h264, func(p *rtp.Packet) {
		units, err := decoder.Decode(p)
		if err != nil {
			return // more packets are needed, or the camera sent rubbish: the next frame decides
		}
		f, ok, err := a.frame(units, p.Timestamp, time.Now())
		if err != nil {
			select {
			case fail <- fmt.Errorf("camera %s: %w", c.o.ID, err):
			default:
			}
			return
		}
		if ok {
			begin()
			select {
			case beat <- struct{}{}:
			default:
			}
			out(f)
		}
	})
	if _, err := client.Play(nil); err != nil {
		return c.failure(address, err)
	}
	asking, asked := context.WithCancel(ctx)
	defer asked()
	if c.o.KeyFrame != nil {
		go c.hurry(asking, began)
	}
	ended := make(chan struct{})
	var cause error
	go func() {
		cause = client.Wait()
		close(ended)
	}()
	// Close waits for the reader, so after the defer no frame is handed over any more.
	defer func() {
		client.Close()
		<-ended
	}()
	err = c.watch(ctx, fail, ended, beat)
	if err == nil {
		err = fmt.Errorf("camera %s: %w: %w", c.o.ID, ErrStalled, cause)
	}
	return err
}

// keyPatience is how long a camera has to begin with a key frame by itself, as many do.
const keyPatience = 100 * time.Millisecond

// hurry asks the camera for a key frame, unless a picture has come: they are up to 12 s apart, and nothing can be shown
// before one. A camera that cannot be asked begins when it does.
func (c *Camera) hurry(ctx context.Context, began <-chan struct{}) {
	select {
	case <-began:
		return
	case <-ctx.Done():
		return
	case <-time.After(keyPatience):
	}
	c.keyFrame(ctx)
}

func (c *Camera) keyFrame(ctx context.Context) {
	if err := c.o.KeyFrame(ctx); err != nil && ctx.Err() == nil {
		c.o.Log.Warn("camera gives no key frame when it is asked", "error", err)
	}
}

// listen opens the sound beside the picture, where it is wanted and there is some to pass on. It never costs the
// picture more than a camera that refuses the set-up.
func (c *Camera) listen(client *gortsplib.Client, desc *description.Session) error {
	if !c.o.Sound {
		return nil
	}
	media, form, codec, err := soundOf(desc)
	if err != nil {
		c.sounds("", codec, err)
		c.o.Log.Info("camera has no sound to pass on", "error", err)
		return nil
	}
	c.sounds(codec, "", nil)
	if _, err := client.Setup(desc.BaseURL, media, 0, 0); err != nil {
		return err
	}
	client.OnPacketRTP(media, form, func(p *rtp.Packet) {
		if len(p.Payload) > 0 {
			c.sound(Sound{Codec: codec, Seq: p.SequenceNumber, Time: p.Timestamp, Marker: p.Marker, Payload: p.Payload})
		}
	})
	return nil
}

// watch waits for the end of a connection: the lease, the camera, or silence. It returns nil when the
// connection ended by itself.
func (c *Camera) watch(ctx context.Context, fail <-chan error, ended, beat <-chan struct{}) error {
	silence := time.NewTimer(stall)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-fail:
			return err
		case <-ended:
			return nil
		case <-beat:
			silence.Reset(stall)
		case <-silence.C:
			return fmt.Errorf("camera %s: %w", c.o.ID, ErrStalled)
		}
	}
}

// failure names an error of the library and takes the password out of its text.
func (c *Camera) failure(u *base.URL, err error) error {
	kind := ErrUnreachable
	if status, ok := errors.AsType[liberrors.ErrClientBadStatusCode](err); ok {
		switch status.Code {
		case base.StatusUnauthorized, base.StatusForbidden:
			kind = ErrPassword
		case base.StatusNotFound:
			kind = ErrNoPicture
		case base.StatusOptionNotSupported: // nothing but the loudspeaker is required
			kind = ErrNoHorn
		default:
		}
	}
	text := err.Error()
	if u.User != nil {
		if password, ok := u.User.Password(); ok && password != "" {
			text = strings.ReplaceAll(text, password, "***")
		}
	}
	return fmt.Errorf("camera %s: %w: %s", c.o.ID, kind, text)
}
