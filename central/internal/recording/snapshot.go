package recording

import (
	"bytes"
	"image"
	_ "image/jpeg" // so that snapshots are decoded
	_ "image/png"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Origin says where a snapshot comes from.
type Origin string

// The origins.
const (
	OfLive   Origin = "live"   // somebody froze a live picture
	OfReplay Origin = "replay" // or one of a recording
	OfAlarm  Origin = "alarm"  // kept by itself when something beside the camera alarmed
)

// Snapshot is one picture that is kept. With a Reference it stays until somebody takes that away; otherwise it goes
// when recordings of its camera would.
type Snapshot struct {
	ID         string    `json:"id"` // UUIDv7
	Stream     string    `json:"stream"`
	Camera     string    `json:"camera"` // its name as it was then
	At         time.Time `json:"at"`     // of the picture
	Origin     Origin    `json:"origin" enum:"live,replay,alarm"`
	Verified   bool      `json:"verified"`                                   // the camera sent, or a recording shows, when it is said to be of; otherwise it is what somebody uploaded
	Type       string    `json:"type" enum:"image/jpeg,image/png,video/mp4"` // video/mp4: a film of one picture, as the camera coded it
	Width      int       `json:"width"`
	Height     int       `json:"height"`
	Bytes      int64     `json:"bytes"`
	SHA256     string    `json:"sha256"` // of the file, 64 hexadecimal digits
	Alarm      string    `json:"alarm,omitempty"`
	Title      string    `json:"title,omitempty"` // of the alarm
	TitleEN    string    `json:"title_en,omitempty"`
	Metres     *int      `json:"metres,omitempty"` // of an alarm: from the camera to what alarmed; missing: not known
	Reference  string    `json:"reference"`        // incident or file that it is held for
	Note       string    `json:"note"`
	Named      bool      `json:"named"`            // a report names it: it stays
	OrgID      string    `json:"org_id,omitempty"` // whose it is; missing: the centre kept it by itself
	OrgName    string    `json:"org_name,omitempty"`
	Yours      bool      `json:"yours"` // within reach of who asks
	Author     string    `json:"author"`
	AuthorName string    `json:"author_name"`
	CreatedAt  time.Time `json:"created_at"`
	File       string    `json:"-"` // below the folder of recordings
}

// Bounds of a snapshot that somebody sends.
const (
	MaxSnapshot     = 1 << 20 // as much as a request of the API may carry
	snapshotsOften  = 60      // a minute and person
	maxPixels       = 3840 * 2160
	maxSnapshots    = 50_000
	snapshotAhead   = time.Minute // a console's clock may be off
	snapshotsListed = 500
)

// decode reads what a picture is: it must be a whole JPEG or PNG.
func decode(text []byte) (kind string, width, height int, err error) {
	bad := func(msg string) (string, int, int, error) {
		return "", 0, 0, errs.Field("recording.picture", "picture", msg)
	}
	if len(text) == 0 || len(text) > MaxSnapshot {
		return bad("must be 1 byte to 1 MiB")
	}
	head, format, err := image.DecodeConfig(bytes.NewReader(text))
	if err != nil || (format != "jpeg" && format != "png") {
		return bad("must be a JPEG or PNG")
	}
	// Before the picture takes any memory.
	if head.Width < 1 || head.Height < 1 || head.Width*head.Height > maxPixels {
		return bad("must have at most 3840 × 2160 pixels")
	}
	if _, _, err := image.Decode(bytes.NewReader(text)); err != nil {
		return bad("is broken")
	}
	return "image/" + format, head.Width, head.Height, nil
}

func (p Snapshot) check(now time.Time) error {
	switch {
	case p.Origin != OfLive && p.Origin != OfReplay:
		return errs.Field("recording.picture", "origin", "must be live or replay")
	case p.At.After(now.Add(snapshotAhead)) || now.Sub(p.At) > maxDays*24*time.Hour:
		return errs.Field("recording.picture", "at", "must be past")
	}
	return p.checkWords()
}

func (p Snapshot) checkWords() error {
	if !errs.Line(p.Reference, maxReference) {
		return errs.Field("recording.picture", "reference", "at most 100 characters")
	}
	if !errs.Text(p.Note, maxNote) {
		return errs.Field("recording.picture", "note", "at most 500 characters")
	}
	return nil
}

// SnapshotFilter narrows a list of snapshots. Zero values narrow nothing.
type SnapshotFilter struct {
	Stream    string
	Origin    Origin
	Reference string
	From, To  time.Time
	Alarm     string
}

// stale picks the snapshots that go by age, given the days of each camera, and the oldest over a number. What is
// held stays.
func stale(list []Snapshot, days func(stream string) int, most int, now time.Time) (out []Snapshot) {
	left := len(list)
	for _, p := range slices.Backward(list) { // the oldest stand last
		if p.Reference != "" || p.Named {
			continue
		}
		if p.CreatedAt.Before(now.AddDate(0, 0, -days(p.Stream))) || left > most {
			out, left = append(out, p), left-1
		}
	}
	return out
}
