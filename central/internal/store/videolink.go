package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/video"
)

// VideoLinks implements video.Links.
type VideoLinks struct{ db *DB }

// NewVideoLinks keeps links in db.
func NewVideoLinks(db *DB) *VideoLinks { return &VideoLinks{db: db} }

const selectVideoLink = `
	select id, division, stream, action, title, author, author_name, created_at, expires_at, ended_at, ended_by_name, used_at, uses, incident_id, person_id, late_until from video_link `

func scanVideoLink(row scanner) (l video.StreamLink, err error) {
	var ended, used, late sql.NullTime
	err = row.Scan(&l.ID, &l.Division, &l.Stream, &l.Action, &l.Title, &l.Author, &l.AuthorName, &l.CreatedAt, &l.ExpiresAt, &ended, &l.EndedByName, &used, &l.Uses, &l.IncidentID, &l.PersonID, &late)
	l.CreatedAt, l.ExpiresAt, l.EndedAt, l.UsedAt, l.LateUntil = l.CreatedAt.UTC(), l.ExpiresAt.UTC(), moment(ended), moment(used), moment(late)
	return l, err
}

// VideoLinks implements video.Links.
func (s *VideoLinks) VideoLinks(ctx context.Context, scope actor.Scope, since time.Time, most int) ([]video.StreamLink, error) {
	rows, err := s.db.query(ctx, selectVideoLink+`
		where division like $1 and expires_at >= $2 and (ended_at is null or ended_at >= $2) order by id desc limit $3`, string(scope), since, most)
	if err != nil {
		return nil, fmt.Errorf("list video links: %w", wrap(err))
	}
	return collect(rows, scanVideoLink)
}

// VideoLink implements video.Links.
func (s *VideoLinks) VideoLink(ctx context.Context, id string) (video.StreamLink, error) {
	l, err := scanVideoLink(s.db.queryRow(ctx, selectVideoLink+`where id = $1`, id))
	if err != nil {
		return l, fmt.Errorf("load video link %s: %w", id, wrap(err))
	}
	return l, nil
}

// AddVideoLink implements video.Links.
func (s *VideoLinks) AddVideoLink(ctx context.Context, l video.StreamLink) error {
	_, err := s.db.exec(ctx, `
		insert into video_link (id, division, stream, action, title, author, author_name, created_at, expires_at, ended_by_name, uses, incident_id, person_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0, $10, $11)`,
		l.ID, l.Division, l.Stream, l.Action, l.Title, l.Author, l.AuthorName, l.CreatedAt, l.ExpiresAt, l.IncidentID, l.PersonID)
	if err != nil {
		return fmt.Errorf("add video link: %w", wrap(err))
	}
	return nil
}

// EndVideoLink implements video.Links.
func (s *VideoLinks) EndVideoLink(ctx context.Context, id, by string, at time.Time, late *time.Time) (bool, error) {
	res, err := s.db.exec(ctx, `update video_link set ended_at = $2, ended_by_name = $3, late_until = $4 where id = $1 and ended_at is null`, id, at, by, late)
	if err == nil && late == nil {
		if n, err := res.RowsAffected(); n > 0 || err != nil {
			return n > 0, err
		}
		res, err = s.db.exec(ctx, `update video_link set late_until = null where id = $1 and late_until is not null`, id)
	}
	if err != nil {
		return false, fmt.Errorf("end video link %s: %w", id, wrap(err))
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// ChangeVideoLink implements video.Links.
func (s *VideoLinks) ChangeVideoLink(ctx context.Context, l video.StreamLink, at time.Time) (bool, error) {
	res, err := s.db.exec(ctx, `update video_link set expires_at = $2, incident_id = $3, person_id = $4 where id = $1 and ended_at is null and expires_at > $5`, l.ID, l.ExpiresAt, l.IncidentID, l.PersonID, at)
	if err != nil {
		return false, fmt.Errorf("change video link %s: %w", l.ID, wrap(err))
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// UseVideoLink implements video.Links.
func (s *VideoLinks) UseVideoLink(ctx context.Context, id string, at time.Time) error {
	if _, err := s.db.exec(ctx, `update video_link set used_at = $2, uses = uses + 1 where id = $1`, id, at); err != nil {
		return fmt.Errorf("note use of video link %s: %w", id, wrap(err))
	}
	return nil
}
