// Package consult is rooms in which people see and hear each other over an incident, or for themselves: camera and
// microphone, one shared picture that all look at, and a chair. Desks, organisations and experts from outside use it.
// Rules that must never break: nobody is in a room who was not invited or whose desk does not stand above it; who is
// muted by the chair is silent at the centre; and nothing is recorded that not everybody in the room is told of.
package consult

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits of a room.
const (
	Seats = 8  // with camera and microphone
	Crowd = 32 // people in it: those on seats, and listeners

	MaxTitle   = 80  // characters
	maxName    = 80  // of an expert
	maxInvited = 60  // invitations of a room that hold
	maxRooms   = 100 // that are open
	maxHours   = 72  // that a link to a room lives
	// Grace is how long the place of somebody whose link broke is kept.
	Grace = 15 * time.Second
	// idleFor is how long an open room may be empty before it ends by itself.
	idleFor = 24 * time.Hour
)

// RoomState is whether a room lets anybody in.
type RoomState string

// The states of a room.
const (
	Open  RoomState = "open"
	Ended RoomState = "ended"
)

// ShareKind is what all look at.
type ShareKind string

// What can be shared.
const (
	SharesNothing ShareKind = ""
	SharesScene   ShareKind = "scene"
	SharesMap     ShareKind = "map"
)

// Share is what all look at, and who leads it.
type Share struct {
	Kind   ShareKind  `json:"kind" enum:",scene,map"`
	Stream string     `json:"stream,omitempty"`
	Name   string     `json:"name,omitempty" doc:"Of the camera"`
	By     string     `json:"by,omitempty" doc:"User who leads it"`
	ByName string     `json:"by_name,omitempty"`
	At     *time.Time `json:"at,omitempty"`
}

// Kept is one stream of a room of which something was recorded, and who was to be seen on it.
type Kept struct {
	Stream string   `json:"stream"`
	Names  []string `json:"names"`
	// Ordered is by what the room has a shared scene recorded; nil once that has ended, or where others had it recorded.
	Ordered *time.Time `json:"ordered,omitempty"`
}

// Room is one consultation.
type Room struct {
	ID         string     `json:"id"`
	IncidentID string     `json:"incident_id,omitempty"`
	Incident   string     `json:"incident,omitempty" doc:"Number and title of the incident when it was opened"`
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	Division   string     `json:"division"`
	Title      string     `json:"title"`
	State      RoomState  `json:"state" enum:"open,ended"`
	Chair      string     `json:"chair" doc:"User who leads the room"`
	ChairName  string     `json:"chair_name"`
	Share      Share      `json:"share"`
	Recording  bool       `json:"recording"`
	Since      *time.Time `json:"recording_since,omitempty"`
	First      *time.Time `json:"recorded_from,omitempty"`
	Last       *time.Time `json:"recorded_to,omitempty"`
	Kept       []Kept     `json:"kept,omitempty" doc:"Streams of which something was recorded"`
	Out        []string   `json:"taken_out,omitempty" doc:"Users whom the chair has taken out: they may not come in again until they are invited in person"`
	Exercise   string     `json:"exercise" doc:"Id of the exercise in which it takes place; empty: it is real"`
	CreatedBy  string     `json:"created_by_name"`
	CreatedAt  time.Time  `json:"created_at"`
	UsedAt     time.Time  `json:"used_at" doc:"When somebody last came or left"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	EndedBy    string     `json:"ended_by_name,omitempty"`
	Version    int        `json:"version"`
}

// outside is a room as somebody from outside sees it.
func (r Room) outside() Room {
	r.Incident, r.IncidentID, r.Kept, r.Out = "", "", nil, nil
	return r
}

// Stream is the name of what a seat of a room sends.
func (r Room) Stream(seat int) string { return fmt.Sprintf("%s%s-%d", streamMark, r.ID, seat) }

// Streams are those of all seats.
func (r Room) Streams() []string {
	out := make([]string, Seats)
	for i := range out {
		out[i] = r.Stream(i)
	}
	return out
}

// streamMark begins the streams of rooms; the id of a room behind it cannot be guessed.
const streamMark = "consult-"

// roomOf finds the room of a stream.
func roomOf(stream string) (room string, ok bool) {
	rest, ok := strings.CutPrefix(stream, streamMark)
	at := strings.LastIndexByte(rest, '-')
	if !ok || at < 0 || len(rest)-at != 2 || rest[at+1] < '0' || rest[at+1] >= '0'+Seats {
		return "", false
	}
	return rest[:at], true
}

// keep notes that somebody is seen on a stream that is recorded.
func (r *Room) keep(stream, name string) (changed bool) {
	i := slices.IndexFunc(r.Kept, func(k Kept) bool { return k.Stream == stream })
	if i < 0 {
		r.Kept = append(r.Kept, Kept{Stream: stream, Names: []string{name}})
		return true
	}
	if slices.Contains(r.Kept[i].Names, name) {
		return false
	}
	r.Kept[i].Names = append(r.Kept[i].Names, name)
	return true
}

// order notes by what a stream is recorded for the room, nil for nothing.
func (r *Room) order(stream string, until *time.Time) {
	if i := slices.IndexFunc(r.Kept, func(k Kept) bool { return k.Stream == stream }); i >= 0 {
		r.Kept[i].Ordered = until
	}
}

// GuestKind is whom an invitation is for.
type GuestKind string

// The kinds of invitations.
const (
	ForPerson GuestKind = "person"
	ForOrg    GuestKind = "org"
	ForGuest  GuestKind = "guest" // from outside, by a link
)

// Reply is what became of an invitation.
type Reply string

// The replies. Who has declined may come in all the same, for as long as the invitation holds.
const (
	Waits    Reply = ""
	Came     Reply = "came"
	Declined Reply = "declined"
)

// Invitation lets somebody into a room.
type Invitation struct {
	ID        string     `json:"id"`
	RoomID    string     `json:"room_id"`
	Kind      GuestKind  `json:"kind" enum:"person,org,guest"`
	Ref       string     `json:"ref,omitempty" doc:"Id of the user or organisation"`
	Name      string     `json:"name"`
	ByName    string     `json:"by_name"`
	At        time.Time  `json:"at" doc:"When they were asked, last"`
	Reply     Reply      `json:"reply,omitempty" enum:"came,declined" doc:"Left out: nobody has come or declined yet"`
	ReplyAt   *time.Time `json:"reply_at,omitempty"`
	ReplyBy   string     `json:"reply_by_name,omitempty" doc:"Of an organisation: who of it came or declined"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Hash      string     `json:"-"` // of the token of a link
}

