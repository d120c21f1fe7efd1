package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/duty"
)

const shiftColumns = `post_id, day, watch, head, org_id, watch_name, class, required, starts_at, ends_at, person_id, person_name,
	layer, base_id, rotation_id, turn`

func scanShift(row scanner) (v duty.Shift, err error) {
	err = row.Scan(&v.PostID, &v.Day, &v.Watch, &v.Head, &v.OrgID, &v.WatchName, &v.Class, &v.Required, &v.StartsAt, &v.EndsAt,
		&v.PersonID, &v.PersonName, &v.Layer, &v.BaseID, &v.RotationID, &v.Turn)
	v.StartsAt, v.EndsAt = v.StartsAt.UTC(), v.EndsAt.UTC()
	return v, err
}

// Shifts implements duty.Store.
func (s *Duty) Shifts(ctx context.Context, org string, from, to duty.Day) ([]duty.Shift, error) {
	return dutyRows(ctx, s.db, "shifts", scanShift, `
		select `+shiftColumns+` from duty_shifts where org_id = $1 and day >= $2 and day < $3 order by day, post_id, watch, head`, org, from, to)
}

// ShiftsAt implements duty.Store.
func (s *Duty) ShiftsAt(ctx context.Context, org string, at time.Time) ([]duty.Shift, error) {
	return dutyRows(ctx, s.db, "shifts", scanShift, `
		select `+shiftColumns+` from duty_shifts where org_id = $1 and ends_at > $2 and starts_at <= $2 order by day, post_id, watch, head`, org, at)
}

// ShiftsOf implements duty.Store.
func (s *Duty) ShiftsOf(ctx context.Context, person string, from, to time.Time) ([]duty.Shift, error) {
	return dutyRows(ctx, s.db, "shifts", scanShift, `
		select `+shiftColumns+` from duty_shifts where person_id = $1 and ends_at > $2 and starts_at < $3 order by starts_at, post_id`, person, from, to)
}

// Turns implements duty.Store.
func (s *Duty) Turns(ctx context.Context, org string, before duty.Day) (map[string]int, error) {
	type turn struct {
		rotation string
		last     int
	}
	list, err := dutyRows(ctx, s.db, "turns", func(row scanner) (t turn, err error) { return t, row.Scan(&t.rotation, &t.last) }, `
		select rotation_id, max(turn) from duty_shifts where org_id = $1 and day < $2 and rotation_id <> '' group by rotation_id`, org, before)
	out := map[string]int{}
	for _, t := range list {
		out[t.rotation] = t.last + 1
	}
	return out, err
}

