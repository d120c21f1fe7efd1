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
	Hears   bool   `json:"hears,omitempty"`   // a session to the centre stands
	Playing bool   `json:"playing,omitempty"` // somebody is heard now
	Error   string `json:"error,omitempty"`   // why nothing was heard of late
}
