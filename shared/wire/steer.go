package wire

import (
	"errors"
	"fmt"
	"time"
)

// CommandSteer asks an edge to turn or zoom a camera. Its Body is Steer.
const CommandSteer = "camera/steer"

// What a Steer does.
const (
	SteerMove   = "move" // until HoldMS have passed, or another Steer comes; whoever goes on renews it
	SteerStop   = "stop"
	SteerGo     = "go"     // to Preset
	SteerSave   = "save"   // makes a preset called Name of where the camera looks
	SteerRemove = "remove" // forgets Preset
)

// The limits of a Steer.
const (
	MaxSteerHold  = 5 * time.Second
	MaxPreset     = 64 // bytes of a preset's token
	MaxPresetName = 64 // bytes
)

// Steer is one order to a camera. Velocities are -1 to 1 of what the camera can: right, up and in are positive.
type Steer struct {
	Camera string  `json:"camera"`
	Act    string  `json:"act"`
	Pan    float64 `json:"pan,omitempty"`
	Tilt   float64 `json:"tilt,omitempty"`
	Zoom   float64 `json:"zoom,omitempty"`
	HoldMS int     `json:"hold_ms,omitempty"`
	Preset string  `json:"preset,omitempty"`
	Name   string  `json:"name,omitempty"`
}

// Check says what is wrong with an order.
func (s Steer) Check() error {
	if !ValidID(s.Camera) {
		return fmt.Errorf("steer: %q is no id of a camera", s.Camera)
	}
	switch s.Act {
	case SteerMove:
		for _, v := range []float64{s.Pan, s.Tilt, s.Zoom} {
			if !(v >= -1 && v <= 1) {
				return errors.New("steer: pan, tilt and zoom must be -1 to 1")
			}
		}
		if s.HoldMS < 100 || s.HoldMS > int(MaxSteerHold.Milliseconds()) {
			return fmt.Errorf("steer: hold_ms must be 100 to %d", MaxSteerHold.Milliseconds())
		}
	case SteerStop:
	case SteerGo, SteerRemove:
		if s.Preset == "" || len(s.Preset) > MaxPreset {
			return errors.New("steer: preset is missing or too long")
		}
	case SteerSave:
		if s.Name == "" || len(s.Name) > MaxPresetName {
			return errors.New("steer: name is missing or too long")
		}
	default:
		return fmt.Errorf("steer: %q is nothing a camera can do", s.Act)
	}
	return nil
}

// SteerState is what can be said of a camera that can be turned.
type SteerState struct {
	Presets []Preset `json:"presets,omitempty"`
	At      string   `json:"at,omitempty"`    // token of the preset that it was sent to and stands at, as it says itself
	Error   string   `json:"error,omitempty"` // why it could not be turned of late
}

// Preset is a place that a camera knows by heart.
type Preset struct {
	Token string `json:"token"`
	Name  string `json:"name,omitempty"`
}
