package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// CommandCrew shows a message to the crew at an edge. Its Body is CrewMessage.
const CommandCrew = "crew/message"

// EventCrew is what became of such a message at the edge. Its Data is CrewReceipt.
const EventCrew = "crew"

// The limits of a message to a crew.
const (
	MaxCrewText    = 300     // characters
	MaxCrewPicture = 120_000 // bytes: base64 of it and the rest fit one MQTT message
	MaxCrewOpen    = 50      // messages that an edge keeps
	maxCrewName    = 120     // bytes
)

// CrewMessage is a short order to the crew at an edge, with a picture or without. An edge that has it under its ID answers
// with how it stands and shows nothing again.
type CrewMessage struct {
	ID      string `json:"id"` // UUIDv7 or v5
	Text    string `json:"text"`
	From    string `json:"from"` // who sends it
	Urgent  bool   `json:"urgent,omitempty"`
	Confirm bool   `json:"confirm,omitempty"` // a person must confirm it
	At      int64  `json:"at"`                // Unix milliseconds of the centre's clock
	Until   int64  `json:"until"`             // it is of no use later
	Picture []byte `json:"picture,omitempty"` // JPEG
	Known   bool   `json:"known,omitempty"`   // the edge has said that it has it: without picture, only to ask how it stands
	Void    bool   `json:"void,omitempty"`    // it was withdrawn: it must not be shown any more
}

// Check says what is wrong with it.
func (m CrewMessage) Check() error {
	switch n := utf8.RuneCountInString(m.Text); {
	case !ValidID(m.ID):
		return errors.New("message: id is missing or wrong")
	case !utf8.ValidString(m.Text) || n == 0 || n > MaxCrewText:
		return fmt.Errorf("message: text must be 1 to %d characters", MaxCrewText)
	case len(m.From) > maxCrewName:
		return errors.New("message: the name of the sender is too long")
	case len(m.Picture) > MaxCrewPicture:
		return fmt.Errorf("message: the picture is larger than %d bytes", MaxCrewPicture)
	case len(m.Picture) > 0 && (len(m.Picture) < 4 || m.Picture[0] != 0xff || m.Picture[1] != 0xd8):
		return errors.New("message: the picture is no JPEG")
	case m.Until <= 0 || m.Until < m.At:
		return errors.New("message: until must lie after at")
	}
	return nil
}

// What becomes of a message to a crew. At the centre it is CrewSent first.
const (
	CrewSent      = "sent"
	CrewDelivered = "delivered" // the edge keeps it on its disk
	CrewShown     = "shown"     // the display has taken it, or a screen has fetched it
	CrewConfirmed = "confirmed" // by a person
	CrewRefused   = "refused"   // by a person, or by the edge itself; Text says why
	CrewFault     = "fault"     // a display did not take it; Text says why, and the message stays where it was
	CrewMissing   = "missing"   // the edge was asked how it stands and does not have it
)

// CrewReceipt says that a message to the crew has come so far.
type CrewReceipt struct {
	Message string `json:"message"`
	State   string `json:"state"`
	At      int64  `json:"at"`             // Unix milliseconds of the edge's clock
	By      string `json:"by,omitempty"`   // display, page, input; of a refusal edge when no person did it
	Text    string `json:"text,omitempty"` // at most 300 bytes
}

// Check says what is wrong with it.
func (r CrewReceipt) Check() error {
	switch r.State {
	case CrewDelivered, CrewShown, CrewConfirmed, CrewRefused, CrewFault, CrewMissing:
	default:
		return fmt.Errorf("receipt: %.32q is no state", r.State)
	}
	if !ValidID(r.Message) {
		return errors.New("receipt: message is missing or wrong")
	}
	return nil
}
