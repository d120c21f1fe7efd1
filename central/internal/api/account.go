package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

// RegisterAccounts adds sessions, users, organisations, roles and API tokens.
func RegisterAccounts(s *Server, svc *account.Service) {
	s.accounts = svc
	s.registerSessions(svc)
	s.registerUsers(svc)
	s.registerOrgs(svc)
	s.registerTokens(svc)
}

// sessionView is what a browser knows of its session.
type sessionView struct {
	User               account.User       `json:"user"`
	Permissions        []actor.Permission `json:"permissions"`
	MustChangePassword bool               `json:"must_change_password"`
	ExpiresAt          time.Time          `json:"expires_at"`
}

func viewSession(who account.Identity) sessionView {
	return sessionView{
		User: who.User, Permissions: append([]actor.Permission{}, who.Actor.Permissions...),
		MustChangePassword: who.User.MustChangePassword, ExpiresAt: who.Session.ExpiresAt,
	}
}

// sessionReply carries the cookies beside the view. They are two fields because fiber would join the
// values of a list with a comma.
type sessionReply struct {
	Cookie  http.Cookie `header:"Set-Cookie"`
	Browser http.Cookie `header:"Set-Cookie"`
	Cache   string      `header:"Cache-Control"`
	Body    sessionView
}

func (s *Server) newSession(who account.Identity, token string) *sessionReply {
	now := time.Now()
	session := s.cookie(sessionCookie, "/", token)
	session.Expires = who.Session.EndsAt
	known := s.cookie(browserCookie, prefix+"/session", who.Browser(now))
	known.Expires = now.Add(account.BrowserLife)
	return &sessionReply{Cookie: session, Browser: known, Cache: "no-store", Body: viewSession(who)}
}

func (s *Server) cookie(name, path, value string) http.Cookie {
	return http.Cookie{
		Name: name, Value: value, Path: path, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: s.opts.TLS != nil || strings.HasPrefix(s.opts.PublicURL, "https://"),
	}
}

func (s *Server) registerSessions(svc *account.Service) {
	open := []map[string][]string{}
	tags := []string{"session"}
	type sessionLogin struct {
		Session string `cookie:"fengsui_session"`
		Browser string `cookie:"fengsui_browser"`
		Body    struct {
			Username string `json:"username" maxLength:"64"`
			Password string `json:"password" maxLength:"512"`
		}
	}
	// A burst for a shift that begins, then one a second.
	logins := newGate(time.Second, 20, "auth.too_many", "too many sign-ins from this address; wait a moment")
	register(s, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/session", Summary: "Sign in", Tags: tags, Security: open,
		Middlewares: s.slow(logins),
	}, func(ctx context.Context, in *sessionLogin) (*sessionReply, error) {
		who, token, err := svc.Login(ctx, in.Body.Username, in.Body.Password, account.Origin{
			Session: in.Session, Browser: in.Browser, Address: addressOf(ctx),
		})
		if err != nil {
			return nil, err
		}
		return s.newSession(who, token), nil
	})
	register(s, huma.Operation{
		OperationID: "get-session", Method: http.MethodGet, Path: "/session", Summary: "Who is signed in", Tags: tags,
	}, func(ctx context.Context, _ *nothing) (*body[sessionView], error) {
		who, err := identified(ctx, svc)
		return reply(viewSession(who), err)
	})
	type ended struct {
		Cookie http.Cookie `header:"Set-Cookie"`
	}
	register(s, huma.Operation{
		OperationID: "logout", Method: http.MethodDelete, Path: "/session", Summary: "Sign out", Tags: tags,
		DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, _ *nothing) (*ended, error) {
		if cred := credentialOf(ctx); cred.cookie {
			if err := svc.Logout(ctx, cred.token); err != nil {
				return nil, err
			}
		}
		c := s.cookie(sessionCookie, "/", "")
		c.MaxAge = -1
		return &ended{Cookie: c}, nil
	})
	type sessionChange struct {
		Body struct {
			Old string `json:"old" maxLength:"512"`
			New string `json:"new" maxLength:"512"`
		}
	}
	register(s, huma.Operation{
		OperationID: "change-password", Method: http.MethodPost, Path: "/session/password", Tags: tags,
		Summary: "Change the own password; all other sessions end and this one gets a new cookie",
	}, func(ctx context.Context, in *sessionChange) (*sessionReply, error) {
		who, err := identified(ctx, svc)
		if err != nil {
			return nil, err
		}
		who, token, err := svc.ChangePassword(ctx, who, in.Body.Old, in.Body.New)
		if err != nil {
			return nil, err
		}
		return s.newSession(who, token), nil
	})
}

