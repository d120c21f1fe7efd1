package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/recording"
)

// Recordings implements recording.Store.
type Recordings struct{ db *DB }

// NewRecordings keeps what is known of recordings in db.
func NewRecordings(db *DB) *Recordings { return &Recordings{db: db} }

// ofMillis is a moment of pictures as it is kept.
func ofMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func orMillis(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMilli()
}

func ifMillis(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := ofMillis(ms)
	return &t
}

// Policies implements recording.Store.
func (s *Recordings) Policies(ctx context.Context) ([]recording.Policy, error) {
	rows, err := s.db.query(ctx, `select stream, mode, keep_days, mute, until_ms, since_ms, author, author_name from recording_policy order by stream`)
	if err != nil {
		return nil, fmt.Errorf("list recording policies: %w", wrap(err))
	}
	return collect(rows, func(row scanner) (p recording.Policy, err error) {
		var until, since int64
		err = row.Scan(&p.Stream, &p.Mode, &p.KeepDays, &p.Mute, &until, &since, &p.Author, &p.AuthorName)
		p.Until, p.Since = ifMillis(until), ifMillis(since)
		return p, err
	})
}

// SavePolicy implements recording.Store.
func (s *Recordings) SavePolicy(ctx context.Context, p recording.Policy) error {
	_, err := s.db.exec(ctx, `
		insert into recording_policy (stream, mode, keep_days, mute, until_ms, since_ms, author, author_name) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (stream) do update set mode = excluded.mode, keep_days = excluded.keep_days, mute = excluded.mute, until_ms = excluded.until_ms,
			since_ms = excluded.since_ms, author = excluded.author, author_name = excluded.author_name`,
		p.Stream, p.Mode, p.KeepDays, p.Mute, orMillis(p.Until), orMillis(p.Since), p.Author, p.AuthorName)
	if err != nil {
		return fmt.Errorf("save recording policy of %s: %w", p.Stream, wrap(err))
	}
	return nil
}

// RemovePolicy implements recording.Store.
func (s *Recordings) RemovePolicy(ctx context.Context, stream string) error {
	if _, err := s.db.exec(ctx, `delete from recording_policy where stream = $1`, stream); err != nil {
		return fmt.Errorf("remove recording policy of %s: %w", stream, wrap(err))
	}
	return nil
}

// AddMark implements recording.Store.
func (s *Recordings) AddMark(ctx context.Context, m recording.Mark) error {
	_, err := s.db.exec(ctx, `insert into recording_mark (stream, at_ms, kind, ref, title, title_en, level, metres) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
		m.Stream, m.At.UnixMilli(), m.Kind, m.Ref, m.Title, m.TitleEN, m.Level, m.Metres)
	if err != nil {
		return fmt.Errorf("mark recording of %s: %w", m.Stream, wrap(err))
	}
	return nil
}

// Marks implements recording.Store.
func (s *Recordings) Marks(ctx context.Context, stream string, from, to time.Time) ([]recording.Mark, error) {
	rows, err := s.db.query(ctx, `select stream, at_ms, kind, ref, title, title_en, level, metres from recording_mark
		where stream = $1 and at_ms >= $2 and at_ms < $3 order by at_ms, ref limit 1000`, stream, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list marks of recording: %w", wrap(err))
	}
	return collect(rows, func(row scanner) (m recording.Mark, err error) {
		var at int64
		err = row.Scan(&m.Stream, &at, &m.Kind, &m.Ref, &m.Title, &m.TitleEN, &m.Level, &m.Metres)
		m.At = ofMillis(at)
		return m, err
	})
}

// RemoveMarks implements recording.Store.
func (s *Recordings) RemoveMarks(ctx context.Context, before time.Time) error {
	for _, table := range []string{"recording_mark", "recording_missed"} {
		if _, err := s.db.exec(ctx, `delete from `+table+` where at_ms < $1`, before.UnixMilli()); err != nil {
			return fmt.Errorf("remove marks of recordings: %w", wrap(err))
		}
	}
	return nil
}

// AddMissed implements recording.Store.
func (s *Recordings) AddMissed(ctx context.Context, m recording.Missed) error {
	_, err := s.db.exec(ctx, `insert into recording_missed (alarm, stream, camera, at_ms, title, title_en, metres, why) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
		m.Alarm, m.Stream, m.Camera, m.At.UnixMilli(), m.Title, m.TitleEN, m.Metres, m.Why)
	if err != nil {
		return fmt.Errorf("note that an alarm has no picture of %s: %w", m.Stream, wrap(err))
	}
	return nil
}

