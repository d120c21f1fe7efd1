// Package crew sends short orders to the people at the scenes: to terminals, which show them, and to phones, whose page
// fetches them, and keeps what became of each. The duty desk and commanders use it. Rules that must never break: a message is written down with the name of who
// sent it before it leaves; it is kept while its terminal is away, until its time is over, and is shown there once; and
// what no person has confirmed is never shown as confirmed.
package crew

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// State of a message, as far as it has come.
type State string

// The states.
const (
	Sent      State = "sent"      // kept here; its terminal has not said that it has it
	Delivered State = "delivered" // its terminal keeps it
	Shown     State = "shown"     // the end of one that needs no confirmation
	Confirmed State = "confirmed" // by a person at the scene
	Refused   State = "refused"   // by a person at the scene, or by the terminal: Why
	Expired   State = "expired"   // its time was over before that
	Withdrawn State = "withdrawn"
)

// Kind of a target.
type Kind string

// The kinds of targets.
const (
	Terminal Kind = "terminal"
	Phone    Kind = "phone" // a picture that is sent by a link
)

// Limits.
const (
	MaxTargets  = 16
	MaxText     = wire.MaxCrewText
	MaxMinutes  = 24 * 60
	maxOpen     = 40 // of one target; a terminal keeps wire.MaxCrewOpen
	maxAtOnce   = 30 // of one author within a minute
	maxLost     = 5  // times that a terminal may lose a message
	maxListed   = 200
	maxFault    = 300 // bytes
	keyLength   = 64
	confirmLate = time.Minute // a terminal's clock may be off
)

// Message is one short order to one target.
type Message struct {
	ID       string    `json:"id"`
	Target   string    `json:"target" doc:"Id of the terminal, or of the picture that a phone sends"`
	Kind     Kind      `json:"kind" enum:"terminal,phone"`
	Name     string    `json:"target_name"`
	Division string    `json:"division"`
	Incident string    `json:"incident_id,omitempty"`
	Text     string    `json:"text"`
	Urgent   bool      `json:"urgent"`
	Confirm  bool      `json:"confirm" doc:"A person at the scene must confirm it"`
	Drawing  string    `json:"drawing_id,omitempty"`
	Picture  int       `json:"picture_bytes,omitempty" doc:"Of the picture that goes with it; 0: none"`
	Author   string    `json:"author"`
	By       string    `json:"author_name"`
	OrgID    string    `json:"org_id"`
	OrgName  string    `json:"org_name"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`

	State       State      `json:"state" enum:"sent,delivered,shown,confirmed,refused,expired,withdrawn"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
	ShownAt     *time.Time `json:"shown_at,omitempty"`
	ShownBy     string     `json:"shown_by,omitempty" doc:"display, phone, or page: somebody's screen has fetched it"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	EndedBy     string     `json:"ended_by,omitempty" doc:"page, phone, input, or edge: no person did it; of one that was withdrawn, who did that"`
	Why         string     `json:"why,omitempty" doc:"It was refused"`
	Fault       string     `json:"fault,omitempty" doc:"A display of the terminal did not take it"`
	Lost        int        `json:"lost,omitempty" doc:"How often its terminal did not have it any more"`
	Told        bool       `json:"-"` // one that was withdrawn: its terminal knows
	Version     int        `json:"-"`
}

// open reports whether something has still to become of it.
func (m *Message) open() bool {
	return m.State == Sent || m.State == Delivered || (m.State == Shown && m.Confirm)
}

// waiting reports whether its terminal must still be told something.
func (m *Message) waiting() bool { return m.open() || (m.State == Withdrawn && !m.Told) }

// wire is the message as its terminal gets it.
func (m *Message) wire() wire.CrewMessage {
	return wire.CrewMessage{
		ID: m.ID, Text: m.Text, From: wire.Text(m.By+" · "+m.OrgName, 120), Urgent: m.Urgent, Confirm: m.Confirm, At: wire.Millis(m.At), Until: wire.Millis(m.Until),
		Known: m.State != Sent, Void: m.State == Withdrawn,
	}
}