// identified is who the request's credential stands for.
func identified(ctx context.Context, svc *account.Service) (account.Identity, error) {
	cred := credentialOf(ctx)
	if cred.token == "" {
		return account.Identity{}, errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return svc.Check(ctx, cred.token)
}

// oneTimePassword is shown once, to be handed to the user.
type oneTimePassword struct {
	Password string `json:"password"`
}

type newUser struct {
	User     account.User `json:"user"`
	Password string       `json:"password"`
}

func (s *Server) registerUsers(svc *account.Service) {
	tags := []string{"account"}
	register(s, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/users", Summary: "Users", Tags: tags,
	}, func(ctx context.Context, in *ListQuery) (*body[page.List[account.User]], error) {
		return reply(svc.Users(ctx, in.page()))
	})
	registerSheet(s, huma.Operation{
		OperationID: "export-users", Path: "/users/export.xlsx", Summary: "Users as a workbook", Tags: tags,
	}, "users", func(ctx context.Context, in *struct {
		ListQuery
		Language
	},
	) (document.Sheet, error) {
		users, err := whole(ctx, in.page(), svc.Users)
		return userSheet(users, in.Language), err
	})
	type userCreate struct {
		Body struct {
			Username string   `json:"username" maxLength:"64"`
			Name     string   `json:"name" maxLength:"128"`
			OrgID    string   `json:"org_id" maxLength:"64"`
			Roles    []string `json:"roles" maxItems:"16"`
		}
	}
	register(s, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: "/users", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make a user with a one-time password",
	}, func(ctx context.Context, in *userCreate) (*body[newUser], error) {
		u, password, err := svc.CreateUser(ctx, account.NewUser{
			Username: in.Body.Username, Name: in.Body.Name, OrgID: in.Body.OrgID, Roles: in.Body.Roles,
		})
		return reply(newUser{u, password}, err)
	})
	type one struct {
		ID string `path:"id" maxLength:"64"`
	}
	register(s, huma.Operation{
		OperationID: "get-user", Method: http.MethodGet, Path: "/users/{id}", Summary: "One user", Tags: tags,
	}, func(ctx context.Context, in *one) (*body[account.User], error) { return reply(svc.User(ctx, in.ID)) })
	type userChange struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Name     *string   `json:"name,omitempty" maxLength:"128"`
			OrgID    *string   `json:"org_id,omitempty" maxLength:"64"`
			Roles    *[]string `json:"roles,omitempty" maxItems:"16"`
			Disabled *bool     `json:"disabled,omitempty"`
		}
	}
	register(s, huma.Operation{
		OperationID: "change-user", Method: http.MethodPatch, Path: "/users/{id}", Summary: "Change a user", Tags: tags,
	}, func(ctx context.Context, in *userChange) (*body[account.User], error) {
		return reply(svc.ChangeUser(ctx, in.ID, account.Change(in.Body)))
	})
	register(s, huma.Operation{
		OperationID: "reset-password", Method: http.MethodPost, Path: "/users/{id}/password", Tags: tags,
		Summary: "Give a user a one-time password and end the sessions",
	}, func(ctx context.Context, in *one) (*body[oneTimePassword], error) {
		password, err := svc.ResetPassword(ctx, in.ID)
		return reply(oneTimePassword{password}, err)
	})
}

func userSheet(users []account.User, l Language) document.Sheet {
	names := map[string]string{}
	for _, r := range account.Roles() {
		names[r.ID] = l.say(r.Name, r.NameEN)
	}
	sheet := document.Sheet{Title: l.say("用户", "Users"), Headings: l.headings(
		[2]string{"用户名", "Username"}, [2]string{"姓名", "Name"}, [2]string{"单位", "Organisation"}, [2]string{"行政区划", "Division"},
		[2]string{"角色", "Roles"}, [2]string{"状态", "State"}, [2]string{"最近登录", "Last signed in"}, [2]string{"创建时间", "Created"},
	)}
	for _, u := range users {
		roles := make([]string, len(u.Roles))
		for i, r := range u.Roles {
			roles[i] = names[r]
		}
		state := l.say("正常", "active")
		if u.Disabled {
			state = l.say("停用", "disabled")
		}
		sheet.Rows = append(sheet.Rows, []any{u.Username, u.Name, l.say(u.OrgName, cmp.Or(u.OrgNameEN, u.OrgName)), u.Division, strings.Join(roles, l.say("、", ", ")), state, u.LastLoginAt, u.CreatedAt})
	}
	return sheet
}

