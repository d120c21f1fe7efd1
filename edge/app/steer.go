package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/onvif"
	"github.com/fengsui/fengsui/edge/internal/steer"
	"github.com/fengsui/fengsui/shared/wire"
)

// openSteering makes what turns the cameras that can be turned.
func (a *Agent) openSteering(p *agentParts) {
	var heads []onvif.Options
	for _, c := range a.cfg.Cameras {
		if c.ONVIF != "" {
			heads = append(heads, onvifOf(c))
		}
	}
	p.steer = steer.New(steer.Options{Log: a.log, Cameras: heads, Changed: p.changed})
}

func onvifOf(c config.Camera) onvif.Options {
	return onvif.Options{ID: c.ID, Address: c.ONVIF, User: c.Username, PasswordFile: c.PasswordFile}
}

// keyFrameOf asks a camera for a key frame; nil where that is not possible.
func keyFrameOf(c config.Camera) camera.KeyFrame {
	if c.ONVIF == "" {
		return nil
	}
	return onvif.NewKeyFrames(onvifOf(c)).Ask
}

// turn takes an order to a camera.
func (p *agentParts) turn(body json.RawMessage) (func(context.Context) error, error) {
	var m wire.Steer
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("read command: %w", err)
	}
	return p.steer.Take(m)
}

// cameras are how the cameras are.
func (p *agentParts) cameras() []wire.CameraState {
	list, heads := p.publisher.States(), p.steer.States()
	for i := range list {
		list[i].Steer = heads[list[i].ID]
	}
	return list
}
