package store

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// AddSession implements account.Keys.
func (s *Accounts) AddSession(ctx context.Context, v account.Session) error {
	_, err := s.db.exec(ctx, `
		insert into sessions (id, token_hash, user_id, created_at, seen_at, expires_at, ends_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		v.ID, v.TokenHash, v.UserID, v.CreatedAt, v.SeenAt, v.ExpiresAt, v.EndsAt)
	if err != nil {
		return fmt.Errorf("add session: %w", wrap(err))
	}
	return nil
}

// SessionByToken implements account.Keys.
func (s *Accounts) SessionByToken(ctx context.Context, hash string) (account.Session, error) {
	var v account.Session
	err := s.db.queryRow(ctx, `
		select id, token_hash, user_id, created_at, seen_at, expires_at, ends_at
		from sessions where token_hash = $1`, hash).
		Scan(&v.ID, &v.TokenHash, &v.UserID, &v.CreatedAt, &v.SeenAt, &v.ExpiresAt, &v.EndsAt)
	if err != nil {
		return account.Session{}, fmt.Errorf("load session: %w", wrap(err))
	}
	return v, nil
}

// TouchSession implements account.Keys.
func (s *Accounts) TouchSession(ctx context.Context, v account.Session) error {
	_, err := s.db.exec(ctx, `update sessions set seen_at = $2, expires_at = $3 where id = $1`, v.ID, v.SeenAt, v.ExpiresAt)
	if err != nil {
		return fmt.Errorf("touch session: %w", wrap(err))
	}
	return nil
}

// EndSessions implements account.Keys.
func (s *Accounts) EndSessions(ctx context.Context, userID, except string) error {
	_, err := s.db.exec(ctx, `delete from sessions where user_id = $1 and id <> $2`, userID, except)
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", userID, wrap(err))
	}
	return nil
}

// EndEverySession implements account.Keys.
func (s *Accounts) EndEverySession(ctx context.Context) error {
	if _, err := s.db.exec(ctx, `delete from sessions`); err != nil {
		return fmt.Errorf("end every session: %w", wrap(err))
	}
	return nil
}

// EndSession implements account.Keys.
func (s *Accounts) EndSession(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from sessions where id = $1`, id); err != nil {
		return fmt.Errorf("end session: %w", wrap(err))
	}
	return nil
}

// Forget implements account.Keys.
func (s *Accounts) Forget(ctx context.Context, sessions, failures time.Time) error {
	_, err := s.db.exec(ctx, `delete from sessions where expires_at < $1 or ends_at < $1`, sessions)
	if err == nil {
		_, err = s.db.exec(ctx, `delete from failed_logins where last_at < $1`, failures)
	}
	if err != nil {
		return fmt.Errorf("forget what has ended: %w", wrap(err))
	}
	return nil
}

const selectToken = `select id, user_id, name, token_hash, created_at, expires_at, last_used_at, revoked_at from api_tokens `

func scanToken(r scanner) (t account.Token, err error) {
	var expires *time.Time
	err = r.Scan(&t.ID, &t.UserID, &t.Name, &t.Hash, &t.CreatedAt, &expires, &t.LastUsedAt, &t.RevokedAt)
	if t.ExpiresAt = t.CreatedAt.Add(account.TokenLife); expires != nil { // null: made before tokens had an end
		t.ExpiresAt = *expires
	}
	return t, err
}

// ValidTokens implements account.Keys.
func (s *Accounts) ValidTokens(ctx context.Context) ([]account.UserToken, error) {
	users, err := s.db.query(ctx, `select id, username from users`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", wrap(err))
	}
	named, err := collect(users, func(r scanner) (u account.User, err error) { return u, r.Scan(&u.ID, &u.Username) })
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	names := map[string]string{}
	for _, u := range named {
		names[u.ID] = u.Username
	}
	rows, err := s.db.query(ctx, selectToken+`where revoked_at is null order by id`)
	if err != nil {
		return nil, fmt.Errorf("list API tokens: %w", wrap(err))
	}
	tokens, err := collect(rows, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list API tokens: %w", err)
	}
	var out []account.UserToken
	for _, t := range tokens {
		out = append(out, account.UserToken{Token: t, Username: names[t.UserID]})
	}
	return out, nil
}

