// Package notice is messages to people outside the console: what is to be said to whom, over which ways, and what
// became of it. Capabilities queue a message in the transaction of what it is about; one loop for each channel sends.
// Rule that must never break: a message that was queued reaches its person, or somebody is told that it did not.
package notice

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// State of a message.
type State string

// The states. Sent means that the gateway has taken it; what comes after is known only where somebody tells.
const (
	Queued    State = "queued"
	Sent      State = "sent"
	Delivered State = "delivered"
	Read      State = "read"
	Answered  State = "answered"
	Failed    State = "failed" // no way has worked, or its time was over
	Unset     State = "unset"  // the centre has no channel that it could go over
	Inside    State = "inside" // of an exercise: it is read in the exercise and goes over no channel
)

// rank is how far a state has come; a later one is not taken back by an earlier.
func (s State) rank() int { return slices.Index([]State{Failed, Sent, Delivered, Read, Answered}, s) }

// Takes is what an address of a channel is.
type Takes string

// The kinds of addresses.
const (
	Number Takes = "number" // of a mobile
	Mail   Takes = "mail"
)

// Way is an address of a person and the channel that leads there.
type Way struct {
	Channel string `json:"channel"`
	Address string `json:"address"`
}

// Notice is one message to one person.
type Notice struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind"` // what it is about: "duty.swap", "deadline", "rollcall", "test"
	About       string     `json:"about"`
	OrgID       string     `json:"org_id"`
	Division    string     `json:"division"`
	PersonID    string     `json:"person_id"`
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Text        string     `json:"text"`
	Urgent      bool       `json:"urgent"` // goes first, and somebody at the desk is told when it fails
	Ways        []Way      `json:"ways"`   // shown with masked addresses
	Way         int        `json:"way"`    // the one that is tried, or has worked
	Tries       int        `json:"tries"`  // over it
	State       State      `json:"state"`
	Reason      string     `json:"reason"`   // why the last try failed
	Ref         string     `json:"ref"`      // of the gateway
	Exercise    string     `json:"exercise"` // id of the exercise to which it belongs; empty: it is real
	CreatedAt   time.Time  `json:"created_at"`
	Until       time.Time  `json:"until"` // after which it is not sent any more
	NextAt      *time.Time `json:"next_at,omitempty"`
	SentAt      *time.Time `json:"sent_at,omitempty"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
	ReadAt      *time.Time `json:"read_at,omitempty"`
	AnsweredAt  *time.Time `json:"answered_at,omitempty"`
	FailedAt    *time.Time `json:"failed_at,omitempty"`
	SettledAt   *time.Time `json:"settled_at,omitempty"` // somebody has seen to it that it failed
	SettledBy   string     `json:"settled_by,omitempty"`
	SettledHow  string     `json:"settled_how,omitempty"`
	Key         string     `json:"-"` // of whoever queued it; the same is queued once
	Link        string     `json:"-"` // secret of the person; sent with the text, never shown
}

// shown is the message as the console may show it: addresses masked.
func (n Notice) shown() Notice {
	n.Ways = slices.Clone(n.Ways)
	for i := range n.Ways {
		n.Ways[i].Address = Mask(n.Ways[i].Address)
	}
	return n
}

// Mask hides the middle of a number, and the name of a mailbox but for its first letter.
func Mask(address string) string {
	if name, domain, ok := strings.Cut(address, "@"); ok {
		r := []rune(name)
		return string(r[:min(1, len(r))]) + "***@" + domain
	}
	r := []rune(address)
	if len(r) < 8 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:3]) + "****" + string(r[len(r)-4:])
}

// Person is whom to tell. Link is added to the text.
type Person struct {
	ID, Name string
	Ways     []Way
	Link     string
}

// Order is something to be said to people. Key names the cause: for each person it is queued once.
type Order struct {
	Key, Kind, About string
	OrgID, Division  string
	Title, Text      string
	Urgent           bool
	Until            time.Time
	To               []Person
}

// Message is what a channel sends. The same Key is the same message again, because nobody knows whether the try
// before has arrived.
type Message struct {
	Key, To, Name, Title, Text string
}

// Try is one attempt to send.
type Try struct {
	NoticeID string     `json:"notice_id"`
	No       int        `json:"no"`
	Channel  string     `json:"channel"`
	Address  string     `json:"address"` // masked
	At       time.Time  `json:"at"`
	EndedAt  *time.Time `json:"ended_at,omitempty"` // not there: the centre died meanwhile
	Outcome  string     `json:"outcome"`            // sent, failed, refused
	Reason   string     `json:"reason"`
	Ref      string     `json:"ref"`
}

// backOff is how long a failed try rests by how many there were on the same way; after the last the next way comes.
func backOff(tries int) (time.Duration, bool) {
	rests := []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	if tries < 1 || tries > len(rests) {
		return 0, false
	}
	return rests[tries-1], true
}

// begin is the message while it is being sent: when the centre dies now, it is sent again after the lease.
func (n Notice) begin(now time.Time) Notice {
	again := now.Add(lease)
	n.Tries++
	n.NextAt = &again
	return n
}

// sent is the message after the gateway took it.
func (n Notice) sent(ref string, now time.Time) Notice {
	n.NextAt, n.Reason, n.Ref, n.SentAt = nil, "", ref, &now
	if n.State == Queued {
		n.State = Sent
	}
	return n
}

// missed is the message after a try that failed. refused says that the way itself is no good; onward that another
// way should be tried at once, because the channel is down.
func (n Notice) missed(reason string, refused, onward bool, now time.Time) Notice {
	n.Reason = reason
	rest, again := backOff(n.Tries)
	next := now.Add(rest)
	switch {
	case n.State != Queued: // answered or read meanwhile
		n.NextAt = nil
	case next.After(n.Until) && (again && !refused || n.Way == len(n.Ways)-1):
		return n.fail("expired: "+reason, now)
	case again && !refused && (!onward || n.Way == len(n.Ways)-1):
		n.NextAt = &next
	case n.Way < len(n.Ways)-1:
		n.Way++
		n.Tries, n.NextAt = 0, &now
	case onward && !refused: // the only way is down: go on as long as there is time
		next = now.Add(10 * time.Minute)
		if next.After(n.Until) {
			return n.fail("expired: "+reason, now)
		}
		n.Tries, n.NextAt = 4, &next
	default:
		return n.fail(reason, now)
	}
	return n
}

func (n Notice) fail(reason string, now time.Time) Notice {
	n.State, n.Reason, n.FailedAt, n.NextAt = Failed, reason, &now, nil
	return n
}

// reached is the message when its person, or the gateway, says how far it came.
func (n Notice) reached(to State, now time.Time) (Notice, bool) {
	if to.rank() <= n.State.rank() && n.State != Queued && n.State != Unset && n.State != Inside {
		return n, false
	}
	n.State, n.NextAt = to, nil
	switch to {
	case Delivered:
		n.DeliveredAt = &now
	case Read:
		n.ReadAt = &now
	case Answered:
		n.AnsweredAt = &now
		if n.ReadAt == nil {
			n.ReadAt = &now
		}
	case Unset, Inside, Queued, Sent, Failed: // have no moment of their own here
	}
	return n, true
}

// downAfter is how many tries in a row must fail until a channel counts as dead.
const downAfter = 3

// Health is how a channel does. Rates are what the configuration allows; 0 is without limit.
type Health struct {
	Name      string     `json:"name"`
	Takes     Takes      `json:"takes"`
	PerMinute int        `json:"per_minute"`
	PerDay    int        `json:"per_day"`
	Failures  int        `json:"failures"` // in a row
	DownSince *time.Time `json:"down_since,omitempty"`
	LastOK    *time.Time `json:"last_ok,omitempty"`
	LastError string     `json:"last_error"`
	ErrorAt   *time.Time `json:"error_at,omitempty"`
	Waiting   int        `json:"waiting"` // messages
	Today     int        `json:"today"`   // tries in 24 hours
}

// after is the health after a try, and whether the channel has died or come back with it.
func (h Health) after(reason string, now time.Time) (out Health, turned bool) {
	was := h.DownSince != nil
	if reason == "" {
		h.Failures, h.DownSince, h.LastOK = 0, nil, &now
		return h, was
	}
	h.Failures++
	h.LastError, h.ErrorAt = reason, &now
	if h.Failures >= downAfter && !was {
		h.DownSince = &now
		return h, true
	}
	return h, false
}

func (o Order) validate() error {
	switch {
	case o.Key == "" || o.Kind == "":
		return errs.E(errs.Invalid, "notice.key", "a message needs a key and a kind")
	case !errs.Name(o.Title, 100) || strings.TrimSpace(o.Text) == "" || !errs.Text(o.Text, 500):
		return errs.E(errs.Invalid, "notice.text", "a message has a title of 1 to 100 characters and 1 to 500 of text")
	case o.Until.IsZero():
		return errs.E(errs.Invalid, "notice.until", "a message needs a time until which it makes sense")
	}
	return nil
}
