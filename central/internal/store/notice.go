package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Notices implements notice.Store.
type Notices struct{ db *DB }

// NewNotices uses an open database.
func NewNotices(db *DB) *Notices { return &Notices{db: db} }

// Lock implements notice.Store.
func (s *Notices) Lock(ctx context.Context) error { return s.db.lock(ctx, "notices") }

func scanNotice(row scanner) (n notice.Notice, err error) {
	var body, key, link string
	if err := row.Scan(&body, &key, &link); err != nil {
		return n, err
	}
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		return n, fmt.Errorf("read message: %w", err)
	}
	n.Key, n.Link = key, link
	return n, nil
}

const selectNotice = `select body, key, link from notices `

// noticeRow is what the columns of a message hold: its text and the channel that it waits for.
func noticeRow(n notice.Notice) (body, channel string, err error) {
	text, err := json.Marshal(n)
	if err != nil {
		return "", "", fmt.Errorf("write message: %w", err)
	}
	if n.Way < len(n.Ways) {
		channel = n.Ways[n.Way].Channel
	}
	return string(text), channel, nil
}

// Add implements notice.Store.
func (s *Notices) Add(ctx context.Context, n notice.Notice) (bool, error) {
	body, channel, err := noticeRow(n)
	if err != nil {
		return false, err
	}
	res, err := s.db.exec(ctx, `insert into notices (id, key, kind, org_id, division, state, urgent, channel, next_at, body, link, exercise)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (key) do nothing`,
		n.ID, n.Key, n.Kind, n.OrgID, n.Division, string(n.State), n.Urgent, channel, n.NextAt, body, n.Link, exercise(ctx))
	if err != nil {
		return false, fmt.Errorf("add message: %w", wrap(err))
	}
	added, err := res.RowsAffected()
	return added == 1, err
}

// Notice implements notice.Store.
func (s *Notices) Notice(ctx context.Context, id string) (notice.Notice, error) {
	return oneNotice(scanNotice(s.db.queryRow(ctx, selectNotice+`where id = $1 and exercise = $2`, id, exercise(ctx))))
}

// ByKey implements notice.Store.
func (s *Notices) ByKey(ctx context.Context, key string) (notice.Notice, error) {
	return oneNotice(scanNotice(s.db.queryRow(ctx, selectNotice+`where key = $1 and exercise = $2`, key, exercise(ctx))))
}

func oneNotice(n notice.Notice, err error) (notice.Notice, error) {
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return n, errs.E(errs.NotFound, "notice.not_found", "there is no such message")
	}
	if err != nil {
		return n, fmt.Errorf("load message: %w", err)
	}
	return n, nil
}

// Save implements notice.Store.
func (s *Notices) Save(ctx context.Context, n notice.Notice) error {
	body, channel, err := noticeRow(n)
	if err != nil {
		return err
	}
	_, err = s.db.exec(ctx, `update notices set state = $1, channel = $2, next_at = $3, body = $4, ref = $6 where id = $5 and exercise = $7`, string(n.State), channel, n.NextAt, body, n.ID, n.Ref, exercise(ctx))
	if err != nil {
		return fmt.Errorf("save message: %w", wrap(err))
	}
	return nil
}

