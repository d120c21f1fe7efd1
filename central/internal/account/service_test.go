package account_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

const chosen = "Correct-horse-7"

type bench struct {
	*account.Service
	t     *testing.T
	mu    sync.Mutex
	kinds []string
	sys   context.Context
	once  string
}

func newBench(t *testing.T, db *store.DB) *bench {
	t.Helper()
	b := &bench{t: t, sys: actor.WithSystem(context.Background(), "test")}
	bus := event.NewBus(nil)
	bus.Handle(func(_ context.Context, e event.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.kinds = append(b.kinds, e.Kind)
	})
	var err error
	kept := store.NewAccounts(db)
	if b.Service, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus}); err != nil {
		t.Fatal(err)
	}
	if b.once, err = b.EnsureFirst(b.sys, account.First{OrgName: "南通", OrgNameEN: "Nantong", Division: "320600"}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) published(kind string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.kinds, kind)
}

// admin signs the first administrator in and changes the password.
func (b *bench) admin() (context.Context, account.Identity, string) {
	b.t.Helper()
	who, _, err := b.Login(b.t.Context(), "admin", b.once, account.Origin{})
	if err != nil {
		b.t.Fatal(err)
	}
	who, token, err := b.ChangePassword(b.t.Context(), who, b.once, chosen)
	if err != nil {
		b.t.Fatal(err)
	}
	return actor.With(context.Background(), who.Actor), who, token
}

func TestOnlyAnEmptyCentreGetsAFirstAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		if b.once == "" || !b.published(account.EventCreated) {
			t.Fatal("no first administrator")
		}
		again, err := b.EnsureFirst(b.sys, account.First{OrgName: "x", Division: "320600"})
		if err != nil || again != "" {
			t.Errorf("second start: %q, %v", again, err)
		}
		if _, err := b.EnsureFirst(t.Context(), account.First{}); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("without an actor: %v", err)
		}
	})
}

func TestUsersAreMadeListedChangedAndDisabled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		ctx, who, _ := b.admin()
		county, err := b.CreateOrg(ctx, account.NewOrg{ParentID: who.User.OrgID, Name: "如东县", NameEN: "Rudong", Division: "320623"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.CreateOrg(ctx, account.NewOrg{ParentID: county.ID, Name: "外", Division: "320681"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an organisation outside its parent: %v", err)
		}
		u, once, err := b.CreateUser(ctx, account.NewUser{Username: " Wang_1 ", Name: "王 100%", OrgID: county.ID, Roles: []string{"technician", "duty"}})
		if err != nil {
			t.Fatal(err)
		}
		if u.Username != "wang_1" || u.Division != "320623" {
			t.Errorf("made %+v", u)
		}
		for search, want := range map[string]int{"": 2, "100%": 1, "%": 1, "WANG_": 1, "如东": 1, "none": 0} {
			l, err := b.Users(ctx, page.Request{Search: search})
			if err != nil || len(l.Items) != want {
				t.Errorf("search %q: %d users, %v; want %d", search, len(l.Items), err, want)
			}
		}
		first, err := b.Users(ctx, page.Request{Limit: 1})
		if err != nil || len(first.Items) != 1 || first.Next == "" {
			t.Fatalf("first part: %+v, %v", first, err)
		}
		second, err := b.Users(ctx, page.Request{Limit: 1, After: first.Next})
		if err != nil || len(second.Items) != 1 || second.Items[0].ID != u.ID || second.Next != "" ||
			strings.Join(second.Items[0].Roles, " ") != "duty technician" {
			t.Errorf("second part: %+v, %v", second, err)
		}
		in, token, err := b.Login(t.Context(), "WANG_1", once, account.Origin{})
		if err != nil || len(in.Actor.Permissions) != 0 {
			t.Fatalf("login: %+v, %v", in.Actor, err)
		}
		off := true
		if _, err := b.ChangeUser(ctx, u.ID, account.Change{Disabled: &off}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Present(b.sys, u.ID); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("what a disabled user may do: %v", err)
		}
		if a, err := b.Present(b.sys, who.User.ID); err != nil || !a.Can(actor.VideoWatch) || a.DivisionCode != "320600" {
			t.Errorf("what the administrator may do: %+v, %v", a, err)
		}
		if _, err := b.Present(t.Context(), who.User.ID); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("asked by nobody: %v", err)
		}
		if _, err := b.Check(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated || !b.published(account.EventDisabled) {
			t.Errorf("the session of a disabled user: %v", err)
		}
		if _, _, err := b.Login(t.Context(), "wang_1", once, account.Origin{}); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("login of a disabled user: %v", err)
		}
		if _, _, err := b.CreateToken(b.sys, u.ID, "x"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("token for a disabled user: %v", err)
		}
	})
}

func TestAnUnfitPasswordLeavesNoAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		ctx, who, _ := b.admin()
		n := account.NewUser{Username: "li", Name: "李", OrgID: who.User.OrgID, Roles: []string{"duty"}, Password: "short"}
		if _, _, err := b.CreateUser(b.sys, n); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unfit password: %v", err)
		}
		if _, err := b.UserByName(b.sys, "li"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the account was left: %v", err)
		}
		n.Password = chosen
		if _, _, err := b.CreateUser(ctx, n); errs.KindOf(err) != errs.Denied {
			t.Errorf("an administrator chose another's password: %v", err)
		}
		if _, _, err := b.CreateUser(b.sys, n); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.CreateUser(b.sys, n); errs.KindOf(err) != errs.Conflict || !strings.HasPrefix(err.Error(), "the username li is taken") {
			t.Errorf("the name again: %v", err)
		}
		if in, _, err := b.Login(t.Context(), "li", chosen, account.Origin{}); err != nil || in.User.MustChangePassword {
			t.Errorf("sign in with the chosen password: %+v, %v", in.User, err)
		}
	})
}

func TestResetGivesAOneTimePasswordAndEndsSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		_, who, token := b.admin()
		once, err := b.ResetPassword(b.sys, who.User.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Check(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("session after the reset: %v", err)
		}
		if _, _, err := b.Login(t.Context(), "admin", chosen, account.Origin{}); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("old password: %v", err)
		}
		if in, _, err := b.Login(t.Context(), "admin", once, account.Origin{}); err != nil || !in.User.MustChangePassword {
			t.Errorf("one-time password: %+v, %v", in.User, err)
		}
	})
}

func TestTokensOfOthersAreOutOfReachAndNamesAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		ctx, who, _ := b.admin()
		u, _, err := b.CreateUser(ctx, account.NewUser{Username: "li", Name: "李", OrgID: who.User.OrgID, Roles: []string{"duty"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.CreateToken(ctx, u.ID, "x"); errs.KindOf(err) != errs.Denied {
			t.Errorf("an administrator made a token in another's name: %v", err)
		}
		made, text, err := b.CreateToken(b.sys, u.ID, "script")
		if err != nil {
			t.Fatal(err)
		}
		if a, err := b.TokenActor(t.Context(), text); err != nil || a.ID != u.ID || !a.Can(actor.AlarmAck) {
			t.Errorf("token made on the command line: %+v, %v", a, err)
		}
		list, err := b.Tokens(ctx, u.ID)
		if err != nil || len(list) != 1 || list[0].LastUsedAt == nil {
			t.Errorf("tokens = %+v, %v", list, err)
		}
		if err := b.RevokeToken(ctx, u.ID, made.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := b.TokenActor(t.Context(), text); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("revoked token: %v", err)
		}
		if _, err := b.SessionActor(t.Context(), text); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("token as a cookie: %v", err)
		}
		_, text, err = b.CreateToken(b.sys, u.ID, "second")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.ResetPassword(ctx, u.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := b.TokenActor(t.Context(), text); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("token after a reset of the password: %v", err)
		}
	})
}