// Missed implements recording.Store.
func (s *Recordings) Missed(ctx context.Context, alarm string, since time.Time) ([]recording.Missed, error) {
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixMilli()
	}
	rows, err := s.db.query(ctx, `select alarm, stream, camera, at_ms, title, title_en, metres, why from recording_missed
		where ($1 = '' or alarm = $1) and at_ms >= $2 order by at_ms desc, alarm, stream limit 1000`, alarm, from)
	if err != nil {
		return nil, fmt.Errorf("list alarms without a picture: %w", wrap(err))
	}
	return collect(rows, func(row scanner) (m recording.Missed, err error) {
		var at int64
		err = row.Scan(&m.Alarm, &m.Stream, &m.Camera, &at, &m.Title, &m.TitleEN, &m.Metres, &m.Why)
		m.At = ofMillis(at)
		return m, err
	})
}

const wishColumns = `id, stream, edge, from_ms, to_ms, state, error, films, bytes, ticket, author_name, created_at, settled_at`

func scanWish(row scanner) (w recording.Wish, err error) {
	var from, to int64
	var settled sql.NullTime
	err = row.Scan(&w.ID, &w.Stream, &w.Edge, &from, &to, &w.State, &w.Error, &w.Films, &w.Bytes, &w.Ticket, &w.AuthorName, &w.CreatedAt, &settled)
	w.From, w.To, w.CreatedAt, w.SettledAt = ofMillis(from), ofMillis(to), w.CreatedAt.UTC(), moment(settled)
	return w, err
}

// AddWish implements recording.Store.
func (s *Recordings) AddWish(ctx context.Context, w recording.Wish) error {
	_, err := s.db.exec(ctx, `insert into recording_wish (`+wishColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		w.ID, w.Stream, w.Edge, w.From.UnixMilli(), w.To.UnixMilli(), w.State, w.Error, w.Films, w.Bytes, w.Ticket, w.AuthorName, w.CreatedAt, w.SettledAt)
	if err != nil {
		return fmt.Errorf("add wish for recordings of %s: %w", w.Stream, wrap(err))
	}
	return nil
}

// ChangeWish implements recording.Store.
func (s *Recordings) ChangeWish(ctx context.Context, w recording.Wish) error {
	_, err := s.db.exec(ctx, `update recording_wish set state = $2, error = $3, films = $4, bytes = $5, settled_at = $6 where id = $1`,
		w.ID, w.State, w.Error, w.Films, w.Bytes, w.SettledAt)
	if err != nil {
		return fmt.Errorf("change wish for recordings of %s: %w", w.Stream, wrap(err))
	}
	return nil
}

// Wish implements recording.Store.
func (s *Recordings) Wish(ctx context.Context, id string) (recording.Wish, error) {
	w, err := scanWish(s.db.queryRow(ctx, `select `+wishColumns+` from recording_wish where id = $1`, id))
	if err != nil {
		return w, fmt.Errorf("load wish for recordings: %w", wrap(err))
	}
	return w, nil
}

// Wishes implements recording.Store.
func (s *Recordings) Wishes(ctx context.Context, stream string, from, to time.Time) ([]recording.Wish, error) {
	rows, err := s.db.query(ctx, `select `+wishColumns+` from recording_wish where stream = $1 and from_ms < $2 and to_ms > $3 order by from_ms, id`,
		stream, to.UnixMilli(), from.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list wishes for recordings: %w", wrap(err))
	}
	return collect(rows, scanWish)
}

// OpenWishes implements recording.Store.
func (s *Recordings) OpenWishes(ctx context.Context) ([]recording.Wish, error) {
	rows, err := s.db.query(ctx, `select `+wishColumns+` from recording_wish where state = 'wanted' order by id`)
	if err != nil {
		return nil, fmt.Errorf("list wishes for recordings: %w", wrap(err))
	}
	return collect(rows, scanWish)
}
