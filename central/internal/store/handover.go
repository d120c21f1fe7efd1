package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Handovers implements handover.Store.
type Handovers struct{ db *DB }

// NewHandovers uses an open database.
func NewHandovers(db *DB) *Handovers { return &Handovers{db: db} }

// Lock implements handover.Store.
func (s *Handovers) Lock(ctx context.Context, org string) error {
	return s.db.lock(ctx, "handover "+org)
}

// one turns what was looked for and is not there into NotFound of this capability.
func one[T any](v T, what string, err error) (T, error) {
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, "handover.not_found", "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

func scanHandoverShift(row scanner) (sh handover.Shift, err error) {
	var text string
	if err = row.Scan(&text); err == nil {
		err = json.Unmarshal([]byte(text), &sh)
	}
	return sh, err
}

// Current implements handover.Shifts.
func (s *Handovers) Current(ctx context.Context, org string) (handover.Shift, error) {
	sh, err := scanHandoverShift(s.db.queryRow(ctx, `select body from handover_shifts where org_id = $1 and state <> 'closed'`, org))
	return one(sh, "shift", err)
}

// Running implements handover.Shifts.
func (s *Handovers) Running(ctx context.Context) ([]handover.Shift, error) {
	return dutyRows(ctx, s.db, "shifts", scanHandoverShift, `select body from handover_shifts where state <> 'closed' order by org_id`)
}

// Shift implements handover.Shifts.
func (s *Handovers) Shift(ctx context.Context, id string) (handover.Shift, error) {
	sh, err := scanHandoverShift(s.db.queryRow(ctx, `select body from handover_shifts where id = $1`, id))
	return one(sh, "shift", err)
}

// LastNo implements handover.Shifts.
func (s *Handovers) LastNo(ctx context.Context, org string) (int, error) {
	var no int
	err := s.db.queryRow(ctx, `select no from handover_shifts where org_id = $1 order by no desc limit 1`, org).Scan(&no)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("find last shift: %w", wrap(err))
	}
	return no, nil
}

// SaveShift implements handover.Shifts.
func (s *Handovers) SaveShift(ctx context.Context, sh handover.Shift) error {
	text, err := json.Marshal(sh)
	if err != nil {
		return fmt.Errorf("write shift: %w", err)
	}
	_, err = s.db.exec(ctx, `insert into handover_shifts (id, org_id, no, state, opened_at, closed_at, body) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (id) do update set state = excluded.state, closed_at = excluded.closed_at, body = excluded.body`,
		sh.ID, sh.OrgID, sh.No, string(sh.State), sh.OpenedAt, sh.ClosedAt, string(text))
	if err != nil {
		return fmt.Errorf("save shift: %w", wrap(err))
	}
	return nil
}

// Past implements handover.Shifts.
func (s *Handovers) Past(ctx context.Context, org string, r page.Request) (page.List[handover.Shift], error) {
	list, err := dutyRows(ctx, s.db, "shifts", scanHandoverShift, `select body from handover_shifts
		where org_id = $1 and state = 'closed' and ($2 = '' or id < $2) order by id desc limit $3`, org, r.After, r.Size()+1)
	return cut(list, r.Size(), func(sh handover.Shift) string { return sh.ID }), err
}

const entryColumns = `e.id, e.org_id, e.shift_id, e.no, e.kind, e.at, e.written_at, e.by_id, e.by_name, e.party, e.contact, e.text, coalesce(e.corrects, ''), e.reason, coalesce(e.source, ''),
	coalesce((select c.id from handover_entries c where c.corrects = e.id), '')`

func scanEntry(row scanner) (e handover.Entry, err error) {
	err = row.Scan(&e.ID, &e.OrgID, &e.ShiftID, &e.No, &e.Kind, &e.At, &e.WrittenAt, &e.By, &e.ByName, &e.Party, &e.Contact, &e.Text, &e.Corrects, &e.Reason, &e.Source, &e.Corrected)
	e.At, e.WrittenAt = e.At.UTC(), e.WrittenAt.UTC()
	return e, err
}

// AddEntry implements handover.Entries.
func (s *Handovers) AddEntry(ctx context.Context, e handover.Entry) (handover.Entry, error) {
	err := s.db.queryRow(ctx, `insert into handover_entries (id, org_id, shift_id, no, kind, at, written_at, by_id, by_name, party, contact, text, corrects, reason, source)
		values ($1, $2, $3, (select count(*) + 1 from handover_entries where shift_id = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict do nothing returning no`,
		e.ID, e.OrgID, e.ShiftID, string(e.Kind), e.At, e.WrittenAt, e.By, e.ByName, e.Party, e.Contact, e.Text, filled(e.Corrects), e.Reason, filled(e.Source)).Scan(&e.No)
	if errors.Is(err, sql.ErrNoRows) {
		return e, errs.E(errs.Conflict, "handover.corrected", "somebody has corrected it already; correct that entry")
	}
	if err != nil {
		return e, fmt.Errorf("add entry: %w", wrap(err))
	}
	return e, nil
}

