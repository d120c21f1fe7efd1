// Package field is the crew with a phone: behind a link, without an account, they tell what they see, do their tasks
// and say where they are, also after hours without a net. Rule that must never break: what a phone has sent once is
// kept once, however often it comes, and what it wrote down before its link ended is not lost.
package field

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// Sent is the kind of the lines that come from the scene.
const Sent incident.Kind = "field"

// Limits of what one link may send.
const (
	maxText    = 1000 // characters
	maxEntries = 2000
	maxPhotos  = 300 // pictures, whole or not
	perEntry   = 10  // pictures
	MaxPhoto   = 1_000_000
	MaxPart    = 64 << 10
	MaxFixes   = 200    // places told at once
	MaxPlaces  = 17_280 // places of one day: one every 5 s, the most that a page tells
	Grace      = video.LateFor
	lateAfter  = 2 * time.Minute // what came later than that was told after the event
	clocksOff  = 5 * time.Second // less is the way through the net
)

// Kind of an entry.
type Kind string

// The kinds of entries.
const (
	Note Kind = "note"
	Task Kind = "task" // a step of a task
)

// Draft is what a phone sends: Key is its own for this entry and never used again, At and SentAt are by its clock.
type Draft struct {
	Key        string
	Kind       Kind
	At, SentAt time.Time
	Text       string
	Lon, Lat   *float64
	Accuracy   *float64 // metres
	Photos     []string // keys of pictures that came before
	TaskID     string
	Step       string
}

// Entry is what is kept of it.
type Entry struct {
	ID            string    `json:"id"`
	LinkID        string    `json:"link_id"`
	Key           string    `json:"key"`
	IncidentID    string    `json:"incident_id"`
	Kind          Kind      `json:"kind" enum:"note,task"`
	ByName        string    `json:"by_name"`
	Text          string    `json:"text"`
	Lon           *float64  `json:"lon,omitempty"` // WGS 84, degrees
	Lat           *float64  `json:"lat,omitempty"`
	Accuracy      *float64  `json:"accuracy_m,omitempty"`
	Photos        []string  `json:"photos"`
	TaskID        string    `json:"task_id,omitempty"`
	Step          string    `json:"step,omitempty"`
	At            time.Time `json:"at" doc:"When it was written, by the clock of the centre"`
	PhoneAt       time.Time `json:"phone_at" doc:"The same by the clock of the phone"`
	ReceivedAt    time.Time `json:"received_at"`
	OffsetMS      int64     `json:"clock_offset_ms" doc:"By how much the phone's clock was ahead when it sent"`
	Retrospective bool      `json:"retrospective" doc:"It came later than it was written"`
	AfterEnd      bool      `json:"after_end,omitempty" doc:"It came after its link had been ended or had expired"`
	Refused       string    `json:"refused,omitempty" doc:"Code of why a step of a task was not done; what was written with it is kept"`
	Sum           string    `json:"-"`
}

// Receipt says what became of an entry.
type Receipt struct {
	Entry
	Known bool `json:"known" doc:"It had come before"`
}

// sum tells one draft from another under the same key: everything but when it was sent.
func (d Draft) sum() string {
	d.SentAt = time.Time{}
	text, _ := json.Marshal(d) // cannot fail
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

func (d Draft) check() error {
	switch {
	case !wire.ValidID(d.Key):
		return errs.Field("field.key", "key", "1 to 64 lower-case letters, digits, - or _")
	case d.Kind != Note && d.Kind != Task:
		return errs.Field("field.kind", "kind", "note or task")
	case d.Kind == Task && (d.TaskID == "" || d.Step == ""):
		return errs.Field("field.task", "task_id", "which task, and which step")
	case !errs.Text(d.Text, maxText):
		return errs.Field("field.text", "text", "at most 1000 characters")
	case len(d.Photos) > perEntry:
		return errs.Field("field.photos", "photos", "at most 10 pictures")
	case d.Kind == Note && d.Text == "" && len(d.Photos) == 0:
		return errs.Field("field.text", "text", "say something, or add a picture")
	case !calendar(d.At), !calendar(d.SentAt):
		return errs.Field("field.time", "at", "set the date of the phone: it must lie between 2000 and 2099")
	case d.Accuracy != nil && !(*d.Accuracy >= 0 && *d.Accuracy <= 1e7):
		return errs.Field("field.accuracy", "accuracy_m", "metres")
	}
	return incident.Place(d.Lon, d.Lat)
}

// calendar reports whether a time is one that a phone's clock may show, however wrong it is, and that every zone, JSON and
// database has a word for.
func calendar(t time.Time) bool { y := t.UTC().Year(); return y >= 2000 && y <= 2099 }

// moment is when something was written, by the clock of the centre. Only how long ago it was counts, so that a wrong
// clock of the phone does no harm; one that was set between writing and sending cannot be mended, but what it says is
// held between the making of the link and now.
func moment(l video.StreamLink, at, sent, received time.Time) (when time.Time, offset time.Duration) {
	offset = sent.Sub(received)
	if offset.Abs() < clocksOff {
		offset = 0
	}
	when = at.Add(-offset)
	if when.After(received) {
		when = received
	}
	if when.Before(l.CreatedAt) {
		when = l.CreatedAt
	}
	return when, offset
}

// open refuses what was written after a link had closed, and what comes too late. How long ago something was written the
// phone alone says: a link that was stolen is ended at once, and then lets nothing in.
func open(l video.StreamLink, when, received time.Time) error {
	closes := l.Closes()
	switch {
	case received.Before(closes):
		return nil
	case when.After(closes) && l.EndedAt != nil:
		return errs.E(errs.Unauthenticated, "video.link_ended", "this link was ended; ask whoever gave it to you for a new one")
	case when.After(closes):
		return errs.E(errs.Unauthenticated, "video.link_expired", "this link has expired; ask whoever gave it to you for a new one")
	case !l.Late(received):
		return errs.E(errs.Unauthenticated, "field.too_late", "this link expired or was ended more than 72 hours ago; show the phone to your desk")
	}
	return nil
}

// Fix is where a phone was.
type Fix struct {
	At       time.Time
	Lon, Lat float64
	Accuracy *float64 // metres
	Heading  *float64 // degrees from north
	Speed    *float64 // metres a second
	Battery  *float64 // percent
	DataMB   *float64 // that the page has used
}

func (f Fix) check() error {
	within := func(v *float64, most float64) bool { return v == nil || (*v >= 0 && *v <= most) }
	switch {
	case !within(f.Accuracy, 1e7), !within(f.Heading, 360), !within(f.Speed, 1000), !within(f.Battery, 100), !within(f.DataMB, 1e7):
		return errs.Field("field.fix", "fixes", "one of the places says something impossible")
	}
	return incident.Place(&f.Lon, &f.Lat)
}
