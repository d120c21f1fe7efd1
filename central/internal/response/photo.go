package response

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/picture"
)

// Photo is a picture that somebody sent with a task.
type Photo struct {
	ID     string    `json:"id"`
	TaskID string    `json:"task_id"`
	Type   string    `json:"type"`
	Size   int       `json:"size"`
	At     time.Time `json:"at"`
	ByName string    `json:"by_name"`
	Bytes  []byte    `json:"-"`
}

// MaxPhoto is the most bytes that one picture holds, below the limit of the server for one request; maxPhotos how many a task has.
const (
	MaxPhoto  = 1_000_000
	maxPhotos = 20
	maxNote   = 1000
)

// AddPhoto keeps a picture for the next step of a task.
func (s *Service) AddPhoto(ctx context.Context, id string, data []byte) (Photo, error) {
	_, t, _, mine, err := s.task(ctx, id, actor.IncidentWrite)
	if err != nil {
		return Photo{}, err
	}
	if !mine {
		return Photo{}, errs.E(errs.Denied, "response.not_yours", "the task is done by those who hold its role, or by their desk")
	}
	return s.photo(ctx, t, data)
}

func (s *Service) photo(ctx context.Context, t Task, data []byte) (Photo, error) {
	a, _ := actor.From(ctx)
	if len(data) == 0 || len(data) > MaxPhoto {
		return Photo{}, errs.Field("response.photo_size", "photo", "a picture has at most 1 MB")
	}
	// What it says of itself counts for nothing and is not kept: it is shown to others later.
	clean, kind, err := picture.Strip(data)
	if err != nil {
		return Photo{}, errs.Field("response.photo_type", "photo", "must be a whole JPEG, PNG or WebP picture")
	}
	p := Photo{ID: newID(), TaskID: t.ID, Type: kind, Size: len(clean), At: stamp(), ByName: a.Name, Bytes: clean}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx, t.IncidentID); err != nil {
			return err
		}
		n, err := s.Store.CountPhotos(ctx, t.ID)
		if err != nil {
			return err
		}
		if n >= maxPhotos { // of those whose answer was lost nobody knows: they make room, the oldest first
			if n, err = s.Store.DropPhotos(ctx, t.ID, n-maxPhotos+1); err != nil {
				return err
			}
		}
		if n >= maxPhotos {
			return errs.Field("response.photos", "photos", "at most 20 pictures")
		}
		return s.Store.AddPhoto(ctx, p)
	})
	return p, err
}

// Photo gives a picture of a task that the actor may see.
func (s *Service) Photo(ctx context.Context, task, id string) (Photo, error) {
	if _, _, _, _, err := s.task(ctx, task, actor.IncidentRead); err != nil {
		return Photo{}, err
	}
	p, err := s.Store.Photo(ctx, id)
	if err == nil && p.TaskID != task {
		err = errs.E(errs.NotFound, "response.no_photo", "there is no such picture")
	}
	return p, err
}