// filled is nothing for an empty text.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Entry implements handover.Entries.
func (s *Handovers) Entry(ctx context.Context, id string) (handover.Entry, error) {
	e, err := scanEntry(s.db.queryRow(ctx, `select `+entryColumns+` from handover_entries e where e.id = $1`, id))
	return one(e, "entry", err)
}

// EntriesOf implements handover.Entries.
func (s *Handovers) EntriesOf(ctx context.Context, shift string) ([]handover.Entry, error) {
	return dutyRows(ctx, s.db, "entries", scanEntry, `select `+entryColumns+` from handover_entries e
		where e.shift_id = $1 or e.corrects in (select o.id from handover_entries o where o.shift_id = $1) order by e.written_at, e.no`, shift)
}

// Search implements handover.Entries.
func (s *Handovers) Search(ctx context.Context, org string, from time.Time, r page.Request) (page.List[handover.Entry], error) {
	list, err := dutyRows(ctx, s.db, "entries", scanEntry, `select `+entryColumns+` from handover_entries e
		where e.org_id = $1 and e.written_at >= $2 and ($3 = '' or e.id < $3) and ($4 = '' or lower(e.text) like $5 escape '\' or lower(e.party) like $5 escape '\')
		order by e.id desc limit $6`, org, from, r.After, r.Search, like(r.Search), r.Size()+1)
	return cut(list, r.Size(), func(e handover.Entry) string { return e.ID }), err
}

const itemColumns = `id, org_id, title, level, owner_id, owner_name, due_at, entry_id, opened_at, opened_by, done_at, done_by, result, version`

func scanItem(row scanner) (i handover.Item, err error) {
	err = row.Scan(&i.ID, &i.OrgID, &i.Title, &i.Level, &i.OwnerID, &i.OwnerName, &i.DueAt, &i.EntryID, &i.OpenedAt, &i.OpenedBy, &i.DoneAt, &i.DoneBy, &i.Result, &i.Version)
	for _, t := range []*time.Time{i.DueAt, &i.OpenedAt, i.DoneAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	return i, err
}

// OpenItems implements handover.Items.
func (s *Handovers) OpenItems(ctx context.Context, org string) ([]handover.Item, error) {
	return dutyRows(ctx, s.db, "items", scanItem, `select `+itemColumns+` from handover_items where org_id = $1 and done_at is null
		order by case when level = 0 then 9 else level end, id`, org)
}

// Item implements handover.Items.
func (s *Handovers) Item(ctx context.Context, id string) (handover.Item, error) {
	i, err := scanItem(s.db.queryRow(ctx, `select `+itemColumns+` from handover_items where id = $1`, id))
	return one(i, "item", err)
}

// SaveItem implements handover.Items.
func (s *Handovers) SaveItem(ctx context.Context, i handover.Item, was int) error {
	res, err := s.db.exec(ctx, `insert into handover_items (`+itemColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict (id) do update set title = excluded.title, level = excluded.level, owner_id = excluded.owner_id, owner_name = excluded.owner_name,
			due_at = excluded.due_at, done_at = excluded.done_at, done_by = excluded.done_by, result = excluded.result, version = excluded.version
			where handover_items.version = $15`,
		i.ID, i.OrgID, i.Title, i.Level, i.OwnerID, i.OwnerName, i.DueAt, i.EntryID, i.OpenedAt, i.OpenedBy, i.DoneAt, i.DoneBy, i.Result, i.Version, was)
	if err != nil {
		return fmt.Errorf("save item: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, "handover.changed", "somebody has changed it meanwhile; look at it again")
	}
	return nil
}

// AddStep implements handover.Items.
func (s *Handovers) AddStep(ctx context.Context, st handover.Step) error {
	_, err := s.db.exec(ctx, `insert into handover_steps (item_id, no, at, by_name, kind, text)
		values ($1, (select count(*) + 1 from handover_steps where item_id = $1), $2, $3, $4, $5)`, st.ItemID, st.At, st.ByName, st.Kind, st.Text)
	if err != nil {
		return fmt.Errorf("add step: %w", wrap(err))
	}
	return nil
}

// Steps implements handover.Items.
func (s *Handovers) Steps(ctx context.Context, item string) ([]handover.Step, error) {
	scan := func(row scanner) (st handover.Step, err error) {
		err = row.Scan(&st.ItemID, &st.No, &st.At, &st.ByName, &st.Kind, &st.Text)
		st.At = st.At.UTC()
		return st, err
	}
	return dutyRows(ctx, s.db, "steps", scan, `select item_id, no, at, by_name, kind, text from handover_steps where item_id = $1 order by no`, item)
}