// SaveShift implements duty.Store.
func (s *Duty) SaveShift(ctx context.Context, v duty.Shift) error {
	return s.write(ctx, "shift", `
		insert into duty_shifts (`+shiftColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		on conflict (post_id, day, watch, head) do update set watch_name = excluded.watch_name, class = excluded.class, required = excluded.required,
			starts_at = excluded.starts_at, ends_at = excluded.ends_at, person_id = excluded.person_id, person_name = excluded.person_name,
			layer = excluded.layer, base_id = excluded.base_id, rotation_id = excluded.rotation_id, turn = excluded.turn`,
		v.PostID, v.Day, v.Watch, v.Head, v.OrgID, v.WatchName, v.Class, v.Required, v.StartsAt, v.EndsAt, v.PersonID, v.PersonName,
		v.Layer, v.BaseID, v.RotationID, v.Turn)
}

// DeleteShift implements duty.Store.
func (s *Duty) DeleteShift(ctx context.Context, k duty.Key) error {
	return s.write(ctx, "shift", `delete from duty_shifts where post_id = $1 and day = $2 and watch = $3 and head = $4`, k.PostID, k.Day, k.Watch, k.Head)
}

// NextEdge implements duty.Store.
func (s *Duty) NextEdge(ctx context.Context, after time.Time) (time.Time, error) {
	var next time.Time
	for _, query := range []string{
		`select starts_at from duty_shifts where starts_at > $1 order by starts_at limit 1`,
		`select ends_at from duty_shifts where ends_at > $1 order by ends_at limit 1`,
	} {
		var at time.Time
		err := s.db.queryRow(ctx, query, after).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("find next hand-off: %w", wrap(err))
		}
		if next.IsZero() || at.Before(next) {
			next = at.UTC()
		}
	}
	return next, nil
}

// Waivers implements duty.Store.
func (s *Duty) Waivers(ctx context.Context, org string) ([]duty.Waiver, error) {
	return dutyRows(ctx, s.db, "waivers", func(row scanner) (w duty.Waiver, err error) {
		err = row.Scan(&w.OrgID, &w.Key, &w.Reason, &w.By, &w.ByName, &w.At)
		w.At = w.At.UTC()
		return w, err
	}, `select org_id, key, reason, by_id, by_name, at from duty_waivers where org_id = $1 order by at`, org)
}

// SaveWaiver implements duty.Store.
func (s *Duty) SaveWaiver(ctx context.Context, w duty.Waiver) error {
	return s.write(ctx, "waiver", `
		insert into duty_waivers (org_id, key, reason, by_id, by_name, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (org_id, key) do update set reason = excluded.reason, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at`,
		w.OrgID, w.Key, w.Reason, w.By, w.ByName, w.At)
}

// Publications implements duty.Store.
func (s *Duty) Publications(ctx context.Context, org string) ([]duty.Publication, error) {
	return dutyRows(ctx, s.db, "publications", func(row scanner) (p duty.Publication, err error) {
		err = row.Scan(&p.OrgID, &p.Month, &p.By, &p.ByName, &p.At, &p.Waived)
		p.At = p.At.UTC()
		return p, err
	}, `select org_id, month, by_id, by_name, at, waived from duty_publications where org_id = $1 order by month`, org)
}

// SavePublication implements duty.Store.
func (s *Duty) SavePublication(ctx context.Context, p duty.Publication) error {
	return s.write(ctx, "publication", `
		insert into duty_publications (org_id, month, by_id, by_name, at, waived) values ($1, $2, $3, $4, $5, $6)
		on conflict (org_id, month) do update set by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at, waived = excluded.waived`,
		p.OrgID, p.Month, p.By, p.ByName, p.At, p.Waived)
}

// Overrides implements duty.Store.
func (s *Duty) Overrides(ctx context.Context, org string, from duty.Day) ([]duty.Override, error) {
	return dutyRows(ctx, s.db, "overrides", func(row scanner) (o duty.Override, err error) {
		err = row.Scan(&o.PostID, &o.Day, &o.Watch, &o.Head, &o.PersonID, &o.By, &o.ByName, &o.At)
		o.At = o.At.UTC()
		return o, err
	}, `select o.post_id, o.day, o.watch, o.head, o.person_id, o.by_id, o.by_name, o.at
		from duty_overrides o join duty_posts p on p.id = o.post_id where p.org_id = $1 and o.day >= $2 order by o.day, o.post_id, o.watch, o.head`, org, from)
}

// SaveOverride implements duty.Store.
func (s *Duty) SaveOverride(ctx context.Context, o duty.Override) error {
	return s.write(ctx, "override", `
		insert into duty_overrides (post_id, day, watch, head, person_id, by_id, by_name, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (post_id, day, watch, head) do update set person_id = excluded.person_id, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at`,
		o.PostID, o.Day, o.Watch, o.Head, o.PersonID, o.By, o.ByName, o.At)
}

// DeleteOverride implements duty.Store.
func (s *Duty) DeleteOverride(ctx context.Context, k duty.Key) error {
	return s.write(ctx, "override", `delete from duty_overrides where post_id = $1 and day = $2 and watch = $3 and head = $4`, k.PostID, k.Day, k.Watch, k.Head)
}

// tempBody is what of a temporary roster no query asks for.
type tempBody struct {
	Watches []duty.Watch    `json:"watches"`
	Cells   []duty.TempCell `json:"cells"`
}

func scanTemp(row scanner) (t duty.Temp, err error) {
	var text string
	if err = row.Scan(&t.ID, &t.OrgID, &t.PostID, &t.Name, &t.From, &t.To, &t.Heads, &text, &t.ByName, &t.At); err != nil {
		return t, err
	}
	var b tempBody
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return t, fmt.Errorf("read temporary roster %s: %w", t.ID, err)
	}
	t.Watches, t.Cells, t.At = b.Watches, b.Cells, t.At.UTC()
	return t, nil
}

const tempColumns = `id, org_id, post_id, name, from_day, to_day, heads, body, by_name, at`

// Temps implements duty.Store.
func (s *Duty) Temps(ctx context.Context, org string) ([]duty.Temp, error) {
	return dutyRows(ctx, s.db, "temporary rosters", scanTemp, `select `+tempColumns+` from duty_temps where org_id = $1 order by from_day, id`, org)
}

// Temp implements duty.Store.
func (s *Duty) Temp(ctx context.Context, id string) (duty.Temp, error) {
	return dutyRow(ctx, s.db, "temporary roster", scanTemp, `select `+tempColumns+` from duty_temps where id = $1`, id)
}

// SaveTemp implements duty.Store.
func (s *Duty) SaveTemp(ctx context.Context, t duty.Temp) error {
	text, err := json.Marshal(tempBody{t.Watches, t.Cells})
	if err != nil {
		return fmt.Errorf("write temporary roster: %w", err)
	}
	return s.write(ctx, "temporary roster", `
		insert into duty_temps (`+tempColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (id) do update set name = excluded.name, from_day = excluded.from_day, to_day = excluded.to_day, heads = excluded.heads, body = excluded.body`,
		t.ID, t.OrgID, t.PostID, t.Name, t.From, t.To, t.Heads, string(text), t.ByName, t.At)
}

// DeleteTemp implements duty.Store.
func (s *Duty) DeleteTemp(ctx context.Context, id string) error {
	return s.write(ctx, "temporary roster", `delete from duty_temps where id = $1`, id)
}

func scanSwap(row scanner) (w duty.Swap, err error) {
	var text string
	if err = row.Scan(&text); err != nil {
		return w, err
	}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return w, fmt.Errorf("read swap: %w", err)
	}
	return w, nil
}

// Swaps implements duty.Store.
func (s *Duty) Swaps(ctx context.Context, org string, after time.Time) ([]duty.Swap, error) {
	return dutyRows(ctx, s.db, "swaps", scanSwap, `select body from duty_swaps where org_id = $1 and starts_at > $2 order by created_at, id`, org, after)
}

// Swap implements duty.Store.
func (s *Duty) Swap(ctx context.Context, id string) (duty.Swap, error) {
	return dutyRow(ctx, s.db, "swap", scanSwap, `select body from duty_swaps where id = $1`, id)
}

// SaveSwap implements duty.Store.
func (s *Duty) SaveSwap(ctx context.Context, w duty.Swap) error {
	text, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("write swap: %w", err)
	}
	return s.write(ctx, "swap", `
		insert into duty_swaps (id, org_id, state, from_id, to_id, starts_at, created_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set state = excluded.state, body = excluded.body`,
		w.ID, w.OrgID, w.State, w.FromID, w.ToID, w.StartsAt, w.CreatedAt, string(text))
}

func scanTakeover(row scanner) (t duty.Takeover, err error) {
	var until sql.NullTime
	err = row.Scan(&t.ID, &t.OrgID, &t.Cell.PostID, &t.Cell.Day, &t.Cell.Watch, &t.Cell.Head, &t.FromID, &t.FromName, &t.ToID, &t.ToName,
		&t.Reason, &t.ByName, &t.At, &until)
	t.At, t.Until = t.At.UTC(), moment(until)
	return t, err
}

const takeoverColumns = `id, org_id, post_id, day, watch, head, from_id, from_name, to_id, to_name, reason, by_name, at, until`

// Takeovers implements duty.Store.
func (s *Duty) Takeovers(ctx context.Context, org string, since time.Time) ([]duty.Takeover, error) {
	return dutyRows(ctx, s.db, "take-overs", scanTakeover, `select `+takeoverColumns+` from duty_takeovers where org_id = $1 and at >= $2 order by at, id`, org, since)
}

// Takeover implements duty.Store.
func (s *Duty) Takeover(ctx context.Context, id string) (duty.Takeover, error) {
	return dutyRow(ctx, s.db, "take-over", scanTakeover, `select `+takeoverColumns+` from duty_takeovers where id = $1`, id)
}

// SaveTakeover implements duty.Store.
func (s *Duty) SaveTakeover(ctx context.Context, t duty.Takeover) error {
	return s.write(ctx, "take-over", `
		insert into duty_takeovers (`+takeoverColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict (id) do update set until = excluded.until`,
		t.ID, t.OrgID, t.Cell.PostID, t.Cell.Day, t.Cell.Watch, t.Cell.Head, t.FromID, t.FromName, t.ToID, t.ToName, t.Reason, t.ByName, t.At, t.Until)
}

func scanLink(row scanner) (l duty.Link, err error) {
	var revoked sql.NullTime
	err = row.Scan(&l.ID, &l.OrgID, &l.Kind, &l.PersonID, &l.Name, &l.Hash, &l.ByName, &l.CreatedAt, &revoked)
	l.CreatedAt, l.RevokedAt = l.CreatedAt.UTC(), moment(revoked)
	return l, err
}

const linkColumns = `id, org_id, kind, person_id, name, token_hash, by_name, created_at, revoked_at`

// LinksOf implements duty.Store.
func (s *Duty) LinksOf(ctx context.Context, org string) ([]duty.Link, error) {
	return dutyRows(ctx, s.db, "links", scanLink, `select `+linkColumns+` from duty_links where org_id = $1 order by created_at desc, id`, org)
}

// Link implements duty.Store.
func (s *Duty) Link(ctx context.Context, id string) (duty.Link, error) {
	return dutyRow(ctx, s.db, "link", scanLink, `select `+linkColumns+` from duty_links where id = $1`, id)
}

// LinkByHash implements duty.Store.
func (s *Duty) LinkByHash(ctx context.Context, hash string) (duty.Link, error) {
	return dutyRow(ctx, s.db, "link", scanLink, `select `+linkColumns+` from duty_links where token_hash = $1`, hash)
}

// SaveLink implements duty.Store.
func (s *Duty) SaveLink(ctx context.Context, l duty.Link) error {
	return s.write(ctx, "link", `
		insert into duty_links (`+linkColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set name = excluded.name, revoked_at = excluded.revoked_at`,
		l.ID, l.OrgID, l.Kind, l.PersonID, l.Name, l.Hash, l.ByName, l.CreatedAt, l.RevokedAt)
}
