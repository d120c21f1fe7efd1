// Package video is the pictures: which streams there are, who may publish and watch them, and the lease
// that makes a terminal send only while somebody watches. The desk, the map and the wall use it. Rule
// that must never break: no watcher, no lease; no token, no picture.
package video

import (
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// State of a stream.
type State string

// The states.
const (
	Idle     State = "idle"     // nobody watches, nothing is sent
	Starting State = "starting" // asked for, no picture yet
	Live     State = "live"
	Frozen   State = "frozen" // packets stopped coming; FrozenSince says when
)

// FaultOffline names that the terminal of a camera is not connected; the other kinds are those of wire.
const FaultOffline = "offline"

// Why a camera is not opened for a picture, or sends none, besides those kinds.
const (
	LackBudget = "budget" // its terminal is to spare the data of its SIM
	LackFault  = "fault"  // it said why, in words that have no name
)

// Stream is one camera's picture.
type Stream struct {
	ID          string     `json:"id"` // the camera's device id
	State       State      `json:"state"`
	Viewers     int        `json:"viewers"`
	Since       *time.Time `json:"since,omitempty"`        // of the state
	FrozenSince *time.Time `json:"frozen_since,omitempty"` // last packet
	Bitrate     int64      `json:"bitrate"`                // bits per second, of the last seconds
	Error       string     `json:"error,omitempty"`

	Fault *wire.CameraFault `json:"fault,omitempty"` // names Error, where it has a name: those of wire, and FaultOffline

	Outside bool `json:"outside,omitempty"` // behind no terminal: somebody sends it by a link
	Standby bool `json:"standby,omitempty"` // outside, and whoever sends it is there: the picture comes when somebody wants it
	UsedUp  bool `json:"used_up,omitempty"` // the data budget of the terminal is: ask again with a reason
}

// Ticket lets one viewer watch one stream.
type Ticket struct {
	Stream  string    `json:"stream"`
	WHEP    string    `json:"whep"` // path to POST the offer to
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}
