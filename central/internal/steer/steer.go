// Package steer turns and zooms cameras in the field. Commanders and the duty desk use it. Rule that must never break:
// one turns a camera at a time and all others see who; who began is written down before anything is sent; and a
// movement ends at the terminal when its orders stop coming, whatever becomes of this centre.
package steer

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/floor"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	// hold is how long a camera moves after the last order; whoever goes on orders again in time.
	hold = 1500 * time.Millisecond
	// floorLength is how long a camera is somebody's after the last order.
	floorLength = 15 * time.Second
	maxPresets  = 64
	maxFault    = 300
)

// Head is one camera that can be turned.
type Head struct {
	Camera  string        `json:"camera"`
	Presets []wire.Preset `json:"presets"`
	At      string        `json:"at,omitempty"`    // token of the preset that it stands at, as it says itself
	Error   string        `json:"error,omitempty"` // why it could not be turned of late, as its terminal says
	Online  bool          `json:"online"`          // its terminal is connected
	By      *floor.Holder `json:"by,omitempty"`    // who turns it now
	Until   *time.Time    `json:"until,omitempty"` // when it is free again, unless they go on
}

// Order is what somebody wants a camera to do.
type Order struct {
	Camera string  `json:"camera"`
	Act    string  `json:"act"` // move, stop, go, save, remove
	Pan    float64 `json:"pan,omitempty"`
	Tilt   float64 `json:"tilt,omitempty"`
	Zoom   float64 `json:"zoom,omitempty"`
	Preset string  `json:"preset,omitempty"`
	Name   string  `json:"name,omitempty"`
}

// wire is the order as the terminal is sent it, or what is wrong with it.
func (o *Order) wire() (wire.Steer, error) {
	o.Name = strings.TrimSpace(o.Name)
	m := wire.Steer{Camera: o.Camera, Act: o.Act, Pan: o.Pan, Tilt: o.Tilt, Zoom: o.Zoom, Preset: o.Preset, Name: o.Name}
	if o.Act == wire.SteerMove {
		m.HoldMS = int(hold.Milliseconds())
	}
	if !errs.Text(o.Name, wire.MaxPresetName) || !errs.Text(o.Preset, wire.MaxPreset) {
		return m, errs.E(errs.Invalid, "steer.order", "the name of a place is too long, or has control characters")
	}
	if err := m.Check(); err != nil {
		return m, errs.Wrap(err, errs.Invalid, "steer.order", err.Error())
	}
	return m, nil
}

// Taken is how a camera took an order.
type Taken struct {
	OK    bool   `json:"ok"` // the camera has taken it
	Error string `json:"error,omitempty"`
}

// of makes a head of what a terminal said of a camera.
func of(camera string, s wire.SteerState, edge device.Device, held floor.Held, is bool) Head {
	h := Head{Camera: camera, Presets: []wire.Preset{}, Error: wire.Text(s.Error, maxFault), Online: edge.State == device.Online}
	for _, p := range s.Presets[:min(len(s.Presets), maxPresets)] {
		if p.Token != "" && len(p.Token) <= wire.MaxPreset {
			h.Presets = append(h.Presets, wire.Preset{Token: p.Token, Name: wire.Text(p.Name, 4*wire.MaxPresetName)})
			if p.Token == s.At {
				h.At = s.At
			}
		}
	}
	if is {
		h.By, h.Until = &held.By, &held.Until
	}
	return h
}

// stateOf is what a terminal said of a camera; nil: it cannot be turned.
func stateOf(st wire.Status, camera string) *wire.SteerState {
	at := slices.IndexFunc(st.Cameras, func(c wire.CameraState) bool { return c.ID == camera })
	if at < 0 {
		return nil
	}
	return st.Cameras[at].Steer
}
