package field

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/picture"
	"github.com/fengsui/fengsui/shared/wire"
)

// Photo is a picture that comes in parts, each where the one before ended: a broken link costs one part.
type Photo struct {
	LinkID string    `json:"-"`
	Key    string    `json:"key"`
	Size   int       `json:"size"`
	Have   int       `json:"have" doc:"Bytes that came; the next part begins there"`
	Sum    string    `json:"-"`
	Type   string    `json:"type" doc:"Empty until it is whole"`
	At     time.Time `json:"-"`
}

// Part is one piece of a picture.
type Part struct {
	Key   string
	At    int    // of its first byte
	Size  int    // of the whole
	Sum   string // SHA-256 of the whole, in hexadecimal
	Bytes []byte
}

// staleAfter is when a picture that nobody goes on sending is forgotten; a phone begins it anew.
const staleAfter = 8 * 24 * time.Hour

func (p Part) check() error {
	sum, err := hex.DecodeString(p.Sum)
	switch {
	case !wire.ValidID(p.Key):
		return errs.Field("field.key", "key", "1 to 64 lower-case letters, digits, - or _")
	case p.Size < 1 || p.Size > MaxPhoto:
		return errs.Field("field.photo_size", "size", "a picture has at most 1 MB")
	case err != nil || len(sum) != sha256.Size:
		return errs.Field("field.photo_sum", "sum", "SHA-256 of the whole, in hexadecimal")
	case len(p.Bytes) < 1 || len(p.Bytes) > MaxPart:
		return errs.Field("field.photo_part", "part", "a part has at most 64 KiB")
	case p.At < 0 || p.At+len(p.Bytes) > p.Size:
		return errs.Field("field.photo_part", "at", "the part does not lie within the picture")
	}
	return nil
}

// Part takes in the next part of a picture and answers how much is there, whatever part it was: so one whose answer was
// lost is simply sent on.
func (s *Service) Part(ctx context.Context, token, stream string, part Part) (Photo, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return Photo{}, err
	}
	if err := part.check(); err != nil {
		return Photo{}, err
	}
	// When a picture was taken its entry says; here only the 72 hours count.
	now := stamp()
	if err := open(l, l.CreatedAt, now); err != nil {
		return Photo{}, err
	}
	var out Photo
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.LockPhotos(ctx, l.ID); err != nil {
			return err
		}
		p, err := s.Store.Photo(ctx, l.ID, part.Key)
		if errs.KindOf(err) == errs.NotFound {
			if err := s.Store.DropStale(ctx, now.Add(-staleAfter)); err != nil {
				return err
			}
			n, err := s.Store.CountPhotos(ctx, l.ID)
			if err != nil {
				return err
			}
			if n >= maxPhotos {
				return errs.E(errs.Conflict, "field.full", "this link has sent as much as it may; ask your desk for a new one")
			}
			p = Photo{LinkID: l.ID, Key: part.Key, Size: part.Size, Sum: part.Sum, At: now}
		} else if err != nil {
			return err
		}
		if p.Size != part.Size || p.Sum != part.Sum {
			return errs.E(errs.Conflict, "field.key_taken", "something else was sent under this key before")
		}
		out = p
		if p.Type != "" || part.At != p.Have {
			return nil // what is there already, or not the next one: the answer says where to go on
		}
		p.Have += len(part.Bytes)
		p.At = now
		if p, err = s.whole(ctx, p, part.Bytes); err != nil {
			return err
		}
		out = p
		return nil
	})
	return out, err
}

// whole keeps a part and, when it was the last, keeps of the picture what is to be seen. What is none begins anew.
func (s *Service) whole(ctx context.Context, p Photo, part []byte) (Photo, error) {
	at := p.Have - len(part)
	begun := p
	begun.Have = at
	if err := s.Store.SavePhoto(ctx, begun); err != nil {
		return p, err
	}
	if err := s.Store.AddPart(ctx, begun, part); err != nil {
		return p, err
	}
	if p.Have == p.Size {
		all, err := s.Store.Bytes(ctx, p)
		if err != nil {
			return p, err
		}
		sum := sha256.Sum256(all)
		if hex.EncodeToString(sum[:]) != p.Sum {
			p.Have = 0
			if err := s.Store.DropParts(ctx, p); err != nil {
				return p, err
			}
			return p, s.Store.SavePhoto(ctx, p)
		}
		// Phones that send by themselves send what their camera wrote, with place, time and phone.
		clean, kind, err := picture.Strip(all)
		if err != nil {
			return p, errs.Field("field.photo_type", "photo", "must be a whole JPEG, PNG or WebP picture")
		}
		if err := s.Store.DropParts(ctx, p); err != nil {
			return p, err
		}
		if err := s.Store.AddPart(ctx, Photo{LinkID: p.LinkID, Key: p.Key}, clean); err != nil {
			return p, err
		}
		p.Type = kind
	}
	return p, s.Store.SavePhoto(ctx, p)
}

// Picture is one that came from the scene of an incident that the actor may see.
func (s *Service) Picture(ctx context.Context, id, entry, key string) (Photo, []byte, error) {
	if _, err := actor.Require(ctx, actor.IncidentRead); err != nil {
		return Photo{}, nil, err
	}
	list, err := s.Scene(ctx, id)
	if err != nil {
		return Photo{}, nil, err
	}
	none := errs.E(errs.NotFound, "field.no_photo", "there is no such picture")
	i := slices.IndexFunc(list, func(e Entry) bool { return e.ID == entry && slices.Contains(e.Photos, key) })
	if i < 0 {
		return Photo{}, nil, none
	}
	p, err := s.Store.Photo(ctx, list[i].LinkID, key)
	if err != nil {
		return p, nil, err
	}
	all, err := s.Store.Bytes(ctx, p)
	if err == nil && len(all) == 0 {
		err = none // it is kept with the task
	}
	return p, all, err
}
