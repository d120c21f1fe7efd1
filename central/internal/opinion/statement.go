package opinion

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// State of a press statement.
type State string

// The states.
const (
	Draft      State = "draft"
	Checked    State = "checked"
	Signed     State = "signed"
	Released   State = "released"
	Superseded State = "superseded" // a correction was released in its place
)

// Mark is who did something with a statement.
type Mark struct {
	UserID string    `json:"user_id"`
	Name   string    `json:"name"`
	Org    string    `json:"org"`
	At     time.Time `json:"at"`
	Note   string    `json:"note"`
}

// Statement is one version of a press statement. A correction is a statement of its own with the next number.
type Statement struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	Template   string    `json:"template"`
	Title      string    `json:"title"`
	Text       string    `json:"text"` // a line is a paragraph
	Tasks      []string  `json:"tasks"`
	Version    int       `json:"version"`  // 1, and one more for each correction
	Replaces   string    `json:"replaces"` // id of the statement that it corrects
	State      State     `json:"state"`
	Written    Mark      `json:"written"` // last
	Checked    *Mark     `json:"checked,omitempty"`
	Signed     *Mark     `json:"signed,omitempty"`
	Released   *Mark     `json:"released,omitempty"` // Note says where
	Returned   *Mark     `json:"returned,omitempty"` // last, with the reason
	Hash       string    `json:"hash"`               // of title and text, since it was signed
	CreatedAt  time.Time `json:"created_at"`
	Exercise   string    `json:"exercise"`
	Edit       int       `json:"edit"`
}

const maxStatement = 8000

// validate complains of a text with gaps: what a template could not fill is filled by a person or taken out.
func (s Statement) validate() error {
	switch {
	case !errs.Name(s.Title, maxName):
		return errs.Field("opinion.title", "title", "1 to 120 characters on one line")
	case strings.TrimSpace(s.Text) == "" || !errs.Text(s.Text, maxStatement):
		return errs.Field("opinion.text", "text", "1 to 8000 characters")
	}
	return nil
}

func (s Statement) whole() error {
	if strings.Contains(s.Title+s.Text, gap) {
		return errs.E(errs.Conflict, "opinion.gaps", "the text has places that nobody has filled (%s); fill them first", gap)
	}
	return nil
}

// sum tells texts apart.
func (s Statement) sum() string {
	h := sha256.Sum256([]byte(s.Title + "\n" + s.Text))
	return hex.EncodeToString(h[:])
}

// Act is something that is done with a statement.
type Act struct {
	Do       string // check, return, sign, release, discard
	Edit     int    // that was seen
	Note     string // of a return the reason, of a release where it was published
	Password string // of a signature
}

// act is a statement after something was done with it.
func (s Statement) act(n Act, a actor.Actor, org string, now time.Time) (Statement, error) {
	m := &Mark{UserID: a.ID, Name: a.Name, Org: org, At: now, Note: n.Note}
	from := map[string][]State{"check": {Draft}, "return": {Checked, Signed}, "sign": {Checked}, "release": {Signed}, "discard": {Draft, Checked}}[n.Do]
	switch {
	case from == nil:
		return s, errs.Field("opinion.act", "do", "must be check, return, sign, release or discard")
	case s.Edit != n.Edit:
		return s, errs.E(errs.Conflict, "opinion.changed", "somebody has changed it meanwhile; look at it again")
	case !slices.Contains(from, s.State):
		return s, errs.E(errs.Conflict, "opinion.state", "that is not done with a statement that is %s; look at it again", s.State)
	}
	switch n.Do {
	case "check":
		if s.Written.UserID == a.ID {
			return s, errs.E(errs.Conflict, "opinion.own", "who has written it does not check it; ask somebody else")
		}
		if err := s.whole(); err != nil {
			return s, err
		}
		s.State, s.Checked = Checked, m
	case "return":
		if !errs.Name(n.Note, maxLine) {
			return s, errs.Field("opinion.why", "note", "say why, in 1 to 200 characters on one line")
		}
		s.State, s.Checked, s.Signed, s.Hash, s.Returned = Draft, nil, nil, "", m
	case "sign":
		if s.Written.UserID == a.ID {
			return s, errs.E(errs.Conflict, "opinion.own", "who has written it does not sign it; ask somebody else")
		}
		s.State, s.Signed, s.Hash = Signed, m, s.sum()
	case "release":
		if !errs.Name(n.Note, maxLine) {
			return s, errs.Field("opinion.where", "note", "say where it is published, in 1 to 200 characters on one line")
		}
		if s.sum() != s.Hash {
			return s, errs.E(errs.Conflict, "opinion.text_differs", "the text is not the one that was signed; return it and have it signed anew")
		}
		s.State, s.Released = Released, m
	}
	s.Edit++
	return s, nil
}
