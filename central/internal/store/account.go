package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Accounts keeps organisations and users. Sessions and API tokens are in account_key.go.
type Accounts struct{ db *DB }

// NewAccounts makes the store of accounts.
func NewAccounts(db *DB) *Accounts { return &Accounts{db} }

var (
	_ account.Store    = (*Accounts)(nil)
	_ account.Keys     = (*Accounts)(nil)
	_ account.Attempts = (*Accounts)(nil)
)

// Lock implements account.Store.
func (s *Accounts) Lock(ctx context.Context) error { return s.db.lock(ctx, "account") }

// Orgs implements account.Store.
func (s *Accounts) Orgs(ctx context.Context) ([]account.Org, error) {
	rows, err := s.db.query(ctx, `
		select id, coalesce(parent_id, ''), name, name_en, division, created_at
		from orgs order by division, created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", wrap(err))
	}
	return collect(rows, func(r scanner) (o account.Org, err error) {
		return o, r.Scan(&o.ID, &o.ParentID, &o.Name, &o.NameEN, &o.Division, &o.CreatedAt)
	})
}

// SaveOrg implements account.Store.
func (s *Accounts) SaveOrg(ctx context.Context, o account.Org) error {
	var parent *string
	if o.ParentID != "" {
		parent = &o.ParentID
	}
	_, err := s.db.exec(ctx, `
		insert into orgs (id, parent_id, name, name_en, division, created_at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set name = excluded.name, name_en = excluded.name_en, division = excluded.division`,
		o.ID, parent, o.Name, o.NameEN, o.Division, o.CreatedAt)
	if err != nil {
		return fmt.Errorf("save organisation %s: %w", o.ID, wrap(err))
	}
	return nil
}

// selectUser gathers the roles in one text: both databases have string_agg since SQLite 3.44.
const selectUser = `
	select u.id, u.username, u.name, u.org_id, o.name, o.name_en, o.division, u.password_hash, u.must_change_password,
		u.disabled, u.last_login_at, u.created_at, u.updated_at,
		coalesce((select string_agg(r.role, ' ' order by r.role) from user_roles r where r.user_id = u.id), '')
	from users u join orgs o on o.id = u.org_id `

func scanUser(r scanner) (account.User, error) {
	var u account.User
	var roles string
	err := r.Scan(&u.ID, &u.Username, &u.Name, &u.OrgID, &u.OrgName, &u.OrgNameEN, &u.Division, &u.Hash, &u.MustChangePassword,
		&u.Disabled, &u.LastLoginAt, &u.CreatedAt, &u.UpdatedAt, &roles)
	u.Roles = strings.Fields(roles)
	return u, err
}

// User implements account.Store.
func (s *Accounts) User(ctx context.Context, id string) (account.User, error) {
	return s.user(ctx, id, selectUser+`where u.id = $1`)
}

// UserByName implements account.Store.
func (s *Accounts) UserByName(ctx context.Context, username string) (account.User, error) {
	return s.user(ctx, username, selectUser+`where u.username = $1`)
}

func (s *Accounts) user(ctx context.Context, key, query string) (account.User, error) {
	u, err := scanUser(s.db.queryRow(ctx, query, key))
	err = wrap(err)
	if errs.KindOf(err) == errs.NotFound {
		return account.User{}, errs.E(errs.NotFound, "account.not_found", "there is no user %s", key)
	}
	if err != nil {
		return account.User{}, fmt.Errorf("load user %s: %w", key, err)
	}
	return u, nil
}

// Users implements account.Store.
func (s *Accounts) Users(ctx context.Context, scope actor.Scope, r page.Request) (page.List[account.User], error) {
	rows, err := s.db.query(ctx, selectUser+`
		where u.id > $1 and o.division like $2
			and ($3 = '' or lower(u.username) like $4 escape '\' or lower(u.name) like $4 escape '\' or lower(o.name) like $4 escape '\')
		order by u.id limit $5`,
		r.After, string(scope), r.Search, like(r.Search), r.Size()+1)
	if err != nil {
		return page.List[account.User]{}, fmt.Errorf("list users: %w", wrap(err))
	}
	users, err := collect(rows, scanUser)
	if err != nil {
		return page.List[account.User]{}, fmt.Errorf("list users: %w", err)
	}
	return cut(users, r.Size(), func(u account.User) string { return u.ID }), nil
}

// Admins implements account.Store.
func (s *Accounts) Admins(ctx context.Context) ([]account.User, error) {
	rows, err := s.db.query(ctx, selectUser+`
		where not u.disabled and exists (select 1 from user_roles r where r.user_id = u.id and r.role = 'admin')`)
	if err != nil {
		return nil, fmt.Errorf("list administrators: %w", wrap(err))
	}
	return collect(rows, scanUser)
}

// AddUser implements account.Store.
func (s *Accounts) AddUser(ctx context.Context, u account.User) error {
	_, err := s.db.exec(ctx, `
		insert into users (id, username, name, org_id, password_hash, must_change_password, disabled, last_login_at, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		u.ID, u.Username, u.Name, u.OrgID, u.Hash, u.MustChangePassword, u.Disabled, u.LastLoginAt, u.CreatedAt, u.UpdatedAt)
	if err != nil {
		return fmt.Errorf("add user %s: %w", u.Username, wrap(err))
	}
	return s.saveRoles(ctx, u)
}

// SaveUser implements account.Store.
func (s *Accounts) SaveUser(ctx context.Context, u account.User) error {
	res, err := s.db.exec(ctx, `
		update users set name = $2, org_id = $3, password_hash = $4, must_change_password = $5, disabled = $6,
			last_login_at = $7, updated_at = $8
		where id = $1`,
		u.ID, u.Name, u.OrgID, u.Hash, u.MustChangePassword, u.Disabled, u.LastLoginAt, u.UpdatedAt)
	if err != nil {
		return fmt.Errorf("save user %s: %w", u.ID, wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.NotFound, "account.not_found", "there is no user "+u.ID)
	}
	return s.saveRoles(ctx, u)
}

// saveRoles needs the transaction of the caller.
func (s *Accounts) saveRoles(ctx context.Context, u account.User) error {
	if _, err := s.db.exec(ctx, `delete from user_roles where user_id = $1`, u.ID); err != nil {
		return fmt.Errorf("save roles of %s: %w", u.ID, wrap(err))
	}
	for _, role := range u.Roles {
		if _, err := s.db.exec(ctx, `insert into user_roles (user_id, role) values ($1, $2)`, u.ID, role); err != nil {
			return fmt.Errorf("save roles of %s: %w", u.ID, wrap(err))
		}
	}
	return nil
}
