package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Field implements field.Store.
type Field struct{ db *DB }

// NewField keeps in db what phones send.
func NewField(db *DB) *Field { return &Field{db: db} }

// Lock implements field.Store.
func (s *Field) Lock(ctx context.Context, link string) error {
	return s.db.lockAfter(ctx, "field "+link)
}

// LockPhotos implements field.Store.
func (s *Field) LockPhotos(ctx context.Context, link string) error {
	return s.db.lock(ctx, "field photos "+link)
}

// keptEntry is an entry with what only the store must see.
type keptEntry struct {
	field.Entry
	Hash string `json:"sum"`
}

func scanFieldEntry(row scanner) (field.Entry, error) {
	k, err := scanBody[keptEntry](row)
	k.Sum = k.Hash
	return k.Entry, err
}

// Entry implements field.Store.
func (s *Field) Entry(ctx context.Context, link, key string) (field.Entry, error) {
	e, err := scanFieldEntry(s.db.queryRow(ctx, `select body from field_entries where link_id = $1 and key = $2`, link, key))
	return missed(e, "field.no_entry", "entry", err)
}

// AddEntry implements field.Store.
func (s *Field) AddEntry(ctx context.Context, e field.Entry) error {
	if err := s.db.belongs(ctx, e.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "entry", keptEntry{e, e.Sum}, `insert into field_entries (link_id, key, id, incident_id, at, body) values ($1, $2, $3, $4, $5, $6)`, e.LinkID, e.Key, e.ID, e.IncidentID, e.At)
}

// CountEntries implements field.Store.
func (s *Field) CountEntries(ctx context.Context, link string) (int, error) {
	return s.count(ctx, `select count(*) from field_entries where link_id = $1`, link)
}

func (s *Field) count(ctx context.Context, query string, args ...any) (n int, err error) {
	if err = s.db.queryRow(ctx, query, args...).Scan(&n); err != nil {
		err = fmt.Errorf("count what a phone sent: %w", wrap(err))
	}
	return n, err
}

// Entries implements field.Store.
func (s *Field) Entries(ctx context.Context, incident string) ([]field.Entry, error) {
	return dutyRows(ctx, s.db, "entries", scanFieldEntry, `select body from field_entries where incident_id = $1`+ofWorld(2)+` order by at, id`, incident, exercise(ctx))
}

// Photo implements field.Store.
func (s *Field) Photo(ctx context.Context, link, key string) (field.Photo, error) {
	var p field.Photo
	err := s.db.queryRow(ctx, `select link_id, key, size, have, sum, type, at from field_photos where link_id = $1 and key = $2`, link, key).
		Scan(&p.LinkID, &p.Key, &p.Size, &p.Have, &p.Sum, &p.Type, &p.At)
	p.At = p.At.UTC()
	return missed(p, "field.no_photo", "picture", err)
}

// CountPhotos implements field.Store.
func (s *Field) CountPhotos(ctx context.Context, link string) (int, error) {
	return s.count(ctx, `select count(*) from field_photos where link_id = $1`, link)
}

// SavePhoto implements field.Store.
func (s *Field) SavePhoto(ctx context.Context, p field.Photo) error {
	return s.exec(ctx, "keep picture", `insert into field_photos (link_id, key, size, have, sum, type, at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (link_id, key) do update set have = excluded.have, type = excluded.type, at = excluded.at`, p.LinkID, p.Key, p.Size, p.Have, p.Sum, p.Type, p.At)
}

// AddPart implements field.Store.
func (s *Field) AddPart(ctx context.Context, p field.Photo, part []byte) error {
	return s.exec(ctx, "keep part of picture", `insert into field_photo_parts (link_id, key, at, body) values ($1, $2, $3, $4)`, p.LinkID, p.Key, p.Have, base64.StdEncoding.EncodeToString(part))
}

