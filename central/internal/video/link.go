package video

import (
	"crypto/hmac"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits of links.
const (
	maxLinkTitle = 80 // characters
	maxLinkLife  = 7 * 24 * time.Hour
	maxLinks     = 500 // that are shown, and that are open
	linksKept    = 30 * 24 * time.Hour
)

// LateFor is how long after a link has closed what its holder wrote down before may still come.
const LateFor = 72 * time.Hour

// LinkState is whether a link lets anybody in.
type LinkState string

// The states of links.
const (
	LinkOpen    LinkState = "open"
	LinkExpired LinkState = "expired"
	LinkEnded   LinkState = "ended" // by a person
)

// StreamLink lets somebody without an account send or watch one picture until it expires or is ended.
type StreamLink struct {
	ID          string     `json:"id"`
	Division    string     `json:"division"`
	Stream      string     `json:"stream"`
	Action      Action     `json:"action" enum:"publish,watch"`
	Title       string     `json:"title"`                 // for whom it is
	IncidentID  string     `json:"incident_id,omitempty"` // where what its holder tells is written
	PersonID    string     `json:"person_id,omitempty"`   // of the roster, whose tasks it shows
	State       LinkState  `json:"state" enum:"open,expired,ended"`
	Sessions    int        `json:"sessions" doc:"How many send or watch by it now"`
	Author      string     `json:"author"`
	AuthorName  string     `json:"author_name"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	EndedByName string     `json:"ended_by_name,omitempty"`
	LateUntil   *time.Time `json:"late_until,omitempty" doc:"It was ended, and what was written down before is taken in until then; without it nothing more is"`
	UsedAt      *time.Time `json:"used_at,omitempty"`
	Uses        int64      `json:"uses"` // sessions that it has opened
}

// stateAt says how the link stands at a moment.
func (l *StreamLink) stateAt(now time.Time) LinkState {
	switch {
	case l.EndedAt != nil:
		return LinkEnded
	case !now.Before(l.ExpiresAt):
		return LinkExpired
	}
	return LinkOpen
}

// Closes is when the link lets nobody in any more: when it expires, or was ended before.
func (l *StreamLink) Closes() time.Time {
	if l.EndedAt != nil && l.EndedAt.Before(l.ExpiresAt) {
		return *l.EndedAt
	}
	return l.ExpiresAt
}

// Late reports whether what was written down while the link was open may still come, although it has closed.
func (l *StreamLink) Late(now time.Time) bool {
	switch l.stateAt(now) {
	case LinkOpen:
		return false
	case LinkEnded:
		return l.LateUntil != nil && now.Before(*l.LateUntil)
	case LinkExpired:
	}
	return now.Before(l.ExpiresAt.Add(LateFor))
}

// allows checks that the link lets its holder do something now.
func (l *StreamLink) allows(stream string, action Action, now time.Time) error {
	switch l.stateAt(now) {
	case LinkEnded:
		return errs.E(errs.Unauthenticated, "video.link_ended", "this link was ended; ask whoever gave it to you for a new one")
	case LinkExpired:
		return errs.E(errs.Unauthenticated, "video.link_expired", "this link has expired; ask whoever gave it to you for a new one")
	case LinkOpen:
	}
	return l.of(stream, action)
}

// of checks that the link is for a picture and an action.
func (l *StreamLink) of(stream string, action Action) error {
	if l.Stream != stream || l.Action != action {
		return errs.E(errs.Denied, "video.token_scope", "token is not for this stream and action")
	}
	return nil
}

// LinkDraft is what a person gives. A link to send by without a stream gets a new one, which stands among the cameras
// under the title.
type LinkDraft struct {
	Stream   string
	Action   Action
	Title    string
	Division string      // of a new stream; empty: the author's
	Place    *wire.Place // of a new stream
	Hours    int         // that it lives

	IncidentID, PersonID string // for which it is; may be empty
}

// check says what is wrong with a draft.
func (d *LinkDraft) check() error {
	d.Title = strings.TrimSpace(d.Title)
	switch {
	case d.Action != Publish && d.Action != Watch:
		return badLink("action", "publish or watch")
	case !errs.Name(d.Title, maxLinkTitle):
		return badLink("title", "1 to 80 characters on one line")
	case d.Hours < 1 || d.Hours > int(maxLinkLife.Hours()):
		return badLink("hours", fmt.Sprintf("1 to %d hours", int(maxLinkLife.Hours())))
	case d.Stream == "" && d.Action == Watch:
		return badLink("stream", "the picture that is to be watched")
	case d.Stream != "" && !wire.ValidID(d.Stream):
		return badLink("stream", "the id of a camera")
	case d.Stream == "" && !geo.Division(d.Division).Valid():
		return badLink("division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	case d.Place != nil && !d.Place.OnEarth():
		return badLink("place", "longitude -180 to 180, latitude -90 to 90")
	}
	return nil
}

func badLink(field, why string) error { return errs.Field("video.link", field, why) }

func noLink(id string) error {
	return errs.E(errs.NotFound, "video.no_link", "there is no link %.64s", id)
}

// linkMark begins the tokens of links; no other token does, for they begin with JSON.
const linkMark = "l-"

// linkToken is the token of a link. It can be made again from the id, so that nothing secret is kept.
func (s signer) linkToken(id string) string {
	return linkMark + id + "." + encoding.EncodeToString(s.mac(linkMark+id))
}

// linkOf reads the id of a link from its token. ok is false for every other token.
func (s signer) linkOf(token string) (id string, ok bool) {
	body, mac, cut := strings.Cut(token, ".")
	id, marked := strings.CutPrefix(body, linkMark)
	if !cut || !marked || len(token) > maxToken {
		return "", false
	}
	sum, err := encoding.DecodeString(mac)
	return id, err == nil && hmac.Equal(sum, s.mac(body))
}
