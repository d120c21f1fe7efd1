package field

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Store is what this package needs to be kept.
type Store interface {
	// Lock makes entries of one link, LockPhotos parts of its pictures and counts of its places follow one another until the end of the transaction.
	Lock(ctx context.Context, link string) error
	LockPhotos(ctx context.Context, link string) error
	// Entry is errs.NotFound when there is none.
	Entry(ctx context.Context, link, key string) (Entry, error)
	AddEntry(ctx context.Context, e Entry) error
	CountEntries(ctx context.Context, link string) (int, error)
	// Entries of an incident, oldest first.
	Entries(ctx context.Context, incident string) ([]Entry, error)
	// Photo is errs.NotFound when nothing of it came.
	Photo(ctx context.Context, link, key string) (Photo, error)
	CountPhotos(ctx context.Context, link string) (int, error)
	SavePhoto(ctx context.Context, p Photo) error
	AddPart(ctx context.Context, p Photo, part []byte) error
	// Bytes are those of a picture that came.
	Bytes(ctx context.Context, p Photo) ([]byte, error)
	// DropParts forgets the bytes of a picture, which are kept elsewhere or worth nothing.
	DropParts(ctx context.Context, p Photo) error
	// TakePlaces counts n more places of a link and day (UTC), but never more than most in all, and answers how many those
	// were; it forgets the days before oldest.
	TakePlaces(ctx context.Context, link string, day, oldest time.Time, n, most int) (int, error)
	// OldStreams are the next phones after one, by name, whose links were made before a time, as far as their places are not gone.
	OldStreams(ctx context.Context, before time.Time, after string, most int) ([]string, error)
	// PlacesGone notes that no place is left of the links of some phones that expired before a time.
	PlacesGone(ctx context.Context, streams []string, expired time.Time) error
	// Forgetting is the newest deletion of places that the record announces and does not tell as done; false: there is none.
	Forgetting(ctx context.Context) (Going, bool, error)
	// DropStale forgets pictures that nobody went on sending since a time.
	DropStale(ctx context.Context, before time.Time) error
}

// Links are those by which phones send (video.Service).
type Links interface {
	Holder(ctx context.Context, token, stream string) (video.StreamLink, error)
	Wanted(stream string) bool
}

// Incidents are written to (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	// Standing is the one that stands for an incident: itself, or that into which it was merged.
	Standing(ctx context.Context, id string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// Tasks are those of one person (response.Service).
type Tasks interface {
	TasksOf(ctx context.Context, person string) ([]response.Task, error)
	LinesOf(ctx context.Context, person, task string) ([]response.Line, error)
	StepOf(ctx context.Context, person, task string, st response.Step, photos [][]byte) (response.Task, error)
}

// Messages are the short orders to a phone (crew.Service).
type Messages interface {
	MessagesOf(ctx context.Context, token, stream string) ([]crew.PhoneMessage, error)
	// Here notes that the page of a phone is open.
	Here(stream string)
}

// Positions keeps where phones were (telemetry, where that of terminals is kept too).
type Positions interface {
	Keep(ctx context.Context, stream string, fixes []Fix, received time.Time) error
	// Forget deletes those of some phones from before a time; it answers how many values went, and whether something
	// stays for now, as when it is held for an inquiry. Before any goes announce hears how many will; with its error none goes.
	Forget(ctx context.Context, streams []string, before time.Time, announce func(values int64) error) (gone int64, held bool, err error)
	// Held are the phones of which nothing is deleted: their recordings are under a legal hold.
	Held(ctx context.Context) (map[string]bool, error)
}