func (s *Server) registerOrgs(svc *account.Service) {
	tags := []string{"account"}
	register(s, huma.Operation{
		OperationID: "list-roles", Method: http.MethodGet, Path: "/roles", Summary: "Roles and their permissions", Tags: tags,
	}, func(ctx context.Context, _ *nothing) (*body[page.List[account.Role]], error) {
		if _, err := actor.Require(ctx, actor.AccountRead); err != nil {
			return nil, err
		}
		return reply(page.List[account.Role]{Items: account.Roles()}, nil)
	})
	register(s, huma.Operation{
		OperationID: "list-orgs", Method: http.MethodGet, Path: "/orgs", Summary: "Organisations", Tags: tags,
	}, func(ctx context.Context, in *ListQuery) (*body[page.List[account.Org]], error) {
		orgs, err := svc.Orgs(ctx)
		orgs = slices.DeleteFunc(orgs, func(o account.Org) bool {
			return !strings.Contains(strings.ToLower(o.Name+" "+o.NameEN+" "+o.Division), strings.ToLower(in.Q))
		})
		return reply(page.List[account.Org]{Items: append([]account.Org{}, orgs...)}, err)
	})
	type orgCreate struct {
		Body struct {
			ParentID string `json:"parent_id" maxLength:"64"`
			Name     string `json:"name" maxLength:"128"`
			NameEN   string `json:"name_en,omitempty" maxLength:"256"`
			Division string `json:"division" maxLength:"12"`
		}
	}
	register(s, huma.Operation{
		OperationID: "create-org", Method: http.MethodPost, Path: "/orgs", Summary: "Put an organisation below another", Tags: tags,
		DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *orgCreate) (*body[account.Org], error) {
		return reply(svc.CreateOrg(ctx, account.NewOrg(in.Body)))
	})
	type orgChange struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Name     *string `json:"name,omitempty" maxLength:"128"`
			NameEN   *string `json:"name_en,omitempty" maxLength:"256"`
			Division *string `json:"division,omitempty" maxLength:"12"`
		}
	}
	register(s, huma.Operation{
		OperationID: "change-org", Method: http.MethodPatch, Path: "/orgs/{id}", Summary: "Change an organisation", Tags: tags,
	}, func(ctx context.Context, in *orgChange) (*body[account.Org], error) {
		return reply(svc.ChangeOrg(ctx, in.ID, account.OrgChange(in.Body)))
	})
}

// newToken shows the text of an API token, once.
type newToken struct {
	account.Token
	Text string `json:"token"`
}

func (s *Server) registerTokens(svc *account.Service) {
	tags := []string{"account"}
	type of struct {
		ID string `path:"id" maxLength:"64"`
	}
	register(s, huma.Operation{
		OperationID: "list-tokens", Method: http.MethodGet, Path: "/users/{id}/tokens", Summary: "API tokens of a user", Tags: tags,
	}, func(ctx context.Context, in *of) (*body[page.List[account.Token]], error) {
		tokens, err := svc.Tokens(ctx, in.ID)
		return reply(page.List[account.Token]{Items: append([]account.Token{}, tokens...)}, err)
	})
	type tokenCreate struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Name string `json:"name" maxLength:"128"`
		}
	}
	register(s, huma.Operation{
		OperationID: "create-token", Method: http.MethodPost, Path: "/users/{id}/tokens", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make an API token for oneself; its text is shown once",
	}, func(ctx context.Context, in *tokenCreate) (*body[newToken], error) {
		t, text, err := svc.CreateToken(ctx, in.ID, in.Body.Name)
		return reply(newToken{t, text}, err)
	})
	type tokenRevoke struct {
		ID    string `path:"id" maxLength:"64"`
		Token string `path:"token" maxLength:"64"`
	}
	register(s, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodDelete, Path: "/users/{id}/tokens/{token}", Summary: "End an API token", Tags: tags,
		DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *tokenRevoke) (*nothing, error) {
		return done(svc.RevokeToken(ctx, in.ID, in.Token))
	})
}
