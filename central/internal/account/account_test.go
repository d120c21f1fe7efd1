package account

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestPasswordRule(t *testing.T) {
	for password, want := range map[string]string{
		"Correct-horse-7":            "",
		"烽燧台Abc12345":                "",
		"Short-1aB":                  "account.password_length",
		strings.Repeat("aB3", 50):    "account.password_length",
		"onlysmalllettersandmore":    "account.password_kinds",
		"smallletters12345":          "account.password_kinds",
		"Zhangsan-2026":              "account.password_name",
		"xx-ZHANGSAN-1":              "account.password_name",
		"\u0000\u0000\u0000abcdeF12": "",
	} {
		err := checkPassword(password, "zhangsan")
		got := ""
		if e, ok := err.(*errs.Error); ok { //nolint:errorlint // made here
			got = e.Code
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", password, got, want)
		}
	}
}

func TestFiveFailuresInARowLockAndOldOnesAreForgotten(t *testing.T) {
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	a := Attempt{Username: "x"}
	for range LockAfter - 1 {
		if a = a.failed(at); a.locked(at) {
			t.Fatal("locked too early")
		}
	}
	if late := a.failed(at.Add(forgetFailure + time.Second)); late.locked(at.Add(forgetFailure+time.Second)) || late.Failures != 1 {
		t.Errorf("a failure after a pause counts as %d", late.Failures)
	}
	a = a.failed(at)
	if !a.locked(at.Add(LockFor-time.Second)) || a.locked(at.Add(LockFor)) {
		t.Error("want locked for exactly LockFor")
	}
}

func TestSessionMovesWithUseButNotPastItsEnd(t *testing.T) {
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	s := Session{ExpiresAt: at.Add(SessionIdle), EndsAt: at.Add(SessionLimit)}
	if !s.live(at.Add(SessionIdle-time.Second)) || s.live(at.Add(SessionIdle)) {
		t.Error("want the end after SessionIdle without use")
	}
	for now := at; now.Before(at.Add(SessionLimit)); now = now.Add(SessionIdle / 2) {
		s = s.touched(now)
		if !s.live(now) {
			t.Fatalf("ended in use at %s", now)
		}
	}
	if s.live(at.Add(SessionLimit)) {
		t.Error("lives past its limit")
	}
}

func TestNobodyGrantsWhatTheyLack(t *testing.T) {
	// Somebody who may appoint people and do what a duty officer does, and nothing else.
	clerk := actor.Actor{Kind: actor.User, Permissions: append(Permissions([]string{RoleDuty}), actor.AccountWrite, actor.AccountRead)}
	for role, want := range map[string]errs.Kind{
		RoleDuty: errs.Internal, RoleAdmin: errs.Denied, RoleTechnician: errs.Denied, RoleAuditor: errs.Denied,
	} {
		if err := mayGrant(clerk, []string{role}); errs.KindOf(err) != want {
			t.Errorf("%s: %v", role, err)
		}
	}
	if err := mayGrant(actor.Actor{Kind: actor.System}, []string{RoleAdmin}); err != nil {
		t.Error(err)
	}
}

func TestRolesHoldKnownPermissionsAndBothNames(t *testing.T) {
	admin := Permissions([]string{RoleAdmin})
	for _, r := range Roles() {
		if r.Name == "" || r.NameEN == "" {
			t.Errorf("%s lacks a name", r.ID)
		}
		// Otherwise an administrator could not appoint this role.
		if err := mayGrant(actor.Actor{Kind: actor.User, Permissions: admin}, []string{r.ID}); err != nil {
			t.Errorf("admin cannot grant %s: %v", r.ID, err)
		}
	}
	if got := Permissions([]string{"none"}); len(got) != 0 {
		t.Errorf("an unknown role gives %v", got)
	}
}

func TestLastAdministratorIsOneForTheWholeCentre(t *testing.T) {
	city := User{ID: "1", Roles: []string{RoleAdmin}, Division: "320600"}
	other := User{ID: "2", Roles: []string{RoleAdmin}, Division: "320600"}
	county := User{ID: "3", Roles: []string{RoleAdmin}, Division: "320623"}
	for name, c := range map[string]struct {
		admins []User
		user   User
		want   bool
	}{
		"alone":              {[]User{city}, city, true},
		"county is no other": {[]User{city, county}, city, true},
		"two":                {[]User{city, other}, city, false},
		"county itself":      {[]User{city, county}, county, false},
	} {
		if got := lastAdmin(c.admins, c.user, "320600"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestUsersAndOrganisationsAreChecked(t *testing.T) {
	good := User{Username: "zhang.san", Name: "张三", OrgID: "1", Roles: []string{RoleDuty}}
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*User){
		"username": func(u *User) { u.Username = "张三" },
		"name":     func(u *User) { u.Name = "a\nb" },
		"org_id":   func(u *User) { u.OrgID = "" },
		"roles":    func(u *User) { u.Roles = []string{RoleDuty, RoleDuty} },
	} {
		u := good
		change(&u)
		if e, ok := u.validate().(*errs.Error); !ok || e.Fields[field] == "" { //nolint:errorlint // made here
			t.Errorf("%s passes", field)
		}
	}
	for division, ok := range map[string]bool{"320600": true, "320623104": true, "320623104001": true, "3206": false, "32062x": false, "": false} {
		if err := (Org{Name: "x", Division: division}).validate(); (err == nil) != ok {
			t.Errorf("division %q: %v", division, err)
		}
	}
}

func TestOneTimePasswordsAreReadableAndDiffer(t *testing.T) {
	a, err := oneTime()
	if err != nil {
		t.Fatal(err)
	}
	b, err := oneTime()
	if err != nil {
		t.Fatal(err)
	}
	if a == b || len(a) != 19 || strings.ContainsAny(a, "01loiOI") {
		t.Errorf("%q and %q", a, b)
	}
}

func TestATokenIsValidUntilItsEnd(t *testing.T) {
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	token := Token{ExpiresAt: now}
	if !token.valid(now.Add(-time.Second)) || token.valid(now) {
		t.Error("the end is not the end")
	}
	token.RevokedAt = &now
	if token.valid(now.Add(-time.Second)) {
		t.Error("a revoked token is valid")
	}
}