func TestAPITokensEndWithThePasswordAndARestoreEndsSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		ctx, who, session := b.admin()
		made, text, err := b.CreateToken(ctx, who.User.ID, "script")
		if err != nil || made.ExpiresAt.Sub(made.CreatedAt) != account.TokenLife {
			t.Fatalf("%+v, %v", made, err)
		}
		if _, err := b.Returned(ctx); errs.KindOf(err) != errs.Denied {
			t.Errorf("a person ended all sessions: %v", err)
		}
		back, err := b.Returned(b.sys)
		if err != nil || len(back) != 1 || back[0].Username != "admin" || back[0].Name != "script" || !back[0].ExpiresAt.Equal(made.ExpiresAt) {
			t.Errorf("%+v, %v", back, err)
		}
		if _, err := b.SessionActor(t.Context(), session); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("session after the restore: %v", err)
		}
		if _, err := b.TokenActor(t.Context(), text); err != nil {
			t.Errorf("token after the restore: %v", err)
		}
		if who, _, err = b.Login(t.Context(), "admin", chosen, account.Origin{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.ChangePassword(t.Context(), who, chosen, chosen+"9"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.TokenActor(t.Context(), text); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("token after a change of the password: %v", err)
		}
	})
}

func TestTwoAdministratorsCannotDisableEachOtherAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		_, first, _ := b.admin()
		second, _, err := b.CreateUser(b.sys, account.NewUser{Username: "second", Name: "二", OrgID: first.User.OrgID, Roles: []string{"admin"}})
		if err != nil {
			t.Fatal(err)
		}
		off := true
		var wg sync.WaitGroup
		for _, id := range []string{first.User.ID, second.ID} {
			wg.Go(func() { _, _ = b.ChangeUser(b.sys, id, account.Change{Disabled: &off}) })
		}
		wg.Wait()
		l, err := b.Users(b.sys, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		enabled := 0
		for _, u := range l.Items {
			if !u.Disabled {
				enabled++
			}
		}
		if enabled != 1 {
			t.Errorf("%d administrators are left, want 1", enabled)
		}
	})
}

func TestFailuresAreCountedByNameAndSource(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		here, there := account.Origin{Address: "10.0.0.7"}, account.Origin{Address: "10.0.0.8"}
		for range account.LockAfter {
			_, _, _ = b.Login(t.Context(), "admin", "guess", here)
		}
		if _, _, err := b.Login(t.Context(), "admin", b.once, here); errs.KindOf(err) != errs.Denied {
			t.Errorf("from here: %v", err)
		}
		if _, _, err := b.Login(t.Context(), "admin", b.once, there); err != nil {
			t.Errorf("from there: %v", err)
		}
		who, err := b.UserByName(b.sys, "admin")
		if err != nil {
			t.Fatal(err)
		}
		once, err := b.ResetPassword(b.sys, who.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Login(t.Context(), "admin", once, here); err != nil {
			t.Errorf("a reset did not end the lock: %v", err)
		}
	})
}

