package account_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// fullDisk is the real store on a disk that may be full: what would be written fails as it does then.
type fullDisk struct {
	*store.Accounts
	full atomic.Bool
}

func (f *fullDisk) write(do func() error) error {
	if f.full.Load() {
		return errs.E(errs.Unavailable, "store.full", "the disk is full")
	}
	return do()
}

func (f *fullDisk) SaveAttempt(ctx context.Context, a account.Attempt) error {
	return f.write(func() error { return f.Accounts.SaveAttempt(ctx, a) })
}

func (f *fullDisk) SaveUser(ctx context.Context, u account.User) error {
	return f.write(func() error { return f.Accounts.SaveUser(ctx, u) })
}

func TestSigningInWorksOnAFullDisk(t *testing.T) {
	db := storetest.SQLite(t)
	disk := &fullDisk{Accounts: store.NewAccounts(db)}
	s, err := account.New(account.Options{Store: disk, Keys: disk, Attempts: disk, Tx: db, Events: event.NewBus(nil)})
	if err != nil {
		t.Fatal(err)
	}
	sys := actor.WithSystem(context.Background(), "test")
	once, err := s.EnsureFirst(sys, account.First{OrgName: "南通", Division: "320600"})
	if err != nil {
		t.Fatal(err)
	}
	disk.full.Store(true)
	desk, stranger := account.Origin{Address: "10.0.0.7"}, account.Origin{Address: "10.0.0.66"}
	for range account.LockAfter - 1 {
		if _, _, err := s.Login(t.Context(), "admin", "guess", stranger); errs.KindOf(err) != errs.Unauthenticated {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	for _, password := range []string{"guess", once} {
		if _, _, err := s.Login(t.Context(), "admin", password, stranger); errs.KindOf(err) != errs.Denied {
			t.Errorf("the fifth guess and what follows: %v", err)
		}
	}
	who, token, err := s.Login(t.Context(), "admin", once, desk)
	if err != nil {
		t.Fatalf("the right password: %v", err)
	}
	if got, err := s.Authenticate(t.Context(), token); err != nil || got.User.ID != who.User.ID {
		t.Errorf("the session: %v", err)
	}
	if err := s.Logout(t.Context(), token); err != nil {
		t.Errorf("sign out: %v", err)
	}
	if _, err := s.Check(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("after signing out: %v", err)
	}
	_, token, err = s.Login(t.Context(), "admin", once, desk)
	if err != nil {
		t.Fatal(err)
	}
	disk.full.Store(false)
	if _, err := s.ResetPassword(sys, who.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("after a reset of the password: %v", err)
	}
}
