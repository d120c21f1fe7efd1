package onvif

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// refusedRest is how long a camera that refused is not asked again: one opening after another with a password that is wrong
	// would have it lock the terminal out, and its pictures too.
	refusedRest = 30 * time.Minute
	// maxAsked is how many of a camera's profiles are asked for a key frame: which of them is the picture that is read, only
	// the camera knows.
	maxAsked = 4
)

// KeyFrames asks an IP camera for a key frame (ONVIF Media Service Specification, SetSynchronizationPoint). It shares nothing with
// what turns the camera, which waits for its orders.
type KeyFrames struct {
	camera *Camera

	mu      sync.Mutex
	known   *pictures
	refused time.Time // when it last refused
}

// pictures are where and for what is asked.
type pictures struct {
	media    string
	ahead    time.Duration
	profiles []string
}

func keyFrameBody(profile string) string {
	return `<trt:SetSynchronizationPoint><trt:ProfileToken>` + escaped(profile) + `</trt:ProfileToken></trt:SetSynchronizationPoint>`
}

// NewKeyFrames makes one. Nothing is asked.
func NewKeyFrames(o Options) *KeyFrames { return &KeyFrames{camera: New(o)} }

// Ask asks for a key frame in each of the camera's pictures. One of them that takes it is enough.
func (k *KeyFrames) Ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.refused) < refusedRest {
		return nil // was said then
	}
	err := k.ask(ctx)
	if errors.Is(err, ErrPassword) || errors.Is(err, ErrRefused) {
		k.refused = time.Now()
	}
	return err
}

func (k *KeyFrames) ask(ctx context.Context) error {
	if k.known == nil {
		k.camera = New(k.camera.o) // without what it demanded once
		found, err := k.find(ctx)
		if err != nil {
			return k.camera.failure(err)
		}
		k.known = &found
	}
	var refused error
	taken := false
	for _, profile := range k.known.profiles {
		_, err := k.camera.call(ctx, k.known.media, k.known.ahead, keyFrameBody(profile))
		taken = taken || err == nil
		refused = errors.Join(refused, err)
	}
	if taken {
		return nil
	}
	k.known = nil
	return k.camera.failure(refused)
}

// find asks for what has to be known.
func (k *KeyFrames) find(ctx context.Context) (pictures, error) {
	var p pictures
	c := k.camera
	ahead, a, err := c.services(ctx)
	if err != nil {
		return pictures{}, err
	}
	p.ahead = ahead
	if p.media, err = c.own(a.Body.Capabilities.Media); err != nil {
		return pictures{}, err
	}
	if a, err = c.call(ctx, p.media, p.ahead, profilesBody); err != nil {
		return pictures{}, err
	}
	for _, one := range a.Body.Profiles {
		if one.Token != "" && len(p.profiles) < maxAsked {
			p.profiles = append(p.profiles, one.Token)
		}
	}
	if len(p.profiles) == 0 {
		return pictures{}, ErrAnswer
	}
	return p, nil
}