func TestAStrangerLocksNobodyOutButThemselves(t *testing.T) {
	db := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, db)
		_, who, _ := b.admin()
		desk, stranger := account.Origin{Address: "10.0.0.7"}, account.Origin{Address: "10.0.0.66"}
		known := account.Origin{Address: stranger.Address, Browser: who.Browser(time.Now())}
		try := func(password string, from account.Origin) errs.Kind {
			_, _, err := b.Login(t.Context(), "admin", password, from)
			return errs.KindOf(err)
		}
		for range account.LockAfter {
			try("guess", stranger)
		}
		if got := try(chosen, stranger); got != errs.Denied {
			t.Errorf("the stranger's address is not locked: %v", got)
		}
		if _, _, err := b.Login(t.Context(), "admin", chosen, desk); err != nil {
			t.Errorf("the officer at the desk: %v", err)
		}
		if _, _, err := b.Login(t.Context(), "admin", chosen, known); err != nil {
			t.Errorf("a browser that signed in before, behind the stranger's address: %v", err)
		}
		if got := try(chosen, stranger); got != errs.Denied {
			t.Errorf("the officer's sign-in freed the stranger: %v", got)
		}
		for _, forged := range []string{"x", "..", known.Browser + "x", strings.Replace(known.Browser, ".", ".9", 1)} {
			if got := try(chosen, account.Origin{Address: stranger.Address, Browser: forged}); got != errs.Denied {
				t.Errorf("a forged browser %q: %v", forged, got)
			}
		}
		for range account.LockAfter {
			try("guess", known)
		}
		if got := try(chosen, known); got != errs.Denied {
			t.Errorf("a known browser guesses without end: %v", got)
		}
		other := account.Origin{Address: "2001:db8:1:1::1"}
		for range account.LockAfter {
			try("guess", other)
		}
		if got := try(chosen, account.Origin{Address: "2001:db8:1:1:ffff::9"}); got != errs.Denied {
			t.Errorf("another address of the same network of IPv6: %v", got)
		}
		if _, err := b.ResetPassword(b.sys, who.User.ID); err != nil {
			t.Fatal(err)
		}
		for range account.LockAfter {
			try("guess", known)
		}
		if got := try("guess", account.Origin{Address: stranger.Address}); got != errs.Denied {
			t.Errorf("a browser is known past its password: %v", got)
		}
	})
}

func TestGuessesFromManyAddressesSlowTheNameDown(t *testing.T) {
	db := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, db)
		_, who, _ := b.admin()
		for i := range 4 * account.LockAfter {
			_, _, _ = b.Login(t.Context(), "admin", "guess", account.Origin{Address: fmt.Sprintf("10.0.1.%d", i)})
		}
		took := func(from account.Origin) time.Duration {
			start := time.Now()
			if _, _, err := b.Login(t.Context(), "admin", chosen, from); err != nil {
				t.Error(err)
			}
			return time.Since(start)
		}
		if d := took(account.Origin{Address: "10.0.0.7"}); d < time.Second || d > 5*time.Second {
			t.Errorf("an unknown browser waited %v", d)
		}
		if d := took(account.Origin{Browser: who.Browser(time.Now())}); d > 0 {
			t.Errorf("a known browser waited %v", d)
		}
		time.Sleep(account.LockFor + time.Second)
		if d := took(account.Origin{Address: "10.0.0.7"}); d > 0 {
			t.Errorf("a quarter of an hour later: %v", d)
		}
	})
}

func TestLockEndsAndSessionsExpireWithTime(t *testing.T) {
	db := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, db)
		_, _, token := b.admin()
		for range account.LockAfter {
			_, _, _ = b.Login(t.Context(), "admin", "guess", account.Origin{})
		}
		if _, _, err := b.Login(t.Context(), "admin", chosen, account.Origin{}); errs.KindOf(err) != errs.Denied {
			t.Errorf("right password while locked: %v", err)
		}
		if _, err := b.Authenticate(t.Context(), token); err != nil {
			t.Errorf("the lock ended a session in use: %v", err)
		}
		time.Sleep(account.LockFor)
		if _, _, err := b.Login(t.Context(), "admin", chosen, account.Origin{}); err != nil {
			t.Errorf("after the lock: %v", err)
		}
		time.Sleep(account.SessionIdle - time.Hour)
		if _, err := b.Authenticate(t.Context(), token); err != nil {
			t.Errorf("in use: %v", err)
		}
		time.Sleep(account.SessionIdle - time.Hour)
		if _, err := b.Check(t.Context(), token); err != nil {
			t.Errorf("a use did not move the end: %v", err)
		}
		time.Sleep(time.Hour)
		if _, err := b.Check(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("idle too long: %v", err)
		}
	})
}