// AddToken implements account.Keys.
func (s *Accounts) AddToken(ctx context.Context, t account.Token) error {
	_, err := s.db.exec(ctx, `
		insert into api_tokens (id, user_id, name, token_hash, created_at, expires_at, last_used_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, t.UserID, t.Name, t.Hash, t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.RevokedAt)
	if err != nil {
		return fmt.Errorf("add API token: %w", wrap(err))
	}
	return nil
}

// TokenByHash implements account.Keys.
func (s *Accounts) TokenByHash(ctx context.Context, hash string) (account.Token, error) {
	t, err := scanToken(s.db.queryRow(ctx, selectToken+`where token_hash = $1`, hash))
	if err != nil {
		return account.Token{}, fmt.Errorf("load API token: %w", wrap(err))
	}
	return t, nil
}

// Tokens implements account.Keys.
func (s *Accounts) Tokens(ctx context.Context, userID string) ([]account.Token, error) {
	rows, err := s.db.query(ctx, selectToken+`where user_id = $1 order by id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list API tokens: %w", wrap(err))
	}
	return collect(rows, scanToken)
}

// SaveToken implements account.Keys.
func (s *Accounts) SaveToken(ctx context.Context, t account.Token) error {
	// A revocation is never taken back by a use that was noted at the same moment.
	_, err := s.db.exec(ctx, `
		update api_tokens set name = $2, last_used_at = $3, revoked_at = coalesce(revoked_at, $4) where id = $1`,
		t.ID, t.Name, t.LastUsedAt, t.RevokedAt)
	if err != nil {
		return fmt.Errorf("save API token: %w", wrap(err))
	}
	return nil
}

// Attempt implements account.Attempts.
func (s *Accounts) Attempt(ctx context.Context, username, source string) (account.Attempt, error) {
	a := account.Attempt{Username: username, Source: source}
	err := wrap(s.db.queryRow(ctx, `select failures, last_at, locked_until from failed_logins where username = $1 and source = $2`, username, source).
		Scan(&a.Failures, &a.LastAt, &a.LockedUntil))
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return account.Attempt{}, fmt.Errorf("load failed logins: %w", err)
	}
	return a, nil
}

// Failures implements account.Attempts.
func (s *Accounts) Failures(ctx context.Context, username string, since time.Time) (int, error) {
	var n int
	err := s.db.queryRow(ctx, `select coalesce(sum(failures), 0) from failed_logins where username = $1 and last_at >= $2`, username, since).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count failed logins: %w", wrap(err))
	}
	return n, nil
}

// SaveAttempt implements account.Attempts.
func (s *Accounts) SaveAttempt(ctx context.Context, a account.Attempt) error {
	_, err := s.db.exec(ctx, `
		insert into failed_logins (username, source, failures, last_at, locked_until) values ($1, $2, $3, $4, $5)
		on conflict (username, source) do update
		set failures = excluded.failures, last_at = excluded.last_at, locked_until = excluded.locked_until`,
		a.Username, a.Source, a.Failures, a.LastAt, a.LockedUntil)
	if err != nil {
		return fmt.Errorf("save failed logins: %w", wrap(err))
	}
	return nil
}

// ForgetAttempts implements account.Attempts.
func (s *Accounts) ForgetAttempts(ctx context.Context, username, source string) error {
	_, err := s.db.exec(ctx, `delete from failed_logins where username = $1 and ($2 = '' or source = $2)`, username, source)
	if err != nil {
		return fmt.Errorf("forget failed logins: %w", wrap(err))
	}
	return nil
}