// take notes a receipt. It reports whether that changed anything. The clock of a terminal is held between the sending
// and now.
func (m *Message) take(r wire.CrewReceipt, now time.Time) bool {
	was := *m
	at := wire.Time(r.At).UTC()
	if at.Before(m.At) {
		at = m.At
	}
	if at.After(now) {
		at = now
	}
	m.Told = m.Told || m.State == Withdrawn
	ended := m.State == Confirmed || m.State == Refused || m.State == Withdrawn
	late := m.State == Expired && at.After(m.Until.Add(confirmLate))
	switch r.State {
	case wire.CrewDelivered:
		if m.DeliveredAt == nil {
			m.DeliveredAt = &at
		}
		if m.State == Sent {
			m.State = Delivered
		}
	case wire.CrewShown:
		if m.ShownAt == nil {
			m.ShownAt, m.ShownBy = &at, wire.Text(r.By, 20)
		}
		if m.State == Sent || m.State == Delivered {
			m.State = Shown
		}
	case wire.CrewConfirmed, wire.CrewRefused:
		if ended || late || (!m.Confirm && r.State == wire.CrewConfirmed) {
			break
		}
		m.State, m.EndedAt, m.EndedBy = State(r.State), &at, wire.Text(r.By, 20)
		if m.State == Refused {
			m.Why = wire.Text(r.Text, maxFault)
		}
	case wire.CrewFault:
		m.Fault = wire.Text(r.Text, maxFault)
	case wire.CrewMissing:
		if !m.open() || m.State == Sent {
			break
		}
		m.State, m.DeliveredAt, m.ShownAt, m.ShownBy = Sent, nil, nil, ""
		if m.Lost++; m.Lost > maxLost {
			m.State, m.EndedAt, m.EndedBy, m.Why = Refused, &now, "edge", "the terminal does not keep it"
		}
	}
	return was.State != m.State || was.Told != m.Told || was.Fault != m.Fault || was.Lost != m.Lost || (was.DeliveredAt == nil) != (m.DeliveredAt == nil) || (was.ShownAt == nil) != (m.ShownAt == nil)
}

// expire ends a message whose time is over; it reports whether it did.
func (m *Message) expire(now time.Time) bool {
	if now.Before(m.Until) {
		return false
	}
	if m.State == Withdrawn && !m.Told {
		m.Told = true // it holds nowhere any more
		return true
	}
	if !m.open() {
		return false
	}
	at := m.Until
	m.State, m.EndedAt = Expired, &at
	return true
}

// Draft is what somebody wants to send. Key is the sender's own: the same again sends nothing twice.
type Draft struct {
	Key      string
	Targets  []string // terminals, cameras behind them, or phones
	Incident string
	Text     string
	Urgent   bool
	Confirm  bool
	Minutes  int // that it is of use
	Frozen   *Frozen
}

func (d *Draft) check() error {
	d.Text = strings.TrimSpace(d.Text)
	slices.Sort(d.Targets)
	d.Targets = slices.Compact(d.Targets)
	switch {
	case d.Key == "" || len(d.Key) > keyLength:
		return errs.Field("crew.key", "key", "1 to 64 characters, never used before")
	case len(d.Targets) == 0 || len(d.Targets) > MaxTargets:
		return errs.Field("crew.targets", "targets", "1 to 16 scenes")
	case d.Text == "" || !errs.Text(d.Text, MaxText):
		return errs.Field("crew.text", "text", "1 to 300 characters")
	case d.Minutes < 1 || d.Minutes > MaxMinutes:
		return errs.Field("crew.minutes", "minutes", "1 to 1440")
	}
	return nil
}

// idOf is the id of what an author sends to a target under a key.
func idOf(author, key, target string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(author+"\x00"+key+"\x00"+target)).String()
}
