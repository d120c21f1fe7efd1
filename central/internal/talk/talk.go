// Package talk lets people at the centre speak to the scenes: to terminals with a speaker and to phones that send by a
// link. The duty desk and commanders use it. Rules that must never break: one speaks to a scene at a time and all others
// see who; who began is written down before anything is heard; and whoever stops renewing – a dead browser, a lost link –
// is cut off by the clock.
package talk

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/floor"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	// floorLength is how long somebody may be heard after the last renewal.
	floorLength = 8 * time.Second
	// leaseLength is how long a terminal stays ready after the last word, so that the next one needs no new session.
	leaseLength = 40 * time.Second
	askEvery    = 10 * time.Second
	// answerWithin is how long a terminal may take to be ready.
	answerWithin = 8 * time.Second
	orderLife    = 5 * time.Second

	// MaxListeners is how many scenes are spoken to at once.
	MaxListeners = 16
	maxFault     = 300 // bytes
	maxHorns     = 32  // cameras of a terminal whose loudspeakers are told of
)

// Kind of a listener.
type Kind string

// The kinds.
const (
	Terminal Kind = "terminal" // has a speaker
	Phone    Kind = "phone"    // sends a picture by a link and hears by the same page
)

// Listener is a scene that can be spoken to.
type Listener struct {
	ID      string             `json:"id" doc:"Of the terminal, or of the camera that a phone is"`
	Kind    Kind               `json:"kind" enum:"terminal,phone"`
	Cameras []string           `json:"cameras" doc:"Whose pictures show the scene"`
	Online  bool               `json:"online" doc:"It can be reached now"`
	Speaker *wire.SpeakerState `json:"speaker,omitempty" doc:"Of a terminal, as it last said"`
	By      *floor.Holder      `json:"by,omitempty" doc:"Who speaks to it now; id is that of the call"`
	Since   *time.Time         `json:"since,omitempty"`
}

// State is whether a listener hears.
type State string

// The states.
const (
	Calling State = "calling" // its terminal has been asked, or nothing has come yet that a phone could hear
	Hears   State = "hears"
	Failed  State = "failed" // Error says why
	Taken   State = "taken"  // somebody else speaks to it: Name
)

// Heard is what became of one listener of a call.
type Heard struct {
	Listener string `json:"listener"`
	State    State  `json:"state" enum:"calling,hears,failed,taken"`
	Name     string `json:"name,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Call is that somebody speaks.
type Call struct {
	ID     string  `json:"id"`
	SDP    string  `json:"sdp,omitempty" doc:"The answer, when it begins"`
	Places []Heard `json:"places"`
	// Relays are for the next try of whoever does not reach the video port.
	Relays []video.ICEServer `json:"relays,omitempty" doc:"When it begins: relays for another try of who does not reach the video port"`
}

// Wish is to whom somebody wants to speak.
type Wish struct {
	Listeners []string
	Incident  string // in whose timeline it is written down; empty: in none
	SDP       string
	Host      string // under which the centre was reached
}

// check says what is wrong with a wish, and takes out what is named twice.
func (w *Wish) check() error {
	w.Listeners = slices.Clone(w.Listeners)
	slices.Sort(w.Listeners)
	w.Listeners = slices.Compact(w.Listeners)
	if n := len(w.Listeners); n == 0 || n > MaxListeners {
		return errs.Field("talk.listeners", "listeners", "1 to 16 scenes")
	}
	if w.SDP == "" {
		return errs.Field("talk.sdp", "sdp", "the offer is missing")
	}
	return nil
}