// KeepEarly implements notice.Store.
func (s *Notices) KeepEarly(ctx context.Context, channel string, t notice.Told, now, before time.Time) error {
	if _, err := s.db.exec(ctx, `delete from notice_early where at < $1`, before); err != nil {
		return fmt.Errorf("forget early receipts: %w", wrap(err))
	}
	_, err := s.db.exec(ctx, `insert into notice_early (channel, ref, state, delivered, failed, at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
		channel, t.Ref, t.State, t.Delivered, t.Failed, now)
	if err != nil {
		return fmt.Errorf("keep early receipt: %w", wrap(err))
	}
	return nil
}

// TakeEarly implements notice.Store.
func (s *Notices) TakeEarly(ctx context.Context, channel, ref string) ([]notice.Told, error) {
	scan := func(row scanner) (t notice.Told, err error) {
		err = row.Scan(&t.Ref, &t.State, &t.Delivered, &t.Failed)
		return t, err
	}
	list, err := dutyRows(ctx, s.db, "early receipts", scan, `select ref, state, delivered, failed from notice_early where channel = $1 and ref = $2 order by at`, channel, ref)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if _, err := s.db.exec(ctx, `delete from notice_early where channel = $1 and ref = $2`, channel, ref); err != nil {
		return nil, fmt.Errorf("take early receipts: %w", wrap(err))
	}
	return list, nil
}

// ByRef implements notice.Store.
func (s *Notices) ByRef(ctx context.Context, channel, ref string) (notice.Notice, error) {
	return oneNotice(scanNotice(s.db.queryRow(ctx, selectNotice+`where channel = $1 and ref = $2 and exercise = '' order by id desc limit 1`, channel, ref)))
}

// SentSince implements notice.Store. The ids are in the order of time.
func (s *Notices) SentSince(ctx context.Context, channel string, since time.Time) ([]notice.Notice, error) {
	list, err := dutyRows(ctx, s.db, "messages that were sent", scanNotice, selectNotice+`
		where channel = $1 and exercise = '' and state in ('sent', 'delivered', 'read') order by id desc limit 2000`, channel)
	return slices.DeleteFunc(list, func(n notice.Notice) bool { return n.SentAt == nil || n.SentAt.Before(since) }), err
}

// Due implements notice.Store.
func (s *Notices) Due(ctx context.Context, channel string, now time.Time, limit int) ([]notice.Notice, error) {
	return dutyRows(ctx, s.db, "messages that are due", scanNotice, selectNotice+`
		where channel = $1 and exercise = '' and next_at is not null and next_at <= $2 order by case when urgent then 0 else 1 end, next_at, id limit $3`, channel, now, limit)
}

// Hurry implements notice.Store. What the body says of the time is of no use to anybody but the next save.
func (s *Notices) Hurry(ctx context.Context, channel string, now time.Time) error {
	if _, err := s.db.exec(ctx, `update notices set next_at = $1 where channel = $2 and exercise = '' and next_at is not null and state = 'queued'`, now, channel); err != nil {
		return fmt.Errorf("make messages due: %w", wrap(err))
	}
	return nil
}

// List implements notice.Store.
func (s *Notices) List(ctx context.Context, scope actor.Scope, state notice.State, r page.Request) (page.List[notice.Notice], error) {
	list, err := dutyRows(ctx, s.db, "messages", scanNotice, selectNotice+`
		where division like $1 and ($2 = '' or state = $2) and ($3 = '' or id < $3) and ($4 = '' or lower(body) like $5 escape '\') and exercise = $7
		order by id desc limit $6`, string(scope), string(state), r.After, r.Search, like(r.Search), r.Size()+1, exercise(ctx))
	return cut(list, r.Size(), func(n notice.Notice) string { return n.ID }), err
}

const tryColumns = `notice_id, no, channel, address, at, ended_at, outcome, reason, ref`

func scanTry(row scanner) (t notice.Try, err error) {
	err = row.Scan(&t.NoticeID, &t.No, &t.Channel, &t.Address, &t.At, &t.EndedAt, &t.Outcome, &t.Reason, &t.Ref)
	t.At = t.At.UTC()
	if t.EndedAt != nil {
		*t.EndedAt = t.EndedAt.UTC()
	}
	return t, err
}

// AddTry implements notice.Tries.
func (s *Notices) AddTry(ctx context.Context, t notice.Try) (notice.Try, error) {
	err := s.db.queryRow(ctx, `insert into notice_tries (`+tryColumns+`)
		values ($1, (select count(*) + 1 from notice_tries where notice_id = $1), $2, $3, $4, null, '', '', '') returning no`,
		t.NoticeID, t.Channel, t.Address, t.At).Scan(&t.No)
	if err != nil {
		return t, fmt.Errorf("add try: %w", wrap(err))
	}
	return t, nil
}

// EndTry implements notice.Tries.
func (s *Notices) EndTry(ctx context.Context, t notice.Try) error {
	_, err := s.db.exec(ctx, `update notice_tries set ended_at = $1, outcome = $2, reason = $3, ref = $4 where notice_id = $5 and no = $6`,
		t.EndedAt, t.Outcome, t.Reason, t.Ref, t.NoticeID, t.No)
	if err != nil {
		return fmt.Errorf("end try: %w", wrap(err))
	}
	return nil
}

// TriesOf implements notice.Tries.
func (s *Notices) TriesOf(ctx context.Context, id string) ([]notice.Try, error) {
	return dutyRows(ctx, s.db, "tries", scanTry, `select `+tryColumns+` from notice_tries where notice_id = $1 order by no`, id)
}

// CountTries implements notice.Tries.
func (s *Notices) CountTries(ctx context.Context, channel string, since time.Time) (n int, err error) {
	if err := s.db.queryRow(ctx, `select count(*) from notice_tries where channel = $1 and at > $2`, channel, since).Scan(&n); err != nil {
		return 0, fmt.Errorf("count tries: %w", wrap(err))
	}
	return n, nil
}

// Waiting implements notice.Tries.
func (s *Notices) Waiting(ctx context.Context, channel string) (n int, err error) {
	if err := s.db.queryRow(ctx, `select count(*) from notices where channel = $1 and next_at is not null`, channel).Scan(&n); err != nil {
		return 0, fmt.Errorf("count messages: %w", wrap(err))
	}
	return n, nil
}

const healthColumns = `name, failures, down_since, last_ok, last_error, error_at`

func scanHealth(row scanner) (h notice.Health, err error) {
	var down, ok, failed sql.NullTime
	err = row.Scan(&h.Name, &h.Failures, &down, &ok, &h.LastError, &failed)
	h.DownSince, h.LastOK, h.ErrorAt = moment(down), moment(ok), moment(failed)
	return h, err
}

// Health implements notice.Tries.
func (s *Notices) Health(ctx context.Context, channel string) (notice.Health, error) {
	h, err := scanHealth(s.db.queryRow(ctx, `select `+healthColumns+` from notice_channels where name = $1`, channel))
	if errors.Is(err, sql.ErrNoRows) {
		return h, errs.E(errs.NotFound, "notice.not_found", "nothing is kept of channel %s", channel)
	}
	if err != nil {
		return h, fmt.Errorf("load channel: %w", wrap(err))
	}
	return h, nil
}

// SaveHealth implements notice.Tries.
func (s *Notices) SaveHealth(ctx context.Context, h notice.Health) error {
	_, err := s.db.exec(ctx, `insert into notice_channels (`+healthColumns+`) values ($1, $2, $3, $4, $5, $6)
		on conflict (name) do update set failures = excluded.failures, down_since = excluded.down_since, last_ok = excluded.last_ok,
			last_error = excluded.last_error, error_at = excluded.error_at`, h.Name, h.Failures, h.DownSince, h.LastOK, h.LastError, h.ErrorAt)
	if err != nil {
		return fmt.Errorf("save channel: %w", wrap(err))
	}
	return nil
}

// Known implements notice.Tries.
func (s *Notices) Known(ctx context.Context) ([]notice.Health, error) {
	return dutyRows(ctx, s.db, "channels", scanHealth, `select `+healthColumns+` from notice_channels order by name`)
}

// DropHealth implements notice.Tries.
func (s *Notices) DropHealth(ctx context.Context, channel string) error {
	if _, err := s.db.exec(ctx, `delete from notice_channels where name = $1`, channel); err != nil {
		return fmt.Errorf("forget channel: %w", wrap(err))
	}
	return nil
}
