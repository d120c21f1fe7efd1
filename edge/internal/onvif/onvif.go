// Package onvif turns and zooms an IP camera (ONVIF PTZ Service Specification, WSDL ver20, over SOAP 1.2) and
// knows its presets. The steering of the terminal uses it. Rules that must never break: the password goes to the
// camera's configured address only, as a digest (OASIS WS-Security UsernameToken Profile 1.0, or RFC 7616 where a camera demands that), and nothing that a
// camera answers is trusted in its length or form.
package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options describe one camera.
type Options struct {
	ID           string
	Address      string // of its device service, for example http://192.168.1.20/onvif/device_service
	User         string
	PasswordFile string       // file that holds the password of the user
	Client       *http.Client // nil for a plain one
}

// The ways a camera fails. The text is what the duty desk reads, so it says what to look at.
var (
	ErrUnreachable = errors.New("camera does not answer over ONVIF")
	ErrPassword    = errors.New("camera refuses the user or password for ONVIF")
	ErrFixed       = errors.New("camera has no pan, tilt or zoom")
	ErrAnswer      = errors.New("camera answers nothing that ONVIF knows")
	ErrRefused     = errors.New("camera refuses")
)

// Velocity is how fast to move, each -1 to 1 of what the camera can: right, up and in are positive.
type Velocity struct{ Pan, Tilt, Zoom float64 }

// Preset is a place the camera knows by heart.
type Preset struct{ Token, Name string }

const (
	requestTimeout = 4 * time.Second
	maxPresets     = 64
	maxName        = 64 // characters of a preset's name
)

// Camera is one camera. Its methods may be called at once.
type Camera struct {
	o Options

	mu     sync.Mutex
	known  *endpoint  // nil: not asked yet, or it failed since
	digest *challenge // nil: it takes the digest inside the message
}

// endpoint is what has to be known of a camera before it can be moved.
type endpoint struct {
	ptz     string // address
	profile string
	ahead   time.Duration // its clock before ours
}

// New makes a camera. Nothing is opened.
func New(o Options) *Camera {
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	client := *o.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.Client = &client
	return &Camera{o: o}
}

// Move moves until another order, and at most for so long where the camera keeps to it.
func (c *Camera) Move(ctx context.Context, v Velocity, most time.Duration) error {
	return c.act(ctx, func(e endpoint) string { return moveBody(e.profile, v, most) }, nil)
}

// Stop ends every movement.
func (c *Camera) Stop(ctx context.Context) error {
	return c.act(ctx, func(e endpoint) string { return stopBody(e.profile) }, nil)
}

// Go moves to a preset.
func (c *Camera) Go(ctx context.Context, preset string) error {
	return c.act(ctx, func(e endpoint) string { return gotoBody(e.profile, preset) }, nil)
}

// Save makes a preset of where the camera looks now.
func (c *Camera) Save(ctx context.Context, name string) error {
	return c.act(ctx, func(e endpoint) string { return saveBody(e.profile, name) }, nil)
}

// Remove forgets a preset.
func (c *Camera) Remove(ctx context.Context, preset string) error {
	return c.act(ctx, func(e endpoint) string { return removeBody(e.profile, preset) }, nil)
}

// Moves reports whether the camera moves; told is false where it does not say.
func (c *Camera) Moves(ctx context.Context) (moves, told bool, err error) {
	var a answer
	if err := c.act(ctx, func(e endpoint) string { return statusBody(e.profile) }, &a); err != nil {
		return false, false, err
	}
	parts := [...]string{a.Body.Moves.PanTilt, a.Body.Moves.Zoom} // one that it has not is empty
	moves = slices.Contains(parts[:], "MOVING")
	return moves, moves || !slices.Contains(parts[:], "UNKNOWN") && slices.Contains(parts[:], "IDLE"), nil
}

// Presets lists at most 64.
func (c *Camera) Presets(ctx context.Context) ([]Preset, error) {
	var a answer
	if err := c.act(ctx, func(e endpoint) string { return presetsBody(e.profile) }, &a); err != nil {
		return nil, err
	}
	return a.presets(), nil
}

// act sends one order. What was known of the camera is asked anew after a failure.
func (c *Camera) act(ctx context.Context, body func(endpoint) string, into *answer) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	c.mu.Lock()
	known := c.known
	c.mu.Unlock()
	if known == nil {
		found, err := c.find(ctx)
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.digest = nil
			return c.failure(err)
		}
		known = &found
	}
	a, err := c.call(ctx, known.ptz, known.ahead, body(*known))
	if err == nil && into != nil {
		*into = a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = known
	if err != nil {
		c.known, c.digest = nil, nil
		return c.failure(err)
	}
	return nil
}

// services asks for the clock of a camera, which is so far ahead of ours, and for its services.
func (c *Camera) services(ctx context.Context) (ahead time.Duration, a answer, err error) {
	// Its clock first, which it tells without a password: the digest holds for a few seconds of it only.
	if a, err = c.call(ctx, c.o.Address, noPassword, clockBody); err != nil {
		return 0, answer{}, err
	}
	if at, ok := a.clock(); ok {
		ahead = time.Until(at)
	}
	a, err = c.call(ctx, c.o.Address, ahead, capabilitiesBody)
	return ahead, a, err
}

// find asks for what has to be known.
func (c *Camera) find(ctx context.Context) (endpoint, error) {
	var e endpoint
	ahead, a, err := c.services(ctx)
	if err != nil {
		return endpoint{}, err
	}
	e.ahead = ahead
	media, ptz := a.Body.Capabilities.Media, a.Body.Capabilities.PTZ
	if ptz == "" {
		return endpoint{}, ErrFixed
	}
	if e.ptz, err = c.own(ptz); err != nil {
		return endpoint{}, err
	}
	if media, err = c.own(media); err != nil {
		return endpoint{}, err
	}
	if a, err = c.call(ctx, media, e.ahead, profilesBody); err != nil {
		return endpoint{}, err
	}
	for _, p := range a.Body.Profiles {
		if p.PTZ != nil && p.Token != "" {
			e.profile = p.Token
			return e, nil
		}
	}
	return endpoint{}, ErrFixed
}

// own is the path of an address that a camera names at the address it is configured with: behind a router, what
// it believes of itself does not answer, and a password must not go where a camera says.
func (c *Camera) own(named string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(named))
	if err != nil || u.Path == "" {
		return "", fmt.Errorf("%w: address of a service", ErrAnswer)
	}
	base, err := url.Parse(c.o.Address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	base.Path, base.RawPath, base.RawQuery = u.Path, u.RawPath, u.RawQuery
	return base.String(), nil
}

func (c *Camera) password() (string, error) {
	if c.o.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.o.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func (c *Camera) failure(err error) error { return fmt.Errorf("camera %s: %w", c.o.ID, err) }