// holds reports whether it lets somebody in now.
func (i Invitation) holds(now time.Time) bool {
	return i.RevokedAt == nil && (i.ExpiresAt == nil || now.Before(*i.ExpiresAt))
}

// waits reports whether it lies at a desk: it holds, and nobody has come or declined yet.
func (i Invitation) waits(now time.Time) bool { return i.Reply == Waits && i.holds(now) }

// answer notes what became of it.
func (i *Invitation) answer(r Reply, by string) {
	now := stamp()
	i.Reply, i.ReplyAt, i.ReplyBy = r, &now, by
}

// Line is one line of what went on in a room. Lines are only added.
type Line struct {
	RoomID string    `json:"room_id"`
	No     int       `json:"no"`
	At     time.Time `json:"at"`
	Act    string    `json:"act"`
	ByName string    `json:"by_name"`
	Text   string    `json:"text"`
}

// Draft is what a room is opened from.
type Draft struct {
	IncidentID string
	Title      string
	Division   string // empty: that of the incident, or the own
}

func (d *Draft) check() error {
	d.Title = strings.TrimSpace(d.Title)
	switch {
	case !errs.Name(d.Title, MaxTitle):
		return errs.Field("consult.title", "title", "1 to 80 characters on one line")
	case !geo.Division(d.Division).Valid():
		return errs.Field("consult.division", "division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	}
	return nil
}

// View is what the shared map shows: state and not pixels, so that everybody sees it as sharp as their own screen.
type View struct {
	Lon     float64     `json:"lon"`
	Lat     float64     `json:"lat"`
	Zoom    float64     `json:"zoom"`
	Hidden  []string    `json:"hidden,omitempty" maxItems:"20" doc:"Layers that are switched off"`
	Pointer *wire.Place `json:"pointer,omitempty" doc:"Where whoever leads points"`
}

// maxLayers is how many layers a view may hide.
const maxLayers = 20

func (v View) check() error {
	at := wire.Place{Lon: v.Lon, Lat: v.Lat}
	switch {
	case !at.OnEarth(), v.Pointer != nil && !v.Pointer.OnEarth():
		return errs.Field("consult.view", "lon", "longitude -180 to 180, latitude -90 to 90")
	case !(v.Zoom >= 0 && v.Zoom <= 24):
		return errs.Field("consult.view", "zoom", "0 to 24")
	case len(v.Hidden) > maxLayers:
		return errs.Field("consult.view", "hidden", "at most 20 layers")
	}
	for _, name := range v.Hidden {
		if !errs.Name(name, 32) {
			return errs.Field("consult.view", "hidden", "the names of layers")
		}
	}
	return nil
}

func noRoom() error {
	return errs.E(errs.NotFound, "consult.not_found", "there is no such room among those that you may enter")
}