// Bytes implements field.Store.
func (s *Field) Bytes(ctx context.Context, p field.Photo) ([]byte, error) {
	scan := func(row scanner) (part []byte, err error) {
		var text string
		if err = row.Scan(&text); err == nil {
			part, err = base64.StdEncoding.DecodeString(text)
		}
		return part, err
	}
	parts, err := dutyRows(ctx, s.db, "parts of picture", scan, `select body from field_photo_parts where link_id = $1 and key = $2 order by at`, p.LinkID, p.Key)
	var out []byte
	for _, part := range parts {
		out = append(out, part...)
	}
	return out, err
}

// DropParts implements field.Store.
func (s *Field) DropParts(ctx context.Context, p field.Photo) error {
	return s.exec(ctx, "forget picture", `delete from field_photo_parts where link_id = $1 and key = $2`, p.LinkID, p.Key)
}

// TakePlaces implements field.Store.
func (s *Field) TakePlaces(ctx context.Context, link string, day, oldest time.Time, n, most int) (int, error) {
	if err := s.exec(ctx, "forget days of places", `delete from field_places where link_id = $1 and day < $2`, link, oldest.Format(time.DateOnly)); err != nil {
		return 0, err
	}
	had, err := s.count(ctx, `select coalesce(sum(n), 0) from field_places where link_id = $1 and day = $2`, link, day.Format(time.DateOnly))
	if err != nil {
		return 0, err
	}
	n = max(0, min(n, most-had))
	return n, s.exec(ctx, "count places", `insert into field_places (link_id, day, n) values ($1, $2, $3) on conflict (link_id, day) do update set n = field_places.n + excluded.n`, link, day.Format(time.DateOnly), n)
}

// OldStreams implements field.Store.
func (s *Field) OldStreams(ctx context.Context, before time.Time, after string, most int) ([]string, error) {
	scan := func(row scanner) (id string, err error) { return id, row.Scan(&id) }
	return dutyRows(ctx, s.db, "phones with old places", scan, `select distinct stream from video_link
		where action = $1 and stream > $2 and created_at < $3 and not places_gone order by stream limit $4`, video.Publish, after, before, most)
}

// PlacesGone implements field.Store.
func (s *Field) PlacesGone(ctx context.Context, streams []string, expired time.Time) error {
	for _, id := range streams {
		if err := s.exec(ctx, "note that places are gone", `update video_link set places_gone = true where stream = $1 and expires_at < $2 and not places_gone`, id, expired); err != nil {
			return err
		}
	}
	return nil
}

// Forgetting implements field.Store.
func (s *Field) Forgetting(ctx context.Context) (g field.Going, ok bool, err error) {
	scan := func(row scanner) (text string, err error) { return text, row.Scan(&text) }
	list, err := dutyRows(ctx, s.db, "deletions of places", scan, `select data from audit
		where kind = $1 and seq > coalesce((select max(seq) from audit where kind = $2), 0) order by seq desc limit 1`, field.EventForgetting, field.EventForgotten)
	if err != nil || len(list) == 0 {
		return g, false, err
	}
	if err := json.Unmarshal([]byte(list[0]), &g); err != nil {
		return g, false, fmt.Errorf("read deletion of places: %w", err)
	}
	return g, true, nil
}

// DropStale implements field.Store.
func (s *Field) DropStale(ctx context.Context, before time.Time) error {
	const stale = ` from field_photos p where p.type = '' and p.at < $1`
	if err := s.exec(ctx, "forget parts of pictures", `delete from field_photo_parts where exists (select 1`+stale+` and p.link_id = field_photo_parts.link_id and p.key = field_photo_parts.key)`, before); err != nil {
		return err
	}
	return s.exec(ctx, "forget pictures", `delete from field_photos where type = '' and at < $1`, before)
}

func (s *Field) exec(ctx context.Context, what, query string, args ...any) error {
	if _, err := s.db.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", what, wrap(err))
	}
	return nil
}
