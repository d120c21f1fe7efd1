package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/consult"
)

// Consults implements consult.Store.
type Consults struct{ db *DB }

// NewConsults keeps consultation rooms in db.
func NewConsults(db *DB) *Consults { return &Consults{db: db} }

// Lock implements consult.Store.
func (s *Consults) Lock(ctx context.Context) error { return s.db.lockAfter(ctx, "consult") }

// Room implements consult.Store.
func (s *Consults) Room(ctx context.Context, id string) (consult.Room, error) {
	r, err := scanBody[consult.Room](s.db.queryRow(ctx, `select body from consult_rooms where id = $1 and exercise = $2`, id, exercise(ctx)))
	return missed(r, "consult.not_found", "room among those that you may enter", err)
}

// Rooms implements consult.Store.
func (s *Consults) Rooms(ctx context.Context, f consult.Filter) ([]consult.Room, error) {
	where, args := []string{"exercise = $1"}, []any{exercise(ctx)}
	add := func(clause string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(clause, len(args)))
	}
	if f.Incident != "" {
		add("incident_id = $%d", f.Incident)
	}
	if f.State != "" {
		add("state = $%d", string(f.State))
	}
	if f.Recorded {
		add("recorded = $%d", true)
	}
	if f.Query != "" {
		add(`words like $%d escape '\'`, like(f.Query))
	}
	return dutyRows(ctx, s.db, "consultation rooms", scanBody[consult.Room],
		`select body from consult_rooms where `+strings.Join(where, " and ")+` order by created_at desc, id desc limit 500`, args...)
}

// OpenRooms implements consult.Store.
func (s *Consults) OpenRooms(ctx context.Context) ([]consult.Room, error) {
	return dutyRows(ctx, s.db, "open consultation rooms", scanBody[consult.Room], `select body from consult_rooms where state = $1 order by id`, string(consult.Open))
}

// Save implements consult.Store.
func (s *Consults) Save(ctx context.Context, r consult.Room, was int) error {
	if was == 0 && r.IncidentID != "" {
		if err := s.db.belongs(ctx, r.IncidentID); err != nil {
			return err
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write consultation room: %w", err)
	}
	return s.db.saveVersion(ctx, "consultation room", "consult.changed", was,
		`insert into consult_rooms (id, incident_id, org_id, exercise, created_at, state, recorded, version, body, words) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		`update consult_rooms set state = $6, recorded = $7, version = $8, body = $9, words = $10
			where id = $1 and coalesce(incident_id, '') = coalesce($2, '') and org_id = $3 and exercise = $4 and created_at = $5 and version = $8 - 1`,
		r.ID, filled(r.IncidentID), r.OrgID, r.Exercise, r.CreatedAt, string(r.State), r.First != nil, r.Version, string(text),
		strings.ToLower(r.Title+" "+r.Incident+" "+r.ChairName+" "+r.OrgName))
}

// Invitations implements consult.Store.
func (s *Consults) Invitations(ctx context.Context, room string) ([]consult.Invitation, error) {
	return dutyRows(ctx, s.db, "invitations", scanBody[consult.Invitation], `select body from consult_invitations where room_id = $1 order by id`, room)
}

// Invited implements consult.Store.
func (s *Consults) Invited(ctx context.Context, user, org string, state consult.RoomState) ([]consult.Invitation, error) {
	return dutyRows(ctx, s.db, "invitations", scanBody[consult.Invitation],
		`select i.body from consult_invitations i join consult_rooms r on r.id = i.room_id
			where i.ref in ($1, $2) and i.revoked = $3 and r.exercise = $4 and ($5 = '' or r.state = $5) order by i.id`, user, org, false, exercise(ctx), string(state))
}

// Link implements consult.Store.
func (s *Consults) Link(ctx context.Context, hash string) (consult.Invitation, error) {
	i, err := scanBody[consult.Invitation](s.db.queryRow(ctx, `select body from consult_invitations where hash = $1 and hash <> ''`, hash))
	return missed(i, "consult.link", "link", err)
}

// SaveInvitation implements consult.Store.
func (s *Consults) SaveInvitation(ctx context.Context, i consult.Invitation) error {
	return s.db.saveBody(ctx, "invitation", i, `insert into consult_invitations (id, room_id, ref, hash, revoked, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set revoked = excluded.revoked, body = excluded.body`, i.ID, i.RoomID, i.Ref, i.Hash, i.RevokedAt != nil)
}

// AddLine implements consult.Store.
func (s *Consults) AddLine(ctx context.Context, l consult.Line) error {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from consult_lines where room_id = $1`, l.RoomID).Scan(&l.No); err != nil {
		return fmt.Errorf("count lines of a consultation: %w", wrap(err))
	}
	return s.db.saveBody(ctx, "line of a consultation", l, `insert into consult_lines (room_id, no, body) values ($1, $2, $3)`, l.RoomID, l.No)
}

// Lines implements consult.Store.
func (s *Consults) Lines(ctx context.Context, room string) ([]consult.Line, error) {
	return dutyRows(ctx, s.db, "lines of a consultation", scanBody[consult.Line], `select body from consult_lines where room_id = $1 order by no`, room)
}
