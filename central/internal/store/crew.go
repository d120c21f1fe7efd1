package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/crew"
)

// Crews implements crew.Store.
type Crews struct{ db *DB }

// NewCrews keeps messages to crews in db.
func NewCrews(db *DB) *Crews { return &Crews{db: db} }

var _ crew.Store = (*Crews)(nil)

// crewRow is a message with what its JSON leaves out.
type crewRow struct {
	crew.Message
	Told bool `json:"told"`
}

func scanCrew(row scanner) (crew.Message, error) {
	var text string
	var version int
	if err := row.Scan(&text, &version); err != nil {
		return crew.Message{}, err
	}
	var r crewRow
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return crew.Message{}, fmt.Errorf("read message to a crew: %w", err)
	}
	m := r.Message
	m.Told, m.Version = r.Told, version
	return m, nil
}

// Message implements crew.Store.
func (s *Crews) Message(ctx context.Context, id string) (crew.Message, error) {
	m, err := scanCrew(s.db.queryRow(ctx, `select body, version from crew_messages where id = $1`, id))
	return missed(m, "crew.no_message", "message to a crew", err)
}

// Messages implements crew.Store.
func (s *Crews) Messages(ctx context.Context, f crew.Filter, most int) ([]crew.Message, error) {
	return dutyRows(ctx, s.db, "messages to crews", scanCrew, `select body, version from crew_messages
		where ($1 = '' or target = $1) and ($2 = '' or incident_id = $2) and at >= $3 order by at desc, id limit $4`, f.Target, f.Incident, f.Since, most)
}

// Waiting implements crew.Store.
func (s *Crews) Waiting(ctx context.Context) ([]crew.Message, error) {
	return dutyRows(ctx, s.db, "messages to crews", scanCrew, `select body, version from crew_messages where waiting = 1 order by at, id`)
}

// Count implements crew.Store.
func (s *Crews) Count(ctx context.Context, author string, since time.Time) (n int, err error) {
	if err := s.db.queryRow(ctx, `select count(*) from crew_messages where author = $1 and at >= $2`, author, since).Scan(&n); err != nil {
		return 0, fmt.Errorf("count messages to crews: %w", wrap(err))
	}
	return n, nil
}

// Save implements crew.Store.
func (s *Crews) Save(ctx context.Context, m crew.Message, waiting bool, was int) error {
	text, err := json.Marshal(crewRow{m, m.Told})
	if err != nil {
		return fmt.Errorf("write message to a crew: %w", err)
	}
	flag := 0
	if waiting {
		flag = 1
	}
	return s.db.saveVersion(ctx, "message to a crew", "crew.changed", was,
		`insert into crew_messages (id, target, incident_id, author, at, waiting, version, body) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		`update crew_messages set waiting = $6, version = $7, body = $8 where id = $1 and target = $2 and incident_id is not distinct from $3 and author = $4 and at = $5 and version = $7 - 1`,
		m.ID, m.Target, filled(m.Incident), m.Author, m.At, flag, m.Version, string(text))
}

// AddDrawing implements crew.Store.
func (s *Crews) AddDrawing(ctx context.Context, k crew.Kept) error {
	shapes, err := json.Marshal(k.Shapes)
	if err != nil {
		return fmt.Errorf("write drawing: %w", err)
	}
	_, err = s.db.exec(ctx, `insert into crew_drawings (id, original, flat, at, shapes, picture) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
		k.ID, k.Original, k.Flat, k.At, string(shapes), base64.StdEncoding.EncodeToString(k.Picture))
	if err != nil {
		return fmt.Errorf("add drawing: %w", wrap(err))
	}
	return nil
}

// Drawing implements crew.Store.
func (s *Crews) Drawing(ctx context.Context, id string) (crew.Kept, error) {
	k := crew.Kept{ID: id}
	var shapes, picture string
	err := s.db.queryRow(ctx, `select original, flat, at, shapes, picture from crew_drawings where id = $1`, id).Scan(&k.Original, &k.Flat, &k.At, &shapes, &picture)
	if k, err = missed(k, "crew.no_picture", "drawing", err); err != nil {
		return k, err
	}
	if k.Shapes, err = crew.ParseShapes([]byte(shapes)); err != nil {
		return k, fmt.Errorf("read drawing: %w", err)
	}
	if k.Picture, err = base64.StdEncoding.DecodeString(picture); err != nil {
		return k, fmt.Errorf("read drawing: %w", err)
	}
	k.At = k.At.UTC()
	return k, nil
}
