package wire

import "errors"

// Commands about the speaker of an edge.
const (
	CommandTalk    = "talk/start"  // Body is TalkStart
	CommandSpeaker = "speaker/set" // Body is SpeakerSet
)

// TalkStart asks an edge to hear what is spoken at the centre and leases it: the edge leaves LeaseSeconds after the last
// one. The result says whether it hears.
type TalkStart struct {
	WHEP         string `json:"whep"`  // URL to hear from; a path is meant on the host of the centre's URL
	Token        string `json:"token"` // bearer token for that URL
	LeaseSeconds int    `json:"lease_seconds"`
}

// SpeakerSet sets the speaker of an edge; what is left out stays.
type SpeakerSet struct {
	Volume *int  `json:"volume,omitempty"` // percent, 0 to MaxVolume
	Muted  *bool `json:"muted,omitempty"`
}

// MaxVolume is the loudest, in percent of how the sound came.
const MaxVolume = 200

// Check says what is wrong with it.
func (s SpeakerSet) Check() error {
	if s.Volume == nil && s.Muted == nil {
		return errors.New("speaker: neither volume nor muted is given")
	}
	if s.Volume != nil && (*s.Volume < 0 || *s.Volume > MaxVolume) {
		return errors.New("speaker: volume must be 0 to 200")
	}
	return nil
}

// SpeakerState is the speaker of an edge.
type SpeakerState struct {
	Volume  int    `json:"volume"` // percent
	Muted   bool   `json:"muted,omitempty"`
	Hears   bool   `json:"hears,omitempty"`   // a session to the centre stands, and something to play it
	Playing bool   `json:"playing,omitempty"` // somebody is heard now
	Error   string `json:"error,omitempty"`   // why nothing was heard of late

	Cameras []SpeakerCamera `json:"cameras,omitempty"` // whose loudspeakers are used
}

// SpeakerCamera is the loudspeaker of a camera.
type SpeakerCamera struct {
	Camera string    `json:"camera"`
	Hears  bool      `json:"hears,omitempty"` // the way to it is open
	Fault  HornFault `json:"fault,omitempty"` // why the last try to open it failed
	Error  string    `json:"error,omitempty"` // the same in words
}

// HornFault is why the loudspeaker of a camera is not to be had.
type HornFault string

// The faults.
const (
	HornMissing     HornFault = "missing"     // the camera offers none over RTSP
	HornCodec       HornFault = "codec"       // it takes neither PCMA nor PCMU
	HornPassword    HornFault = "password"    // the camera refuses the user or password
	HornUnreachable HornFault = "unreachable" // the camera does not answer
	HornBroken      HornFault = "broken"      // anything else
)
